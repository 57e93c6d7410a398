"""Which screens there are, in the order of their keys. Each is imported when it is first looked at."""

from collections.abc import Callable
from typing import Final

from pvdctl.tui.pane import Pane


def _overview() -> Pane:
    from pvdctl.tui.overview import Overview

    return Overview()


def _recipe() -> Pane:
    from pvdctl.tui.recipe import Recipe

    return Recipe()


def _manual() -> Pane:
    from pvdctl.tui.manual import Manual

    return Manual()


def _alarms() -> Pane:
    from pvdctl.tui.alarms import Alarms

    return Alarms()


def _runs() -> Pane:
    from pvdctl.tui.runs import Runs

    return Runs()


def _instruments() -> Pane:
    from pvdctl.tui.instruments import Instruments

    return Instruments()


PANES: Final[tuple[tuple[str, Callable[[], Pane]], ...]] = (
    ("Overview", _overview),
    ("Recipe", _recipe),
    ("Manual", _manual),
    ("Alarms", _alarms),
    ("Runs", _runs),
    ("Instruments", _instruments),
)
"""Name and how it is made."""
