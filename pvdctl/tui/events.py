"""The last events of the record, newest below."""

from textual.widgets import Static

from pvdctl.service.messages import Happening
from pvdctl.tui import words
from pvdctl.tui.drawing import Line, fitted, text, wrapped
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

LEAST_WITH_HEADING = 5
"""Rows from which on one of them is given to a line between steps and events."""
INDENT = 11
"""Columns before the text of an event, so that its second line stands below it."""


class Events(Static):
    """As many as there is room for. `back`: how many of the newest are left out, to look at older ones."""

    DEFAULT_CSS = """
    Events { width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = ()
        self.back = 0

    def show(self, view: View, room: int, rows: int, *, whole: bool) -> None:
        """Draw them in `room` columns and `rows` rows. whole: long ones go on in a second line instead of being cut."""
        happenings = view.happenings
        self.back = min(self.back, max(0, len(happenings) - rows))
        now = (room, rows, whole, self.back, len(happenings), happenings[-1].seq if happenings else None)
        if now == self._shown or rows < 1:
            return
        self._shown = now
        head = [_heading(self.back, room)] if rows >= LEAST_WITH_HEADING else []
        free = rows - len(head)
        end = len(happenings) - self.back
        lines: list[Line] = []
        for one in reversed(list(happenings)[max(0, end - free) : end]):
            told = line(one)
            made = wrapped(told, room, INDENT) if whole else [fitted(told, room)]
            if lines and len(lines) + len(made) > free:
                break
            lines[:0] = made
        self.update(text([*head, *lines[-free:]]), layout=False)


def _heading(back: int, room: int) -> Line:
    told = f"── events, {back} newer ones below " if back else "── events "
    return fitted([(told + "─" * max(0, room - len(told)), "dim")], room)


def line(one: Happening) -> Line:
    """When, what, to which thing, why, and by whom where it was a person."""
    style = STYLES.get(one.kind, "")
    told = one.text
    if one.subject and one.subject not in told and one.subject != "unit":
        told = f"{one.subject}: {told}"
    if one.why and one.why not in told:
        told = f"{told} ({one.why})"
    shape = "✓" if one.kind == "step" and one.text == "done" else SHAPES.get(one.kind, " ")
    made: Line = [(f"{words.clock_time(one.utc)} ", "dim"), (f"{shape} {told}", style)]
    if one.actor and not one.actor.startswith("system") and one.actor not in told:
        made.append((f" [{one.actor}]", "cyan"))
    return made
