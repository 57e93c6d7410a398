"""The keys of the screen in sight, and those that work everywhere."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

Keys = list[tuple[str, str]]
"""Key and what it does."""


class Help(ModalScreen[None]):
    """A list of keys; any of Escape, ?, F1 and q closes it."""

    DEFAULT_CSS = """
    Help { align: center middle; }
    Help > VerticalScroll { width: 76; max-width: 95%; height: auto; max-height: 90%; border: heavy $accent;
                            padding: 0 1; background: $surface; }
    Help Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1,q", "dismiss", "Close")]

    def __init__(self, pane: str, keys: Keys, everywhere: Keys) -> None:
        super().__init__()
        self._pane, self._keys, self._everywhere = pane, keys, everywhere

    def compose(self) -> ComposeResult:
        """Two lists."""
        with VerticalScroll():
            if self._keys:
                yield Static(_listed(f"On the screen {self._pane}", self._keys))
            yield Static(_listed("Everywhere", self._everywhere))
            yield Static(
                Text("Leaving the screens, by q or by a lost connection, changes nothing at the chamber.", "dim")
            )


def _listed(title: str, keys: Keys) -> Table:
    table = Table(title=Text(title, "bold"), title_justify="left", box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True, min_width=18)
    table.add_column()
    for key, what in keys:
        table.add_row(key, what)
    return table


def told(bindings: list[Binding]) -> Keys:
    """Bindings as a list of keys; one line for each action, those without description left out."""
    lines: dict[str, tuple[list[str], str]] = {}
    for binding in bindings:
        if binding.description:
            keys, _ = lines.setdefault(binding.action, ([], binding.description))
            keys += [key_name(key) for key in binding.key.split(",")]
    return [
        (", ".join(keys), binding.tooltip or what)
        for binding in bindings
        if (found := lines.pop(binding.action, None)) is not None
        for keys, what in [found]
    ]


def key_name(key: str) -> str:
    """What stands on the key."""
    named = {"question_mark": "?", "enter": "Enter", "escape": "Esc", "space": "Space", "slash": "/"}
    key = key.strip()
    if key in named:
        return named[key]
    if key.startswith("ctrl+"):
        return f"Ctrl-{key[5:].upper()}"
    return key.upper() if key.startswith("f") and key[1:].isdigit() else key
