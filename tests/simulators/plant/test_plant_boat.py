"""The two-lump boats: operating points, time constants, melting, depletion, accuracy of the 0.1 s grid."""

from dataclasses import replace
from math import pi

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.plant.boat import Boat
from simulators.plant.materials import LITHIUM, ROOM_K
from simulators.plant.params import TANTALUM_LITHIUM, TUNGSTEN_ZINC, SourceParameters

BOTH = (TUNGSTEN_ZINC, TANTALUM_LITHIUM)
HALF_NM_AMPS = {"Zn": 117.1, "Li": 53.6}
TABLE_ZINC = replace(TUNGSTEN_ZINC, charge_kg=1e-3, contact_w_per_k=0.15)
"""One gram of zinc: the boat for which time constants were worked out independently."""


def rate_nm_per_s(boat: Boat) -> float:
    p = boat.parameters
    per_kg = (p.cosine_power + 1.0) / (2.0 * pi * p.throw_m**2)
    return boat.evaporation_kg_per_s * per_kg / p.material.density_kg_per_m3 * 1e9


def heat(boat: Boat, amps: float, seconds: float, step_s: float = 0.1, noise: float = 0.0) -> Boat:
    for _ in range(round(seconds / step_s)):
        boat.step(amps * amps * step_s, noise)
    return boat


def steady(parameters: SourceParameters, amps: float) -> Boat:
    return heat(Boat(parameters, 0.1), amps, 400.0)


@pytest.mark.parametrize("parameters", BOTH, ids=lambda p: p.material.name)
def test_current_for_half_a_nanometre_per_second(parameters: SourceParameters) -> None:
    boat = steady(parameters, HALF_NM_AMPS[parameters.material.name])
    assert rate_nm_per_s(boat) == pytest.approx(0.5, rel=0.02)
    assert boat.charge_k == pytest.approx({"Zn": 632.6, "Li": 782.0}[parameters.material.name], abs=0.7)
    volts = HALF_NM_AMPS[parameters.material.name] * (boat.resistance_ohm() + parameters.lead_ohm)
    assert volts == pytest.approx({"Zn": 0.58, "Li": 0.48}[parameters.material.name], rel=0.02)


@pytest.mark.parametrize(
    ("parameters", "nm_per_s", "amps"),
    [
        (TABLE_ZINC, 0.01, 104.0),
        (TABLE_ZINC, 0.25, 114.0),
        (TABLE_ZINC, 1.0, 122.0),
        (TANTALUM_LITHIUM, 0.01, 45.8),
        (TANTALUM_LITHIUM, 0.25, 51.5),
        (TANTALUM_LITHIUM, 1.0, 56.5),
    ],
)
def test_currents_for_other_rates(parameters: SourceParameters, nm_per_s: float, amps: float) -> None:
    assert rate_nm_per_s(steady(parameters, amps * 0.99)) < nm_per_s < rate_nm_per_s(steady(parameters, amps * 1.012))


@pytest.mark.parametrize(
    ("parameters", "third_to_two_thirds_s"),
    # an independent working-out gave 8.0 and 11.7 s without the residue of 2 % and for an infinitely small step
    [(TABLE_ZINC, 8.3), (TUNGSTEN_ZINC, 14.3), (TANTALUM_LITHIUM, 11.7)],
)
def test_time_constant_of_a_step(parameters: SourceParameters, third_to_two_thirds_s: float) -> None:
    amps = HALF_NM_AMPS[parameters.material.name]
    boat = steady(parameters, amps)
    begin = rate_nm_per_s(boat)
    rates = []
    for _ in range(1500):
        boat.step((amps * 1.01) ** 2 * 0.1, 0.0)
        rates.append(rate_nm_per_s(boat))
    span = rates[-1] - begin
    assert span / begin == pytest.approx({"Zn": 0.21, "Li": 0.158}[parameters.material.name], rel=0.06)  # per 1 % of I
    first, second = (next(k for k, r in enumerate(rates) if r - begin > share * span) for share in (1 / 3, 2 / 3))
    assert (second - first) * 0.1 == pytest.approx(third_to_two_thirds_s, abs=0.4)


@pytest.mark.parametrize(("parameters", "to_60_c_s"), [(TABLE_ZINC, 40.0), (TANTALUM_LITHIUM, 127.0)])
def test_cools_down_in_vacuum(parameters: SourceParameters, to_60_c_s: float) -> None:
    boat = steady(parameters, HALF_NM_AMPS[parameters.material.name])
    heat(boat, 0.0, to_60_c_s - 6.0)
    assert max(boat.boat_k, boat.charge_k) > 333.15
    heat(boat, 0.0, 12.0)
    assert max(boat.boat_k, boat.charge_k) < 333.15
    heat(boat, 0.0, 600.0)
    assert boat.idle


