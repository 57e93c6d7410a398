"""The alarm screen: what came first and what to do stand there at once; every act names its alarm and its user."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from pvdctl.client import Declined, Unreachable
from pvdctl.clock import VirtualClock
from pvdctl.service.answers import Me, Problem
from pvdctl.service.messages import Happening
from pvdctl.tui.alarms import Alarms
from pvdctl.tui.alarms_shelve import AskShelving
from pvdctl.tui.app import Screens
from pvdctl.tui.panes import PANES
from pvdctl.tui.rows import Rows
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.night import FIRST, LAST, OVER, NightChamber, night, past
from tests.tui.stage import LARGE, SMALL, Holds, RecordedChamber, Story, changed, lost, play, recorded, text, until

KEY = str([name for name, _ in PANES].index("Alarms") + 1)
WARNING: dict[str, Any] = {
    "state": "unacknowledged",
    "priority": "medium",
    "first_out": False,
    "needs_acknowledgement": True,
}
SHELVED: dict[str, Any] = {
    "state": "shelved", "priority": "medium", "needs_acknowledgement": False, "shelved_by": "eva",
    "shelved_why": "pump is being changed", "shelved_until_s": 2000.6,
}  # fmt: skip


def on_alarms(chamber: NightChamber, story: Story, size: tuple[int, int] = SMALL) -> None:
    """Play a story that begins on the alarm screen, with past alarms there."""

    async def whole(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None and app.view.me is not None)
        await pilot.press(KEY)
        pane = app.query_one(Alarms)
        await until(pilot, lambda: bool(pane._past) or isinstance(chamber.past, Exception) or not chamber.past)
        await story(pilot, app)

    play(chamber, whole, size, VirtualClock())


def selected(app: Screens) -> str:
    return app.query_one("#alarms", Rows).key


def words(app: Screens) -> str:
    """What is on the screen, without its line breaks."""
    return " ".join(text(app).split())


@pytest.mark.parametrize("size", [SMALL, (120, 40), LARGE])
def test_what_came_first_and_what_to_do_need_no_key(size: tuple[int, int]) -> None:
    first = night().alarms[0]

    async def story(pilot: Pilot[None], app: Screens) -> None:
        shown = words(app)
        assert f"UTC {FIRST}: {first.text}" in shown
        assert first.response in shown
        assert "FIRST OUT" in shown
        assert selected(app) == FIRST

    on_alarms(NightChamber(), story, size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_bad_night(size: tuple[int, int], pane_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pane_text(app)

    on_alarms(NightChamber(), story, size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_all_states_at_once(size: tuple[int, int], pane_text: Holds) -> None:
    snapshot = night(water_for_sources={"state": "latched-acknowledged", "needs_acknowledgement": False,
                                        "acknowledged_by": "anna"})  # fmt: skip
    one, two = snapshot.alarms
    more = [
        replace(two, name="rate_error", state="latched-unacknowledged", chattering=True, count=7, active=False),
        replace(two, name="fill_error", state="returned-unacknowledged", active=False),
        replace(two, name="interlock.air", state="acknowledged", needs_acknowledgement=False, acknowledged_by="bert"),
        replace(two, name="crystal_life", **SHELVED),
    ]

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pane_text(app)

    on_alarms(NightChamber(changed(snapshot, alarms=[one, two, *more])), story, size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_nothing_has_happened(size: tuple[int, int], pane_text: Holds) -> None:
    chamber = NightChamber(recorded("idle"))
    chamber.past = []

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pane_text(app)
        for key in ("k", "K", "z", "u", "enter"):
            await pilot.press(key)
        assert not isinstance(app.screen, AskShelving)

    on_alarms(chamber, story, size)
    assert chamber.asked == []


@pytest.mark.parametrize("key", ["k", "enter"])
def test_the_selected_alarm_is_acknowledged_by_the_user_the_service_knows(key: str) -> None:
    chamber = NightChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        assert "k acknowledges it as anna" in words(app)
        await pilot.press("down")
        assert selected(app) == LAST
        await pilot.press(key)
        await until(pilot, lambda: bool(chamber.asked))

    on_alarms(chamber, story)
    assert chamber.asked == [(f"/v1/alarms/{LAST}/acknowledge", {})]


def test_what_waits_for_nothing_is_not_acknowledged_again() -> None:
    chamber = NightChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("end", "ctrl+end", "k")
        assert selected(app) == OVER
        assert f"{OVER} waits for no acknowledgement: it is normal." in words(app)

    on_alarms(chamber, story)
    assert chamber.asked == []


def test_all_that_wait_are_acknowledged_and_a_refusal_stops_none() -> None:
    chamber = NightChamber()
    why = f"acknowledge {FIRST} refused: it is latched-acknowledged and waits for no acknowledgement."
    chamber.answers[f"/v1/alarms/{FIRST}/acknowledge"] = Declined(Problem("not_now", why), 409)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("K")
        await until(pilot, lambda: "1 of 2:" in text(app))
        assert why in words(app)
        chamber.answers.clear()
        await pilot.press("K")
        await until(pilot, lambda: f"acknowledged: {FIRST}, {LAST}." in words(app))

    on_alarms(chamber, story)
    assert [path for path, _ in chamber.asked] == 2 * [
        f"/v1/alarms/{FIRST}/acknowledge", f"/v1/alarms/{LAST}/acknowledge"
    ]  # fmt: skip


def test_a_critical_alarm_is_not_shelved() -> None:
    chamber = NightChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("z")
        assert not isinstance(app.screen, AskShelving)
        assert f"{FIRST} is critical, and critical alarms are never shelved." in words(app)

    on_alarms(chamber, story)
    assert chamber.asked == []


def test_shelving_asks_how_long_and_why() -> None:
    chamber = NightChamber(night(water=WARNING))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("down", "z")
        assert isinstance(app.screen, AskShelving)
        assert "anna is operator here" in words(app)
        await pilot.press("enter")
        assert "found nothing" in words(app)
        await pilot.press(*"61", "enter")
        assert "at most 60 minutes, found '61'." in words(app)
        await pilot.press("backspace", "backspace", *"30", "enter", "enter")
        assert "Write a few words why" in words(app)
        await pilot.press(*"pump", "enter")
        await until(pilot, lambda: bool(chamber.asked))

    on_alarms(chamber, story)
    assert chamber.asked == [(f"/v1/alarms/{LAST}/shelve", {"minutes": 30.0, "reason": "pump"})]


def test_escape_shelves_nothing() -> None:
    chamber = NightChamber(night(water=WARNING))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("down", "z", *"30", "enter", "y", "escape")
        assert not isinstance(app.screen, AskShelving)

    on_alarms(chamber, story)
    assert chamber.asked == []


def test_an_engineer_reads_no_doubt_about_the_right() -> None:
    chamber = NightChamber(night(water=WARNING))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        app.view.me = Me("eva", "process_engineer", "tui", "unix")
        await pilot.press("down", "z")
        assert "right" not in words(app)

    on_alarms(chamber, story)


def test_a_shelved_alarm_says_until_when_and_comes_back_by_a_key() -> None:
    chamber = NightChamber(night(water=SHELVED))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("u")
        assert "The selected alarm is not shelved." in words(app)
        await pilot.press("down")
        assert "by eva until" in words(app)
        assert "(for another 13:20): pump is being changed" in words(app)
        await pilot.press("u")
        await until(pilot, lambda: bool(chamber.asked))

    on_alarms(chamber, story)
    assert chamber.asked == [(f"/v1/alarms/{LAST}/unshelve", {})]


def test_an_interlock_that_stands_tells_what_it_forces() -> None:
    trip = night().trips[0]

    async def story(pilot: Pilot[None], app: Screens) -> None:
        assert f"interlock {trip.name} ({trip.action}) since" in words(app)
        await pilot.press("down")  # the alarm of the same interlock has it in full
        assert f"forces {', '.join(trip.forces)}" in words(app)

    on_alarms(NightChamber(), story)


def test_many_interlocks_leave_room_for_the_alarm() -> None:
    snapshot = night()
    trips = [replace(snapshot.trips[0], name=f"rule_{number}") for number in range(9)]

    async def story(pilot: Pilot[None], app: Screens) -> None:
        assert "and 6 more: rule_3, rule_4, rule_5, rule_6, rule_7, rule_8" in words(app)
        assert snapshot.alarms[0].response.split(";")[0] in words(app)

    on_alarms(NightChamber(changed(snapshot, trips=trips)), story)


def test_the_cursor_stays_where_it_was_put() -> None:
    snapshot = night()
    chamber = NightChamber(snapshot)
    graver = replace(snapshot.alarms[0], name="interlock.estop", first_out=False, raised_s=1200.0)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("down")
        chamber.send(changed(snapshot, alarms=[graver, *snapshot.alarms]))
        await until(pilot, lambda: "interlock.estop" in text(app))
        assert selected(app) == LAST
        chamber.send(changed(changed(snapshot), alarms=snapshot.alarms[:1]))
        await until(pilot, lambda: "interlock.estop" not in text(app))
        assert selected(app) == FIRST  # what was looked at is gone: back to what came first

    on_alarms(chamber, story)


def test_the_cursor_follows_the_first_out_until_it_is_moved() -> None:
    snapshot = night()
    chamber = NightChamber(changed(snapshot, alarms=[replace(a, first_out=False) for a in snapshot.alarms[1:]]))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        assert "none is marked as the first of a cascade" in words(app)
        assert selected(app) == LAST
        chamber.send(changed(changed(snapshot)))
        await until(pilot, lambda: selected(app) == FIRST)

    on_alarms(chamber, story)


def test_of_one_scan_nobody_says_which_was_first() -> None:
    snapshot = night(water={"first_out": True, "raised_s": night().alarms[0].raised_s})

    async def story(pilot: Pilot[None], app: Screens) -> None:
        assert "UTC (and 1 in the same scan)" in words(app)

    on_alarms(NightChamber(snapshot), story)


def test_past_alarms_that_cannot_be_read_are_told() -> None:
    chamber = NightChamber()
    chamber.past = Unreachable("the service at /nowhere does not answer.")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: "Past alarms could not be read: the service at /nowhere" in words(app))
        assert FIRST in text(app)
        chamber.past = []
        chamber.send(changed(night(), alarms=night().alarms[:1]))  # one less: asked again
        await until(pilot, lambda: "could not be read" not in text(app))

    on_alarms(chamber, story)


def test_what_came_and_went_between_two_snapshots_is_asked_for() -> None:
    chamber = NightChamber()
    brief = replace(night().alarms[1], name="interlock.air", state="normal", active=False)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        chamber.past = [*past(), brief]
        chamber.send(Happening(10**6, 1200.0, night().utc, "alarm", "interlock.air", "gone after 0.1 s", ""))
        chamber.send(changed(night()))
        await until(pilot, lambda: "interlock.air" in text(app))

    on_alarms(chamber, story)


def test_a_lost_service_keeps_what_was_known() -> None:
    chamber = NightChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        chamber.send(lost())
        await until(pilot, lambda: "NO CONNECTION" in text(app))
        assert night().alarms[0].response in words(app)

    on_alarms(chamber, story)


def test_before_the_first_word_of_a_service() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press(KEY)
        await until(pilot, lambda: "No service has said anything yet." in text(app))
        await pilot.press("k", "K", "z", "u")

    chamber = RecordedChamber()
    play(chamber, story)
    assert chamber.asked == []


# --- a service ----------------------------------------------------------------------------------------------------
def test_an_alarm_of_a_real_service_is_acknowledged(tmp_path: Path) -> None:
    served = Served(tmp_path, ROOT / "recipes", "--fault", "water_lost@1s")
    try:

        async def story(pilot: Pilot[None], app: Screens) -> None:
            await pilot.press(KEY)
            await until(pilot, lambda: f"1st {LAST}" in text(app), 60.0)
            assert "Restore the water flow, then Unhold." in text(app)
            await pilot.press("k")
            await until(pilot, lambda: "○ acked" in text(app))
            assert app.view.me is not None
            assert f"acknowledged by {app.view.me.user}" in words(app)

        play(served.chamber("tui@test:1"), story)
    finally:
        served.end()
