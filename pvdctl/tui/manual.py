"""The screen where outputs are set by hand: what each is, what is asked of it, and why it may not be set."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable

from pvdctl.client import Chamber, Declined
from pvdctl.errors import PvdctlError
from pvdctl.service.answers import Accepted
from pvdctl.service.messages import Snapshot
from pvdctl.tui.dialogs import Confirm
from pvdctl.tui.manual_dialogs import AskAmount
from pvdctl.tui.manual_rows import Row, rows
from pvdctl.tui.manual_words import about, may, not_now, refusal, will
from pvdctl.tui.pane import Pane
from pvdctl.tui.rows import Column, Rows
from pvdctl.tui.told import Told
from pvdctl.tui.view import View

REASON = "by hand at the screen"
COLUMNS = (Column("", 8), Column("output", 19), Column("is, as read back", 21), Column("asked", 7), Column("", 0))
SCROLLBAR = 2
"""Columns that its vertical scroll bar takes."""


class Manual(Pane):
    """Every valve, shutter, pump, supply and gauge, one per line; Enter changes the one under the cursor."""

    DEFAULT_CSS = """
    Manual { layout: vertical; }
    Manual #may { height: auto; max-height: 4; padding: 0 1; }
    Manual Rows { height: 1fr; min-height: 5; }
    Manual VerticalScroll { height: auto; max-height: 60%; border-top: solid $panel-lighten-2; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "change", "Change", tooltip="Open, close, switch, set a number; asks first"),
        Binding("o", "to(1)", "Open/on", tooltip="Open it or switch it on, whatever is asked of it now; asks first"),
        Binding("x", "to(0)", "Close/off", tooltip="Close it, switch it off, or take it to 0; asks first"),
        Binding("escape", "forget", "Put away", show=False, tooltip="Put the last refusal out of sight"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, Row] = {}
        self._snapshot: Snapshot | None = None
        self._stale = False
        self._refused = ("", "")
        """The last refusal: of what, and the sentence. It stays until something else is tried."""

    def compose(self) -> ComposeResult:
        """Whether anything may be set, the table, more about the line under the cursor."""
        yield Told(id="may")
        yield Rows()
        with VerticalScroll():
            yield Told(id="about")

    def arrive(self) -> None:
        """The keys move the cursor."""
        self.query_one(Rows).focus()

    # --- what is shown --------------------------------------------------------------------------------------------
    def show(self, view: View) -> None:
        """Only the cells that have changed."""
        self._snapshot, self._stale = view.snapshot, view.stale
        self.query_one("#may", Told).tell(may(view))
        if view.snapshot is not None:
            self._fill(rows(view.snapshot))
        self._tell()

    def on_resize(self) -> None:
        """The columns are made for a width."""
        self.show(self.screens.view)

    def _fill(self, found: list[Row]) -> None:
        self._rows = {row.name: row for row in found}
        cells, group = [], ""
        for row in found:
            told = Text(row.group if row.group != group else "", "bold")
            cells.append((row.name, (told, Text(row.name), row.found, Text(row.asked), row.note)))
            group = row.group
        self.query_one(Rows).put(COLUMNS, cells, max(60, self.size.width - SCROLLBAR))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """The cursor has moved."""
        self._tell()

    def _tell(self) -> None:
        row = self._row()
        lines = [about(row, self._snapshot)] if row is not None and self._snapshot is not None else []
        name, why = self._refused
        if why:
            lines.append(Text(refusal(name, why), "yellow"))
        self.query_one("#about", Told).tell(Text("\n").join(lines))

    def _row(self) -> Row | None:
        """The one under the cursor."""
        return self._rows.get(self.query_one(Rows).key)

    # --- what is done ---------------------------------------------------------------------------------------------
    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Enter."""
        self.action_change()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """A click on the line under the cursor."""
        self.action_change()

    def action_change(self) -> None:
        """The other way round from what is asked now."""
        row = self._row()
        if row is None:
            return
        if row.amount is not None:
            self._ask_amount(row)
        elif row.output and row.asked_on is None:
            self._refuse(
                row, "what is asked of it is not known; o opens it or switches it on, x closes it or switches it off."
            )
        else:
            self._ask(row, 0.0 if row.asked_on else 1.0)

    def action_to(self, value: int) -> None:
        """One way, whatever is asked now: a valve that is stuck is told once more."""
        row = self._row()
        if row is None:
            return
        if row.amount is not None and value:
            self._ask_amount(row)
        else:
            self._ask(row, float(value))

    def action_forget(self) -> None:
        """The refusal has been read."""
        self._refused = ("", "")
        self._tell()

    def _may(self, row: Row) -> Snapshot | None:
        """The snapshot to act upon, or None, with the reason said."""
        snapshot = self._snapshot
        if not row.output:
            self._refuse(row, "it is read only; it cannot be switched.")
        elif snapshot is None or self._stale:
            self._refuse(row, "the service cannot be heard, and what is shown is old.")
        elif not snapshot.manual:
            self._refuse(row, not_now(snapshot))
        else:
            return snapshot
        return None

    def _ask(self, row: Row, value: float) -> None:
        """Say what will happen, and do it after a yes."""
        snapshot = self._may(row)
        if snapshot is None:
            return
        verb = row.verbs[0] if value else row.verbs[1]
        if row.amount is not None:
            verb = f"Take to 0 {row.amount.unit}:"

        def go(yes: bool | None) -> None:
            if yes:
                self._set(row, value)

        self.screens.push_screen(
            Confirm(f"{verb} {row.name}?  ({snapshot.marked})", will(row, value, snapshot), verb.rstrip(":")), go
        )

    def _ask_amount(self, row: Row) -> None:
        snapshot = self._may(row)
        if snapshot is None or row.amount is None:
            return

        def go(value: float | None) -> None:
            if value is not None:
                self._set(row, value)

        self.screens.push_screen(AskAmount(row, row.amount, snapshot.marked), go)

    def _set(self, row: Row, value: float) -> None:
        self.action_forget()

        def request(chamber: Chamber) -> Accepted:
            return chamber.set_output(row.output, value, REASON)

        def failed(error: PvdctlError) -> None:
            self._refuse(row, str(error), refused=isinstance(error, Declined))

        amount = f"{value:g} {row.amount.unit}" if row.amount is not None else ("1" if value else "0")
        self.screens.ask(f"{row.output} to {amount}", request, leased=True, failed=failed)

    def _refuse(self, row: Row, why: str, *, refused: bool = True) -> None:
        self._refused = (row.name, why)
        self.screens.say("refused" if refused else "failed", f"{row.name} is left as it is: why stands above.")
        self._tell()
        table = self.query_one(Rows)
        table.call_after_refresh(table.go_to, row.name)  # the sentence may have taken its place
