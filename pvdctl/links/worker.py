"""One worker per link: it alone talks there. Acts pass polls, safe acts pass everything.

The same worker runs inline in virtual time (links.schedule) and on a thread of its own in real time. It trusts a link
only after the instrument has said who it is; after any damaged or missing answer the link is drained and identified
again before another reading is believed, because a late answer would otherwise be taken for the next one, for ever.
"""

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Any

from pvdctl.clock import Clock
from pvdctl.errors import BadFrame, InstrumentError, LinkClosed, LinkError, NoAnswer, PvdctlError, Restarted
from pvdctl.instrument.driver import Driver
from pvdctl.instrument.poll import DONE, FAILED, SAFE, Act, Poll

QUIET_S = 0.05
"""Silence after which a drained line counts as empty: 50 characters at 9600 baud, several times any
instrument's own delay. A project choice."""
BACK_OFF_S = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Waits between attempts to reach a lost instrument. A project choice: seen again within 4 s, no storm of requests."""
QUEUE_LIMIT = 64
"""Acts that may wait on one link; far above what a scan posts, so reaching it is a bug and is said."""


NEVER_S = float("inf")


def _latest_s(act: Act) -> float:
    """When an act not begun by then has failed."""
    return act.not_before_s + act.within_s


class Health:
    """Counters of one link since start."""

    __slots__ = ("answers", "bad_frames", "reconnects", "refusals", "time_outs")

    def __init__(self) -> None:
        self.answers = 0
        self.time_outs = 0
        self.bad_frames = 0
        self.refusals = 0
        self.reconnects = 0


class Worker:
    """Runs the polls and acts of the drivers on one link, in order of time and priority.

    `post` may come from another thread than `run`; everything else belongs to the thread that runs it.
    next_s: when it next has something to do (clock seconds); up: the link's instruments have said who they are.
    notices: (when, driver name, text) for each change, "lost", "back" ...; the control thread empties it.
    """

    def __init__(self, link: Any, drivers: Sequence[Driver], clock: Clock) -> None:
        self.link = link
        self.line = link
        """What drivers speak to: the link, or a tap on it while somebody listens (links.tap)."""
        self.drivers = tuple(drivers)
        self.clock = clock
        self.health = Health()
        self.notices: deque[tuple[float, str, str]] = deque(maxlen=256)
        self.up = False
        self.ever_up = False
        self.lost: tuple[float, str] | None = None
        """Since when the link's instruments do not answer (clock seconds), and why; None while they do."""
        self.next_s = 0.0
        self._retry_s = 0.0
        self._attempt = 0
        self._free_s = 0.0
        self._polls_turn = False
        self._acts: dict[str, Act] = {}
        self._acts_lock = Lock()
        self._polls: list[Poll] = [poll for d in drivers for poll in d.polls]
        self._due_s: list[float] = [0.0] * len(self._polls)
        self._soonest_due_s = min(self._due_s, default=NEVER_S)
        for driver in drivers:
            driver.attach(self)

    def post(self, act: Act) -> None:
        """Queue an act; a waiting one of the same name is replaced (and marked failed).

        An act towards safe does not wait for the back-off of a lost instrument: it is tried for at once.
        """
        now_s = self.clock.now_s
        act.asked_s = now_s
        if act.not_before_s < now_s:
            act.not_before_s = now_s
        acts, lock = self._acts, self._acts_lock
        lock.acquire()  # twice in every scan: `with` costs more than twice as much (measured)
        try:
            if acts:
                old = acts.pop(act.name, None)
                if old is not None:
                    self._fail(old, "replaced by a newer request before its turn came")
                elif len(acts) >= QUEUE_LIMIT:
                    text = f"not taken, because {QUEUE_LIMIT} requests are waiting on {self.link.name} already"
                    self._fail(act, text)
                    return
            acts[act.name] = act
            if self.up:
                when_s = act.not_before_s
            elif act.priority == SAFE:
                self._retry_s = when_s = now_s
            else:
                when_s = _latest_s(act)
            if when_s < self.next_s:
                self.next_s = when_s if when_s > self._free_s else self._free_s
        finally:
            lock.release()

    def run(self) -> None:
        """Do the next thing: bring the link up, one act, or one poll. Takes as long as its exchange takes."""
        clock = self.clock
        now_s = clock.now_s
        if self.up:
            # Acts pass polls, but on a slow line not for ever: an output written in every scan would starve the inputs,
            # and old inputs end the run. After an act that is not towards safe, a due poll has its turn.
            due = self._soonest_due_s <= now_s
            act = None
            if self._acts and not (due and self._polls_turn and not self.safe_waiting()):
                act = self._pick_act(now_s)
            if act is not None:
                self._polls_turn = act.priority != SAFE
                self._perform(act)
            else:
                self._polls_turn = False
                if due:
                    self._poll(now_s)
        else:
            if now_s >= self._retry_s:
                self._bring_up()
            if not self.up:
                self._expire(clock.now_s)
        self._free_s = free_s = clock.now_s
        if self.up:
            soonest_s = self._soonest_due_s
            self.next_s = soonest_s if soonest_s > free_s else free_s
            if not self._acts:  # looked at last: an act posted since has set `next_s` itself
                return
        self._plan()

    def _plan(self) -> None:
        """Find the time of the next thing to do."""
        with self._acts_lock:
            soonest_s = self._soonest_due_s if self.up else self._retry_s
            for act in self._acts.values():
                due_s = act.not_before_s if self.up else _latest_s(act)
                if due_s < soonest_s:
                    soonest_s = due_s
            self.next_s = soonest_s if soonest_s > self._free_s else self._free_s

    def _pick_act(self, now_s: float) -> Act | None:
        """The most urgent act that may start now, oldest first; acts that waited too long fail here."""
        best: Act | None = None
        acts, lock = self._acts, self._acts_lock
        late: tuple[Act, ...] = ()
        lock.acquire()
        try:
            if len(acts) == 1:  # the usual case: the output word of this scan
                name, act = acts.popitem()
                if act.not_before_s <= now_s <= act.not_before_s + act.within_s:
                    return act
                acts[name] = act
            for act in acts.values():
                if act.not_before_s > now_s:
                    continue
                if now_s > act.not_before_s + act.within_s:
                    late = (*late, act)
                elif best is None or act.priority < best.priority:
                    best = act
            if best is not None:
                del acts[best.name]
            if late:
                self._fail_late(late, "the link was busy")
        finally:
            lock.release()
        return best

    def _expire(self, now_s: float) -> None:
        """Fail the acts that have waited too long on a link that is down."""
        with self._acts_lock:
            self._fail_late(
                [act for act in self._acts.values() if now_s >= _latest_s(act)], "the instrument does not answer"
            )

    def _fail_late(self, acts: Sequence[Act], why: str) -> None:
        for act in acts:
            del self._acts[act.name]
            self._fail(act, f"not begun within {act.within_s:g} s because {why}")

    def _fail(self, act: Act, why: str) -> None:
        act.error = LinkError(f"{act.name}: {why}")
        act.done_s = self.clock.now_s
        act.state = FAILED

    def _perform(self, act: Act) -> None:
        do = act.do
        try:
            do(self.line)
        except PvdctlError as error:
            act.error = error
            act.done_s = self.clock.now_s
            act.state = FAILED
            self._note_failure(error, act.name)
        else:
            self.health.answers += 1
            act.done_s = self.clock.now_s
            act.state = DONE

    def _poll(self, now_s: float) -> None:
        """Run the poll that is due longest."""
        due_s = self._soonest_due_s
        due = self._due_s
        index = due.index(due_s)
        poll = self._polls[index]
        every_s = poll.every_s
        next_s = due_s + every_s
        due[index] = next_s if next_s > now_s else now_s + every_s - (now_s - due_s) % every_s
        soonest_s = NEVER_S
        for when_s in due:  # on so few, `min` takes half as long again (measured)
            if when_s < soonest_s:
                soonest_s = when_s
        self._soonest_due_s = soonest_s
        do = poll.do
        try:
            values = do(self.line)
        except PvdctlError as error:
            poll.ended(self.clock.now_s, None, error)
            self._note_failure(error, poll.name)
        else:
            self.health.answers += 1
            poll.ended(self.clock.now_s, values, None)

    def _note_failure(self, error: PvdctlError, name: str) -> None:
        """Count it; a link error or a restart means that nothing on this link is believed until identified again."""
        health = self.health
        if isinstance(error, NoAnswer):
            health.time_outs += 1
        elif isinstance(error, BadFrame):
            health.bad_frames += 1
        elif isinstance(error, InstrumentError):
            health.refusals += 1
        if isinstance(error, LinkError | Restarted):
            if isinstance(error, LinkClosed):
                self.link.close()
            self.up = False
            self.lost = (self.clock.now_s, str(error))
            self._retry_s = self.clock.now_s
            self._attempt = 0
            self.notices.append((self.clock.now_s, name, f"lost: {error}"))

    def _bring_up(self) -> None:
        """Open, drain, identify and prepare every instrument of the link; back off if one does not answer."""
        try:
            line = self.line
            line.open()
            line.drain(QUIET_S)
            for driver in self.drivers:
                found = driver.identify(line)
                if driver.identity is not None and driver.identity != found:
                    self.notices.append((self.clock.now_s, driver.name, f"changed: was {driver.identity}, is {found}"))
                driver.identity = found
                driver.prepare(line)
                for remark in driver.remarks:
                    self.notices.append((self.clock.now_s, driver.name, remark))
                driver.remarks.clear()
        except PvdctlError as error:
            wait_s = BACK_OFF_S[min(self._attempt, len(BACK_OFF_S) - 1)]
            if self._attempt == 0 and not self.ever_up:
                self.lost = (self.clock.now_s, str(error))
                self.notices.append((self.clock.now_s, self.link.name, f"not reached: {error}"))
            self._attempt += 1
            self._retry_s = self.clock.now_s + wait_s
            if isinstance(error, LinkClosed):
                self.link.close()
            return
        if self.ever_up:
            self.health.reconnects += 1
            self.notices.append((self.clock.now_s, self.link.name, f"back after {self._attempt + 1} attempts"))
        self.up = self.ever_up = True
        self.lost = None
        self._attempt = 0
        now_s = self.clock.now_s
        self._due_s = [now_s if due_s < now_s else due_s for due_s in self._due_s]
        self._soonest_due_s = min(self._due_s, default=NEVER_S)

    def waiting(self) -> int:
        """How many acts are queued."""
        return len(self._acts)

    def safe_waiting(self) -> bool:
        """Whether an act towards safe is still queued."""
        if not self._acts:
            return False
        with self._acts_lock:
            return any(act.priority == SAFE for act in self._acts.values())
