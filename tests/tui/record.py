"""Records the snapshots in tests/tui/recorded from a real service: `python -m tests.tui.record`.

Run it when the messages or the shipped chamber change; look at the difference before it is committed.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pvdctl.client import Chamber
from pvdctl.clock import RealClock, sleep_s
from pvdctl.service.messages import Snapshot
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.stage import RECORDED

SPEED = 100.0
WITHIN_S = 120.0
EVENTS = 40
"""Kept of each snapshot: more than fit on a screen, and no more than a file wants."""


def main() -> None:
    """Two services: one where all goes well, one that loses its water."""
    _with([], _well)
    _with(["--fault", "water_lost@zinc.deposit+60s"], _ill)


def _with(more: list[str], story: Callable[[Chamber], None]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        served = Served(Path(directory), ROOT / "recipes", *more, speed=SPEED)
        try:
            story(served.chamber("tui@bench:1"))
        finally:
            served.end()


def _well(chamber: Chamber) -> None:
    _keep(chamber, "aborted", lambda seen: seen.state == "Aborted" and "Aborted" not in seen.waiting_for)
    with chamber.control("recording"):
        chamber.ready()
        _keep(chamber, "idle", lambda seen: seen.state == "Idle")
        chamber.start("lzln", sample_id="A17", note="foil 12")
        _keep(chamber, "pump_down", lambda seen: _at(seen) == "pump_down" and seen.state_s > 60.0)
        _keep(chamber, "deposit", lambda seen: _phase(seen) == ("zinc", "deposit") and _film(seen) > 100.0)
        chamber.hold("the foil slipped")
        _keep(chamber, "held", lambda seen: seen.state == "Held")
        chamber.resume()
        _keep(chamber, "nitrogen", lambda seen: _phase(seen) == ("nitrogen", "dwell"))
        _keep(chamber, "complete", lambda seen: seen.state == "Complete")
        chamber.ready()
        chamber.start("vent", sample_id="A17")
        _keep(chamber, "question", lambda seen: seen.question is not None)


def _ill(chamber: Chamber) -> None:
    with chamber.control("recording"):
        chamber.ready()
        chamber.start("lzln", sample_id="A18")
        _keep(chamber, "water", lambda seen: seen.state == "Aborted" and bool(seen.alarms))


def _at(seen: Snapshot) -> str:
    job = seen.job
    return job.steps[job.step - 1].name if job is not None and job.step else ""


def _phase(seen: Snapshot) -> tuple[str, str]:
    return _at(seen), seen.job.phase if seen.job is not None else ""


def _film(seen: Snapshot) -> float:
    return seen.job.layer.film_nm if seen.job is not None else 0.0


def _keep(chamber: Chamber, name: str, there: Callable[[Snapshot], bool]) -> None:
    """Wait for a moment and write it down."""
    clock = RealClock()
    while not there(chamber.status()):
        if clock.now_s > WITHIN_S:
            raise RuntimeError(f"{name} did not come: {chamber.status()}")
        sleep_s(0.05)
    seen: dict[str, Any] = chamber.status_json()
    seen["events"] = seen["events"][-EVENTS:]
    seen["evidence"]["directory"] = "/var/lib/pvdctl/record"
    RECORDED.mkdir(exist_ok=True)
    (RECORDED / f"{name}.json").write_text(json.dumps(seen, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{name}: {seen['state']}", file=sys.stderr)


if __name__ == "__main__":
    main()
