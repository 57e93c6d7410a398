"""A small, quick chamber for whole runs by the thousand: LZLN's steps and phases, with thin films and short waits.

The chamber file is the shipped one with only waiting times changed, so that every rule, driver and calibration is that
of the shipped chamber. The plant is the default one with a smaller vessel and a turbo that runs up sooner.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

from pvdctl.chamber.load import LoadedChamber, load_chamber, parse_chamber
from pvdctl.recipe.load import LoadedRecipe, load_recipe, parse_recipe
from simulators.plant.params import PlantParameters, VacuumParameters

ROOT = Path(__file__).parents[2]
CHAMBER = ROOT / "simulators" / "provap.yaml"
RECIPES = ROOT / "recipes"

QUICKER = (
    ("volume: 70 L", "volume: 10 L"),
    ("turbo_run_up: 8 min", "turbo_run_up: 1 min"),
    ("turbo_run_up_typical: 168 s", "turbo_run_up_typical: 8 s"),
    ("ramp_1: 60 s            # [guess]", "ramp_1: 22 s            # [guess]"),
    ("ramp_1: 60 s\n", "ramp_1: 20 s\n"),
    ("soak_1: 60 s", "soak_1: 25 s"),
    ("ramp_2: 30 s", "ramp_2: 10 s"),
    ("soak_2: 60 s", "soak_2: 55 s"),
    ("cold_after: 130 s", "cold_after: 70 s"),
    ("cold_after: 240 s", "cold_after: 130 s"),
    ("max_hold: 15 min", "max_hold: 1 min"),
)
"""Old and new text. Cold times stay above the plant's own (61 and 117 s to 60 degC)."""

RECIPE = """\
recipe: small_lzln
version: "1"
title: The steps and phases of LZLN with thin films, for tests
steps:
  - {do: pump_down, name: pump_down, below: 2e-5 mbar, within: 5 min}
  - {do: deposit, name: zinc, film: Zn, thickness: 15 nm, rate: 0.5 nm/s, tolerance: 10 %, in_band_for: 5 s,
     qualify_within: 90 s, rate_error_after: 15 s, on_rate_error: hold, on_crystal_fail: switch_crystal,
     on_lost_reading: hold}
  - {do: deposit, name: lithium, film: Li, thickness: 15 nm, rate: 0.5 nm/s, tolerance: 10 %, in_band_for: 5 s,
     qualify_within: 90 s, rate_error_after: 15 s, on_rate_error: hold, on_crystal_fail: switch_crystal,
     on_lost_reading: hold}
  - {do: cool_down, name: cool_down, within: 10 min}
  - {do: backfill, name: nitrogen, gas: n2, pressure: 100 mbar, tolerance: 20 mbar, duration: 15 s,
     duration_starts: at_pressure, within: 60 s}
  - {do: evacuate, name: evacuate, below: 0.1 mbar, within: 5 min}
"""


@cache
def shipped_chamber() -> LoadedChamber:
    """provap as it ships."""
    return load_chamber(CHAMBER)


@cache
def small_chamber(*more: tuple[str, str]) -> LoadedChamber:
    """provap with short waits; `more` are further (old, new) texts."""
    text = CHAMBER.read_text()
    for old, new in (*QUICKER, *more):
        assert old in text, f"{CHAMBER.name} does not say {old!r} any more"
        text = text.replace(old, new)
    return parse_chamber(text.encode(), "small.yaml")


@cache
def shipped_recipe(name: str) -> LoadedRecipe:
    """A recipe of the project."""
    return load_recipe(RECIPES / f"{name}.yaml")


@cache
def recipe(text: str = RECIPE) -> LoadedRecipe:
    """A recipe from its text."""
    return parse_recipe(text.encode(), "recipe.yaml")


@cache
def small_plant() -> PlantParameters:
    """A 10 L vessel, walls and leak to match, and a turbo at speed after ten seconds."""
    whole = VacuumParameters()
    vacuum = replace(
        whole,
        volume_l=10.0,
        wall_mbar_l_per_s=whole.wall_mbar_l_per_s / 10.0,
        turbo_run_up_s=10.0,
        inlet_mm=1.0,
    )
    return replace(PlantParameters(), vacuum=vacuum)
