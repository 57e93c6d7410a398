"""Readings: a value is never just a number.

A `Tag` is one named reading: value, unit, quality and reason. Its age is that of the poll that brings it. Tags are
mutable and slotted because some fifty of them are renewed ten times a second (a frozen object costs ten times as much).
"""

from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from pvdctl.instrument.poll import Poll

Value = float | int | bool | str

GOOD = 0
UNCERTAIN = 1
BAD = 2
"""Quality of a reading: plain integers, worst is largest. Interlocks accept GOOD alone."""

QUALITY_WORDS = ("good", "uncertain", "bad")


@final
class Flaw:
    """Stands in for a value in a poll's answer: the instrument answered, but says this reading cannot be trusted.

    `quality` is UNCERTAIN or BAD; `why` is a sentence part such as "sensor off"; `value` is what came, kept for the
    record and never used by an interlock.
    """

    __slots__ = ("quality", "value", "why")

    def __init__(self, why: str, quality: int = BAD, value: Value | None = None) -> None:
        self.why = why
        self.quality = quality
        self.value = value


class Tag:
    """One reading of the process image.

    name: short and unique in the chamber, such as `full_range`.
    unit: of `value`, such as `mbar`; empty for counts, words and yes/no.
    value: None only while nothing has ever been read.
    quality: GOOD, UNCERTAIN or BAD; `why` says why when it is not GOOD.
    """

    __slots__ = ("name", "quality", "source", "unit", "value", "why")

    def __init__(self, name: str, unit: str, source: "Poll | None" = None) -> None:
        self.name = name
        self.unit = unit
        self.source = source
        self.value: Value | None = None
        self.quality: int = BAD
        self.why = "not read yet"

    @property
    def at_s(self) -> float:
        """When the value was taken, clock seconds; -inf while never."""
        return self.source.at_s if self.source is not None else float("-inf")

    def number(self) -> float | None:
        """The value as a float if it is GOOD, else None."""
        value = self.value
        if self.quality != GOOD or value is None or value.__class__ is str:
            return None
        return float(value)

    def set(self, value: Value) -> None:
        """A good value (for derived tags; polled tags are set by the image)."""
        self.value = value
        self.quality = GOOD

    def spoil(self, why: str, quality: int = BAD) -> None:
        """Say that the value must not be used, and why. The value stays for the record."""
        self.quality = quality
        self.why = why

    def __str__(self) -> str:
        shown = f"{self.value:.4g}" if isinstance(self.value, float) else str(self.value)
        text = f"{self.name} {shown} {self.unit}".rstrip()
        return text if self.quality == GOOD else f"{text} ({QUALITY_WORDS[self.quality]}: {self.why})"
