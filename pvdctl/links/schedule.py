"""Runs the workers: inline and in order of virtual time, so that the same seed gives the same record, byte for byte."""

from collections.abc import Sequence

from pvdctl.clock import VirtualClock
from pvdctl.links.worker import Worker


class VirtualSchedule:
    """All workers on the calling thread. Between two scans each does what is due, earliest first."""

    def __init__(self, workers: Sequence[Worker], clock: VirtualClock) -> None:
        self.workers = tuple(workers)
        self._clock = clock

    def run_until(self, until_s: float) -> None:
        """Run everything that starts before `until_s`; then the clock stands at `until_s`.

        What is due exactly at `until_s` waits for the next call: the scan of that moment may post acts, which go first.
        An exchange may end after `until_s`; its outcome carries its own time and is not seen by a scan before it.
        """
        clock, workers = self._clock, self.workers
        while True:
            soonest_s, soonest = until_s, None
            for worker in workers:
                if worker.next_s < soonest_s:
                    soonest_s, soonest = worker.next_s, worker
            if soonest is None:
                break
            clock.now_s = soonest_s
            soonest.run()
        clock.now_s = until_s
