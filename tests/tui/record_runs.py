"""Records the archive in tests/tui/recorded from a real service: `python -m tests.tui.record_runs`.

Three runs: one held and resumed in the middle of its zinc layer, finished and signed; one that lost its water; one
that is going on. Run it when the messages or the shipped chamber change; look at the difference before committing.
"""

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pvdctl.client import Chamber
from pvdctl.clock import RealClock, sleep_s
from pvdctl.service.messages import Snapshot
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.stage import RECORDED

SPEED = 200.0
WITHIN_S = 120.0
POINTS = 300


def main() -> None:
    """Three services, one after the other, on the same record."""
    kept: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        served = Served(directory, ROOT / "recipes", speed=SPEED)
        try:
            _finished(served.chamber("tui@bench:1"), kept)
        finally:
            served.end()
        served = Served(directory, ROOT / "recipes", "--fault", "water_lost@zinc.deposit+60s", speed=SPEED)
        try:
            _aborted(served.chamber("tui@bench:1"), kept)
        finally:
            served.end()
        served = Served(directory, ROOT / "recipes", speed=SPEED)
        try:
            _going_on(served.chamber("tui@bench:1"), kept)
        finally:
            served.end()
    text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
    (RECORDED / "archive.json").write_text(text, encoding="utf-8")


def _finished(chamber: Chamber, kept: dict[str, Any]) -> None:
    """Held and resumed on the way, signed in the end."""
    with chamber.control("recording"):
        chamber.ready()
        run = chamber.start("lzln", sample_id="A17", note="foil 12").run
        _until(chamber, lambda seen: seen.job is not None and seen.job.layer.film_nm > 100.0)
        chamber.hold("the foil slipped")
        _until(chamber, lambda seen: seen.state == "Held")
        chamber.note("pressed flat again", about="hold")
        chamber.resume("flat again")
        chamber.wait(run)
        chamber.sign(run, "reviewed", "film and rate as wanted")
    kept["stories"] = {run: chamber.story(run)}
    kept["samples"] = {run: asdict(chamber.samples(run, points=POINTS))}


def _aborted(chamber: Chamber, kept: dict[str, Any]) -> None:
    """One that lost its water."""
    with chamber.control("recording"):
        chamber.ready()
        run = chamber.start("lzln", sample_id="A18").run
        chamber.wait(run)
        kept["stories"][run] = chamber.story(run)
        kept["samples"][run] = asdict(chamber.samples(run, points=POINTS))


def _going_on(chamber: Chamber, kept: dict[str, Any]) -> None:
    """The newest: it has just begun."""
    with chamber.control("recording"):
        chamber.ready()
        run = chamber.start("li3n", sample_id="A19").run
        _until(chamber, lambda seen: seen.job is not None and seen.job.running and seen.job.elapsed_s > 60.0)
    kept["runs"] = [asdict(entry) for entry in chamber.runs()]
    kept["stories"][run] = chamber.story(run)
    kept["samples"][run] = asdict(chamber.samples(run, points=POINTS))
    kept["verdict"] = asdict(chamber.verify())


def _until(chamber: Chamber, there: Callable[[Snapshot], bool]) -> Snapshot:
    clock = RealClock()
    while not there(seen := chamber.status()):
        if clock.now_s > WITHIN_S:
            raise RuntimeError(f"it did not come: {seen}")
        sleep_s(0.05)
    return seen


if __name__ == "__main__":
    main()
