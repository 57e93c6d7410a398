"""From crystal frequency to rate and thickness, as a thickness monitor reckons it.

Z-match, SQC-310 Operating Manual 074-550-P1C p. 7-4:

    T[kÅ] = Z_q 1e4 / (2 pi z rho) * { atan[z tan(pi F_co/F_q)]/F_co - atan[z tan(pi F_c/F_q)]/F_c }

with rho in g/cm³, F_co the frequency at zero thickness and F_c the present one, in Hz.
"""

from math import atan, nan, pi, tan
from typing import Protocol

NOMINAL_HZ = 6_045_000.0
"""F_q, frequency of the bare quartz blank (P1C p. 7-4)."""
QUARTZ_IMPEDANCE = 8_765_000.0
"""Z_q, shear-mode acoustic impedance of quartz in kg/(m² s) (P1C p. 7-4)."""
PERIOD_S = 0.25
"""Measuring period; the manual's guidance (P1C p. 2-14)."""
_EARLY = 1e-9
"""Periods begin a hair early, so that "n x 0.25 s" in anyone's floating point lies in period n, as in the plant."""


def period_of(now_s: float) -> int:
    """Number of the measuring period that holds `now_s`."""
    return int(now_s / PERIOD_S + _EARLY)


def begins_s(period: int) -> float:
    """First moment of a period."""
    return (period - _EARLY) * PERIOD_S


class Frequencies(Protocol):
    """What a sensor needs of the world (see `simulators.world.World`)."""

    def crystal_hz(self, sensor: int, now_s: float) -> float:
        """Frequency of the period holding `now_s`, Hz; 0.0 when the crystal does not oscillate."""


class ZMatch:
    """The film a sensor reckons with: density in g/cm³, Z-factor, tooling in % (product of all that apply)."""

    __slots__ = ("_scale", "_z")

    def __init__(self, density_g_per_cm3: float, z_factor: float, tooling_percent: float) -> None:
        self._z = z_factor
        self._scale = QUARTZ_IMPEDANCE * 1e4 / (2.0 * pi * z_factor * density_g_per_cm3) * tooling_percent / 100.0

    def load_ka(self, frequency_hz: float) -> float:
        """Thickness, in kÅ, counted from a blank at F_q; only differences of it mean anything."""
        return self._scale * atan(self._z * tan(pi * (NOMINAL_HZ - frequency_hz) / NOMINAL_HZ)) / frequency_hz


class Sensor:
    """One crystal: measures once per period, keeps the zero point and the filtered rate.

    The filter is y = alpha x + (1 - alpha) y: the manual gives the meaning of alpha (1 none, 0.5 equal weights, P1C
    p. 7-9), the formula is inferred. If nobody looked for several periods the rate is the mean over the gap, filtered
    as if each period had read that mean.
    """

    __slots__ = ("_alpha", "_film", "_last_ka", "_number", "_period", "_world", "_zero_hz", "_zero_ka", "hz", "rate")

    def __init__(self, world: Frequencies, number: int, alpha: float, film: ZMatch) -> None:
        self._world = world
        self._number = number
        self._alpha = alpha
        self._film = film
        self.forget()

    def forget(self) -> None:
        """As after power-up: no reading yet, zero point at the first one."""
        self.hz = 0.0
        self.rate = 0.0
        self._zero_hz = nan
        self._zero_ka = 0.0
        self._last_ka = nan
        self._period = -1

    def measure(self, now_s: float) -> bool:
        """Take the reading of the period holding `now_s`, unless that is done already. Says whether it was new."""
        period = period_of(now_s)
        passed = period - self._period
        if passed <= 0:
            return False
        self._period = period
        hz = self._world.crystal_hz(self._number, now_s)
        self.hz = hz
        if not NOMINAL_HZ * 0.5 < hz < NOMINAL_HZ * 1.5:  # the formula's branch; no crystal of 6 MHz is outside
            # no signal: the display shows zeros; when the crystal comes back, the old zero point holds again
            self.hz = self.rate = 0.0
            self._last_ka = nan
            return True
        load_ka = self._film.load_ka(hz)
        if self._zero_hz != self._zero_hz:
            self._zero_hz = hz
            self._zero_ka = load_ka
        last_ka = self._last_ka
        if last_ka == last_ka:
            rate = (load_ka - last_ka) * 1000.0 / (passed * PERIOD_S)
            keep = 1.0 - self._alpha
            if passed > 1:
                keep **= passed
            self.rate = rate + (self.rate - rate) * keep
        self._last_ka = load_ka
        return True

    @property
    def thickness_ka(self) -> float:
        """Thickness since the zero point in kÅ; 0 without signal."""
        return self._last_ka - self._zero_ka if self.hz > 0.0 else 0.0

    def zero(self) -> None:
        """Zero thickness: the present frequency becomes the zero point; without signal the next one will."""
        self._zero_hz = self.hz if self.hz > 0.0 else nan
        if self.hz > 0.0:
            self._zero_ka = self._last_ka

    def use(self, film: ZMatch) -> None:
        """Reckon with another film from now on; the thickness since the zero point is reckoned anew."""
        self._film = film
        if self._zero_hz == self._zero_hz:
            self._zero_ka = film.load_ka(self._zero_hz)
        if self.hz > 0.0:
            self._last_ka = film.load_ka(self.hz)
