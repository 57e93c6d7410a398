"""Shutters and valves: travel, end switches, and what holds them fast.

A position is 0 (closed) to 1 (open) and moves at constant speed. Within one grid step an actuator keeps the vertices of
its path, so what flows through it, or past two of them, is integrated exactly.
"""

from itertools import pairwise

Path = list[tuple[float, float]]
"""(time, position) vertices from the beginning of a step to its end, linear between."""


class Actuator:
    """One thing that travels: spring-closed, opened by compressed air."""

    __slots__ = ("_speed", "air", "frozen", "mean", "name", "ordered", "path", "position", "stuck_closed", "stuck_open")

    def __init__(self, name: str, travel_s: float) -> None:
        self.name = name
        self._speed = 1.0 / travel_s
        self.position = 0.0
        self.mean = 0.0
        """Mean position over the last step."""
        self.ordered = False
        """What the PLC's output asks for."""
        self.air = True
        self.stuck_open = False
        """Does not close any more, wherever it is."""
        self.stuck_closed = False
        """Does not open any more, wherever it is."""
        self.frozen = False
        """Does not move at all."""
        self.path: Path = [(0.0, 0.0)]

    @property
    def goal(self) -> float:
        """Where it is going, or stays."""
        want = 1.0 if self.ordered and self.air else 0.0
        here = self.position
        if self.frozen or (self.stuck_open and want < here) or (self.stuck_closed and want > here):
            return here
        return want

    def place(self, position: float) -> None:
        """Put it somewhere at rest, as found at the start."""
        self.position = self.mean = position
        self.ordered = position > 0.0
        self.path = [(0.0, position)]

    def begin(self, at_s: float) -> None:
        """A step begins."""
        self.path = [(at_s, self.position)]

    def move(self, to_s: float) -> None:
        """Travel towards the goal until `to_s`, leaving vertices."""
        at_s, here = self.path[-1]
        goal = self.goal
        if to_s <= at_s:
            return
        if goal != here:
            arrives_s = at_s + abs(goal - here) / self._speed
            if arrives_s > to_s:
                way = (to_s - at_s) * self._speed
                self.position = here + way if goal > here else here - way
                self.path.append((to_s, self.position))
                return
            self.position = goal
            self.path.append((arrives_s, goal))
        if self.path[-1][0] < to_s:
            self.path.append((to_s, goal))

    def finish(self) -> None:
        """The step is over: take the mean, and rest where it ended until the next."""
        path = self.path
        span_s = path[-1][0] - path[0][0]
        if span_s > 0.0:
            self.mean = integral(path) / span_s
        else:
            self.mean = self.position


def integral(path: Path) -> float:
    """Integral of the position over the path, s."""
    total = 0.0
    for (t0, y0), (t1, y1) in pairwise(path):
        total += 0.5 * (y0 + y1) * (t1 - t0)
    return total


def _at(path: Path, time_s: float) -> float:
    for (t0, y0), (t1, y1) in pairwise(path):
        if t0 <= time_s <= t1:
            return y1 if t1 == t0 else y0 + (y1 - y0) * (time_s - t0) / (t1 - t0)
    return path[-1][1]


def product_integral(first: Path, second: Path) -> float:
    """Integral of the product of two positions over the same step, s: exact, the product being quadratic by parts."""
    times = sorted({t for t, _ in first} | {t for t, _ in second})
    total = 0.0
    for t0, t1 in pairwise(times):
        middle = 0.5 * (t0 + t1)
        at_ends = _at(first, t0) * _at(second, t0) + _at(first, t1) * _at(second, t1)
        total += (at_ends + 4.0 * _at(first, middle) * _at(second, middle)) * (t1 - t0) / 6.0
    return total
