"""The line above the keys: what the last request came to. It stays until the next one."""

from rich.text import Text
from textual.widgets import Static

STYLES = {"done": "bright_green", "asked": "dim", "refused": "bold yellow", "failed": "bold red", "news": ""}
SHAPES = {"done": "✓ ", "asked": "… ", "refused": "✗ ", "failed": "✗ ", "news": ""}


class Said(Static):
    """At least one line; a refusal may need three, and none of it is cut."""

    DEFAULT_CSS = """
    Said { height: auto; max-height: 4; padding: 0 1; background: $panel; }
    """

    def say(self, kind: str, text: str) -> None:
        """kind: done, asked, refused, failed or news."""
        self.update(Text(SHAPES[kind] + text, STYLES[kind]))
