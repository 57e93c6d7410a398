"""One run handed out in another form: written aside, told to the record, then put in its place.

An export is an act, so it is in the log before it can be taken away: form, names, sizes and SHA-256 of its files.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from pvdctl.clock import Clock
from pvdctl.errors import OperatorError
from pvdctl.record.bundle import write_bundle
from pvdctl.record.dossier import Dossier, gather
from pvdctl.record.event import Event, Facts
from pvdctl.record.note import PrivateKey
from pvdctl.record.reader import RecordReader


class Form(NamedTuple):
    """suffix: of its file. words: for the list of forms."""

    suffix: str
    words: str


FORMS: Final = {
    "hdf5": Form(".h5", "samples, events, files, proof in NeXus style"),
    "csv": Form(".csv", "samples with a row of units, and a JSON file beside them"),
    "parquet": Form(".parquet", "samples as columns, everything else as JSON in the metadata"),
    "eln": Form(".eln", "RO-Crate for electronic lab notebooks, signed, with report, data and audit bundle"),
    "nomad": Form(".archive.json", "NOMAD archive, class ThermalEvaporation"),
}
"""What a run can be exported to."""

Recorder = Callable[[Event], None]
"""Writes one event to the record; on the disk when it returns. Raises RecordError."""


def export(
    reader: RecordReader,
    run_id: str,
    form: str,
    target: Path | None,
    clock: Clock,
    actor: str,
    record: Recorder,
    key: PrivateKey | None = None,
) -> list[Path]:
    """Export a run; returns the files, the main one first.

    form: a key of FORMS. target: None for the run's name and the form's suffix, here. actor: who asks. record: how the
    export is told to the record. key: the record's, for the form that carries a signature. Raises OperatorError if
    there is no such run, a file of that name exists, or what writes the form is not installed; RecordError if the
    record cannot be read or does not take the event: then there is no export; OSError if the files cannot be written.
    """
    dossier = gather(reader, run_id)
    path = target if target is not None else Path(f"{dossier.run.run}{FORMS[form].suffix}")
    utc = clock.utc().isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix=".pvdctl-export-", dir=path.parent) as aside:
        made = _write(reader, dossier, form, Path(aside) / path.name, utc, key)
        placed = [path.parent / file.name for file in made]
        for file in placed:
            if file.exists():
                raise OperatorError(f"{file} exists already, and exports are not overwritten. Name another with -o.")
        record(_event(dossier, form, made, actor, clock))
        for file, place in zip(made, placed, strict=True):
            os.rename(file, place)
    return placed


def _write(
    reader: RecordReader, dossier: Dossier, form: str, aside: Path, utc: str, key: PrivateKey | None
) -> list[Path]:
    try:
        if form == "eln":
            from pvdctl.record.export import to_eln

            run = dossier.run.run
            ended = dossier.run.last_seq is not None and dossier.proof["verified"]
            bundle = (lambda path: write_bundle(reader, run, path, [])) if ended else None
            return to_eln.write(dossier, aside, utc, bundle, key)
        made: list[Path] = import_module(f"pvdctl.record.export.to_{form}").write(dossier, aside, utc)
        return made
    except ImportError as error:
        raise OperatorError(
            f"{form} needs {error.name}, which is not installed here. Install it with: pip install 'pvdctl[export]'"
        ) from error


def _event(dossier: Dossier, form: str, files: list[Path], actor: str, clock: Clock) -> Event:
    run = dossier.run
    facts: Facts = {
        "form": form,
        "run": run.run,
        "record_sha256": dossier.proof["record_sha256"],
        "simulated": run.simulated,
        "files": [
            {"name": file.name, "bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
            for file in files
        ],
    }
    text = f"run {run.run} is exported to {form} by {actor}"
    return Event("export", run.run, text, actor=actor, data=facts, at_s=clock.now_s)
