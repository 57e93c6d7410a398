"""What the tests of the record make: runs, events, rows, and records that end without a word."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pvdctl.record.event import Event
from pvdctl.record.record import Record

COLUMNS = (("film", "nm"), ("dose", "mbar s"), ("state", ""))


class WallClock:
    """Wall seconds that pass when told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def begin(record: Record, columns: Sequence[tuple[str, str]] = COLUMNS, **changed: Any) -> str:
    facts: dict[str, Any] = {
        "recipe_name": "LZLN",
        "recipe_version": "1",
        "recipe_text": "steps: []\n",
        "recipe_sha256": sha256("steps: []\n"),
        "chamber_name": "provap",
        "chamber_text": "volume: 70 l\n",
        "chamber_sha256": sha256("volume: 70 l\n"),
        "seed": 1,
        "simulated": True,
        "operator": "marie",
        "identities": {"monitor": "SQC-310 V. 6.40"},
        "columns": columns,
    }
    return record.begin_run(**{**facts, **changed})


def note(number: int = 0, at_s: float = 0.0) -> Event:
    return Event("note", "test", f"note {number}", new=number, at_s=at_s)


def short_run(record: Record, rows: int = 20) -> str:
    """A whole run: a few events, some samples, an end."""
    run = begin(record)
    for number in range(rows):
        record.sample(number * 0.1, (number * 0.05, 0.0, 6))
        if number % 10 == 0:
            record.append([note(number, number * 0.1)])
    record.end_run("Complete", "as asked", {"scans": rows, "wall_s": 0.25, "real_time_factor": 8.0})
    return run


def leave_without_a_word(record: Record) -> None:
    """What a crash of the program leaves: files as they are, the lock gone."""
    record._log.connection.close()
    record._samples.connection.close()
    os.close(record._lock._file)


def raw(directory: Path, name: str = "audit.db") -> sqlite3.Connection:
    """The file as somebody with the sqlite3 shell has it."""
    return sqlite3.connect(directory / name, isolation_level=None)


@contextmanager
def tampering(directory: Path, name: str = "audit.db") -> Iterator[sqlite3.Connection]:
    """As `raw`, without the triggers until done: somebody who means it, and who tidies up behind."""
    connection = raw(directory, name)
    connection.execute("PRAGMA synchronous=OFF")  # whoever falsifies is in no hurry, the tests are
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for guard, _ in guards:
        connection.execute(f"DROP TRIGGER {guard}")
    yield connection
    for _, statement in guards:
        connection.execute(statement)
    connection.close()
