"""Gauge heads: what they believe the pressure to be, by range, gas, noise and fault.

Gas factors (p = C x indicated): INFICON BCG450 manual p. 54; for water on an ion gauge 1.0, a guess. Ranges: Pfeiffer
Vacuum Technology Book 5.2 and data sheets of the class (PKR/MPG full range, TPR Pirani, CMR capacitance 1000 mbar).
Noise: ion 2 %, Pirani 1 % of the reading, capacitance 0.02 % of full scale; all usual figures, unchecked.
"""

from abc import ABC, abstractmethod
from math import exp, inf, log

from simulators.plant.noise import TABLE, normal_table, stream
from simulators.plant.vacuum import Vacuum

OK, UNDERRANGE, OVERRANGE, SENSOR_ERROR, SENSOR_OFF = 0, 1, 2, 3, 4
"""Status digits of Pfeiffer and INFICON controllers."""

PIRANI_LOW_MBAR = 5e-4
PIRANI_HIGH_MBAR = 1000.0
ION_LOW_MBAR = 5e-9
ION_FROM_MBAR = 1e-3
"""Below it the cold cathode alone is shown; between it and `ION_ON_MBAR` both are blended (log-linear)."""
ION_ON_MBAR = 1e-2
ION_NOISE = 0.02
PIRANI_NOISE = 0.01
CAPACITANCE_LOW_MBAR = 0.1
CAPACITANCE_FULL_MBAR = 1000.0
CAPACITANCE_HIGH_MBAR = 1100.0
"""Overrange at 110 % of full scale, as CMR heads."""
CAPACITANCE_NOISE_MBAR = 2e-4 * CAPACITANCE_FULL_MBAR
CAPACITANCE_ACCURACY = 2e-3
"""0.2 % of the reading: the limit of a gain error, drawn once for a head."""
ARGON_TOP_POWER = -0.15
"""Above 1 mbar a Pirani in argon falls ever further behind; the exponent is a guess."""
IGNITION_S = 0.5
IGNITION_MBAR = 1e-7
"""A cold cathode lights in this time down to this pressure, below it in inverse proportion to it; guess."""


class Head(ABC):
    """A gauge head and its last reading (`status`, `pressure_mbar`); subclasses say what it measures."""

    __slots__ = ("_low_mbar", "_noise", "at_step", "dead", "factor", "frozen", "name", "on", "pressure_mbar", "status")

    def __init__(self, name: str, seed: int | str, low_mbar: float) -> None:
        self.name = name
        self._noise = normal_table(seed, f"gauge {name}")
        self._low_mbar = low_mbar
        self.status = UNDERRANGE
        self.pressure_mbar = low_mbar
        self.at_step = -1
        """Grid index of the reading."""
        self.on = True
        self.dead = False
        self.frozen = False
        self.factor = 1.0
        """A wrong range: all readings times this."""

    def read(self, gas: Vacuum, step: int) -> None:
        """Take the reading of grid index `step`."""
        self.at_step = step
        if self.dead:
            self.status, self.pressure_mbar = SENSOR_ERROR, 0.0
            return
        if not self.on:
            self.status, self.pressure_mbar = SENSOR_OFF, 0.0
            return
        if self.frozen:
            return
        value, status = self.measure(gas, self._noise[step % TABLE])
        self.pressure_mbar = value * self.factor
        self.status = status

    @abstractmethod
    def measure(self, gas: Vacuum, noise: float) -> tuple[float, int]:
        """Indicated pressure and status digit, with a standard normal value to make noise of."""

    def follow(self, gas: Vacuum, now_s: float) -> None:
        """Something in the head takes time; told after each step of the gas."""
        return


def _limit(value: float, low: float, high: float) -> tuple[float, int]:
    if value < low:
        return low, UNDERRANGE
    if value > high:
        return high, OVERRANGE
    return value, OK


