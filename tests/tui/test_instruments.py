"""The instrument screen: trouble is found without a key; raw exchanges come when asked for, and only then."""

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from pvdctl.client import Unreachable
from pvdctl.clock import VirtualClock
from pvdctl.service.messages import Beat, Link
from pvdctl.tui import instruments_words
from pvdctl.tui.app import Screens
from pvdctl.tui.instruments_log import ExchangeLog, Tail, lines
from pvdctl.tui.panes import PANES
from pvdctl.tui.rows import Rows
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.night import LINE, NightChamber, exchange, night
from tests.tui.stage import LARGE, SMALL, Holds, RecordedChamber, Story, changed, lost, play, recorded, text, until

KEY = str([name for name, _ in PANES].index("Instruments") + 1)
TWO = Link(
    link="gas_bus", instruments=["n2_flow", "ar_flow"], identities={"n2_flow": "F-201CV (serial M1)", "ar_flow": ""},
    up=True, exchanges=1234567, answers=1234000, time_outs=3, bad_frames=2, refusals=1, reconnects=4,
    ages_s={"n2_flow.flow": 0.4, "ar_flow.flow": 1.7, "ar_flow.alarm": None}, round_trip_p50_ms=6.14,
    round_trip_p99_ms=131.0, last_error="lost: ar_flow on gas_bus: no answer within 0.3 s.",
    limits_s={"n2_flow.flow": 0.5, "ar_flow.flow": 0.5, "ar_flow.alarm": 15.0},
)  # fmt: skip
"""Two instruments with addresses on one line, one of them in trouble; with round trips, as a real line has them."""


