"""Thickness from frequency, against the manual's formula worked out by hand and against the Sauerbrey limit."""

from math import atan, pi, tan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.process.zmatch import F_Q_HZ, Z_Q, ZMatch

NM_PER_KA = 100.0


@pytest.mark.parametrize(
    ("start_hz", "now_hz", "density", "z_factor", "thickness_ka"),
    [
        # INFICON 074-550-P1C p. 168, evaluated with its constants; the last digit given is the last one checked
        (6_000_000.0, 5_990_000.0, 1.0, 1.0, 12.19393),
        (6_000_000.0, 5_950_000.0, 10.5, 0.529, 5.85145),
        (6_000_000.0, 5_500_000.0, 10.5, 0.529, 64.58127),
        (6_000_000.0, 5_990_000.0, 2.70, 1.08, 4.51577),
    ],
)
def test_formula_of_the_manual(
    start_hz: float, now_hz: float, density: float, z_factor: float, thickness_ka: float
) -> None:
    assert ZMatch(density, z_factor).thickness_nm(start_hz, now_hz) == pytest.approx(
        thickness_ka * NM_PER_KA, abs=1e-5 * NM_PER_KA
    )


@pytest.mark.parametrize(
    ("density", "z_factor", "thickness_nm", "shift_hz"),
    [
        (7.04, 0.514, 300.0, -17289.0),  # zinc with INFICON's table density
        (0.53, 5.9, 100.0, -443.4),  # lithium
    ],
)
def test_films_of_the_paper(density: float, z_factor: float, thickness_nm: float, shift_hz: float) -> None:
    now_hz = 6_000_000.0 + shift_hz
    found = ZMatch(density, z_factor).thickness_nm(6_000_000.0, now_hz)
    half_a_digit = 0.6 if abs(shift_hz) > 1000.0 else 0.06
    nm_per_hz = ZMatch(density, z_factor).nm_per_hz(now_hz)
    assert found == pytest.approx(thickness_nm, abs=half_a_digit * nm_per_hz)


@given(
    start_hz=st.floats(5.9e6, 6.0e6),
    loss_hz=st.floats(1.0, 8e5),
    density=st.floats(0.5, 20.0),
    z_factor=st.floats(0.2, 9.0),
)
def test_like_the_formula_written_out(start_hz: float, loss_hz: float, density: float, z_factor: float) -> None:
    now_hz = start_hz - loss_hz

    def term(frequency_hz: float) -> float:
        return atan(z_factor * tan(pi * frequency_hz / F_Q_HZ)) / frequency_hz

    written = Z_Q * 1e4 / (2.0 * pi * z_factor * density) * (term(start_hz) - term(now_hz)) * NM_PER_KA
    assert ZMatch(density, z_factor).thickness_nm(start_hz, now_hz) == pytest.approx(written, rel=1e-9, abs=1e-6)
    assert written > 0.0


@given(loss_hz=st.floats(1.0, 5e5), density=st.floats(0.5, 20.0))
def test_matched_material_is_the_period_formula(loss_hz: float, density: float) -> None:
    now_hz = 6e6 - loss_hz
    period_nm = Z_Q * 1e4 / (2.0 * density) * (1.0 / now_hz - 1.0 / 6e6) * NM_PER_KA
    assert ZMatch(density, 1.0).thickness_nm(6e6, now_hz) == pytest.approx(period_nm, rel=1e-6)


@given(first=st.floats(1.0, 2e5), second=st.floats(1.0, 2e5))
def test_films_add_up(first: float, second: float) -> None:
    zinc = ZMatch(7.14, 0.514)
    there = zinc.thickness_nm(5.98e6, 5.98e6 - first) + zinc.thickness_nm(5.98e6 - first, 5.98e6 - first - second)
    assert there == pytest.approx(zinc.thickness_nm(5.98e6, 5.98e6 - first - second), abs=1e-7)
