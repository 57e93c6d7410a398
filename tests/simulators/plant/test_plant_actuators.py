"""Travel of shutters and valves, exact within a step."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.plant.actuators import Actuator, Path, integral, product_integral


def run(actuator: Actuator, orders: list[tuple[float, bool]], until_s: float) -> Path:
    actuator.begin(0.0)
    for at_s, on in orders:
        actuator.move(at_s)
        actuator.ordered = on
    actuator.move(until_s)
    return actuator.path


def test_opens_linearly_over_its_travel() -> None:
    shutter = Actuator("substrate_shutter", 0.3)
    path = run(shutter, [(0.05, True)], 1.0)
    assert shutter.position == 1.0
    assert integral(path) == pytest.approx(0.15 + 0.65)


def test_turns_round_in_flight() -> None:
    shutter = Actuator("substrate_shutter", 0.4)
    path = run(shutter, [(0.1, True), (0.3, False)], 0.4)
    assert shutter.position == pytest.approx(0.25)
    assert integral(path) == pytest.approx(0.5 * 0.5 * 0.2 + 0.5 * (0.5 + 0.25) * 0.1)


ORDERS = st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), max_size=5).map(sorted)


@given(ORDERS, ORDERS, st.floats(0.05, 0.9), st.floats(0.05, 0.9))
def test_product_integral_is_what_counting_gives(
    first: list[tuple[float, bool]], second: list[tuple[float, bool]], slow_s: float, fast_s: float
) -> None:
    a, b = run(Actuator("a", slow_s), first, 1.0), run(Actuator("b", fast_s), second, 1.0)

    def at(path: Path, t: float) -> float:
        here = path[0][1]
        for (t0, y0), (t1, y1) in itertools.pairwise(path):
            if t0 <= t <= t1 and t1 > t0:
                return y0 + (y1 - y0) * (t - t0) / (t1 - t0)
            here = y1
        return here

    counted = sum(at(a, (k + 0.5) / 2000) * at(b, (k + 0.5) / 2000) for k in range(2000)) / 2000
    assert product_integral(a, b) == pytest.approx(counted, abs=2e-4)
    assert 0.0 <= product_integral(a, b) <= min(integral(a), integral(b)) + 1e-12


def test_what_holds_it_fast() -> None:
    shutter = Actuator("substrate_shutter", 0.3)
    shutter.stuck_closed = True
    run(shutter, [(0.0, True)], 1.0)
    assert shutter.position == 0.0
    shutter.stuck_closed = False
    shutter.move(2.0)
    assert shutter.position == 1.0
    shutter.stuck_open = True
    shutter.ordered = False
    shutter.move(3.0)
    assert shutter.position == 1.0
    shutter.stuck_open = False
    shutter.move(3.15)
    shutter.frozen = True
    shutter.move(4.0)
    assert shutter.position == pytest.approx(0.5)
    shutter.frozen = False
    shutter.ordered = True
    shutter.air = False
    shutter.move(5.0)
    assert shutter.position == 0.0
