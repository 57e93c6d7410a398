"""Who may write into a record directory: one program, on a local disk."""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from pvdctl.errors import RecordError
from pvdctl.record.host import NETWORK_FILE_SYSTEMS, file_system


class WriterLock:
    """Held by the one program that writes into a record directory; the operating system frees it when that ends.

    A file of its own: opening and closing a database file beside SQLite would drop SQLite's own locks.
    """

    def __init__(self, directory: Path) -> None:
        """Raises RecordError if another program holds it. `alone` is False where the file system cannot lock."""
        path = directory / "record.lock"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self.alone = True
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 80, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise RecordError(
                f"record {directory}: {holder or 'another program'} is writing into it, and one record has one writer. "
                "Wait for it to end, or choose another directory."
            ) from None
        except OSError:
            self.alone = False
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next writer in."""
        os.close(self._file)


def become_writer(directory: Path) -> WriterLock:
    """Make the directory if need be and become its one writer. Raises RecordError."""
    try:
        kind = file_system(directory)
        if kind in NETWORK_FILE_SYSTEMS:
            raise RecordError(
                f"record {directory} lies on a network file system ({kind}): its locks and syncs cannot be relied on, "
                "and the record could be damaged. Keep the record on a local disk and back it up to the network "
                "(`pvdctl backup`)."
            )
        missing = [part for part in (directory, *directory.parents) if not part.exists()]
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        sync_directories(part.parent for part in missing)
        return WriterLock(directory)
    except OSError as error:
        raise RecordError(
            f"record {directory} cannot be opened for writing: {error.strerror or error}. "
            "Check that it is a directory of yours on a disk that can be written, or name another with --record."
        ) from error


def sync_directories(directories: Iterable[Path]) -> None:
    """Make new names in these directories survive a loss of power."""
    for directory in directories:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
