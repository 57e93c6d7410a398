"""What the alarm screen says of an alarm: its state in the words of ISA-18.2, since when, and what to do."""

from datetime import datetime, timedelta
from typing import Final

from rich.text import Text

from pvdctl.service.messages import Alarm, Snapshot, Trip
from pvdctl.tui import words
from pvdctl.tui.told import Labelled

STATES: Final = {
    "unacknowledged": ("● unack.", "unacknowledged: it stands, and nobody has acknowledged it"),
    "acknowledged": ("○ acked", "acknowledged: it still stands"),
    "returned-unacknowledged": ("◐ returned, unack.", "returned to normal, unacknowledged: nobody has acknowledged it"),
    "latched-unacknowledged": ("● latched, unack.", "latched, unacknowledged: stays until acknowledged, then Reset"),
    "latched-acknowledged": ("○ latched, acked", "latched, acknowledged: stays until Reset (g)"),
    "shelved": ("□ shelved", "shelved"),
    "normal": ("✓ over", "normal: it is over"),
}
"""ISA-18.2 state: how the list has it, with a shape, and how it is explained."""
UNSAID: Final = "the service does not say"
LATELY_S: Final = 20 * 3600.0
"""Beyond this a time of day alone could be taken for today's: the date is told too. A choice."""


def moment(at_s: float, snapshot: Snapshot) -> str:
    """Time of day of a time of the control clock, UTC as the record has it; with the date where it is long ago."""
    back_s = snapshot.at_s - at_s
    if abs(back_s) > 1e9:  # -inf: it has never come
        return words.UNKNOWN
    when = datetime.fromisoformat(snapshot.utc) - timedelta(seconds=back_s)
    return when.strftime("%H:%M:%S" if abs(back_s) < LATELY_S else "%d %b %H:%M")


def ago(at_s: float, snapshot: Snapshot) -> str:
    """`2:03 ago`."""
    return f"{words.duration(snapshot.at_s - at_s)} ago" if snapshot.at_s - at_s < 1e9 else words.UNKNOWN


def state(alarm: Alarm) -> Text:
    """Shape and short words, for the list."""
    told = STATES[alarm.state][0] if alarm.state in STATES else f"? {alarm.state}"
    return Text(told, "bold" if alarm.needs_acknowledgement else "")


def priority(alarm: Alarm) -> Text:
    """Shape and word."""
    shape = words.PRIORITY_SHAPES[alarm.priority]
    return Text(f"{shape} {alarm.priority}", words.PRIORITY_STYLES[alarm.priority] if stands(alarm) else "dim")


def stands(alarm: Alarm) -> bool:
    """Whether it is in sight: neither over nor shelved."""
    return alarm.state not in ("normal", "shelved")


def name(alarm: Alarm) -> Text:
    """Its name, marked where it came first."""
    if alarm.first_out:
        return Text(f"1st {alarm.name}", "bold")
    return Text(alarm.name, "" if stands(alarm) else "dim")


def head(alarm: Alarm) -> Text:
    """Priority, name, and what marks it among others."""
    shape, style = words.PRIORITY_SHAPES[alarm.priority], words.PRIORITY_STYLES[alarm.priority]
    told = Text.assemble((f" {shape} {alarm.priority.upper()} ", style), (f" {alarm.name}", "bold"))
    if alarm.first_out:
        told.append("  FIRST OUT", "bold")
    if alarm.chattering:
        told.append("  CHATTERS", "bold yellow")
    return told


def about(alarm: Alarm, snapshot: Snapshot, trip: Trip | None, user: str) -> Labelled:
    """All there is to say of one alarm, what to do first."""
    now = stands(alarm)
    lines: Labelled = [
        ("What", Text(alarm.text, "bold")),
        ("Do now" if now else "Do", Text(alarm.response or UNSAID, "bold reverse" if now else "")),
        ("Shelved", _shelved(alarm, snapshot)) if alarm.state == "shelved" else ("Seen", _seen(alarm, user)),
        ("Cause", Text(alarm.cause or UNSAID)),
        ("Leads to", Text(alarm.consequence or UNSAID)),
        ("State", _state_told(alarm, snapshot)),
    ]
    if alarm.chattering:
        lines.append(("Often", Text(f"came {alarm.count} times; it is latched, further ones are only counted")))
    if trip is not None:
        lines.append(("Acts", trip_told(trip, snapshot)))
    return lines


def _state_told(alarm: Alarm, snapshot: Snapshot) -> Text:
    told = STATES[alarm.state][1] if alarm.state in STATES else alarm.state
    times = "once" if alarm.count == 1 else f"{alarm.count} times, last"
    holds = "its condition holds now" if alarm.active else "its condition is gone"
    came = f"came {times} at {moment(alarm.raised_s, snapshot)} ({ago(alarm.raised_s, snapshot)})"
    return Text(f"{told}; {holds}; {came}, in this state since {moment(alarm.since_s, snapshot)}")


def _seen(alarm: Alarm, user: str) -> Text:
    if alarm.needs_acknowledgement:
        return Text(f"by nobody yet; k acknowledges it as {user}", "bold")
    if alarm.acknowledged_by:
        return Text(f"acknowledged by {alarm.acknowledged_by}")
    return Text("waits for no acknowledgement")


def _shelved(alarm: Alarm, snapshot: Snapshot) -> Text:
    until_s = alarm.shelved_until_s
    until = words.UNKNOWN
    if until_s is not None:
        until = f"{moment(until_s, snapshot)} (for another {words.duration(until_s - snapshot.at_s)})"
    return Text(f"by {alarm.shelved_by} until {until}: {alarm.shelved_why}")


def trip_told(trip: Trip, snapshot: Snapshot) -> Text:
    """An interlock that is tripped: why, since when, and what it forces."""
    forces = ", ".join(trip.forces) or "nothing"
    since = f"{moment(trip.since_s, snapshot)} ({ago(trip.since_s, snapshot)})"
    return Text(f"interlock {trip.name} ({trip.action}) since {since}: {trip.why}; forces {forces}")
