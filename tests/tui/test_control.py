"""Who is in control: asked for it the holder gives or keeps it, the asker learns the end, an engineer may break it."""

import threading
from pathlib import Path
from typing import Literal

import pytest
from textual.pilot import Pilot

from pvdctl.client import Declined, Unreachable
from pvdctl.clock import VirtualClock
from pvdctl.service.answers import Accepted, Me, Problem
from pvdctl.service.messages import Holder, Snapshot
from pvdctl.tui.app import Screens
from pvdctl.tui.control_dialogs import AskedForControl, OthersControl
from pvdctl.tui.dialogs import AskText
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.stage import LARGE, NAME, SMALL, Holds, RecordedChamber, Story, changed, play, recorded, text, until

Role = Literal["operator", "process_engineer"]
BERT = "bert (tui@b:2)"
ASKED = Accepted("bert (tui@b:2) is asked; control passes in 15 s.", "Execute", remaining_s=15.0)


def held(by: str = "anna", client: str = NAME, wanted: str = "", in_s: float | None = None, fence: int = 7) -> Snapshot:
    """The deposit, with somebody in control."""
    lease = Holder(by, client, fence, 25.0, wanted, in_s)
    return changed(recorded("deposit"), lease=lease)


def others(wanted: str = "", in_s: float | None = None, fence: int = 9) -> Snapshot:
    """The deposit, with bert in control."""
    return held("bert", "tui@b:2", wanted, in_s, fence)


def leading(chamber: RecordedChamber, story: Story, size: tuple[int, int] = SMALL, role: Role = "operator") -> None:
    """Play a story in which the service has said who we are."""

    async def whole(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None and app.view.me is not None)
        app.view.me = Me("anna", role, NAME, "unix")
        await story(pilot, app)

    play(chamber, whole, size, VirtualClock())


def holder(*first: Snapshot) -> RecordedChamber:
    """A chamber whose lease these screens hold."""
    chamber = RecordedChamber(*(first or (held(),)))
    chamber.fence = 7
    return chamber


def words(app: Screens) -> str:
    return " ".join(text(app).replace("┃", " ").split())


def paths(chamber: RecordedChamber) -> list[str]:
    return [path for path, _ in chamber.asked]


# --- being asked --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_who_asks_and_how_long_there_is(size: tuple[int, int], dialog_text: Holds) -> None:
    chamber = holder(held(wanted=BERT, in_s=12.4))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: isinstance(app.screen, AskedForControl))
        await dialog_text(app)
        chamber.send(held(wanted=BERT, in_s=3.2))
        await until(pilot, lambda: "passes to them in 3 s" in words(app))
        await pilot.press("enter", "space")  # whoever types on gives nothing away
        assert isinstance(app.screen, AskedForControl)
        await pilot.press("escape")
        assert f"wanted by {'bert' if size == SMALL else BERT} in 3 s" in words(app)
        assert "rec" in text(app).split("\n")[1]  # there is room for the record's line end

    leading(chamber, story, size)
    assert paths(chamber) == ["/v1/lease/release"]  # as the screens were left


@pytest.mark.parametrize(
    ("key", "button", "path"),
    [("y", "#give", "/v1/lease/release"), ("k", "#keep", "/v1/lease/keep")],
)
@pytest.mark.parametrize("by_mouse", [False, True])
def test_control_is_given_or_kept(key: str, button: str, path: str, by_mouse: bool) -> None:
    chamber = holder(held(wanted=BERT, in_s=12.4))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: isinstance(app.screen, AskedForControl))
        await (pilot.click(button) if by_mouse else pilot.press(key))
        await until(pilot, lambda: bool(chamber.asked))
        assert chamber.asked == [(path, {"fence": 7})]

    leading(chamber, story)


