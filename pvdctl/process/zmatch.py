"""Film thickness from crystal frequency by Z-match, as INFICON's monitors reckon it.

T = Zq 1e4 / (2 pi z rho) [ atan(z tan(pi Fco/Fq))/Fco - atan(z tan(pi Fc/Fq))/Fc ], T in kÅ, rho in g/cm3
(SQC-310 Operating Manual 074-550-P1C, p. 168). INFICON's constants, not the textbook Sauerbrey pair, which differ by
0.8 %: one set on both sides.
"""

from math import atan, pi, tan

F_Q_HZ = 6_045_000.0
"""Frequency of the uncoated blank in the formula (074-550-P1C p. 168)."""
Z_Q = 8_765_000.0
"""Acoustic impedance of AT quartz in kg m-2 s-1 (074-550-P1C p. 168)."""
_NM_PER_KA = 100.0


class ZMatch:
    """The formula for one material. density in g/cm3, z dimensionless; both positive."""

    __slots__ = ("_scale", "_z")

    def __init__(self, density_g_per_cm3: float, z_factor: float) -> None:
        self._z = z_factor
        self._scale = _NM_PER_KA * Z_Q * 1e4 / (2.0 * pi * z_factor * density_g_per_cm3)

    def depth_nm(self, frequency_hz: float) -> float:
        """A function of frequency that falls by the film's thickness; only differences mean anything."""
        return self._scale * atan(self._z * tan(pi * frequency_hz / F_Q_HZ)) / frequency_hz

    def thickness_nm(self, start_hz: float, now_hz: float) -> float:
        """Thickness on the crystal between two frequencies (tooling not applied)."""
        return self.depth_nm(start_hz) - self.depth_nm(now_hz)

    def nm_per_hz(self, frequency_hz: float) -> float:
        """Thickness for one hertz of frequency loss at `frequency_hz`."""
        return self.thickness_nm(frequency_hz, frequency_hz - 1.0)
