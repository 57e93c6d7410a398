"""How the record's SQLite files are opened: one writer, any number of readers, settings read back.

Sources: SQLite's documentation pages "Write-Ahead Logging", "PRAGMA statements" and "How To Corrupt An SQLite
Database File".
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pvdctl.errors import RecordError

OLDEST = (3, 38, 0)
"""STRICT tables came with 3.37.0, JSON functions are always built in since 3.38.0 (SQLite release history)."""

BUSY_S = 2.0
"""How long to wait for a lock held by another program before giving up. A guess: an outside tool that only looks
lets go within milliseconds, and the control thread cannot wait longer."""

WRITER_CACHE_KIB = 256
"""Pages a writer keeps at hand (PRAGMA cache_size; SQLite's default is 2,000 KiB). A log is written at its end, so old
pages are of no use to its writer: with the default they filled the first fifty runs with 13 MB, found by a soak; with
this it is 3 MB, and commits take as long as before."""


def sqlite_version() -> tuple[int, int, int]:
    """Of the library in this process. Raises RecordError if it is too old for a record."""
    major, minor, patch = sqlite3.sqlite_version_info
    if (major, minor, patch) < OLDEST:
        raise RecordError(
            f"SQLite {sqlite3.sqlite_version} is too old for a record, wanted {'.'.join(map(str, OLDEST))} or newer. "
            "Use a newer Python build."
        )
    return major, minor, patch


def has_wal_reset_bug(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite can damage a WAL database when two connections write or checkpoint at the same moment.

    3.7.0 up to 3.51.2, except the back-ports 3.44.6 and 3.50.7 onwards in their lines (SQLite's page "Write-Ahead
    Logging", section on the WAL-reset bug; fixed in 3.51.3).
    """
    if version < (3, 7, 0) or version >= (3, 51, 3):
        return False
    line = version[:2]
    return not ((line == (3, 44) and version[2] >= 6) or (line == (3, 50) and version[2] >= 7))


def journal_for(version: tuple[int, int, int], alone: bool) -> str:
    """`wal`, or `delete` where WAL is not safe.

    The bug needs two connections that write. There is one per file, by design, and `alone` says that the operating
    system vouches for it: the writer's lock is held. Without that, an affected SQLite gets the rollback journal.
    """
    return "delete" if has_wal_reset_bug(version) and not alone else "wal"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a database file must look like.

    application_id: SQLite's mark of whose file this is. version: of the layout. statements: create it all.
    names: every table, index and trigger that must exist. page_bytes: SQLite's page size.
    """

    application_id: int
    version: int
    statements: tuple[str, ...]
    names: frozenset[str]
    page_bytes: int


def open_writer(path: Path, shape: Shape, journal: str, synchronous: str) -> sqlite3.Connection:
    """The one writing connection to `path`, which is made if it is not there.

    synchronous: `FULL` (each commit is on the disk when it returns) or `NORMAL` (the last commits may be lost with
    the power, nothing is damaged). With the rollback journal FULL becomes EXTRA, because there FULL can lose the
    newest commit. Raises RecordError if the file is another's, newer, altered, or does not take the settings.
    """
    if journal == "delete" and synchronous == "FULL":
        synchronous = "EXTRA"
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        if _has_content(connection):
            _check(connection, shape, path)  # before any setting is made in what may be somebody else's file
        connection.execute(f"PRAGMA page_size={shape.page_bytes}")
        connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
        set_journal(connection, journal, path)
        set_synchronous(connection, synchronous, path)
        with Transaction(connection):
            _create_or_check(connection, shape, path)
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise RecordError(f"record file {path} cannot be opened for writing: {explain(error)}") from error
    except RecordError:
        if connection is not None:
            connection.close()
        raise
    return connection


def open_reader(path: Path, shape: Shape) -> sqlite3.Connection:
    """A connection that cannot write, and so never checkpoints, usable while the writer is at work.

    Raises RecordError if there is no such file or it is not a record.
    """
    if not path.is_file():
        raise RecordError(
            f"no record in {path.parent}: {path.name} is missing there. Name the directory with --record."
        )
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=ro",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA query_only=ON")
        _check(connection, shape, path)
    except sqlite3.Error as error:
        connection.close()
        raise RecordError(f"record file {path} cannot be read: {explain(error)}") from error
    except RecordError:
        connection.close()
        raise
    return connection


def set_journal(connection: sqlite3.Connection, journal: str, path: Path) -> None:
    """Choose the journal and read it back: SQLite answers with what it did, not with an error."""
    found = connection.execute(f"PRAGMA journal_mode={journal}").fetchone()[0]
    if found != journal:
        raise RecordError(
            f"record file {path}: wanted journal mode {journal}, SQLite stays at {found}. "
            "Is it on a network drive or a read-only disk? Move the record to a local disk."
        )


def journal_of(connection: sqlite3.Connection) -> str:
    """The journal mode that the file is in: `wal` or `delete`."""
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def set_synchronous(connection: sqlite3.Connection, synchronous: str, path: Path) -> None:
    """Choose how commits reach the disk and read it back."""
    levels = ("OFF", "NORMAL", "FULL", "EXTRA")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    found = levels[int(connection.execute("PRAGMA synchronous").fetchone()[0])]
    if found != synchronous:
        raise RecordError(f"record file {path}: wanted synchronous {synchronous}, SQLite stays at {found}.")


def _create_or_check(connection: sqlite3.Connection, shape: Shape, path: Path) -> None:
    """Inside one transaction: create everything in an empty file, else see that all is as it should be.

    By content, not by whether the file exists: a program killed at the wrong moment leaves an empty file.
    """
    if not _has_content(connection):
        for statement in shape.statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={shape.application_id}")
        connection.execute(f"PRAGMA user_version={shape.version}")
    _check(connection, shape, path)


def _has_content(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _check(connection: sqlite3.Connection, shape: Shape, path: Path) -> None:
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    if application_id != shape.application_id:
        raise RecordError(
            f"{path} is not a pvdctl record (application id {application_id}, wanted {shape.application_id}). "
            "Choose another directory; this file was not touched."
        )
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != shape.version:
        raise RecordError(
            f"record file {path} has layout {version}, this pvdctl knows layout {shape.version}. "
            "Use the pvdctl that wrote it, or a newer one."
        )
    missing = shape.names - {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if missing:
        raise RecordError(
            f"record file {path} was altered: {', '.join(sorted(missing))} missing. "
            "Keep it as it is and start a new record."
        )


_ADVICE = (
    ("SQLITE_FULL", "the disk is full. Free space, then restart pvdctl"),
    ("SQLITE_READONLY", "the file or its directory is read-only. Mend the permissions, then restart pvdctl"),
    ("SQLITE_CANTOPEN", "it cannot be opened or made there. Check directory, owner and permissions"),
    ("SQLITE_BUSY", "another program keeps it locked. Close that program, then restart pvdctl"),
    (
        "SQLITE_IOERR",
        "the disk reported an error. Do not trust a retry: check the disk, restart pvdctl, verify the record",
    ),
    ("SQLITE_CORRUPT", "it is damaged. Keep it as it is, start a new record, restore from the backup"),
    ("SQLITE_NOTADB", "it is not an SQLite file. Choose another directory"),
)


def explain(error: sqlite3.Error) -> str:
    """What happened and what to do next, from SQLite's error."""
    name = getattr(error, "sqlite_errorname", "") or ""
    advice = next((text for start, text in _ADVICE if name.startswith(start)), "restart pvdctl and verify the record")
    return f"{error}{f' ({name})' if name else ''}: {advice}."


class Transaction:
    """`BEGIN` to `COMMIT`; rolled back if anything is raised inside. kind: IMMEDIATE to write, DEFERRED to read."""

    __slots__ = ("_begin", "_connection")

    def __init__(self, connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> None:
        self._connection = connection
        self._begin = f"BEGIN {kind}"

    def __enter__(self) -> Self:
        self._connection.execute(self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:  # something was raised, or the commit itself failed
                self._connection.execute("ROLLBACK")


def settle(connection: sqlite3.Connection) -> None:
    """Close a writing connection and leave one plain file behind: no `-wal`, readable from a read-only disk.

    Where a reader is looking, SQLite refuses to change the journal and the file stays in WAL mode, whole and
    readable all the same; the next close tidies it. Raises RecordError if closing itself fails.
    """
    try:
        connection.execute("PRAGMA busy_timeout=0")
        connection.execute("PRAGMA journal_mode=delete")
    except sqlite3.OperationalError as error:
        if not str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY"):
            raise RecordError(f"the record could not be closed in good order: {explain(error)}") from error
    finally:
        connection.close()
