"""The screen of the runs that were made: find one, read its story, look at its curves, check the record, sign."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widgets import DataTable, Input, Static

from pvdctl.client import Chamber
from pvdctl.errors import PvdctlError
from pvdctl.service.answers import Accepted, RunEntry, Samples, Verdict
from pvdctl.tui import run_table, story_words
from pvdctl.tui.pane import Pane
from pvdctl.tui.rows import Rows
from pvdctl.tui.run_curves import of_run
from pvdctl.tui.run_dialogs import Sign, Verified
from pvdctl.tui.run_view import RunView
from pvdctl.tui.view import View

FIRST = 200
"""Runs asked for at first, half a year of one a day; `m` asks for five times as many."""
POINTS = 4000
"""Of each curve: a point a second of an hour's run. All of them would be 40,000."""
AGAIN_S = 5.0
"""How often the story of a run that goes on is read again."""


class Runs(Pane, can_focus=True):
    """The table, or one run opened from it."""

    DEFAULT_CSS = """
    Runs { layout: vertical; }
    Runs #list { height: 1fr; }
    Runs #told { height: auto; padding: 0 1; }
    Runs #filter { display: none; border: none; height: 1; padding: 0 1; background: $boost; }
    Runs #filter.open { display: block; }
    Runs Rows { height: 1fr; }
    Runs #brief { height: auto; max-height: 4; padding: 0 1; background: $boost; }
    Runs RunView { display: none; height: 1fr; }
    Runs.opened RunView { display: block; }
    Runs.opened #list { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Open the run under the cursor: its story and its plots"),
        Binding(
            "slash", "filter", "Find", key_display="/", tooltip="Find: words of name, sample, operator, end, SIMULATED"
        ),
        Binding("m", "more", "More", show=False, tooltip="Older runs too"),
        Binding("escape", "back", "Back", tooltip="Back to the table; there: show all runs again"),
        Binding("o", "turn", "Plots", tooltip="Story or plots, where there is room for one of them only"),
        Binding("z", "closer", "Closer", tooltip="One plot in full, to zoom and pan"),
        Binding("w", "sign", "Sign", tooltip="Sign this run: reviewed, approved or rejected, with a reason"),
        Binding("V", "verify", "Verify", tooltip="Check the whole record: whether it is what was written"),
        Binding("l", "load", "Reload", show=False, tooltip="Read the runs again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[RunEntry] | None = None
        """As the service last told; None while it has not."""
        self._failed = ""
        self._limit = FIRST
        self._now = ("", "")
        """The run going on and the one that ended last: when they change, the table is read again."""
        self._asking = False

    def compose(self) -> ComposeResult:
        """What is listed, what to find, the table; and the place of an opened run."""
        with Container(id="list"):
            yield Static(id="told")
            yield Input(id="filter", placeholder="words to find; Enter: to the table, Esc: all runs", compact=True)
            yield Rows()
            yield Static(id="brief")
        yield RunView()

    def on_mount(self) -> None:
        """A run that goes on has more to tell."""
        self.set_interval(AGAIN_S, self._again)

    def arrive(self) -> None:
        """Read the runs, and put the focus where the cursor moves."""
        self._load(quiet=True)
        if self._opened:
            self.query_one(RunView).settle()
        else:
            self.query_one(Rows).focus()

    # --- what is shown --------------------------------------------------------------------------------------------
    def show(self, view: View) -> None:
        """Nothing but whether a run has begun or ended."""
        snapshot = view.snapshot
        if snapshot is None:
            return
        going_on = snapshot.job.run if snapshot.job is not None and snapshot.job.running else ""
        now = (going_on, snapshot.ended.run if snapshot.ended is not None else "")
        if now != self._now:
            self._now = now
            if self._entries is not None:
                self._load(quiet=True)

    def on_resize(self) -> None:
        """The columns are made for a width."""
        self._list()

    def _list(self) -> None:
        entries = self._entries
        typed = self.query_one("#filter", Input).value
        found = run_table.fitting(entries or (), typed)
        width = max(60, self.size.width - 2)  # its scroll bar
        rows = [(entry.run, run_table.row(entry, entry.run == self._now[0], width)) for entry in found]
        self.query_one(Rows).put(run_table.columns(width), rows, width)
        self.query_one("#told", Static).update(run_table.told(entries, found, typed, self._failed, self._limit))
        self._tell_brief()
        self.screens.show_keys()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """The cursor has moved."""
        self._tell_brief()

    def _tell_brief(self) -> None:
        entry = self._find(self.query_one(Rows).key)
        brief = self.query_one("#brief", Static)
        brief.display = entry is not None
        if entry is not None:
            brief.update(story_words.brief(entry, entry.run == self._now[0]))

    @property
    def _opened(self) -> bool:
        return self.has_class("opened")

    def _entry(self) -> RunEntry | None:
        """The opened run, or the one under the cursor."""
        if self._opened:
            return self.query_one(RunView).entry
        return self._find(self.query_one(Rows).key)

    def _find(self, run: str) -> RunEntry | None:
        return next((entry for entry in self._entries or () if entry.run == run), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the keys that do something now."""
        if action in ("open", "filter", "more"):
            return not self._opened
        if action == "turn":
            return self._opened and not self.query_one(RunView).has_class("beside")
        if action == "closer":
            return self._opened
        if action == "back":
            return self._opened or bool(self.query_one("#filter", Input).value)
        return True

    # --- the table ------------------------------------------------------------------------------------------------
    def action_load(self) -> None:
        """Read anew, and say so."""
        self._load(quiet=False)

    def _load(self, *, quiet: bool) -> None:
        if self._asking:
            return
        self._asking = True
        limit = self._limit
        self.screens.ask(
            "read the runs", lambda chamber: chamber.runs(limit), self._loaded, quiet=quiet, failed=self._not_loaded
        )

    def _loaded(self, entries: list[RunEntry]) -> None:
        self._asking, self._failed, self._entries = False, "", entries
        self._list()
        if self._opened:
            self._read()

    def _not_loaded(self, error: PvdctlError) -> None:
        self._asking, self._failed = False, str(error)
        self._list()

    def action_more(self) -> None:
        """Older ones."""
        self._limit *= 5
        self._load(quiet=False)

    def action_filter(self) -> None:
        """Type words."""
        typed = self.query_one("#filter", Input)
        typed.add_class("open")
        typed.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Each letter narrows it down."""
        self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: to the table."""
        event.input.set_class(bool(event.value.strip()), "open")
        self.query_one(Rows).focus()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Enter in the table."""
        self.action_open()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """A click on the line under the cursor."""
        self.action_open()

    # --- one run --------------------------------------------------------------------------------------------------
    def action_open(self) -> None:
        """The run under the cursor."""
        entry = self._entry()
        if entry is None or self._opened:
            return
        self.add_class("opened")
        shown = self.query_one(RunView)
        shown.open(entry, entry.run == self._now[0])
        self.call_after_refresh(shown.settle)
        self.call_after_refresh(self.screens.show_keys)  # which keys there are depends on the room it has got
        self._read()

    def action_back(self) -> None:
        """To the table; in the table: all runs."""
        if self._opened:
            self.remove_class("opened")
        else:
            typed = self.query_one("#filter", Input)
            typed.value = ""
            typed.remove_class("open")
        self.query_one(Rows).focus()
        self.screens.show_keys()

    def _again(self) -> None:
        if not self.screens.is_running:
            return  # being closed
        entry = self.query_one(RunView).entry
        if self._opened and self.display and entry is not None and entry.run == self._now[0]:
            self._read()

    def _read(self) -> None:
        """Story and samples of the opened run."""
        shown = self.query_one(RunView)
        if shown.entry is None:
            return
        run = shown.entry.run

        def request(chamber: Chamber) -> tuple[dict[str, Any], Samples]:
            return chamber.story(run), chamber.samples(run, points=POINTS)

        def then(answer: tuple[dict[str, Any], Samples]) -> None:
            self._told_story(run, *answer)

        self.screens.ask(f"read {run}", request, then, quiet=True, failed=lambda error: self._no_story(run, error))

    def _told_story(self, run: str, story: Mapping[str, Any], samples: Samples) -> None:
        shown = self.query_one(RunView)
        if shown.entry is None or shown.entry.run != run:
            return  # another one was opened meanwhile
        shown.told(self._find(run) or shown.entry, run == self._now[0], story)
        shown.measured(of_run(samples, story))

    def _no_story(self, run: str, error: PvdctlError) -> None:
        shown = self.query_one(RunView)
        if shown.entry is not None and shown.entry.run == run:
            shown.failed(f"✗ the story of {run} cannot be read: {error}  (l tries again)")

    def action_turn(self) -> None:
        """Story or plots."""
        self.query_one(RunView).turn()

    def action_closer(self) -> None:
        """One plot in full."""
        shown = self.query_one(RunView)
        if shown.curves is None or shown.entry is None:
            self.screens.say("news", "its samples are not here yet")
            return
        from pvdctl.tui.closer import Closer  # numpy and textual-plot cost 60 ms, which only this needs

        self.app.push_screen(Closer(shown.entry.run, shown.curves))

    # --- evidence -------------------------------------------------------------------------------------------------
    def action_verify(self) -> None:
        """The whole record."""
        self.screens.ask("check the whole record", lambda chamber: chamber.verify(), self._verified)

    def _verified(self, verdict: Verdict) -> None:
        if isinstance(self.app.screen, ModalScreen):  # something is being written: not over that
            self.screens.say("done" if verdict.intact else "failed", f"the record is checked: {verdict.text}")
            return
        snapshot = self.screens.view.snapshot
        self.app.push_screen(Verified(verdict, snapshot.evidence if snapshot is not None else None))

    def action_sign(self) -> None:
        """Put a name under it."""
        entry = self._entry()
        if entry is None:
            self.screens.say("news", "there is no run to sign")
            return
        run, me = entry.run, self.screens.view.me

        def sign(chosen: tuple[str, str] | None) -> None:
            if chosen is not None:
                meaning, reason = chosen
                self.screens.ask(f"sign {run}", lambda chamber: chamber.sign(run, meaning, reason), self._signed)

        self.app.push_screen(Sign(run, me.user if me is not None else "The user of these screens"), sign)

    def _signed(self, answer: Accepted) -> None:
        if self._opened:
            self._read()
