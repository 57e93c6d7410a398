"""How things are said: no number without a unit, nothing unknown told as zero, every state with a shape of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.service.messages import STATES, Measured
from pvdctl.tui import words


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.66e-6, "1.7e-06 mbar"), (0.0, "0 mbar"), (0.25, "0.25 mbar"), (20.04, "20 mbar"), (99.6, "100 mbar"),
        (1000.0, "1000 mbar"), (1013.25, "1013 mbar"), (None, "? mbar"),
    ],
)  # fmt: skip
def test_pressures(value: float | None, told: str) -> None:
    assert words.pressure(value) == told


@given(st.floats(1e-12, 2e3))
def test_a_pressure_told_is_within_five_percent(value_mbar: float) -> None:
    assert float(words.pressure(value_mbar).split()[0]) == pytest.approx(value_mbar, rel=0.051)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, "?"),
        (0.0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1:00"),
        (3599.6, "1:00:00"),
        (7384.0, "2:03:04"),
        (-3.0, "0 s"),
    ],
)
def test_durations(seconds: float | None, told: str) -> None:
    assert words.duration(seconds) == told


@pytest.mark.parametrize(
    ("value", "digits", "told"), [(-0.03, 1, "0.0 A"), (-0.06, 1, "-0.1 A"), (117.41, 1, "117.4 A"), (None, 1, "? A")]
)
def test_numbers(value: float | None, digits: int, told: str) -> None:
    assert words.number(value, digits, "A") == told


def test_a_reading_that_is_not_good_says_so_in_words() -> None:
    assert words.measured(Measured(1.0, "mbar", "good"), "1 mbar").plain == "1 mbar"
    assert words.measured(Measured(1.0, "mbar", "uncertain"), "1 mbar").plain == "1 mbar (uncertain)"
    assert words.measured(Measured(1.0, "mbar", "bad"), "1 mbar").plain == "1 mbar (bad)"


def test_every_state_has_a_shape_and_its_word() -> None:
    for state in STATES:
        shape, word = words.state(state).plain.split(" ")
        assert word == state
        assert shape
    resting = ["Execute", "Complete", "Held", "Stopped", "Aborted", "Idle"]
    assert len({words.STATE_SHAPES[state] for state in resting}) == len(resting)


def test_every_priority_has_a_shape_of_its_own() -> None:
    assert len(set(words.PRIORITY_SHAPES.values())) == len(words.PRIORITY_SHAPES) == len(words.PRIORITY_STYLES)
