"""Gas laws used by the chamber: flow through an orifice, loss of vapour by scattering, drag on a crystal."""

from math import exp, pi, sqrt

from simulators.plant.materials import GAS_CONSTANT, ROOM_K

N2 = (28.013e-3, 1.4)
"""Molar mass kg/mol, ratio of specific heats."""
ARGON = (39.948e-3, 5.0 / 3.0)
"""The same for argon."""
MEAN_FREE_PATH_M_PA = 6.6e-3
"""Mean free path of metal vapour in residual gas times pressure."""
ARGON_DRAG = 1.81
"""rho x eta of argon over that of N2 at equal pressure (1.426 x 1.267)."""
DRAG_FROM_MBAR = 1e-2
"""Below it the gas is too thin to be viscous at 6 MHz and the shift (0.03 Hz here) is left out."""


class Orifice:
    """Isentropic flow from a supply at fixed pressure through a sharp-edged hole into the chamber."""

    __slots__ = ("_area_term", "_choked_mbar_l_per_s", "_critical", "_gamma", "_upstream_mbar")

    def __init__(self, gas: tuple[float, float], diameter_mm: float, discharge: float, upstream_mbar: float) -> None:
        molar_mass_kg, gamma = gas
        self._gamma = gamma
        self._upstream_mbar = upstream_mbar
        self._critical: float = (2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0))
        area_m2 = pi / 4.0 * (diameter_mm * 1e-3) ** 2
        # Cd A p0 sqrt(R T / M), as pV-flow at room temperature: 1 Pa m3/s = 10 mbar L/s, 1 mbar = 100 Pa
        self._area_term: float = 1e3 * discharge * area_m2 * upstream_mbar * sqrt(GAS_CONSTANT * ROOM_K / molar_mass_kg)
        self._choked_mbar_l_per_s: float = (
            self._area_term * sqrt(gamma) * (2.0 / (gamma + 1.0)) ** ((gamma + 1.0) / (2.0 * (gamma - 1.0)))
        )

    def flow_mbar_l_per_s(self, chamber_mbar: float) -> float:
        """Flow at room temperature; choked up to 0.528 (N2) or 0.487 (Ar) of the supply, zero at or above it."""
        ratio = chamber_mbar / self._upstream_mbar
        if ratio <= self._critical:
            return self._choked_mbar_l_per_s
        if ratio >= 1.0:
            return 0.0
        g = self._gamma
        psi: float = sqrt(2.0 * g / (g - 1.0) * (ratio ** (2.0 / g) - ratio ** ((g + 1.0) / g)))
        return self._area_term * psi


def survival(pressure_mbar: float, distance_m: float) -> float:
    """Share of the vapour that crosses `distance_m` of gas without a collision."""
    return exp(-distance_m * pressure_mbar * 100.0 / MEAN_FREE_PATH_M_PA)


def escape(pressure_mbar: float) -> float:
    """How far gas holds vapour back in its boat; 1 in vacuum, half at 0.1 mbar. A guess: nothing is deposited there."""
    return 1.0 / (1.0 + pressure_mbar / 0.1)


def crystal_drag_hz(n2_mbar: float, argon_mbar: float, per_face_hz: float, faces: int) -> float:
    """Viscous shift of a crystal in gas, square root of rho x eta (Kanazawa), `per_face_hz` in N2 at 500 mbar."""
    like_n2 = n2_mbar + ARGON_DRAG * argon_mbar
    if like_n2 < DRAG_FROM_MBAR:
        return 0.0
    return per_face_hz * faces * sqrt(like_n2 / 500.0)
