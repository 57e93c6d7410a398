"""An .eln file: one run as an RO-Crate that electronic lab notebooks import.

A zip archive with one folder, in it `ro-crate-metadata.json` (RO-Crate 1.1) and a folder of the run with its files:
report, samples as CSV and HDF5, recipe, chamber, and the audit bundle that proves them. Form: "Specification for the
ELN file format" of The ELN Consortium (github.com/TheELNConsortium/TheELNFileFormat): sizes are text, each file has
its SHA-256, and the metadata, which so vouch for all files, may have a signature of minisign beside them.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Final

from pvdctl.record import minisign
from pvdctl.record.dossier import Dossier
from pvdctl.record.eln_check import METADATA, PUBLIC_KEY, SIGNATURE, SUFFIX
from pvdctl.record.event import Facts
from pvdctl.record.export import to_csv, to_hdf5
from pvdctl.record.export.metadata import metadata
from pvdctl.record.export.to_hdf5 import unit_of
from pvdctl.record.note import PrivateKey
from pvdctl.record.report.page import page

KINDS: Final = {
    ".csv": ("text/csv", "samples: names, units, then one row per scan"),
    ".h5": ("application/x-hdf5", "samples, events, files and proof in the style of NeXus"),
    ".html": ("text/html", "report: what was made, plots, alarms, who did what, proof"),
    ".json": ("application/json", "everything but the samples"),
    ".yaml": ("application/yaml", "as run"),
    ".zip": ("application/zip", "audit bundle: `pvdctl audit verify` checks it, and so does its own verifier"),
}
"""Media type and description by the ending of a file's name."""

LAYER_FIGURES: Final = ("target_nm", "read_nm", "rate_target_nm_s", "rate_mean_nm_s", "rate_sd_nm_s", "open_s")
"""Of a layer, shown by a notebook beside the files."""

BundleWriter = Callable[[Path], object]
"""Writes the audit bundle of the run to a path."""


def write(
    dossier: Dossier, target: Path, exported_utc: str, bundle: BundleWriter | None, key: PrivateKey | None
) -> list[Path]:
    """Write `target`; returns it. bundle: None for a run that has no end yet, and so no proof to enclose.

    key: the record's, which signs; None where it is not at hand. Raises ImportError, OSError.
    """
    run = dossier.run
    folder = target.parent / f"{run.run}-files"
    folder.mkdir()
    files = _files(dossier, folder, exported_utc, bundle)
    root = target.name.removesuffix(SUFFIX)
    crate = json.dumps(_crate(dossier, files, exported_utc), ensure_ascii=False, indent=1)
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(f"{root}/{METADATA}", crate)
        if key is not None:
            signed = minisign.signature(key, crate.encode(), _comment(dossier, exported_utc))
            archive.writestr(f"{root}/{SIGNATURE}", signed)
            archive.writestr(f"{root}/{PUBLIC_KEY}", minisign.public_key(key.public))
        for file in files:
            packed = zipfile.ZIP_STORED if file.suffix in (".zip", ".h5") else zipfile.ZIP_DEFLATED
            archive.write(file, f"{root}/{run.run}/{file.name}", packed)
    for file in files:
        file.unlink()
    folder.rmdir()
    return [target]


def _comment(dossier: Dossier, exported_utc: str) -> str:
    """What is signed with the metadata: which file, of which run, under which checkpoint of which record."""
    proof = dossier.proof
    place = f" record:{proof['record']} checkpoint:{proof['size']} root:{proof['root']}" if "root" in proof else ""
    return f"utc:{exported_utc} file:{METADATA} run:{dossier.run.run}{place}"


def _files(dossier: Dossier, folder: Path, exported_utc: str, bundle: BundleWriter | None) -> list[Path]:
    run = dossier.run
    report = folder / "report.html"
    report.write_text(page(dossier), encoding="utf-8")
    found = [
        report,
        *to_csv.write(dossier, folder / f"samples{to_csv.SUFFIX}", exported_utc),
        *to_hdf5.write(dossier, folder / f"{run.run}{to_hdf5.SUFFIX}", exported_utc),
    ]
    for what in ("recipe", "chamber"):
        file = folder / f"{what}.yaml"
        file.write_bytes(run.start[what]["text"].encode())  # the very bytes of its SHA-256
        found.append(file)
    if bundle is not None:
        proof = folder / f"{run.run}-audit.zip"
        bundle(proof)
        found.append(proof)
    return found


