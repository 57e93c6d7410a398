"""The last events of the record, newest below."""

from textual.widgets import Static

from pvdctl.service.messages import Happening
from pvdctl.tui import words
from pvdctl.tui.drawing import Line, fitted, text
from pvdctl.tui.view import View

SHAPES = {"alarm": "▲", "interlock": "‡", "command": "»", "note": "»", "state": "◆", "step": "▶", "prompt": "?"}
STYLES = {
    "alarm": "bold yellow",
    "interlock": "yellow",
    "command": "cyan",
    "note": "cyan",
    "state": "bold",
    "step": "bold",
}


class Events(Static):
    """As many as there is room for. `back`: how many of the newest are left out, to look at older ones."""

    DEFAULT_CSS = """
    Events { width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = ()
        self.back = 0

    def show(self, view: View, room: int, rows: int) -> None:
        """Draw them in `room` columns and `rows` rows."""
        happenings = view.happenings
        self.back = min(self.back, max(0, len(happenings) - rows))
        now = (room, rows, self.back, len(happenings), happenings[-1].seq if happenings else None)
        if now == self._shown or rows < 1:
            return
        self._shown = now
        end = len(happenings) - self.back
        chosen = list(happenings)[max(0, end - rows) : end]
        self.update(text(fitted(line(one), room) for one in chosen), layout=False)


def line(one: Happening) -> Line:
    """When, what, to which thing, why, and by whom where it was a person."""
    style = STYLES.get(one.kind, "")
    told = one.text
    if one.subject and one.subject not in told and one.subject != "unit":
        told = f"{one.subject}: {told}"
    if one.why and one.why not in told:
        told = f"{told} ({one.why})"
    made: Line = [(f"{words.clock_time(one.utc)} ", "dim"), (f"{SHAPES.get(one.kind, ' ')} {told}", style)]
    if one.actor and not one.actor.startswith("system") and one.actor not in told:
        made.append((f" [{one.actor}]", "cyan"))
    return made
