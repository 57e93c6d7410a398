"""How fast a run is, what memory it takes, how soon a command is there, how long a durable commit takes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from pvdctl.chamber.load import load_chamber
from pvdctl.cli.shipped import chamber_file
from pvdctl.cli.simulation import Simulation
from pvdctl.clock import RealClock
from pvdctl.recipe.load import load_recipe
from pvdctl.record.event import Event
from pvdctl.record.record import Record
from tests.benchmarks.row import Row, at_least, at_most, told

ROOT = Path(__file__).parents[2]
LZLN = ROOT / "recipes" / "lzln.yaml"
LZLN4 = ROOT / "tests" / "recipes" / "lzln4.yaml"
REPEATS = 5
STARTS = 9
APPENDS = 2_000


class Timed:
    """One run: simulated, wall and processor seconds, scans."""

    def __init__(self, recipe: Path, seed: int) -> None:
        with tempfile.TemporaryDirectory() as directory:
            simulation = Simulation(
                load_recipe(recipe), load_chamber(chamber_file()), seed=seed, directory=Path(directory)
            )
            cpu_zero_s, wall_zero_s = time.process_time(), time.perf_counter()
            result = simulation.run()
            self.cpu_s, self.wall_s = time.process_time() - cpu_zero_s, time.perf_counter() - wall_zero_s
        if result["end_state"] != "Complete":
            raise RuntimeError(f"{recipe.name} seed {seed} ended {result['end_state']}: {result['end_reason']}")
        self.simulated_s: float = result["duration_s"]
        self.scans: int = result["scans"]


def pace() -> Iterator[Row]:
    """LZLN with every instrument, every byte, 10 Hz and durable events; then four of it in one recipe."""
    group = "pace"
    runs = [Timed(LZLN, seed) for seed in range(1, REPEATS + 1)]
    wall = median(run.simulated_s / run.wall_s for run in runs)
    cpu = median(run.simulated_s / run.cpu_s for run in runs)
    yield at_least(group, f"LZLN, wall time, median of {REPEATS}", 1500, wall, "× real time")
    yield at_least(group, f"LZLN, processor time, median of {REPEATS}", 1500, cpu, "× real time")
    yield told(group, "scans", f"{median(run.scans / run.wall_s for run in runs):,.0f} /s")
    yield at_most(group, "one scan, processor time", 66.7, median(1e6 * run.cpu_s / run.scans for run in runs), "us", 1)
    one_s = median(run.cpu_s for run in runs)
    yield at_most(group, "4 × the layers, processor time", 4.4, Timed(LZLN4, 1).cpu_s / one_s, "× as long", 2)


def _child(arguments: list[str]) -> tuple[float, float]:
    """Processor seconds and peak memory (MB) of a command in a process of its own."""
    child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} ended with exit code {child.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024.0  # Linux: KiB


def commands() -> Iterator[Row]:
    """Memory of a whole run, and how soon help and the check are there."""
    group = "commands"
    pvdctl = str(Path(sys.executable).with_name("pvdctl"))
    with tempfile.TemporaryDirectory() as directory:
        _, peak_mb = _child([pvdctl, "simulate", str(LZLN), "--json", "--record", directory])
    yield at_most(group, "pvdctl simulate recipes/lzln.yaml, peak memory", 150, peak_mb, "MB")
    for arguments in (["--help"], ["check", "recipes/lzln.yaml"]):
        cpu_s = median(_child([pvdctl, *arguments])[0] for _ in range(STARTS))
        yield at_most(group, f"pvdctl {' '.join(arguments)}, processor time", 0.3, cpu_s, "s", 2)


def commits() -> Iterator[Row]:
    """One event, on the disk when `append` returns."""
    took_ms: list[float] = []
    with tempfile.TemporaryDirectory() as directory, Record.open(Path(directory), RealClock()) as record:
        for number in range(APPENDS):
            event = Event("note", "benchmark", f"event {number}", at_s=record.clock.now_s)
            zero_s = time.perf_counter()
            record.append((event,))
            took_ms.append(1e3 * (time.perf_counter() - zero_s))
    cuts = quantiles(took_ms, n=100)
    yield told("record", f"append one event, durable, p50 of {APPENDS:,}", f"{cuts[49]:.2f} ms")
    yield at_most("record", f"append one event, durable, p99 of {APPENDS:,}", 20, cuts[98], "ms", 2)
