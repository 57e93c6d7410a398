"""A 6 MHz quartz crystal that collects metal: mass to frequency, noise, heat, gas, and its ways to fail.

Mass law: the Z-match function of INFICON's monitors (SQC-310 manual p. 7-4, XTC/3 p. 7-4, Cygnus 2 p. 10-4),

    m(F) = Zq/(2 pi z) * atan(z tan(pi (Fq - F)/Fq)) / F,      Fq = 6 045 000 Hz, Zq = 8 765 000 kg/(m2 s)

used as a difference between two frequencies with the z of the material that arrives. So a monitor that knows the
material's density and z reads back exactly the mass that arrived, whatever lies below.

What a monitor reads in period k (0.25 s each) is the mean of the period before, taken at its middle, 0.25 k - 0.125 s;
a value read at any time within a period is therefore complete when the period begins. Rounding to the monitor's
resolution is the monitor's affair. Not modelled: activity (series resistance), stress, hydrostatic shift.
"""

from math import atan, pi, tan

from simulators.plant.noise import normal

FQ_HZ = 6_045_000.0
ZQ_KG_PER_M2_S = 8_765_000.0
PERIOD_S = 0.25
"""Measuring period of the monitor (SQC-310 manual p. 2-14 recommends it)."""
RING = 16
"""Samples kept: 4 s, more than the plant ever runs ahead of who asks."""
SLOPE_HZ = 32.0
"""The mass law's slope is reckoned anew after this much, for the middle of the way to come (frequency falls); it varies
by 1e-6 per Hz at most, so single readings are right to 2e-5 and a film to 1e-6."""


def areal_mass_kg_per_m2(hz: float, z: float) -> float:
    """Load that makes a crystal oscillate at `hz` if all of it had Z-factor `z`; only differences mean anything."""
    return ZQ_KG_PER_M2_S / (2.0 * pi * z) * atan(z * tan(pi * (FQ_HZ - hz) / FQ_HZ)) / hz


def hz_per_areal_mass(hz: float, z: float) -> float:
    """dF/dm of the same law at `hz`, Hz m2/kg; negative."""
    t = tan(pi * (FQ_HZ - hz) / FQ_HZ)
    rise = -z * pi / FQ_HZ * (1.0 + t * t) / (1.0 + z * z * t * t)
    return 2.0 * pi * z / ZQ_KG_PER_M2_S / (rise / hz - atan(z * t) / (hz * hz))


class Crystal:
    """One sensor. Masses are areal, kg/m2; the sensor's place (tooling) is the caller's."""

    __slots__ = (
        "_clean",
        "_noise",
        "_noisy",
        "_period",
        "_slope_at_hz",
        "_slopes",
        "_value",
        "_zs",
        "dead",
        "hop_hz",
        "hz",
        "jump_hz",
        "noise_hz",
    )

    def __init__(self, sensor: int, seed: int | str, start_hz: float, noise_hz: float, zs: tuple[float, ...]) -> None:
        self._noise = normal(seed, f"crystal {sensor} noise")
        self._zs = zs
        self._slopes = [0.0] * len(zs)
        self._slope_at_hz = 0.0
        self.hz = start_hz
        """Frequency by mass alone, Hz."""
        self.noise_hz = noise_hz
        self.jump_hz = 0.0
        """Sum of sudden steps (stress, splinters)."""
        self.hop_hz = 0.0
        """Distance of the mode it oscillates on from the fundamental."""
        self.dead = False
        self._clean = [start_hz] * RING
        self._noisy = [start_hz] * RING
        self._period = -1
        """Last period whose noise has been drawn."""
        self._value: float | None = None
        """What a frozen crystal shows."""

    def load(self, material: int, areal_kg_per_m2: float) -> None:
        """Mass of material number `material` (index into the z-factors) has arrived since the last call."""
        hz = self.hz
        if not -SLOPE_HZ < hz - self._slope_at_hz < SLOPE_HZ:
            self._slope_at_hz = hz
            for i, z in enumerate(self._zs):
                self._slopes[i] = hz_per_areal_mass(hz - 0.5 * SLOPE_HZ, z)
        self.hz = hz + self._slopes[material] * areal_kg_per_m2

    def sample(self, period: int, shift_hz: float) -> None:
        """The frequency at this moment is what period number `period` will show; `shift_hz` is heat and gas."""
        self._clean[period % RING] = self.hz + self.jump_hz + self.hop_hz + shift_hz

    def read_hz(self, period: int) -> float:
        """What the monitor reads in that period: the same however often it is asked, 0.0 if there is no oscillation."""
        if self.dead:
            return 0.0
        if self._value is not None:
            return self._value
        noisy = self._noisy
        if period > self._period:
            clean, noise, sigma = self._clean, self._noise, self.noise_hz
            for k in range(self._period + 1, period + 1):
                noisy[k % RING] = clean[k % RING] + noise(sigma)
            self._period = period
        return noisy[period % RING]

    def freeze(self, period: int) -> None:
        """From now on always what `period` showed."""
        self._value = None if self.dead else self.read_hz(period)

    def thaw(self) -> None:
        """Undo `freeze`."""
        self._value = None
