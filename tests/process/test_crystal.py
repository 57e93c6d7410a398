"""The crystal as the controller sees it: noise, spits, jumps, a frozen, dead, noisy or silent one, a change of rate."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.chamber.model import Film, Monitor
from pvdctl.instrument.poll import Poll
from pvdctl.instrument.tag import BAD, GOOD, Tag
from pvdctl.process.crystal import DEAD_S, FROZEN_PERIODS, QUALITY_FAIL, Crystal
from pvdctl.process.zmatch import ZMatch
from tests.system.small import shipped_chamber

PERIOD_S = 0.25
SCAN_S = 0.1
RATE = 0.5


@dataclass
class OneSensor:
    frequency_hz: Tag
    rate_nm_per_s: Tag
    thickness_nm: Tag


class Line:
    """A crystal under a film that grows as told, seen through a monitor of 0.25 s and scans of 0.1 s."""

    def __init__(self, film: str = "Zn", noise_hz: float = 0.03, seed: int = 1) -> None:
        chamber = shipped_chamber().model
        facts: Film = chamber.films[film]
        monitor: Monitor = chamber.monitor
        self.tag = Tag("frequency", "Hz")
        self.poll = Poll("monitor.sensors", (self.tag,), lambda link: (0.0,), 0.1)
        self.poll.stale = False
        self.poll.at_s = 0.0
        self.tag.set(5_985_000.0)
        other = Tag("unused", "")
        self.crystal = Crystal(1, OneSensor(self.tag, other, other), facts, monitor)
        self.zmatch = ZMatch(facts.density_g_per_cm3, facts.z_factor)
        self.tooling = facts.tooling_percent[1] / 100.0
        self.dice = Random(seed)
        self.noise_hz = noise_hz
        self.true_hz = 5_985_000.0
        self.true_nm = 0.0
        self.now_s = 0.0
        self.periods = 0
        self.crystal.start(0.0)

    def measure(self, nm: float, spit_hz: float = 0.0) -> None:
        """One period of the monitor, with so much more film; `spit_hz`: a droplet, on the crystal alone."""
        self.true_hz -= nm / self.tooling / self.zmatch.nm_per_hz(self.true_hz)
        self.true_hz -= spit_hz
        self.tag.set(round(self.true_hz + self.dice.gauss(0.0, self.noise_hz), 2))

    def grow(
        self, seconds: float, rate: Callable[[float], float] = lambda now_s: RATE, spits: dict[int, float] | None = None
    ) -> None:
        """Let a film grow; `spits`: droplet in Hz by the number of the period, on the crystal alone."""
        end_s = self.now_s + seconds
        while self.now_s < end_s - 1e-9:
            self.now_s = round(self.now_s + SCAN_S, 3)
            while (self.periods + 1) * PERIOD_S <= self.now_s + 1e-9:
                self.periods += 1
                nm = rate(self.periods * PERIOD_S) * PERIOD_S
                self.true_nm += nm
                self.measure(nm, (spits or {}).get(self.periods, 0.0))
            self.poll.at_s = self.now_s
            self.crystal.update(self.now_s)


def test_film_and_rate_of_a_quiet_crystal() -> None:
    line = Line()
    line.grow(120.0)
    assert line.crystal.film_nm == pytest.approx(60.0, abs=0.01)
    assert line.crystal.rate_nm_per_s == pytest.approx(RATE, rel=0.02)
    assert line.crystal.total_nm() == pytest.approx(line.crystal.film_nm, abs=0.01)
    assert line.crystal.outliers == 0
    assert not line.crystal.failure
    assert not line.crystal.lost


def test_tooling_scales_film_and_rate() -> None:
    """Lithium has a tooling of 104 %: the crystal sees less than the substrate."""
    line = Line("Li")
    line.grow(60.0)
    assert line.crystal.film_nm == pytest.approx(30.0, abs=0.2)
    assert line.tooling == pytest.approx(1.04)


@settings(max_examples=30, deadline=None)
@given(
    spits=st.dictionaries(st.integers(60, 400), st.floats(-80.0, 80.0).filter(lambda hz: abs(hz) > 8.0), max_size=6),
    seed=st.integers(0, 1000),
)
def test_spits_are_no_film(spits: dict[int, float], seed: int) -> None:
    """Droplets of 0.14 to 1.4 nm on the crystal alone change the film count by less than 0.3 %."""
    apart = {n: hz for n, hz in spits.items() if not any(0 < m - n < 6 for m in spits)}
    line = Line(seed=seed)
    line.grow(120.0, spits=apart)
    assert line.crystal.film_nm == pytest.approx(line.true_nm, rel=0.003)
    assert line.crystal.outliers >= len(apart)


@settings(max_examples=20, deadline=None)
@given(to=st.floats(0.1, 1.5), seed=st.integers(0, 100))
def test_a_real_change_of_rate_is_believed(to: float, seed: int) -> None:
    """After a second a new rate is the rate, and no film is lost on the way."""
    line = Line(seed=seed)
    line.grow(30.0)
    line.grow(30.0, lambda now_s: to)
    assert line.crystal.rate_nm_per_s == pytest.approx(to, rel=0.1, abs=0.02)
    assert line.crystal.film_nm == pytest.approx(line.true_nm, abs=0.35)


def test_a_frozen_frequency_fails() -> None:
    line = Line()
    line.grow(10.0)
    for _ in range(int((FROZEN_PERIODS + 2) * PERIOD_S / SCAN_S) + 1):
        line.now_s += SCAN_S
        line.crystal.update(line.now_s)
    assert "has not changed" in line.crystal.failure


@pytest.mark.parametrize("jump_hz", [-2000.0, 2000.0, 172_000.0, -301.0])
def test_a_jump_that_no_film_can_make_fails(jump_hz: float) -> None:
    line = Line()
    line.grow(10.0)
    line.tag.set(round(line.true_hz + jump_hz, 2))
    film_nm = line.crystal.film_nm
    line.crystal.update(line.now_s + PERIOD_S)
    assert "jumped" in line.crystal.failure
    assert line.crystal.film_nm == film_nm


def test_a_dead_crystal_fails_after_its_time_and_not_before() -> None:
    line = Line()
    line.grow(10.0)
    line.tag.spoil("no crystal signal on sensor 1", BAD)
    line.crystal.update(line.now_s + DEAD_S - 0.05)
    assert not line.crystal.failure
    line.crystal.update(line.now_s + DEAD_S + 0.2)
    assert "no crystal signal" in line.crystal.failure
    assert not line.crystal.lost


def test_a_silent_monitor_is_a_lost_reading_and_no_failed_crystal() -> None:
    line = Line()
    line.grow(10.0)
    line.poll.stale = True
    line.tag.spoil("no new reading for 0.6 s", BAD)
    line.crystal.update(line.now_s + 5.0)
    assert "no new reading" in line.crystal.lost
    assert not line.crystal.failure
    line.poll.stale = False
    line.tag.quality = GOOD
    line.crystal.update(line.now_s + 5.1)
    assert not line.crystal.lost


def test_a_noisy_crystal_fails_and_a_lively_source_does_not() -> None:
    noisy = Line()
    noisy.grow(30.0)
    noisy.noise_hz = 30.0 * 0.03 * 8.0
    noisy.grow(0.25 * QUALITY_FAIL * 6)
    assert "scatter" in noisy.crystal.failure
    lively = Line()
    dice = Random(7)
    lively.grow(300.0, lambda now_s: RATE * (1.0 + dice.gauss(0.0, 0.08)))
    assert not lively.crystal.failure


def test_resettle_forgets_the_rate_and_keeps_the_film() -> None:
    line = Line()
    line.grow(20.0)
    film_nm = line.crystal.film_nm
    line.crystal.resettle(line.now_s)
    assert line.crystal.rate_nm_per_s == 0.0
    assert line.crystal.film_nm == film_nm


def test_film_between_measurements_is_extrapolated() -> None:
    line = Line()
    line.grow(20.0)
    crystal = line.crystal
    ahead = crystal.film_at(crystal.measured_s + 0.2) - crystal.film_nm
    assert ahead == pytest.approx(0.2 * crystal.rate_nm_per_s)


@given(
    poll_s=st.floats(0.05, 0.24), phase_s=st.floats(0.0, 0.25), drift=st.floats(-0.005, 0.01), seed=st.integers(0, 99)
)
@settings(max_examples=60)
def test_film_and_rate_do_not_depend_on_how_polls_fall_between_measurements(
    poll_s: float, phase_s: float, drift: float, seed: int
) -> None:
    line = Line(seed=seed)
    period_s = PERIOD_S * (1.0 + drift)
    polls = measured = 0
    rates = []
    for scan in range(1, 1201):
        now_s = scan * SCAN_S
        while (polls + 1) * poll_s <= now_s:
            polls += 1
            at_s = polls * poll_s
            while phase_s + (measured + 1) * period_s <= at_s:
                measured += 1
                line.measure(RATE * period_s)
            line.poll.at_s = at_s
        line.crystal.update(now_s)
        if scan > 300:
            rates.append(line.crystal.rate_nm_per_s)
    assert line.crystal.film_nm == pytest.approx(measured * RATE * period_s, abs=0.02)
    assert sum(rates) / len(rates) == pytest.approx(RATE, rel=0.015)
    assert min(rates) > 0.85 * RATE
    assert max(rates) < 1.15 * RATE


@given(least_s=st.floats(0.15, 0.35), spread_s=st.floats(0.0, 0.3), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_film_and_rate_on_a_line_so_slow_that_measurements_are_missed(
    least_s: float, spread_s: float, seed: int
) -> None:
    """Polls come as the line allows, one measurement or several apart: a missed one is no outlier and no lost film."""
    line = Line(seed=seed)
    dice = Random(seed)
    at_s, measured, rates = 0.0, 0, []
    while at_s < 120.0:
        at_s += least_s + spread_s * dice.random()
        while (measured + 1) * PERIOD_S <= at_s:
            measured += 1
            line.measure(RATE * PERIOD_S)
        line.poll.at_s = at_s
        line.crystal.update(at_s)
        if at_s > 30.0:
            rates.append(line.crystal.rate_nm_per_s)
    assert line.crystal.film_nm == pytest.approx(measured * RATE * PERIOD_S, rel=0.025)
    assert sum(rates) / len(rates) == pytest.approx(RATE, rel=0.05)
