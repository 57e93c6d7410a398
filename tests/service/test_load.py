"""Screens and fast clients never delay a scan, and days leave no trace in memory. Long forms are marked soak."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from pvdctl.service.messages import Beat
from tests.service.inside import BRIEF
from tests.service.load import REAL_TIME, Pressed, press, real_time_permitted
from tests.service.served import Served
from tests.service.soak import again_and_again, needs_statm, standing
from tests.system.ports.served import needs_ptys, served

GROWN_PERCENT = 10.0
LATE_MS = 5.0
STREAMS, PER_S = 5, 200.0


def pressed(folder: Path, seconds: float, under: Sequence[str] = ()) -> tuple[Pressed, Beat]:
    """A chamber on real ports in real time, five live streams and one client that asks 200 times a second."""
    recipes = folder / "recipes"
    recipes.mkdir()
    (recipes / "brief.yaml").write_text(BRIEF)
    with served(folder) as far:
        service = Served(folder, recipes, chamber=far.file, under=under)
        try:
            done = press(service.socket, seconds, streams=STREAMS, per_s=PER_S)
            beat = service.chamber().status().beat
        finally:
            assert service.end() == 0, service.log
    return done, beat


@needs_ptys
def test_screens_and_a_fast_client_are_served_and_scans_go_on(tmp_path: Path) -> None:
    done, beat = pressed(tmp_path, 8.0)
    assert done.per_s > 100.0, "this machine could not even ask"
    assert done.answered >= 8.0 * 40.0, "fifty a second are answered to each client"
    assert done.too_many > 0
    assert min(done.snapshots) >= 10, "two a second were asked for"
    assert beat.scans >= 80
    assert beat.late_p50_ms is not None
    assert beat.late_p50_ms < LATE_MS  # p99 is the long form's: the suite runs on machines that do much else


@needs_ptys
@pytest.mark.soak
def test_scans_begin_in_time_whoever_asks(tmp_path: Path) -> None:
    done, beat = pressed(tmp_path, 300.0, REAL_TIME if real_time_permitted() else ())
    assert done.per_s > 150.0
    assert min(done.snapshots) > 500
    assert beat.late_p99_ms is not None
    assert beat.late_p99_ms <= LATE_MS
    assert beat.lost == 0


@needs_statm
def test_the_web_server_lets_the_control_process_go_first(tmp_path: Path, recipes: Path) -> None:
    """Where the service was started with real-time rights, children inherit them."""
    permitted = real_time_permitted()
    service = Served(tmp_path, recipes, under=REAL_TIME if permitted else ())
    try:
        control, web = service.process.pid, service.web_pid()
        assert os.sched_getscheduler(control) == (os.SCHED_RR if permitted else os.SCHED_OTHER)
        assert os.sched_getscheduler(web) == os.SCHED_OTHER
    finally:
        assert service.end() == 0, service.log


@needs_statm
def test_an_hour_leaves_memory_as_it_was(tmp_path: Path) -> None:
    soaked = standing(tmp_path, 0.25, 1.25)
    assert soaked.last.at_h - soaked.first.at_h > 0.8
    assert soaked.control_grown < GROWN_PERCENT
    assert soaked.web_grown < GROWN_PERCENT


@needs_statm
@pytest.mark.soak
def test_thirty_simulated_hours_leave_memory_as_it_was(tmp_path: Path) -> None:
    soaked = again_and_again(tmp_path, 30.0)
    assert soaked.runs > 20
    assert soaked.control_grown < GROWN_PERCENT, soaked
    assert soaked.web_grown < GROWN_PERCENT, soaked
