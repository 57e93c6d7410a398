"""The event log: one append-only table, its hash tree, and signed checkpoints of the tree.

A checkpoint is written in the same commit as the event that asks for it, so it costs no wait for the disk. What log,
tree and checkpoints can say and what they cannot without something kept elsewhere is in docs/evidence.md. The triggers
stop accidents, not a person with the sqlite3 shell.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from pvdctl.errors import Bug, RecordError
from pvdctl.record.database import Shape, Transaction, explain, open_writer, settle
from pvdctl.record.event import SCHEMA, Event, Facts, body, canonical, core
from pvdctl.record.note import PrivateKey, checkpoint_text
from pvdctl.record.tree import StoredTree, Tree

FILE = "audit.db"

CHECKPOINT_AT = frozenset({"boot", "configuration", "run_end", "run_start", "shutdown", "signature"})
"""Kinds of events whose commit carries a checkpoint."""

CHECKPOINT_EVENTS = 256
"""Of other events, as many may follow a checkpoint. A choice: the tail that a thief of the key's file could rewrite is
short, and signing costs 0.2 us per event."""

CHECKPOINT_S = 60.0
"""Wall seconds an event may wait for its checkpoint, if anything is written then. A choice, as above."""

LANDMARKS = "json_extract(body, '$.event.kind') IN ('run_start', 'run_end', 'signature')"
"""The events that have an index; a question must hold these very words, else SQLite does not use it."""

SHAPE = Shape(
    application_id=0x70766461,  # "pvda"
    version=2,  # 1 chained row to row and was never released
    statements=(
        """CREATE TABLE event (
            seq INTEGER PRIMARY KEY,
            body TEXT NOT NULL,
            tree BLOB NOT NULL CHECK (length(tree) >= 32 AND length(tree) % 32 = 0)
        ) STRICT""",
        # REPLACE deletes the old row without firing a delete trigger, hence the guard on insertion.
        """CREATE TRIGGER event_only_next BEFORE INSERT ON event
            WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
            BEGIN SELECT RAISE(ABORT, 'the event log only grows: seq is not the next one'); END""",
        """CREATE TRIGGER event_no_update BEFORE UPDATE ON event
            BEGIN SELECT RAISE(ABORT, 'the event log only grows: no update'); END""",
        """CREATE TRIGGER event_no_delete BEFORE DELETE ON event
            BEGIN SELECT RAISE(ABORT, 'the event log only grows: no delete'); END""",
        "CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT",
        """CREATE TRIGGER checkpoint_only_next BEFORE INSERT ON checkpoint
            WHEN NEW.size IS NOT (SELECT max(seq) FROM event) OR NEW.size <= (SELECT max(size) FROM checkpoint)
            BEGIN SELECT RAISE(ABORT, 'checkpoints only grow: it is not that of the newest event'); END""",
        """CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint
            BEGIN SELECT RAISE(ABORT, 'checkpoints only grow: no update'); END""",
        """CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
            BEGIN SELECT RAISE(ABORT, 'checkpoints only grow: no delete'); END""",
        # Finds the runs without reading the log. Computed from the body, so it cannot contradict it.
        f"""CREATE INDEX landmark ON event (json_extract(body, '$.event.kind'), json_extract(body, '$.stamp.run'))
            WHERE {LANDMARKS}""",
    ),
    names=frozenset(
        f"{table}{guard}"
        for table in ("event", "checkpoint")
        for guard in ("", "_only_next", "_no_update", "_no_delete")
    )
    | {"landmark"},
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

    tree: over all events. signer: the record's key, to be given before the first event. failed: empty, or the sentence
    why nothing can be written any more. covered: events under the newest checkpoint. wall_s: wall seconds from any
    zero. A failed commit is final, because after a failed fsync the kernel may report success for data it has dropped
    ("Can Applications Recover from fsync Failures?", USENIX ATC 2020).
    """

    def __init__(self, directory: Path, journal: str, wall_s: Callable[[], float]) -> None:
        """Opens or makes the log. Raises RecordError."""
        self.path = directory / FILE
        self.failed = ""
        self.boot = 0
        self.signer: PrivateKey | None = None
        self.connection = open_writer(self.path, SHAPE, journal, "FULL")
        self._wall_s = wall_s
        self._lock = Lock()
        self._waiting: list[Event] = []
        size, self.covered = self.connection.execute(
            "SELECT (SELECT coalesce(max(seq), 0) FROM event), (SELECT coalesce(max(size), 0) FROM checkpoint)"
        ).fetchone()
        self.tree = Tree(size, stored_tree(self.connection).edge(size))
        self._checkpoint_due_s = wall_s() + CHECKPOINT_S

    @property
    def seq(self) -> int:
        """Place of the newest event; 0 in an empty log."""
        return self.tree.size

    def append(self, events: Sequence[Event], stamp: Stamp, *, sealed: bool = False) -> None:
        """Write all events in one commit, with a checkpoint if one is due; on the disk when this returns.

        sealed: a checkpoint is due in any case. Raises RecordError if that failed, now or earlier: then none of them is
        in the log. Raises Bug, with nothing written and the log still good, if an event cannot be expressed.
        """
        cores = [core(event) for event in events]
        marked = sealed or any(event.kind in CHECKPOINT_AT for event in events)
        with self._lock:
            if self.failed:
                raise RecordError(self.failed)
            if self._waiting:
                cores[:0] = [core(event) for event in self._waiting]
                self._waiting.clear()
            rows = self._in_tree(cores, stamp)
            size = self.tree.size
            due = size - self.covered >= CHECKPOINT_EVENTS or self._wall_s() >= self._checkpoint_due_s
            note = self._checkpoint() if size > self.covered and (marked or due) else ""
            try:
                with Transaction(self.connection):
                    self.connection.executemany("INSERT INTO event (seq, body, tree) VALUES (?, ?, ?)", rows)
                    if note:
                        self.connection.execute("INSERT INTO checkpoint (size, note) VALUES (?, ?)", (size, note))
            except sqlite3.Error as error:
                self.failed = f"event log {self.path} cannot be written: {explain(error)}"
                raise RecordError(self.failed) from error
            if note:
                self.covered = size
                self._checkpoint_due_s = self._wall_s() + CHECKPOINT_S

    def later(self, event: Event) -> bool:
        """Let `event` ride along with the next commit, before its events; True if another one was waiting already.

        For what is no act and so must not wait for the disk by itself, such as the hash of a block of samples.
        """
        with self._lock:
            self._waiting.append(event)
            return len(self._waiting) > 1

    @property
    def checkpoint_late(self) -> bool:
        """Events have waited CHECKPOINT_S for a checkpoint, and no commit came by to carry it."""
        return self.tree.size > self.covered and self._wall_s() >= self._checkpoint_due_s

    def _checkpoint(self) -> str:
        """The signed note over the tree as it is now."""
        signer = self.signer
        if signer is None:
            raise Bug("the event log was given no key to sign with")
        return signer.sign(checkpoint_text(signer.public.name, self.tree.size, self.tree.root()))

    def _in_tree(self, cores: Iterable[bytes], stamp: Stamp) -> list[tuple[int, str, bytes]]:
        """The rows for these events, following the newest; the tree grows by them. A failed commit ends the log."""
        rows = []
        for core_bytes in cores:
            seq = self.tree.size + 1
            text = body(core_bytes, self._stamp(seq, stamp))
            rows.append((seq, text.decode(), self.tree.push(text)))
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


def stored_tree(connection: sqlite3.Connection) -> StoredTree:
    """The tree as the rows keep it. Its questions raise RecordError for a row that is not there."""

    def completed(seq: int) -> bytes:
        row = connection.execute("SELECT tree FROM event WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            raise RecordError(f"event {seq} is missing: it was deleted. Run the verification.")
        return bytes(row[0])

    return StoredTree(completed)


def newest_checkpoint(connection: sqlite3.Connection, at_least: int = 0) -> str | None:
    """The note of the newest checkpoint that covers `at_least` events; None if there is none."""
    row = connection.execute(
        "SELECT note FROM checkpoint WHERE size >= ? ORDER BY size DESC LIMIT 1", (at_least,)
    ).fetchone()
    return row[0] if row else None


def rows_from(connection: sqlite3.Connection, first_seq: int, last_seq: int) -> Iterator[tuple[int, str]]:
    """Sequence numbers and bodies, in order, both ends included."""
    yield from connection.execute(
        "SELECT seq, body FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq", (first_seq, last_seq)
    )
