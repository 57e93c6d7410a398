"""The time of a served chamber: the wall's seconds times its speed, and the bench walked along in even steps."""

from collections.abc import Callable
from math import inf

from simulators.bench import Bench

STEPS_PER_S = 10
"""Steps of the bench in each of its seconds: the grid of the plant (`PlantParameters.step_s` 0.1 s), and fine enough
for watchdogs of a second."""
IDLE_S = 60.0
"""Wall seconds that a server in step with a client sleeps when nobody asks; bytes wake it."""
LONGEST_RUN_S = 0.005
"""Wall seconds spent on catching up before the ports are looked at again; a choice."""


class ServedTime:
    """Walks `bench` along with `wall_s` (monotonic seconds), `speed` times as fast.

    When the machine cannot keep up, or has been stopped for a while, the bench's time stays behind and is walked up
    step by step, so that nothing is skipped; the instruments then live at the bench's time.
    """

    __slots__ = ("_bench", "_step", "_wall_s", "_zero_s", "behind_s", "now_s", "speed", "worst_behind_s")

    def __init__(self, bench: Bench, wall_s: Callable[[], float], speed: float) -> None:
        if not 0.01 <= speed <= 1e6:
            raise ValueError(f"served chamber: speed is 0.01 to 1e6 simulated seconds per second, found {speed!r}")
        self._bench = bench
        self._wall_s = wall_s
        self._zero_s = wall_s()
        self._step = 0
        self.speed = speed
        self.now_s = 0.0
        """The instruments' present, simulated seconds."""
        self.behind_s = 0.0
        """How far the present is behind the wall, simulated seconds."""
        self.worst_behind_s = 0.0

    def look(self) -> float:
        """Let time pass; returns the instruments' present. Raises what the bench raises."""
        wall_s = self._wall_s()
        target_s = (wall_s - self._zero_s) * self.speed
        if target_s * STEPS_PER_S >= self._step + 1:
            self._walk(target_s, wall_s + LONGEST_RUN_S)
        elif target_s > self.now_s:
            self.now_s = target_s
        return self.now_s

    def _walk(self, target_s: float, until_wall_s: float) -> None:
        advance = self._bench.advance
        while (self._step + 1) <= target_s * STEPS_PER_S:
            self._step += 1
            advance(self._step / STEPS_PER_S)
            if self._wall_s() > until_wall_s:
                break
        reached_s = self._step / STEPS_PER_S
        behind_s = target_s - reached_s
        if behind_s < 1.0 / STEPS_PER_S:
            self.behind_s = 0.0
            self.now_s = max(target_s, self.now_s)
            return
        self.behind_s = behind_s
        self.worst_behind_s = max(behind_s, self.worst_behind_s)
        self.now_s = max(reached_s, self.now_s)

    def wall_until(self, due_s: float) -> float:
        """Wall seconds until the instruments' time reaches `due_s`, or the bench's next step if that is sooner."""
        due_s = min(due_s, (self._step + 1) / STEPS_PER_S)
        return max(0.0, due_s / self.speed - (self._wall_s() - self._zero_s))


class SteppedTime:
    """Walks `bench` along only as far as it is told (`advance`), as fast as it goes: for tests in step with a client.

    Between two orders time stands, except that it slips forward to an answer on its way: that leaves at once, at the
    time at which it is due.
    """

    __slots__ = ("_bench", "_step", "behind_s", "now_s", "speed", "worst_behind_s")

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._step = 0
        self.speed = 0.0
        self.now_s = 0.0
        self.behind_s = 0.0
        self.worst_behind_s = 0.0

    def look(self) -> float:
        """The instruments' present; looking does not move it."""
        return self.now_s

    def advance(self, to_s: float) -> None:
        """Let time pass up to `to_s`. Raises what the bench raises."""
        while (self._step + 1) <= to_s * STEPS_PER_S + 1e-6:
            self._step += 1
            self._bench.advance(self._step / STEPS_PER_S)
        self.now_s = max(self.now_s, to_s)

    def wall_until(self, due_s: float) -> float:
        """No time at all until an answer that is due, whenever that is; without one, until somebody asks."""
        if due_s == inf:
            return IDLE_S
        self.now_s = max(self.now_s, due_s)
        return 0.0
