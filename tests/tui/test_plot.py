"""Plots: no spike is lost, what is not known is a gap, axes are round, and nothing is drawn for nothing."""

import asyncio
from array import array
from collections.abc import Callable, Iterable
from dataclasses import replace
from math import isnan, log10, nan
from typing import Self
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region

from pvdctl.service.answers import Samples, Trend
from pvdctl.tui import axis
from pvdctl.tui.braille import DOTTED, SOLID, Dots, Heights
from pvdctl.tui.curves import CAPACITY, Curves
from pvdctl.tui.plot import CurvePlot, KindName
from pvdctl.tui.reduced import Reduced
from pvdctl.tui.run_curves import of_run
from tests.tui.stage import changed, recorded, text

VALUES = st.one_of(st.floats(-1e3, 1e3), st.just(nan))


def columns_of(step_s: float, at_s: list[float], values: list[float], pieces: int = 1) -> Reduced:
    made = Reduced(step_s)
    times, numbers = array("d", at_s), array("d", values)
    cuts = [len(at_s) * piece // pieces for piece in range(1, pieces + 1)]
    begin = 0
    for cut in cuts:
        made.fold(times[:cut], numbers[:cut], begin)
        begin = cut
    return made


def told(made: Reduced) -> list[tuple[int, float, float, float, float, bool]]:
    return [(c.number, c.first, c.last, c.lowest, c.highest, c.joined) for c in made.columns]


@given(st.lists(VALUES, max_size=60), st.floats(0.5, 20.0), st.integers(1, 5))
def test_extremes_survive_whatever_the_columns_and_the_portions(
    values: list[float], step_s: float, pieces: int
) -> None:
    times = [float(index) for index in range(len(values))]
    made = columns_of(step_s, times, values)
    known = [value for value in values if not isnan(value)]
    assert min((c.lowest for c in made.columns), default=None) == min(known, default=None)
    assert max((c.highest for c in made.columns), default=None) == max(known, default=None)
    assert told(columns_of(step_s, times, values, pieces)) == told(made)


def test_no_line_leads_over_what_is_not_known() -> None:
    made = columns_of(1.0, [0.0, 1.0, 2.0, 3.0], [5.0, nan, 5.0, 5.0])
    assert [(column.number, column.joined) for column in made.columns] == [(0, False), (2, False), (3, True)]


def test_a_curve_is_continuous_and_a_gap_is_a_gap() -> None:
    def rows(values: list[float]) -> list[str]:
        dots = Dots(6, 2)
        made = columns_of(1.0, [float(index) for index in range(12)], values)
        dots.curve(made, Heights(0.0, 7.0, 2, decades=False), 0, 1, SOLID)
        return ["".join(piece for piece, _ in dots.row(index)) for index in range(2)]

    assert rows([0.0] * 12) == ["      ", "⣀⣀⣀⣀⣀⣀"]
    assert rows([0.0] * 4 + [nan] * 4 + [0.0] * 4) == ["      ", "⣀⣀  ⣀⣀"]
    assert rows([0.0] * 5 + [7.0] + [0.0] * 6) == ["  ⢸   ", "⣀⣀⡸⣀⣀⣀"]


def test_dots_and_dashes_move_with_their_curve() -> None:
    curve = columns_of(1.0, [float(index) for index in range(40)], [0.0] * 40)

    def drawn(first: int) -> str:
        dots = Dots(6, 1)
        dots.curve(curve, Heights(0.0, 1.0, 1, decades=False), first, 1, DOTTED)
        return "".join(piece for piece, _ in dots.row(0))

    assert drawn(8) == drawn(12)
    assert drawn(8) != drawn(9)


@given(st.floats(-1e4, 1e4), st.floats(0.01, 1e4), st.integers(3, 40))
def test_linear_marks_are_round_and_hold_the_values(lowest: float, span: float, rows: int) -> None:
    made = axis.linear(lowest, lowest + span, rows)
    half_a_dot = span / (4 * rows - 1) / 2.0
    assert made.lowest <= lowest + half_a_dot
    assert made.highest >= lowest + span - half_a_dot
    assert 2 <= len(made.marks) <= max(2, (rows - 1) // 2 + 1) + 1
    assert made.marks[0][0] == made.lowest
    assert made.marks[-1][0] == made.highest


@pytest.mark.parametrize(
    ("lowest", "highest", "rows", "marks"),
    [
        (0.0, 0.55, 8, ["0.0", "0.2", "0.4", "0.6"]),
        (0.0, 300.0, 9, ["0", "100", "200", "300"]),
        (-0.05, 120.0, 6, ["0", "100", "200"]),
        (0.0, 1.0, 3, ["0", "1"]),
    ],
)
def test_linear_marks(lowest: float, highest: float, rows: int, marks: list[str]) -> None:
    assert [said for _, said in axis.linear(lowest, highest, rows).marks] == marks


@given(st.floats(-9.0, 2.9), st.floats(0.0, 9.0), st.integers(3, 40))
def test_decades_hold_the_values(lowest: float, span: float, rows: int) -> None:
    made = axis.decades(10.0**lowest, 10.0 ** (lowest + span), rows)
    assert made.lowest <= lowest + 1e-6
    assert made.highest >= lowest + span - 1e-6
    assert len(made.marks) <= max(2, rows // 2 + 1)
    assert all(log10(float(said)) == pytest.approx(exponent) for exponent, said in made.marks)


@given(st.floats(1.0, 1e6), st.integers(1, 12))
def test_time_marks_are_inside_and_not_too_many(span_s: float, most: int) -> None:
    back = axis.before_now(span_s, most)
    assert back[-1] == (span_s, "now")
    assert len(back) <= most + 1
    assert all(0.0 <= at_s <= span_s for at_s, _ in back)
    assert len(axis.from_begin(0.0, span_s, most)) <= most + 1


def test_time_marks() -> None:
    assert [said for _, said in axis.before_now(900.0, 4)] == ["-15 min", "-10 min", "-5 min", "now"]
    assert [said for _, said in axis.before_now(20.0, 2)] == ["-20 s", "-10 s", "now"]
    assert [said for _, said in axis.from_begin(0.0, 7200.0, 2)] == ["0 h", "1 h", "2 h"]


# --- what is kept -----------------------------------------------------------------------------------------------------


def trend(times_s: Iterable[float]) -> Trend:
    times = list(times_s)
    ones = [1.0] * len(times)
    return Trend(times, list(ones), ones, ones, [10.0] * len(times), ones, ones, [None] * len(times))


def test_what_was_missed_while_the_service_was_lost_is_filled_in() -> None:
    curves, snapshot = Curves(), recorded("deposit")
    curves.add(snapshot)
    curves.lost()
    later = replace(snapshot, at_s=snapshot.at_s + 60.0)
    curves.add(later)
    assert isnan(curves.columns["rate_nm_per_s"][1])
    curves.begin(trend([snapshot.at_s - 5.0, snapshot.at_s, snapshot.at_s + 20.0, later.at_s, later.at_s + 1.0]))
    between = [at_s for at_s in curves.at_s if snapshot.at_s < at_s < later.at_s]
    assert between == [snapshot.at_s + 20.0]
    filled = list(curves.at_s).index(between[0])
    band = [curves.columns[name][filled] for name in ("band_low_nm_per_s", "band_high_nm_per_s")]
    assert band == pytest.approx([0.9, 1.1])
    assert list(curves.at_s) == sorted(curves.at_s)
    assert curves.at_s[0] == snapshot.at_s - 5.0


def test_what_is_kept_has_an_end() -> None:
    curves, snapshot = Curves(), recorded("idle")
    for index in range(2 * CAPACITY + 10):
        curves.add(replace(snapshot, at_s=float(index)))
    assert CAPACITY < len(curves) <= 2 * CAPACITY
    assert curves.at_s[-1] == 2 * CAPACITY + 9
    assert len({len(column) for column in curves.columns.values()}) == 1


def test_what_is_not_known_or_not_good_is_told() -> None:
    curves, snapshot = Curves(), recorded("deposit")
    curves.add(snapshot)
    assert curves.doubts == {}
    assert curves.newest("band_high_nm_per_s") == pytest.approx(0.55)
    doubtful = replace(snapshot.mimic.chamber_pressure, quality="uncertain")
    curves.add(replace(changed(snapshot), mimic=replace(snapshot.mimic, chamber_pressure=doubtful), job=None))
    assert curves.doubts == {"chamber_pressure_mbar": "uncertain"}
    assert isnan(curves.newest("rate_nm_per_s"))
    shown = alone("pressure", (60, 8), lambda app: app.plot.draw(curves, snapshot.at_s, 600.0))
    assert "(uncertain)" in shown.split("\n")[0]


@pytest.mark.parametrize(
    ("tolerance", "band"),
    [({"rate_tolerance_percent": 10.0}, [0.45, 0.55]), ({}, [nan, nan])],
    ids=["band", "an older record has none"],
)
def test_a_past_run_keeps_gaps_and_takes_the_largest_current_that_flowed(
    tolerance: dict[str, float], band: list[float]
) -> None:
    samples = Samples(
        "r",
        {
            "at_s": [100.0, 101.0, 102.0],
            "rate": [0.0, None, 0.5],
            "one_current": [1.0, None, 3.0],
            "two_current": [2.0, None, 1.0],
            "two_asked_current": [9.0, 9.0, 9.0],
        },
    )
    story = {
        "layers": [{"name": "zinc", "target_nm": 300.0, "rate_target_nm_s": 0.5} | tolerance],
        "steps": [{"name": "zinc", "phases": [{"name": "deposit", "at_s": 1.5, "lasted_s": 9.0}]}],
    }
    curves = of_run(samples, story)
    assert list(curves.at_s) == [0.0, 1.0, 2.0]
    assert list(curves.columns["source_current_a"])[::2] == [2.0, 3.0]
    assert isnan(curves.columns["source_current_a"][1])
    assert all(isnan(value) for value in curves.columns["chamber_pressure_mbar"])
    assert isnan(curves.columns["film_target_nm"][1])
    assert curves.columns["film_target_nm"][2] == 300.0
    assert curves.columns["rate_target_nm_per_s"][2] == 0.5
    low, high = (curves.columns[name] for name in ("band_low_nm_per_s", "band_high_nm_per_s"))
    assert isnan(low[1])
    assert isnan(high[1])
    assert [low[2], high[2]] == pytest.approx(band, nan_ok=True)


# --- the widget -------------------------------------------------------------------------------------------------------


class Counted(CurvePlot):
    """Counts how often it is to be drawn."""

    drawn = 0

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        self.drawn += 1
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Alone(App[None]):
    """One plot."""

    def __init__(self, kind: KindName) -> None:
        super().__init__()
        self.plot = Counted(kind)

    def compose(self) -> ComposeResult:
        yield self.plot


def alone(kind: KindName, size: tuple[int, int], story: Callable[[Alone], None]) -> str:
    async def run() -> str:
        app = Alone(kind)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            story(app)
            await pilot.pause()
            return text(app)

    return asyncio.run(run())


def ramp(seconds: int = 600) -> Curves:
    """Current up to 120 A, one spike to 180 A between."""
    made = Curves()
    rows = [min(120.0, index / 3.0) for index in range(seconds)]
    rows[400] = 180.0
    times_s, zeros = [float(index) for index in range(seconds)], [0.0] * seconds
    currents: list[float | None] = [*rows]
    pressures: list[float | None] = [1e-6] * seconds
    made.begin(Trend(times_s, pressures, zeros, zeros, zeros, zeros, zeros, currents))
    return made


def test_one_sample_of_ten_minutes_is_seen() -> None:
    shown = alone("current", (40, 8), lambda app: app.plot.draw(ramp(), 600.0, 600.0))
    assert "Source ─ 120.0 A" in shown.split("\n")[0]
    assert "200┤" in shown
    top_rows = "".join(shown.split("\n")[1:3])
    assert any(0x2800 < ord(character) < 0x2900 for character in top_rows)
    assert shown.split("\n")[-1].endswith("now")


def test_nothing_known_is_said_in_words() -> None:
    shown = alone("pressure", (40, 8), lambda app: app.plot.draw(Curves(), 0.0, 600.0))
    assert "? mbar" in shown
    assert "no values yet" in shown


@pytest.mark.parametrize("size", [(8, 2), (14, 3), (20, 4), (200, 60)])
@pytest.mark.parametrize("kind", ["rate", "thickness", "pressure", "current"])
def test_any_room_will_do(kind: KindName, size: tuple[int, int]) -> None:
    shown = alone(kind, size, lambda app: app.plot.draw(ramp(), 600.0, 600.0))
    assert all(len(line) <= size[0] for line in shown.split("\n"))


def test_nothing_is_drawn_again_where_nothing_has_changed() -> None:
    def story(app: Alone) -> None:
        curves = ramp()
        app.plot.draw(curves, 600.0, 600.0)
        before = app.plot.drawn
        app.plot.draw(curves, 600.0, 600.0)
        assert app.plot.drawn == before
        app.plot.draw(curves, 615.0, 600.0)
        assert app.plot.drawn == before + 1

    alone("current", (40, 10), story)


def test_a_span_that_grows_does_not_make_all_columns_anew_each_time() -> None:
    def story(app: Alone) -> None:
        curves = ramp()
        app.plot.draw(curves, 600.0, 600.0)
        with patch("pvdctl.tui.plot.Reduced", side_effect=Reduced) as made:
            for second in range(601, 621):
                app.plot.draw(curves, float(second), float(second))
        assert made.call_count == 1

    alone("current", (40, 10), story)
