"""A NOMAD archive of the run: class ThermalEvaporation of the plug-in nomad-material-processing 1.0.6, SI units.

What pvdctl does not measure (source and substrate temperature, gas flow) is not there. What the class has no field for
(shutters, crystal, interlocks, alarms, proof) is in the description as far as it identifies the run; the raw file, such
as the HDF5 export, belongs beside it. Time is process time: seconds since the run began.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pvdctl.chamber.model import Film
from pvdctl.recipe.model import Backfill, Deposit, Vent
from pvdctl.record.dossier import Dossier
from pvdctl.record.event import Facts
from pvdctl.record.export.metadata import metadata
from pvdctl.record.export.molar_mass import molar_mass_g_per_mol
from pvdctl.record.story import Step

SUFFIX: Final = ".archive.json"

CLASS: Final = "nomad_material_processing.vapor_deposition.pvd.thermal.ThermalEvaporation"

EVERY_S: Final = 1.0
"""One value a second: what happens to a film takes longer, and an archive is text."""

_PA_PER_MBAR: Final = 100.0
_KG_PER_MG: Final = 1e-6
_KG_M3_PER_G_CM3: Final = 1e3
_M_PER_NM: Final = 1e-9


def write(dossier: Dossier, target: Path, exported_utc: str) -> list[Path]:
    """Write `target`; returns it. Raises OSError."""
    target.write_text(json.dumps(archive(dossier, exported_utc), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return [target]


def archive(dossier: Dossier, exported_utc: str) -> Facts:
    """The archive as plain data."""
    run = dossier.run
    title = dossier.recipe.title if dossier.recipe is not None else run.recipe
    data: Facts = {
        "m_def": CLASS,
        "name": f"SIMULATED: {title}" if run.simulated else title,
        "lab_id": run.run,
        "datetime": run.started_utc,
        "method": "Thermal Evaporation",
        "location": run.chamber,
        "description": _description(dossier, exported_utc),
        "instruments": [{"name": run.chamber, "lab_id": run.start["chamber"]["sha256"]}],
        "steps": [_step(dossier, step) for step in dossier.story.steps],
    }
    if run.ended_utc:
        data["end_time"] = run.ended_utc
    if run.sample_id:
        data["samples"] = [{"name": run.sample_id, "lab_id": run.sample_id}]
    return {"data": data}


def _description(dossier: Dossier, exported_utc: str) -> str:
    """What identifies the run and vouches for it, as lines."""
    facts = metadata(dossier, exported_utc)
    proof = facts["proof"]
    lines = [
        f"{'SIMULATED: no real chamber was touched. ' if facts['simulated'] else ''}Ended {facts['end_state']}: "
        f"{facts['end_reason']}.",
        f"Run {facts['run']}, operator {facts['operator']}.",
        f"Recipe {facts['recipe']['name']} {facts['recipe']['version']}, SHA-256 {facts['recipe']['sha256']}.",
        f"Chamber {facts['chamber']['name']}, SHA-256 {facts['chamber']['sha256']}.",
        f"Record SHA-256 {proof['record_sha256'] or 'none'}, verified: {proof['verified']}, checkpoint over "
        f"{proof.get('size', 0)} events of {proof.get('record', 'no record')}, root {proof.get('root', 'none')}.",
        f"Made by {facts['versions']['pvdctl']} (pvdctl), exported {exported_utc} by {facts['versions']['export']}; "
        f"one value per {EVERY_S:g} s. Time is counted from the beginning of the run.",
    ]
    lines += [f"Layer {one['name']}: {one['thickness_verdict']['words']}, rate {one['rate_verdict']['words']}."
              for one in facts["layers"]]  # fmt: skip
    return "\n".join(lines)


def _step(dossier: Dossier, step: Step) -> Facts:
    began = datetime.fromisoformat(dossier.run.started_utc) + timedelta(seconds=step.at_s)
    part = _part(dossier, step)
    wanted = next((one for one in dossier.recipe.steps if one.name == step.name), None) if dossier.recipe else None
    facts: Facts = {
        "name": step.name,
        "start_time": began.isoformat(timespec="milliseconds"),
        "duration": round(step.lasted_s, 3),
        "comment": ", ".join(f"{phase.name} {phase.lasted_s:.1f} s" for phase in step.phases),
        "creates_new_thin_film": isinstance(wanted, Deposit),
        "environment": _environment(dossier, part, wanted.gas if isinstance(wanted, Backfill | Vent) else ""),
    }
    if isinstance(wanted, Deposit):
        film = dossier.chamber.films.get(wanted.film) if dossier.chamber is not None else None
        facts["sources"] = [_source(dossier, part, wanted, film)]
        facts["sample_parameters"] = [_sample(dossier, part, wanted)]
    return facts


def _part(dossier: Dossier, step: Step) -> NDArray[np.int64]:
    """Rows of the step, one per `EVERY_S`."""
    time_s = dossier.samples["time_s"]
    if not len(time_s):
        return np.zeros(0, dtype=np.int64)
    wanted = np.arange(step.at_s, step.at_s + step.lasted_s, EVERY_S)
    rows = np.unique(np.searchsorted(time_s, wanted))
    return rows[rows < len(time_s)]


def _series(time_s: NDArray[np.float64], values: NDArray[np.float64], digits: int) -> Facts:
    """Values over time, those that were not measured left out; significant digits as many as were measured."""
    known = np.isfinite(values)
    return {
        "value": [float(f"{value:.{digits}g}") for value in values[known].tolist()],
        "time": [round(at_s, 3) for at_s in time_s[known].tolist()],
    }


def _environment(dossier: Dossier, part: NDArray[np.int64], gas: str) -> Facts:
    time_s = dossier.samples["time_s"][part]
    facts: Facts = {"pressure": _series(time_s, dossier.samples["chamber_pressure"][part] * _PA_PER_MBAR, 5)}
    if gas:
        facts["gas_flow"] = [{"gas": {"name": gas}}]  # let in by a valve: its flow is not measured
    return facts


def _source(dossier: Dossier, part: NDArray[np.int64], step: Deposit, film: Film | None) -> Facts:
    time_s = dossier.samples["time_s"][part]
    if film is None or dossier.chamber is None:
        return {"name": step.film}
    source = dossier.chamber.sources[film.source]
    watts = dossier.samples[f"{source.supply}_current"][part] * dossier.samples[f"{source.supply}_voltage"][part]
    facts: Facts = {
        "name": source.boat,
        "material": [{"name": source.material, "mass": round(source.charge_mg * _KG_PER_MG, 12)}],
        "vapor_source": {"power": _series(time_s, watts, 6)},
    }
    moles = _moles_per_nm(film)
    if moles is not None:
        facts["impinging_flux"] = [
            {
                "measurement_type": "Quartz Crystal Microbalance",
                **_series(time_s, dossier.samples["rate"][part] * moles, 6),
                "set_value": [float(f"{step.rate_nm_per_s * moles:.6g}")],
                "set_time": [round(float(time_s[0]), 3)] if len(time_s) else [],
            }
        ]
    return facts


def _moles_per_nm(film: Film) -> float | None:
    """Moles per square metre in one nanometre of the film, None for a material whose molar mass is not known."""
    grams = molar_mass_g_per_mol(film.material)
    if grams is None:
        return None
    return _M_PER_NM * film.density_g_per_cm3 * _KG_M3_PER_G_CM3 / (grams * 1e-3)


def _sample(dossier: Dossier, part: NDArray[np.int64], step: Deposit) -> Facts:
    """The growth rate is what the crystal sees times its tooling: for NOMAD, which knows no crystal here, assumed."""
    time_s = dossier.samples["time_s"][part]
    return {
        "growth_rate": {
            "measurement_type": "Assumed",
            **_series(time_s, dossier.samples["rate"][part] * _M_PER_NM, 6),
            "set_value": [float(f"{step.rate_nm_per_s * _M_PER_NM:.6g}")],
            "set_time": [round(float(time_s[0]), 3)] if len(time_s) else [],
        },
        "layer": {"name": f"{step.film} ({step.name})"},
    }
