"""Which screens there are, in the order of their keys. Each is imported when it is first looked at."""

from collections.abc import Callable
from typing import Final

from pvdctl.tui.pane import Pane


def _overview() -> Pane:
    from pvdctl.tui.overview import Overview

    return Overview()


PANES: Final[tuple[tuple[str, Callable[[], Pane]], ...]] = (("Overview", _overview),)
"""Name and how it is made."""
