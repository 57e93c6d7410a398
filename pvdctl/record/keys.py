"""The key files of a record and of a witness: made at the first start, readable by their owner alone.

Beside the private key lies the public one, for everybody. A private key is never in a backup or a bundle. Keep a copy
of it where you keep other keys: without it nothing can be added to the record, though all of it can still be read.
"""

import os
import secrets
import stat
from pathlib import Path

from pvdctl.errors import RecordError
from pvdctl.record.note import ED25519, PrivateKey, PublicKey
from pvdctl.record.writer_lock import sync_directories

PRIVATE_FILE = "checkpoint.key"
PUBLIC_FILE = "checkpoint.pub"

ORIGIN_STEM = "pvdctl/"
"""Before the record's id, in the origin of its checkpoints and so in its key's name."""


def record_key(directory: Path, record_id: str) -> PrivateKey:
    """The key of a record. record_id: as its first event says, empty for a new record, whose id the key then is.

    Raises RecordError if a record that has events has no key, another record's key, or one that others can read.
    """
    path = directory / PRIVATE_FILE
    if not path.exists():
        if record_id:
            raise RecordError(
                f"record {directory}: the key {path.name} is missing, so nothing can be added. Put the file back from "
                "where you keep it (mode 600), or start a new record; this one stays readable."
            )
        return make_key(path, f"{ORIGIN_STEM}{secrets.token_hex(16)}", ED25519, directory / PUBLIC_FILE)
    key = load_key(path)
    if record_id and key.public.name != f"{ORIGIN_STEM}{record_id}":
        raise RecordError(
            f"record {directory}: its events say that it is record {record_id}, the key {path.name} belongs to "
            f"{key.public.name}. Files of two records were exchanged: put the right ones back."
        )
    _write(directory / PUBLIC_FILE, f"{key.public}\n", 0o644)
    return key


def record_id_of(key: PublicKey) -> str:
    """The id of the record whose key this is."""
    return key.name.removeprefix(ORIGIN_STEM)


def load_key(path: Path) -> PrivateKey:
    """Raises RecordError if others may read it, or it is no key."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise RecordError(
                f"key {path} has mode {mode:o}: others can read it and sign in its name. If nobody did, "
                f"`chmod 600 {path}` and try again; else start a new record."
            )
        return PrivateKey.read(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"key {path} cannot be read: {error}. Check its owner and mode (600).") from error
    except RecordError as error:
        raise RecordError(f"key {path}: {error}") from error


def make_key(path: Path, name: str, kind: int, public_path: Path) -> PrivateKey:
    """A new key in `path`, its public half in `public_path`; whole or not there, also after a loss of power."""
    key = PrivateKey.make(name, kind)
    try:
        _write(public_path, f"{key.public}\n", 0o644)
        _write(path, key.as_line(), 0o600)
    except OSError as error:
        raise RecordError(f"key {path} cannot be made: {error}. Check directory, owner and disk.") from error
    return key


def read_public(path: Path) -> list[PublicKey]:
    """The public keys in a file, one per line; blank lines and lines that begin with # do not count."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"public key {path} cannot be read: {error}.") from error
    return [PublicKey.read(line) for line in lines if line.strip() and not line.startswith("#")]


def _write(path: Path, text: str, mode: int) -> None:
    """Write a small file whole, with this mode from its first moment on; nothing if it says that already."""
    if path.exists() and path.read_text() == text:
        return
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(path)
    sync_directories([path.parent])
