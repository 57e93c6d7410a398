"""Molar masses, to tell a rate as a flux of moles."""

import re
from typing import Final

ATOMIC_WEIGHTS: Final = {
    "H": 1.008, "Li": 6.94, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998, "Na": 22.990, "Mg": 24.305,
    "Al": 26.982, "Si": 28.085, "P": 30.974, "S": 32.06, "Cl": 35.45, "K": 39.098, "Ca": 40.078, "Ti": 47.867,
    "Cr": 51.996, "Mn": 54.938, "Fe": 55.845, "Co": 58.933, "Ni": 58.693, "Cu": 63.546, "Zn": 65.38, "Ga": 69.723,
    "Ge": 72.630, "Se": 78.971, "Br": 79.904, "Ag": 107.87, "Cd": 112.41, "In": 114.82, "Sn": 118.71, "Sb": 121.76,
    "Te": 127.60, "I": 126.90, "Cs": 132.91, "Au": 196.97, "Pb": 207.2, "Bi": 208.98,
}  # fmt: skip
"""g/mol, abridged standard atomic weights (IUPAC 2021, Pure Appl. Chem. 94, 573); the elements that are evaporated."""

_PART: Final = re.compile(r"([A-Z][a-z]?)([0-9]*)")


def molar_mass_g_per_mol(formula: str) -> float | None:
    """Of a formula such as `Zn`, `LiF` or `Li3N`; None for what is no formula of the elements above."""
    parts = _PART.findall(formula)
    if not formula or "".join(element + count for element, count in parts) != formula:
        return None
    if any(element not in ATOMIC_WEIGHTS or count == "0" for element, count in parts):
        return None
    return sum(ATOMIC_WEIGHTS[element] * int(count or 1) for element, count in parts)
