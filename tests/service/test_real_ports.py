"""`serve --chamber` on real ports in real time: whoever dies, the chamber is not left to chance."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from pvdctl.client import Chamber, Declined, Lost, Unreachable
from pvdctl.clock import RealClock, sleep_s
from pvdctl.record.reader import RecordReader
from pvdctl.service.messages import Snapshot
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.system.ports.served import Chamber as Far
from tests.system.ports.served import needs_ptys, served
from tests.system.ports.test_in_step import is_safe

pytestmark = needs_ptys

ROUGH = """\
recipe: rough
version: "1"
title: Some pumping and a pause, in real time
steps:
  - {do: evacuate, name: rough, below: 7e2 mbar, within: 2 min}
  - {do: wait, name: rest, duration: 5 s}
"""
DOWN = """\
recipe: down
version: "1"
title: Pumping that nobody sees the end of
steps:
  - {do: pump_down, name: down, below: 1e-4 mbar, within: 20 min}
"""
CLIENT = """\
import sys
from pvdctl.client import Chamber
from pvdctl.clock import sleep_s
chamber = Chamber(sys.argv[1], client="doomed")
with chamber.control("to be killed"):
    chamber.ready()
    print(chamber.start(sys.argv[2], sample_id="B7").run, flush=True)
    sleep_s(600.0)
"""


@contextmanager
def service(far: Far, folder: Path) -> Iterator[Served]:
    """A service on the served chamber, ended in order where it has not been killed."""
    recipes = folder / "recipes"
    recipes.mkdir(exist_ok=True)
    (recipes / "rough.yaml").write_text(ROUGH)
    (recipes / "down.yaml").write_text(DOWN)
    made = Served(folder, recipes, chamber=far.file)
    try:
        yield made
    finally:
        code = made.end()
    assert code in (0, -signal.SIGKILL), made.log
    assert "Traceback" not in made.log, made.log


@contextmanager
def doomed(served: Served, recipe: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A client in control that has started a recipe, and the run's id."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(served.socket), recipe], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        run = process.stdout.readline().strip()
        assert run, served.log
        yield process, run
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def gone(pid: int, within_s: float) -> bool:
    clock = RealClock()
    while Path(f"/proc/{pid}").exists():
        if clock.now_s > within_s:
            return False
        sleep_s(0.05)
    return True


def test_a_run_outlives_its_client_and_the_web_server(tmp_path: Path) -> None:
    with served(tmp_path) as far, service(far, tmp_path) as own:
        chamber = own.chamber("onlooker")
        heard = chamber.follow(every_s=0.1)
        assert isinstance(next(heard), Snapshot)
        with doomed(own, "rough") as (client, run):
            client.kill()
            client.wait()
        web = own.web_pid()
        os.kill(web, signal.SIGKILL)
        lost, lease = 0, None
        with pytest.raises(Declined, match=r"\(doomed\) is in control"):
            patient(chamber)
        for each in heard:
            if isinstance(each, Lost):
                lost += 1
            elif isinstance(each, Snapshot) and each.ended is not None:
                lease = each.lease
                ended = each.ended
                break
        heard.close()
        assert lost > 0
        assert own.web_pid() != web
        assert (ended.run, ended.state) == (run, "Complete")
        assert lease is not None, "30 s have not passed: the dead client's lease stops nobody, and holds nothing up"
        assert lease.client == "doomed"
        assert chamber.break_control("its terminal has died").fence == lease.fence + 1
        story = chamber.story(run)
    assert [step["name"] for step in story["steps"]] == ["rough", "rest"]
    with RecordReader.open(own.record) as reader:
        at_s = list(reader.samples(run, ["at_s"])["at_s"])
    assert max(later - earlier for earlier, later in pairwise(at_s)) < 0.5


def patient(chamber: Chamber) -> None:
    """Take control, as soon as there is somebody to ask: a new web server is up within a second or two."""
    clock = RealClock()
    while True:
        try:
            chamber.take_control()
        except Unreachable:
            assert clock.now_s < 30.0
            sleep_s(0.1)
        else:
            return


def test_a_killed_service_leaves_a_safe_chamber_and_a_closed_record(tmp_path: Path) -> None:
    with served(tmp_path) as far:
        with service(far, tmp_path) as first, doomed(first, "down") as (_, run):
            clock = RealClock()
            while not far.truth()["roughing_pump_ordered"]:
                assert clock.now_s < 30.0, first.log
                sleep_s(0.1)
            web = first.web_pid()
            os.kill(first.process.pid, signal.SIGKILL)
            first.process.wait()
            assert gone(web, 10.0), "the web server serves nobody without its control process"
        clock = RealClock()
        while any((truth := far.truth())["orders"].values()) or is_safe(truth):
            assert clock.now_s < 10.0, "the PLC's watchdog drops its outputs within 2.1 s"
            sleep_s(0.1)
        with service(far, tmp_path) as second:
            chamber = second.chamber()
            snapshot = chamber.until(("Aborted",), 10.0)
            assert (snapshot.job, snapshot.lease) == (None, None)
            newest = chamber.runs()[0]
            assert (newest.run, newest.end_state) == (run, "Interrupted")
            assert "the program ended without closing the run" in newest.end_reason
            with chamber.control("go on"):
                with pytest.raises(Declined, match=r"not acknowledged: interlock\.watchdog"):
                    chamber.ready()  # however soon: Clear does not re-arm before the trip was told
                chamber.acknowledge("interlock.watchdog")
                assert chamber.ready().state == "Idle"
            assert chamber.verify().intact
