"""A control process inside the test, and a service of its own processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.inside import BRIEF, Inside


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    place = tmp_path / "recipes"
    place.mkdir()
    (place / "brief.yaml").write_text(BRIEF)
    return place


@pytest.fixture
def inside(tmp_path: Path, recipes: Path) -> Iterator[Inside]:
    made = Inside(tmp_path, recipes)
    yield made
    made.close()
