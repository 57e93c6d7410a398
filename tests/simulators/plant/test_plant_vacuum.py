"""Pumping, filling, leaking: times against the textbook, gas neither made nor lost."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.plant.gases import ARGON, N2, Orifice
from simulators.plant.params import VacuumParameters
from simulators.plant.turbo import AT_SPEED, DRIVE_TRIP, GAS_LOAD, NO_ERROR, Turbo
from simulators.plant.vacuum import Vacuum

TIGHT = replace(VacuumParameters(), wall_mbar_l_per_s=0.0, leak_mbar_l_per_s=0.0)


def until(gas: Vacuum, below_mbar: float, step_s: float = 0.1, limit_s: float = 4000.0) -> float:
    steps = 0
    while gas.total > below_mbar:
        gas.step(step_s, 0.0, 0.0)
        steps += 1
        assert steps * step_s < limit_s, f"still {gas.total} mbar"
    return steps * step_s


def roughed(step_s: float = 0.1) -> tuple[Vacuum, list[float]]:
    gas = Vacuum(VacuumParameters())
    gas.start_vented(1000.0)
    gas.pumping = True
    gas.rough_valve = 1.0
    times = [0.0]
    for mark in (100.0, 10.0, 1.0, 0.1):
        times.append(times[-1] + until(gas, mark, step_s))
    return gas, times[1:]


def test_roughing_times() -> None:
    # V/S ln(p0/p) with 70 L and 15 m3/h, plus what the ultimate pressure and the line cost at the end
    assert roughed()[1] == pytest.approx([38.4, 76.8, 115.4, 160.0], rel=0.02)


def test_high_vacuum_in_time() -> None:
    gas, times = roughed()
    gas.rough_valve, gas.fore_valve, gas.turbo.driven = 0.0, 1.0, True
    t = times[-1]
    while gas.turbo.speed < AT_SPEED:
        gas.step(0.1, 0.0, 0.0)
        t += 0.1
    # the foreline begins at atmosphere and must come below 7 mbar first
    assert t - times[-1] == pytest.approx(0.8 * 210.0 + 2.3, abs=0.5)
    gas.gate_valve = 1.0
    t += until(gas, 1e-3) + until(gas, 5e-6)
    assert t < 360.0
    t += until(gas, 1e-6)
    assert t == pytest.approx(24 * 60.0, rel=0.05)
    assert gas.turbo.error == NO_ERROR


@pytest.mark.parametrize("parameters", [VacuumParameters(), replace(VacuumParameters(), wall_mbar_l_per_s=1e-3)])
def test_grid_does_not_matter(parameters: VacuumParameters) -> None:
    ends = []
    for step_s in (0.1, 0.005):
        gas = Vacuum(parameters)
        gas.start_vented(5.0)
        gas.pumping, gas.rough_valve = True, 1.0
        t = until(gas, 0.1, step_s)
        gas.rough_valve, gas.fore_valve = 0.0, 1.0
        gas.foreline = 0.1
        gas.turbo.driven, gas.turbo.speed = True, 1.0
        gas.gate_valve = 1.0
        t += until(gas, 1e-3, step_s)
        for _ in range(round(60.0 / step_s)):
            gas.step(step_s, 0.0, 0.0)
        ends.append((t, gas.total, gas.foreline))
    assert ends[0][0] == pytest.approx(ends[1][0], rel=0.02)
    assert ends[0][1:] == pytest.approx(ends[1][1:], rel=0.02)


def test_fill_with_nitrogen_and_sag() -> None:
    gas = Vacuum(VacuumParameters())
    gas.start_pumped(7200.0)
    gas.gate_valve = 0.0
    gas.n2_valve = 1.0
    rises = []
    t = 0.0
    while gas.total < 500.0:
        before = gas.total
        gas.step(0.1, 0.0, 0.0)
        rises.append(gas.total - before)
        t += 0.1
    assert t == pytest.approx(46.0, abs=2.5)  # 35 000 mbar L at 761 mbar L/s, less for the warm gas
    assert rises[200] == pytest.approx(rises[400], rel=0.03)  # choked: a straight ramp
    gas.n2_valve = 0.0
    for _ in range(600):
        gas.step(0.1, 0.0, 0.0)
    assert 0.94 * 500.0 < gas.total < 0.98 * 500.0
    assert gas.n2 == pytest.approx(gas.total, rel=0.001)
    gas.fore_valve, gas.rough_valve = 0.0, 1.0
    assert until(gas, 1.0) == pytest.approx(104.0, abs=3.0)
    assert until(gas, 0.1) == pytest.approx(42.0, abs=5.0)


def test_orifice() -> None:
    n2 = Orifice(N2, 2.0, 0.8, 1500.0)
    assert n2.flow_mbar_l_per_s(0.0) == pytest.approx(761.0, rel=0.005)
    assert n2.flow_mbar_l_per_s(0.528 * 1500.0) == n2.flow_mbar_l_per_s(0.0)
    assert n2.flow_mbar_l_per_s(0.5285 * 1500.0) == pytest.approx(n2.flow_mbar_l_per_s(0.0), rel=1e-4)
    assert n2.flow_mbar_l_per_s(1500.0) == 0.0
    flows = [n2.flow_mbar_l_per_s(p) for p in range(800, 1501, 20)]
    assert flows == sorted(flows, reverse=True)
    assert Orifice(N2, 1.0, 0.8, 1500.0).flow_mbar_l_per_s(0.0) == pytest.approx(190.0, rel=0.005)
    argon = Orifice(ARGON, 2.0, 0.8, 1500.0)
    assert argon.flow_mbar_l_per_s(0.486 * 1500.0) == argon.flow_mbar_l_per_s(0.0)
    assert argon.flow_mbar_l_per_s(0.4885 * 1500.0) < argon.flow_mbar_l_per_s(0.0)


def test_venting_ends_at_the_relief_valve() -> None:
    gas = Vacuum(VacuumParameters())
    gas.start_pumped(7200.0)
    gas.turbo.driven, gas.gate_valve = False, 0.0
    gas.argon_valve = 1.0
    for _ in range(3000):
        gas.step(0.1, 0.0, 0.0)
    assert 1030.0 < gas.total < 1050.0
    assert gas.argon / gas.total > 0.99


def test_closed_volume_keeps_its_gas_and_rises_by_leak_and_walls() -> None:
    gas = Vacuum(TIGHT)
    gas.start_vented(3.0)
    for _ in range(1000):
        gas.step(0.1, 0.0, 0.0)
    assert gas.argon == 3.0
    gas.leak = 0.7
    for _ in range(1000):
        gas.step(0.1, 0.0, 0.0)
    assert gas.argon + gas.n2 + gas.water == pytest.approx(3.0 + 1e-7 * 3.0 + 0.7 * 100.0 / 70.0, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.0, 900.0),
    st.floats(0.0, 900.0),
    st.floats(0.0, 1.0),
    st.booleans(),
    st.sampled_from([0.1, 0.5]),
)
def test_through_a_standing_turbo_both_sides_become_equal(
    chamber_mbar: float, foreline_mbar: float, speed: float, still: bool, step_s: float
) -> None:
    """With no pump at work gas only moves: its amount stays, pressures stay positive and meet."""
    gas = Vacuum(TIGHT)
    gas.start_vented(chamber_mbar)
    gas.foreline = foreline_mbar
    gas.gate_valve = 1.0
    gas.turbo.speed = 0.0 if still else speed
    amount = 70.0 * (gas.n2 + gas.argon + gas.water) + 2.0 * foreline_mbar
    for _ in range(200):
        gas.step(step_s, 0.0, 0.0)
        assert gas.foreline >= 0.0
        assert gas.total >= 0.0
        now = 70.0 * (gas.n2 + gas.argon + gas.water) + 2.0 * gas.foreline
        assert now == pytest.approx(amount, rel=0.01, abs=1e-6)
    if still and amount > 1.0:
        # long steps are taken in high vacuum only, where nothing hangs on this
        close = 0.03 if step_s == 0.1 else 0.2
        assert gas.foreline == pytest.approx(gas.n2 + gas.argon + gas.water, rel=close)


def test_roughing_pump_limits_what_a_valve_opened_at_high_vacuum_does() -> None:
    gas = Vacuum(VacuumParameters())
    gas.start_pumped(7200.0)
    gas.gate_valve = 0.0
    gas.rough_valve = 1.0
    for _ in range(3000):
        gas.step(0.1, 0.0, 0.0)
    assert gas.total == pytest.approx(0.02, rel=0.05)  # it back-streams to its own ultimate pressure


def test_turbo_runs_up_coasts_and_trips() -> None:
    turbo = Turbo(VacuumParameters())
    turbo.driven = True
    for _ in range(2101):
        turbo.step(0.1, 0.0, 0.02)
    assert turbo.speed == 1.0
    turbo.driven = False
    for _ in range(16 * 600):
        turbo.step(0.1, 0.0, 0.02)
    assert turbo.speed == pytest.approx(0.2, abs=0.01)  # 20 % after 16 min
    turbo.driven = True
    for _ in range(2000):
        turbo.step(0.1, 0.0, 0.02)
    for _ in range(25):
        turbo.step(0.1, 50.0, 0.02)
    assert turbo.error == GAS_LOAD
    turbo.acknowledge(50.0, 0.02)
    assert turbo.error == GAS_LOAD
    turbo.acknowledge(1e-6, 0.02)
    assert turbo.error == NO_ERROR
    turbo.trip()
    turbo.acknowledge(1e-6, 0.02)
    assert turbo.error == DRIVE_TRIP
    turbo.faulty = False
    turbo.acknowledge(1e-6, 0.02)
    turbo.step(0.1, 1e-6, 0.02)
    assert turbo.error == NO_ERROR


def test_turbo_that_cannot_run_up_says_so() -> None:
    turbo = Turbo(VacuumParameters())
    turbo.driven = True
    for _ in range(4900):
        turbo.step(0.1, 0.0, 20.0)
    assert turbo.error == GAS_LOAD
    assert turbo.speed < AT_SPEED
