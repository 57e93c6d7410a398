"""What the screens know: how old it is, whose lease it is, no happening twice, nothing left of another boot."""

from dataclasses import replace
from datetime import datetime

from pvdctl.clock import VirtualClock
from pvdctl.service.answers import Me
from pvdctl.service.messages import Happening, Holder
from pvdctl.tui.panes import PANES
from pvdctl.tui.view import STALE_AFTER_S, View
from tests.tui.stage import changed, recorded

ME = Me("anna", "operator", "tui@here:1", "unix")


def _view() -> tuple[View, VirtualClock]:
    clock = VirtualClock(datetime.fromisoformat("2026-11-22T12:00:00+00:00"))
    return View(clock, ME.client), clock


def _happening(seq: int) -> Happening:
    return Happening(seq, 1.0, "2026-11-22T12:00:00Z", "state", "unit", "Idle -> Starting", "system:process")


def test_values_grow_old_without_anything_being_said() -> None:
    view, clock = _view()
    view.take(recorded("deposit"))
    seen = []
    for later_s in (STALE_AFTER_S - 0.1, 0.2):
        clock.now_s += later_s
        seen.append(view.stale)
    view.take(changed(recorded("deposit")))
    seen.append(view.stale)
    assert seen == [False, True, False]


def test_a_lost_service_makes_them_old_at_once() -> None:
    view, _ = _view()
    view.take(recorded("deposit"))
    view.losing("gone.")
    assert view.stale


def test_the_lease_is_mine_by_program_and_user() -> None:
    view, _ = _view()
    for user, client, mine in (
        ("anna", ME.client, True), ("anna", "tui@there:1", False), ("bert", ME.client, False)
    ):  # fmt: skip
        view.me = ME
        view.take(changed(recorded("idle"), lease=Holder(user, client, 7, 20.0)))
        assert view.in_control is mine
    view.take(changed(recorded("idle"), lease=None))
    assert not view.in_control


def test_a_happening_comes_once() -> None:
    view, _ = _view()
    snapshot = recorded("deposit")
    view.take(snapshot)
    known = len(view.happenings)
    assert known == len(snapshot.events) > 10
    view.happened(snapshot.events[-1])
    assert len(view.happenings) == known
    view.happened(_happening(snapshot.events[-1].seq + 1))
    view.happened(_happening(snapshot.events[-1].seq + 1))
    assert len(view.happenings) == known + 1


def test_another_start_of_the_service_begins_anew() -> None:
    view, _ = _view()
    view.take(recorded("deposit"))
    view.happened(_happening(10**6))
    other = replace(recorded("aborted"), boot="another")
    view.take(other)
    assert list(view.happenings) == other.events
    assert list(view.curves.at_s) == [other.at_s]


def test_every_screen_draws_the_news_in_a_way_of_its_own() -> None:
    assert [name for name, make in PANES if "show" not in vars(type(make()))] == []
