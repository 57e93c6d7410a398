"""The substrate's bookkeeping and the labelled calibration of nitride and alloy."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.plant.film import Film, Nitride
from simulators.plant.params import FilmParameters

ZINC_300 = 300e-9 * 7140.0
LITHIUM_100 = 100e-9 * 534.0


def dose(film: Film, mbar: float = 500.0, fill_s: float = 44.0, hold_s: float = 180.0) -> None:
    """A ramp to `mbar`, the hold, and a pump-out as a 15 m3/h pump does it on 70 L."""
    before = 0.0
    for k in range(int(fill_s)):
        after = mbar * (k + 1) / int(fill_s)
        film.expose(before, after, 0.0, 1.0)
        before = after
    film.expose(before, before, 0.0, hold_s)
    for _ in range(180):
        after = before * 0.942
        film.expose(before, after, 0.0, 1.0)
        before = after


def named(film: Film) -> dict[str, float]:
    return {str(f["name"]): float(f["thickness_nm"]) for f in film.predicted()}


def test_dual_layer_as_in_the_paper() -> None:
    film = Film(FilmParameters())
    film.arrive("Zn", ZINC_300)
    film.arrive("Li", LITHIUM_100)
    dose(film)
    found = named(film)
    assert found == {"LiZn": pytest.approx(800.0, rel=0.01), "Li3N on LiZn": pytest.approx(700.0, rel=0.03)}
    assert all("calibrated to doi:10.1039/d4ta06366j" in str(f["basis"]) for f in film.predicted())
    assert [layer.thickness_nm for layer in film.layers] == pytest.approx([300.0, 100.0])
    assert film.exposure_mbar_s == pytest.approx(500.0 * (22.0 + 180.0 + 16.7), rel=0.01)


def test_single_layer_as_in_the_paper() -> None:
    film = Film(FilmParameters())
    film.arrive("Li", LITHIUM_100)
    dose(film, hold_s=40.0)
    assert named(film) == {"Li3N on Li": pytest.approx(110.0, rel=0.01)}
    dose(film)
    assert named(film) == {"Li3N on Li": pytest.approx(110.0, rel=0.01)}


def test_no_nitride_without_enough_nitrogen() -> None:
    film = Film(FilmParameters())
    film.arrive("Li", LITHIUM_100)
    film.expose(0.013, 0.013, 0.0, 3600.0)
    assert named(film) == {"Li": pytest.approx(100.0)}


def test_half_a_dose_leaves_lithium() -> None:
    film = Film(FilmParameters())
    film.arrive("Li", LITHIUM_100)
    film.expose(500.0, 500.0, 0.0, 10.0)
    found = named(film)
    assert found["Li3N on Li"] == pytest.approx(48.0, rel=0.02)
    assert found["Li"] == pytest.approx(100.0 * (1.0 - found["Li3N on Li"] / 109.8), rel=0.01)


def test_waiting_in_water_costs_reactivity() -> None:
    film = Film(FilmParameters())
    film.arrive("Li", LITHIUM_100)
    film.expose(0.0, 0.0, 1e-6, 600.0)
    nitride = film.layers[-1].nitride
    assert nitride is not None
    assert nitride.oxide == pytest.approx(0.095, abs=0.002)  # 0.01 a minute
    film.arrive("Li", 1e-9)
    assert nitride.oxide == 0.0


def test_lithium_on_nitrided_lithium_is_a_new_layer() -> None:
    film = Film(FilmParameters())
    film.arrive("Li", LITHIUM_100)
    dose(film)
    film.arrive("Li", LITHIUM_100)
    dose(film)
    assert [f["name"] for f in film.predicted()] == ["Li3N on Li", "Li3N on Li"]
    assert len(film.layers) == 2


def test_four_dual_layers() -> None:
    film = Film(FilmParameters())
    for _ in range(4):
        film.arrive("Zn", ZINC_300)
        film.arrive("Li", LITHIUM_100)
        dose(film)
    assert [f["name"] for f in film.predicted()] == ["LiZn", "Li3N on LiZn"] * 4


@settings(max_examples=50)
@given(st.floats(0.05, 1000.0), st.floats(0.1, 1000.0), st.integers(1, 40), st.floats(0.0, 1.0))
def test_growth_does_not_depend_on_the_step(mbar: float, seconds: float, parts: int, power: float) -> None:
    parameters = replace(FilmParameters(), pressure_power=power)
    once, often = Nitride(parameters), Nitride(parameters)
    for nitride in (once, often):
        nitride.supply(1e-3)
    taken = once.grow(mbar, seconds)
    summed = sum(often.grow(mbar, seconds / parts) for _ in range(parts))
    assert often.thickness_nm == pytest.approx(once.thickness_nm, rel=1e-9)
    assert summed == pytest.approx(taken, rel=1e-9)
    assert once.thickness_nm <= once.limit_nm


def test_nitrogen_of_a_hundred_nanometres() -> None:
    nitride = Nitride(FilmParameters())
    nitride.supply(LITHIUM_100)
    assert nitride.grow(500.0, 600.0) == pytest.approx(3.59e-5, rel=0.005)  # 3.59 ug/cm2
