"""The plant's own normal deviates are those of the standard library, value for value."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.plant.noise import normal, stream


@given(seed=st.integers(0, 1000), sigmas=st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=50))
def test_the_same_values_in_the_same_order(seed: int, sigmas: list[float]) -> None:
    draw, library = normal(seed, "test"), stream(seed, "test")
    assert [draw(sigma) for sigma in sigmas] == [library.gauss(0.0, sigma) for sigma in sigmas]
