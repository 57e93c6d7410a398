"""Garbage of the screens is let go of where no key waits."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest
from textual.events import Key
from textual.pilot import Pilot

from pvdctl.clock import VirtualClock
from pvdctl.tui.app import Screens
from pvdctl.tui.kept import EVERY_S, LATEST_S, NEVER, QUIET_S, SWITCH_S, Tidying
from tests.tui.stage import RecordedChamber, play, recorded


@pytest.fixture(autouse=True)
def _none_unasked() -> Iterator[None]:
    gc.disable()  # Python's own collection would be taken for ours
    yield
    gc.enable()


class Gone:
    """Something that refers to itself, so that only a collection finds it."""

    def __init__(self) -> None:
        self.self = self


def garbage() -> weakref.ref[Gone]:
    """Old enough that only a whole collection looks at it."""
    made = Gone()
    gc.collect(1)
    gc.collect(1)
    return weakref.ref(made)


def test_it_is_let_go_of_once_in_a_while_and_not_while_keys_are_pressed() -> None:
    tidying = Tidying(100.0)
    lost = garbage()
    assert not tidying.look(100.0 + EVERY_S - 0.1)
    tidying.pressed(100.0 + EVERY_S - 0.1)
    assert not tidying.look(100.0 + EVERY_S - 0.2 + QUIET_S)
    assert lost() is not None
    assert tidying.look(100.0 + EVERY_S + QUIET_S)
    assert lost() is None
    assert not tidying.look(101.0 + EVERY_S + QUIET_S)


def test_somebody_who_never_stops_typing_does_not_put_it_off_for_ever() -> None:
    tidying = Tidying(0.0)
    done = []
    for now_s in range(int(2 * LATEST_S) + 2):
        tidying.pressed(float(now_s))
        if tidying.look(float(now_s)):
            done.append(float(now_s))
    assert done == [LATEST_S, 2 * LATEST_S]


def test_a_key_at_the_screens_puts_it_off() -> None:
    clock = VirtualClock()
    lost = garbage()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        clock.now_s = EVERY_S + 1.0
        app.post_message(Key("x", "x"))
        await pilot.pause(1.5)
        assert lost() is not None
        clock.now_s += QUIET_S
        for _ in range(100):
            if lost() is None:
                return
            await pilot.pause(0.05)
        raise AssertionError("not let go of")

    play(RecordedChamber(recorded("idle")), story, clock=clock)


def test_the_program_itself_never_looks_over_everything_and_lets_other_threads_on_soon() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import gc, sys\nfrom pvdctl.tui.kept import prompt\nprompt()\n"
            "print(gc.isenabled(), gc.get_threshold()[2], gc.get_freeze_count() > 1000, sys.getswitchinterval())",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert told.split() == ["True", str(NEVER), "True", str(SWITCH_S)]
