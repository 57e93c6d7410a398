"""A past run's samples as curves for the plots."""

from collections.abc import Mapping
from math import nan
from typing import Any

from pvdctl.service.answers import Samples
from pvdctl.tui.curves import NAMES, Curves, known, wanted

DEPOSITING = ("shutter delay", "deposit")
"""Phases in which the rate has a target: the source is controlled, shutter closed and open (process.steps.layer)."""


def of_run(samples: Samples, story: Mapping[str, Any]) -> Curves:
    """Its time is counted from the first sample. A column that the run does not have stays unknown.

    Columns as `process.sampling` names them: `rate` in nm/s, `film` in nm, `chamber_pressure` in mbar,
    `<supply>_current` in A; of several supplies the largest is taken, since one boat is heated at a time. Targets
    and band are those of the story's finished layers; records of before 22 November 2026 do not tell the band.
    """
    made = Curves()
    taken = samples.columns
    times_s = [known(value) for value in taken.get("at_s", [])]
    unknown: list[float | None] = [None] * len(times_s)
    currents = [
        column for name, column in taken.items() if name.endswith("_current") and not name.endswith("_asked_current")
    ]
    filled: dict[str, list[float | None]] = {
        "chamber_pressure_mbar": taken.get("chamber_pressure", unknown),
        "rate_nm_per_s": taken.get("rate", unknown),
        "film_nm": taken.get("film", unknown),
        "source_current_a": [_largest(row) for row in zip(*currents, strict=True)] if currents else unknown,
    }
    begin_s = times_s[0] if times_s else 0.0
    made.at_s.extend(time_s - begin_s for time_s in times_s)
    for name in NAMES[1:]:
        made.columns[name].extend(known(value) for value in filled.get(name, unknown))
    for from_s, until_s, aims in _targets(story):
        for index, at_s in enumerate(made.at_s):
            if from_s <= at_s <= until_s:
                for name, value in aims.items():
                    made.columns[name][index] = value
    made.generation += 1
    return made


def _targets(story: Mapping[str, Any]) -> list[tuple[float, float, dict[str, float]]]:
    """From, until (seconds since the run's begin), and what was wanted, of each time a layer was deposited."""
    layers = {layer.get("name"): layer for layer in story["layers"]}
    found = []
    for step in story["steps"]:
        layer = layers.get(step["name"], {})
        aims = wanted(layer.get("rate_target_nm_s"), layer.get("rate_tolerance_percent"))
        aims["film_target_nm"] = layer.get("target_nm") or nan
        for phase in step["phases"]:
            if phase["name"] in DEPOSITING and layer:
                found.append((phase["at_s"], phase["at_s"] + phase["lasted_s"], aims))
    return found


def _largest(row: tuple[float | None, ...]) -> float | None:
    return max((value for value in row if value is not None), default=None)
