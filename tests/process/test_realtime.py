"""The beat of real-time scans, on a clock that the test moves."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.process import realtime
from pvdctl.process.realtime import BUCKET_S, Lateness, RealTimeEngine


class Beat:
    """A controller and a clock: each scan takes as long as it is told; sleeping oversleeps as told."""

    def __init__(self, monkeypatch: Any, takes_s: dict[int, float] | None = None, oversleep_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.scans: list[float] = []
        self.notes: list[str] = []
        self._takes_s = takes_s or {}
        self._oversleep_s = oversleep_s
        scan = SimpleNamespace(period_s=0.1)
        self.context = SimpleNamespace(chamber=SimpleNamespace(scan=scan), emit=self._emit)
        monkeypatch.setattr(realtime, "sleep_s", self._sleep)
        self.looks = 0
        both: Any = self
        self.engine = RealTimeEngine(both, both, self._look)

    def _look(self) -> None:
        self.looks += 1

    def _emit(self, kind: str, subject: str, text: str) -> None:
        self.notes.append(text)

    def _sleep(self, seconds: float) -> None:
        if seconds > 0.0:
            self.now_s += seconds + self._oversleep_s

    def scan(self, now_s: float) -> None:
        self.scans.append(now_s)
        self.now_s += self._takes_s.get(len(self.scans), 0.01)


def test_scans_keep_to_the_beat(monkeypatch: Any) -> None:
    beat = Beat(monkeypatch, oversleep_s=0.002)
    assert beat.engine.run(lambda: len(beat.scans) == 50, at_most_s=60.0)
    assert beat.scans == pytest.approx([0.1 * n + 0.002 for n in range(1, 51)])
    figures = beat.engine.figures()
    assert figures["scans"] == 50
    assert figures["lost"] == 0
    assert figures["late_worst_ms"] == pytest.approx(2.0)
    assert figures["late_p99_ms"] == pytest.approx(2.0, abs=0.11)
    assert figures["longest_ms"] == pytest.approx(10.0)
    assert beat.looks == 50


def test_scans_that_are_overrun_are_lost_counted_and_told_once(monkeypatch: Any) -> None:
    beat = Beat(monkeypatch, takes_s={3: 0.35, 6: 0.15})
    beat.engine.run(lambda: len(beat.scans) == 8, at_most_s=60.0)
    assert beat.scans == pytest.approx([0.1, 0.2, 0.3, 0.7, 0.8, 0.9, 1.1, 1.2])
    assert beat.engine.lost == 4
    assert len(beat.notes) == 1
    assert beat.notes[0].startswith("3 scan(s) lost")


def test_the_beat_goes_on_between_two_calls(monkeypatch: Any) -> None:
    beat = Beat(monkeypatch)
    beat.engine.run(lambda: len(beat.scans) == 3, at_most_s=60.0)
    beat.engine.run(lambda: len(beat.scans) == 6, at_most_s=60.0)
    assert beat.scans == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


def test_time_is_limited(monkeypatch: Any) -> None:
    beat = Beat(monkeypatch)
    assert not beat.engine.run(lambda: False, at_most_s=1.0)
    assert len(beat.scans) == 10


@given(st.lists(st.floats(0.0, 0.5), min_size=1, max_size=300), st.floats(0.01, 1.0))
def test_quantiles_of_lateness_are_within_a_class(late_s: list[float], share: float) -> None:
    late = Lateness()
    for one in late_s:
        late.add(one)
    told_s = late.quantile_s(share)
    below = sum(one <= told_s for one in late_s)
    assert below >= share * len(late_s) - 1e-9 or told_s >= 0.1
    assert told_s <= max(late_s)
    true_s = sorted(late_s)[min(len(late_s) - 1, max(0, int(share * len(late_s) + 0.999999) - 1))]
    if true_s < 0.1:
        assert told_s <= true_s + BUCKET_S + 1e-9
