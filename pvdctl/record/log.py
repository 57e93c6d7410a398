"""The event log: one append-only table, each row chained to the one before.

    hash of row n = SHA-256(hash of row n-1 || body of row n), 32 zero bytes before the first

The chain is a column of its own, never part of a body, so a hash tree can take its place without touching an event.
What the chain can say and what it cannot: an edit, a deletion in the middle, an insertion, a change of order by
somebody who does not recompute all later hashes is found. A cut tail, a whole older copy, or a recomputed chain is
not: that takes something kept outside this file. The triggers stop accidents, not a person with the sqlite3 shell.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from pvdctl.errors import RecordError
from pvdctl.record.database import Shape, Transaction, explain, open_writer, settle
from pvdctl.record.event import SCHEMA, Event, Facts, body, canonical, core

FIRST = bytes(32)
"""What the first row is chained to."""

FILE = "audit.db"

SHAPE = Shape(
    application_id=0x70766461,  # "pvda"
    version=1,
    statements=(
        """CREATE TABLE event (
            seq INTEGER PRIMARY KEY,
            body TEXT NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT""",
        # REPLACE deletes the old row without firing a delete trigger, hence the guard on insertion.
        """CREATE TRIGGER event_only_next BEFORE INSERT ON event
            WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
            BEGIN SELECT RAISE(ABORT, 'the event log only grows: seq is not the next one'); END""",
        """CREATE TRIGGER event_no_update BEFORE UPDATE ON event
            BEGIN SELECT RAISE(ABORT, 'the event log only grows: no update'); END""",
        """CREATE TRIGGER event_no_delete BEFORE DELETE ON event
            BEGIN SELECT RAISE(ABORT, 'the event log only grows: no delete'); END""",
        # Finds the runs without reading the log. Computed from the body, so it cannot contradict it.
        """CREATE INDEX run_edge ON event (json_extract(body, '$.event.kind'), json_extract(body, '$.stamp.run'))
            WHERE json_extract(body, '$.event.kind') IN ('run_start', 'run_end')""",
    ),
    names=frozenset({"event", "event_only_next", "event_no_update", "event_no_delete", "run_edge"}),
    page_bytes=4096,
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where and when events are written down: calendar time (ISO 8601), run id or empty, wall-clock figures."""

    utc: str
    run: str = ""
    wall: Facts | None = None


class EventLog:
    """The writer of the event log. `append` may be called from any thread; each call is one durable commit.

    seq, head: place and hash of the newest event. failed: empty, or the sentence why nothing can be written any more.
    A failed commit is final, because after a failed fsync the kernel may report success for data it has dropped
    ("Can Applications Recover from fsync Failures?", USENIX ATC 2020).
    """

    def __init__(self, directory: Path, journal: str) -> None:
        """Opens or makes the log. Raises RecordError."""
        self.path = directory / FILE
        self.failed = ""
        self.boot = 0
        self.connection = open_writer(self.path, SHAPE, journal, "FULL")
        self._lock = Lock()
        self._waiting: list[Event] = []
        newest = self.connection.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        self.seq: int = newest[0] if newest else 0
        self.head: bytes = newest[1] if newest else FIRST

    def append(self, events: Sequence[Event], stamp: Stamp) -> None:
        """Write all events in one commit; on the disk when this returns.

        Raises RecordError if that failed, now or earlier: then none of them is in the log. Raises Bug, with nothing
        written and the log still good, if an event cannot be expressed.
        """
        cores = [core(event) for event in events]
        with self._lock:
            if self.failed:
                raise RecordError(self.failed)
            if self._waiting:
                cores[:0] = [core(event) for event in self._waiting]
                self._waiting.clear()
            rows = self._chained(cores, stamp)
            try:
                with Transaction(self.connection):
                    self.connection.executemany("INSERT INTO event (seq, body, hash) VALUES (?, ?, ?)", rows)
            except sqlite3.Error as error:
                self.failed = f"event log {self.path} cannot be written: {explain(error)}"
                raise RecordError(self.failed) from error
            if rows:
                self.seq, _, self.head = rows[-1]

    def later(self, event: Event) -> bool:
        """Let `event` ride along with the next commit, before its events; True if another one was waiting already.

        For what is no act and so must not wait for the disk by itself, such as the hash of a block of samples.
        """
        with self._lock:
            self._waiting.append(event)
            return len(self._waiting) > 1

    def _chained(self, cores: Iterable[bytes], stamp: Stamp) -> list[tuple[int, str, bytes]]:
        """The rows for these events, following the newest."""
        seq, head = self.seq, self.head
        rows = []
        for core_bytes in cores:
            seq += 1
            text = body(core_bytes, self._stamp(seq, stamp))
            head = hashlib.sha256(head + text).digest()
            rows.append((seq, text.decode(), head))
        return rows

    def _stamp(self, seq: int, stamp: Stamp) -> bytes:
        """Canonical stamp, written by hand because it is short and the same each time."""
        run = f'"run":"{stamp.run}",' if stamp.run else ""
        wall = ',"wall":' + canonical(stamp.wall, "wall-clock figures").decode() if stamp.wall else ""
        boot = self.boot or seq  # the boot event is its own boot
        return f'{{"boot":{boot},{run}"schema":"{SCHEMA}","seq":{seq},"utc":"{stamp.utc}"{wall}}}'.encode()

    def close(self) -> None:
        """Close the file. Raises RecordError if it cannot be closed in good order."""
        settle(self.connection)


def rows_from(connection: sqlite3.Connection, first_seq: int, last_seq: int) -> Iterator[tuple[int, str]]:
    """Sequence numbers and bodies, in order, both ends included."""
    yield from connection.execute(
        "SELECT seq, body FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq", (first_seq, last_seq)
    )


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What a verification of the chain found.

    events: rows checked. head: hash of the last good row. bad_seq: the first bad row, or None. problem: a sentence.
    """

    events: int
    head: bytes
    bad_seq: int | None = None
    problem: str = ""


def verify_chain(connection: sqlite3.Connection, after_seq: int = 0) -> ChainVerdict:
    """Recompute the chain over all rows after `after_seq` (0: the whole log), up to the first that does not fit."""
    sha256 = hashlib.sha256
    head = FIRST
    if after_seq:
        row = connection.execute("SELECT hash FROM event WHERE seq = ?", (after_seq,)).fetchone()
        if row is None:
            return ChainVerdict(0, FIRST, after_seq, f"event {after_seq} is missing: it was deleted.")
        head = row[0]
    seq = after_seq
    for found, text, kept in connection.execute(
        "SELECT seq, body, hash FROM event WHERE seq > ? ORDER BY seq", (after_seq,)
    ):
        seq += 1
        if found != seq:
            return ChainVerdict(
                seq - 1 - after_seq,
                head,
                seq,
                f"event {seq} is missing: the next one found is {found}. It was deleted.",
            )
        raw = text.encode()
        if sha256(head + raw).digest() != kept:
            return ChainVerdict(
                seq - 1 - after_seq,
                head,
                seq,
                f"event {seq} does not fit its hash: it was edited, inserted, moved, "
                "or an event before it was taken away.",
            )
        if f'"seq":{seq},' not in text:
            return ChainVerdict(
                seq - 1 - after_seq, head, seq, f"event {seq} says that it is another event: it was moved."
            )
        head = kept
    return ChainVerdict(seq - after_seq, head)
