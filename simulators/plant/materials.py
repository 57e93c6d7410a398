"""Zinc and lithium as the plant knows them: vapour pressure, heats, densities, acoustic ratio.

Sources: vapour pressures of the CRC/Alcock set (C. B. Alcock, V. P. Itkin, M. K. Horrigan, Can. Metall. Q. 23, 309
(1984)): lithium as published there; zinc, solid, from the same set but not checked against a printed copy; zinc,
liquid, as in the public `chemicals` data base (ln p = 23.90939 - 14474.05/T). Densities, heats and melting points are
handbook values. Z-factors are those of rate monitors' film tables (INFICON STM-1 manual p. 15 for lithium; 0.514 for
zinc is the usual table value, unchecked).
"""

from dataclasses import dataclass
from math import exp, log, pi, sqrt

GAS_CONSTANT = 8.314462618
"""J/(mol K), CODATA 2018."""
STEFAN_BOLTZMANN = 5.670374419e-8
"""W/(m2 K4), CODATA 2018."""
ROOM_K = 293.15
"""Cooling water, clamps, walls and gas at rest: 20 C, a guess for every laboratory."""

LN10 = log(10.0)
BLEND_K = 5.0
"""Half-width over which the solid's line goes over into the liquid's at the melting point. For zinc the two lines
differ by 4 % there (21.2 against 20.4 Pa); without a blend the rate would show a false step. The width is a guess."""


@dataclass(frozen=True, slots=True)
class Material:
    """One evaporant."""

    name: str
    """Chemical symbol, as in recipes."""
    molar_mass_kg: float
    """kg/mol."""
    density_kg_per_m3: float
    """Of the bulk metal: areal mass / this = the plant's true thickness."""
    z: float
    """Z-factor: acoustic impedance of quartz over that of the film."""
    melting_k: float
    """Melting point, K."""
    fusion_j_per_kg: float
    """Latent heat of fusion."""
    heat_j_per_kg_k: float
    """Specific heat near the working temperature."""
    vaporisation_j_per_kg: float
    """Heat of sublimation or vaporisation, from the slope of the vapour pressure."""
    solid: tuple[float, float]
    """(A, B) of log10(p/Pa) = A - B/T below the melting point."""
    liquid: tuple[float, float]
    """The same above it."""


ZINC = Material("Zn", 65.38e-3, 7140.0, 0.514, 692.68, 112e3, 430.0, 1.95e6, (11.108, 6776.0), (10.384, 6286.0))
"""Zinc: sublimes at working rates. Heat of fusion 7.32 kJ/mol, handbook."""
LITHIUM = Material("Li", 6.94e-3, 534.0, 5.9, 453.65, 432e3, 4300.0, 21.5e6, (10.673, 8310.0), (10.061, 8023.0))
"""Lithium: evaporates from the melt. Heat of fusion 3.0 kJ/mol, handbook."""
MATERIALS = {"Zn": ZINC, "Li": LITHIUM}


def ln_pressure_line(material: Material, kelvin: float) -> tuple[float, float]:
    """(a, b) of ln(p/Pa) = a - b/T valid at `kelvin`, blended across the melting point."""
    (a_solid, b_solid), (a_liquid, b_liquid) = material.solid, material.liquid
    liquid_share = min(max((kelvin - material.melting_k) / (2.0 * BLEND_K) + 0.5, 0.0), 1.0)
    a = a_solid + liquid_share * (a_liquid - a_solid)
    b = b_solid + liquid_share * (b_liquid - b_solid)
    return a * LN10, b * LN10


def vapour_pressure_pa(material: Material, kelvin: float) -> float:
    """Equilibrium vapour pressure in Pa; the fits hold from 298 K to 750 K (Zn) and 1000 K (Li)."""
    a, b = ln_pressure_line(material, kelvin)
    return exp(a - b / kelvin)


def free_evaporation_kg_per_m2_s(material: Material, kelvin: float) -> float:
    """Hertz-Knudsen flux of a clean surface into vacuum (evaporation coefficient 1), kg m-2 s-1."""
    return vapour_pressure_pa(material, kelvin) * sqrt(material.molar_mass_kg / (2.0 * pi * GAS_CONSTANT * kelvin))
