"""The keys of the screen in sight, and those that work everywhere."""

from textwrap import wrap
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from pvdctl.tui.over import Over

Keys = list[tuple[str, str]]
"""Key and what it does."""
KEY_WIDTH: Final = 20
WHAT_WIDTH: Final = 49
"""Together the 69 columns inside the box where its scroll bar shows."""


class Help(Over[None]):
    """A list of keys; any of Escape, ?, F1 and q closes it."""

    DEFAULT_CSS = """
    Help { align: center middle; background: transparent; }
    Help > VerticalScroll { width: 76; max-width: 95%; height: auto; max-height: 100%; border: heavy $accent;
                            padding: 0 1; background: $surface; margin-top: 4; }
    Help Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1,q", "dismiss", "Close")]

    def __init__(self) -> None:
        super().__init__()
        self._told = Static()

    def tell(self, pane: str, keys: Keys, everywhere: Keys) -> None:
        """What it is about when it is opened next: two lists."""
        text = Text()
        if keys:
            text.append_text(_listed(f"On the screen {pane}", keys)).append("\n")
        text.append_text(_listed("Everywhere", everywhere)).append("\n")
        text.append("Leaving the screens, by q or by a lost connection, changes nothing at the chamber.", "dim")
        self._told.update(text)

    def compose(self) -> ComposeResult:
        """The lists, to scroll."""
        with VerticalScroll():
            yield self._told

    def on_screen_resume(self) -> None:
        """From the beginning each time."""
        self.query_one(VerticalScroll).scroll_home(animate=False)


def _listed(title: str, keys: Keys) -> Text:
    """Plain lines: a table is measured and drawn anew each time, which is felt as a key that answers late."""
    text = Text(f"{title}\n", "bold")
    for key, what in keys:
        lines = wrap(what, WHAT_WIDTH)
        text.append(f"{key:<{KEY_WIDTH - 1}} ", "bold")
        text.append(("\n" + " " * KEY_WIDTH).join(lines) + "\n", "not bold")
    return text


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
