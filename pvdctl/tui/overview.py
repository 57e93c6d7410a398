"""The first screen: the chamber, what is wrong, the recipe, the last events, the plots."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from pvdctl.tui.events import Events
from pvdctl.tui.mimic import MimicDrawing
from pvdctl.tui.notices import Notices
from pvdctl.tui.pane import Pane
from pvdctl.tui.steps import Steps
from pvdctl.tui.view import View

WIDE, HIGH = 112, 30
"""From this size on the plots stand beside the drawing; below, one of them is in sight at a time."""
LEFT = 80
"""Columns of the drawing, the steps and the events beside the plots."""
LEAST_STEPS = 4
"""Rows the steps keep where the drawing is higher than the screen; the drawing scrolls then."""
LEAST_EVENTS = 2
NOTICES, NOTICES_HIGH = 4, 7
"""Most rows of notices."""
CHAMBER, EVENTS = "chamber", "events"


class Overview(Pane, can_focus=True):
    """What the chamber does now, at a glance."""

    DEFAULT_CSS = """
    Overview { layout: horizontal; }
    Overview #left { width: 1fr; height: 1fr; padding: 0 1; }
    Overview #drawing { height: auto; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "look", "View", tooltip="Another view: the chamber, the events"),
        Binding("up", "roll(-1)", "Scroll", show=False, tooltip="Scroll a drawing that is too high, or the events"),
        Binding("down", "roll(1)", "Scroll", show=False),
        Binding("pageup", "roll(-10)", "Scroll", show=False),
        Binding("pagedown", "roll(10)", "Scroll", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._look = CHAMBER
        self._rows: tuple[int, ...] = ()
        self._view: View | None = None

    def compose(self) -> ComposeResult:
        """Left: drawing, notices, steps, events."""
        with Vertical(id="left"):
            with VerticalScroll(id="drawing", can_focus=False):
                yield MimicDrawing()
            yield Notices()
            yield Steps()
            yield Events()

    def show(self, view: View) -> None:
        """All parts, in the room there is."""
        self._view = view
        height = self.size.height
        if not height:
            return  # not laid out yet: shown after the first resize
        room = max(20, self.size.width - 2)
        drawing, notices = self.query_one(MimicDrawing), self.query_one(Notices)
        steps, events = self.query_one(Steps), self.query_one(Events)
        notices.show(view, room, NOTICES_HIGH if height >= HIGH else NOTICES)
        free = height - notices.rows
        wanted = steps.wanted(view.snapshot)
        self.query_one("#drawing").display = self._look == CHAMBER
        if self._look == CHAMBER:
            drawing.show(view, room)
            drawing_rows = min(drawing.rows, max(1, free - min(wanted, LEAST_STEPS)))
        else:
            drawing_rows = 0
        steps_rows = max(0, min(wanted, free - drawing_rows))
        events_rows = free - drawing_rows - steps_rows
        if events_rows < LEAST_EVENTS:
            events_rows = 0
        self._lay_out(drawing_rows, steps_rows, events_rows)
        steps.show(view, room, steps_rows)
        events.show(view, room, events_rows)

    def _lay_out(self, *rows: int) -> None:
        """Heights are ours: what is most needed gets its rows first."""
        if rows == self._rows:
            return
        self._rows = rows
        for part, height in zip(
            (self.query_one("#drawing"), self.query_one(Steps), self.query_one(Events)), rows, strict=True
        ):
            part.styles.height = height
            part.display = height > 0

    def on_resize(self) -> None:
        """Another room, another layout."""
        if self._view is not None:
            self.show(self._view)

    def action_look(self) -> None:
        """The next view."""
        self._look = EVENTS if self._look == CHAMBER else CHAMBER
        self.query_one(Events).back = 0
        if self._view is not None:
            self.show(self._view)

    def action_roll(self, rows: int) -> None:
        """Scroll what has more than it shows."""
        drawing = self.query_one("#drawing", VerticalScroll)
        if self._look == CHAMBER and drawing.max_scroll_y > 0:
            drawing.scroll_relative(y=rows, animate=False)
        elif self._view is not None:
            events = self.query_one(Events)
            events.back = max(0, events.back - rows)
            self.show(self._view)
