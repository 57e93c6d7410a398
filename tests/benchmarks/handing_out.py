"""How long it takes to report and to export a run of 75 minutes at 10 Hz, and how large its record is."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pvdctl.chamber.load import load_chamber
from pvdctl.cli.shipped import chamber_file
from pvdctl.cli.simulation import Simulation
from pvdctl.recipe.load import parse_recipe
from pvdctl.record.export.export import FORMS
from tests.benchmarks.row import Row, at_most, told

ROOT = Path(__file__).parents[2]
WAIT = "  - {do: wait, name: longer, duration: 38 min}\n"
"""LZLN takes 37 minutes; with this it takes 75."""

REPORT_WITHIN_S = 3.0
EXPORT_WITHIN_S = 5.0
RECORD_MB = 20.0


def handing_out() -> Iterator[Row]:
    """Each command in a process of its own, from start to exit, by the wall clock."""
    group = "75 min at 10 Hz"
    text = (ROOT / "recipes" / "lzln.yaml").read_text()
    before, cool_down, after = text.partition("  - do: cool_down")
    recipe = parse_recipe(f"{before}{WAIT}{cool_down}{after}".encode(), "longer.yaml")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        record = directory / "record"
        result = Simulation(recipe, load_chamber(chamber_file()), seed=1, directory=record).run()
        if result["end_state"] != "Complete":
            raise RuntimeError(f"the run ended {result['end_state']}: {result['end_reason']}")
        yield told(group, "simulated time", f"{result['duration_s'] / 60.0:.0f} min")
        bytes_ = sum(file.stat().st_size for file in record.iterdir())
        yield at_most(group, "its record", RECORD_MB, bytes_ / 1e6, "MB", 1)
        yield at_most(group, "pvdctl report", REPORT_WITHIN_S, _took_s(directory, "report", "last"), "s", 2)
        for form in FORMS:
            took_s = _took_s(directory, "export", "last", "--to", form)
            yield at_most(group, f"pvdctl export --to {form}", EXPORT_WITHIN_S, took_s, "s", 2)


def _took_s(directory: Path, *words: str) -> float:
    pvdctl = str(Path(sys.executable).with_name("pvdctl"))
    zero_s = time.perf_counter()
    subprocess.run([pvdctl, *words, "--record", "record"], cwd=directory, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - zero_s
