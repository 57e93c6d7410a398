"""How much: of outputs that are numbers, a current or a flow."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from pvdctl.tui.dialogs import BOX
from pvdctl.tui.manual_amounts import Amount, number
from pvdctl.tui.manual_rows import Row
from pvdctl.tui.over import Over

HINT = "Enter: set it    Esc: leave it as it is"


class AskAmount(Over[float | None]):
    """A number for this output, within its limit. None: left without setting anything.

    marked: SIMULATED or REAL.
    """

    DEFAULT_CSS = f"AskAmount {{ {BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave it")]

    def __init__(self, row: Row, amount: Amount, marked: str) -> None:
        super().__init__()
        self._row, self._amount, self._marked = row, amount, marked

    def compose(self) -> ComposeResult:
        """What is, what is allowed, a line for the number."""
        row, amount = self._row, self._amount
        with Vertical():
            yield Static(Text(f"{row.output}: how many {amount.what}? ({self._marked})", "bold"))
            yield Static(Text(f"It is {row.found.plain} now, asked {row.asked}. {amount.does}"), classes="why")
            yield Input(placeholder=f"0 to {amount.most:g}", id="amount")
            yield Static(Text(HINT, "dim"), id="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        found = number(event.value, self._amount)
        if isinstance(found, str):
            self.query_one("#hint", Static).update(Text(found, "bold yellow"))
            return
        self.dismiss(found)

    def action_leave(self) -> None:
        """Escape."""
        self.dismiss(None)
