"""What a rate monitor can hold: ranges of the numbers that make a film, and a layer under its own control.

A driver states them once; it refuses by them when a film is to be written, and the check of a chamber file by the same
numbers long before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvdctl.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Range:
    """From `least` to `most`, both included, in `unit`.

    step: of what the instrument holds, where another number is refused; None where it is rounded.
    """

    least: float
    most: float
    unit: str = ""
    step: float | None = None

    def wanted(self, value: float) -> str:
        """What is wanted in the place of `value`, in words; empty where the instrument can hold it. NaN it cannot."""
        if not self.least <= value <= self.most:
            return f"{self.least:g} to {self.most:g} {self.unit}".rstrip()
        if self.step is not None and abs(round(value / self.step) * self.step - value) > 1e-9 * self.step:
            return f"a multiple of {self.step:g} {self.unit}".rstrip()
        return ""

    def judge(self, what: str, value: float) -> None:
        """Raises OperatorError, which begins with `what`, if the instrument cannot hold `value`."""
        wanted = self.wanted(value)
        if wanted:
            found = f"{value:g} {self.unit}".rstrip()
            raise OperatorError(
                f"{what} {found} cannot be held by the unit, wanted {wanted}. Correct the chamber file or the recipe."
            )

    def nearest(self, value: float) -> float:
        """The nearest number the instrument holds to one within the range."""
        return value if self.step is None else round(value / self.step) * self.step


@dataclass(frozen=True, slots=True)
class MonitorLimits:
    """What one kind of monitor can hold.

    slot: film number. Of a monitor that controls the rate itself: layer, by field of `roles.ControlledLayer`; outputs,
    the numbers of those it can be asked about.
    """

    slot: Range
    density_g_per_cm3: Range
    z_factor: Range
    tooling_percent: Range
    layer: Mapping[str, Range] = field(default_factory=dict)
    outputs: tuple[int, ...] = ()
