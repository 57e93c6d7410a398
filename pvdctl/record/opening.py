"""What is looked at before a record is written to again."""

import platform
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pvdctl
from pvdctl.errors import RecordError
from pvdctl.record.check import check_log
from pvdctl.record.database import explain, has_wal_reset_bug, sqlite_version
from pvdctl.record.event import Facts, read
from pvdctl.record.host import file_system, os_user
from pvdctl.record.note import PublicKey

TAIL_EVENTS = 1_000
"""Events that are checked at each opening (2 ms); all of them after an end without a word."""


@dataclass(frozen=True, slots=True)
class Before:
    """The log as an earlier program left it. seq: of the newest event. in_order: that one closed the record."""

    log: sqlite3.Connection
    samples: sqlite3.Connection
    directory: Path
    seq: int
    in_order: bool

    def check(self, key: PublicKey) -> None:
        """The newest events, or after an end without a word everything. Raises RecordError if something is wrong."""
        try:
            if not self.in_order:
                self._quick_check()
            after_seq = max(0, self.seq - TAIL_EVENTS) if self.in_order else 0
            problem = check_log(self.log, key, after_seq=after_seq).problem
        except sqlite3.Error as error:
            problem = explain(error)
        if problem:
            raise RecordError(
                f"record {self.directory} is not what was written: {problem} Keep it as it is and start a new record."
            )

    def _quick_check(self) -> None:
        """SQLite's own look at the pages of both files."""
        for connection, name in ((self.log, "audit.db"), (self.samples, "samples.db")):
            said = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
            if said != ["ok"]:
                raise RecordError(
                    f"record file {self.directory / name} is damaged: {'; '.join(said)}. Keep it as it is, start a new "
                    "record, and restore this one from the backup to read it."
                )


def what_went_before(log: sqlite3.Connection, samples: sqlite3.Connection, directory: Path) -> Before:
    """Look at the newest event. Raises RecordError if it cannot be read."""
    try:
        row = log.execute("SELECT seq, body FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    except sqlite3.Error as error:
        raise RecordError(f"record {directory} cannot be read: {explain(error)}") from error
    if row is None:
        return Before(log, samples, directory, 0, True)
    return Before(log, samples, directory, row[0], read(row[1]).kind == "shutdown")


def about_the_machine(directory: Path, journal: str, versions: Mapping[str, str]) -> Facts:
    """Versions, SQLite's settings, host, user and file system, for the event of an opening."""
    return {
        "versions": {
            "pvdctl": pvdctl.__version__,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            **versions,
        },
        "sqlite": {"journal": journal, "wal_reset_bug": has_wal_reset_bug(sqlite_version())},
        "host": platform.node(),
        "user": os_user(),
        "file_system": file_system(directory),
    }
