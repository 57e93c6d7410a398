"""What the gauge heads believe: ranges, gases, noise, switching."""

import statistics

import pytest

from simulators.plant.gauges import (
    OK,
    OVERRANGE,
    SENSOR_ERROR,
    SENSOR_OFF,
    UNDERRANGE,
    Capacitance,
    FullRange,
    Head,
    Pirani,
)
from simulators.plant.params import VacuumParameters
from simulators.plant.vacuum import Vacuum


def chamber(n2: float = 0.0, argon: float = 0.0, foreline: float = 1.0) -> Vacuum:
    gas = Vacuum(VacuumParameters())
    gas.n2, gas.argon = n2, argon
    gas.total = n2 + argon
    gas.foreline = foreline
    return gas


def burning() -> FullRange:
    head = FullRange("full_range", 1)
    head.light()
    return head


def readings(head: Head, gas: Vacuum, count: int = 400) -> list[float]:
    values = []
    for step in range(count):
        head.read(gas, step)
        values.append(head.pressure_mbar)
    return values


@pytest.mark.parametrize(
    ("n2", "argon", "shown", "spread"),
    [
        (1e-6, 0.0, 1e-6, 0.02),
        (0.0, 1e-6, 1.25e-6, 0.02),  # ion gauge, argon: p = 0.8 x indicated
        (3e-3, 0.0, 3e-3, 0.02),
        (0.1, 0.0, 0.1, 0.01),
        (0.0, 1.0, 1.0 / 1.7, 0.01),  # a Pirani reads 40 % low in argon
        (500.0, 0.0, 500.0, 0.01),
    ],
)
def test_full_range(n2: float, argon: float, shown: float, spread: float) -> None:
    head = burning()
    values = readings(head, chamber(n2, argon))
    assert head.status == OK
    assert statistics.fmean(values) == pytest.approx(shown, rel=0.005)
    assert statistics.stdev(values) / shown == pytest.approx(spread, rel=0.25)


def test_pirani_is_lost_in_argon_near_atmosphere() -> None:
    assert readings(burning(), chamber(0.0, 1000.0), 1)[0] < 300.0


def test_blend_has_no_step() -> None:
    head = burning()
    for low in (0.9999e-3, 0.9999e-2):
        below, above = (statistics.fmean(readings(head, chamber(0.0, 1.7 * p))) for p in (low, low * 1.0002))
        assert above == pytest.approx(below, rel=0.002)


@pytest.mark.parametrize(("mbar", "status", "shown"), [(1e-9, UNDERRANGE, 5e-9), (1500.0, OVERRANGE, 1000.0)])
def test_ends_of_the_full_range(mbar: float, status: int, shown: float) -> None:
    head = burning()
    head.read(chamber(mbar), 0)
    assert (head.status, head.pressure_mbar) == (status, shown)


@pytest.mark.parametrize(
    ("mbar", "status", "shown"), [(1e-6, UNDERRANGE, 0.1), (1150.0, OVERRANGE, 1100.0), (1000.0, OK, 1000.0)]
)
def test_ends_of_the_capacitance_gauge(mbar: float, status: int, shown: float) -> None:
    head = Capacitance("capacitance", 3)
    values = readings(head, chamber(0.0, mbar), 1)
    while head.status != status:  # noise of 0.2 mbar may cross the end
        values = readings(head, chamber(0.0, mbar), len(values) + 1)
        assert len(values) < 20
    assert values[-1] == pytest.approx(shown, rel=0.004)


def test_capacitance_gauge_minds_no_gas() -> None:
    head = Capacitance("capacitance", 3)
    nitrogen, argon = (statistics.fmean(readings(head, gas)) for gas in (chamber(500.0), chamber(0.0, 500.0)))
    assert nitrogen == argon
    assert nitrogen == pytest.approx(500.0, rel=0.0025)
    assert statistics.stdev(readings(head, chamber(500.0))) == pytest.approx(0.2, rel=0.2)


def test_switched_off_it_says_so_everywhere() -> None:
    head = burning()
    head.on = False
    for mbar in (1e-6, 1e-2, 500.0):
        head.read(chamber(mbar), 1)
        assert head.status == SENSOR_OFF


def test_cold_cathode_takes_time_to_light() -> None:
    head = FullRange("full_range", 1)
    gas = chamber(1e-6)
    head.follow(gas, 10.0)
    head.read(gas, 1)
    assert head.status == UNDERRANGE  # the Pirani's, 5e-4 mbar
    assert head.pressure_mbar == 5e-4
    head.follow(gas, 10.6)
    head.read(gas, 2)
    assert head.status == OK
    assert head.pressure_mbar == pytest.approx(1e-6, rel=0.1)
    head.follow(chamber(1.0), 11.0)
    head.follow(gas, 11.1)
    head.read(gas, 3)
    assert head.status == UNDERRANGE
    cold = FullRange("full_range", 1)
    thin = chamber(1e-8)
    cold.follow(thin, 0.0)
    cold.follow(thin, 4.9)
    cold.read(thin, 1)
    assert cold.status == UNDERRANGE
    cold.follow(thin, 5.1)
    cold.read(thin, 2)
    assert cold.status == OK


def test_foreline_gauge() -> None:
    head = Pirani("foreline", 1)
    gas = chamber(foreline=0.5)
    assert statistics.fmean(readings(head, gas)) == pytest.approx(0.5, rel=0.005)
    gas.foreline_argon = 1.0
    assert statistics.fmean(readings(head, gas)) == pytest.approx(0.5 / 1.7, rel=0.005)
    gas.foreline = 1e-5
    head.read(gas, 999)
    assert head.status == UNDERRANGE


def test_faults_of_a_head() -> None:
    head = burning()
    gas = chamber(1e-6)
    head.read(gas, 1)
    value = head.pressure_mbar
    head.frozen = True
    gas.n2 = gas.total = 1e-3
    head.read(gas, 2)
    assert head.pressure_mbar == value
    head.frozen = False
    head.factor = 1000.0
    head.read(gas, 3)
    assert head.pressure_mbar == pytest.approx(1.0, rel=0.1)
    assert head.status == OK
    head.dead = True
    head.read(gas, 4)
    assert head.status == SENSOR_ERROR
