"""The scan in real time: a fixed beat on the machine's clock.

Due times are multiples of the period from the first scan, so lateness never adds up. A scan that ends after the next
one was due makes that one a lost scan: it is left out and counted, never made up for in haste.
"""

import gc
import sys
from array import array
from collections.abc import Callable

from pvdctl.clock import Clock, sleep_s
from pvdctl.process.controller import Controller

SWITCH_INTERVAL_S = 0.0005
"""How long a thread may compute before another that is ready gets its turn. Python's own 5 ms would be the whole
allowance for the start of a scan."""
BUCKET_S = 0.0001
BUCKETS = 1000
"""Lateness is counted in classes of 0.1 ms up to 0.1 s, so an hour of scans needs no more memory than a minute."""


class Lateness:
    """How late scans start: counts per class, and the worst."""

    __slots__ = ("_counts", "scans", "worst_s")

    def __init__(self) -> None:
        self._counts = array("L", bytes(array("L").itemsize * (BUCKETS + 1)))
        self.scans = 0
        self.worst_s = 0.0

    def add(self, late_s: float) -> None:
        """Count one scan."""
        self.scans += 1
        if late_s > self.worst_s:
            self.worst_s = late_s
        bucket = int(late_s / BUCKET_S)
        self._counts[bucket if bucket < BUCKETS else BUCKETS] += 1

    def quantile_s(self, share: float) -> float:
        """Lateness that `share` of the scans stayed below, rounded up to a class; 0 if there was no scan."""
        wanted = share * self.scans
        seen = 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if seen >= wanted and seen:
                return min((bucket + 1) * BUCKET_S, self.worst_s)
        return 0.0


class RealTimeEngine:
    """Runs a controller scan by scan on the beat of a real clock, on the calling thread.

    after_scan: called after each scan, such as to look after the links' threads. scans: how many were run; lost: how
    many were left out because the one before took too long; late: how late they began.
    """

    def __init__(self, controller: Controller, clock: Clock, after_scan: Callable[[], None]) -> None:
        self._controller = controller
        self._clock = clock
        self._after_scan = after_scan
        self.period_s = controller.context.chamber.scan.period_s
        self.scans = 0
        self.lost = 0
        self.late = Lateness()
        self.longest_s = 0.0
        """Seconds of the longest scan."""
        self._zero_s: float | None = None
        self._beat = 0
        """The next scan is due this many periods after `_zero_s`."""

    def run(self, until: Callable[[], bool], *, at_most_s: float) -> bool:
        """Scan until `until()` is true after a scan; False when `at_most_s` have passed before."""
        clock, period_s, scan, late = self._clock, self.period_s, self._controller.scan, self.late
        after_scan = self._after_scan
        zero_s = self._zero_s
        if zero_s is None:
            zero_s = self._zero_s = clock.now_s
            self._beat = 1
        last_beat = self._beat + round(at_most_s / period_s)
        while self._beat < last_beat:
            due_s = zero_s + self._beat * period_s
            sleep_s(due_s - clock.now_s)
            now_s = clock.now_s
            late.add(now_s - due_s)
            scan(now_s)
            self.scans += 1
            ended_s = clock.now_s
            if ended_s - now_s > self.longest_s:
                self.longest_s = ended_s - now_s
            self._beat += 1
            if ended_s > due_s + period_s:
                self._skip(due_s + period_s, ended_s)
            after_scan()
            if until():
                return True
        return False

    def _skip(self, due_s: float, now_s: float) -> None:
        """The scan due at `due_s`, and those after it that are over too, are lost."""
        lost = int((now_s - due_s) / self.period_s) + 1
        first = self.lost == 0
        self.lost += lost
        self._beat += lost
        context = self._controller.context
        if first:
            text = f"{lost} scan(s) lost: a scan ended {1000.0 * (now_s - due_s):.0f} ms after the next was due"
            context.emit("note", "scan", text + ". Is this computer busy with something else?")

    def figures(self) -> dict[str, float | int]:
        """What the scans were like, for the record."""
        return {
            "scans": self.scans,
            "lost": self.lost,
            "late_p50_ms": round(1000.0 * self.late.quantile_s(0.5), 2),
            "late_p99_ms": round(1000.0 * self.late.quantile_s(0.99), 2),
            "late_worst_ms": round(1000.0 * self.late.worst_s, 2),
            "longest_ms": round(1000.0 * self.longest_s, 2),
        }


def calm() -> None:
    """Make ready for a long run on a beat: everything made so far is left alone by the garbage collector.

    What remains to be collected is what scans themselves leave, a few hundred objects at a time.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
