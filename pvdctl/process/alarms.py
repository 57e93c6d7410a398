"""Alarms: what needs a person's response, in the states of ISA-18.2 / IEC 62682.

An alarm is raised and cleared by the process; a named person acknowledges or shelves it. Acknowledging neither clears
an alarm nor silences an interlock. Critical alarms latch: when their condition has gone they stay until they have been
acknowledged and reset. Pure: time is passed in, and every change is queued for the controller to record.
"""

from collections import deque
from typing import Final, Literal, NamedTuple

from pvdctl.errors import Bug, Refused
from pvdctl.instrument.tag import Value
from pvdctl.process.alarm_table import BUILTIN

Priority = Literal["low", "medium", "high", "critical"]
PRIORITIES: Final = ("low", "medium", "high", "critical")

NORMAL: Final = "normal"
UNACKNOWLEDGED: Final = "unacknowledged"
ACKNOWLEDGED: Final = "acknowledged"
RETURNED: Final = "returned-unacknowledged"
LATCHED: Final = "latched-unacknowledged"
LATCHED_ACKNOWLEDGED: Final = "latched-acknowledged"
SHELVED: Final = "shelved"

LONGEST_SHELVING_S: Final = 3600.0
"""Our own decision: no step of a deposition needs an alarm out of sight for longer."""

CHATTER_COUNT: Final = 3
CHATTER_S: Final = 60.0
"""An alarm that comes three times within a minute chatters: a figure in common use with ISA-18.2, ours by choice."""

PROCESS: Final = "system:process"
"""Who raises, clears and unshelves, in `Change.who`, where no person does."""

_ACKNOWLEDGED_AS: Final = {UNACKNOWLEDGED: ACKNOWLEDGED, RETURNED: NORMAL, LATCHED: LATCHED_ACKNOWLEDGED}
_CLEARED_AS: Final = {UNACKNOWLEDGED: RETURNED, ACKNOWLEDGED: NORMAL}
_CLEARED_LATCHING_AS: Final = {UNACKNOWLEDGED: LATCHED, ACKNOWLEDGED: LATCHED_ACKNOWLEDGED}


class Change(NamedTuple):
    """One change of an alarm's state, for the event log."""

    name: str
    old: str
    new: str
    text: str
    who: str
    at_s: float


