"""The record, written by a thread of its own, so that a slow disk never stops the control loop.

Everything is handed over in order and written in order. `settled` says whether what was handed over is on the disk:
the control loop lets a scan's acts pass only then. A disk that takes longer than `late_s` counts as failed, and then
nothing more is taken, as with the record itself.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from pvdctl.clock import Clock
from pvdctl.errors import PvdctlError, RecordError
from pvdctl.record.event import Event
from pvdctl.record.record import Record

LATE_S = 1.0
"""A commit that takes longer is a failed one: half of the PLC's usual watchdog time, because a scan whose events are
not on the disk gives no heartbeat."""
PATIENCE_S = 0.03
"""How long a scan that said something waits for the disk: most commits of a solid-state disk take 1 to 20 ms, and then
its acts leave in the same scan. A third of a scan at 10 Hz."""
IDLE_S = 5.0
"""After so long without work the record is asked to sign what has waited a minute for its checkpoint. A choice."""


class RecordBehind:
    """Hands everything to `record` on its own thread; has the record's own methods where the process needs them.

    slowest_s: clock seconds of the slowest hand-over until it was on the disk.
    """

    def __init__(self, record: Record, clock: Clock, *, late_s: float = LATE_S, patience_s: float = PATIENCE_S) -> None:
        self.record = record
        self.slowest_s = 0.0
        self._clock = clock
        self._late_s = late_s
        self._patience_s = patience_s
        self._failed = ""
        self._work: deque[tuple[float, bool, Callable[[], object]]] = deque()
        self._posted = threading.Semaphore(0)
        self._idle = threading.Condition()
        self._left = 0
        """Acknowledgements still to come; samples need none."""
        self._oldest_s: deque[float] = deque()
        """When each of them was handed over."""
        self._open = True
        self._thread = threading.Thread(target=self._run, name="record", daemon=True)
        self._thread.start()

    # --- for the control thread -----------------------------------------------------------------------------------
    def append(self, events: Sequence[Event]) -> None:
        """See `Record.append`, but does not wait: `settled` tells. Raises RecordError if writing has failed before."""
        kept = tuple(events)
        self._hand_over(lambda: self.record.append(kept), awaited=True)

    def sample(self, at_s: float, row: tuple[Any, ...]) -> None:
        """See `Record.sample`, but does not wait."""
        self._hand_over(lambda: self.record.sample(at_s, row), awaited=False)

    def begin_run(self, **facts: Any) -> None:
        """See `Record.begin_run`; the run's id is `record.run` once settled."""
        self._hand_over(lambda: self.record.begin_run(**facts), awaited=True)

    def end_run(self, end_state: str, end_reason: str, result: dict[str, Any]) -> None:
        """See `Record.end_run`. After a failure nothing is written: the next opening closes the run as interrupted."""
        if not self._failed:
            self._hand_over(lambda: self.record.end_run(end_state, end_reason, result), awaited=True)

    def settled(self) -> bool:
        """Whether all that was handed over is on the disk; waits for it `PATIENCE_S` at most.

        Raises RecordError once writing has failed or is late.
        """
        if self._left:
            with self._idle:
                self._idle.wait_for(self._nothing_left, self._patience_s)
        if self._failed:
            raise RecordError(self._failed)
        if not self._left:
            return True
        with self._idle:
            waited_s = self._clock.now_s - self._oldest_s[0] if self._oldest_s else 0.0
        if waited_s > self._late_s:
            self._failed = (
                f"record {self.record.directory}: the disk has not confirmed a commit for {waited_s:.1f} s "
                f"({self._late_s:g} s are allowed). Look for a full or failing disk, or a backup that holds it."
            )
            raise RecordError(self._failed)
        return False

    def flush(self, within_s: float = 10.0) -> bool:
        """Wait until everything is written; whether it was."""
        with self._idle:
            return self._idle.wait_for(self._nothing_left, within_s) and not self._failed

    def close(self, within_s: float = 10.0) -> None:
        """Write what is left and close the record. A disk that hangs is left behind."""
        self._open = False
        self._posted.release()
        self._thread.join(within_s)
        if not self._thread.is_alive():
            self.record.close()

    def _nothing_left(self) -> bool:
        return not self._left or bool(self._failed)

    def _hand_over(self, work: Callable[[], object], *, awaited: bool) -> None:
        if self._failed:
            raise RecordError(self._failed)
        now_s = self._clock.now_s
        if awaited:
            with self._idle:
                self._left += 1
                self._oldest_s.append(now_s)
        self._work.append((now_s, awaited, work))
        self._posted.release()

    # --- the thread -----------------------------------------------------------------------------------------------
    def _run(self) -> None:
        while True:
            if not self._posted.acquire(timeout=IDLE_S):
                if not self._failed:
                    self._do(self.record.keep)
                continue
            if not self._work:
                if not self._open:
                    return
                continue
            posted_s, awaited, work = self._work.popleft()
            if not self._failed:
                self._do(work)
            if awaited:
                took_s = self._clock.now_s - posted_s
                with self._idle:
                    self._left -= 1
                    self._oldest_s.popleft()
                    self.slowest_s = max(self.slowest_s, took_s)
                    self._idle.notify_all()

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except PvdctlError as error:
            self._failed = str(error)
        except Exception as error:  # the outermost place of this thread: nothing is recorded any more, and that is said
            self._failed = f"record {self.record.directory}: {type(error).__name__}: {error}"
