"""Asks how long an alarm shall be out of sight, and why."""

from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from pvdctl.tui.dialogs import BOX
from pvdctl.tui.over import Over

LONGEST_MIN = 60.0
"""The service refuses more (process.alarms): said here before it is asked."""


class Shelving(NamedTuple):
    """What was decided."""

    minutes: float
    reason: str


class AskShelving(Over[Shelving | None]):
    """Minutes and reason; None: left without shelving.

    may: empty, or why this user will probably be refused; the service decides.
    """

    DEFAULT_CSS = f"AskShelving {{ {BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave it")]

    def __init__(self, alarm: str, may: str = "") -> None:
        super().__init__()
        self._alarm, self._may = alarm, may

    def compose(self) -> ComposeResult:
        """What shelving is, then two lines."""
        with Vertical():
            yield Static(Text(f"Shelve {self._alarm}?", "bold"))
            yield Static(
                Text(
                    "It goes out of sight and comes back by itself. It changes nothing at the chamber; "
                    "critical alarms and trips of interlocks are never shelved."
                ),
                classes="why",
            )
            if self._may:
                yield Static(Text(self._may, "bold yellow"), classes="why")
            yield Static(Text(f"Minutes, at most {LONGEST_MIN:g}:"), classes="why")
            yield Input(id="minutes", restrict=r"[0-9.]*", max_length=5)
            yield Static("Why:")
            yield Input(id="reason")
            yield Static(Text("Enter: next, then done    Esc: leave it", "dim"), id="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: from the minutes to the reason, from the reason out."""
        if event.input.id == "minutes":
            if self._minutes() is not None:
                self.query_one("#reason", Input).focus()
            return
        minutes, reason = self._minutes(), event.value.strip()
        if minutes is None:
            self.query_one("#minutes", Input).focus()
        elif not reason:
            self._hint("Write a few words why, or leave with Esc.")
        else:
            self.dismiss(Shelving(minutes, reason))

    def _minutes(self) -> float | None:
        """As written; None, and said, where it is no possible time."""
        written = self.query_one("#minutes", Input).value
        try:
            minutes = float(written)
        except ValueError:
            minutes = 0.0
        if 0.0 < minutes <= LONGEST_MIN:
            return minutes
        found = f"'{written}'" if written else "nothing"
        self._hint(f"Wanted more than 0 and at most {LONGEST_MIN:g} minutes, found {found}.")
        return None

    def _hint(self, text: str) -> None:
        self.query_one("#hint", Static).update(Text(text, "bold yellow"))

    def action_leave(self) -> None:
        """Escape."""
        self.dismiss(None)