class Alarm:
    """One alarm and how it stands; changed by `Alarms` alone.

    state: one of the seven words above. active: whether the condition holds now, which `state` does not tell of a
    shelved or chattering alarm. text: what was said when it last came, at `raised_s`; count: how often it has come.
    trip: it tells of an interlock that acts. first_out: it was the first, or among the first, of its cascade.
    """

    __slots__ = (
        "acknowledged_by",
        "active",
        "cause",
        "chattering",
        "consequence",
        "count",
        "first_out",
        "name",
        "priority",
        "raised_s",
        "recent_s",
        "response",
        "shelved_by",
        "shelved_until_s",
        "shelved_why",
        "since_s",
        "state",
        "text",
        "trip",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.priority: Priority = "high"
        self.trip = False
        self.cause = self.consequence = self.response = self.text = ""
        self.state: str = NORMAL
        self.active = self.chattering = self.first_out = False
        self.count = 0
        self.since_s = self.raised_s = float("-inf")
        self.recent_s: deque[float] = deque(maxlen=CHATTER_COUNT)
        self.acknowledged_by = self.shelved_by = self.shelved_why = ""
        self.shelved_until_s = float("inf")

    @property
    def acts(self) -> bool:
        """Whether it belongs to the cascades of which the first is marked: a warning that stands for hours does not."""
        return self.trip or self.priority in ("high", "critical")

    def record(self) -> dict[str, Value]:
        """As plain values, for screens and the record; what does not apply is left out."""
        plain: dict[str, Value] = {
            "name": self.name,
            "state": self.state,
            "active": self.active,
            "priority": self.priority,
            "text": self.text,
            "cause": self.cause,
            "consequence": self.consequence,
            "response": self.response,
            "raised_s": self.raised_s,
            "since_s": self.since_s,
            "count": self.count,
            "first_out": self.first_out,
            "chattering": self.chattering,
        }
        if self.acknowledged_by:
            plain["acknowledged_by"] = self.acknowledged_by
        if self.state == SHELVED:
            plain["shelved_by"] = self.shelved_by
            plain["shelved_why"] = self.shelved_why
            plain["shelved_until_s"] = self.shelved_until_s
        return plain


class Alarms:
    """All alarms of the chamber. `changes` holds, oldest first, what the controller has yet to record."""

    def __init__(self) -> None:
        self.changes: deque[Change] = deque()
        self._alarms: dict[str, Alarm] = {}
        self._next_unshelving_s = float("inf")

    def get(self, name: str) -> Alarm | None:
        """The alarm of this name; None while it has never come."""
        return self._alarms.get(name)

    def announce(self, name: str, text: str, now_s: float, about: str = "") -> str:
        """Raise a builtin alarm, of a certain thing if `about` names one; returns the alarm's name, for `clear`.

        Raises Bug for a name that is not in the table.
        """
        if name not in BUILTIN:
            raise Bug(f"no builtin alarm is called '{name}'; see process.alarm_table")
        is_ = BUILTIN[name]
        full = f"{name}.{about}" if about else name
        self.raise_(full, text, is_.priority, is_.cause, is_.consequence, is_.response, now_s)
        return full

    def raise_(
        self,
        name: str,
        text: str,
        priority: Priority,
        cause: str,
        consequence: str,
        response: str,
        now_s: float,
        *,
        trip: bool = False,
    ) -> None:
        """The condition of alarm `name` has come.

        While it is active already nothing changes, for its text tells how it came; unless it has become graver.
        trip: the alarm tells of an interlock that acts, and can never be shelved.
        """
        alarm = self._alarms.setdefault(name, Alarm(name))
        graver = PRIORITIES.index(priority) > PRIORITIES.index(alarm.priority) and alarm.count > 0
        if alarm.active and not graver:
            return
        alarm.priority, alarm.trip = priority, trip
        alarm.cause, alarm.consequence, alarm.response, alarm.text = cause, consequence, response, text
        if alarm.acts:
            self._mark_first_out(alarm, now_s)
        alarm.active = True
        alarm.raised_s = now_s
        alarm.count += 1
        alarm.recent_s.append(now_s)
        may_be_shelved = priority != "critical" and not trip
        if (alarm.chattering and not graver) or (alarm.state == SHELVED and may_be_shelved):
            return
        alarm.acknowledged_by = ""
        if alarm.chattering:
            self._move(alarm, LATCHED, text, PROCESS, now_s)
        elif len(alarm.recent_s) == CHATTER_COUNT and now_s - alarm.recent_s[0] <= CHATTER_S:
            alarm.chattering = True
            said = f"{text} (came {CHATTER_COUNT} times within {CHATTER_S:g} s: latched, further ones are only counted)"
            self._move(alarm, LATCHED, said, PROCESS, now_s)
        else:
            self._move(alarm, UNACKNOWLEDGED, text, PROCESS, now_s)

    def clear(self, name: str, now_s: float) -> None:
        """The condition of alarm `name` has gone; nothing happens when it was not there."""
        alarm = self._alarms.get(name)
        if alarm is None or not alarm.active:
            return
        alarm.active = False
        if alarm.state != SHELVED and not alarm.chattering:
            after = _CLEARED_LATCHING_AS if alarm.priority == "critical" else _CLEARED_AS
            self._move(alarm, after[alarm.state], f"gone after {now_s - alarm.raised_s:.1f} s", PROCESS, now_s)

    def acknowledge(self, name: str, who: str, now_s: float) -> None:
        """`who` has seen the alarm. Raises Refused when it does not wait for that, or nobody is named."""
        alarm = self._named(name, f"acknowledge {name}", who)
        if alarm.state not in _ACKNOWLEDGED_AS:
            raise Refused(f"acknowledge {name}", f"it is {alarm.state} and waits for no acknowledgement")
        alarm.acknowledged_by = who
        self._move(alarm, _ACKNOWLEDGED_AS[alarm.state], f"acknowledged by {who}", who, now_s)

    def shelve(self, name: str, who: str, reason: str, until_s: float, now_s: float) -> None:
        """Put the alarm out of sight until `until_s`, at most an hour from now, for a reason.

        Raises Refused for a critical alarm, an interlock's trip, an alarm shelved already, a missing name or reason,
        or a time that is past or too far.
        """
        what = f"shelve {name}"
        alarm = self._named(name, what, who)
        if alarm.priority == "critical" or alarm.trip:
            kind = "the trip of an interlock" if alarm.trip else "critical"
            raise Refused(what, f"it is {kind}, which is never shelved")
        if alarm.state == SHELVED:
            raise Refused(what, f"it is shelved already, by {alarm.shelved_by}; unshelve it first")
        if not reason.strip():
            raise Refused(what, "no reason is given")
        if not 0.0 < until_s - now_s <= LONGEST_SHELVING_S:
            asked = f"{(until_s - now_s) / 60.0:.1f} min"
            raise Refused(what, f"it is for {asked}, wanted more than none and at most {LONGEST_SHELVING_S / 60:g} min")
        alarm.chattering = False
        alarm.recent_s.clear()
        alarm.shelved_by, alarm.shelved_why, alarm.shelved_until_s = who, reason, until_s
        self._next_unshelving_s = min(self._next_unshelving_s, until_s)
        self._move(alarm, SHELVED, f"shelved by {who}: {reason}", who, now_s)

    def unshelve(self, name: str, who: str, now_s: float) -> None:
        """Bring the alarm back before its time. Raises Refused when it is not shelved, or nobody is named."""
        alarm = self._named(name, f"unshelve {name}", who)
        if alarm.state != SHELVED:
            raise Refused(f"unshelve {name}", f"it is {alarm.state}, not shelved")
        self._unshelve(alarm, f"unshelved by {who}", who, now_s)

    def tick(self, now_s: float) -> None:
        """End the shelvings whose time is over. Cheap; once per scan."""
        if now_s >= self._next_unshelving_s:
            for alarm in self._alarms.values():
                if alarm.state == SHELVED and now_s >= alarm.shelved_until_s:
                    self._unshelve(alarm, "its shelving is over", PROCESS, now_s)

    def reset(self, who: str, now_s: float) -> None:
        """Release what is latched and acknowledged, and forget the first-out marks. What is unacknowledged stays."""
        for alarm in self._alarms.values():
            alarm.first_out = False
            if alarm.state == LATCHED_ACKNOWLEDGED:
                alarm.chattering = False
                alarm.recent_s.clear()
                self._move(alarm, ACKNOWLEDGED if alarm.active else NORMAL, f"reset by {who}", who, now_s)

    def unacknowledged_critical(self) -> list[str]:
        """The critical alarms that nobody has acknowledged, oldest first: while there is one, Reset is refused."""
        waiting = [a for a in self._alarms.values() if a.priority == "critical" and a.state in _ACKNOWLEDGED_AS]
        return [alarm.name for alarm in sorted(waiting, key=lambda alarm: alarm.raised_s)]

    def listing(self, *, standing_only: bool = True) -> list[dict[str, Value]]:
        """The alarms as plain records, gravest first, then newest first; normal ones only if not `standing_only`."""
        shown = [alarm for alarm in self._alarms.values() if alarm.state != NORMAL or not standing_only]
        shown.sort(key=lambda alarm: (PRIORITIES.index(alarm.priority), alarm.raised_s), reverse=True)
        return [alarm.record() for alarm in shown]

    def _named(self, name: str, what: str, who: str) -> Alarm:
        alarm = self._alarms.get(name)
        if alarm is None:
            raise Refused(what, "no alarm of this name has come")
        if not who.strip():
            raise Refused(what, "nobody is named; it needs the name of a user")
        return alarm

    def _move(self, alarm: Alarm, to: str, text: str, who: str, now_s: float) -> None:
        self.changes.append(Change(alarm.name, alarm.state, to, text, who, now_s))
        alarm.state = to
        alarm.since_s = now_s

    def _unshelve(self, alarm: Alarm, text: str, who: str, now_s: float) -> None:
        self._move(alarm, UNACKNOWLEDGED if alarm.active else NORMAL, text, who, now_s)
        shelved = [other.shelved_until_s for other in self._alarms.values() if other.state == SHELVED]
        self._next_unshelving_s = min(shelved, default=float("inf"))

    def _mark_first_out(self, alarm: Alarm, now_s: float) -> None:
        """Mark the first of a cascade, and whatever comes in the same scan: their order is not known here."""
        others = [other for other in self._alarms.values() if other.acts and other is not alarm]
        if all(other.state in (NORMAL, SHELVED) for other in others) and alarm.state == NORMAL:
            for other in others:
                other.first_out = False
            alarm.first_out = True
            return
        marked = [other for other in others if other.first_out]
        if not (marked or alarm.first_out) or any(other.raised_s == now_s for other in marked):
            alarm.first_out = True
