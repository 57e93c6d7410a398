"""Mass to frequency by INFICON's Z-match, and the monitor's periods."""

from math import atan, pi, tan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.plant.crystal import Crystal, areal_mass_kg_per_m2, hz_per_areal_mass


def thickness_nm(start_hz: float, end_hz: float, z: float, density_g_per_cm3: float) -> float:
    """INFICON's own form, kÅ and g/cm3 (SQC-310 manual p. 7-4), written out here for the test alone."""
    fq, zq = 6_045_000.0, 8_765_000.0

    def term(f: float) -> float:
        return atan(z * tan(pi * f / fq)) / f

    return 100.0 * zq * 1e4 / (2.0 * pi * z * density_g_per_cm3) * (term(start_hz) - term(end_hz))


def loaded(zs: tuple[float, ...], doses: list[tuple[int, float]], start_hz: float = 6e6, parts: int = 500) -> Crystal:
    crystal = Crystal(1, 0, start_hz, 0.0, zs)
    for material, mass in doses:
        for _ in range(parts):
            crystal.load(material, mass / parts)
    return crystal


@pytest.mark.parametrize(
    ("z", "density", "nm", "shift_hz"),
    [(0.514, 7040.0, 300.0, -17289.0), (5.9, 530.0, 100.0, -443.4)],
)
def test_check_values(z: float, density: float, nm: float, shift_hz: float) -> None:
    crystal = loaded((z,), [(0, nm * 1e-9 * density)])
    assert crystal.hz - 6e6 == pytest.approx(shift_hz, abs=0.5)
    assert thickness_nm(6e6, crystal.hz, z, density * 1e-3) == pytest.approx(nm, rel=1e-4)


@given(
    st.lists(st.tuples(st.sampled_from([0, 1]), st.floats(1e-6, 4e-3)), min_size=1, max_size=4),
    st.floats(5.6e6, 6.0e6),
)
def test_each_film_is_read_back_whatever_lies_below(doses: list[tuple[int, float]], start_hz: float) -> None:
    zs = (0.514, 5.9)
    crystal = Crystal(1, 0, start_hz, 0.0, zs)
    for material, mass in doses:
        before = crystal.hz
        for _ in range(400):
            crystal.load(material, mass / 400)
        read = areal_mass_kg_per_m2(crystal.hz, zs[material]) - areal_mass_kg_per_m2(before, zs[material])
        assert read == pytest.approx(mass, rel=2e-4)


@given(st.floats(5.0e6, 6.02e6), st.floats(0.2, 8.0))
def test_slope_is_the_derivative(hz: float, z: float) -> None:
    rise = areal_mass_kg_per_m2(hz + 5.0, z) - areal_mass_kg_per_m2(hz - 5.0, z)
    assert hz_per_areal_mass(hz, z) == pytest.approx(10.0 / rise, rel=1e-4)


def test_sauerbrey_slope_at_six_megahertz() -> None:
    # 12.27 ng/cm2 per Hz with the textbook set; INFICON's Zq is 0.8 % lower
    assert -1.0 / hz_per_areal_mass(6e6, 1.0) == pytest.approx(12.27e-8 * 0.992, rel=0.002)


def test_reading_does_not_depend_on_how_often_it_is_asked() -> None:
    often, seldom = (Crystal(1, 7, 5.985e6, 0.03, (0.514,)) for _ in range(2))
    for period in range(400):
        for crystal in (often, seldom):
            crystal.load(0, 1e-7)
            crystal.sample(period, 0.0)
        if period:
            often.read_hz(period - 1)
        first = often.read_hz(period)
        assert often.read_hz(period) == first
        if period % 37 == 0:
            assert seldom.read_hz(period) == first


def test_noise_has_the_size_asked_for() -> None:
    crystal = Crystal(1, 3, 6e6, 0.03, (1.0,))
    values = []
    for period in range(4000):
        crystal.sample(period, 0.0)
        values.append(crystal.read_hz(period) - 6e6)
    rms = (sum(v * v for v in values) / len(values)) ** 0.5
    assert rms == pytest.approx(0.03, rel=0.05)
    assert abs(sum(values) / len(values)) < 0.003
    assert len(set(values)) > 3900
