"""One run in one file, with all that is needed to check it without the record and without pvdctl.

A zip archive:

    bundle.json    which run; the hashes that lead from its events to the checkpoint (see `tree.root_from`)
    events.jsonl   bodies as they were written, one per line, by place: the record's first event, the opening of the
                   record before the run, every event from the run's first to its last, signatures given later
    checkpoint.txt the signed note, with the cosignatures of witnesses if there are any
    keys.txt       public keys; whoever checks compares them with those he has from elsewhere
    samples/       the blocks of samples as they are stored (layout: pvdctl/record/chunk.py)
    README.txt     how to check it

`verify_standalone.py` checks it with the standard library and `cryptography` alone.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.anchoring import WITNESSED_FILE
from pvdctl.record.anchors import read_checkpoints
from pvdctl.record.database import Transaction
from pvdctl.record.event import Recorded, read
from pvdctl.record.fingerprint import run_sha256
from pvdctl.record.log import newest_checkpoint, rows_from, stored_tree
from pvdctl.record.note import Checkpoint, PublicKey, encode
from pvdctl.record.reader import RecordReader, Run
from pvdctl.record.verify import key_of

FORMAT = "pvdctl.bundle/1"

_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every member, so that the same run gives the same bytes."""

_README = """This archive holds one run of a thermal-evaporation chamber as pvdctl recorded it.

    pvdctl audit verify BUNDLE.zip
    python verify_standalone.py BUNDLE.zip

Either checks that the events are those under the signed checkpoint, and the samples those of the events. Get the
verifier and the public key (keys.txt) from somebody else than whoever gave you this archive.
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was written. size: of the checkpoint's log. events, blocks: how many are in it. cosigned: by how many."""

    path: Path
    run: str
    record_sha256: str
    size: int
    events: int
    blocks: int
    cosigned: int


def write_bundle(reader: RecordReader, run_id: str, path: Path, witness_keys: list[PublicKey]) -> Bundle:
    """Write the bundle of a run that has ended; the file must not exist.

    witness_keys: public keys of witnesses, to go with the cosignatures. Raises OperatorError, or RecordError if the
    run has not ended or does not hold.
    """
    with Transaction(reader.event_file, "DEFERRED"):  # everything as of one moment
        run = reader.run(run_id)
        sha256 = run_sha256(reader, run.run)
        rows = _rows(reader, run)
        checkpoint = _checkpoint(reader, rows[-1][0])
        proof = stored_tree(reader.event_file).inclusion([seq for seq, _ in rows], checkpoint.size)
    facts = {
        "format": FORMAT,
        "run": run.run,
        "origin": checkpoint.origin,
        "simulated": run.simulated,
        "first_seq": run.first_seq,
        "last_seq": run.last_seq,
        "record_sha256": sha256,
        "size": checkpoint.size,
        "proof": [encode(part) for part in proof],
    }
    blocks = reader.sample_file.execute("SELECT number, data FROM chunk WHERE run = ? ORDER BY number", (run.run,))
    keys = [key_of(reader), *witness_keys]
    count = 0
    try:
        with zipfile.ZipFile(path, "x") as archive:
            _put(archive, "README.txt", _README.encode())
            _put(archive, "bundle.json", json.dumps(facts, indent=1).encode())
            _put(archive, "checkpoint.txt", checkpoint.note.encode())
            _put(archive, "keys.txt", "".join(f"{key}\n" for key in keys).encode())
            _put(archive, "events.jsonl", "".join(f"{body}\n" for _, body in rows).encode())
            for number, data in blocks:
                _put(archive, f"samples/{number:06d}.bin", data)
                count += 1
    except FileExistsError:
        raise OperatorError(f"{path} exists already. Name another file.") from None
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror or error}.") from error
    return Bundle(path, run.run, sha256, checkpoint.size, len(rows), count, len(checkpoint.lines) - 1)


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    member = zipfile.ZipInfo(name, _TIME)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    archive.writestr(member, data)


def _rows(reader: RecordReader, run: Run) -> list[tuple[int, str]]:
    """Places and bodies of everything that belongs into the bundle, in order."""
    last_seq = run.last_seq or run.first_seq
    events = dict(rows_from(reader.event_file, run.first_seq, last_seq))
    boot = read(events[run.first_seq]).boot
    signatures: list[Recorded] = reader.signatures(run.run)
    for seq in (1, boot, *(event.seq for event in signatures), *(event.boot for event in signatures)):
        events.update(rows_from(reader.event_file, seq, seq))
    if len(events) < last_seq - run.first_seq + 1:
        raise RecordError(f"events of run {run.run} are missing: verify the record.")
    return sorted(events.items())


def _checkpoint(reader: RecordReader, last_seq: int) -> Checkpoint:
    """The newest checkpoint that a witness has cosigned, if it covers all; else the record's own newest."""
    origin = key_of(reader).name
    kept = read_checkpoints(reader.directory / WITNESSED_FILE)
    cosigned = [each for each in kept if each.origin == origin and each.size >= last_seq and len(each.lines) > 1]
    if cosigned:
        return max(cosigned, key=lambda each: each.size)
    note = newest_checkpoint(reader.event_file, last_seq)
    if note is None:
        raise RecordError(
            f"no checkpoint covers event {last_seq} yet. It is written within a minute of work; or close the record."
        )
    return Checkpoint.read(note)
