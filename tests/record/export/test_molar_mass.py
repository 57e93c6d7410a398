import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.record.export.molar_mass import ATOMIC_WEIGHTS, molar_mass_g_per_mol


@pytest.mark.parametrize(
    ("formula", "mass"),
    [("Zn", 65.38), ("Li", 6.94), ("Li3N", 34.827), ("LiF", 25.938), ("SiO2", 60.083), ("PbI2", 461.0)],
)
def test_molar_masses_are_those_of_the_handbook(formula: str, mass: float) -> None:
    assert molar_mass_g_per_mol(formula) == pytest.approx(mass, abs=0.005)


@pytest.mark.parametrize("formula", ["", "Xx", "zn", "Zn ", "Zn0", "2Zn", "C60(OH)", "NPB", "Alq3"])
def test_what_is_no_formula_has_no_mass(formula: str) -> None:
    assert molar_mass_g_per_mol(formula) is None


@given(st.lists(st.tuples(st.sampled_from(sorted(ATOMIC_WEIGHTS)), st.integers(1, 99)), min_size=1, max_size=5))
def test_a_mass_is_the_sum_of_its_parts(parts: list[tuple[str, int]]) -> None:
    formula = "".join(f"{element}{count if count > 1 else ''}" for element, count in parts)
    wanted = sum(ATOMIC_WEIGHTS[element] * count for element, count in parts)
    assert molar_mass_g_per_mol(formula) == pytest.approx(wanted)
