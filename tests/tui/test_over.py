"""Screens over the others: answered once, whatever else is under way; news may come before they have their parts."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList

from pvdctl.service.messages import Holder, Question
from pvdctl.tui.alarms_shelve import AskShelving, Shelving
from pvdctl.tui.app import Screens
from pvdctl.tui.control_dialogs import AskedForControl, OthersControl
from pvdctl.tui.dialogs import AskRecipesQuestion, AskText
from pvdctl.tui.recipe_answers import AskBeforehand
from pvdctl.tui.run_dialogs import Sign
from tests.tui.recipe_stage import checked
from tests.tui.stage import NAME, RecordedChamber, changed, play, recorded, text, until

LEASE = Holder("bert", "tui@b:2", 9, 20.0)


def open_(app: Screens, dialog: ModalScreen[Any]) -> list[Any]:
    """What it is answered, once it is."""
    answers: list[Any] = []
    app.push_screen(dialog, answers.append)
    return answers


def top(app: Screens) -> object:
    """The topmost screen."""
    return app.screen


def shelved(dialog: ModalScreen[Any]) -> None:
    """Enter after the reason."""
    dialog.query_one("#minutes", Input).value = "30"
    reason = dialog.query_one("#reason", Input)
    reason.post_message(Input.Submitted(reason, "pump"))


def chosen(dialog: ModalScreen[Any]) -> None:
    """Enter on the first answer."""
    dialog.query_one(OptionList).action_select()


def written(dialog: ModalScreen[Any]) -> None:
    """Enter after the line."""
    line = dialog.query_one("#line", Input)
    line.post_message(Input.Submitted(line, "why"))


def pressed(dialog: ModalScreen[Any]) -> None:
    """The first answer's digit."""
    dialog.post_message(Key("1", "1"))


@pytest.mark.parametrize(
    ("make", "enter", "answer"),
    [
        (lambda: AskText("Hold: why?"), written, "why"),
        (lambda: AskRecipesQuestion(Question("agree", "Loaded?", ["yes", "no"]), "vent"), pressed, "yes"),
        (lambda: AskShelving("pump"), shelved, Shelving(30.0, "pump")),
        (lambda: AskBeforehand("vent", checked("vent").questions), chosen, {"agree": "yes"}),
    ],
)
def test_enter_pressed_twice_answers_once(
    make: Callable[[], ModalScreen[Any]], enter: Callable[[ModalScreen[Any]], None], answer: object
) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        base, dialog = app.screen, make()
        answers = open_(app, dialog)
        await until(pilot, lambda: dialog.is_mounted)
        enter(dialog)
        enter(dialog)
        await until(pilot, lambda: bool(answers))
        await pilot.pause(0.1)
        assert answers == [answer]
        assert app.screen is base

    play(RecordedChamber(recorded("idle")), story)


def test_an_answer_under_way_leaves_what_lies_above_and_below() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        base, below, above = top(app), Sign("run", "anna"), OthersControl(LEASE, None, asked=False)
        signed, wished = open_(app, below), open_(app, above)
        await until(pilot, lambda: above.is_mounted)
        below.dismiss(("reviewed", "late"))
        await pilot.pause()
        assert top(app) is above
        above.dismiss("ask")
        above.dismiss("break")
        await pilot.pause()
        assert top(app) is below
        below.dismiss(None)
        below.dismiss(("reviewed", "later"))
        await pilot.pause()
        assert top(app) is base
        assert (signed, wished) == ([None], ["ask"])

    play(RecordedChamber(recorded("idle")), story)


def test_time_goes_on_before_a_dialog_has_its_parts() -> None:
    def asked(in_s: float) -> Holder:
        return Holder("anna", NAME, 7, 25.0, "bert (tui@b:2)", in_s)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.me is not None)
        for in_s in (15.0, 14.0):
            app.view.take(changed(recorded("deposit"), lease=asked(in_s)))
            app.control.heard(changed(recorded("deposit"), lease=asked(in_s)))
        assert isinstance(app.screen, AskedForControl)
        assert not app.screen.is_mounted
        await until(pilot, lambda: "passes to them in 14 s" in text(app))

    play(RecordedChamber(recorded("deposit")), story)
