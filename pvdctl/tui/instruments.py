"""The instrument screen: how each link is doing, and its raw exchanges on demand."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import DataTable

from pvdctl.service.messages import Link
from pvdctl.tui import instruments_words
from pvdctl.tui.instruments_log import ExchangeLog
from pvdctl.tui.pane import Pane
from pvdctl.tui.rows import Column, Rows
from pvdctl.tui.told import Told
from pvdctl.tui.view import View

NARROW = (
    Column("State", 6), Column("Link", 0), Column("Readings", 12), Column("Exch.", 9, right=True),
    Column("T.out", 5, right=True), Column("Bad", 4, right=True), Column("Refus", 5, right=True),
    Column("Recon", 5, right=True), Column("p99ms", 6, right=True),
)  # fmt: skip
WIDE = (
    Column("State", 7), Column("Link", 14), Column("Instruments", 0), Column("Readings", 13),
    Column("Exchanges", 10, right=True), Column("Answers", 10, right=True), Column("Time-outs", 9, right=True),
    Column("Bad", 5, right=True), Column("Refused", 7, right=True), Column("Reconn.", 7, right=True),
    Column("p50 ms", 6, right=True), Column("p99 ms", 6, right=True),
)  # fmt: skip
WIDE_FROM = 118
"""Columns of the terminal from which on all counts have words and the instruments are named in the list."""


class Instruments(Pane, can_focus=False):
    """Links in a list, all about the selected one below; in their place, when asked for, its raw exchanges.

    Until somebody moves the cursor it stays with the first link in trouble.
    """

    DEFAULT_CSS = """
    Instruments #health { height: 1fr; }
    Instruments Rows { max-height: 50%; padding: 0 1; }
    Instruments VerticalScroll { height: 1fr; padding: 0 1; border-top: solid $primary; }
    Instruments #beat { padding: 0 1; background: $boost; }
    Instruments ExchangeLog { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "open", "Exchanges", tooltip="Raw exchanges of the selected link"),
        Binding("enter", "open", "Exchanges", show=False),
        Binding("x", "turn", "Hex/print", tooltip="Of raw exchanges: bytes in hex, or in print"),
        Binding("space", "pause", "Pause", tooltip="Of raw exchanges: stand still, or go on"),
        Binding("escape,e", "close", "Back", tooltip="From raw exchanges back to the list of links"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._chosen = ""
        """The link the operator went to; empty while the cursor follows trouble."""

    def compose(self) -> ComposeResult:
        """Health, or the log."""
        with Vertical(id="health"):
            yield Rows(id="links")
            with VerticalScroll():
                yield Told(id="about")
            yield Told(id="beat")
        yield ExchangeLog()

    @property
    def _log(self) -> ExchangeLog:
        return self.query_one(ExchangeLog)

    @property
    def _open(self) -> bool:
        """Whether raw exchanges are shown."""
        return self.is_mounted and bool(self._log.link)

    def arrive(self) -> None:
        """The keys go where they went last."""
        if self._open:
            self._log.tail.focus()
        else:
            self.query_one(Rows).focus()

    def on_resize(self) -> None:
        """The columns are made for a width."""
        self.show(self.screens.view)

    # --- drawing --------------------------------------------------------------------------------------------------
    def show(self, view: View) -> None:
        """All parts, where they have changed."""
        snapshot = view.snapshot
        if snapshot is None:
            self.query_one("#beat", Told).tell(Text("No service has said anything yet.", "dim"))
            return
        if self._open:
            return
        self._show_list(snapshot.links)
        self._show_about(snapshot.links)
        self.query_one("#beat", Told).tell(instruments_words.beat(snapshot.beat))

    def _show_list(self, links: Sequence[Link]) -> None:
        rows = self.query_one(Rows)
        rows.display = bool(links)
        wide = self.size.width >= WIDE_FROM
        made = [(link.link, _cells(link, wide)) for link in links]
        rows.put(WIDE if wide else NARROW, made, max(40, (self.size.width or 80) - 2))
        aim = self._chosen if self._chosen in {link.link for link in links} else _trouble(links)
        if aim and rows.key != aim:
            with rows.prevent(DataTable.RowHighlighted):
                rows.go_to(aim)

    def _show_about(self, links: Sequence[Link]) -> None:
        key, about = self.query_one(Rows).key, self.query_one("#about", Told)
        link = next((link for link in links if link.link == key), None)
        if link is None:
            about.tell(Text("This chamber has no links.", "dim"))
            return
        about.tell_about(instruments_words.head(link), instruments_words.about(link))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """The operator goes to another link; from now on the cursor stays there."""
        self._chosen = self.query_one(Rows).key
        snapshot = self.screens.view.snapshot
        if snapshot is not None:
            self._show_about(snapshot.links)

    # --- raw exchanges --------------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the log only while it is open, and the other way round."""
        if action in ("turn", "pause", "close"):
            return self._open
        return not self._open if action == "open" else True

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Enter in the list."""
        self.action_open()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """A click on the link that is selected already."""
        self.action_open()

    def action_open(self) -> None:
        """Raw exchanges of the selected link."""
        link = self.query_one(Rows).key
        if not link:
            self.screens.say("news", "There is no link to listen to.")
            return
        self.query_one("#health").display = False
        self._log.open(link)
        self.screens.show_keys()

    def action_close(self) -> None:
        """Back to the list."""
        self._log.close()
        self.query_one("#health").display = True
        self.query_one(Rows).focus()
        self.screens.show_keys()
        self.show(self.screens.view)

    def action_turn(self) -> None:
        """Print or hex."""
        self._log.turn()

    def action_pause(self) -> None:
        """Stand still or go on."""
        self._log.pause()


def _trouble(links: Sequence[Link]) -> str:
    """The first link that is down, else the first with old readings; empty while all is well."""
    down = [link.link for link in links if not link.up]
    return next(iter([*down, *(link.link for link in links if instruments_words.old(link))]), "")


def _cells(link: Link, wide: bool) -> tuple[Text, ...]:
    say = instruments_words
    faults = tuple(say.counted(n) for n in (link.time_outs, link.bad_frames, link.refusals, link.reconnects))
    trips = (say.trip(link.round_trip_p50_ms), say.trip(link.round_trip_p99_ms))
    name, exchanges = Text(link.link, "bold"), Text(f"{link.exchanges:,}")
    if not wide:
        return (say.up(link), name, say.ages(link), exchanges, *faults, trips[1])
    instruments = Text(", ".join(link.instruments))
    return (say.up(link), name, instruments, say.ages(link), exchanges, Text(f"{link.answers:,}"), *faults, *trips)
