"""What all tests share: soak tests run only when asked for, and hypothesis draws the same examples in every suite."""

import pytest
from hypothesis import settings

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("soak", deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    """Chance belongs to the soak; the suite that guards every change must not pass one day and fail the next."""
    settings.load_profile("soak" if config.getoption("markexpr") == "soak" else "suite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `soak`, unless marks were asked for by `-m`."""
    if config.getoption("markexpr"):
        return
    left_out = [item for item in items if item.get_closest_marker("soak") is not None]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.get_closest_marker("soak") is None]
