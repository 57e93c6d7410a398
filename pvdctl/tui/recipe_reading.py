"""The chosen recipe: its text with what the check found, its time line, its simulation."""

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.events import Resize
from textual.widgets import OptionList, Static

from pvdctl.tui.recipe_outcome import outcome
from pvdctl.tui.recipe_page import Facts, Page
from pvdctl.tui.recipe_text import MARKS, RecipeText
from pvdctl.tui.recipe_timeline import timeline

WIDE_FROM, HIGH_FROM = 70, 30
"""Columns and lines from which text, time line and simulation are shown together; below, one at a time."""
PARTS = {"text": " text ", "time": " time line ", "outcome": " simulation "}
MARGIN = 3
"""Columns beside the time line: padding and scroll bar."""


class Reading(Vertical):
    """All of it where there is room, else one part at a time."""

    DEFAULT_CSS = """
    Reading { width: 1fr; }
    Reading #parts { height: 1; padding: 0 1; background: $panel; display: none; }
    Reading OptionList { height: auto; max-height: 8; border: none; padding: 0; background: $panel; display: none; }
    Reading OptionList:focus { border: none; }
    Reading.found OptionList { display: block; }
    Reading .part { height: auto; max-height: 40%; padding: 0 1; border-top: solid $panel-lighten-2; }
    Reading .part > Static { height: auto; }
    Reading .part:focus { background: $boost; }
    Reading.one #parts { display: block; }
    Reading.one .part { height: 1fr; max-height: 100%; border-top: none; display: none; }
    Reading.one.see-time #time, Reading.one.see-outcome #outcome { display: block; }
    Reading.one.see-time RecipeText, Reading.one.see-outcome RecipeText { display: none; }
    Reading.one.see-time OptionList, Reading.one.see-outcome OptionList { display: none; }
    """

    def __init__(self) -> None:
        super().__init__(classes="see-text")
        self._page: Page | None = None
        self._lines: list[int] = []
        """Of the findings, in the order of their list."""
        self._told: list[Text] = []

    def compose(self) -> ComposeResult:
        """Which part is in sight, and the parts."""
        yield Static(id="parts")
        yield RecipeText()
        yield OptionList()
        with VerticalScroll(id="time", classes="part"):
            yield Static()
        with VerticalScroll(id="outcome", classes="part"):
            yield Static()

    def show(self, page: Page | None) -> None:
        """Show a recipe, or none."""
        self._page = page
        checked = page.checked if page is not None else None
        found = sorted(checked.findings, key=lambda finding: int(finding["line"])) if checked is not None else []
        self.query_one(RecipeText).put(checked.text if checked is not None else "", _marks(found))
        told = [finding_words(finding) for finding in found]
        if told != self._told:
            self._told, self._lines = told, [int(finding["line"]) for finding in found]
            self.query_one(OptionList).set_options(told)
            self.set_class(bool(found), "found")
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Room for everything, or for one part at a time."""
        self.set_class(event.size.width < WIDE_FROM or event.size.height < HIGH_FROM, "one")
        self._draw()

    def _draw(self) -> None:
        page, width = self._page, max(40, self.size.width - MARGIN)
        checked = page.checked if page is not None else None
        self.query_one("#time > Static", Static).update(timeline(checked, width) if checked is not None else "")
        self.draw_outcome()
        names = (Text(name, "bold reverse" if self.has_class(f"see-{part}") else "dim") for part, name in PARTS.items())
        self.query_one("#parts", Static).update(Text.assemble(Text(" ").join(names), ("  t: next", "dim")))

    def draw_outcome(self) -> None:
        """The simulation, which says how long it lasts already."""
        self.query_one("#outcome > Static", Static).update(outcome(self._page) if self._page is not None else "")

    def see(self, part: str) -> None:
        """Bring a part into sight: text, time or outcome."""
        for each in PARTS:
            self.set_class(each == part, f"see-{each}")
        self._draw()

    def see_next(self) -> None:
        """The next part: into sight, or, where all are, under the keys, to be scrolled."""
        names = list(PARTS)
        at = next(index for index, part in enumerate(names) if self.has_class(f"see-{part}"))
        part = names[(at + 1) % len(names)]
        self.see(part)
        if not self.has_class("one"):
            self.query_one("RecipeText" if part == "text" else f"#{part}").focus()

    def to_findings(self) -> bool:
        """The keys go to the findings; False if there are none."""
        if not self._told:
            return False
        self.see("text")
        options = self.query_one(OptionList)
        options.focus()
        if options.highlighted is None:
            options.highlighted = 0
        return True

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """A finding shows its line."""
        event.stop()
        if event.option_index < len(self._lines):
            self.query_one(RecipeText).choose(self._lines[event.option_index])


def _marks(found: Sequence[Facts]) -> dict[int, str]:
    """By line, the gravest of what was found there."""
    marks: dict[int, str] = {}
    for finding in found:
        line = int(finding["line"])
        marks[line] = "error" if "error" in (finding["severity"], marks.get(line)) else "warning"
    return marks


def finding_words(finding: Facts) -> Text:
    """`✗ error, line 14, step zinc, at steps[1].rate: wanted ..., found ...; hint`."""
    step = f", step {finding['step']}" if finding["step"] else ""
    at = f", at {finding['at']}" if finding["at"] else ""
    hint = f"; {finding['hint']}" if finding["hint"] else ""
    where = f"line {finding['line']}" if finding["line"] else "the file"
    return Text.assemble(
        (f"{MARKS[finding['severity']]} {finding['severity']}, {where}", "bold"),
        f"{step}{at}: wanted {finding['wanted']}, found {finding['found']}{hint}",
    )
