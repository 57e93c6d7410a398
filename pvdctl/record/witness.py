"""A witness: keeps every checkpoint that it was shown, and lets no log forget or rewrite one.

Runs on another machine, under another administrator, and needs no access to the chamber. It is shown a checkpoint
with the proof that it extends the last one seen (c2sp.org/tlog-witness), keeps it, and cosigns. What a witness has
seen, nobody on the chamber's machine can change any more without being found.
"""

import fcntl
import os
import re
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock

from pvdctl.errors import RecordError
from pvdctl.record.anchors import append_checkpoint, read_checkpoints
from pvdctl.record.keys import load_key, make_key, read_public
from pvdctl.record.note import COSIGNATURE, Checkpoint, PrivateKey, PublicKey, encode
from pvdctl.record.tree import extends
from pvdctl.record.witness_request import BadRequest, Request

PRIVATE_FILE = "witness.key"
PUBLIC_FILE = "witness.pub"
TRUSTED_FILE = "trusted.pub"
"""Public keys of the records that the witness watches, one per line; read anew at each request."""

OK, BAD_REQUEST, FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE, FAILED = 200, 400, 403, 404, 409, 422, 500
"""Answers, as c2sp.org/tlog-witness gives them their meaning; FAILED if the witness cannot write."""


class Witness:
    """The keeper of checkpoints in one directory. From any thread; one process per directory.

    utc: where calendar time comes from.
    """

    def __init__(self, directory: Path, name: str, utc: Callable[[], datetime]) -> None:
        """Opens the directory, or makes it with a key of its own. Raises RecordError."""
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o750)
            self._lock_file = os.open(directory / "witness.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecordError(f"another witness works in {directory}. Stop it, or choose another directory.") from None
        except OSError as error:
            raise RecordError(f"witness {directory} cannot be opened: {error}. Choose another directory.") from error
        self.directory = directory
        self._utc = utc
        self._lock = Lock()
        self._seen: dict[str, Checkpoint] = {}
        path = directory / PRIVATE_FILE
        self.key: PrivateKey = (
            load_key(path) if path.exists() else make_key(path, name, COSIGNATURE, directory / PUBLIC_FILE)
        )

    def trusted(self) -> dict[str, PublicKey]:
        """The records watched, by origin."""
        path = self.directory / TRUSTED_FILE
        return {key.name: key for key in read_public(path)} if path.exists() else {}

    def trust(self, keys: list[PublicKey]) -> None:
        """Watch these records too. Raises RecordError for another key under a name that is watched already."""
        known = self.trusted()
        for key in keys:
            if known.get(key.name, key) != key:
                raise RecordError(
                    f"witness {self.directory} watches {key.name} under key {known[key.name].key_id.hex()}, and was "
                    f"given {key.key_id.hex()}: a record keeps its key for life. Find out who made the new one."
                )
            if key.name not in known:
                with (self.directory / TRUSTED_FILE).open("a") as file:
                    file.write(f"{key}\n")
                known[key.name] = key

    def add(self, body: bytes) -> tuple[int, str]:
        """Judge a request `add-checkpoint`; the answer is a status and a text.

        200 with the cosignature, once the checkpoint is on the disk. 409 with the size last seen if the asker is
        behind: it may ask again from there. 404 unknown record, 403 bad signature, 422 no proof that the log only
        grew, 400 not understood.
        """
        try:
            request = Request.read(body)
        except BadRequest as error:
            return BAD_REQUEST, f"{error}\n"
        checkpoint = request.checkpoint
        try:
            key = self.trusted().get(checkpoint.origin)
            if key is None:
                return NOT_FOUND, f"no key of {checkpoint.origin} is trusted here\n"
            if not checkpoint.signed_by(key):
                return FORBIDDEN, f"the checkpoint is not signed by the key of {checkpoint.origin}\n"
            with self._lock:  # compare and swap: two at once must not both extend the same size
                return self._extend(request)
        except RecordError as error:
            return FAILED, f"{error}\n"

    def _extend(self, request: Request) -> tuple[int, str]:
        checkpoint, last = request.checkpoint, self.last(request.checkpoint.origin)
        size, root = (last.size, last.root) if last is not None else (0, b"")
        if request.old_size > checkpoint.size:
            return BAD_REQUEST, f"old size {request.old_size} is beyond the checkpoint's {checkpoint.size}\n"
        if request.old_size != size:
            return CONFLICT, f"{size}\n"
        if size == checkpoint.size and root != checkpoint.root:
            return CONFLICT, f"{size}\n"
        if size and not extends(size, root, checkpoint.size, checkpoint.root, request.proof):
            return UNPROCESSABLE, f"no proof that the log at {checkpoint.size} begins with that seen at {size}\n"
        now = self._utc()
        line = self.key.cosign(checkpoint.text, int(now.timestamp()))
        if size != checkpoint.size:
            append_checkpoint(self.path(checkpoint.origin), checkpoint.note + line, now)
            self._seen[checkpoint.origin] = checkpoint
        return OK, line

    def last(self, origin: str) -> Checkpoint | None:
        """The last checkpoint seen of a record."""
        if origin not in self._seen:
            kept = read_checkpoints(self.path(origin))
            if not kept:
                return None
            self._seen[origin] = kept[-1]
        return self._seen[origin]

    def path(self, origin: str) -> Path:
        """The file with all checkpoints seen of a record."""
        plain = re.sub(r"[^A-Za-z0-9]+", "-", origin)[:60]
        return self.directory / f"seen-{plain}-{sha256(origin.encode()).hexdigest()[:8]}.jsonl"

    def everything(self, origin: str) -> str | None:
        """All lines kept of a record; None if there are none."""
        path = self.path(origin)
        return path.read_text() if path.is_file() else None

    def close(self) -> None:
        """Let another witness work in the directory."""
        os.close(self._lock_file)


def request_body(old_size: int, proof: list[bytes], checkpoint: Checkpoint) -> bytes:
    """What is posted to `add-checkpoint`: `old <size>`, the proof line by line, a blank line, the note."""
    lines = "".join(f"{encode(part)}\n" for part in proof)
    return f"old {old_size}\n{lines}\n{checkpoint.note}".encode()
