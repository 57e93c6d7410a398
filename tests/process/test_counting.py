"""What is counted: film while the shutter is open, gas while it is there."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.instrument.tag import Tag
from pvdctl.process.exposure import Exposure
from pvdctl.process.steps.film_count import FilmCount
from tests.process.test_crystal import Line

TRAVEL_S = 0.3


def real(seconds: float, rate: float, travel_s: float = TRAVEL_S) -> float:
    """What arrives through a shutter that opens and closes linearly, told to close `seconds` after told to open."""
    step_s = 1e-3
    total = 0.0
    n = round((seconds + travel_s) / step_s)
    for i in range(n):
        now_s = (i + 0.5) * step_s
        opening = min(1.0, now_s / travel_s)
        closing = min(1.0, max(0.0, (now_s - seconds) / travel_s))
        total += rate * (opening - closing) * step_s
    return total


@pytest.mark.parametrize("seconds", [0.5, 3.0, 60.0])
@pytest.mark.parametrize("rate", [0.1, 0.5, 2.0])
def test_shutter_travel_counts_as_it_arrives(seconds: float, rate: float) -> None:
    line = Line(noise_hz=0.0)
    line.grow(20.0, lambda now_s: rate)
    count = FilmCount(TRAVEL_S)
    count.open(line.crystal, line.now_s)
    line.grow(seconds, lambda now_s: rate)
    count.close(line.crystal, line.now_s)
    assert count.total_nm == pytest.approx(real(seconds, rate), abs=0.06 * rate)
    assert count.open_s == pytest.approx(seconds, abs=1e-6)
    assert not count.is_open


def test_what_comes_while_closed_is_no_film() -> None:
    line = Line(noise_hz=0.0)
    line.grow(20.0)
    count = FilmCount(TRAVEL_S)
    count.open(line.crystal, line.now_s)
    line.grow(10.0)
    count.close(line.crystal, line.now_s)
    film_nm = count.total_nm
    line.grow(100.0)
    assert count.now_nm(line.crystal, line.now_s) == film_nm
    count.close(line.crystal, line.now_s)
    assert count.total_nm == film_nm
    count.open(line.crystal, line.now_s)
    line.grow(10.0)
    count.close(line.crystal, line.now_s)
    assert count.total_nm == pytest.approx(2.0 * film_nm, abs=0.05)


def test_told_to_close_now_is_what_closing_now_gives() -> None:
    line = Line()
    line.grow(20.0)
    count = FilmCount(TRAVEL_S)
    count.open(line.crystal, line.now_s)
    line.grow(7.3)
    foretold = count.now_nm(line.crystal, line.now_s)
    count.close(line.crystal, line.now_s)
    assert count.total_nm == foretold


def test_another_crystal_goes_on_counting() -> None:
    first, second = Line(noise_hz=0.0), Line(noise_hz=0.0)
    first.grow(20.0)
    second.grow(20.0)
    count = FilmCount(TRAVEL_S)
    count.open(first.crystal, first.now_s)
    first.grow(10.0)
    second.grow(12.0)  # the first one has been dead for two seconds
    count.change(first.crystal, second.crystal, second.now_s, 0.5)
    second.grow(8.0)
    count.close(second.crystal, second.now_s)
    assert count.total_nm == pytest.approx(10.0, abs=0.1)
    assert count.open_s == pytest.approx(20.0, abs=1e-6)


# --- gas ----------------------------------------------------------------------------------------------------------
@given(
    levels=st.lists(st.tuples(st.floats(0.0, 600.0), st.integers(1, 50)), min_size=1, max_size=8),
)
def test_dose_is_the_integral_of_the_pressure_read(levels: list[tuple[float, int]]) -> None:
    exposure = Exposure("nitrogen", "n2", 500.0, 0.0)
    tag = Tag("chamber_pressure", "mbar")
    now_s = 0.0
    points = [(0.0, 0.0)]
    for level, scans in levels:
        for _ in range(scans):
            now_s += 0.1
            tag.set(level)
            exposure.update(tag, now_s)
            points.append((now_s, level))
    integral = sum(0.5 * (b[1] + a[1]) * (b[0] - a[0]) for a, b in pairwise(points))
    assert exposure.dose_mbar_s == pytest.approx(integral, rel=1e-9, abs=1e-9)
    assert exposure.peak_mbar == max(level for level, _ in levels)


def test_a_missing_reading_is_time_unread_and_no_dose() -> None:
    exposure = Exposure("nitrogen", "n2", 500.0, 0.0)
    tag = Tag("chamber_pressure", "mbar")
    for n in range(1, 101):
        if 40 <= n < 60:
            tag.spoil("sensor error")
        else:
            tag.set(100.0)
        exposure.update(tag, n * 0.1)
    assert exposure.unread_s == pytest.approx(2.0)
    assert exposure.dose_mbar_s == pytest.approx(800.0, abs=6.0)
    assert exposure.as_data()["unread_s"] == pytest.approx(2.0)


def test_the_hold_ends_when_pumping_begins() -> None:
    exposure = Exposure("nitrogen", "n2", 500.0, 10.0)
    tag = Tag("chamber_pressure", "mbar")
    exposure.at_pressure_s = 54.0
    exposure.evacuating_s = 234.0
    tag.set(500.0)
    exposure.update(tag, 300.0)
    data = exposure.as_data()
    assert data["fill_s"] == 44.0
    assert data["hold_s"] == 180.0
    assert data["gas_s"] == 290.0