@pytest.mark.parametrize("parameters", BOTH, ids=lambda p: p.material.name)
def test_grid_of_a_tenth_is_as_good_as_a_thousandth(parameters: SourceParameters) -> None:
    amps = HALF_NM_AMPS[parameters.material.name]
    coarse, fine = Boat(parameters, 0.1), Boat(parameters, 0.001)
    for seconds, share in ((90.0, 1.0), (20.0, 1.05), (20.0, 0.95), (10.0, 1.0)):
        heat(coarse, amps * share, seconds, 0.1, 1.0)
        heat(fine, amps * share, seconds, 0.001, 1.0)
        assert rate_nm_per_s(coarse) == pytest.approx(rate_nm_per_s(fine), rel=0.002)
    assert rate_nm_per_s(fine) > 0.05
    assert coarse.evaporated_kg == pytest.approx(fine.evaporated_kg, rel=0.002)


def test_lithium_melts_on_a_plateau_and_freezes_on_one() -> None:
    boat = Boat(TANTALUM_LITHIUM, 0.1)
    melting = LITHIUM.melting_k
    plateau = 0
    for _ in range(1500):
        boat.step(53.6**2 * 0.1, 0.0)
        plateau += 0.0 < boat.melted < 1.0
        assert boat.melted == 0.0 or boat.charge_k >= melting - 1e-9
    assert boat.melted == 1.0
    # 0.15 g x 432 J/g = 65 J at the 8-9 W that the boat passes on there
    assert 4.0 < plateau * 0.1 < 12.0
    heat(boat, 0.0, 300.0)
    assert boat.melted == 0.0
    assert boat.charge_k < melting


def test_heat_is_conserved_through_melting() -> None:
    """No losses, a known heat in: the end temperature counts every joule, the latent ones too."""
    parameters = replace(
        TANTALUM_LITHIUM, clamp_w_per_k=0.0, emissivity=0.0, charge_emissivity=0.0, charge_kg=0.5e-3, contact_w_per_k=50
    )
    boat = Boat(parameters, 0.1)
    joules = 0.0
    for _ in range(500):
        joules += 80.0**2 * 0.1 * boat.resistance_ohm()
        boat.step(80.0**2 * 0.1, 0.0)
    residue = 0.02 * 0.5e-3 * 4300.0
    held = (
        0.49 * (boat.boat_k - ROOM_K)
        + (0.5e-3 * 4300.0 + residue) * (boat.charge_k - ROOM_K)
        + boat.melted * 0.5e-3 * 432e3
    )
    assert 460.0 < boat.charge_k < 800.0
    assert held == pytest.approx(joules, rel=0.01)


def test_mass_that_left_is_mass_that_is_gone() -> None:
    boat = Boat(TABLE_ZINC, 0.1)
    gone = sum(boat.step(118.0**2 * 0.1, 1.0) for _ in range(3000))
    assert gone == pytest.approx(boat.evaporated_kg, rel=1e-12)
    assert boat.fresh_kg - boat.mass_kg == pytest.approx(gone, rel=1e-9)
    assert gone > 0.1e-3


def test_depletion_dims_and_ends_the_source() -> None:
    boat = Boat(TABLE_ZINC, 0.1)
    heat(boat, 122.0, 60.0)
    full = 0.0
    while boat.mass_kg > 0.3 * boat.fresh_kg:
        boat.step(122.0**2 * 0.1, 1.0)
        full = boat.evaporation_kg_per_s
    while boat.mass_kg > 0.03 * boat.fresh_kg:
        boat.step(122.0**2 * 0.1, 1.0)
    # a tenth of the area-limited mass leaves (1/10)^(2/3) of the area; the boat has meanwhile become hotter
    assert 0.1 * full < boat.evaporation_kg_per_s < 0.6 * full
    heat(boat, 122.0, 3000.0, noise=1.0)
    assert boat.mass_kg == 0.0
    assert boat.evaporation_kg_per_s == 0.0
    assert boat.evaporated_kg == pytest.approx(boat.fresh_kg, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 200.0), st.integers(1, 300)), min_size=1, max_size=6),
    st.sampled_from(BOTH),
    st.floats(0.0, 1100.0),
)
def test_any_current_keeps_temperatures_and_masses_physical(
    plan: list[tuple[float, int]], parameters: SourceParameters, gas_mbar: float
) -> None:
    boat = Boat(parameters, 0.1)
    boat.set_gas(gas_mbar)
    for amps, steps in plan:
        for _ in range(steps):
            mass = boat.mass_kg
            boat.step(amps * amps * 0.1, 1.0)
            assert ROOM_K - 1.0 < boat.charge_k < 5000.0
            assert ROOM_K - 1.0 < boat.boat_k < 5000.0
            assert 0.0 <= boat.mass_kg <= mass
            assert 0.0 <= boat.melted <= 1.0