def test_the_dialog_comes_once_by_itself_and_again_by_the_key() -> None:
    chamber = holder(held(wanted=BERT, in_s=12.0))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: isinstance(app.screen, AskedForControl))
        await pilot.press("escape")
        chamber.send(changed(held(wanted=BERT, in_s=11.0), state_s=1.0))
        await until(pilot, lambda: app.view.snapshot is not None and app.view.snapshot.state_s == 1.0)
        assert not isinstance(app.screen, AskedForControl)
        await pilot.press("c")
        assert isinstance(app.screen, AskedForControl)
        chamber.send(held())  # whoever asked has gone
        await until(pilot, lambda: not isinstance(app.screen, AskedForControl))
        chamber.send(held(wanted=BERT, in_s=15.0))  # and is back
        await until(pilot, lambda: isinstance(app.screen, AskedForControl))

    leading(chamber, story)


def test_nobody_is_disturbed_while_writing() -> None:
    chamber = holder()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("n", *"leak")
        chamber.send(changed(held(wanted=BERT, in_s=12.0), state_s=1.0))
        await until(pilot, lambda: app.view.snapshot is not None and app.view.snapshot.state_s == 1.0)
        assert isinstance(app.screen, AskText)
        await pilot.press("enter")
        await until(pilot, lambda: bool(chamber.asked))
        chamber.send(held(wanted=BERT, in_s=11.0))
        await until(pilot, lambda: isinstance(app.screen, AskedForControl))

    leading(chamber, story)
    assert chamber.asked[0] == ("/v1/notes", {"text": "leak", "about": ""})


def test_control_that_was_taken_is_said_and_no_longer_believed() -> None:
    chamber = holder()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        chamber.send(others())
        await until(pilot, lambda: "bert (tui@b:2) is in control now, no longer you." in words(app))
        assert chamber.fence is None

    leading(chamber, story)
    assert chamber.asked == []


def test_a_snapshot_older_than_the_grant_takes_nothing_away() -> None:
    chamber = holder()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        chamber.send(changed(others(fence=6), state_s=1.0))
        await until(pilot, lambda: app.view.snapshot is not None and app.view.snapshot.state_s == 1.0)
        assert chamber.fence == 7

    leading(chamber, story)


# --- asking -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("role", ["operator", "process_engineer"])
def test_what_can_be_done_about_anothers_control(role: Role, size: tuple[int, int], dialog_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, OthersControl))
        await dialog_text(app)
        await pilot.press("enter", "b" if role == "operator" else "enter")
        assert isinstance(app.screen, OthersControl)
        await pilot.press("escape")
        assert not isinstance(app.screen, OthersControl)

    chamber = RecordedChamber(others())
    leading(chamber, story, size, role)
    assert chamber.asked == []


def test_who_asks_has_it_after_the_wait() -> None:
    chamber = RecordedChamber(others())
    chamber.answers["/v1/lease/request"] = ASKED

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("c", "a")
        await until(pilot, lambda: ASKED.text in words(app))
        chamber.send(others(wanted=f"anna ({NAME})", in_s=14.0))
        await until(pilot, lambda: "wanted by anna" in words(app))
        await pilot.press("c")
        assert "You have asked: it passes to you in 14 s" in words(app)
        await pilot.press("a")  # once is enough
        assert isinstance(app.screen, OthersControl)
        await pilot.press("escape")
        chamber.send(held(fence=10))
        await until(pilot, lambda: chamber.fence == 7)  # as this stage's service numbers it

    leading(chamber, story)
    assert paths(chamber)[:2] == ["/v1/lease/request", "/v1/lease"]


def test_who_is_refused_is_told() -> None:
    chamber = RecordedChamber(others())
    chamber.answers["/v1/lease/request"] = ASKED

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("c", "a")
        await until(pilot, lambda: ASKED.text in words(app))
        chamber.send(changed(others(), state_s=1.0))  # older than the request
        await until(pilot, lambda: app.view.snapshot is not None and app.view.snapshot.state_s == 1.0)
        assert "keeps control" not in words(app)
        chamber.send(others(wanted=f"anna ({NAME})", in_s=14.0), others())
        await until(pilot, lambda: "bert keeps control." in words(app))

    leading(chamber, story)
    assert paths(chamber) == ["/v1/lease/request"]


