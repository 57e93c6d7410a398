"""A service that runs for simulated days while screens look on: what its processes hold at beginning and end."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from pvdctl.client import Chamber
from pvdctl.clock import RealClock, sleep_s
from tests.service.inside import ROOT
from tests.service.load import watched
from tests.service.served import Served

AS_FAST_AS_IT_GOES = 1e6
SCREENS = 2
STATM = Path("/proc/self/statm")
needs_statm = pytest.mark.skipif(not STATM.exists(), reason="memory is read from /proc, which only Linux has")
STANDING = """\
recipe: standing
version: "1"
title: Nothing, for days
steps:
  - {do: wait, name: rest, duration: 1000 h}
"""


ROUND = """\
recipe: round
version: "1"
title: A round of pumping, gas and waiting, which can be made for ever; the charge of a boat lasts for six films
steps:
  - {do: pump_down, name: down, below: 1e-4 mbar, within: 30 min}
  - {do: wait, name: rest, duration: 20 min}
  - {do: backfill, name: nitrogen, gas: n2, pressure: 20 mbar, tolerance: 5 mbar, duration: 1 min,
     duration_starts: at_pressure, within: 2 min}
  - {do: evacuate, name: out, below: 1 mbar, within: 10 min}
"""


@dataclass
class Held:
    """MB of memory, and when in simulated hours."""

    at_h: float
    control_mb: float
    web_mb: float


@dataclass
class Soaked:
    """The first is taken when everything has been used once. runs: how many were made."""

    first: Held
    last: Held
    runs: int
    took_s: float

    @property
    def control_grown(self) -> float:
        """In per cent."""
        return 100.0 * (self.last.control_mb / self.first.control_mb - 1.0)

    @property
    def web_grown(self) -> float:
        """In per cent."""
        return 100.0 * (self.last.web_mb / self.first.web_mb - 1.0)


def resident_mb(pid: int) -> float:
    """Memory a process holds in the machine (proc(5): second number of statm, in pages)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def standing(directory: Path, settled_h: float, hours: float) -> Soaked:
    """One run that only waits, for so many simulated hours."""
    recipes = directory / "recipes"
    recipes.mkdir()
    (recipes / "standing.yaml").write_text(STANDING)
    clock = RealClock()
    served = Served(directory, recipes, speed=AS_FAST_AS_IT_GOES)
    try:
        chamber = served.chamber("soak")
        with watched(served.socket, SCREENS):
            with chamber.control("soak"):
                chamber.ready()
                chamber.start("standing")
            first = _at(served, chamber, settled_h)
            last = _at(served, chamber, first.at_h + hours - settled_h)
        chamber.abort("the soak is over")
    finally:
        assert served.end() == 0, served.log
    return Soaked(first, last, 1, clock.now_s)


def _at(served: Served, chamber: Chamber, hours: float) -> Held:
    """When so many have passed."""
    while (at_s := chamber.status().at_s) < 3600.0 * hours:
        sleep_s(0.2)
    return _held(served, at_s)


def _held(served: Served, at_s: float) -> Held:
    return Held(at_s / 3600.0, resident_mb(served.process.pid), resident_mb(served.web_pid()))


def again_and_again(directory: Path, hours: float) -> Soaked:
    """One run after the other for so many simulated hours, two films first; the first reading is taken after both."""
    recipes = directory / "recipes"
    recipes.mkdir()
    (recipes / "films.yaml").write_bytes((ROOT / "recipes" / "lzln.yaml").read_bytes())
    (recipes / "round.yaml").write_text(ROUND)
    clock = RealClock()
    served = Served(directory, recipes, speed=AS_FAST_AS_IT_GOES)
    try:
        chamber = served.chamber("soak")
        first: Held | None = None
        runs = 0
        with watched(served.socket, SCREENS):
            while (at_s := chamber.status().at_s) < 3600.0 * hours:
                recipe = "round" if runs else "films"
                with chamber.control("soak"):
                    chamber.ready()
                    run = chamber.start(recipe, sample_id=f"soak {runs}").run
                    ended = chamber.wait(run)
                assert ended.state == "Complete", ended
                chamber.note("made", about=recipe)
                runs += 1
                if runs == 2:
                    first = _held(served, chamber.status().at_s)
            last = _held(served, at_s)
        assert chamber.verify().intact
    finally:
        assert served.end() == 0, served.log
    assert first is not None
    return Soaked(first, last, runs, clock.now_s)
