"""What holds on every screen: hold and abort by one key, prompts over anything, old values that look old."""

import pytest
from textual.pilot import Pilot

from pvdctl.client import Declined
from pvdctl.service.answers import Accepted, Problem
from pvdctl.tui.app import Screens
from pvdctl.tui.dialogs import AskRecipesQuestion, AskText
from pvdctl.tui.help import Help
from pvdctl.tui.keyline import KeyLine
from pvdctl.tui.panes import PANES
from tests.tui.stage import LARGE, SMALL, RecordedChamber, changed, lost, play, recorded, text, until


@pytest.mark.parametrize("key", ["A", "f12", "ctrl+x"])
def test_abort_is_one_key_and_asks_nothing(key: str) -> None:
    chamber = RecordedChamber(recorded("deposit"))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press(key)
        await until(pilot, lambda: bool(chamber.asked))

    play(chamber, story)
    assert [path for path, _ in chamber.asked] == ["/v1/commands/abort"]


@pytest.mark.parametrize("key", ["f12", "ctrl+x"])
def test_abort_works_while_something_is_being_written(key: str) -> None:
    chamber = RecordedChamber(recorded("deposit"))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press("s", "n", "o", "A")
        assert isinstance(app.screen, AskText)
        assert chamber.asked == []
        await pilot.press(key)
        await until(pilot, lambda: bool(chamber.asked))

    play(chamber, story)
    assert [path for path, _ in chamber.asked] == ["/v1/commands/abort"]


@pytest.mark.parametrize("key", ["h", "f9", "ctrl+o"])
def test_hold_is_one_key_and_the_reason_follows_as_a_note(key: str) -> None:
    chamber = RecordedChamber(recorded("deposit"))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, AskText))
        assert [path for path, _ in chamber.asked] == ["/v1/commands/hold"]
        await pilot.press(*"dust", "enter")
        await until(pilot, lambda: len(chamber.asked) == 2)

    play(chamber, story)
    path, body = chamber.asked[1]
    assert path == "/v1/notes"
    assert body["text"] == "dust"


def test_stop_asks_for_the_reason_and_escape_stops_nothing() -> None:
    chamber = RecordedChamber(recorded("deposit"))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press("s", "enter")
        await until(pilot, lambda: "Write a few words" in text(app))
        await pilot.press("escape")
        assert chamber.asked == []
        await pilot.press("s", *"late", "enter")
        await until(pilot, lambda: bool(chamber.asked))

    play(chamber, story)
    assert chamber.asked == [("/v1/commands/stop", {"reason": "late", "fence": None})]


def test_a_refusal_stays_in_sight_whole() -> None:
    chamber = RecordedChamber(recorded("idle"))
    why = "hold refused: the unit is in Idle. You can: start, stop, abort."
    chamber.answers["/v1/commands/hold"] = Declined(Problem("not_now", why), 409)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press("h")
        await until(pilot, lambda: "refused" in text(app))
        assert why in " ".join(text(app).split())

    play(chamber, story)


def test_a_lost_service_greys_the_values_and_tells_their_age() -> None:
    chamber = RecordedChamber(recorded("deposit"))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        assert "NO CONNECTION" not in text(app)
        chamber.send(lost("nobody listens there."))
        await until(pilot, lambda: "NO CONNECTION: all values are" in text(app))
        assert "nobody listens there." in text(app)
        assert app.screen.has_class("stale")
        chamber.send(changed(recorded("deposit")))
        await until(pilot, lambda: "NO CONNECTION" not in text(app))
        assert not app.screen.has_class("stale")

    play(chamber, story, LARGE)


def test_silence_is_told_too() -> None:
    chamber = RecordedChamber(recorded("deposit"))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await until(pilot, lambda: "NO CONNECTION: all values are" in text(app))

    play(chamber, story)


def test_a_recipes_question_comes_up_by_itself_once_and_again_by_its_key() -> None:
    question = recorded("question")
    chamber = RecordedChamber(question)
    chamber.answers["/v1/lease"] = Accepted("you are in control", "Execute", fence=7)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: isinstance(app.screen, AskRecipesQuestion))
        await pilot.press("enter", "escape")  # a stray Enter answers nothing
        assert not isinstance(app.screen, AskRecipesQuestion)
        chamber.send(changed(question))
        await until(pilot, lambda: "QUESTION" in text(app))
        assert not isinstance(app.screen, AskRecipesQuestion)
        await pilot.press("p")
        assert isinstance(app.screen, AskRecipesQuestion)
        await pilot.press("1")
        await until(pilot, lambda: len(chamber.asked) == 2)

    play(chamber, story)
    asked = question.question
    assert asked is not None
    assert chamber.asked[1] == ("/v1/answers", {"prompt": asked.prompt, "answer": asked.answers[0], "fence": 7})


def test_a_question_that_somebody_else_answered_goes_away() -> None:
    question = recorded("question")
    chamber = RecordedChamber(question)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: isinstance(app.screen, AskRecipesQuestion))
        chamber.send(changed(question, question=None))
        await until(pilot, lambda: not isinstance(app.screen, AskRecipesQuestion))

    play(chamber, story)
    assert chamber.asked == []


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_help_lists_the_keys(size: tuple[int, int]) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        shown = text(app)
        assert "ABORT" in shown or "Abort" in shown
        assert "F12" in shown
        await pilot.press("escape")
        assert not isinstance(app.screen, Help)

    play(RecordedChamber(recorded("deposit")), story, size)


@pytest.mark.parametrize("size", [SMALL, (120, 40), LARGE])
@pytest.mark.parametrize("moment", ["aborted", "idle", "deposit", "held", "water", "complete"])
def test_the_top_line_fits_and_says_what_matters(moment: str, size: tuple[int, int]) -> None:
    snapshot = recorded(moment)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        shown = text(app)
        first, second = shown.split("\n")[:2]
        assert "SIMULATED" in first
        assert snapshot.state in first
        assert "control: " in second
        assert "alarm" in second
        if snapshot.job is not None and snapshot.job.running:
            assert f"step {snapshot.job.step}/{len(snapshot.job.steps)}" in first

    play(RecordedChamber(snapshot), story, size)


@pytest.mark.parametrize("size", [SMALL, (120, 40), LARGE])
@pytest.mark.parametrize("pane", range(1, len(PANES) + 1))
def test_hold_and_abort_stand_first_in_the_line_of_keys(pane: int, size: tuple[int, int]) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press(str(pane))
        await pilot.pause()
        assert text(app).splitlines()[-1].startswith(" h Hold  A ABORT  ? Help")

    play(RecordedChamber(recorded("deposit")), story, size)


def test_a_click_on_a_key_is_that_key() -> None:
    chamber = RecordedChamber(recorded("deposit"))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.click(KeyLine, offset=(12, 0))
        await until(pilot, lambda: bool(chamber.asked))

    play(chamber, story)
    assert [path for path, _ in chamber.asked] == ["/v1/commands/abort"]
