"""The service: scans on their beat while screens look on and somebody asks too fast; memory over simulated hours."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.row import Row, at_least, at_most, told
from tests.service.inside import BRIEF
from tests.service.load import REAL_TIME, press, real_time_permitted
from tests.service.served import Served
from tests.service.soak import STATM, standing
from tests.system.ports.served import served

GROUP = "the service"
STREAMS, PER_S = 5, 200.0
PRESS_S = 60
"""Seconds of load; PVDCTL_PRESS_S=3600 measures an hour."""
SOAK_H = 3.0
"""Simulated hours; PVDCTL_SOAK_H=30 measures what the project promises."""
SETTLED_H = 0.5
"""From here on memory must not grow (a choice): every buffer has its size, each screen has been served."""


def service() -> Iterator[Row]:
    """The group's rows."""
    if sys.platform == "win32":
        yield told(GROUP, "not measured", "needs ptys and Unix sockets")
        return
    yield from _pressed((), "")
    if real_time_permitted():
        yield from _pressed(REAL_TIME, ", started as by the unit file")
    else:
        yield told(GROUP, "the same, started as by the unit file", "not permitted")
    if STATM.exists():
        yield from _soaked()


def _pressed(under: Sequence[str], how: str) -> Iterator[Row]:
    seconds = int(os.environ.get("PVDCTL_PRESS_S", PRESS_S))
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as far:
        recipes = Path(name) / "recipes"
        recipes.mkdir()
        (recipes / "brief.yaml").write_text(BRIEF)
        service = Served(Path(name), recipes, chamber=far.file, under=under)
        try:
            done = press(service.socket, seconds, streams=STREAMS, per_s=PER_S)
            beat = service.chamber().status().beat
        finally:
            service.end()
    assert beat.late_p99_ms is not None
    assert beat.late_worst_ms is not None
    figure = f"scan late, {STREAMS} streams and {done.per_s:.0f} requests/s{how}, p99 of {seconds} s"
    yield at_most(GROUP, figure, 5.0, beat.late_p99_ms, "ms", 2)
    yield told(GROUP, "latest start", f"{beat.late_worst_ms:.2f} ms")
    yield at_most(GROUP, f"scans lost of {beat.scans:,}", 0, beat.lost, "")
    yield told(GROUP, "requests answered, and turned away", f"{done.answered:,} and {done.too_many:,}")
    yield at_least(GROUP, "snapshots a second on the slowest stream", 1.5, min(done.snapshots) / done.took_s, "", 2)


def _soaked() -> Iterator[Row]:
    hours = float(os.environ.get("PVDCTL_SOAK_H", SOAK_H))
    with tempfile.TemporaryDirectory() as name:
        soaked = standing(Path(name), SETTLED_H, hours)
    first, last = soaked.first, soaked.last
    since = f"from {first.at_h:.1f} to {last.at_h:.1f} simulated hours"
    yield at_most(GROUP, f"memory of the control process, grown {since}", 10.0, soaked.control_grown, "%", 2)
    yield at_most(GROUP, "memory of the web server, grown meanwhile", 10.0, soaked.web_grown, "%", 2)
    yield told(GROUP, "memory of both at the end", f"{last.control_mb:.1f} MB and {last.web_mb:.1f} MB")
