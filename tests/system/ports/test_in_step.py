"""Whole runs over ptys and sockets, as fast as the ports go; and the same, with the program killed in the middle."""

import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pvdctl.clock import VirtualClock, sleep_s
from pvdctl.record.event import read
from pvdctl.record.log import rows_from
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from tests.system.ports.served import ROOT, Chamber, environment, needs_ptys, served
from tests.system.ports.stepped import stepped

SHORT = Path(__file__).parent / "short.yaml"
LZLN = ROOT / "recipes" / "lzln.yaml"
WATCHDOG_S = 2.0
"""Of the shipped chamber file."""
SCAN_S = 0.1

pytestmark = needs_ptys


def make(recipe: Path, folder: Path, *options: str) -> tuple[Any, dict[str, Any]]:
    """A whole run; the run and the truth after it."""
    with served(folder, "--speed", "0", *options) as chamber:
        run = stepped(recipe, chamber.file, chamber.truth_at, folder / "record")
        assert run.run() == ("Complete", "recipe done")
        return run, chamber.truth()


def test_a_short_run_over_real_ports(tmp_path: Path) -> None:
    run, truth = make(SHORT, tmp_path)
    (zinc,) = run.result["layers"]
    assert zinc["read_nm"] == pytest.approx(10.0, abs=0.1)
    assert truth["thickness_nm"]["Zn"] == pytest.approx(10.0, abs=0.3)
    (nitrogen,) = run.result["exposures"]
    assert nitrogen["peak_mbar"] == pytest.approx(20.0, abs=5.0)
    assert not any(
        order for name, order in truth["orders"].items() if "shutter" in name or name.startswith(("n2", "ar"))
    )
    assert truth["supply_amps"] < 0.5
    for worker in run.workers:
        assert worker.link.exchanges > 50, worker.link.name
        assert not worker.health.bad_frames, worker.link.name


@pytest.mark.soak
def test_lzln_over_real_ports(tmp_path: Path) -> None:
    run, truth = make(LZLN, tmp_path)
    assert [layer["name"] for layer in run.result["layers"]] == ["zinc", "lithium"]
    assert truth["thickness_nm"]["Zn"] == pytest.approx(300.0, rel=0.005)
    assert truth["thickness_nm"]["Li"] == pytest.approx(100.0, rel=0.01)


@dataclass(frozen=True)
class Moment:
    """When to kill: after so many scans that said something, and not before this time of the chamber.

    Then up to 0.1 s of the wall's pass, some ten seconds of the run's.
    """

    lines: int = 1
    at_s: float = 0.0


def kill_in_the_middle(
    recipe: Path, moment: Moment, chance: random.Random, chamber: Chamber, record: Path
) -> list[Any]:
    """Run as a process, kill -9 somewhere after this moment; what it said was on the disk."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.system.ports.stepped",
            str(recipe),
            str(chamber.file),
            chamber.ready["truth"],
            str(record),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
    )
    assert process.stdout is not None
    said = []
    for _ in range(moment.lines):
        line = process.stdout.readline()
        assert line, "the run ended before it could be killed"
        said.append(line)
    while chamber.truth()["time_s"] < moment.at_s:
        assert process.poll() is None, "the run ended before it could be killed"
        sleep_s(0.01)
    sleep_s(chance.random() * 0.1)
    process.kill()
    process.wait(10.0)
    rest = process.stdout.read()
    process.stdout.close()
    said += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    return [event for line in said if line.startswith("[") for event in json.loads(line)[1]]


def is_safe(truth: dict[str, Any]) -> list[str]:
    """What is not as it must be when the host is dead."""
    wrong = [
        name
        for name, order in truth["orders"].items()
        if order and ("shutter" in name or name in ("n2_valve", "ar_valve"))
    ]
    return wrong + ["supply enabled"] * bool(truth["supply_enabled"])


def kill_and_restart(recipe: Path, moment: Moment, chance: random.Random, folder: Path, *options: str) -> None:
    """options: of the served chamber."""
    with served(folder, "--speed", "0", "--seed", str(chance.randrange(1000)), *options) as chamber:
        record = folder / "record"
        acknowledged = kill_in_the_middle(recipe, moment, chance, chamber, record)
        assert acknowledged, "nothing was acknowledged, so nothing would be proven"
        died_s = chamber.truth()["time_s"]
        chamber.ask("advance", to_s=died_s + WATCHDOG_S + SCAN_S)
        assert is_safe(chamber.truth()) == []
        chamber.ask("advance", to_s=died_s + 5.0)

        Record.open(record, VirtualClock()).close()  # as a restart does: what is open is closed as interrupted
        with RecordReader.open(record) as reader:
            events = [read(text) for _, text in rows_from(reader.event_file, 1, 2**62)]
            runs = reader.runs()
        kept = [[e.kind, e.subject, e.text] for e in events]
        where = iter(kept)
        missing = [event for event in acknowledged if event not in where]  # in order, each after the one before
        assert missing == []
        started = any(event[0] == "state" and event[2] == "Starting -> Execute" for event in acknowledged)
        if started:
            (run,) = runs
            assert run.end_state == "Interrupted"
            assert "the program ended without closing the run" in run.end_reason

        again = stepped(recipe, chamber.file, chamber.truth_at, record)
        assert again.controller.unit.state.name == "ABORTED"
        again.engine.run(lambda: again.controller.adopted, at_most_s=20.0)
        assert again.controller.readings.watchdog_tripped.value is True
        again.on_scan = None
        again.controller.load(_order(again))
        assert again._to_execute(), again.ends()  # Clear re-arms the watchdog and reads back; Reset, Start
        again.interrupt()
        again.engine.run(again._over, at_most_s=120.0)
        state, _ = again.ends()
        for worker in again.workers:
            worker.link.close()
        again.record.close()
        again.schedule.close()
        assert state == "Stopped"


def _order(run: Any) -> Any:
    from pvdctl.process.controller import Order

    return Order(run.recipe.model, run._begin, run._end)


@pytest.mark.parametrize("lines", [10, 30, 42], ids=["while pumping", "with both shutters open", "with gas in"])
def test_killed(lines: int, tmp_path: Path) -> None:
    """Lines are scans that said something; the short run has 46."""
    kill_and_restart(SHORT, Moment(lines), random.Random(lines), tmp_path)


def in_lzln(chance: random.Random) -> Moment:
    """Half the moments are just after something happened, half anywhere in its time, but for its last half minute.

    LZLN takes 2,227 to 2,251 s and says something in 79 scans, the 74th of them 48 s before the end.
    """
    return Moment(lines=chance.randrange(1, 75)) if chance.random() < 0.5 else Moment(at_s=chance.uniform(0.0, 2190.0))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100))
def test_killed_a_hundred_times_in_lzln(seed: int, tmp_path: Path) -> None:
    chance = random.Random(1000 + seed)
    kill_and_restart(LZLN, in_lzln(chance), chance, tmp_path)
