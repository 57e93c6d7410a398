"""Outputs that are numbers, set by hand: amps of a supply, flow of a flow controller."""

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from pvdctl.service.messages import Flow, Measured
from pvdctl.tui.app import Screens
from pvdctl.tui.manual_amounts import Amount, number
from pvdctl.tui.manual_dialogs import AskAmount
from tests.tui.manual_stage import at, idle, line, shows, with_mimic
from tests.tui.stage import LARGE, play, text, until
from tests.tui.talking import TalkingChamber


def test_amps_are_typed_within_the_sources_limit() -> None:
    chamber = TalkingChamber(idle())

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "boat_supply.current")
        await pilot.press("enter")
        await until(pilot, lambda: shows(app, AskAmount))
        shown = " ".join(text(app).replace("┃", " ").split())
        assert "0 to 140 A" in shown
        assert "5 A each second" in shown
        await pilot.press(*"150", "enter")
        await until(pilot, lambda: "Wanted 0 to 140 A, found 150 A." in text(app))
        assert chamber.asked == []
        await pilot.press("backspace", "backspace", "2", ".", "5", "enter")
        await until(pilot, lambda: len(chamber.asked) >= 2)

    play(chamber, story)
    assert chamber.asked[1][0] == "/v1/outputs/boat_supply.current"
    assert chamber.asked[1][1]["value"] == 12.5


def test_escape_sets_no_current() -> None:
    chamber = TalkingChamber(idle())

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "boat_supply.current")
        await pilot.press("enter", *"12", "escape")
        await until(pilot, lambda: not shows(app, AskAmount))

    play(chamber, story)
    assert chamber.asked == []


def test_a_flow_is_typed_within_its_controllers_range() -> None:
    snapshot = idle()
    flow = Flow("mfc", "n2", "n2_valve", Measured(0.2, "sccm", "good"), 0.0, 500.0, "mfc.flow")
    chamber = TalkingChamber(with_mimic(snapshot, flows=[flow]))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "mfc.flow")
        assert "0.2 sccm 0 n2" in line(app, "mfc.flow")
        await until(pilot, lambda: "Enter asks for sccm, 0 to 500; x takes it to 0 sccm" in " ".join(text(app).split()))
        await pilot.press("enter")
        await until(pilot, lambda: shows(app, AskAmount))
        shown = " ".join(text(app).replace("┃", " ").split())
        assert "mfc.flow: how many sccm? (SIMULATED)" in shown
        assert "n2 goes into the chamber by n2_valve, which is closed now: 0 to 500 sccm." in shown
        await pilot.press(*"501", "enter")
        await until(pilot, lambda: "Wanted 0 to 500 sccm, found 501 sccm." in text(app))
        await pilot.press("backspace", "0", "enter")
        await until(pilot, lambda: chamber.asked[-1][0] == "/v1/outputs/mfc.flow")
        await pilot.press("x")
        await until(pilot, lambda: "Take to 0 sccm: mfc.flow?" in text(app))
        await pilot.press("y")
        await until(pilot, lambda: chamber.asked[-1][1].get("value") == 0.0)

    play(chamber, story, LARGE)
    asked = [(path, body["value"]) for path, body in chamber.asked if path.startswith("/v1/outputs/")]
    assert asked == [("/v1/outputs/mfc.flow", 500.0), ("/v1/outputs/mfc.flow", 0.0)]


def test_where_no_source_is_selected_the_smallest_limit_holds() -> None:
    snapshot = idle()
    sources = [replace(source, selected=None) for source in snapshot.mimic.sources]

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "boat_supply.current")
        await until(pilot, lambda: "no source selected" in line(app, "boat_supply.current"))
        await pilot.press("enter")
        await until(pilot, lambda: "0 to 64 A" in text(app))
        shown = " ".join(text(app).replace("┃", " ").split())
        assert "None is read back as selected" in shown

    play(TalkingChamber(with_mimic(snapshot, sources=sources)), story, LARGE)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("12.5", 12.5), (" 0 ", 0.0), ("64", 64.0), ("64.1", str), ("-1", str), ("nan", str), ("", str)],
)
def test_amps(typed: str, found: object) -> None:
    told = number(typed, Amount("A", "amps", 64.0, ""))
    if found is str:
        assert isinstance(told, str)
        assert typed.strip() in told
    else:
        assert told == found
