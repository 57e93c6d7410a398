"""The samples of runs: a row of numbers at each scan, kept as blocks of a minute.

A row costs about a microsecond: it is packed into a buffer. About once a second of wall time the buffer's new rows go
to the `tail` table, and every 60 s of clock time the minute becomes one `chunk`, synced to the disk, whose SHA-256 the
caller puts into the event log. All in all 3 us a row of 30 columns, of which 0.7 us wait for the disk (measured).
"""

import hashlib
import sqlite3
import struct
from collections.abc import Callable, Container, Sequence
from math import inf, nan
from pathlib import Path
from typing import Protocol

from pvdctl.errors import Bug, RecordError
from pvdctl.record.chunk import pack, unpack
from pvdctl.record.database import Shape, Transaction, explain, open_writer, set_synchronous, settle
from pvdctl.record.event import Event

FILE = "samples.db"

CHUNK_S = 60.0
"""Clock seconds in a block: the span whose hash is one event of the log."""

TAIL_S = 1.0
"""Wall seconds between two writings of the tail. These are not synced: a crash of the program costs up to
TAIL_S + LOOK_S of samples, a loss of power up to the block."""

LOOK_S = 0.5
"""Clock seconds between two looks at the wall clock: a look at each row would cost a tenth of the row."""

SHAPE = Shape(
    application_id=0x70766473,  # "pvds"
    version=1,
    statements=(
        """CREATE TABLE chunk (
            run TEXT NOT NULL,
            number INTEGER NOT NULL,
            rows INTEGER NOT NULL,
            first_at_s REAL NOT NULL,
            last_at_s REAL NOT NULL,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            data BLOB NOT NULL,
            PRIMARY KEY (run, number)
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE tail (id INTEGER PRIMARY KEY, run TEXT NOT NULL, data BLOB NOT NULL) STRICT",
        """CREATE TRIGGER chunk_only_next BEFORE INSERT ON chunk
            WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM chunk WHERE run = NEW.run)
            BEGIN SELECT RAISE(ABORT, 'samples only grow: number is not the next one'); END""",
        """CREATE TRIGGER chunk_no_update BEFORE UPDATE ON chunk
            BEGIN SELECT RAISE(ABORT, 'samples only grow: no update'); END""",
        """CREATE TRIGGER chunk_no_delete BEFORE DELETE ON chunk
            BEGIN SELECT RAISE(ABORT, 'samples only grow: no delete'); END""",
    ),
    names=frozenset({"chunk", "tail", "chunk_only_next", "chunk_no_update", "chunk_no_delete"}),
    page_bytes=16384,  # blocks are 50 to 150 kB: 1.0 us a row against 1.7 with pages of 4 kB (measured)
)

Row = Sequence[float | None]
"""Numbers in the order of the run's columns; None or NaN: not known; quality and states as small integers."""


class Sampler(Protocol):
    """Something that takes rows of samples."""

    def __call__(self, at_s: float, row: Row) -> None:
        """Keep one row, taken at clock second `at_s`."""


class SampleStore:
    """The writer of the samples. One thread at a time.

    vouch: called with the event that names a finished block, right after the block is on the disk.
    failed: empty, or the sentence why no samples can be written any more.
    """

    def __init__(
        self, directory: Path, journal: str, wall_s: Callable[[], float], vouch: Callable[[Event], None]
    ) -> None:
        """Opens or makes the file. Raises RecordError."""
        self.path = directory / FILE
        self.failed = ""
        # With the rollback journal a loss of power can damage the file at NORMAL ("PRAGMA synchronous").
        self._usual, self._durable = ("EXTRA", "EXTRA") if journal == "delete" else ("NORMAL", "FULL")
        self.connection = open_writer(self.path, SHAPE, journal, self._usual)
        self._wall_s = wall_s
        self._vouch = vouch
        self._run = ""
        self._forget()

    def _forget(self) -> None:
        """No rows in hand."""
        self._rows = bytearray()
        self._saved = 0  # bytes of _rows that are in the tail already
        self._look_at_s = -inf  # the next row goes through _look ...
        self._turn_at_s = -inf  # ... and begins a block
        self._tail_due_s = inf

    def begin(self, run: str, columns: Sequence[str]) -> None:
        """Rows from now on belong to `run` and have these columns (without `at_s`, which comes first by itself)."""
        self._run = run
        self._columns = tuple(columns)
        self._width = len(self._columns) + 1
        self._pack = struct.Struct(f"<{self._width}d").pack
        self._number = 0
        self._forget()

    def add(self, at_s: float, row: Row) -> None:
        """Keep one row. Raises RecordError if it cannot be written; Bug if it does not fit the columns."""
        if at_s >= self._look_at_s:
            self._look(at_s)
        try:
            self._rows += self._pack(at_s, *row)
        except struct.error:
            self._rows += self._pack_with_gaps(at_s, row)

    def _look(self, at_s: float) -> None:
        """Before the row at `at_s`: see whether a block is full or the tail is due."""
        if self.failed:
            raise RecordError(self.failed)
        if not self._run:
            raise Bug(f"a sample at {at_s:.1f} s belongs to no run: begin the run first")
        if at_s >= self._turn_at_s:  # by clock time alone: the same seed must give the same blocks
            self.flush()
            self._turn_at_s = at_s + CHUNK_S
            self._tail_due_s = self._wall_s() + TAIL_S
        elif self._wall_s() >= self._tail_due_s:
            self._write(self._insert_tail)
            self._tail_due_s = self._wall_s() + TAIL_S
        self._look_at_s = min(at_s + LOOK_S, self._turn_at_s)

    def _pack_with_gaps(self, at_s: float, row: Row) -> bytes:
        """The slow way, for rows with None in them."""
        if len(row) != len(self._columns):
            raise Bug(f"a sample at {at_s:.1f} s has {len(row)} values, its run has {len(self._columns)} columns")
        try:
            return self._pack(at_s, *(nan if value is None else value for value in row))
        except struct.error:
            name, value = next(
                (name, value) for name, value in zip(self._columns, row, strict=True)
                if value is not None and not isinstance(value, int | float)
            )  # fmt: skip
            raise Bug(f"sample column '{name}' at {at_s:.1f} s holds {value!r}: columns hold numbers only") from None

    def _insert_tail(self) -> None:
        with Transaction(self.connection):
            self.connection.execute(
                "INSERT INTO tail (run, data) VALUES (?, ?)", (self._run, bytes(self._rows[self._saved :]))
            )
        self._saved = len(self._rows)

    def flush(self) -> None:
        """Make the rows in hand one block, on the disk, and hand out its event. Nothing if there are none."""
        if not self._rows:
            return
        block = pack(self._rows, self._width)
        first_at_s, last_at_s = (at_s[-1] if end else at_s[0] for at_s in unpack(block, (0,)) for end in (False, True))
        rows = len(self._rows) // (self._width * 8)
        digest = hashlib.sha256(block).digest()
        number = self._number + 1
        self._write(lambda: self._insert_chunk((self._run, number, rows, first_at_s, last_at_s, digest, block)))
        self._number = number
        self._rows.clear()
        self._saved = 0
        self._vouch(chunk_event(number, rows, first_at_s, last_at_s, digest))

    def _insert_chunk(self, values: tuple[object, ...]) -> None:
        # Synced before its event is: the log must never vouch for samples that a loss of power can take back.
        set_synchronous(self.connection, self._durable, self.path)
        with Transaction(self.connection):
            self.connection.execute("INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            self.connection.execute("DELETE FROM tail WHERE run = ?", values[:1])
        set_synchronous(self.connection, self._usual, self.path)

    def _write(self, act: Callable[[], None]) -> None:
        """Do `act`; a failure is final."""
        if self.failed:
            raise RecordError(self.failed)
        try:
            act()
        except sqlite3.Error as error:
            self.failed = f"samples {self.path} cannot be written: {explain(error)}"
            self._look_at_s = -inf  # so that the next row is refused as well
            raise RecordError(self.failed) from error

    def end(self) -> None:
        """Store what is left of the run; rows after this are refused."""
        self.flush()
        self._run = ""
        self._forget()

    def unvouched(self, run: str, vouched: Container[int]) -> list[Event]:
        """Events for blocks that were stored just before a crash, and that the log does not know."""
        rows = self.connection.execute(
            "SELECT number, rows, first_at_s, last_at_s, sha256 FROM chunk WHERE run = ? ORDER BY number", (run,)
        )
        return [chunk_event(*row) for row in rows if row[0] not in vouched]

    def recover(self, run: str, columns: Sequence[str]) -> None:
        """Make a block of what an interrupted run left in the tail. Raises RecordError."""
        self.begin(run, columns)
        self._number = self.connection.execute("SELECT count(*) FROM chunk WHERE run = ?", (run,)).fetchone()[0]
        for (data,) in self.connection.execute("SELECT data FROM tail WHERE run = ? ORDER BY id", (run,)).fetchall():
            self._rows += data
        if len(self._rows) % (self._width * 8):
            raise RecordError(
                f"samples {self.path}: the last rows of run {run} are damaged ({len(self._rows)} bytes, "
                f"wanted a multiple of {self._width * 8}). Keep the record as it is and start a new one."
            )
        self.end()

    def close(self) -> None:
        """Close the file. Raises RecordError if it cannot be closed in good order."""
        settle(self.connection)


def chunk_event(number: int, rows: int, first_at_s: float, last_at_s: float, digest: bytes) -> Event:
    """The event that vouches for a block of samples."""
    return Event(
        "sample_chunk",
        "samples",
        f"samples {number}: {rows} rows, {first_at_s:.1f} s to {last_at_s:.1f} s",
        actor="system:record",
        data={
            "number": number,
            "rows": rows,
            "first_at_s": first_at_s,
            "last_at_s": last_at_s,
            "sha256": digest.hex(),
        },
        at_s=last_at_s,
    )
