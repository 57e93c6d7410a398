"""Records alarms of a bad night in tests/tui/recorded from a real service: `python -m tests.tui.record_alarms`.

During the zinc layer the water is lost, then nobody hears the turbo's drive any more: a cascade. One of its alarms is
over and acknowledged. Run it when the messages or the shipped chamber change; look at the difference before committing.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from pvdctl.client import Chamber
from pvdctl.clock import RealClock, sleep_s
from pvdctl.service.encode import as_plain
from pvdctl.service.messages import Snapshot
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.stage import RECORDED

SPEED = 50.0
WITHIN_S = 40.0
FAULTS = ("water_lost@zinc.deposit+120s", "mute@zinc.deposit+122s:link=turbo")
OVER = "interlock.gate_valve_path"


def main() -> None:
    """One service that has all this trouble."""
    faults = [word for fault in FAULTS for word in ("--fault", fault)]
    with tempfile.TemporaryDirectory() as name:
        served = Served(Path(name), ROOT / "recipes", *faults, speed=SPEED)
        try:
            _night(served.chamber("tui@bench:1"))
        finally:
            served.end()


def _night(chamber: Chamber) -> None:
    with chamber.control("recording"):
        chamber.ready()
        chamber.start("lzln", sample_id="A19")
        _until(chamber, lambda seen: OVER in {alarm.name for alarm in seen.alarms if not alarm.active})
        chamber.acknowledge(OVER)
        seen = _until(chamber, lambda seen: seen.state == "Aborted" and seen.state_s > 60.0)
    kept = {"snapshot": as_plain(seen), "alarms": [as_plain(alarm) for alarm in chamber.alarms()]}
    kept["snapshot"]["evidence"]["directory"] = "/var/lib/pvdctl/record"
    text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
    (RECORDED / "night.json").write_text(text, encoding="utf-8")


def _until(chamber: Chamber, there: Callable[[Snapshot], bool]) -> Snapshot:
    """Wait for a moment."""
    clock = RealClock()
    while not there(seen := chamber.status()):
        if clock.now_s > WITHIN_S:
            raise RuntimeError(f"it did not come: {seen.alarms}")
        sleep_s(0.05)
    return seen


if __name__ == "__main__":
    main()
