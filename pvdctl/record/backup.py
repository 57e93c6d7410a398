"""Copies of a record, taken while it is written to, and read back.

A copy is made with SQLite's own backup, never by copying files in use ("How To Corrupt An SQLite Database File",
section 1.2). Events and samples are taken as of one moment. The private key is not in it: a copy can be read and
verified anywhere, but nobody can add to it in the record's name.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pvdctl.errors import OperatorError, RecordError
from pvdctl.record import log, samples
from pvdctl.record.anchoring import WITNESSED_FILE
from pvdctl.record.database import Transaction, explain, journal_of
from pvdctl.record.keys import PUBLIC_FILE
from pvdctl.record.log import newest_checkpoint, stored_tree
from pvdctl.record.note import Checkpoint, PublicKey
from pvdctl.record.reader import RecordReader
from pvdctl.record.verify import Verdict, verify
from pvdctl.record.writer_lock import sync_directories

ATTEMPTS = 5
"""To catch both files at one moment. One more is needed only if a run begins between two system calls."""

_PAGES = 1_024
"""Copied in one go; in between a writer that uses the rollback journal gets its turn."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was read back. seq: its newest event. runs: how many. verdict: of the whole copy."""

    directory: Path
    seq: int
    runs: int
    samples: int
    verdict: Verdict


def back_up(reader: RecordReader, directory: Path, anchors: Iterable[Checkpoint] = ()) -> Copy:
    """Copy the record into a directory that is empty or not there, read the copy back and verify it.

    Raises OperatorError for a directory that holds something, RecordError if copying or reading back fails.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise OperatorError(f"{directory} is not empty: each backup gets a directory of its own. Name another.")
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        _at_one_moment(reader, directory)
        for name in (PUBLIC_FILE, WITNESSED_FILE):
            if (reader.directory / name).is_file():
                shutil.copyfile(reader.directory / name, directory / name)
        for path in directory.iterdir():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        sync_directories([directory, directory.parent])
    except sqlite3.Error as error:
        raise RecordError(f"backup to {directory} failed: {explain(error)}") from error
    except OSError as error:
        raise RecordError(f"backup to {directory} failed: {error}. Check the disk and its space.") from error
    return read_back(directory, anchors)


def _at_one_moment(reader: RecordReader, directory: Path) -> None:
    """Both databases, as they are between two commits."""
    events, sampled = reader.event_file, reader.sample_file
    if "delete" in (journal_of(events), journal_of(sampled)) and _in_use(reader.directory):
        raise RecordError(
            f"record {reader.directory} is being written to with a rollback journal, and a backup would hold up its "
            "commits. Back it up when pvdctl is closed."
        )
    for _ in range(ATTEMPTS):
        with Transaction(events, "DEFERRED"):
            events.execute("SELECT count(*) FROM checkpoint").fetchone()  # from here on this is what we see
            with Transaction(sampled, "DEFERRED"):
                written = {run for (run,) in sampled.execute("SELECT run FROM chunk UNION SELECT run FROM tail")}
                if written <= {run.run for run in reader.runs()}:
                    _copy(events, directory / log.FILE)
                    _copy(sampled, directory / samples.FILE)
                    return
    raise RecordError(
        f"record {reader.directory}: its samples know runs that its log does not. Verify it: it was changed."
    )


def _in_use(directory: Path) -> bool:
    """Whether somebody writes; looked at without taking the lock from him."""
    path = directory / "record.lock"
    if not path.exists():
        return False
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _copy(source: sqlite3.Connection, path: Path) -> None:
    """Copy what `source` sees, into one plain file."""
    target = sqlite3.connect(path, isolation_level=None)
    try:
        source.backup(target, pages=_PAGES)
        target.execute("PRAGMA journal_mode=delete")
    finally:
        target.close()


def read_back(directory: Path, anchors: Iterable[Checkpoint] = (), key: PublicKey | None = None) -> Copy:
    """Open a copy as a restored record would be, and read all of it. Raises RecordError if it cannot be opened."""
    with RecordReader.open(directory) as reader:
        problems: list[str] = []
        rows = 0
        try:
            for connection, name in ((reader.event_file, log.FILE), (reader.sample_file, samples.FILE)):
                said = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
                if said != ["ok"]:
                    problems.append(f"{name} is damaged: {'; '.join(said)}.")
            verdict = verify(reader, anchors, key)
            runs = reader.runs()
            for run in runs:
                try:
                    rows += len(reader.samples(run.run, ["at_s"])["at_s"])
                except RecordError as error:
                    problems.append(f"samples of run {run.run} cannot be read: {error}")
            seq = reader.event_file.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
        except sqlite3.Error as error:
            raise RecordError(f"{directory} cannot be read back: {explain(error)}") from error
    if problems:
        verdict = Verdict(
            verdict.events, verdict.chunks, (*problems, *verdict.problems), verdict.bad_seq, verdict.covered,
            verdict.anchored,
        )  # fmt: skip
    return Copy(directory, seq, len(runs), rows, verdict)


def behind(copy: RecordReader, live: RecordReader) -> int:
    """How many events the record in use has more than the copy. Raises RecordError if it is not its continuation."""
    note = newest_checkpoint(copy.event_file)
    newest = live.event_file.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
    if note is None:
        raise RecordError(f"the copy {copy.directory} has no checkpoint to compare by.")
    checkpoint = Checkpoint.read(note)
    if checkpoint.size > newest or stored_tree(live.event_file).root(checkpoint.size) != checkpoint.root:
        raise RecordError(
            f"record {live.directory} is not the continuation of the copy {copy.directory} (compared at event "
            f"{checkpoint.size}): they are two records, or one was rewritten or cut. Verify both."
        )
    return int(newest) - int(copy.event_file.execute("SELECT max(seq) FROM event").fetchone()[0])
