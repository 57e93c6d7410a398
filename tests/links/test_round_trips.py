"""The ring of round trips."""

from hypothesis import given
from hypothesis import strategies as st

from pvdctl.links.round_trips import KEPT, RoundTrips


def test_nothing_yet() -> None:
    assert RoundTrips().quantile_s(0.5) is None


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=3 * KEPT))
def test_quantiles_are_those_of_the_newest(took_s: list[float]) -> None:
    trips = RoundTrips()
    for one in took_s:
        trips.add(one)
    newest = sorted(took_s[-KEPT:])
    assert trips.count == len(took_s)
    assert trips.quantile_s(0.0) == newest[0]
    assert trips.quantile_s(1.0) == newest[-1]
    assert trips.quantile_s(0.5) == newest[len(newest) // 2]
