"""Files to spoil: the shipped ones, and how a complaint about them is looked at."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
CHAMBER = ROOT / "simulators" / "provap.yaml"
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))

RECIPE = """\
recipe: sample
version: "1"
title: A sample
source: nowhere
steps:
  - do: pump_down
    name: pump
    below: 5e-6 mbar
    within: 60 min
  - do: deposit
    name: zinc
    film: Zn
    thickness: 300 nm
    rate: 0.5 nm/s
    tolerance: 10 %
    in_band_for: 5 s
    qualify_within: 90 s
    rate_error_after: 15 s
    on_rate_error: hold
    on_crystal_fail: switch_crystal
    on_lost_reading: hold
  - do: cool_down
    name: cool
    within: 30 min
  - do: backfill
    name: nitrogen
    gas: n2
    pressure: 500 mbar
    tolerance: 35 mbar
    duration: 3 min
    duration_starts: at_pressure
    within: 5 min
  - do: evacuate
    name: evacuate
    below: 0.1 mbar
    within: 20 min
  - do: prompt
    name: agree
    message: Vent?
    answers: ["yes", "no"]
    within: 30 min
  - do: wait
    name: rest
    duration: 10 s
  - do: vent
    name: vent
    gas: ar
    to: 950 mbar
    within: 15 min
"""
"""Every kind of step once, in an order that passes the static check."""


def spoilt(text: str, old: str, new: str) -> bytes:
    """`text` with the one occurrence of `old` replaced."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new).encode()


def place_of(text: str, what: str) -> tuple[int, int]:
    """Line and column, from 1, of the first occurrence of `what`."""
    before = text[: text.index(what)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
