"""Where time comes from. The only module that may ask the operating system what time it is.

Two times, never mixed: `now_s` is monotonic seconds since the clock was made, for everything that is measured or
waited for; `utc` is the calendar, for the record only.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds and the calendar."""

    @property
    def now_s(self) -> float:
        """Seconds since the clock was made; never goes back."""

    def utc(self) -> datetime:
        """Calendar time belonging to `now_s`, in UTC."""


class VirtualClock:
    """A clock that stands still until it is set: for runs on simulated instruments.

    Single-threaded on purpose: whoever runs inline (scan, worker, link) sets `now_s` to its own present. `utc` starts
    at the wall time given and follows `now_s`.
    """

    __slots__ = ("now_s", "started_utc")

    def __init__(self, started_utc: datetime | None = None) -> None:
        self.now_s = 0.0
        self.started_utc = started_utc if started_utc is not None else datetime.now(UTC)

    def utc(self) -> datetime:
        """Start of the clock plus the virtual seconds since."""
        return self.started_utc + timedelta(seconds=self.now_s)


class RealClock:
    """The machine's own monotonic clock and calendar."""

    __slots__ = ("_zero_s",)

    def __init__(self) -> None:
        self._zero_s = time.monotonic()  # noqa: TID251 - this module is where time comes from

    @property
    def now_s(self) -> float:
        """Seconds since the clock was made."""
        return time.monotonic() - self._zero_s  # noqa: TID251

    def utc(self) -> datetime:
        """The machine's calendar."""
        return datetime.now(UTC)


def sleep_s(seconds: float) -> None:
    """Give the processor away for `seconds` of wall time; nothing for zero and below."""
    if seconds > 0.0:
        time.sleep(seconds)  # noqa: TID251


def cpu_wall_s() -> float:
    """Wall seconds from an arbitrary zero: to say how long pvdctl itself took, never for control."""
    return time.perf_counter()
