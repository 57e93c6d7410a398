"""Chance, one independent stream per cause: a fault that uses one stream does not shift the others."""

import random
from collections.abc import Callable
from math import cos, exp, log, pi, sin, sqrt

TABLE = 2048
"""Length of a noise table: at ten values a second it repeats after 205 s, which no reading of a gauge shows."""


def stream(seed: int | str, name: str) -> random.Random:
    """The generator of the cause `name`."""
    return random.Random(f"{seed}:{name}")


def normal(seed: int | str, name: str) -> Callable[[float], float]:
    """The cause's normal deviates, drawn as `draw(sigma)`: the values of `random.Random.gauss` in a third of its time.

    Box and Muller's pairs (Ann. Math. Stat. 29, 610 (1958)), the second one kept for the next call.
    """
    uniform = stream(seed, name).random
    turn = 2.0 * pi
    kept: float | None = None

    def draw(sigma: float) -> float:
        nonlocal kept
        deviate = kept
        if deviate is not None:
            kept = None
            return deviate * sigma
        angle = uniform() * turn
        radius = sqrt(-2.0 * log(1.0 - uniform()))
        kept = sin(angle) * radius
        return cos(angle) * radius * sigma

    return draw


def normal_table(seed: int | str, name: str) -> list[float]:
    """Standard normal values to be looked up by grid index: independent of how often anyone looks."""
    gauss = stream(seed, name).gauss
    return [gauss(0.0, 1.0) for _ in range(TABLE)]


def ornstein_uhlenbeck(sigma: float, tau_s: float, step_s: float) -> tuple[float, float]:
    """(decay, kick): x -> decay x + kick N(0,1) has standard deviation `sigma` and correlation time `tau_s`."""
    decay = exp(-step_s / tau_s)
    return decay, sigma * sqrt(1.0 - decay * decay)
