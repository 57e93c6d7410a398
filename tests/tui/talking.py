"""A recorded chamber whose service goes on talking: what it said last is said again, so that it does not grow old."""

from collections.abc import Generator

from pvdctl.client import Heard
from pvdctl.service.messages import Snapshot
from tests.tui.stage import RecordedChamber, changed

EVERY_S = 0.3


class TalkingChamber(RecordedChamber):
    """For stories in which values must not be old, however slow the machine is."""

    def follow(self, *, every_s: float = 0.5, patience: bool = True) -> Generator[Heard, None, None]:
        last: Heard | None = None
        while True:
            with self._next:
                if not self._waiting:
                    self._next.wait(EVERY_S)
                if self._waiting:
                    last = self._waiting.pop(0)
                elif isinstance(last, Snapshot):
                    last = changed(last)
            if last is not None:
                yield last
