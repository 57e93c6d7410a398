"""Checkpoints kept elsewhere: a file that only grows, one line per checkpoint, and where to get them from.

    {"seen_utc":"2026-11-22T08:00:00+00:00","note":"<the whole signed note>"}

Such a file may lie on a share, in a repository, on a stick in a drawer: it holds no secret, and each line proves by
its signature whose it is. A witness keeps the same lines.
"""

import fcntl
import http.client
import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.note import Checkpoint

WITHIN_S = 10.0
"""How long a witness may take to answer. A guess; it works for milliseconds, the rest is the network's."""

MOST_BYTES = 256 * 2**20
"""More than this is no list of checkpoints: a year of one per minute is 130 MB."""


class NotAnchored(RecordError):
    """A place where checkpoints are kept knows nothing of this record: it never did, or this is another record."""


def append_checkpoint(path: Path, note: str, seen: datetime) -> None:
    """Add one line, on the disk when this returns. A line that a loss of power tore is cut off first.

    Raises RecordError if it cannot be written.
    """
    line = json.dumps({"seen_utc": seen.isoformat(timespec="seconds"), "note": note}, ensure_ascii=False) + "\n"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            end = os.lseek(handle, 0, os.SEEK_END)
            whole = _whole_lines(handle, end)
            if whole < end:
                os.ftruncate(handle, whole)
            data = line.encode()
            if os.pwrite(handle, data, whole) != len(data):
                raise OSError("only part of the line was written: is the disk full?")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise RecordError(f"checkpoints cannot be added to {path}: {error}. Check disk, owner and mode.") from error


def _whole_lines(handle: int, end: int) -> int:
    """Bytes up to and including the last newline."""
    place = end
    while place > 0:
        begin = max(0, place - 4096)
        found = os.pread(handle, place - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        place = begin
    return 0


def parse_checkpoints(text: str, where: str) -> list[Checkpoint]:
    """All whole lines. Raises RecordError naming the first that is no checkpoint."""
    found = []
    for number, line in enumerate(text.split("\n")[:-1], start=1):  # what follows the last newline was torn
        try:
            note = json.loads(line)["note"]
            if not isinstance(note, str):
                raise TypeError("its note is no text")
            found.append(Checkpoint.read(note))
        except (ValueError, KeyError, TypeError) as error:
            raise RecordError(f"{where}, line {number} is no checkpoint ({error}): {line[:60]!r}.") from error
    return found


def read_checkpoints(path: Path) -> list[Checkpoint]:
    """All checkpoints in a file; none if there is no such file. Raises RecordError."""
    try:
        return parse_checkpoints(path.read_text(), str(path))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"checkpoints in {path} cannot be read: {error}.") from error


def fetch_anchors(where: Iterable[str], origin: str) -> list[Checkpoint]:
    """The checkpoints of one record that are kept in files and by witnesses (`http://host:port`).

    Raises RecordError if a place cannot be read, NotAnchored if it knows nothing of this record: a record put in
    another's place would look like that.
    """
    found = []
    for place in where:
        if is_witness(place):
            status, text = ask(place, "GET", f"/checkpoints/{quote(origin, safe='')}")
            known = parse_checkpoints(text, place) if status == http.client.OK else []
        else:
            if not Path(place).is_file():
                raise RecordError(f"there is no file of checkpoints {place}. Is the share mounted?")
            known = read_checkpoints(Path(place))
        ours = [checkpoint for checkpoint in known if checkpoint.origin == origin]
        if not ours:
            others = sorted({checkpoint.origin for checkpoint in known})
            raise NotAnchored(
                f"{place} keeps no checkpoint of {origin}{', but of ' + ', '.join(others) if others else ''}: "
                "either this record was never anchored there, or another was put in its place."
            )
        found += ours
    return found


def is_witness(where: str) -> bool:
    """Whether this names a witness and not a file."""
    return where.startswith(("http://", "https://"))


def ask(where: str, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
    """One request to a witness: its status and answer. Raises OperatorError if it does not answer."""
    parts = urlsplit(where)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=WITHIN_S)
        try:
            headers = {"Content-Type": "text/plain; charset=utf-8"}
            connection.request(method, parts.path.rstrip("/") + path, body or None, headers)
            answer = connection.getresponse()
            raw = answer.read(MOST_BYTES + 1)
            if len(raw) > MOST_BYTES:
                raise OperatorError(f"witness {where} answers with more than {MOST_BYTES} bytes: it is none.")
            return answer.status, raw.decode()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OperatorError(
            f"witness {where} does not answer: {error or type(error).__name__}. Is it running, is the address right?"
        ) from error
