"""The first screen as an operator meets it: every moment at every size, every key, a real service."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from pvdctl.service.messages import Alarm, Snapshot, Switch, Trip
from pvdctl.tui import notices, steps
from pvdctl.tui.app import Screens
from pvdctl.tui.drawing import text as drawn_text
from pvdctl.tui.drawing import width, wrapped
from pvdctl.tui.events import Events
from pvdctl.tui.mimic import MimicDrawing
from pvdctl.tui.plot import CurvePlot
from pvdctl.tui.steps import Steps
from pvdctl.tui.strip_chart import ORDER, StripChart, run_s
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.stage import LARGE, SMALL, Holds, RecordedChamber, changed, lost, play, recorded, text, until

MIDDLE = (120, 40)
SPANS_TOLD = ("last 10 min", "last 1 h", "whole run")
MOMENTS = ("aborted", "idle", "pump_down", "deposit", "held", "nitrogen", "water", "complete")


def chamber_at(moment: str) -> RecordedChamber:
    """With a little of what was before, so that the plots show something."""
    snapshot = recorded(moment)
    before = replace(snapshot, seq=snapshot.seq - 1, at_s=snapshot.at_s - 300.0)
    return RecordedChamber(before, snapshot)


def seen(app: Screens, snapshot: Snapshot) -> Callable[[], bool]:
    return lambda: app.view.snapshot is not None and app.view.snapshot.seq == snapshot.seq


def plots(app: Screens) -> list[CurvePlot]:
    return [plot for plot in app.query(CurvePlot) if plot.display and plot.region.height > 0]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x45"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_every_moment(moment: str, size: tuple[int, int], pane_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, recorded(moment)))
        await until(pilot, lambda: "substrate" in text(app))
        await pane_text(app)

    play(chamber_at(moment), story, size)


@pytest.mark.parametrize("look", ["plots", "events"])
def test_what_a_small_screen_shows_behind_its_key(look: str, pane_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, recorded("deposit")))
        await pilot.press(*["v"] * (1 if look == "plots" else 2))
        await pilot.pause()
        await pane_text(app)

    play(chamber_at("deposit"), story, SMALL)


@pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE])
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_essential_is_in_sight_without_a_key(moment: str, size: tuple[int, int]) -> None:
    snapshot = recorded(moment)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, snapshot))
        await until(pilot, lambda: "substrate" in text(app))
        shown = text(app)
        for source in snapshot.mimic.sources:
            assert source.name in shown
        for gauge in snapshot.mimic.gauges:
            assert gauge.name in shown
        assert "turbo" in shown
        assert " gate " in shown
        if snapshot.job is not None and snapshot.job.running:
            assert f"▶ {snapshot.job.steps[snapshot.job.step - 1].name}" in shown
        for alarm in snapshot.alarms:
            assert alarm.text in " ".join(shown.replace("‼", "").split())
        assert len(plots(app)) == (0 if size == SMALL else 4)

    play(chamber_at(moment), story, size)


def test_v_goes_round_and_notices_stay(snapshot_with_alarm: Snapshot) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, snapshot_with_alarm))
        await until(pilot, lambda: "substrate" in text(app))
        assert "the crystal fails" in text(app)
        await pilot.press("v")
        await until(pilot, lambda: len(plots(app)) == 4)
        assert "the crystal fails" in text(app)
        assert "substrate" not in text(app).split("\n")[4]
        await pilot.press("v")
        await until(pilot, lambda: "── events ──" in text(app))
        assert "the crystal fails" in text(app)
        assert plots(app) == []
        await pilot.press("v")
        await until(pilot, lambda: "┌── " in text(app))

    play(RecordedChamber(snapshot_with_alarm), story, SMALL)


@pytest.fixture
def snapshot_with_alarm() -> Snapshot:
    alarm = Alarm(
        "crystal", "unacknowledged", True, "high", "the crystal fails", "c", "q", "r", 900.0, 900.0, 1, True,
        needs_acknowledgement=True,
    )  # fmt: skip
    return replace(recorded("deposit"), alarms=[alarm])


@pytest.mark.parametrize("key", ["e", "enter"])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_plots_one_by_one(size: tuple[int, int], key: str) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, recorded("deposit")))
        if size == SMALL:
            await pilot.press(key)  # brings them first
        await until(pilot, lambda: len(plots(app)) == 4)
        for kind in ORDER:
            await pilot.press(key)
            await until(pilot, lambda: len(plots(app)) == 1)
            assert app.query_one(StripChart).alone == kind
        await pilot.press(key)
        await until(pilot, lambda: len(plots(app)) == 4)
        await pilot.press(key, "escape")
        await until(pilot, lambda: len(plots(app)) == 4)
        await pilot.press("escape")
        await until(pilot, lambda: "┌── " in text(app))

    play(chamber_at("deposit"), story, size)


def test_a_click_enlarges_a_plot_and_another_brings_all_back() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, recorded("deposit")))
        await until(pilot, lambda: len(plots(app)) == 4)
        await pilot.click(plots(app)[3], offset=(12, 3))
        await until(pilot, lambda: len(plots(app)) == 1)
        assert app.query_one(StripChart).alone == ORDER[3]
        await pilot.click(plots(app)[0], offset=(12, 3))
        await until(pilot, lambda: len(plots(app)) == 4)

    play(chamber_at("deposit"), story, LARGE)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_z_changes_the_span_of_all_plots(size: tuple[int, int]) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, recorded("deposit")))
        if size == SMALL:
            await pilot.press("z")  # brings them first
        told = []
        for _ in range(4):
            await pilot.pause()
            told.append(next(span for span in SPANS_TOLD if f" {span} " in text(app)))
            await pilot.press("z")
        assert told == [*SPANS_TOLD, SPANS_TOLD[0]]

    play(chamber_at("deposit"), story, size)


def test_the_run_is_as_long_as_it_lasted_and_what_followed() -> None:
    view = Screens(RecordedChamber(), "tui@test:1").view
    going, over, none = recorded("deposit"), recorded("complete"), recorded("idle")
    assert going.job is not None
    assert over.job is not None
    assert run_s(going, view) == going.job.elapsed_s
    assert run_s(replace(over, state_s=100.0), view) == over.job.elapsed_s + 100.0
    assert run_s(none, view) == 60.0
    view.take(replace(none, at_s=none.at_s - 500.0))
    assert run_s(none, view) == 500.0


def test_a_small_terminal_that_grows_shows_the_plots_and_hides_them_again() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, recorded("deposit")))
        await until(pilot, lambda: "substrate" in text(app))
        await pilot.resize_terminal(*MIDDLE)
        await until(pilot, lambda: len(plots(app)) == 4)
        await pilot.resize_terminal(*SMALL)
        await until(pilot, lambda: plots(app) == [])
        assert "┌── " in text(app)

    play(chamber_at("deposit"), story, SMALL)


def test_older_events_can_be_looked_at() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, recorded("deposit")))
        await pilot.press("v", "v")
        newest = recorded("deposit").events[-1].text
        await until(pilot, lambda: newest in text(app))
        await pilot.press("pageup")
        await until(pilot, lambda: "newer ones below" in text(app))
        assert newest not in text(app)
        await pilot.press("pageup", "pageup", "pageup")
        back = app.query_one(Events).back
        assert 0 < back < len(recorded("deposit").events)
        await pilot.press("down")
        assert app.query_one(Events).back == back - 1
        await pilot.press("up", "pagedown", "pagedown", "pagedown")
        await until(pilot, lambda: newest in text(app))

    play(chamber_at("deposit"), story, SMALL)


def test_a_drawing_that_is_too_high_scrolls_and_the_steps_stay() -> None:
    snapshot = recorded("deposit")
    mimic = snapshot.mimic
    sources = [replace(mimic.sources[0], name=f"source_{n}") for n in range(8)]
    big = replace(snapshot, mimic=replace(mimic, sources=sources))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, big))
        await until(pilot, lambda: "source_0" in text(app))
        assert "source_7" not in text(app)
        assert "▶ zinc" in text(app)
        await pilot.press("pagedown")
        await until(pilot, lambda: "source_7" in text(app))
        assert "▶ zinc" in text(app)
        await pilot.press("pageup", "up")
        await until(pilot, lambda: "source_0" in text(app))

    play(RecordedChamber(big), story, SMALL)


def test_before_the_first_word_and_without_a_recipe() -> None:
    chamber = RecordedChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: "The chamber is drawn here as soon as" in text(app))
        chamber.send(recorded("aborted"))
        await until(pilot, lambda: "No recipe is loaded." in text(app))
        assert "No recipe is loaded." in text(app)

    play(chamber, story, SMALL)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_last_picture_stays_greyed_while_the_service_is_lost(size: tuple[int, int]) -> None:
    chamber = chamber_at("deposit")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, recorded("deposit")))
        await until(pilot, lambda: "substrate" in text(app))
        before = brightest(app)
        chamber.send(lost())
        await until(pilot, lambda: "NO CONNECTION" in text(app))
        assert "film 101" in text(app)
        assert "▶ zinc" in text(app)
        assert app.screen.has_class("stale")
        assert brightest(app) < 0.55 * before
        chamber.send(changed(recorded("deposit")))
        await until(pilot, lambda: "NO CONNECTION" not in text(app))
        assert brightest(app) == before

    play(chamber, story, size)


def brightest(app: Screens) -> int:
    """Of all that is written in the pane: the sum of red, green and blue, as the terminal gets them."""
    region = app.pane.region
    strips = list(app.screen._compositor.render_strips())[region.y : region.bottom]
    styles = [segment.style for strip in strips for segment in strip if segment.text.strip()]
    return max(sum(style.color.get_truecolor()) for style in styles if style is not None and style.color is not None)


def test_nothing_is_drawn_anew_while_nothing_changes() -> None:
    snapshot = recorded("deposit")
    chamber = RecordedChamber(snapshot)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, seen(app, snapshot))
        await until(pilot, lambda: "substrate" in text(app))
        parts = (app.query_one(MimicDrawing), app.query_one(Steps), app.query_one(Events))
        before = [id(part.content) for part in parts]
        later = changed(snapshot)
        chamber.send(later)
        await until(pilot, seen(app, later))
        assert [id(part.content) for part in parts] == before
        assert snapshot.job is not None
        moved = replace(changed(later), job=replace(snapshot.job, phase_s=snapshot.job.phase_s + 1.0))
        chamber.send(moved)
        await until(pilot, seen(app, moved))
        assert [id(part.content) == old for part, old in zip(parts, before, strict=True)] == [True, False, True]

    play(chamber, story, SMALL)


# --- parts ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rows", range(8))
@pytest.mark.parametrize("active", range(1, 7))
def test_the_active_step_is_among_any_number_of_rows(active: int, rows: int) -> None:
    job = recorded("deposit").job
    assert job is not None
    done = [replace(step, status="done") for step in job.steps[: active - 1]]
    now = replace(job.steps[active - 1], status="active", lasted_s=10.0)
    job = replace(
        job, step=active, steps=[*done, now, *(replace(step, status="waiting") for step in job.steps[active:])]
    )
    lines = drawn_text(steps.lines(job, 78, rows)).plain.split("\n") if rows else []
    assert len(lines) == rows
    assert rows == 0 or sum(line.startswith("▶ ") for line in lines) == 1
    hidden = 6 - sum(line.startswith(("✓", "▶", "·")) for line in lines)
    told = sum(int(line.split()[1]) for line in lines if line.startswith(("↑", "↓")))
    assert rows < 3 or told == hidden


@pytest.mark.parametrize(
    ("lasted_s", "expected_s", "told"),
    [
        (0.0, 100.0, "░░░░░░░░░░"),
        (50.0, 100.0, "█████░░░░░"),
        (300.0, 100.0, "██████████"),
        (None, 100.0, "░░░░░░░░░░"),
    ],
)
def test_bars(lasted_s: float | None, expected_s: float, told: str) -> None:
    assert steps.bar(lasted_s, expected_s) == told


def test_a_made_layer_and_a_gas_dose_are_told() -> None:
    job = recorded("nitrogen").job
    assert job is not None
    told = drawn_text(steps.lines(job, 110, 10)).plain
    assert "Zn 300.0 of 300 nm" in told
    assert "Li 100.0 of 100 nm" in told
    assert f"{job.dose_mbar_s:,.0f} mbar s" in next(line for line in told.split("\n") if line.startswith("▶ nitrogen"))
    over = recorded("complete").job
    assert over is not None
    assert "✓ nitrogen   105,121 mbar s" in " ".join(drawn_text(steps.lines(over, 110, 10)).plain.split("\n"))


def _told(snapshot: Snapshot, most: int = 4) -> list[str]:
    return [line.rstrip() for line in drawn_text(notices.lines(snapshot, 78, most)).plain.split("\n")]


def test_notices_in_order_of_need() -> None:
    base = recorded("held")
    valves = [replace(valve, failure="gate_valve was told to close and is open after 6.1 s")
              if valve.name == "gate_valve" else valve for valve in base.mimic.valves]  # fmt: skip
    supplies = [replace(supply, tripped=True) for supply in base.mimic.supplies]
    trip = Trip("gate_valve_path", "turbo_percent is 60", "hold", 900.0, ["gate_valve", "turbo"])
    snapshot = replace(
        base, trips=[trip], waiting_for=["gate_valve closed"],
        mimic=replace(base.mimic, valves=valves, supplies=supplies),
    )  # fmt: skip
    assert _told(snapshot, 7) == [
        "‡ interlock gate_valve_path forces gate_valve, turbo",
        "✗ gate_valve was told to close and is open after 6.1 s",
        "✗ boat_supply has tripped: its own protection switched it off",
        f"‖ Held: {base.reason}",
        "… waiting for gate_valve closed",
    ]
    assert _told(snapshot, 3)[2] == "… and 3 more: see Alarms"
    assert notices.lines(recorded("deposit"), 78, 4) == []


def test_inputs_that_are_not_right_are_named_in_every_view() -> None:
    idle = recorded("idle")
    assert "✗ water_ok is OFF" in _told(recorded("water"))
    inputs = [replace(one, on=None) if one.name == "door_closed" else one for one in idle.mimic.inputs]
    inputs.append(Switch("leak", True, [], False))
    assert _told(replace(idle, mimic=replace(idle.mimic, inputs=inputs))) == ["? door_closed unknown  ✗ leak is on"]


def test_the_gravest_alarm_is_told_in_full_and_a_shelved_one_not() -> None:
    water = recorded("water")
    (alarm,) = water.alarms
    told = " ".join(" ".join(_told(water)).split())
    assert f"‼ critical FIRST: {alarm.text}, to be acknowledged" in told
    dry = replace(water, mimic=replace(water.mimic, inputs=[]))
    shelved = replace(dry, alarms=[replace(alarm, shelved_by="anna")])
    assert notices.lines(shelved, 78, 4) == []
    long = replace(water, alarms=[replace(alarm, text="x " * 300)] * 9)
    lines = notices.lines(long, 78, 4)
    assert len(lines) == 4
    assert max(width(line) for line in lines) == 78
    assert _told(long)[-1] == "… and 9 more: see Alarms"


def test_long_lines_go_on_below_themselves() -> None:
    line = [("12:00:00 ", "dim"), ("one two three four", "bold")]
    told = [part.rstrip() for part in drawn_text(wrapped(line, 17, 9)).plain.split("\n")]
    assert told == ["12:00:00 one two", "         three", "         four"]
    assert drawn_text(wrapped([("a" * 25, "")], 10, 2)).plain.split("\n") == [
        "a" * 10,
        "  " + "a" * 8,
        "  " + "a" * 7 + " ",
    ]


# --- a real service ---------------------------------------------------------------------------------------------------
def test_a_pump_down_seen_and_aborted_on_a_real_service(tmp_path: Path) -> None:
    served = Served(tmp_path, ROOT / "recipes", speed=40.0)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: "►◄" in text(app), 60.0)
        await until(pilot, lambda: app.view.snapshot is not None and not app.view.snapshot.waiting_for)
        await pilot.press("g", "y")
        await until(pilot, lambda: "○ Idle" in text(app), 60.0)
        app.ask("start", lambda chamber: chamber.start("lzln", sample_id="B7"), leased=True)
        await until(pilot, lambda: "▶ pump_down" in text(app), 60.0)
        await until(pilot, lambda: "╞══▷◁═══╗  rough open" in text(app), 60.0)
        assert "sample B7" in text(app)
        assert len(plots(app)) == 4
        await pilot.press("A")
        await until(pilot, lambda: "✗ Aborted" in text(app), 60.0)
        await until(pilot, lambda: "Aborting -> Aborted (Abort key at the screen)" in text(app), 60.0)
        assert "! pump_down" in text(app)

    try:
        play(served.chamber("tui@test:1"), story, MIDDLE)
    finally:
        served.end()