def pirani_mbar(n2: float, argon: float, water: float, hydrogen: float) -> float:
    """What a Pirani calibrated for N2 indicates in a mixture."""
    shown = n2 + argon / 1.7 + water / 0.5 + hydrogen / 0.5
    if argon > 1.0:
        shown -= argon / 1.7 * (1.0 - exp(ARGON_TOP_POWER * log(argon)))
    return shown


class Pirani(Head):
    """The foreline's gauge, 5e-4 to 1000 mbar."""

    __slots__ = ()

    def __init__(self, name: str, seed: int | str) -> None:
        super().__init__(name, seed, PIRANI_LOW_MBAR)

    def measure(self, gas: Vacuum, noise: float) -> tuple[float, int]:
        """See `Head.measure`."""
        argon = gas.foreline * gas.foreline_argon
        shown = pirani_mbar(gas.foreline - argon, argon, 0.0, 0.0) * (1.0 + PIRANI_NOISE * noise)
        return _limit(shown, PIRANI_LOW_MBAR, PIRANI_HIGH_MBAR)


class Capacitance(Head):
    """Gas-independent, 0.1 to 1000 mbar full scale."""

    __slots__ = ("_gain",)

    def __init__(self, name: str, seed: int | str) -> None:
        super().__init__(name, seed, CAPACITANCE_LOW_MBAR)
        self._gain = 1.0 + stream(seed, f"gauge {name} gain").uniform(-CAPACITANCE_ACCURACY, CAPACITANCE_ACCURACY)

    def measure(self, gas: Vacuum, noise: float) -> tuple[float, int]:
        """See `Head.measure`."""
        shown = gas.total * self._gain + CAPACITANCE_NOISE_MBAR * noise
        return _limit(shown, CAPACITANCE_LOW_MBAR, CAPACITANCE_HIGH_MBAR)


class FullRange(Head):
    """Pirani and cold cathode in one head, 5e-9 to 1000 mbar.

    Switching it off at the controller takes the high voltage away and the channel reports "sensor off" at every
    pressure. Switched on, the cold cathode is fed below 1e-2 mbar and shown once it burns; until then the Pirani is
    shown, and its underrange below 5e-4 mbar.
    """

    __slots__ = ("_burns", "_burns_at_s")

    def __init__(self, name: str, seed: int | str) -> None:
        super().__init__(name, seed, ION_LOW_MBAR)
        self._burns = False
        self._burns_at_s = inf

    def light(self) -> None:
        """Burning already, as found at the start."""
        self._burns = True

    def follow(self, gas: Vacuum, now_s: float) -> None:
        """Light or put out the discharge."""
        if not self.on or gas.total > ION_ON_MBAR:
            self._burns = False
            self._burns_at_s = inf
        elif not self._burns:
            if self._burns_at_s == inf:
                self._burns_at_s = now_s + IGNITION_S * max(1.0, IGNITION_MBAR / gas.total)
            self._burns = now_s >= self._burns_at_s

    def measure(self, gas: Vacuum, noise: float) -> tuple[float, int]:
        """See `Head.measure`."""
        warmth = gas.total / (gas.n2 + gas.argon + gas.water + gas.hydrogen)
        pirani = warmth * pirani_mbar(gas.n2, gas.argon, gas.water, gas.hydrogen)
        if pirani > ION_ON_MBAR or not self._burns:
            return _limit(pirani * (1.0 + PIRANI_NOISE * noise), PIRANI_LOW_MBAR, PIRANI_HIGH_MBAR)
        ion = gas.n2 + gas.argon / 0.8 + gas.water + gas.hydrogen / 2.4
        if pirani > ION_FROM_MBAR:
            share = log(pirani / ION_FROM_MBAR) / log(ION_ON_MBAR / ION_FROM_MBAR)
            ion = exp(share * log(pirani) + (1.0 - share) * log(ion))
        return _limit(ion * (1.0 + ION_NOISE * noise), ION_LOW_MBAR, PIRANI_HIGH_MBAR)