def _crate(dossier: Dossier, files: list[Path], exported_utc: str) -> Facts:
    run = dossier.run
    facts = metadata(dossier, exported_utc)
    here = f"./{run.run}/"
    described = [_file(here, file) for file in files]
    values = _values(facts)
    title = dossier.recipe.title if dossier.recipe is not None else run.recipe
    name = f"{'SIMULATED: ' if run.simulated else ''}{title} ({run.run})"
    graph: list[Facts] = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "dateCreated": exported_utc,
            "version": "1.0",
            "sdPublisher": {"@id": "#pvdctl"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": name,
            "description": f"A thin-film deposition as recorded by pvdctl: {run.end_state}, {run.end_reason}.",
            "datePublished": exported_utc,
            "hasPart": [{"@id": here}],
        },
        {
            "@id": here,
            "@type": "Dataset",
            "name": name,
            "identifier": run.run,
            "author": {"@id": "#operator"},
            "dateCreated": run.started_utc,
            "dateModified": run.ended_utc or run.started_utc,
            "keywords": ["thermal evaporation", "thin film", *(["SIMULATED"] if run.simulated else [])],
            "text": _text(facts),
            "variableMeasured": [{"@id": value["@id"]} for value in values],
            "hasPart": [{"@id": file["@id"]} for file in described],
        },
        *described,
        *values,
        {"@id": "#operator", "@type": "Person", "name": run.operator, "identifier": run.operator},
        {
            "@id": "#pvdctl",
            "@type": "Organization",
            "name": "pvdctl",
            "description": f"Software that ran and recorded the chamber, version {run.start['versions']['pvdctl']}",
        },
    ]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}


def _file(here: str, file: Path) -> Facts:
    media, words = KINDS[file.suffix]
    data = file.read_bytes()
    return {
        "@id": f"{here}{file.name}",
        "@type": "File",
        "name": file.name,
        "description": words if file.suffix != ".yaml" else f"the {file.stem} {words}",
        "encodingFormat": media,
        "contentSize": str(len(data)),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _values(facts: Facts) -> list[Facts]:
    """Figures that a notebook shows and searches; nested names with dots."""
    proof = facts["proof"]
    found: list[Facts] = [
        _value("run", facts["run"]),
        _value("simulated", facts["simulated"]),
        _value("end_state", facts["end_state"]),
        _value("recipe.name", facts["recipe"]["name"]),
        _value("recipe.version", facts["recipe"]["version"]),
        _value("recipe.sha256", facts["recipe"]["sha256"]),
        _value("chamber.name", facts["chamber"]["name"]),
        _value("chamber.sha256", facts["chamber"]["sha256"]),
        _value("proof.record_sha256", proof["record_sha256"]),
        _value("proof.verified", proof["verified"]),
        _value("proof.checkpoint", proof.get("checkpoint", "")),
        *(_value(f"versions.{name}", version) for name, version in facts["versions"].items()),
        *(_value(f"instruments.{name}", identity) for name, identity in facts["instruments"].items()),
    ]
    for layer in facts["layers"]:
        place = f"layers.{layer['name']}"
        found += [_value(f"{place}.{key}", layer[key], unit_of(key)) for key in LAYER_FIGURES if layer.get(key)]
        found += [_value(f"{place}.{key}", layer[f"{key}_verdict"]["words"]) for key in ("thickness", "rate")]
        if layer.get("thickness_tolerance_percent") is not None:
            tolerance = layer["thickness_tolerance_percent"]
            found.append(_value(f"{place}.thickness_tolerance_percent", tolerance, unit_of("_percent")))
            if layer.get("in_tolerance") is not None:  # null: reckoned by time, see the words of the verdict
                found.append(_value(f"{place}.in_tolerance", layer["in_tolerance"]))
    for exposure in facts["exposures"]:
        place = f"exposures.{exposure['name']}"
        found += [
            _value(f"{place}.{key}", exposure[key], unit_of(key)) for key in ("peak_mbar", "hold_s", "dose_mbar_s")
        ]
    return found


def _value(name: str, value: object, unit: str = "") -> Facts:
    facts: Facts = {"@id": f"#{name}", "@type": "PropertyValue", "propertyID": name, "name": name, "value": value}
    if unit:
        facts["unitText"] = unit
    return facts


def _text(facts: Facts) -> str:
    """A paragraph and a table in HTML: what a notebook shows as the entry's text."""
    marked = "<p><strong>SIMULATED: no real chamber was touched.</strong></p>" if facts["simulated"] else ""
    rows = "".join(
        f"<tr><td>{escape(layer['name'])}</td><td>{escape(layer['film'])}</td><td>{layer['target_nm']:.1f}</td>"
        f"<td>{layer['read_nm']:.2f}</td><td>{escape(layer['thickness_verdict']['words'])}</td>"
        f"<td>{escape(layer['rate_verdict']['words'])}</td></tr>"
        for layer in facts["layers"]
    )
    return (
        f"{marked}<p>Run {escape(facts['run'])} of recipe {escape(facts['recipe']['name'])} "
        f"{escape(facts['recipe']['version'])} in {escape(facts['chamber']['name'])} by {escape(facts['operator'])}: "
        f"<strong>{escape(facts['end_state'])}</strong>, {escape(facts['end_reason'])}. See report.html.</p>"
        "<table><tr><th>layer</th><th>film</th><th>target nm</th><th>read nm</th><th>thickness</th><th>rate</th></tr>"
        f"{rows}</table>"
    )
