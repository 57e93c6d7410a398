"""What every export carries besides its figures: which run, made of what, by what, and what vouches for it."""

from dataclasses import asdict
from typing import Any, Final

import pvdctl
from pvdctl.record.codes import codes_of
from pvdctl.record.dossier import Dossier
from pvdctl.record.event import Facts

FORM: Final = "pvdctl.export/1"
"""Named in every export, so that a later reader knows what the fields mean."""

MEANINGS: Final = {
    "time_s": "time since the run began",
    "state": "unit state (PackML number)",
    "step": "step of the recipe, from 1",
    "rate": "filtered deposition rate as the controller reckons it from the crystal's frequency",
    "raw_rate": "the same, unfiltered",
    "film": "thickness that arrived on the substrate in this layer, from the crystal's frequency",
    "dose": "integral of the gas pressure over time, in this exposure",
    "chamber_pressure": "chamber pressure by the gauge that speaks in its range",
    "foreline_pressure": "foreline pressure",
    "turbo": "turbo speed in percent of nominal",
}
"""What columns mean that do not say it by their name."""


def metadata(dossier: Dossier, exported_utc: str) -> Facts:
    """Facts that JSON can carry. exported_utc: when the export is made, ISO 8601."""
    run, start = dossier.run, dossier.run.start
    return {
        "form": FORM,
        "exported_utc": exported_utc,
        "run": run.run,
        "simulated": run.simulated,
        "sample_id": run.sample_id,
        "operator": run.operator,
        "note": start.get("note", ""),
        "started_utc": run.started_utc,
        "ended_utc": run.ended_utc,
        "duration_s": run.duration_s,
        "end_state": run.end_state,
        "end_reason": run.end_reason,
        "seed": run.seed,
        "recipe": {key: start["recipe"][key] for key in ("name", "version", "sha256", "text")},
        "chamber": {key: start["chamber"][key] for key in ("name", "sha256", "text")},
        "versions": {**start["versions"], "export": f"pvdctl {pvdctl.__version__}"},
        "instruments": dict(start["identities"]),
        "clock_at_start_s": dossier.began_s,
        "columns": columns(dossier),
        "layers": [_layer(layer) for layer in map(asdict, dossier.layers)],
        "exposures": dossier.story.exposures,
        "predicted_films": dossier.story.predicted_films,
        "steps": [asdict(step) for step in dossier.story.steps],
        "troubles": [asdict(one) for one in dossier.story.troubles],
        "interventions": [asdict(one) for one in dossier.story.interventions],
        "signatures": dossier.signatures,
        "proof": dossier.proof,
    }


def columns(dossier: Dossier) -> list[Facts]:
    """Name, unit and meaning of each column of samples; `codes` where its numbers stand for words."""
    found = []
    for name, unit in dossier.units.items():
        column: Facts = {"name": name, "unit": unit}
        if name in MEANINGS:
            column["meaning"] = MEANINGS[name]
        codes = codes_of(name)
        if codes:
            column["codes"] = {str(number): word for number, word in codes.items()}
        found.append(column)
    return found


def _layer(layer: dict[str, Any]) -> Facts:
    """The record's row, and what was judged."""
    facts: Facts = dict(layer.pop("facts"))
    for name in ("thickness", "rate"):
        good, words = layer.pop(name)
        facts[f"{name}_verdict"] = {"good": good, "words": words}
    return {**facts, **{name: value for name, value in layer.items() if value is not None}}
