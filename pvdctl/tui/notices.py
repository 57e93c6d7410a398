"""What an operator must see first: alarms, interlocks with what they force, what is stuck, what is waited for."""

import textwrap
from collections.abc import Iterator

from textual.widgets import Static

from pvdctl.service.messages import Alarm, Snapshot
from pvdctl.tui import words
from pvdctl.tui.drawing import Line, fitted, text
from pvdctl.tui.mimic_words import BAD_STYLE, FORCED, MOVING_STYLE
from pvdctl.tui.view import View

FIRST_ROWS = 3
"""The gravest notice is never cut below this many lines; the others have one each."""

WRONG_STYLE = "bold reverse yellow"
"""Of inputs that are not right: loud, and yet not an alarm."""


class Notices(Static):
    """Nothing at all while all is well."""

    DEFAULT_CSS = """
    Notices { height: auto; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[Line] = []
        self.rows = 0
        self.display = False

    def show(self, view: View, room: int, most: int) -> None:
        """Draw them in `room` columns and at most `most` rows."""
        made = lines(view.snapshot, room, most) if view.snapshot is not None else []
        if made != self._shown:
            self._shown = made
            self.rows = len(made)
            self.display = bool(made)
            self.update(text(made))


def lines(snapshot: Snapshot, room: int, most: int) -> list[Line]:
    """Gravest first, each once; the last line tells how many there was no room for."""
    found = list(_notices(snapshot))
    made: list[Line] = []
    for index, (told, style) in enumerate(found):
        left = len(found) - index
        if index == 0:
            whole = textwrap.wrap(told, room, subsequent_indent="  ")
            rows = whole[: max(1, min(FIRST_ROWS, most - (left > 1)))]
            made += [fitted([(row, style)], room) for row in rows[:-1]]
            rest = rows[-1] if len(rows) == len(whole) else " ".join(whole[len(rows) - 1 :])
            made.append(fitted([(rest, style)], room))
        elif left > 1 and len(made) == most - 1:
            made.append(fitted([(f"… and {left} more: see Alarms", "bold")], room))
            break
        else:
            made.append(fitted([(told, style)], room))
    return made[:most]


def _inputs(snapshot: Snapshot) -> str:
    """Water, air, doors and the like that are not as they must be."""
    told = []
    for one in snapshot.mimic.inputs:
        if one.required is not None and one.on is None:
            told.append(f"? {one.name} unknown")
        elif one.required is not None and one.on != one.required:
            told.append(f"✗ {one.name} is {'on' if one.on else 'OFF'}")
    return "  ".join(told)


def _notices(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for alarm in snapshot.alarms:
        if not alarm.shelved_by:
            yield _alarm(alarm)
    if wrong := _inputs(snapshot):
        yield wrong, WRONG_STYLE
    for trip in snapshot.trips:
        if trip.forces:
            yield f"{FORCED} interlock {trip.name} forces {', '.join(trip.forces)}", MOVING_STYLE
    for valve in snapshot.mimic.valves:
        if valve.failure:
            yield f"✗ {valve.failure}", BAD_STYLE
    for supply in snapshot.mimic.supplies:
        if supply.tripped:
            yield f"✗ {supply.name} has tripped: its own protection switched it off", BAD_STYLE
    if snapshot.reason and snapshot.job is not None and snapshot.job.running:
        yield f"{words.STATE_SHAPES.get(snapshot.state, words.STATE_MOVES)} {snapshot.state}: {snapshot.reason}", "bold"
    if snapshot.waiting_for:
        yield f"… waiting for {'; '.join(snapshot.waiting_for)}", ""


def _alarm(alarm: Alarm) -> tuple[str, str]:
    """Priority, whether it was the first of its cascade, what it is, whether somebody has seen it."""
    first = " FIRST" if alarm.first_out else ""
    waits = ", to be acknowledged" if alarm.needs_acknowledgement else ""
    told = f"{words.PRIORITY_SHAPES[alarm.priority]} {alarm.priority}{first}: {alarm.text}{waits}"
    return told, words.PRIORITY_STYLES[alarm.priority]
