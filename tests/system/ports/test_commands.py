"""`pvdctl run` and `pvdctl doctor` on real ports in real time, each as its own process."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pvdctl.clock import RealClock, sleep_s
from tests.system.ports.served import ROOT, Chamber, environment, needs_ptys, pvdctl, served
from tests.system.ports.test_in_step import is_safe

PAUSE = Path(__file__).parent / "pause.yaml"
SHORT = Path(__file__).parent / "short.yaml"

pytestmark = needs_ptys


@pytest.fixture
def chamber(tmp_path: Path) -> Iterator[Chamber]:
    with served(tmp_path) as chamber:
        yield chamber


def begun(recipe: Path, chamber: Chamber, folder: Path) -> "subprocess.Popen[str]":
    """`pvdctl run` in the middle of its first step."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pvdctl.cli.main", "run", str(recipe), "--chamber", str(chamber.file),
         "--record", str(folder / "record"), "--operator", "tester"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(),
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "step 1 of" in line:
            return process
    raise AssertionError(f"the run did not begin: {process.communicate()[0]}")


def shown(folder: Path) -> dict[str, Any]:
    """The newest run as `pvdctl show` tells it."""
    told = pvdctl("show", "last", "--record", str(folder / "record"), "--json")
    assert told.returncode == 0, told.stderr
    facts: dict[str, Any] = json.loads(told.stdout)
    return facts


def test_run_makes_the_recipe_and_tells_it(chamber: Chamber, tmp_path: Path) -> None:
    told = pvdctl("run", str(PAUSE), "--chamber", str(chamber.file), "--record", str(tmp_path / "record"), "--json")
    assert told.returncode == 0, told.stderr
    assert told.stderr == ""
    result = json.loads(told.stdout)
    assert (result["end_state"], result["end_reason"]) == ("Complete", "recipe done")
    assert result["simulated"] is True, "the chamber file says that its links lead to a simulated chamber"
    assert result["seed"] is None
    assert result["left_behind"] == []
    assert result["timing"]["scans"] == result["scans"] >= 30
    assert {link["link"] for link in result["links"]} == {
        "monitor_line", "supply_line", "gauge_line", "turbo_line", "plc_line"
    }  # fmt: skip
    for link in result["links"]:
        assert link["up"], link
        assert link["round_trip_ms"]["p50"] > 0.0
    again = pvdctl("run", str(PAUSE), "--chamber", str(chamber.file), "--record", str(tmp_path / "record"))
    assert again.returncode == 0, "a run ends with the heartbeat; the next one clears what the PLC made of that"
    assert "SIMULATED" in again.stdout
    assert "SIMULATED" in again.stderr


def test_ctrl_c_stops_and_the_end_is_read_back(chamber: Chamber, tmp_path: Path) -> None:
    process = begun(SHORT, chamber, tmp_path)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=40.0)
    assert process.returncode == 1
    assert "Stopped: interrupted from outside" in out
    assert is_safe(chamber.truth()) == []


def test_killed_in_real_time(chamber: Chamber, tmp_path: Path) -> None:
    """kill -9: the PLC makes the chamber safe by itself, and the next run finds and closes the old one."""
    process = begun(SHORT, chamber, tmp_path)
    clock = RealClock()
    while not chamber.truth()["orders"]["rough_valve"]:
        assert clock.now_s < 20.0, "the roughing valve should open soon"
        sleep_s(0.05)
    process.kill()
    process.communicate(timeout=10.0)
    died_s = chamber.truth()["time_s"]
    while any((truth := chamber.truth())["orders"].values()) and truth["time_s"] < died_s + 10.0:
        sleep_s(0.02)
    assert truth["time_s"] - died_s < 2.0 + 0.1 + 0.3, "watchdog, a scan, and what this test's looking costs"
    assert is_safe(truth) == []
    again = pvdctl("run", str(PAUSE), "--chamber", str(chamber.file), "--record", str(tmp_path / "record"))
    assert again.returncode == 0, again.stderr
    assert "it is closed as interrupted" in again.stderr


def test_doctor_finds_a_chamber_fit_and_changes_nothing(chamber: Chamber) -> None:
    before = chamber.truth()
    told = pvdctl("doctor", "--chamber", str(chamber.file), "--json")
    result = json.loads(told.stdout)
    assert [finding for finding in result["findings"] if finding["verdict"] == "wrong"] == []
    assert told.returncode == 0
    assert result["fit"] is True
    assert result["simulated"] is True
    found = {(f["about"], f["what"]): f for f in result["findings"]}
    assert "SQC310" in found["monitor", "identity"]["found"]
    assert found["plc", "watchdog"]["found"] == "2000 ms, fed by writes alone"
    assert found["boat_supply", "watchdog"]["verdict"] == "unknown"
    for instrument in ("monitor", "boat_supply", "gauges", "turbo", "plc"):
        assert found[instrument, "identity"]["verdict"] == "right", found[instrument, "identity"]
    for finding in result["findings"]:
        assert finding["verdict"] == "right" or finding["next_step"], finding
    after = chamber.truth()
    assert (before["orders"], before["supply_enabled"]) == (after["orders"], after["supply_enabled"])


def test_doctor_says_what_is_wrong_and_what_to_do(chamber: Chamber) -> None:
    chamber.ask("unplug", instrument="boat_supply")
    chamber.fault("mute@now:link=gauges")
    told = pvdctl("doctor", "--chamber", str(chamber.file))
    assert told.returncode == 1
    assert "not fit to run" in told.stdout
    flat = " ".join(told.stdout.split())
    assert "supply_line port ✗ wrong" in flat
    assert "Connection refused" in flat
    assert "gauges identity ✗ wrong" in flat
    assert "monitor identity ✓ right" in flat


def test_doctor_of_a_chamber_that_is_not_there(tmp_path: Path) -> None:
    told = pvdctl("doctor", "--chamber", str(tmp_path / "none.yaml"))
    assert told.returncode == 2
    assert told.stderr.startswith("pvdctl: chamber file")
