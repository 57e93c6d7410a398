"""Text that is drawn anew only when it reads differently."""

from rich.text import Text
from textual.widgets import Static


class Told(Static):
    """Some lines. Textual measures and draws a `Static` again at each update, a few ms; most news change nothing."""

    DEFAULT_CSS = """
    Told { height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (the name Textual gives it)
        super().__init__(id=id)
        self._said: Text | None = None

    def tell(self, text: Text) -> None:
        """Show this."""
        said = self._said
        if said is None or said.plain != text.plain or said.spans != text.spans or said.style != text.style:
            self._said = text
            self.update(text)
