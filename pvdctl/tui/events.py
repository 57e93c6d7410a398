"""The last events of the record, newest below."""

from rich.text import Text
from textual.widgets import Static

from pvdctl.tui import words
from pvdctl.tui.view import View

ROOM = 8
"""Lines where the widget has no height yet."""


class Events(Static):
    """As many as there is room for."""

    DEFAULT_CSS = """
    Events { height: 1fr; padding: 0 1; }
    """

    def show(self, view: View) -> None:
        """Draw them."""
        lines = []
        for happening in list(view.happenings)[-(self.size.height or ROOM) :]:
            line = Text.assemble((words.clock_time(happening.utc), "dim"), " ", happening.text)
            if happening.actor:
                line.append(f" [{happening.actor}]", "cyan")
            line.truncate(max(20, self.size.width - 2 or 78), overflow="ellipsis")
            lines.append(line)
        self.update(Text("\n").join(lines))
