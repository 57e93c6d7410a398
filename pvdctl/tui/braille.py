"""Lines of braille dots: two columns and four rows of dots in each character.

Unicode block U+2800: dots 1 to 8 are bits 0 to 7 (The Unicode Standard, section 21.1, Braille Patterns).
"""

from collections.abc import Iterator
from math import log10
from typing import Final

from pvdctl.tui.reduced import Reduced

BITS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""By column and row within a character, from the top left."""
CHARACTERS: Final = " " + "".join(chr(0x2800 + bits) for bits in range(1, 256))
SOLID, DASHED, DOTTED = "solid", "dashed", "dotted"
PERIODS: Final = {SOLID: (1, 1), DASHED: (6, 4), DOTTED: (4, 1)}
"""Length of the pattern in dots, and how many of them are drawn."""


class Dots:
    """A field of `width` x `height` characters. Where curves meet, both are seen; the later one gives the colour."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._bits = [bytearray(width) for _ in range(height)]
        self._pens = [bytearray(width) for _ in range(height)]

    def bar(self, x: int, y0: int, y1: int, pen: int) -> None:
        """A vertical stroke; x, y in dots from the top left. What lies outside is not drawn."""
        if not 0 <= x < 2 * self.width:
            return
        if y0 > y1:
            y0, y1 = y1, y0
        column, bits = x >> 1, BITS[x & 1]
        for y in range(max(y0, 0), min(y1, 4 * self.height - 1) + 1):
            row = y >> 2
            self._bits[row][column] |= bits[y & 3]
            self._pens[row][column] = pen

    def curve(self, curve: Reduced, heights: "Heights", first: int, pen: int, pattern: str) -> None:
        """A reduced curve, column number `first` at the left edge. pattern: SOLID, DASHED or DOTTED."""
        period, drawn = PERIODS[pattern]
        bar, y_of = self.bar, heights.y_of
        before_x = before_y = 0
        for column in curve.columns:
            x, y = column.number - first, y_of(column.first)
            if column.joined:
                wide = x - before_x
                for step in range(max(1, -before_x), wide):
                    if (before_x + first + step) % period < drawn:
                        here = before_y + (y - before_y) * step // wide
                        bar(before_x + step, here, here + (y - before_y) // wide, pen)
            if column.number % period < drawn:
                if column.joined and x - before_x == 1:  # upright in the higher one of two neighbours: a spike is thin
                    if y < before_y:
                        bar(x, y, before_y - 1, pen)
                    elif y > before_y:
                        bar(before_x, before_y, y - 1, pen)
                bar(x, y_of(column.lowest), y_of(column.highest), pen)
            before_x, before_y = x, y_of(column.last)

    def row(self, index: int) -> Iterator[tuple[str, int]]:
        """A line of characters as pieces of one pen each; pen 0 where nothing is drawn."""
        text, pen = "", 0
        for bits, drawn_with in zip(self._bits[index], self._pens[index], strict=True):
            if drawn_with != pen:
                if text:
                    yield text, pen
                text, pen = "", drawn_with
            text += CHARACTERS[bits]
        yield text, pen


class Heights:
    """How high a value stands in a field, from `lowest` at the bottom dot to `highest` at the top one.

    decades: both are exponents of ten, and so are the heights of values.
    """

    def __init__(self, lowest: float, highest: float, rows: int, *, decades: bool) -> None:
        self._highest = highest
        self._dots = (4 * rows - 1) / (highest - lowest)
        self._decades = decades

    def y_of(self, value: float) -> int:
        """In dots from the top."""
        return int((self._highest - (log10(value) if self._decades else value)) * self._dots + 0.5)
