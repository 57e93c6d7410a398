"""Where the marks of an axis stand and what is written at them: round numbers, decades, minutes."""

from dataclasses import dataclass
from math import ceil, floor, log10

STEPS_S = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
)  # fmt: skip
"""Round spans of time, to a week."""
UNITS = ((3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Axis:
    """From `lowest` to `highest`, with marks: where, and what is written there."""

    lowest: float
    highest: float
    marks: tuple[tuple[float, str], ...]


def linear(lowest: float, highest: float, rows: int) -> Axis:
    """Steps of 1, 2 or 5 times a power of ten, with a mark on every second row at most.

    What goes beyond a mark by less than half a dot does not make the axis longer: it is drawn on that mark's dot.
    """
    most = max(1, (rows - 1) // 2)
    dot = 0.49 * (highest - lowest) / (4 * rows - 1)
    step = _round_step((highest - lowest - dot) / most)
    first, last = floor((lowest + dot) / step), ceil((highest - dot) / step)
    if last - first > most:  # rounding outwards made it one more
        step = _round_step(step * 1.01)
        first, last = floor((lowest + dot) / step), ceil((highest - dot) / step)
    digits = max(0, -floor(log10(step) + 1e-9))
    marks = tuple((index * step, f"{index * step:.{digits}f}") for index in range(first, last + 1))
    return Axis(first * step, last * step, marks)


def decades(lowest: float, highest: float, rows: int) -> Axis:
    """Of values above zero: the exponents of ten around them, marked on every second row at most."""
    first, last = floor(log10(lowest) + 1e-9), ceil(log10(highest) - 1e-9)
    last = max(last, first + 1)
    every = max(1, ceil((last - first) / max(1, (rows - 1) // 2)))
    marks = tuple((float(exponent), _power(exponent)) for exponent in range(last, first - 1, -every))
    return Axis(float(first), float(last), marks)


def before_now(span_s: float, most: int) -> tuple[tuple[float, str], ...]:
    """Marks of a time axis that ends now, as seconds from its beginning; at most `most` besides now itself."""
    step, divisor, unit = _time_step(span_s, most)
    back = [index * step for index in range(1, int(span_s / step) + 1)]
    return (*((span_s - s, f"-{s // divisor} {unit}") for s in reversed(back)), (span_s, "now"))


def from_begin(begin_s: float, end_s: float, most: int) -> tuple[tuple[float, str], ...]:
    """Marks of a time axis that counts from the begin of a run, as seconds from the axis's beginning."""
    step, divisor, unit = _time_step(end_s - begin_s, most)
    numbers = range(ceil(begin_s / step), int(end_s / step) + 1)
    return tuple((n * step - begin_s, f"{n * step // divisor} {unit}") for n in numbers)


def _time_step(span_s: float, most: int) -> tuple[int, int, str]:
    """Step, and the unit all its multiples are whole in."""
    step = next((step for step in STEPS_S if span_s / step <= max(1, most)), STEPS_S[-1])
    divisor, unit = next((size, name) for size, name in UNITS if step % size == 0)
    return step, divisor, unit


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not smaller than `least`."""
    power = 10.0 ** floor(log10(least))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1.0 - 1e-9))


def _power(exponent: int) -> str:
    """`1e-06` as the gauges and the record print it; plain between 0.1 and 1000."""
    return f"{10.0**exponent:g}" if -1 <= exponent <= 3 else f"1e{exponent:+03d}"
