"""The rate loop: limits that are never passed, no wind-up, and a closed loop on a source that behaves like one."""

from math import exp, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.process.rate_control import LONGEST_JUMP_S, RateControl
from tests.system.small import shipped_chamber

TUNING = shipped_chamber().model.films["Zn"].control
MAX_A, SLEW = 140.0, 5.0


def control() -> RateControl:
    loop = RateControl(TUNING, MAX_A, SLEW)
    loop.start(110.0)
    return loop


@settings(max_examples=100, deadline=None)
@given(
    rates=st.lists(st.one_of(st.floats(-1.0, 50.0), st.just(0.0), st.floats(1e-9, 1e-3)), min_size=1, max_size=200),
    elapsed_s=st.floats(0.05, 1.0),
    start_a=st.floats(0.0, 140.0),
)
def test_slew_and_maximum_are_never_passed(rates: list[float], elapsed_s: float, start_a: float) -> None:
    loop = RateControl(TUNING, MAX_A, SLEW)
    loop.start(start_a)
    last = start_a
    for rate in rates:
        now = loop.step(0.5, rate, elapsed_s)
        assert 0.0 <= now <= MAX_A
        assert abs(now - last) <= SLEW * min(elapsed_s, LONGEST_JUMP_S) + 1e-9  # after a silence no jump either
        last = now


def test_at_limit_is_said_and_left_at_once() -> None:
    """A minute at the maximum winds nothing up: with the rate too high the current falls within a second."""
    loop = control()
    for _ in range(600):
        loop.step(0.5, 0.2, 0.25)
    assert loop.at_limit
    assert loop.current_a == MAX_A
    loop.step(0.5, 0.9, 0.25)
    assert loop.current_a < MAX_A
    assert not loop.at_limit


def test_no_wind_up_at_the_slew_limit() -> None:
    loop = control()
    for _ in range(20):
        loop.step(0.5, 5.0, 0.25)
    down_a = loop.current_a
    for _ in range(3):
        loop.step(0.5, 0.5, 0.25)
    assert abs(loop.current_a - down_a) < 20.0
    assert loop.current_a > down_a


@settings(max_examples=25, deadline=None)
@given(off=st.floats(-0.6, 0.6), gain=st.floats(0.5, 2.0), dead_s=st.floats(0.0, 3.0))
def test_settles_on_a_source_of_first_order(off: float, gain: float, dead_s: float) -> None:
    """ln(rate) follows the current with gain, time constant and dead time, each off by up to two."""
    loop = RateControl(TUNING, MAX_A, SLEW)
    loop.start(117.1)
    step_s = 0.25
    state = off
    dead = [117.1] * (1 + int(dead_s / step_s))
    highest = 0.0
    for index in range(int(300 / step_s)):
        rate = 0.5 * exp(state)
        dead.append(loop.step(0.5, rate, step_s))
        wanted = off + gain * TUNING.gain_per_a * (dead.pop(0) - 117.1)
        state += (wanted - state) * step_s / TUNING.time_constant_s
        if index * step_s > 60.0:
            highest = max(highest, abs(log(rate / 0.5)))
    assert abs(state) < 0.02
    assert highest < 0.15


def test_one_loop_gain_at_every_rate() -> None:
    """The answer to a relative error does not depend on the rate: the error is taken in ln(rate)."""
    answers = []
    for target in (0.05, 0.5, 5.0):
        loop = control()
        answers.append(loop.step(target, target * 1.05, 1.0) - 110.0)
    assert answers[0] == pytest.approx(answers[1])
    assert answers[1] == pytest.approx(answers[2])
    assert answers[1] < 0.0
