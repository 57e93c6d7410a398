"""A curve reduced to as many columns as the plot has dots: lowest and highest of each kept, so that no spike is lost.

Columns are counted on the clock, not on the screen: column k holds what lies between k and k + 1 steps. So a curve
that moves to the left is not computed anew; new values are folded into the last columns, old columns fall off.
"""

from array import array
from collections import deque
from math import floor, inf


class Column:
    """What a curve did in one column."""

    __slots__ = ("first", "highest", "joined", "last", "lowest", "number")

    def __init__(self, number: int, value: float, joined: bool) -> None:
        self.number = number
        self.first = self.last = self.lowest = self.highest = value
        self.joined = joined
        """Whether a line leads here from the column before: nothing unknown lies between."""


class Reduced:
    """One curve. step_s: width of a column. positive: values that have no logarithm count as not known."""

    def __init__(self, step_s: float, *, positive: bool = False) -> None:
        self.columns: deque[Column] = deque()
        self._step_s = step_s
        self._floor = 0.0 if positive else -inf
        self._broken = True

    def fold(self, at_s: "array[float]", values: "array[float]", begin: int) -> None:
        """Take in the rows from `begin` on."""
        step_s, columns, broken, least = self._step_s, self.columns, self._broken, self._floor
        last = columns[-1] if columns else None
        for index in range(begin, len(values)):
            value = values[index]
            if not value > least:  # NaN too
                broken = True
                continue
            number = floor(at_s[index] / step_s)
            if last is None or number != last.number:
                last = Column(number, value, not broken)
                columns.append(last)
            else:
                last.last = value
                if value < last.lowest:
                    last.lowest = value
                elif value > last.highest:
                    last.highest = value
            broken = False
        self._broken = broken

    def forget(self, before: int) -> None:
        """Drop the columns below this number, but for the last of them: a line leads from it into the picture."""
        columns = self.columns
        while len(columns) > 1 and columns[1].number < before:
            columns.popleft()
