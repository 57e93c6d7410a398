"""The alarm screen: what happened first, what to do about it, and who has seen it."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable

from pvdctl.client import Chamber, Declined
from pvdctl.errors import PvdctlError
from pvdctl.service.messages import Alarm, Snapshot, Trip
from pvdctl.tui import alarms_words
from pvdctl.tui.alarms_shelve import AskShelving, Shelving
from pvdctl.tui.pane import Pane
from pvdctl.tui.rows import Column, Rows
from pvdctl.tui.told import Told
from pvdctl.tui.view import View

NARROW = (
    Column("Priority", 10), Column("Came", 8), Column("State", 18), Column("Times", 5, right=True), Column("Alarm", 0),
)  # fmt: skip
WIDE = (
    Column("Priority", 10), Column("Came", 12), Column("State", 18), Column("Times", 5, right=True),
    Column("Seen by", 10), Column("Alarm", 32), Column("What", 0),
)  # fmt: skip
WIDE_FROM = 110
"""Columns of the terminal from which on there is room for what the alarms say."""
TRIPS_SHOWN = 3
"""Lines that standing interlocks may take from the list and the text below it; the rest is counted."""


class Alarms(Pane, can_focus=False):
    """Standing alarms gravest first, then shelved ones, then those that are over; below, all about the selected one.

    Until somebody moves the cursor it stays with the alarm that came first.
    """

    DEFAULT_CSS = """
    Alarms { layout: vertical; }
    Alarms #first { height: auto; max-height: 4; padding: 0 1; }
    Alarms Rows { max-height: 40%; padding: 0 1; }
    Alarms #trips { height: auto; padding: 0 1; }
    Alarms VerticalScroll { height: 1fr; padding: 0 1; border-top: solid $primary; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "acknowledge", "Ack", tooltip="Acknowledge the selected alarm, by your name"),
        Binding("enter", "acknowledge", "Ack", show=False),
        Binding("K", "acknowledge_all", "Ack all", tooltip="Acknowledge all alarms that wait for it"),
        Binding("z", "shelve", "Shelve", tooltip="Shelve the selected alarm, for 60 min at most, with a reason"),
        Binding("u", "unshelve", "Unshelve", tooltip="Bring a shelved alarm back before its time"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._past: list[Alarm] = []
        self._past_failed = ""
        self._asking = False
        self._known: tuple[int, tuple[str, ...]] | None = None
        """What there was of alarms when the past ones were asked for last, see `_news`."""
        self._chosen = ""
        """The alarm the operator went to; empty while the cursor follows the first-out one."""

    def compose(self) -> ComposeResult:
        """What happened first, the list, interlocks that act, all about one."""
        yield Told(id="first")
        yield Rows(id="alarms")
        yield Told(id="trips")
        with VerticalScroll():
            yield Told(id="about")

    def arrive(self) -> None:
        """The keys go to the list, which begins at the alarm that came first."""
        self._chosen = ""
        self.query_one(Rows).focus()
        self._ask_past()
        self.show(self.screens.view)

    def on_resize(self) -> None:
        """The columns are made for a width."""
        self.show(self.screens.view)

    # --- drawing --------------------------------------------------------------------------------------------------
    def show(self, view: View) -> None:
        """All parts, where they have changed."""
        snapshot = view.snapshot
        if snapshot is None:
            self.query_one("#first", Told).tell(Text("No service has said anything yet.", "dim"))
            return
        if _news(view, snapshot) != self._known:
            self._ask_past()
        listed = self._listed(snapshot)
        self._show_first(snapshot, listed)
        self._show_list(snapshot, listed)
        self._show_trips(snapshot)
        self._show_about(view)

    def _listed(self, snapshot: Snapshot) -> list[Alarm]:
        """Standing, shelved, over."""
        names = {alarm.name for alarm in snapshot.alarms}
        over = [alarm for alarm in self._past if alarm.name not in names and alarm.state == "normal"]
        over.sort(key=lambda alarm: alarm.raised_s, reverse=True)
        shelved = [alarm for alarm in snapshot.alarms if alarm.state == "shelved"]
        return [*(alarm for alarm in snapshot.alarms if alarm.state != "shelved"), *shelved, *over]

    def _show_first(self, snapshot: Snapshot, listed: list[Alarm]) -> None:
        standing = [alarm for alarm in listed if alarms_words.stands(alarm)]
        first = _first_out(listed)
        if not standing:
            told = Text("✓ No alarm stands.", "bold green")
        elif not first:
            told = Text(f"{len(standing)} standing; none is marked as the first of a cascade.")
        else:
            # Those of one scan share the mark: their order is not known.
            at = alarms_words.moment(first[0].raised_s, snapshot)
            together = f" (and {len(first) - 1} in the same scan)" if len(first) > 1 else ""
            told = Text(f"First: {at} UTC{together} {first[0].name}: {first[0].text}", "bold")
        if self._past_failed:
            told.append(f"\nPast alarms could not be read: {self._past_failed}", "bold yellow")
        self.query_one("#first", Told).tell(told)

    def _show_list(self, snapshot: Snapshot, listed: list[Alarm]) -> None:
        rows = self.query_one(Rows)
        rows.display = bool(listed)
        wide = self.size.width >= WIDE_FROM
        before = rows.key
        made = [(alarm.name, _cells(alarm, snapshot, wide)) for alarm in listed]
        rows.put(WIDE if wide else NARROW, made, max(40, (self.size.width or 80) - 2))
        if self._chosen and self._chosen not in {alarm.name for alarm in listed}:
            self._chosen = ""
        aim = self._chosen or next((alarm.name for alarm in _first_out(listed)), "")
        aim = aim or (listed[0].name if listed and not before else "")
        if aim and rows.key != aim:
            with rows.prevent(DataTable.RowHighlighted):
                rows.go_to(aim)

    def _show_trips(self, snapshot: Snapshot) -> None:
        trips = self.query_one("#trips", Told)
        trips.display = bool(snapshot.trips)
        width = max(40, (self.size.width or 80) - 2)
        lines = []
        for trip in snapshot.trips[:TRIPS_SHOWN]:
            line = Text.assemble(("⊘ ", "bold"), alarms_words.trip_told(trip, snapshot))
            line.truncate(width, overflow="ellipsis")
            lines.append(line)
        more = snapshot.trips[TRIPS_SHOWN:]
        if more:
            lines.append(Text(f"⊘ and {len(more)} more: {', '.join(trip.name for trip in more)}"))
        trips.tell(Text("\n").join(lines))

    def _show_about(self, view: View) -> None:
        snapshot, alarm = view.snapshot, self._selected(view)
        about = self.query_one("#about", Told)
        if snapshot is None or alarm is None:
            about.tell(Text("Nothing has raised an alarm since the service started.", "dim"))
            return
        user = view.me.user if view.me is not None else "the user of these screens"
        trip = _trip_of(alarm, snapshot)
        about.tell_about(alarms_words.head(alarm), alarms_words.about(alarm, snapshot, trip, user))

    def _selected(self, view: View) -> Alarm | None:
        """The alarm under the cursor."""
        key = self.query_one(Rows).key
        if not key or view.snapshot is None:
            return None
        return next((alarm for alarm in self._listed(view.snapshot) if alarm.name == key), None)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """The operator goes to another alarm; from now on the cursor stays there."""
        self._chosen = self.query_one(Rows).key
        self._show_about(self.screens.view)

    # --- what is over ---------------------------------------------------------------------------------------------
    def _ask_past(self) -> None:
        """Ask for those that are over; once at a time."""
        view = self.screens.view
        if self._asking or view.snapshot is None:
            return
        self._asking = True
        self._known = _news(view, view.snapshot)
        self.screens.ask(
            "past alarms", lambda chamber: chamber.alarms(), self._have_past, quiet=True, failed=self._no_past
        )

    def _have_past(self, alarms: list[Alarm]) -> None:
        self._asking, self._past_failed, self._past = False, "", alarms
        self.show(self.screens.view)

    def _no_past(self, error: PvdctlError) -> None:
        self._asking, self._past_failed = False, str(error)
        self.show(self.screens.view)

    # --- acts -----------------------------------------------------------------------------------------------------
    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Enter in the list."""
        self.action_acknowledge()

    def action_acknowledge(self) -> None:
        """The selected one has been seen."""
        alarm = self._selected(self.screens.view)
        if alarm is None:
            self.screens.say("news", "There is no alarm to acknowledge.")
        elif not alarm.needs_acknowledgement:
            self.screens.say("news", f"{alarm.name} waits for no acknowledgement: it is {alarm.state}.")
        else:
            name = alarm.name
            self.screens.ask(f"acknowledge {name}", lambda chamber: chamber.acknowledge(name))

    def action_acknowledge_all(self) -> None:
        """All that wait have been seen; those that are refused are told, and the others go on."""
        snapshot = self.screens.view.snapshot
        waiting = [a.name for a in snapshot.alarms if a.needs_acknowledgement] if snapshot is not None else []
        if not waiting:
            self.screens.say("news", "No alarm waits for acknowledgement.")
            return
        self.screens.say("asked", f"acknowledge {len(waiting)}: {', '.join(waiting)}")

        def acknowledge(chamber: Chamber) -> list[str]:
            refused = []
            for name in waiting:
                try:
                    chamber.acknowledge(name)
                except Declined as error:
                    refused.append(str(error))
            return refused

        def then(refused: list[str]) -> None:
            if refused:
                self.screens.say("refused", f"{len(refused)} of {len(waiting)}: {' '.join(refused)}")
            else:
                self.screens.say("done", f"acknowledged: {', '.join(waiting)}.")

        self.screens.ask("acknowledge all", acknowledge, then, quiet=True)

    def action_shelve(self) -> None:
        """Out of sight for a while; asks how long and why."""
        view = self.screens.view
        alarm = self._selected(view)
        if alarm is None or alarm.state == "normal":
            self.screens.say("news", "There is no standing alarm to shelve here.")
            return
        if alarm.priority == "critical":
            self.screens.say("refused", f"{alarm.name} is critical, and critical alarms are never shelved.")
            return
        may, name = "", alarm.name
        if view.me is not None and view.me.role != "process_engineer":
            may = f"It is a process engineer's right; {view.me.user} is {view.me.role.replace('_', ' ')} here."

        def shelve(told: Shelving | None) -> None:
            if told is not None:
                self.screens.ask(f"shelve {name}", lambda chamber: chamber.shelve(name, told.minutes, told.reason))

        self.screens.push_screen(AskShelving(name, may), shelve)

    def action_unshelve(self) -> None:
        """Back before its time."""
        alarm = self._selected(self.screens.view)
        if alarm is None or alarm.state != "shelved":
            self.screens.say("news", "The selected alarm is not shelved.")
            return
        name = alarm.name
        self.screens.ask(f"unshelve {name}", lambda chamber: chamber.unshelve(name))


def _first_out(listed: list[Alarm]) -> list[Alarm]:
    """Those marked as the first of a cascade, earliest first; among those of one scan the gravest."""
    return sorted((alarm for alarm in listed if alarm.first_out), key=lambda alarm: alarm.raised_s)


def _cells(alarm: Alarm, snapshot: Snapshot, wide: bool) -> tuple[Text, ...]:
    style = "" if alarms_words.stands(alarm) else "dim"
    cells = (
        alarms_words.priority(alarm),
        Text(alarms_words.moment(alarm.raised_s, snapshot), style),
        alarms_words.state(alarm),
        Text(f"{alarm.count}~" if alarm.chattering else str(alarm.count), style),
    )
    if not wide:
        return (*cells, alarms_words.name(alarm))
    seen = alarm.acknowledged_by or ("WAITS" if alarm.needs_acknowledgement else "-")
    return (*cells, Text(seen, style), alarms_words.name(alarm), Text(alarm.text, style))


def _news(view: View, snapshot: Snapshot) -> tuple[int, tuple[str, ...]]:
    """The newest event about an alarm, and what stands: one may have come and gone between two snapshots."""
    newest = next((happening.seq for happening in reversed(view.happenings) if happening.kind == "alarm"), 0)
    return newest, tuple(alarm.name for alarm in snapshot.alarms)


def _trip_of(alarm: Alarm, snapshot: Snapshot) -> Trip | None:
    """The interlock the alarm tells of, while it stands; their alarms are called `interlock.NAME`."""
    return next((trip for trip in snapshot.trips if f"interlock.{trip.name}" == alarm.name), None)
