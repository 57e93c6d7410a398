"""Keeps an eye on the calendar: a jump against the monotonic clock is an event, so that no time stamp misleads."""

from datetime import datetime

from pvdctl.clock import Clock, VirtualClock
from pvdctl.record.event import Event
from pvdctl.record.host import clock_state

JUMP_S = 1.0
"""A larger difference between calendar and monotonic clock is told. Time servers slew both alike; only a step, a hand
on the clock or a sleeping machine parts them. The limit is that of the project's issue on evidence."""


class ClockWatch:
    """Compares the calendar with the monotonic clock each time it is asked."""

    __slots__ = ("_clock", "_offset_s")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_s = clock.utc().timestamp() - clock.now_s

    def state(self) -> str:
        """`virtual`, or what the kernel says: `synchronised`, `free-running`, `unknown`."""
        return "virtual" if isinstance(self._clock, VirtualClock) else clock_state()

    def look(self, utc: datetime) -> Event | None:
        """The event of a jump, if `utc` is not where it should be; the next look goes by the new calendar."""
        now_s = self._clock.now_s
        offset_s = utc.timestamp() - now_s
        jump_s = offset_s - self._offset_s
        if abs(jump_s) <= JUMP_S:
            return None
        self._offset_s = offset_s
        return Event(
            "clock",
            "calendar",
            f"the calendar jumped by {jump_s:+.3f} s",
            actor="system:record",
            new=jump_s,
            unit="s",
            data={"clock": self.state()},
            at_s=now_s,
        )
