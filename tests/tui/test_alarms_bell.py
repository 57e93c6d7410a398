"""A grave alarm rings once, and stands in the top line until somebody has acknowledged it."""

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from pvdctl.tui.alarms_bell import Bell, gravest
from pvdctl.tui.app import Screens
from pvdctl.tui.topline import ALARMS_KEY
from tests.tui.night import FIRST, LAST, NightChamber, night
from tests.tui.stage import changed, play, recorded, text, until


def test_the_bell_rings_once_for_each_grave_alarm_that_comes() -> None:
    bell, snapshot = Bell(), night()
    quiet = changed(snapshot, alarms=[])
    assert not bell.rings(snapshot)  # seen when the screens were opened
    assert not bell.rings(quiet)
    again = changed(snapshot, alarms=[replace(snapshot.alarms[0], raised_s=1300.0)])
    assert bell.rings(again)
    assert not bell.rings(again)
    chattering = replace(again.alarms[0], chattering=True, raised_s=1301.0)
    assert not bell.rings(changed(again, alarms=[chattering]))
    assert not bell.rings(changed(again, alarms=[replace(snapshot.alarms[1], name="crystal_life", priority="medium")]))
    assert not bell.rings(changed(snapshot, boot="another"))
    assert not bell.rings(changed(snapshot, boot="another"))


def test_the_bell_of_the_terminal_and_the_top_line(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(Screens, "bell", lambda app: rung.append(1))
    quiet = changed(night(), alarms=[])
    chamber = NightChamber(quiet)

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        assert "ALARM (" not in text(app)
        said = f"‼ ALARM ({ALARMS_KEY} shows it): {night().alarms[0].text}"[:60]
        chamber.send(changed(night()), changed(changed(night())))
        await until(pilot, lambda: said in text(app))
        chamber.send(changed(night(), state_s=99.0))
        await until(pilot, lambda: app.view.snapshot is not None and app.view.snapshot.state_s == 99.0)

    play(chamber, story)
    assert rung == [1]


def test_the_top_line_has_the_first_of_what_nobody_has_acknowledged() -> None:
    found = gravest(night())
    assert found is not None
    assert found.name == FIRST
    seen = gravest(night(water_for_sources={"needs_acknowledgement": False}))
    assert seen is not None
    assert seen.name == LAST
    assert gravest(recorded("idle")) is None
