"""The scan: a fixed beat, one scan after the other, nothing in it that waits.

Under the virtual clock workers run inline between scans and time costs nothing; with a speed, the wall clock is held
against the virtual one.
"""

from collections.abc import Callable
from typing import Protocol

from pvdctl.clock import VirtualClock, cpu_wall_s, sleep_s
from pvdctl.process.controller import Controller


class Schedule(Protocol):
    """Runs the link workers up to a moment."""

    def run_until(self, until_s: float) -> None:
        """Everything that starts before `until_s`; then the clock stands there."""


class ScanEngine:
    """Runs a controller scan by scan in virtual time.

    speed: virtual seconds per wall second at most; None for as fast as it goes, also in the middle of a run. scans:
    how many were run.
    """

    def __init__(
        self, controller: Controller, schedule: Schedule, clock: VirtualClock, speed: float | None = None
    ) -> None:
        self._controller = controller
        self._schedule = schedule
        self._clock = clock
        self.speed = speed
        self.period_s = controller.context.chamber.scan.period_s
        self.scans = 0
        self._first_s = clock.now_s
        self._wall_zero_s = cpu_wall_s()

    def run(self, until: Callable[[], bool], *, at_most_s: float) -> bool:
        """Scan until `until()` is true after a scan; False when `at_most_s` of virtual time passed before."""
        run_until, scan = self._schedule.run_until, self._controller.scan
        period_s, first_s, scans = self.period_s, self._first_s, self.scans
        last_scan = scans + round(at_most_s / period_s)
        while scans < last_scan:
            scans += 1
            now_s = first_s + scans * period_s
            run_until(now_s)
            scan(now_s)
            self.scans = scans
            speed = self.speed
            if speed is not None:
                sleep_s((now_s - first_s) / speed - (cpu_wall_s() - self._wall_zero_s))
            if until():
                return True
        return False
