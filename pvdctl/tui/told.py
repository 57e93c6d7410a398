"""Text that is drawn anew only when it reads differently."""

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.widgets import Static

Labelled = list[tuple[str, Text]]
"""A label and what stands beside it."""


class Told(Static):
    """Some lines. Textual measures and draws a `Static` again at each update, a few ms; most news change nothing."""

    DEFAULT_CSS = """
    Told { height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (the name Textual gives it)
        super().__init__(id=id)
        self._said: Labelled | None = None

    def tell(self, text: Text) -> None:
        """Show this."""
        if self._differs([("", text)]):
            self.update(text)

    def tell_about(self, head: Text, lines: Labelled) -> None:
        """Show a headline, and below it labels with what stands beside each, wrapped to the width."""
        if not self._differs([("", head), *lines]):
            return
        table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), expand=True)
        table.add_column(no_wrap=True, style="dim")
        table.add_column(ratio=1)
        for label, line in lines:
            table.add_row(label, line)
        self.update(Group(head, table))

    def _differs(self, said: Labelled) -> bool:
        """Whether it reads or looks different from what is shown; from now on it is what is shown."""
        before, self._said = self._said, said
        return before is None or [_seen(*each) for each in before] != [_seen(*each) for each in said]


def _seen(label: str, text: Text) -> tuple[object, ...]:
    return label, text.plain, text.spans, text.style
