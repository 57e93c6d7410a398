"""Runs each worker on a thread of its own, in real time.

What a scan asks for is kept at a gate until the scan's events are on the disk (`release`): record first, then act. A
thread sleeps until its worker has something to do. A worker that hangs in a port library delays nobody: its readings
grow old, which every interlock sees, it is reported, and at the end it is left behind.
"""

import threading
from collections.abc import Callable, Sequence

from pvdctl.clock import Clock, sleep_s
from pvdctl.errors import Bug
from pvdctl.instrument.poll import Act
from pvdctl.links.worker import Worker

LONGEST_SLEEP_S = 1.0
"""A thread looks at least this often whether it is to stop. A choice."""
LOOK_EVERY_S = 0.01
"""While something is awaited without a scan."""
HUNG_AFTER_S = 8.0
"""One turn of a worker: longer than the slowest that is in order (opening, draining for 2 s and identifying several
instruments that answer late), so whoever exceeds it hangs. A choice."""


class Gate:
    """Stands between drivers and one worker's thread: keeps acts until they are released."""

    __slots__ = ("_held", "_thread")

    def __init__(self, thread: "WorkerThread") -> None:
        self._thread = thread
        self._held: list[Act] = []

    def post(self, act: Act) -> None:
        """See `instrument.driver.Poster`. From the control thread only."""
        self._held.append(act)

    def release(self) -> None:
        """Let everything pass that was asked for so far, in order."""
        held = self._held
        if held:
            post = self._thread.worker.post
            for act in held:
                post(act)
            held.clear()
            self._thread.wake()


class WorkerThread:
    """One worker and the thread that runs it.

    began_s: since when it has been in its present turn, clock seconds; None between turns.
    """

    def __init__(self, worker: Worker, clock: Clock) -> None:
        self.worker = worker
        self.gate = Gate(self)
        self.began_s: float | None = None
        self.told_hung = False
        self._clock = clock
        self._stopping = False
        self._asleep = threading.Lock()
        self._asleep.acquire()
        self._thread = threading.Thread(target=self._run, name=f"link {worker.link.name}", daemon=True)
        for driver in worker.drivers:
            driver.attach(self.gate)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do sooner than the thread has been told."""
        try:
            self._asleep.release()
        except RuntimeError:  # it has been woken already
            return

    def ask_to_stop(self) -> None:
        """End after the present turn."""
        self._stopping = True
        self.wake()

    def join(self, within_s: float) -> bool:
        """Whether the thread has ended, at the latest after `within_s`."""
        if self._thread.ident is not None:
            self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        worker, clock, asleep = self.worker, self._clock, self._asleep
        try:
            while not self._stopping:
                wait_s = worker.next_s - clock.now_s
                if wait_s > 0.0:
                    asleep.acquire(timeout=min(wait_s, LONGEST_SLEEP_S))
                    continue
                self.began_s = clock.now_s
                worker.run()
                self.began_s = None
        except Exception as error:  # the outermost place of this thread: said, and seen as readings that grow old
            worker.up = False
            text = f"link worker has failed: {type(error).__name__}: {error}. {Bug.__doc__}"
            worker.notices.append((clock.now_s, worker.link.name, text))
        finally:
            worker.link.close()


class ThreadedSchedule:
    """All workers, each on its thread.

    `start` before the first scan, `release` from the control thread after each scan, `stop` at the end.
    """

    def __init__(self, workers: Sequence[Worker], clock: Clock) -> None:
        self.workers = tuple(workers)
        self._clock = clock
        self._threads = [WorkerThread(worker, clock) for worker in workers]
        self._releases: tuple[Callable[[], None], ...] = tuple(thread.gate.release for thread in self._threads)

    def start(self) -> None:
        """Begin polling on every link."""
        for thread in self._threads:
            thread.start()

    def release(self) -> None:
        """The scan that asked is on record: its acts may reach the instruments."""
        for release in self._releases:
            release()

    def look(self) -> None:
        """Report workers that hang, and those that have come back; once each. From the control thread, now and then."""
        now_s = self._clock.now_s
        for thread in self._threads:
            began_s = thread.began_s
            hangs = began_s is not None and now_s - began_s > HUNG_AFTER_S
            if hangs != thread.told_hung:
                thread.told_hung = hangs
                text = (
                    f"hangs in its port for more than {HUNG_AFTER_S:g} s; its readings are stale. Unplug and plug it in"
                    if hangs
                    else "goes on after having hung"
                )
                thread.worker.notices.append((now_s, thread.worker.link.name, text))

    def wait_for(self, done: Callable[[], bool], within_s: float) -> bool:
        """Let the threads work until `done()`, or for `within_s`; whether it was done."""
        until_s = self._clock.now_s + within_s
        while not done():
            if self._clock.now_s >= until_s:
                return False
            sleep_s(LOOK_EVERY_S)
        return True

    def stop(self, within_s: float = 2.0) -> list[str]:
        """End all threads; names of the links whose threads did not end in time and were left behind."""
        for thread in self._threads:
            thread.ask_to_stop()
        until_s = self._clock.now_s + within_s
        return [
            thread.worker.link.name
            for thread in self._threads
            if not thread.join(max(0.0, until_s - self._clock.now_s))
        ]
