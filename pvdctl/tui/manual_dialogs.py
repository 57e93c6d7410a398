"""How much current: the one thing set by hand that is a number."""

from math import isfinite
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from pvdctl.tui import words
from pvdctl.tui.dialogs import BOX
from pvdctl.tui.manual_rows import Row
from pvdctl.tui.over import Over

HINT = "Enter: set it    Esc: leave it as it is"


class AskCurrent(Over[float | None]):
    """Amps for a supply, within the limit of the source it goes through. None: left without setting anything.

    marked: SIMULATED or REAL.
    """

    DEFAULT_CSS = f"AskCurrent {{ {BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave it")]

    def __init__(self, row: Row, marked: str) -> None:
        super().__init__()
        self._row, self._marked = row, marked
        self._most_a = most_a(row)

    def compose(self) -> ComposeResult:
        """What is, what is allowed, a line for the number."""
        with Vertical():
            yield Static(Text(f"{self._row.output}: how many amps? ({self._marked})", "bold"))
            yield Static(told(self._row), classes="why")
            yield Input(placeholder=f"0 to {self._most_a:g}", id="amps")
            yield Static(Text(HINT, "dim"), id="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        found = amps(event.value, self._most_a)
        if isinstance(found, str):
            self.query_one("#hint", Static).update(Text(found, "bold yellow"))
            return
        self.dismiss(found)

    def action_leave(self) -> None:
        """Escape."""
        self.dismiss(None)


def most_a(row: Row) -> float:
    """The largest current that the service takes: of the source selected, of the weakest where none is."""
    return min(source.max_current_a for source in row.through)


def slew_a_per_s(row: Row) -> float | None:
    """How fast the current changes: as the gentlest source of the supply allows; None where it is not told."""
    slews = [source.max_slew_a_per_s for source in row.through]
    known = [slew for slew in slews if slew is not None]
    return min(known) if known else None


def amps(typed: str, most_a: float) -> float | str:
    """The number typed, or a sentence about what is wrong with it."""
    typed = typed.strip()
    try:
        found = float(typed)
    except ValueError:
        return f"Wanted a number of amps such as 12.5, found '{typed}'."
    if not isfinite(found) or not 0.0 <= found <= most_a:
        return f"Wanted 0 to {most_a:g} A, found {typed} A."
    return found


def told(row: Row) -> Text:
    """What a current does here, before it is set."""
    slew = slew_a_per_s(row)
    names = " or ".join(f"{source.name} ({source.boat})" for source in row.through)
    way = f"It changes by {slew:g} A each second" if slew is not None else "It changes at the source's slew"
    if slew is not None:
        way += f", so 0 to {most_a(row):g} A takes {words.duration(most_a(row) / slew)}"
    selected = "" if len(row.through) == 1 else " None is read back as selected: the smallest limit holds."
    return Text(
        f"It is {row.found.plain} now, asked {row.asked}. It goes through {names}: 0 to {most_a(row):g} A.{selected} "
        f"{way}. It flows while {row.output.removesuffix('.current')}.output is on, and goes back to 0 A when nobody "
        "is in control any more."
    )
