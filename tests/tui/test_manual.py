"""Outputs by hand: what is shown of them, what is asked before they change, and whole sentences where they may not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from pvdctl.client import Declined
from pvdctl.errors import LinkError
from pvdctl.service.answers import Accepted, Problem
from pvdctl.service.messages import Gauge, Holder, Measured, Pump, Supply, Trip
from pvdctl.tui.app import Screens
from pvdctl.tui.dialogs import Confirm
from pvdctl.tui.manual_rows import rows
from pvdctl.tui.manual_words import not_now
from pvdctl.tui.rows import Rows
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.manual_stage import at, idle, line, shows, valves, with_mimic
from tests.tui.stage import LARGE, NAME, SMALL, Holds, changed, lost, play, recorded, text, until
from tests.tui.talking import TalkingChamber

N2 = (
    "n2_valve is not set: interlock n2_sources_cold: sources_cold is off, required on, while n2_valve is asked open; "
    "interlock n2_path: ion_gauge_on is on, required off, while n2_valve is asked open; interlock n2_overfill: "
    "chamber_pressure 1e+03 mbar is not below 800 mbar, while n2_valve is asked open. Wait until the sources are cold. "
    "Check gate, roughing and argon valves and the ion gauge. Check the capacitance gauge and the nitrogen valve."
)
"""As the service says it of the shipped chamber at atmosphere."""


@pytest.mark.parametrize("size", [SMALL, (120, 40), LARGE], ids=["80x24", "120x40", "140x45"])
@pytest.mark.parametrize("moment", ["idle", "deposit", "water", "nitrogen"])
def test_looks(moment: str, size: tuple[int, int], screen_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "gate_valve")
        await screen_text(app)

    play(TalkingChamber(recorded(moment)), story, size)


def test_everything_of_the_mimic_has_a_line_and_its_output() -> None:
    snapshot, mimic = idle(), idle().mimic
    found = {row.name: row.output for row in rows(snapshot)}
    assert found == (
        {valve.name: valve.name for valve in mimic.valves}
        | {pump.name: pump.output for pump in mimic.pumps}
        | {gauge.name: gauge.output for gauge in mimic.gauges}
        | {switch.name: switch.name for switch in mimic.outputs}
        | {
            f"{supply.name}.{what}": f"{supply.name}.{what}"
            for supply in mimic.supplies
            for what in ("output", "current")
        }
    )


@pytest.mark.parametrize(
    ("name", "keys", "path", "value"),
    [
        ("rough_valve", "enter", "rough_valve", 1.0),
        ("rough_valve", "x", "rough_valve", 0.0),
        ("roughing_pump", "enter", "roughing_pump", 1.0),
        ("turbo", "o", "turbo.run", 1.0),
        ("source_1_shutter", "enter", "source_1_shutter", 1.0),
        ("full_range", "enter", "full_range.on", 0.0),
        ("supply_enable", "enter", "supply_enable", 1.0),
        ("boat_supply.output", "enter", "boat_supply.output", 1.0),
        ("boat_supply.current", "x", "boat_supply.current", 0.0),
    ],
)
def test_keys_ask_first_and_a_yes_sets_it_with_the_lease(name: str, keys: str, path: str, value: float) -> None:
    chamber = TalkingChamber(idle())

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, name)
        await pilot.press(keys)
        await until(pilot, lambda: shows(app, Confirm))
        await until(pilot, lambda: name in text(app))
        await until(pilot, lambda: "SIMULATED" in text(app))
        await pilot.press("enter")  # a stray one: the focus is on no
        await until(pilot, lambda: not shows(app, Confirm))
        assert chamber.asked == []
        await pilot.press(keys, "y")
        await until(pilot, lambda: len(chamber.asked) >= 2)

    play(chamber, story)
    assert [where for where, _ in chamber.asked[:2]] == ["/v1/lease", f"/v1/outputs/{path}"]
    body = chamber.asked[1][1]
    assert (body["value"], body["fence"]) == (value, 7)
    assert body["reason"]


def test_what_is_open_is_closed_by_enter() -> None:
    snapshot = idle()
    chamber = TalkingChamber(
        with_mimic(snapshot, valves=valves(snapshot.mimic, "gate_valve", position="open", asked_open=True))
    )

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "gate_valve")
        await pilot.press("enter")
        await until(pilot, lambda: "Close gate_valve?" in text(app))
        await pilot.press("y")
        await until(pilot, lambda: len(chamber.asked) >= 2)

    play(chamber, story)
    assert chamber.asked[1][1]["value"] == 0.0


def test_a_real_chamber_is_called_real() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "ar_valve")
        await pilot.press("enter")
        await until(pilot, lambda: "(REAL)" in text(app))
        await until(pilot, lambda: "in the REAL chamber" in " ".join(text(app).split()))

    play(TalkingChamber(changed(idle(), simulated=False, speed=None)), story, LARGE)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x45"])
def test_a_refusal_stands_there_whole(size: tuple[int, int], screen_text: Holds) -> None:
    chamber = TalkingChamber(idle())
    chamber.answers["/v1/outputs/n2_valve"] = Declined(Problem("not_now", N2), 409)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "n2_valve")
        await pilot.press("enter", "y")
        await until(pilot, lambda: "n2_overfill" in text(app))
        assert " ".join(N2.split()) in " ".join(text(app).replace("·", "").split())
        await screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "n2_overfill" not in text(app))

    play(chamber, story, size)


def test_a_refusal_leaves_the_line_in_sight() -> None:
    chamber = TalkingChamber(idle())
    chamber.answers["/v1/outputs/full_range.on"] = Declined(Problem("not_now", N2), 409)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "full_range")
        await pilot.press("x", "y")
        await until(pilot, lambda: "n2_overfill" in text(app))
        await pilot.pause(0.1)
        await until(pilot, lambda: "full_range" in line(app, "full_range"))

    play(chamber, story)


def test_a_service_lost_in_the_middle_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    chamber = TalkingChamber(idle())

    def breaks(*_: Any) -> Accepted:
        raise LinkError("the service did not answer within 5 s.")

    monkeypatch.setattr(chamber, "set_output", breaks)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "ar_valve")
        await pilot.press("enter", "y")
        await until(pilot, lambda: "did not answer within 5 s" in text(app))

    play(chamber, story)


@pytest.mark.parametrize("moment", ["aborted", "deposit", "held", "complete", "question"])
def test_elsewhere_the_reason_and_the_way_are_told_and_nothing_is_asked(moment: str) -> None:
    snapshot = changed(recorded(moment), question=None)
    chamber = TalkingChamber(snapshot)
    why = not_now(snapshot)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "rough_valve")
        await until(pilot, lambda: why in " ".join(text(app).split()))
        for key in ("enter", "o", "x"):
            await pilot.press(key)
            await pilot.pause()
            await until(pilot, lambda: not shows(app, Confirm))
        await until(pilot, lambda: "rough_valve is left as it is" in text(app))

    play(chamber, story)
    assert chamber.asked == []


@pytest.mark.parametrize(
    ("moment", "way"),
    [
        ("aborted", "g makes it ready"),
        ("complete", "g makes it ready"),
        ("deposit", "s stops it"),
        ("held", "s stops it"),
    ],
)
def test_the_way_to_where_it_is_possible(moment: str, way: str) -> None:
    assert way in not_now(replace(recorded(moment), waiting_for=[]))


def test_waiting_and_passing_states_say_so() -> None:
    aborted = recorded("aborted")
    assert "waits for: sources cold" in not_now(replace(aborted, waiting_for=["sources cold"]))
    assert "Wait until" in not_now(replace(aborted, state="Clearing", legal=["abort"]))


def test_a_key_switch_at_local_is_the_reason_then() -> None:
    chamber = TalkingChamber(changed(idle(), local=True, manual=False))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "rough_valve")
        await until(pilot, lambda: "key switch at the plant stands at local" in " ".join(text(app).split()))
        await pilot.press("enter")
        await until(pilot, lambda: not shows(app, Confirm))

    play(chamber, story)


def test_old_values_set_nothing() -> None:
    chamber = TalkingChamber(idle())

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "rough_valve")
        chamber.send(lost())
        await until(pilot, lambda: "nothing can be set" in text(app))
        await pilot.press("enter")
        await until(pilot, lambda: not shows(app, Confirm))
        await until(pilot, lambda: "what is shown is old" in " ".join(text(app).split()))

    play(chamber, story)
    assert chamber.asked == []


def test_who_is_in_control() -> None:
    other = Holder("bert", "tui@bench:1", 6, 20.0)
    mine = Holder("anna", NAME, 7, 20.0)
    chamber = TalkingChamber(changed(idle(), lease=other))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "rough_valve")
        await until(pilot, lambda: "bert is in control: c asks for it" in " ".join(text(app).split()))
        chamber.send(changed(idle(), lease=mine))
        await until(pilot, lambda: "You are in control" in text(app))
        chamber.send(idle())
        await until(pilot, lambda: "the first act takes it" in " ".join(text(app).split()))

    play(chamber, story)


def test_moving_stuck_forced_and_unknown_are_told_in_words() -> None:
    snapshot = idle()
    mimic = snapshot.mimic
    parts: list[dict[str, Any]] = [
        {"position": "moving", "asked_open": True},
        {"position": "closed", "asked_open": True, "failure": "gate_valve did not open within 6 s"},
        {"position": "closed", "forced_by": ["fore_valve_path"]},
        {"position": "unknown"},
        {"position": "both switches on"},
    ]
    some = [replace(valve, **more) for valve, more in zip(mimic.valves, parts, strict=False)]
    trip = Trip("fore_valve_path", "roughing_pump_running is off", "hold", 100.0, ["fore_valve"])
    names = [valve.name for valve in some]

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, names[1])
        await until(pilot, lambda: line(app, names[0]).endswith("◐ moving open moving"))
        await until(pilot, lambda: "STUCK" in line(app, names[1]))
        await until(pilot, lambda: "gate_valve did not open within 6 s" in text(app))
        await until(pilot, lambda: line(app, names[3]).endswith("? unknown closed"))
        await until(pilot, lambda: "held closed: fore_valve_path" in line(app, names[2]))
        await until(pilot, lambda: "‼ both switches on" in line(app, names[4]))
        app.pane.query_one(Rows).go_to(names[2])
        await until(pilot, lambda: "held by interlock fore_valve_path: roughing_pump_running is off" in text(app))

    chamber = TalkingChamber(changed(with_mimic(snapshot, valves=[*some, *mimic.valves[5:]]), trips=[trip]))
    play(chamber, story, LARGE)


def test_what_is_not_known_is_never_zero() -> None:
    snapshot = idle()
    mimic = snapshot.mimic
    blind = Measured(None, "A", "bad", "supply: no answer")
    supply = Supply("boat_supply", None, blind, blind, 0.0, None, None, [], True)
    gauge = replace(mimic.gauges[0], pressure=Measured(None, "mbar", "bad", "never read"), on=None)
    turbo = Pump("turbo", "turbo", True, None, None, [], "turbo.run")
    chamber = TalkingChamber(
        with_mimic(snapshot, supplies=[supply], gauges=[gauge, *mimic.gauges[1:]], pumps=[mimic.pumps[0], turbo])
    )

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "full_range")
        await until(pilot, lambda: "? not known ? %" in line(app, "turbo"))
        await until(pilot, lambda: "? A 0.0 A bad: supply: no answer" in line(app, "boat_supply.current"))
        await until(pilot, lambda: "? not known on not there yet" in line(app, "boat_supply.output"))
        await until(pilot, lambda: "? not known ? mbar ? bad: never read" in line(app, "full_range"))
        await pilot.press("enter")
        await until(pilot, lambda: not shows(app, Confirm))
        await until(pilot, lambda: "o opens it or switches it on" in " ".join(text(app).split()))
        await pilot.press("o")
        await until(pilot, lambda: shows(app, Confirm))

    play(chamber, story, LARGE)


def test_a_gauge_that_cannot_be_switched_says_so() -> None:
    gauge: Gauge = idle().mimic.gauges[1]
    assert not gauge.output

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, gauge.name)
        await pilot.press("enter")
        await until(pilot, lambda: not shows(app, Confirm))
        await until(pilot, lambda: "cannot be switched" in text(app))

    play(TalkingChamber(idle()), story)


def test_news_leave_the_cursor_and_touch_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = idle()
    chamber = TalkingChamber(snapshot)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        pane = await at(pilot, app, "boat_supply.output")
        table = pane.query_one(Rows)
        told: list[str] = []
        before = table.update_cell

        def spy(row_key: Any, *more: Any, **named: Any) -> None:
            told.append(str(row_key))
            before(row_key, *more, **named)

        monkeypatch.setattr(table, "update_cell", spy)
        chamber.send(
            with_mimic(snapshot, valves=valves(snapshot.mimic, "rough_valve", position="moving", asked_open=True))
        )
        await until(pilot, lambda: bool(told))
        assert set(told) == {"rough_valve"}
        assert table.key == "boat_supply.output"

    play(chamber, story)


def test_a_click_on_the_line_under_the_cursor_asks() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "turbo")
        rows_ = text(app).split("\n")
        y = next(i for i, each in enumerate(rows_) if " gate_valve " in each)
        await pilot.click(offset=(12, y))
        await pilot.pause()
        assert app.pane.query_one(Rows).key == "gate_valve"
        await until(pilot, lambda: not shows(app, Confirm))
        await pilot.click(offset=(12, y))
        await until(pilot, lambda: shows(app, Confirm))

    play(TalkingChamber(idle()), story)


def test_help_lists_the_keys() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "turbo")
        await pilot.press("question_mark")
        await pilot.pause()
        await until(pilot, lambda: "Open, close, switch, set a number; asks first" in text(app))

    play(TalkingChamber(idle()), story, LARGE)


def test_against_a_service(tmp_path: Path) -> None:
    served = Served(tmp_path, ROOT / "recipes", speed=20.0)
    try:
        chamber = served.chamber(NAME)

        async def story(pilot: Pilot[None], app: Screens) -> None:
            await until(pilot, lambda: app.view.snapshot is not None)
            await pilot.press("g", "y")
            await until(pilot, lambda: app.view.snapshot is not None and app.view.snapshot.state == "Idle", 60.0)
            await at(pilot, app, "rough_valve")
            await pilot.press("enter", "y")  # the roughing pump does not run
            await until(pilot, lambda: "interlock rough_valve_path" in text(app))
            await until(pilot, lambda: "Check gate valve, roughing pump and door." in " ".join(text(app).split()))
            app.pane.query_one(Rows).go_to("roughing_pump")
            await pilot.press("enter", "y")
            await until(pilot, lambda: "● running" in line(app, "roughing_pump"))
            app.pane.query_one(Rows).go_to("boat_supply.current")
            await pilot.press("enter", *"10", "enter")
            await until(pilot, lambda: "10.0 A through zinc" in line(app, "boat_supply.current"))

        play(chamber, story)
    finally:
        assert served.end() == 0
