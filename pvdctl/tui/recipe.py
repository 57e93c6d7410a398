"""The screen of recipes: choose one, read it beside its check, see its time, simulate it, start it."""

from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import DataTable, Static

from pvdctl.clock import RealClock
from pvdctl.errors import PvdctlError
from pvdctl.service.answers import Accepted, Checked, RecipeEntry
from pvdctl.tui.dialogs import AskText
from pvdctl.tui.pane import Pane
from pvdctl.tui.recipe_answers import AskBeforehand
from pvdctl.tui.recipe_asked import begin, fetch, library
from pvdctl.tui.recipe_page import Facts, Page, cells, facts
from pvdctl.tui.recipe_reading import Reading
from pvdctl.tui.recipe_start import AskStart, Wish
from pvdctl.tui.rows import Column, Rows
from pvdctl.tui.view import View

NARROW_LIST, WIDE_LIST, WIDE_FROM = 27, 36, 110
"""Columns of the list on a narrow and on a wide screen, and from where on a screen is wide."""
BESIDE = 3
"""Columns of the list that its frame and its scroll bar take."""
COLUMNS = (Column("", 1), Column("recipe", 0), Column("time", 7, right=True))
TICK_S = 1.0
"""How often the seconds of a simulation going on are told."""


class Recipe(Pane):
    """The library at the left; at the right the chosen recipe's text with findings, its time line, its simulation."""

    DEFAULT_CSS = """
    Recipe { layout: horizontal; }
    Recipe #list { width: 27; height: 1fr; border-right: solid $panel-lighten-2; }
    Recipe Rows { height: auto; max-height: 60%; }
    Recipe #none, Recipe #facts { height: auto; padding: 0 1; }
    Recipe #more { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "Start…", tooltip="Start: says what will happen and asks for sample and note"),
        Binding("m", "simulate", "Simulate", tooltip="Make it on a simulated copy of this chamber; nothing real moves"),
        Binding("x", "give_up", "Give up", tooltip="Give the simulation up that is going on"),
        Binding("t", "part", "Text/time", tooltip="Text, time line, simulation in turn, to see or to scroll"),
        Binding("f", "findings", "Findings", tooltip="Go to the check's findings; up and down show their lines"),
        Binding("o", "open", "Open", tooltip="Check a recipe file of this machine, by its path"),
        Binding("u", "update", "Update", tooltip="Read the library and the opened files again"),
        Binding("escape", "back", "List", show=False, tooltip="Back to the list"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._pages: dict[str, Page] = {}
        self._no_library = "… the library is being read"
        """Why there is no list; empty when there is one."""
        self._missed = False
        """The library could not be read; tried again when the service, once lost, is heard again."""
        self._lost = False
        self._wanted = ""
        """The page that shall be chosen when it is listed."""
        self._start: AskStart | None = None
        self._ticking = False

    def compose(self) -> ComposeResult:
        """Two columns."""
        with Vertical(id="list"):
            yield Rows()
            yield Static(id="none")
            with VerticalScroll(id="more", can_focus=False):
                yield Static(id="facts")
        yield Reading()

    # --- the list -------------------------------------------------------------------------------------------------
    def arrive(self) -> None:
        """The keys choose a recipe; the library is read each time it is looked at."""
        self.query_one(Rows).focus()
        self.action_update()

    def show(self, view: View) -> None:
        """News of the chamber matter only to the start dialog, and to a library that could not be read."""
        if self._start is not None:
            self._start.show(view)
        back, self._lost = self._lost and not view.stale, view.stale
        if back and self._missed:
            self.action_update()

    def action_update(self) -> None:
        """Read everything again."""
        self._missed = False
        self.screens.ask("read the library", library, self._listed, quiet=True, failed=self._not_listed)
        for page in self._pages.values():
            if page.path is not None:
                self._read(page)

    def _listed(self, entries: list[RecipeEntry]) -> None:
        names = {entry.name for entry in entries}
        known = self._pages
        files = {key: page for key, page in known.items() if page.path is not None}
        self._pages = {entry.name: known.get(entry.name, Page(entry.name)) for entry in entries} | files
        for entry in entries:
            self._pages[entry.name].listed(entry)
        self._no_library = "" if names else "The service's library has no recipes. o opens a file of this machine."
        self._draw()

    def _not_listed(self, error: PvdctlError) -> None:
        self._missed = True
        if not self._pages:
            self._no_library = f"✗ The library could not be read: {error}"
        self.screens.say("failed", f"The library could not be read: {error}")
        self._draw()

    def _draw(self) -> None:
        """List and chosen recipe."""
        rows = self.query_one(Rows)
        rows.put(COLUMNS, [(key, cells(page)) for key, page in self._pages.items()], self._list_width - BESIDE)
        if self._wanted in self._pages:
            rows.go_to(self._wanted)
            self._wanted = ""
        none = self.query_one("#none", Static)
        none.display = not self._pages
        none.update(self._no_library)
        self._draw_page()

    @property
    def _list_width(self) -> int:
        return WIDE_LIST if self.size.width >= WIDE_FROM else NARROW_LIST

    def on_resize(self) -> None:
        """A wide screen has room for long names."""
        self.query_one("#list").styles.width = self._list_width
        self._draw()

    @property
    def _page(self) -> Page | None:
        """The recipe under the cursor."""
        return self._pages.get(self.query_one(Rows).key)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Another recipe."""
        self._draw_page()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Enter."""
        self.action_start()

    # --- the chosen recipe ----------------------------------------------------------------------------------------
    def _draw_page(self) -> None:
        page = self._page
        if page is not None and page.checked is None and not page.failed and not page.reading:
            self._read(page)
        self.query_one("#facts", Static).update(facts(page) if page is not None else "")
        self.query_one(Reading).show(page)

    def _read(self, page: Page) -> None:
        def got(checked: Checked) -> None:
            page.read(checked)
            self._draw()

        def failed(error: PvdctlError) -> None:
            page.failed, page.reading = str(error), False
            self._draw()

        page.reading = True
        request = partial(fetch, page.asked_as)
        self.screens.ask(f"read {page.name}", request, got, quiet=True, failed=failed)

    def action_part(self) -> None:
        """The next part."""
        self.query_one(Reading).see_next()

    def action_findings(self) -> None:
        """To the findings, if there are any."""
        if not self.query_one(Reading).to_findings():
            self.screens.say("news", "The check has found nothing in this recipe.")

    def action_back(self) -> None:
        """To the list."""
        self.query_one(Rows).focus()

    # --- acts -----------------------------------------------------------------------------------------------------
    def action_open(self) -> None:
        """A file of this machine."""

        def go(typed: str | None) -> None:
            if typed:
                path = Path(typed).expanduser().absolute()
                self.screens.ask(
                    f"check {path}", partial(fetch, path), partial(self._opened, path), failed=self._not_opened
                )

        self.screens.push_screen(
            AskText(
                "Open a recipe file",
                "Path of a recipe (.yaml) on this machine. Its text is sent to the service and checked on this "
                "chamber; it does not enter the library.",
            ),
            go,
        )

    def _opened(self, path: Path, checked: Checked) -> None:
        page = self._pages.setdefault(str(path), Page(str(path), path))
        page.read(checked)
        self._wanted = page.key
        self._draw()

    def _not_opened(self, error: PvdctlError) -> None:
        self.screens.say("failed", str(error))

    def action_simulate(self) -> None:
        """On a simulated copy of the chamber."""
        page = self._startable("simulated")
        if page is None:
            return
        if self._simulating:
            self.screens.say("refused", "A simulation is going on already; wait for it, or give it up with x.")
            return
        assert page.checked is not None

        def go(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._simulate(page, answers)

        if page.checked.questions:
            self.screens.push_screen(AskBeforehand(page.name, page.checked.questions), go)
        else:
            go({})

    def action_give_up(self) -> None:
        """No more of the simulation."""
        self.screens.ask("give the simulation up", lambda chamber: chamber.give_up_simulation())

    @property
    def _simulating(self) -> bool:
        return any(page.simulating is not None for page in self._pages.values())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There must be something to give up."""
        return self._simulating if action == "give_up" else True

    def _simulate(self, page: Page, answers: dict[str, str]) -> None:
        page.simulating, page.not_simulated, page.result, page.answers = RealClock(), "", None, answers
        asked_as = page.asked_as

        def done(result: Facts) -> None:
            page.simulating = None
            shown = page.checked.sha256 if page.checked is not None else ""
            if result.get("recipe", {}).get("sha256", shown) != shown:
                page.not_simulated = "its text has changed since it was read here; u reads it again."
            elif "end_state" in result:
                page.result = result
                told = f"SIMULATED {page.name}: {result['end_state']}, {result['end_reason']}"
                self.screens.say("done" if result["end_state"] == "Complete" else "refused", told)
            else:
                page.not_simulated = "the recipe did not pass the check; u reads it again."
            self._draw_page()

        def failed(error: PvdctlError) -> None:
            page.simulating, page.not_simulated = None, str(error)
            self._draw_page()
            self.screens.say("failed", f"{page.name} could not be simulated: {error}")

        self.screens.ask(
            f"simulate {page.name}", lambda chamber: chamber.simulate(asked_as, answers=answers), done, failed=failed
        )
        self.query_one(Reading).see("outcome")
        if not self._ticking:
            self._ticking = True
            self.set_timer(TICK_S, self._tick)

    def _tick(self) -> None:
        """A simulation going on says how long."""
        self._ticking = self._simulating and self.screens.is_running
        if self._ticking:
            self._draw_page()
            self.set_timer(TICK_S, self._tick)

    def _startable(self, act: str) -> Page | None:
        """The chosen recipe if it has passed the check; else says why not."""
        page = self._page
        if page is None:
            self.screens.say("refused", "There is no recipe to choose. o opens a file.")
        elif page.checked is None:
            self.screens.say("refused", f"{page.name} has not been read. u tries again.")
        elif not page.checked.passed:
            errors, _ = page.counts()
            found = "an error" if errors == 1 else f"{errors} errors"
            self.screens.say("refused", f"{page.name} cannot be {act}: the check found {found}. f goes to the first.")
        else:
            return page
        return None

    def action_start(self) -> None:
        """Ask for sample and note, and start."""
        page = self._startable("started")
        if page is None:
            return
        checked = page.checked
        assert checked is not None

        def go(wish: Wish | None) -> None:
            self._start = None
            if wish is not None:
                doing = f"make ready and start {page.name}" if wish.ready else f"start {page.name}"
                request = partial(begin, page.asked_as, checked.sha256, wish)
                self.screens.ask(doing, request, self._begun, leased=True)

        self._start = AskStart(checked, self.screens.view)
        self.screens.push_screen(self._start, go)

    def _begun(self, answer: Accepted) -> None:
        """What it does now is on the first screen."""
        self.screens.call_later(self.screens.action_pane, 0)
