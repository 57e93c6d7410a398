"""Vapour pressures against tabulated temperatures, and what gas does to vapour."""

import itertools

import pytest

from simulators.plant.gases import survival
from simulators.plant.materials import (
    LITHIUM,
    MATERIALS,
    ZINC,
    Material,
    free_evaporation_kg_per_m2_s,
    ln_pressure_line,
    vapour_pressure_pa,
)


@pytest.mark.parametrize(
    ("material", "kelvin", "pressure_mbar"),
    [
        # Alcock's equations (Can. Metall. Q. 23, 309), solved for round pressures
        (ZINC, 448.5, 1e-6),
        (ZINC, 516.9, 1e-4),
        (ZINC, 559.6, 1e-3),
        (ZINC, 610.0, 1e-2),
        (ZINC, 670.4, 1e-1),
        (LITHIUM, 570.6, 1e-6),
        (LITHIUM, 665.2, 1e-4),
        (LITHIUM, 725.3, 1e-3),
        (LITHIUM, 797.4, 1e-2),
        (LITHIUM, 885.4, 1e-1),
        # Zn in source makers' tables: 127 / 177 / 250 C for 1e-8 / 1e-6 / 1e-4 Torr; the equation says
        (ZINC, 125.8 + 273.15, 1e-8 * 1.33322),
        (ZINC, 179.0 + 273.15, 1e-6 * 1.33322),
        (ZINC, 248.7 + 273.15, 1e-4 * 1.33322),
    ],
)
def test_vapour_pressure(material: Material, kelvin: float, pressure_mbar: float) -> None:
    assert vapour_pressure_pa(material, kelvin) == pytest.approx(100.0 * pressure_mbar, rel=0.01)


@pytest.mark.parametrize("material", MATERIALS.values(), ids=lambda m: m.name)
def test_no_step_at_the_melting_point(material: Material) -> None:
    near = [vapour_pressure_pa(material, material.melting_k + 0.05 * k) for k in range(-200, 201)]
    rises = [b / a - 1.0 for a, b in itertools.pairwise(near)]
    assert min(rises) > 0.0
    # smooth: within the 10 K blend the log slope differs from a single phase's by at most 4 % spread over 10 K
    assert max(rises) < 1.6 * min(rises)


def test_outside_the_blend_the_published_lines_hold() -> None:
    a, b = ln_pressure_line(ZINC, 600.0)
    assert (a, b) == pytest.approx((11.108 * 2.302585, 6776.0 * 2.302585), rel=1e-6)
    # zinc, liquid, as the public `chemicals` data base has it: ln p = 23.90939 - 14474.05/T
    assert ln_pressure_line(ZINC, 720.0) == pytest.approx((23.90939, 14474.05), rel=1e-4)


def test_hertz_knudsen_flux() -> None:
    # 0.5 nm/s of bulk zinc at 0.25 m from a flat 2 cm2 source needs 0.70 mg/s, hence 3.5e-3 kg/m2s at 632.6 K
    assert free_evaporation_kg_per_m2_s(ZINC, 632.6) * 2e-4 == pytest.approx(0.70e-6, rel=0.01)
    assert free_evaporation_kg_per_m2_s(LITHIUM, 782.0) * 2e-4 == pytest.approx(0.0524e-6, rel=0.01)


@pytest.mark.parametrize(("mbar", "lost"), [(1e-6, 0.004), (1e-5, 0.037), (1e-4, 0.32)])
def test_gas_scatters_vapour(mbar: float, lost: float) -> None:
    assert 1.0 - survival(mbar, 0.25) == pytest.approx(lost, rel=0.06)
