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
        others_s = -1.0
        while others_s < until_s:
            soonest_s = others_s = until_s
            soonest = None
            for worker in workers:
                next_s = worker.next_s
                if next_s < soonest_s:
                    soonest_s, others_s, soonest = next_s, soonest_s, worker
                elif next_s < others_s:
                    others_s = next_s
            if soonest is None:
                break
            while True:  # a worker changes no plans but its own: it goes on until it is another's turn
                clock.now_s = soonest_s
                soonest.run()
                soonest_s = soonest.next_s
                if soonest_s >= others_s:
                    break
        clock.now_s = until_s