def on_instruments(chamber: RecordedChamber, story: Story, size: tuple[int, int] = SMALL) -> None:
    """Play a story that begins on the instrument screen."""

    async def whole(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press(KEY)
        await until(pilot, lambda: "Control loop" in text(app))
        await story(pilot, app)

    play(chamber, whole, size, VirtualClock())


def selected(app: Screens) -> str:
    return app.query_one("#links", Rows).key


def words(app: Screens) -> str:
    return " ".join(text(app).split())


@pytest.mark.parametrize("size", [SMALL, (120, 40), LARGE])
def test_the_link_in_trouble_is_told_in_full_without_a_key(size: tuple[int, int]) -> None:
    link = next(link for link in night().links if link.link == LINE)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        shown = words(app)
        assert selected(app) == LINE
        assert "✗ DOWN" in shown
        assert link.last_error in shown
        assert "TC 400 (firmware 010300)" in shown
        assert "turbo.speed 1:04 ✗ OLD (limit 7 s)" in shown
        assert "✗ 2 of 2 old" in shown

    on_instruments(NightChamber(), story, size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("moment", ["night", "deposit"])
def test_links(moment: str, size: tuple[int, int], pane_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pane_text(app)

    on_instruments(NightChamber(night() if moment == "night" else recorded(moment)), story, size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_real_line_with_two_instruments(size: tuple[int, int], pane_text: Holds) -> None:
    beat = Beat(scans=36000, lost=2, late_p50_ms=0.21, late_p99_ms=2.3, late_worst_ms=14.0, longest_ms=9.5)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pane_text(app)

    on_instruments(NightChamber(changed(night(), links=[TWO], beat=beat)), story, size)


def test_age_is_doubted_where_it_is_not_known() -> None:
    assert instruments_words.old(TWO) == ["ar_flow.flow", "ar_flow.alarm"]
    assert instruments_words.ages(TWO).plain == "✗ 2 of 3 old"
    fresh = replace(TWO, ages_s={"n2_flow.flow": 0.4})
    assert instruments_words.ages(fresh).plain == "✓ fresh"
    assert instruments_words.ages(replace(fresh, limits_s={})).plain == "limits ?"
    assert instruments_words.ages(replace(fresh, ages_s={})).plain == "no polls"


def test_the_cursor_follows_trouble_until_it_is_moved() -> None:
    well = [replace(link, up=True, ages_s={}) for link in night().links]
    chamber = NightChamber(changed(night(), links=well))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        assert selected(app) == "monitor_line"
        chamber.send(night())
        await until(pilot, lambda: selected(app) == LINE)
        await pilot.press("up")
        assert selected(app) == "gauge_line"
        assert "TPG366" in words(app)
        chamber.send(changed(night()))
        await pilot.pause(0.1)
        assert selected(app) == "gauge_line"

    on_instruments(chamber, story)


@pytest.mark.parametrize("way", ["e", "enter", "click"])
def test_raw_exchanges_come_when_asked_for_and_only_then(way: str) -> None:
    chamber = NightChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        assert chamber.heard == []
        if way == "click":
            await pilot.click("#links", offset=(5, 4))
        else:
            await pilot.press(way)
        await until(pilot, lambda: "> !$K2\\x9d1" in text(app))
        shown = text(app)
        assert f"{LINE}: raw exchanges in print" in shown
        assert "18:00:00.131      7.2 ms > !$K2\\x9d1" in shown
        assert "< !*A1\\r" in shown
        await pilot.press("escape")
        await until(pilot, lambda: "Control loop" in text(app))
        asked = len(chamber.heard)
        await pilot.pause(1.2)
        assert len(chamber.heard) == asked
        assert set(chamber.heard) == {LINE}

    on_instruments(chamber, story)


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("form", ["print", "hex"])
def test_the_log(form: str, size: tuple[int, int], pane_text: Holds) -> None:
    chamber = NightChamber(each=12)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("e")
        log = app.query_one(ExchangeLog)
        await until(pilot, lambda: bool(log._kept))
        await pilot.press("space")
        while log._kept[-1][0].number > 12:  # a slow machine has asked more than once
            log._kept.pop()
        log._redraw()
        if form == "hex":
            await pilot.press("x")
        await pilot.pause()
        await pane_text(app)

    on_instruments(chamber, story, size)


def test_a_pause_stands_still_and_space_goes_on() -> None:
    chamber = NightChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("e")
        await until(pilot, lambda: len(chamber.heard) >= 2)
        await pilot.press("space")
        await until(pilot, lambda: "PAUSED" in text(app))
        await pilot.pause(0.3)
        asked, shown = len(chamber.heard), text(app)
        await pilot.pause(1.0)
        assert len(chamber.heard) == asked
        assert text(app) == shown
        await pilot.press("space")
        await until(pilot, lambda: len(chamber.heard) > asked)
        assert "PAUSED" not in text(app)

    on_instruments(chamber, story)


def test_what_passed_too_fast_is_counted() -> None:
    chamber = NightChamber(each=1000)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("e")
        await until(pilot, lambda: len(chamber.heard) >= 3)
        log = app.query_one(ExchangeLog)
        await until(pilot, lambda: any(missed == 940 for _, missed in log._kept))
        assert "... 940 more are not shown" in "\n".join(strip.text for strip in app.query_one(Tail).lines)

    on_instruments(chamber, story)


def test_the_log_follows_the_newest_until_somebody_scrolls_back() -> None:
    chamber = NightChamber(each=20)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("e")
        log = app.query_one(Tail)
        await until(pilot, lambda: len(chamber.heard) >= 3 and log.max_scroll_y > 30)
        await until(pilot, lambda: "the newest below" in text(app))
        await pilot.press("home")
        await until(pilot, lambda: "scrolled back (End: the newest)" in text(app))
        assert log.scroll_y < log.max_scroll_y
        await pilot.press("end")
        await until(pilot, lambda: "the newest below" in text(app) and log.is_vertical_scroll_end)

    on_instruments(chamber, story)


def test_another_screen_asks_nothing_and_coming_back_goes_on() -> None:
    chamber = NightChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("e")
        await until(pilot, lambda: bool(chamber.heard))
        await pilot.press("1")
        await pilot.pause(0.2)
        asked = len(chamber.heard)
        await pilot.pause(1.2)
        assert len(chamber.heard) == asked
        await pilot.press(KEY)
        await until(pilot, lambda: len(chamber.heard) > asked)
        assert "raw exchanges" in text(app)

    on_instruments(chamber, story)


def test_exchanges_that_cannot_be_read_are_told_and_come_back() -> None:
    chamber = NightChamber()
    chamber.broken = Unreachable("the service at /nowhere does not answer.")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("e")
        await until(pilot, lambda: "✗ not read: the service at /nowhere does not answer." in words(app))
        chamber.broken = None
        await until(pilot, lambda: "< !*A1\\r" in text(app))
        assert "not read" not in text(app)

    on_instruments(chamber, story)


def test_a_service_that_was_started_anew_counts_from_one_again() -> None:
    chamber = NightChamber(each=50)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("e")
        await until(pilot, lambda: len(chamber.heard) >= 2)
        chamber.newest, chamber.each = 0, 1
        log = app.query_one(ExchangeLog)
        await until(pilot, lambda: bool(log._kept) and log._kept[-1][0].number <= 5)

    on_instruments(chamber, story)


def test_nothing_has_passed_yet() -> None:
    chamber = NightChamber(each=0)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("e")
        await until(pilot, lambda: "listening; nothing has passed yet" in text(app))

    on_instruments(chamber, story)


def test_long_frames_go_on_below_themselves() -> None:
    long = replace(exchange(1), answered_hex=" ".join(["21"] * 40), error="bad frame: check byte 3B, wanted 21")
    made = [line.plain for line in lines(long, 80, in_hex=True)]
    assert made[0].startswith("18:00:00.131      7.2 ms > 21 24 4B")
    assert made[1].split("<")[1].split() == ["21"] * 17
    assert made[-1].strip() == "! bad frame: check byte 3B, wanted 21"
    assert sum(line.count("21") for line in made[1:-1]) == 40
    assert max(len(line) for line in made) <= 80
    silent = replace(long, asked_hex="", answered_hex="", error="")
    assert "nothing was asked and nothing came" in next(lines(silent, 80, in_hex=True)).plain


def test_keys_are_listed_as_they_work() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        assert "e Exchanges" in text(app)
        assert "Pause" not in text(app)
        await pilot.press("e")
        await until(pilot, lambda: "Pause" in text(app))
        assert "e Exchanges" not in text(app)

    on_instruments(NightChamber(), story, LARGE)


def test_a_lost_service_and_one_that_has_not_spoken() -> None:
    chamber = NightChamber()

    async def gone(pilot: Pilot[None], app: Screens) -> None:
        chamber.send(lost())
        await until(pilot, lambda: "NO CONNECTION" in text(app))
        assert "turbo_line" in text(app)

    on_instruments(chamber, gone)

    async def silent(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press(KEY)
        await until(pilot, lambda: "No service has said anything yet." in text(app))
        await pilot.press("e", "x", "space", "escape")
        await until(pilot, lambda: "There is no link to listen to." in text(app))

    play(RecordedChamber(), silent)


def test_raw_exchanges_of_a_real_service(tmp_path: Path) -> None:
    served = Served(tmp_path, ROOT / "recipes", speed=5.0)
    try:

        async def story(pilot: Pilot[None], app: Screens) -> None:
            await pilot.press(KEY)
            await until(pilot, lambda: "SQC310C" in text(app), 60.0)
            assert "✓ fresh" in text(app)
            await pilot.press("enter")
            await until(pilot, lambda: "monitor_line: raw exchanges" in text(app) and " > !" in text(app), 30.0)
            await pilot.press("x")
            await until(pilot, lambda: " > 21 " in text(app))

        play(served.chamber("tui@test:1"), story)
    finally:
        served.end()
