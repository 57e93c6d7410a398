"""The runs: found, opened, read, looked at closer, verified and signed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from pvdctl.client import Declined, Unreachable
from pvdctl.service.answers import Accepted, Problem, Verdict
from pvdctl.service.messages import Snapshot
from pvdctl.tui.app import Screens
from pvdctl.tui.closer import Closer, FullPlot
from pvdctl.tui.panes import PANES
from pvdctl.tui.plot import CurvePlot
from pvdctl.tui.rows import Rows
from pvdctl.tui.run_dialogs import Sign, Verified
from pvdctl.tui.runs import Runs
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.archive import ArchiveChamber
from tests.tui.stage import LARGE, NAME, SMALL, Holds, changed, play, recorded, text, until

KEY = str([name for name, _ in PANES].index("Runs") + 1)
GOING_ON, ABORTED, COMPLETE = (entry.run for entry in ArchiveChamber().entries)


def while_the_newest_goes_on() -> Snapshot:
    """The chamber makes the newest run of the archive."""
    snapshot = recorded("deposit")
    assert snapshot.job is not None
    return replace(snapshot, job=replace(snapshot.job, run=GOING_ON), ended=None)


async def runs_of(pilot: Pilot[None], app: Screens) -> None:
    """To the screen, and wait for its table."""
    await until(pilot, lambda: app.view.snapshot is not None)
    await pilot.press(KEY)
    await until(pilot, lambda: "runs, newest first" in text(app))


async def opened(pilot: Pilot[None], app: Screens, *keys: str) -> None:
    """A run's story."""
    await runs_of(pilot, app)
    await pilot.press(*keys, "enter")
    await until(pilot, lambda: "Steps" in text(app) and app.pane.query(CurvePlot).first().size is not None)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_table(size: tuple[int, int], screen_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of(pilot, app)
        await pilot.press("down")
        await screen_text(app)

    play(ArchiveChamber(while_the_newest_goes_on()), story, size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_story_of_a_finished_run(size: tuple[int, int], screen_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await opened(pilot, app, "down", "down")
        await until(pilot, lambda: ("o Plots" in text(app)) == (size == SMALL))  # its key comes and goes with the room
        await screen_text(app)

    play(ArchiveChamber(while_the_newest_goes_on()), story, size)


def test_the_plots_where_there_is_room_for_one_only(screen_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await opened(pilot, app, "down", "down")
        await pilot.press("o")
        await until(pilot, lambda: "up to 300.0 nm" in text(app))
        await screen_text(app)
        await pilot.press("o")
        await until(pilot, lambda: "Steps" in text(app))

    play(ArchiveChamber(while_the_newest_goes_on()), story, SMALL)


def test_an_aborted_run_tells_why() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await opened(pilot, app, "down")
        shown = text(app)
        assert "✗ Aborted" in shown
        assert "water_ok is off" in shown
        assert "not signed by anybody" in shown
        await pilot.press("end")
        await until(pilot, lambda: "Fingerprint" in text(app))

    play(ArchiveChamber(while_the_newest_goes_on()), story, SMALL)


def test_escape_leads_back_to_the_same_line() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await opened(pilot, app, "down")
        await pilot.press("escape")
        await until(pilot, lambda: "newest first" in text(app))
        assert app.pane.query_one(Rows).key == ABORTED

    play(ArchiveChamber(while_the_newest_goes_on()), story)


def test_words_narrow_the_table_and_escape_widens_it() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of(pilot, app)
        await pilot.press("slash", *"lzln sim abor")
        await until(pilot, lambda: "1 of 3 runs" in text(app))
        assert ABORTED in text(app)
        assert COMPLETE not in text(app)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "Steps" in text(app))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: "3 runs, newest first" in text(app))
        await pilot.press("slash", *"nothing of that kind", "escape")
        await until(pilot, lambda: "3 runs, newest first" in text(app))
        assert not isinstance(app.focused, Input)

    play(ArchiveChamber(while_the_newest_goes_on()), story)


def test_letters_that_are_keys_can_be_typed() -> None:
    chamber = ArchiveChamber(while_the_newest_goes_on())

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of(pilot, app)
        await pilot.press("slash", *"hAsw")
        assert app.pane.query_one(Input).value == "hAsw"

    play(chamber, story)
    assert chamber.asked == []


def test_a_run_that_ends_is_read_anew() -> None:
    chamber = ArchiveChamber(while_the_newest_goes_on())

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of(pilot, app)
        assert "▶ going on" in text(app)
        chamber.entries[0] = replace(chamber.entries[0], end_state="Complete", duration_s=1800.0)
        chamber.send(changed(recorded("complete")))
        await until(pilot, lambda: "▶ going on" not in text(app) and "30:00" in text(app))

    play(chamber, story)


def test_the_story_of_a_run_that_goes_on_is_read_again() -> None:
    chamber = ArchiveChamber(while_the_newest_goes_on())

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await opened(pilot, app)
        assert "can be signed when it has ended" in text(app)
        before = chamber.read.count("story")
        chamber.stories[GOING_ON]["troubles"] = [
            {"at_s": 61.0, "what": "link", "subject": "monitor", "text": "lost", "who": "", "why": ""}
        ]
        await until(pilot, lambda: chamber.read.count("story") > before)
        await until(pilot, lambda: "link monitor" in text(app))

    play(chamber, story)


def test_no_runs_yet(screen_text: Holds) -> None:
    chamber = ArchiveChamber(recorded("idle"))
    chamber.entries = []

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press(KEY)
        await until(pilot, lambda: "No run is on record here yet" in text(app))
        await screen_text(app)
        await pilot.press("enter", "w")
        await until(pilot, lambda: "there is no run to sign" in text(app))

    play(chamber, story)


def test_runs_that_cannot_be_read_are_said_and_tried_again() -> None:
    chamber = ArchiveChamber(recorded("idle"))
    chamber.failing["runs"] = Unreachable("the service does not answer within 10 s.")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press(KEY)
        await until(pilot, lambda: "the runs cannot be read: the service does not answer within 10 s." in text(app))
        chamber.failing.clear()
        await pilot.press("l")
        await until(pilot, lambda: "3 runs, newest first" in text(app))
        chamber.failing["runs"] = Unreachable("the service is gone.")
        await pilot.press("l")
        await until(pilot, lambda: "below is what was read before" in text(app))
        assert COMPLETE in text(app)

    play(chamber, story, LARGE)


def test_a_story_that_cannot_be_read_is_said() -> None:
    chamber = ArchiveChamber(recorded("idle"))
    chamber.failing["story"] = Declined(Problem("not_found", "there is no such run."), 404)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: "cannot be read: there is no such run." in " ".join(text(app).split()))
        await pilot.press("z")
        await until(pilot, lambda: "its samples are not here yet" in text(app))
        chamber.failing.clear()
        await pilot.press("l")
        await until(pilot, lambda: "Steps" in text(app))

    play(chamber, story)


def test_older_runs_on_demand() -> None:
    chamber = ArchiveChamber(recorded("idle"))
    chamber.entries = [replace(chamber.entries[2], run=f"20261122-{n:04d}-lzln") for n in range(450, 0, -1)]

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of_many(pilot, app)
        await pilot.press("m")
        await until(pilot, lambda: "450 runs, newest first" in text(app))
        assert "older" not in text(app)

    async def runs_of_many(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press(KEY)
        await until(pilot, lambda: "200 runs, newest first, the newest of them; m reads older ones" in text(app))

    play(chamber, story)


# --- closer -----------------------------------------------------------------------------------------------------------


def test_one_plot_closer_zooms_pans_and_changes(screen_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await opened(pilot, app, "down", "down")
        await until(pilot, lambda: "up to" in text(app))
        await pilot.press("z")
        await until(pilot, lambda: isinstance(app.screen, Closer) and "Rate nm/s" in text(app))
        assert "SIMULATED" in text(app).split("\n")[0]
        plot = app.screen.query_one(FullPlot)
        whole = (plot._x_min, plot._x_max)
        await pilot.press("plus", "plus", "right")
        assert plot._x_max - plot._x_min < whole[1] - whole[0]
        assert plot._x_min > whole[0]
        await pilot.press("0")
        assert (plot._x_min, plot._x_max) == whole
        await pilot.press("o", "o")
        await until(pilot, lambda: "Pressure mbar" in text(app) and "1.0e-06" in text(app))
        await screen_text(app)
        await pilot.press("escape")
        assert not isinstance(app.screen, Closer)

    play(ArchiveChamber(while_the_newest_goes_on()), story, LARGE)


# --- evidence ---------------------------------------------------------------------------------------------------------


def test_verify_says_what_it_proves_and_what_not(screen_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of(pilot, app)
        await pilot.press("V")
        await until(pilot, lambda: isinstance(app.screen, Verified))
        assert "✓ INTACT" in text(app)
        await screen_text(app)
        await pilot.press("escape")
        assert not isinstance(app.screen, Verified)

    play(ArchiveChamber(while_the_newest_goes_on()), story)


def test_a_record_that_was_changed_is_said_first() -> None:
    chamber = ArchiveChamber(recorded("idle"))
    chamber.verdict = Verdict(False, "event 17 is not what was written.")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of(pilot, app)
        await pilot.press("V")
        await until(pilot, lambda: "✗ THE RECORD IS NOT WHAT WAS WRITTEN" in text(app))
        assert "event 17 is not what was written." in text(app)

    play(chamber, story)


def test_a_verdict_does_not_cover_what_is_being_written() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of(pilot, app)
        app.pane.query_one(Rows).focus()
        await pilot.press("w")
        assert isinstance(app.screen, Sign)
        assert isinstance(app.pane, Runs)
        app.pane.action_verify()
        await until(pilot, lambda: "the record is checked" in base(app))
        assert isinstance(app.screen, Sign)

    def base(app: Screens) -> str:
        return " ".join(str(widget.render()) for widget in app.screen_stack[0].query("Said"))

    play(ArchiveChamber(recorded("idle")), story)


def test_signing_wants_a_meaning_and_a_reason() -> None:
    chamber = ArchiveChamber(recorded("idle"))
    chamber.answers[f"/v1/runs/{COMPLETE}/signatures"] = Accepted("signed as approved by anna", "Idle")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of(pilot, app)
        await pilot.press("down", "down", "w")
        await until(pilot, lambda: "anna signs its record" in text(app))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "Choose what the signature means" in text(app))
        await pilot.press("shift+tab", "down", "down", "enter", "enter")
        await until(pilot, lambda: "Write why" in text(app))
        assert "◉ 2 approved" in text(app)
        await pilot.press(*"as wanted", "enter")
        await until(pilot, lambda: "signed as approved by anna" in text(app))

    play(chamber, story)
    assert chamber.asked == [
        (f"/v1/runs/{COMPLETE}/signatures", {"meaning": "approved", "reason": "as wanted"}),
    ]


def test_escape_signs_nothing_and_a_refusal_is_told_whole() -> None:
    chamber = ArchiveChamber(recorded("idle"))
    why = f"run {GOING_ON} has not ended: it can be signed when it has. Nothing was signed."
    chamber.answers[f"/v1/runs/{GOING_ON}/signatures"] = Declined(Problem("not_now", why), 409)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await runs_of(pilot, app)
        await pilot.press("w", "escape")
        assert chamber.asked == []
        await pilot.press("w", "3", "tab", *"no", "enter")
        await until(pilot, lambda: why in " ".join(text(app).split()))

    play(chamber, story)


# --- a real service ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory: Path = tmp_path_factory.mktemp("runs")
    found = Served(directory, ROOT / "recipes", speed=400.0)
    yield found
    found.end()


def test_a_real_run_is_read_verified_and_signed(served: Served) -> None:
    chamber = served.chamber(NAME)
    with chamber.control("to have a run"):
        chamber.ready()
        run = chamber.start("li3n", sample_id="B2").run
        chamber.until(("Execute",), 30.0)
        chamber.stop("enough for a test")
        chamber.wait(run)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press(KEY)
        await until(pilot, lambda: run in text(app) and "■ Stopped" in text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "enough for a test" in text(app) and "down to" in text(app))
        await pilot.press("w", "3", "tab", *"a test", "enter")
        await until(pilot, lambda: "✎ rejected by" in text(app))
        await pilot.press("V")
        await until(pilot, lambda: "✓ INTACT" in text(app))

    play(served.chamber(NAME), story, LARGE)
    assert chamber.story(run)["signatures"][0]["reason"] == "a test"
