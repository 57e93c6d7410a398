"""Starting a recipe on the screen: what will happen is said, and nothing starts by chance."""

from dataclasses import replace
from functools import partial

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Checkbox

from pvdctl.client import Declined, Lost
from pvdctl.service.answers import Problem
from pvdctl.service.messages import Holder
from pvdctl.tui.app import Answered, Screens
from pvdctl.tui.feed import Heard
from pvdctl.tui.recipe import Recipe
from pvdctl.tui.recipe_start import AskStart, why_not
from tests.tui.recipe_stage import SIZES, RecipeChamber, at, checked, flat, idle, shows
from tests.tui.stage import LARGE, NAME, Holds, changed, play, recorded, text, until


@SIZES
def test_start_says_what_will_happen_and_starts_by_y(size: tuple[int, int], dialog_text: Holds) -> None:
    chamber = RecipeChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("enter")
        await until(pilot, lambda: shows(app, AskStart) and "Unit: ○ Idle" in text(app))
        await dialog_text(app)
        shown = flat(app)
        for said in ("SIMULATED CHAMBER", "version 1", "sha 2070ec4de76f", "About 36:42", "zinc 427 mg", "○ Idle"):
            assert said in shown
        await pilot.press(*"A17", "enter", *"foil y", "enter", "enter")  # the last stray Enter meets `Do not start`
        await until(pilot, lambda: not shows(app, AskStart))
        assert chamber.asked == []
        await pilot.press("enter", *"A17", "enter", *"foil y", "enter", "y")
        await until(pilot, lambda: len(chamber.asked) >= 2)
        await until(pilot, lambda: app.pane is not None and not isinstance(app.pane, Recipe))

    play(chamber, story, size)
    assert chamber.asked[0][0] == "/v1/lease"
    path, body = chamber.asked[1]
    assert path == "/v1/runs"
    assert (body["recipe"], body["sample_id"], body["note"], body["fence"]) == ("lzln", "A17", "foil y", 7)


def test_keys_in_one_burst_land_where_they_belong() -> None:
    chamber = RecipeChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("enter")
        await until(pilot, lambda: shows(app, AskStart))
        await until(pilot, lambda: "Sample id" in text(app))
        for key in ("A", "1", "enter", "b", "enter", "y"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: len(chamber.asked) >= 2)

    play(chamber, story)
    (path, body) = chamber.asked[1]
    assert (path, body["sample_id"], body["note"]) == ("/v1/runs", "A1", "b")


def test_escape_starts_nothing() -> None:
    chamber = RecipeChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("enter", *"A17", "escape")
        await until(pilot, lambda: not shows(app, AskStart))

    play(chamber, story)
    assert chamber.asked == []


def test_a_text_that_has_changed_since_is_not_started() -> None:
    chamber = RecipeChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("enter")
        chamber.texts["lzln"] = replace(checked("lzln"), sha256="f" * 64)
        await pilot.press("enter", "enter", "y")
        await until(pilot, lambda: "its text has changed since it was shown" in flat(app))
        assert isinstance(app.pane, Recipe)

    play(chamber, story)
    assert [path for path, _ in chamber.asked if path == "/v1/runs"] == []


def test_a_refused_start_stays_whole_and_on_this_screen() -> None:
    chamber = RecipeChamber()
    why = "start refused: first make it safe by hand: boat_supply.current at 0."
    chamber.answers["/v1/runs"] = Declined(Problem("not_now", why), 409)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("enter", "enter", "enter", "y")
        await until(pilot, lambda: why in flat(app))
        assert isinstance(app.pane, Recipe)

    play(chamber, story)


@pytest.mark.parametrize("moment", ["aborted", "complete"])
def test_elsewhere_than_in_idle_the_way_there_is_offered_and_not_taken_unasked(
    moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chamber = RecipeChamber(changed(recorded(moment), lease=None))
    ready: list[str] = []
    monkeypatch.setattr(chamber, "ready", lambda: ready.append("ready"))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("enter")
        await until(pilot, lambda: "A start needs Idle: tick the box" in flat(app))
        await until(pilot, lambda: "[ ] Get the unit ready first" in flat(app))
        await pilot.press("enter", "enter", "y")
        assert shows(app, AskStart)  # not ticked: nothing happens
        assert chamber.asked == []
        app.screen.query_one(Checkbox).focus()
        await pilot.press("space")
        await pilot.pause()
        assert "A start needs Idle" not in flat(app)
        await until(pilot, lambda: "[x] Get the unit ready first" in flat(app))
        app.screen.query_one("#leave").focus()
        await pilot.press("y")
        await until(pilot, lambda: len(chamber.asked) >= 2)

    play(chamber, story)
    assert ready == ["ready"]
    assert chamber.asked[1][0] == "/v1/runs"


def test_a_start_is_not_possible_while_a_run_goes_on_and_the_dialog_follows_the_chamber() -> None:
    chamber = RecipeChamber(changed(recorded("deposit"), lease=None))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("enter")
        await until(pilot, lambda: "The unit is in Execute; a recipe is started in Idle." in flat(app))
        await pilot.press("enter", "enter", "y")
        await until(pilot, lambda: shows(app, AskStart))
        chamber.send(changed(idle()))
        await until(pilot, lambda: "a recipe is started in Idle" not in flat(app))
        await pilot.press("y")
        await until(pilot, lambda: len(chamber.asked) >= 2)

    play(chamber, story)


def test_news_that_come_while_the_screens_are_closed_find_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[str] = []

    def unmounted(dialog: AskStart) -> None:  # its parts are gone by now, the app is not
        app = dialog.app
        assert isinstance(app, Screens)
        assert not dialog.children
        news = changed(recorded("idle"), state_s=99.0)
        app.on_heard(Heard(news))
        app.on_heard(Heard(Lost("the service does not answer.")))
        app.on_answered(Answered(partial(late.append, "answered")))
        app.say("done", "said to nobody")
        late.append("unmounted")

    monkeypatch.setattr(AskStart, "on_unmount", unmounted, raising=False)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("enter")
        await until(pilot, lambda: "Do not start (n)" in text(app))

    play(RecipeChamber(), story)
    assert late == ["unmounted"]


def test_what_else_stands_against_a_start_is_told() -> None:
    waiting = recorded("water")
    other = Holder("bert", "tui@bench:1", 6, 20.0)
    chamber = RecipeChamber(changed(waiting, lease=other, simulated=False, speed=None))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("enter")
        await until(pilot, lambda: "REAL CHAMBER" in flat(app) and "alarms standing" in flat(app))
        shown = flat(app)
        assert f"alarms standing: {waiting.alarms[0].name}" in shown
        assert "bert (tui@bench:1) is in control: the start will be refused" in shown
        assert "UTC" in shown  # about when it ends

    play(chamber, story, LARGE)


def test_why_not() -> None:
    app = Screens(RecipeChamber(), NAME)
    view = app.view
    assert "cannot be heard" in why_not(view, ready=False)
    view.take(idle())
    assert why_not(view, ready=False) == ""
    view.take(changed(idle(), evidence=replace(idle().evidence, failed="disk full")))
    assert "disk full" in why_not(view, ready=False)
    view.take(changed(idle(), local=True))
    assert "stands at local" in why_not(view, ready=True)
    view.take(changed(recorded("complete")))
    assert "A start needs Idle" in why_not(view, ready=False)
    assert why_not(view, ready=True) == ""