def test_somebody_asked_before() -> None:
    chamber = RecordedChamber(others(wanted="carl (tui@c:3)", in_s=9.0))
    why = "carl (tui@c:3) has asked for control before you."
    chamber.answers["/v1/lease/request"] = Declined(Problem("no_lease", why), 409)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("c")
        assert "carl (tui@c:3) has asked before you." in words(app)
        await pilot.press("a")
        await until(pilot, lambda: why in words(app))

    leading(chamber, story)


def test_an_engineer_breaks_it_with_a_reason() -> None:
    chamber = RecordedChamber(others())

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("c", "b")
        assert "Break bert's control?" in words(app)
        await pilot.press("enter")
        assert "Write a few words" in words(app)
        await pilot.press(*"gone", "enter")
        await until(pilot, lambda: bool(chamber.asked))

    leading(chamber, story, role="process_engineer")
    assert chamber.asked == [("/v1/lease/break", {"reason": "gone"})]


def test_nobody_has_it_then_the_key_takes_it_and_gives_it_back() -> None:
    chamber = RecordedChamber(changed(recorded("deposit"), lease=None))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("c")
        await until(pilot, lambda: chamber.fence == 7)
        await pilot.press("c")
        await until(pilot, lambda: chamber.fence is None)

    leading(chamber, story)
    assert paths(chamber) == ["/v1/lease", "/v1/lease/release"]


def test_it_is_renewed_while_held_and_never_without() -> None:
    chamber = holder()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        app.control.renew()
        await until(pilot, lambda: bool(chamber.asked))
        chamber.fence = None
        app.control.renew()

    leading(chamber, story)
    assert paths(chamber) == ["/v1/lease/renew"]


def test_leaving_gives_it_back_and_waits_for_no_service_that_is_gone() -> None:
    chamber = holder()
    chamber.answers["/v1/lease/release"] = Unreachable("it does not answer.")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("q")

    leading(chamber, story)
    assert paths(chamber) == ["/v1/lease/release"]


# --- notes --------------------------------------------------------------------------------------------------------
def test_a_note_goes_into_the_record_and_an_empty_one_nowhere() -> None:
    chamber = RecordedChamber(recorded("deposit"))
    chamber.answers["/v1/notes"] = Accepted("noted in run 20261122-0001-lzln.", "Execute")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await pilot.press("n", "enter")
        assert isinstance(app.screen, AskText)
        await pilot.press("escape", "n", *"smells of ozone", "enter")
        await until(pilot, lambda: "noted in run 20261122-0001-lzln." in words(app))

    leading(chamber, story)
    assert chamber.asked == [("/v1/notes", {"text": "smells of ozone", "about": ""})]


# --- a service ----------------------------------------------------------------------------------------------------
def test_two_programs_and_one_lease_of_a_real_service(tmp_path: Path) -> None:
    served = Served(tmp_path, ROOT / "recipes")
    other = served.chamber("tui@b:2")
    failed: list[Exception] = []

    def ask() -> None:
        try:
            other.ask_for_control("my turn")
        except Exception as error:  # told by the test's thread
            failed.append(error)

    try:

        async def story(pilot: Pilot[None], app: Screens) -> None:
            await until(pilot, lambda: app.view.snapshot is not None and app.view.me is not None, 60.0)
            await pilot.press("c")
            await until(pilot, lambda: app.view.in_control)
            threading.Thread(target=ask).start()
            await until(pilot, lambda: isinstance(app.screen, AskedForControl))
            await pilot.press("k")
            await until(pilot, lambda: app.view.lease is not None and not app.view.lease.wanted_by)
            assert app.view.in_control
            threading.Thread(target=ask).start()
            await until(pilot, lambda: isinstance(app.screen, AskedForControl))
            await pilot.press("y")
            await until(pilot, lambda: app.view.lease is not None and app.view.lease.client == "tui@b:2")
            await pilot.press("c", "b", *"mine again", "enter")
            await until(pilot, lambda: app.view.in_control)

        play(served.chamber(NAME), story)
        assert failed == []
        told = " ".join(event.text for event in other.status().events)
        assert "keeps control, which" in told
        assert "takes control from" in told
    finally:
        served.end()
