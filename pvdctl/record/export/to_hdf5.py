"""HDF5 in the style of NeXus.

NeXus has no definition for a deposition, so base classes are used and no `definition` is claimed: NXroot, NXentry,
NXuser, NXsample with NXhistory and NXactivity, NXinstrument with NXsensor and NXactuator, NXenvironment, NXlog for
everything over time, NXcollection for files and events (manual.nexusformat.org, classes/base_classes). Every dataset
of numbers has `units`, in NeXus' spelling; time is seconds since `start`.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pvdctl.record.codes import POSITION_SUFFIX, codes_of
from pvdctl.record.dossier import Dossier
from pvdctl.record.event import canonical
from pvdctl.record.export.metadata import MEANINGS, metadata
from pvdctl.record.layer_figures import LayerFigures

if TYPE_CHECKING:
    import h5py

SUFFIX: Final = ".h5"

CHUNK_ROWS: Final = 16384
"""A block of 128 KiB per column: small enough to look into a run, large enough to compress."""

FIGURE_UNITS: Final = {
    "_nm_s": "nm/s",
    "_nm_per_s": "nm/s",
    "_mbar_s": "mbar s",
    "_nm": "nm",
    "_mbar": "mbar",
    "_percent": "percent",
    "_s": "s",
}
"""Units by the ending of a figure's name; what has none of these is a count."""


def write(dossier: Dossier, target: Path, exported_utc: str) -> list[Path]:
    """Write `target`; returns it. Raises ImportError, OSError."""
    import h5py

    with h5py.File(target, "w", libver=("earliest", "v110")) as file:
        file.attrs["NX_class"] = "NXroot"
        file.attrs["default"] = "entry"
        file.attrs["file_name"] = target.name
        file.attrs["file_time"] = exported_utc
        file.attrs["creator"] = "pvdctl"
        file.attrs["HDF5_Version"] = h5py.version.hdf5_version
        entry = _group(file, "entry", "NXentry")
        entry.attrs["default"] = "rate"
        _entry(entry, dossier)
        _sample(entry, dossier)
        _instrument(entry, dossier)
        _figures(entry, dossier)
        _record(entry, dossier, exported_utc)
    return [target]


def _group(parent: "h5py.Group", name: str, kind: str) -> "h5py.Group":
    group = parent.create_group(name)
    group.attrs["NX_class"] = kind
    return group


def _put(group: "h5py.Group", name: str, value: Any, units: str = "") -> None:
    """One value; numbers with their units, `1` where they have none."""
    group[name] = value
    if not isinstance(value, str | bytes | bool):
        group[name].attrs["units"] = units or "1"


def _entry(entry: "h5py.Group", dossier: Dossier) -> None:
    run = dossier.run
    title = dossier.recipe.title if dossier.recipe is not None else run.recipe
    marked = f"SIMULATED: {title}" if run.simulated else title
    _put(entry, "title", marked)
    _put(entry, "entry_identifier", run.run)
    _put(entry, "start_time", run.started_utc)
    if run.ended_utc and run.duration_s is not None:
        _put(entry, "end_time", run.ended_utc)
        _put(entry, "duration", run.duration_s, "s")
    _put(entry, "end_state", run.end_state)
    _put(entry, "end_reason", run.end_reason)
    _put(entry, "program_name", "pvdctl")
    entry["program_name"].attrs["version"] = run.start["versions"]["pvdctl"]
    entry["simulated"] = run.simulated
    _put(_group(entry, "user", "NXuser"), "name", run.operator)


def _sample(entry: "h5py.Group", dossier: Dossier) -> None:
    """What was made, and its history: one activity per step of the recipe."""
    sample = _group(entry, "sample", "NXsample")
    _put(sample, "name", dossier.run.sample_id or "not given")
    history = _group(sample, "history", "NXhistory")
    for number, step in enumerate(dossier.story.steps, start=1):
        activity = _group(history, f"activity_{number:02d}_{step.name}", "NXactivity")
        _put(activity, "description", step.name)
        _put(activity, "begin", step.at_s, "s")
        _put(activity, "duration", step.lasted_s, "s")
        phases = [{"name": phase.name, "begin_s": phase.at_s, "duration_s": phase.lasted_s} for phase in step.phases]
        _put(activity, "phases", json.dumps(phases))


