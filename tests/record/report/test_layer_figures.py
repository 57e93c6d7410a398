"""Verdicts: what the recipe asked for decides, not what looks good."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pvdctl.process.actuators import POSITION_WORDS
from pvdctl.process.states import State
from pvdctl.recipe.load import parse_recipe
from pvdctl.recipe.model import Deposit, Recipe
from pvdctl.record.codes import OPEN, POSITIONS, STATES, codes_of
from pvdctl.record.layer_figures import LayerFigures, judge

SCAN_S = 0.1
STEP = (
    "{{do: deposit, name: {name}, film: Zn, thickness: 10 nm, rate: 0.5 nm/s, tolerance: 10 %, in_band_for: 5 s, "
    "qualify_within: 90 s, rate_error_after: 2 s, on_rate_error: hold, on_crystal_fail: hold, on_lost_reading: hold}}"
)


def asked(*names: str, thickness_tolerance: str = "") -> Recipe:
    steps = "\n".join(f"  - {STEP.format(name=name)}" for name in names)
    if thickness_tolerance:
        steps = steps.replace("tolerance: 10 %", f"tolerance: 10 %, thickness_tolerance: {thickness_tolerance}")
    return parse_recipe(f'recipe: test\nversion: "1"\ntitle: test\nsteps:\n{steps}\n'.encode(), "test").model


def samples(rate: list[float], step: int = 1, film: float = 10.0, is_open: bool = True) -> dict[str, NDArray[Any]]:
    """One step with its substrate shutter open all the time, or never."""
    count = len(rate)
    return {
        "time_s": np.arange(count) * SCAN_S,
        "step": np.full(count, float(step)),
        "rate": np.array(rate),
        "film": np.linspace(0.0, film, count),
        "shutter_position": np.full(count, float(OPEN if is_open else 1)),
    }


def row(**changed: Any) -> dict[str, Any]:
    facts = {
        "name": "zinc",
        "film": "Zn",
        "target_nm": 10.0,
        "read_nm": 10.0,
        "rate_target_nm_s": 0.5,
        "ended": "complete",
    }
    return {**facts, "rate_mean_nm_s": 0.5, **changed}


def only(found: list[LayerFigures]) -> LayerFigures:
    (layer,) = found
    return layer


def test_a_good_layer_is_told_with_its_figures() -> None:
    layer = only(judge([row(read_nm=10.02, true_nm=9.9)], asked("zinc"), samples([0.5] * 201), "shutter", "Complete"))
    assert layer.thickness == (True, "reached")
    assert layer.rate == (True, "within ±10 %")
    assert layer.error_percent == pytest.approx(0.2)
    assert layer.true_error_percent == pytest.approx(-1.0)
    assert layer.in_band_percent == 100.0
    assert (layer.low_nm_per_s, layer.high_nm_per_s) == pytest.approx((0.45, 0.55))
    assert (layer.open_from_s, layer.open_to_s) == pytest.approx((0.0, 20.0))


@pytest.mark.parametrize(
    ("out_scans", "good", "words"),
    [
        (0, True, "within ±10 %"),
        (15, True, "within ±10 %, out 1.5 s"),
        (20, True, "within ±10 %, out 2.0 s"),  # just as long as the recipe allows
        (21, False, "outside ±10 % for 2 s"),
        (100, False, "outside ±10 % for 10 s"),
    ],
)
def test_the_recipe_says_how_long_the_rate_may_leave_its_band(out_scans: int, good: bool, words: str) -> None:
    rate = [0.5] * 50 + [0.56] * out_scans + [0.5] * 50
    layer = only(judge([row()], asked("zinc"), samples(rate), "shutter", "Complete"))
    assert layer.rate == (good, words)
    assert layer.longest_out_s == pytest.approx(out_scans * SCAN_S)
    assert layer.in_band_percent == pytest.approx(100.0 * 100 / len(rate))


def test_a_rate_that_was_not_known_was_not_in_band() -> None:
    layer = only(judge([row()], asked("zinc"), samples([0.5] * 50 + [float("nan")] * 50), "shutter", "Complete"))
    assert layer.rate.good is False
    assert layer.in_band_percent == 50.0


def test_a_mean_outside_the_band_is_told_even_when_no_stretch_is_long() -> None:
    layer = only(judge([row(rate_mean_nm_s=0.56)], asked("zinc"), samples([0.5] * 100), "shutter", "Complete"))
    assert layer.rate == (False, "mean outside ±10 %")


def test_a_layer_cut_short_says_by_how_much() -> None:
    cut = row(read_nm=7.5, ended="aborted")
    layer = only(judge([cut], asked("zinc"), samples([0.5] * 100), "shutter", "Aborted"))
    assert layer.thickness == (False, "2.5 nm short")
    assert layer.rate.good is True


@pytest.mark.parametrize(
    ("read_nm", "ended", "by_time", "verdict"),
    [
        (10.0, "complete", False, (True, "reached, within ±2 %")),
        (9.8, "complete", False, (True, "reached, within ±2 %")),
        (10.201, "complete", False, (False, "reached, out of tolerance ±2 %")),
        (9.799, "complete", False, (False, "reached, out of tolerance ±2 %")),
        (9.9, "stopped", False, (True, "0.1 nm short, within ±2 %")),
        (5.0, "aborted", False, (False, "5.0 nm short, out of tolerance ±2 %")),
        (10.0, "complete", True, (None, "reached by time, ±2 % not judged")),
        (5.0, "stopped", True, (False, "5.0 nm short by time, ±2 % not judged")),
        (0.0, "not begun", False, (False, "not begun")),
    ],
)
def test_a_thickness_is_judged_by_the_tolerance_where_one_is_given(
    read_nm: float, ended: str, by_time: bool, verdict: tuple[bool | None, str]
) -> None:
    made = row(read_nm=read_nm, ended=ended, by_time=by_time)
    layer = only(judge([made], asked("zinc", thickness_tolerance="2 %"), samples([0.5] * 100), "shutter", "Complete"))
    assert layer.thickness == verdict


@given(st.floats(1.0, 5000.0), st.floats(0.01, 100.0))
def test_the_bound_of_a_tolerance_is_within_it(thickness_nm: float, percent: float) -> None:
    step = asked("zinc", thickness_tolerance="2 %").steps[0]
    assert isinstance(step, Deposit)
    step = step.model_copy(update={"thickness_nm": thickness_nm, "thickness_tolerance_percent": percent})
    allowed_nm = thickness_nm * percent / 100.0
    for sign in (-1.0, 1.0):
        assert step.in_tolerance(thickness_nm + sign * allowed_nm)
        assert not step.in_tolerance(thickness_nm + sign * 1.0001 * allowed_nm)
    assert step.model_copy(update={"thickness_tolerance_percent": None}).in_tolerance(thickness_nm) is None


def test_what_the_recipe_asked_for_and_nobody_made_is_in_the_table() -> None:
    layers = judge([row()], asked("zinc", "more"), samples([0.5] * 100), "shutter", "Stopped")
    assert [layer.name for layer in layers] == ["zinc", "more"]
    assert layers[1].thickness == (False, "not begun")
    assert layers[1].rate == (None, "nothing deposited")
    assert layers[1].open_from_s is None


def test_a_layer_cut_off_with_the_program_is_told_from_its_samples() -> None:
    layer = only(judge([], asked("zinc"), samples([0.5] * 101, film=5.0), "shutter", "Interrupted"))
    assert layer.facts["read_nm"] == pytest.approx(5.0)
    assert layer.facts["open_s"] == pytest.approx(10.0)
    assert layer.thickness == (False, "5.0 nm short")


def test_a_step_that_never_opened_its_shutter_put_nothing_down() -> None:
    layer = only(judge([], asked("zinc"), samples([0.5] * 101, film=5.0, is_open=False), "shutter", "Stopped"))
    assert layer.facts["read_nm"] == 0.0
    assert layer.thickness == (False, "10.0 nm short")


def test_without_a_readable_recipe_nothing_is_judged_that_it_decides() -> None:
    layer = only(judge([row()], None, samples([9.9] * 10), "shutter", "Complete"))
    assert layer.rate == (None, "recipe not readable")
    assert layer.thickness.good is True
    assert layer.low_nm_per_s is None


@given(st.lists(st.booleans(), min_size=1, max_size=80))
def test_the_longest_time_out_of_band_is_that_of_the_longest_stretch(inside: list[bool]) -> None:
    rate = [0.5 if good else 0.7 for good in inside]
    layer = only(judge([row()], asked("zinc"), samples(rate), "shutter", "Complete"))
    longest = begin = 0
    for place, good in enumerate([*inside, True]):
        if good:
            longest, begin = max(longest, min(place, len(inside) - 1) - begin), place + 1
    assert layer.longest_out_s == pytest.approx(longest * SCAN_S, abs=1e-9)
    assert layer.in_band_percent == pytest.approx(100.0 * sum(inside) / len(inside))


def test_words_for_codes_are_those_of_the_process() -> None:
    assert {number: word.upper() for number, word in STATES.items()} == {state.value: state.name for state in State}
    assert tuple(POSITIONS.values()) == POSITION_WORDS
    assert codes_of("state") == STATES
    assert codes_of("gate_valve_position") == POSITIONS
    assert codes_of("rate") == {}
