"""Carries checkpoints of a record to where they are kept: a witness, or a file elsewhere. And tells what is not there.

A process of its own that only reads the record: a witness that hangs or a share that is gone never reaches the one
that controls the chamber.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.anchors import append_checkpoint, ask, fetch_anchors, is_witness, read_checkpoints
from pvdctl.record.event import read
from pvdctl.record.log import newest_checkpoint, stored_tree
from pvdctl.record.note import Checkpoint
from pvdctl.record.reader import RecordReader
from pvdctl.record.verify import key_of
from pvdctl.record.witness import CONFLICT, OK, UNPROCESSABLE, request_body

WITNESSED_FILE = "witnessed.jsonl"
"""Beside the record: cosigned checkpoints, for bundles and for the status. The originals are with the witness."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a record is anchored.

    events: in the log. signed: under its last checkpoint. anchored: of those, known to be kept elsewhere. oldest_utc:
    when the first event beyond was written, empty if there is none.
    """

    events: int
    signed: int
    anchored: int
    oldest_utc: str

    @property
    def open_events(self) -> int:
        """Events that nobody outside vouches for."""
        return self.events - self.anchored

    def open_s(self, now: datetime) -> float:
        """For how many seconds the oldest of them has waited."""
        return max(0.0, (now - datetime.fromisoformat(self.oldest_utc)).total_seconds()) if self.oldest_utc else 0.0


def standing(reader: RecordReader) -> Standing:
    """How far the record is anchored, as the machine itself knows. Raises RecordError."""
    try:
        origin = key_of(reader).name
        connection = reader.event_file
        events = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
        newest = newest_checkpoint(connection)
        known = read_checkpoints(reader.directory / WITNESSED_FILE)
        anchored = max((kept.size for kept in known if kept.origin == origin and kept.size <= events), default=0)
        row = connection.execute("SELECT body FROM event WHERE seq = ?", (anchored + 1,)).fetchone()
        return Standing(
            events, Checkpoint.read(newest).size if newest else 0, anchored, read(row[0]).utc if row else ""
        )
    except sqlite3.Error as error:
        raise RecordError(
            f"record {reader.directory} cannot be read just now: {error}. Its writer may hold it; try again."
        ) from error


def anchor(reader: RecordReader, where: str, utc: Callable[[], datetime]) -> Checkpoint:
    """Bring the newest checkpoint to a witness (`http://...`) or into a file, unless it is there already.

    Returns it, with the witness's cosignature. Raises OperatorError if the witness refuses or does not answer,
    RecordError if the record can show no checkpoint, or is shorter or other than what is kept there: that is the alarm
    for which all this is made.
    """
    note = newest_checkpoint(reader.event_file)
    if note is None:
        raise RecordError(f"record {reader.directory} has no checkpoint yet: it is empty.")
    checkpoint = Checkpoint.read(note)
    if is_witness(where):
        checkpoint = _submit(reader, where, checkpoint)
    else:
        _to_file(reader, Path(where), checkpoint, utc())
    remembered = reader.directory / WITNESSED_FILE
    if all(kept.note != checkpoint.note for kept in read_checkpoints(remembered)[-8:]):
        append_checkpoint(remembered, checkpoint.note, utc())
    return checkpoint


def _to_file(reader: RecordReader, path: Path, checkpoint: Checkpoint, now: datetime) -> None:
    """Append, if the record still holds what was appended before."""
    kept = [each for each in read_checkpoints(path) if each.origin == checkpoint.origin]
    if kept:
        last = kept[-1]
        _must_hold(reader, last.size, last.root, checkpoint, str(path))
        if last.size == checkpoint.size:
            return
    append_checkpoint(path, checkpoint.note, now)


def _must_hold(reader: RecordReader, size: int, root: bytes | None, checkpoint: Checkpoint, where: str) -> None:
    """Raise RecordError unless the record reaches as far as what is kept elsewhere, and agrees with it."""
    if size > checkpoint.size:
        raise RecordError(
            f"{where} has seen {size} events of {checkpoint.origin}, this record has a checkpoint of "
            f"{checkpoint.size} only: its end was cut off, or an older copy was put in place. Verify it against "
            f"{where} before anything else is done."
        )
    if root is not None and stored_tree(reader.event_file).root(size) != root:
        raise RecordError(_rewritten(where, checkpoint.origin, size))


def _rewritten(where: str, origin: str, size: int) -> str:
    return (
        f"{where} has seen other events of {origin} up to {size} than this record holds: it was rewritten. "
        f"Verify it against {where} before anything else is done."
    )


def _submit(reader: RecordReader, where: str, checkpoint: Checkpoint) -> Checkpoint:
    """Show the checkpoint to the witness, from the size it has seen last."""
    tree = stored_tree(reader.event_file)
    cosigned = [kept for kept in read_checkpoints(reader.directory / WITNESSED_FILE) if len(kept.lines) > 1]
    old = max((kept.size for kept in cosigned if kept.size <= checkpoint.size), default=0)
    for _ in range(4):  # once to learn the size; more often only if several submit at the same time
        body = request_body(old, tree.consistency(old, checkpoint.size), checkpoint)
        status, answer = ask(where, "POST", "/add-checkpoint", body)
        if status == OK:
            return Checkpoint.read(checkpoint.note + answer)
        if status == UNPROCESSABLE:
            raise RecordError(_rewritten(f"witness {where}", checkpoint.origin, old))
        if status != CONFLICT:
            raise OperatorError(f"witness {where} refuses the checkpoint at event {checkpoint.size}: {answer.strip()}")
        if not answer.strip().isdecimal():
            raise OperatorError(f"witness {where} answers '{answer.strip()[:60]}', wanted a size: is it a witness?")
        seen = int(answer)
        _must_hold(reader, seen, _root_at(where, checkpoint.origin, seen), checkpoint, f"witness {where}")
        old = seen
    raise OperatorError(f"witness {where} keeps changing its mind about the size. Do several submit at once?")


def _root_at(where: str, origin: str, size: int) -> bytes | None:
    """The root that a witness keeps of that size, if it tells."""
    found: Sequence[Checkpoint] = fetch_anchors([where], origin)
    return next((kept.root for kept in found if kept.size == size), None)
