"""Ctrl-C: the first one stops the run under control, the second aborts it; the record is closed in any case."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pvdctl.chamber.load import load_chamber
from pvdctl.cli.simulation import Simulation
from pvdctl.recipe.load import load_recipe
from tests.cli.command import BRIEF, CHAMBER, LZLN, ROOT, arguments, environment, pvdctl


def started(tmp_path: Path, *given: str | Path) -> subprocess.Popen[str]:
    """A simulation that runs in its own process and says its phases on stderr; returned once the unit executes."""
    process = subprocess.Popen(
        arguments("simulate", *given, "--record", tmp_path / "record"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(tmp_path),
    )
    assert process.stderr is not None
    assert "SIMULATED" in process.stderr.readline()
    return process


def last_run(tmp_path: Path) -> dict[str, Any]:
    """What the record says of it."""
    told = pvdctl(tmp_path, "show", "last", "--json", "--record", tmp_path / "record")
    assert told.code == 0
    story = json.loads(told.out)
    assert isinstance(story, dict)
    return story


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_under_control(tmp_path: Path, number: int) -> None:
    process = started(tmp_path, LZLN, "--speed", "20")
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Stopped: interrupted from outside" in out
    assert "Traceback" not in err
    story = last_run(tmp_path)
    assert story["run"]["end_state"] == "Stopped"
    assert "interrupted" in story["run"]["end_reason"]


def test_a_reader_that_goes_away_stops_nothing(tmp_path: Path) -> None:
    process = started(tmp_path, LZLN)
    assert process.stderr is not None
    assert process.stdout is not None
    process.stderr.close()
    process.stdout.close()
    process.wait(timeout=100)
    assert last_run(tmp_path)["run"]["end_state"] == "Complete"


def interrupted(tmp_path: Path, recipe: str, at_s: list[float]) -> dict[str, Any]:
    """The result of a run that is interrupted at these virtual times."""
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe)
    left = list(at_s)

    def interrupt(simulation: Simulation) -> None:
        if left and simulation.now_s >= left[0]:
            left.pop(0)
            simulation.interrupt()

    simulation = Simulation(
        load_recipe(path), load_chamber(CHAMBER), seed=1, directory=tmp_path / "record", on_scan=interrupt
    )
    result = simulation.run()
    assert not left, "the run was over before it was interrupted"
    return result


def test_a_second_one_aborts(tmp_path: Path) -> None:
    result = interrupted(tmp_path, LZLN.read_text(), [700.0, 700.1])  # zinc at its rate: a stop ramps it down
    assert result["end_state"] == "Aborted"
    assert "interrupted" in result["end_reason"]
    assert result["duration_s"] < 730.0
    assert result["record_sha256"]


@pytest.mark.parametrize("at_s", [0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0])
def test_at_any_moment_the_run_ends_soon_and_its_record_is_closed(tmp_path: Path, at_s: float) -> None:
    result = interrupted(tmp_path, BRIEF, [at_s])
    assert result["end_state"] != "Complete"
    assert "interrupted" in result["end_reason"]
    assert result["duration_s"] < at_s + 30.0
    if result["run"]:
        assert last_run(tmp_path)["run"]["end_state"] == result["end_state"]
