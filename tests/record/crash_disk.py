"""A disk that can lose its power: every write, cut, sync and deletion of SQLite is written down, and from that list the
disk is rebuilt as a crash at any moment could have left it.

What was synced is there. Of what was not, each write is there, or not, or in part (sectors of 512 bytes), and in any
order. The record's own code runs unchanged on it, over apsw's SQLite instead of the standard library's; the images are
read with the standard library's.
"""

import random
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512


@dataclass
class Op:
    """what: create, write, truncate, sync, delete, sync_directory, acknowledge (offset: how many events so far)."""

    what: str
    name: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class Disk:
    """All that was done. fail_at: from this call on, `fail_what` raises; 0 for never."""

    ops: list[Op] = field(default_factory=list)
    fail_at: int = 0
    fail_what: str = ""
    full: bool = False
    calls: int = 0
    failures: int = 0

    def note(self, op: Op) -> None:
        """Write an operation down, or let it fail."""
        if op.what == self.fail_what:
            self.calls += 1
            if self.fail_at and self.calls >= self.fail_at:
                self.failures += 1
                raise (apsw.FullError if self.full else apsw.IOError)(f"{op.what} of {op.name} fails")
        self.ops.append(op)

    def acknowledge(self, count: int) -> None:
        """The caller was told that `count` events are safe."""
        self.ops.append(Op("acknowledge", offset=count))


class RecordingFile(apsw.VFSFile):
    """One open file. new_journal: SQLite syncs the directory with the first sync of such a file (its os_unix.c)."""

    def __init__(self, disk: Disk, filename: Any, flags: list[int]) -> None:
        path = Path(filename.filename() if isinstance(filename, apsw.URIFilename) else filename)
        new = not path.exists()
        super().__init__("", filename, flags)
        self._name, self._disk = path.name, disk
        self._new_journal = new and bool(flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL))
        if new:
            disk.note(Op("create", self._name))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.note(Op("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.note(Op("truncate", self._name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.note(Op("sync", self._name))
        if self._new_journal:
            self._disk.note(Op("sync_directory"))
            self._new_journal = False
        super().xSync(flags)


class RecordingVFS(apsw.VFS):
    """The file system that SQLite sees."""

    def __init__(self, disk: Disk) -> None:
        self.vfs_name = f"recording-{id(disk)}"
        self._disk = disk
        super().__init__(self.vfs_name, "")

    def xOpen(self, name: Any, flags: list[int]) -> RecordingFile:  # noqa: N802
        return RecordingFile(self._disk, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802
        self._disk.note(Op("delete", Path(name).name))
        super().xDelete(name, syncdir)
        if syncdir:
            self._disk.note(Op("sync_directory"))


def _as_sqlite3(error: apsw.Error) -> sqlite3.Error:
    made = sqlite3.OperationalError(str(error))
    names = {apsw.IOError: "SQLITE_IOERR", apsw.FullError: "SQLITE_FULL"}
    vars(made)["sqlite_errorname"] = names.get(type(error), "SQLITE_ERROR")
    return made


class Connection:
    """Has what the record uses of `sqlite3.Connection`, with its errors."""

    def __init__(self, path: Path, vfs: str) -> None:
        self._inner = apsw.Connection(str(path), vfs=vfs)

    @property
    def in_transaction(self) -> bool:
        return bool(self._inner.in_transaction)

    def execute(self, statement: str, values: Any = ()) -> Any:
        try:
            return self._inner.execute(statement, values)
        except apsw.Error as error:
            raise _as_sqlite3(error) from error

    def executemany(self, statement: str, rows: Any) -> Any:
        try:
            return self._inner.executemany(statement, rows)
        except apsw.Error as error:
            raise _as_sqlite3(error) from error

    def close(self) -> None:
        self._inner.close()


# -- crash images ----------------------------------------------------------------------------------------------------


class _Inode:
    """What a name stands for: bytes on the platters, and what is still on its way."""

    def __init__(self) -> None:
        self.durable = bytearray()
        self.pending: list[Op] = []

    def sync(self) -> None:
        for op in self.pending:
            self.durable = _applied(self.durable, op)
        self.pending = []


def _applied(content: bytearray, op: Op) -> bytearray:
    if op.what == "truncate":
        return content[: op.offset] + bytes(max(0, op.offset - len(content)))
    content = content + bytes(max(0, op.offset - len(content)))
    content[op.offset : op.offset + len(op.data)] = op.data
    return content


def crash(ops: list[Op], chance: random.Random) -> tuple[dict[str, bytes], int]:
    """The files as a loss of power right after `ops` could leave them, and how many events were acknowledged."""
    now: dict[str, _Inode] = {}
    fixed: dict[str, _Inode] = {}
    since: dict[str, list[_Inode | None]] = {}
    acknowledged = 0
    for op in ops:
        if op.what == "acknowledge":
            acknowledged = op.offset
        elif op.what == "sync_directory":
            fixed = dict(now)
            since = {}
        elif op.what == "create":
            now[op.name] = _Inode()
            since.setdefault(op.name, []).append(now[op.name])
        elif op.what == "delete":
            del now[op.name]
            since.setdefault(op.name, []).append(None)
        elif op.what == "sync":
            now[op.name].sync()
        else:
            now[op.name].pending.append(op)
    left: dict[str, bytes] = {}
    for name in fixed.keys() | since.keys():
        inode = chance.choice([fixed.get(name), *since.get(name, [])])
        if inode is not None:
            left[name] = bytes(_survivor(inode, chance))
    return left, acknowledged


def _survivor(inode: _Inode, chance: random.Random) -> bytearray:
    """One of the ways in which a file can have come through."""
    content = bytearray(inode.durable)
    share = chance.choice([0.2, 0.5, 0.9])
    pending = [op for op in inode.pending if chance.random() < share]
    if chance.random() < 0.5:
        chance.shuffle(pending)
    for op in pending:
        torn = op.what == "write" and chance.random() < 0.3
        content = _applied(content, _torn(op, chance) if torn else op)
    return content


def _torn(op: Op, chance: random.Random) -> Op:
    """A write of which only some sectors arrived: those from the front, or those at the end."""
    sectors = max(1, len(op.data) // SECTOR)
    cut = chance.randrange(sectors) * SECTOR
    if chance.random() < 0.5:
        return Op("write", op.name, op.offset, op.data[:cut])
    return Op("write", op.name, op.offset + cut, op.data[cut:])