def _instrument(entry: "h5py.Group", dossier: Dossier) -> None:
    """Who measured, and every column over time; the plots a viewer opens first are linked into the entry."""
    instrument = _group(entry, "instrument", "NXinstrument")
    _put(instrument, "name", dossier.run.chamber)
    for name, identity in dossier.run.start["identities"].items():
        _put(_group(instrument, f"identity_{name}", "NXfabrication"), "model", identity or "not told")
    actuators = {f"{name}{POSITION_SUFFIX}" for name in dossier.actuators}
    asked = {f"{name}_asked_current" for name in dossier.supplies}
    environment = _group(entry, "environment", "NXenvironment")
    time = None
    for name, values in dossier.samples.items():
        if name == "time_s":
            continue
        if name in actuators or name in asked:
            place = _group(instrument, name, "NXactuator")
        elif name.endswith("pressure"):
            place = _group(environment, name, "NXsensor")
        else:
            place = _group(instrument, name, "NXsensor")
        _put(place, "name", name)
        log = _group(place, "value_log", "NXlog")
        log.attrs["signal"] = "value"
        log.attrs["axes"] = "time"
        if time is None:
            time = _time(log, dossier)
        else:
            log["time"] = time  # one array for all: a hard link
        _column(log, name, values, dossier.units[name])
        if name in ("rate", "film", "chamber_pressure"):
            _plot(entry, log, {"film": "thickness", "chamber_pressure": "pressure"}.get(name, name))


def _time(log: "h5py.Group", dossier: Dossier) -> "h5py.Dataset":
    made = _array(log, "time", dossier.samples["time_s"])
    made.attrs["units"] = "s"
    made.attrs["start"] = dossier.run.started_utc
    return made


def _column(log: "h5py.Group", name: str, values: Any, unit: str) -> None:
    made = _array(log, "value", values)
    codes = codes_of(name)
    made.attrs["units"] = "percent" if unit == "%" else unit or "1"
    if name in MEANINGS:
        made.attrs["long_name"] = MEANINGS[name]
    if codes:
        made.attrs["codes"] = json.dumps(codes)


def _array(log: "h5py.Group", name: str, values: Any) -> "h5py.Dataset":
    """Compressed where it is long enough for that; zlib level 1 with shuffled bytes: fast, and any HDF5 reads it."""
    if len(values) < 2:
        return log.create_dataset(name, data=values)
    return log.create_dataset(
        name, data=values, chunks=(min(len(values), CHUNK_ROWS),), compression="gzip", compression_opts=1, shuffle=True
    )


def _plot(entry: "h5py.Group", log: "h5py.Group", name: str) -> None:
    """An NXdata of links, so that a viewer has something to plot at once."""
    data = _group(entry, name, "NXdata")
    data.attrs["signal"] = "value"
    data.attrs["axes"] = "time"
    data["value"] = log["value"]
    data["time"] = log["time"]


def _figures(entry: "h5py.Group", dossier: Dossier) -> None:
    """Layers, gas doses and predicted films, one group each."""
    for number, layer in enumerate(dossier.layers, start=1):
        group = _group(entry, f"layer_{number:02d}_{layer.name}", "NXcollection")
        _all_of(group, layer.facts)
        _judged(group, layer)
    for number, exposure in enumerate(dossier.story.exposures, start=1):
        _all_of(_group(entry, f"exposure_{number:02d}_{exposure['gas']}", "NXcollection"), exposure)
    for number, film in enumerate(dossier.story.predicted_films, start=1):
        _all_of(_group(entry, f"predicted_film_{number:02d}", "NXcollection"), film)


def _all_of(group: "h5py.Group", facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        if value is not None:
            _put(group, name, value, unit_of(name) if not isinstance(value, str) else "")


def unit_of(name: str) -> str:
    """The unit that a figure's name ends in; empty for a count."""
    return next((unit for suffix, unit in FIGURE_UNITS.items() if name.endswith(suffix)), "")


def _judged(group: "h5py.Group", layer: LayerFigures) -> None:
    for name in ("error_percent", "in_band_percent", "longest_out_s", "low_nm_per_s", "high_nm_per_s"):
        value = getattr(layer, name)
        if value is not None:
            _put(group, name, value, unit_of(name))
    _put(group, "thickness_verdict", layer.thickness.words)
    _put(group, "rate_verdict", layer.rate.words)


def _record(entry: "h5py.Group", dossier: Dossier, exported_utc: str) -> None:
    """Files as run, all events as they were written, and the proof."""
    import h5py

    record = _group(entry, "record", "NXcollection")
    for what in ("recipe", "chamber"):
        file = dossier.run.start[what]
        note = _group(record, what, "NXnote")
        _put(note, "type", "application/yaml")
        _put(note, "file_name", f"{file['name']}.yaml")
        _put(note, "data", file["text"])
        _put(note, "sha256", file["sha256"])
    _put(record, "proof", json.dumps(dossier.proof))
    _put(record, "signatures", json.dumps(dossier.signatures))
    _put(record, "metadata", canonical(metadata(dossier, exported_utc), "metadata of an export").decode())
    record.create_dataset("events", data=np.array(dossier.bodies, dtype=object), dtype=h5py.string_dtype("utf-8"))
