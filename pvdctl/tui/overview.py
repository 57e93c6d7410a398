"""The first screen: the chamber, the recipe, the last events."""

from textual.app import ComposeResult

from pvdctl.tui.events import Events
from pvdctl.tui.pane import Pane
from pvdctl.tui.steps import Steps
from pvdctl.tui.view import View


class Overview(Pane, can_focus=True):
    """What the chamber does now, at a glance."""

    def compose(self) -> ComposeResult:
        """Recipe steps, last events."""
        yield Steps()
        yield Events()

    def show(self, view: View) -> None:
        """All parts."""
        self.query_one(Steps).show(view)
        self.query_one(Events).show(view)
