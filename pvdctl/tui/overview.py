"""The first screen: the chamber, what is wrong, the recipe, the last events, the plots."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from pvdctl.tui.events import Events
from pvdctl.tui.mimic import MimicDrawing
from pvdctl.tui.notices import Notices
from pvdctl.tui.pane import Pane
from pvdctl.tui.steps import Steps
from pvdctl.tui.strip_chart import StripChart
from pvdctl.tui.view import View

WIDE, HIGH = 112, 30
"""From this size on the plots stand beside the chamber; below, `v` brings them."""
LEFT = 80
"""Columns of the drawing, the steps and the events beside the plots."""
LEAST_STEPS = 3
"""Rows the steps keep where the drawing is higher than the screen; the drawing scrolls then."""
LEAST_EVENTS = 2
NOTICES, NOTICES_HIGH = 4, 7
"""Most rows of notices."""
CHAMBER, PLOTS, EVENTS = "chamber", "plots", "events"
LOOKS: Final = (CHAMBER, PLOTS, EVENTS)


class Overview(Pane, can_focus=True):
    """What the chamber does now, at a glance. Notices are in sight whatever is looked at."""

    DEFAULT_CSS = """
    Overview { layout: vertical; }
    Overview.beside { layout: horizontal; }
    Overview #left { width: 1fr; height: 1fr; padding: 0 1; }
    Overview #drawing { height: auto; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "look", "View", tooltip="The next view: the chamber, the plots, the events"),
        Binding("z", "zoom", "Times", show=False, tooltip="Plots: the last 10 min, the last hour, the whole run"),
        Binding("e,enter", "enlarge", "Larger", show=False, tooltip="Plots: one alone, then the next; also by a click"),
        Binding("escape", "back", "Back", show=False, tooltip="Back to all plots, and to the chamber"),
        Binding("up", "roll(-1)", show=False),
        Binding("down", "roll(1)", show=False),
        Binding(
            "pageup", "roll(-10)", "Scroll", show=False, tooltip="Older events; with PgDn and arrows newer ones again"
        ),
        Binding("pagedown", "roll(10)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._now = CHAMBER
        self._rows: tuple[int, ...] = ()
        self._view: View | None = None

    def compose(self) -> ComposeResult:
        """Left: drawing, notices, steps, events. Right: plots."""
        with Vertical(id="left"):
            with VerticalScroll(id="drawing", can_focus=False):
                yield MimicDrawing()
            yield Notices()
            yield Steps()
            yield Events()
        yield StripChart()

    def show(self, view: View) -> None:
        """All parts that are in sight, in the room there is."""
        self._view = view
        width, height = self.size
        if not height:
            return  # not laid out yet: shown after the first resize
        beside = width >= WIDE and height >= HIGH and self._now != PLOTS
        self.set_class(beside, "beside")
        left, chart, notices = self.query_one("#left"), self.query_one(StripChart), self.query_one(Notices)
        room = (LEFT if beside else max(22, width)) - 2
        notices.show(view, room, NOTICES_HIGH if height >= HIGH else NOTICES)
        plots_only = self._now == PLOTS
        left.styles.width = LEFT if beside else "1fr"
        left.styles.height = notices.rows if plots_only else "1fr"
        left.display = not plots_only or notices.rows > 0
        chart.display = beside or plots_only
        if chart.display:
            chart.show(view, 0 if beside else width)
        self._left(view, room, 0 if plots_only else height - notices.rows)

    def _left(self, view: View, room: int, free: int) -> None:
        """What is most needed gets its rows first: the steps around the active one, the drawing, all steps, events."""
        drawing, steps, events = self.query_one(MimicDrawing), self.query_one(Steps), self.query_one(Events)
        wanted = steps.wanted(view.snapshot)
        drawing_rows = 0
        if self._now == CHAMBER:
            drawing.show(view, room)
            drawing_rows = min(drawing.rows, max(1, free - min(wanted, LEAST_STEPS)))
        steps_rows = max(0, min(wanted, free - drawing_rows))
        events_rows = max(0, free - drawing_rows - steps_rows)
        if events_rows < LEAST_EVENTS:
            events_rows = 0
        self._lay_out(drawing_rows, steps_rows, events_rows)
        steps.show(view, room, steps_rows)
        events.show(view, room, events_rows, whole=self._now == EVENTS)

    def _lay_out(self, *rows: int) -> None:
        if rows == self._rows:
            return
        self._rows = rows
        parts = (self.query_one("#drawing"), self.query_one(Steps), self.query_one(Events))
        for part, height in zip(parts, rows, strict=True):
            part.styles.height = height
            part.display = height > 0

    def on_resize(self) -> None:
        """Another room, another layout."""
        self._again()

    def action_look(self) -> None:
        """The next view."""
        self._now = LOOKS[(LOOKS.index(self._now) + 1) % len(LOOKS)]
        self.query_one(Events).back = 0
        self._again()

    def action_zoom(self) -> None:
        """Another span of time; brings the plots where they are not in sight."""
        if self._plots_in_sight():
            self.query_one(StripChart).zoom()

    def action_enlarge(self) -> None:
        """One plot alone; brings the plots where they are not in sight."""
        if self._plots_in_sight():
            self.query_one(StripChart).enlarge()

    def _plots_in_sight(self) -> bool:
        """Whether they were; if not, they are now."""
        if self.query_one(StripChart).display:
            return True
        self._now = PLOTS
        self._again()
        return False

    def action_back(self) -> None:
        """To all plots first, then to the chamber."""
        chart = self.query_one(StripChart)
        if chart.alone is not None and chart.display:
            chart.together()
            return
        self._now = CHAMBER
        self.query_one(Events).back = 0
        self._again()

    def action_roll(self, rows: int) -> None:
        """Scroll what has more than it shows."""
        drawing = self.query_one("#drawing", VerticalScroll)
        if self._now == CHAMBER and drawing.max_scroll_y > 0:
            drawing.scroll_relative(y=rows, animate=False)
            return
        events = self.query_one(Events)
        events.back = max(0, events.back - rows)
        self._again()

    def _again(self) -> None:
        if self._view is not None:
            self.show(self._view)
