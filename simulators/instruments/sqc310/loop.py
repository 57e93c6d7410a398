"""The simulated SQC-310's control loop: PID from rate to power, one step per measurement.

What is documented (074-550-P1C p. 170, p. 173): P is the size of the reaction, I a time (of some 66 % of a step), D
the dead time, 0 = off; power and slew have limits per layer (p. 58). Everything else here is a guess: P counts
hundredths of a percent of full scale per Å/s, I is the reset time and D the derivative time of an ordinary PID whose
integral begins at the present power, reckoned in steps (so that nothing winds up at a limit), with D acting on the rate
alone.
"""

from dataclasses import dataclass

P_UNIT = 0.01
"""Percent of full scale per Å/s that P = 1 means; a guess, with which P 25 to 100 suits boats as the manual's own
advice (P 25 to 50 to start with) does."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What only the front panel can set for a layer (parameter numbers unknown): most power, %, and slew, %/s."""

    max_power_percent: float = 100.0
    max_slew_percent_per_s: float = 100.0


class Loop:
    """P as the number shown, I and D in seconds."""

    __slots__ = ("_d_s", "_gain", "_i_s", "_last_error", "_last_rate", "_limits", "_power", "_slope", "at_limit")

    def __init__(self) -> None:
        self._gain = self._i_s = self._d_s = 0.0
        self._limits = Limits()
        self._power = 0.0
        self._last_error = self._slope = 0.0
        self._last_rate: float | None = None
        self.at_limit = False
        """The last step ended at the most power."""

    def start(self, p: float, i_s: float, d_s: float, limits: Limits, power_percent: float) -> None:
        """Take over at the present power."""
        self._gain = P_UNIT * p
        self._i_s, self._d_s = i_s, d_s
        self._limits = limits
        self._power = power_percent
        self._last_error = self._slope = 0.0
        self._last_rate = None
        self.at_limit = False

    def step(self, wanted: float, rate: float, elapsed_s: float) -> float:
        """The power, %, after one measurement of the rate, Å/s."""
        error = wanted - rate
        slope = (rate - self._last_rate) / elapsed_s if self._last_rate is not None else 0.0
        change = error - self._last_error - self._d_s * (slope - self._slope)
        if self._i_s > 0.0:
            change += error * elapsed_s / self._i_s
        change *= self._gain
        self._last_error, self._last_rate, self._slope = error, rate, slope
        most = self._limits.max_slew_percent_per_s * elapsed_s
        power = self._power + min(max(change, -most), most)
        self.at_limit = power >= self._limits.max_power_percent
        self._power = min(max(power, 0.0), self._limits.max_power_percent)
        return self._power
