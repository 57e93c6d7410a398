"""The last line: the keys, the vital ones first, so that no width cuts them off."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Static

from pvdctl.tui.help import key_name
from pvdctl.tui.view import View

VITAL: Final = ("hold", "abort", "help")
"""Actions that come before those of the screen in sight."""
COMMANDS: Final = {"hold": "hold", "abort": "abort", "resume": "unhold", "stop": "stop"}
"""Which command of the unit an action gives: dim while the unit would refuse it."""


class KeyLine(Static):
    """One line; a click on a key is that key."""

    DEFAULT_CSS = """
    KeyLine { height: 1; background: $panel; padding: 0 1; link-style: none; link-color: $text; link-background: $panel;
              link-style-hover: bold; link-background-hover: $accent; }
    """

    def show(
        self,
        view: View,
        pane: Sequence[BindingType],
        everywhere: Sequence[BindingType],
        screens: Sequence[str],
        at: int,
    ) -> None:
        """Vital keys, those of the screen in sight, the others; as many as there is room for.

        screens: their names, in the order of their digits, at the right end where all fit; at: the one in sight.
        """
        whole = _shown(everywhere)
        vital = sorted((key for key in whole if key.action in VITAL), key=lambda key: VITAL.index(key.action))
        others = [key for key in whole if key.action not in VITAL]
        legal = view.snapshot.legal if view.snapshot is not None else []
        width = max(20, self.size.width - 2 or 78)
        line = Text(no_wrap=True)
        for key in (*vital, *_shown(pane), *others):
            name = key.key_display or key_name(key.key.split(",")[0])
            if line.cell_len + len(name) + len(key.description) + 3 > width:
                break
            if line:
                line.append("  ")
            command = COMMANDS.get(key.action)
            possible = command is None or command in legal
            click = Style.from_meta({"@click": f"app.press({key.key.split(',')[0]!r})"})
            strong = Style(bold=True, reverse=key.action in VITAL, dim=not possible)
            line.append(f"{name}", strong + click)
            line.append(f" {key.description}", Style(dim=not possible) + click)
        names = _names(screens, at)
        if (room := width - line.cell_len - names.cell_len) >= 2:
            line.append(" " * room).append_text(names)
        self.update(line)


def _names(screens: Sequence[str], at: int) -> Text:
    """`1 Overview  2 Recipe`, the one in sight reversed."""
    told = Text()
    for index, name in enumerate(screens):
        click = Style.from_meta({"@click": f"app.press('{index + 1}')"})
        told.append("  " if index else "")
        told.append(f"{index + 1} {name}", Style(bold=index == at, reverse=index == at, dim=index != at) + click)
    return told


def _shown(bindings: Iterable[BindingType]) -> list[Binding]:
    return [binding for binding in bindings if isinstance(binding, Binding) and binding.show and binding.description]
