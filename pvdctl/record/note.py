"""Signed notes and checkpoints, in the forms of C2SP: a text, a blank line, signatures.

    pvdctl/<record id>                       origin: which log
    1234                                     size: events covered
    <base64 of the root of the hash tree>

    — pvdctl/<record id> <base64 of key id and signature>

Sources: c2sp.org/signed-note (signature types 0x01 Ed25519, 0x04 timed cosignature), c2sp.org/tlog-checkpoint,
c2sp.org/tlog-cosignature. Keys are written as golang.org/x/mod/sumdb/note writes them: `name+id+base64(type || key)`,
with `PRIVATE+KEY+` before a private one.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pvdctl.errors import RecordError
from pvdctl.record.tree import HASH_BYTES

ED25519 = 0x01
"""Signature over the note's text."""

COSIGNATURE = 0x04
"""Signature of a witness over the time it saw the note and the note's text."""

_PRIVATE = "PRIVATE+KEY+"
_DASH = "\N{EM DASH} "
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64
_ID_BYTES = 4


def decode(text: str, what: str) -> bytes:
    """Standard base64. Raises RecordError, which begins with `what`."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RecordError(f"{what} is not base64: '{text[:60]}'. It was damaged or edited.") from error


def encode(raw: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(raw).decode()


@dataclass(frozen=True, slots=True)
class PublicKey:
    """With what a signature is checked. name: whose key. kind: ED25519 of a log, COSIGNATURE of a witness."""

    name: str
    kind: int
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name || newline || type || key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        """The one-line form that people hand to each other."""
        return f"{self.name}+{self.key_id.hex()}+{encode(bytes([self.kind]) + self.raw)}"

    @classmethod
    def read(cls, line: str) -> Self:
        """Raises RecordError if the line is no such key."""
        name, _, rest = line.strip().partition("+")
        key_id, _, coded = rest.partition("+")
        raw = decode(coded, "a public key")
        if not name or len(raw) != 1 + _KEY_BYTES or raw[0] not in (ED25519, COSIGNATURE):
            raise RecordError(f"'{line.strip()[:80]}' is not a public key: wanted 'name+id+base64', Ed25519.")
        key = cls(name, raw[0], raw[1:])
        if key.key_id.hex() != key_id.lower():
            raise RecordError(f"public key of {name}: id {key_id} does not fit the key ({key.key_id.hex()}).")
        return key

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether this key made this signature over exactly this message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class PrivateKey:
    """What signs. name, kind: as `PublicKey`."""

    def __init__(self, name: str, kind: int, seed: bytes) -> None:
        self.kind = kind
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._seed = seed
        self.public = PublicKey(name, kind, self._key.public_key().public_bytes_raw())
        self._prefix = f"{_DASH}{name} "

    @classmethod
    def make(cls, name: str, kind: int = ED25519) -> Self:
        """A new key, from the operating system's random source."""
        return cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def read(cls, line: str) -> Self:
        """Raises RecordError if the line is no private key; the message does not show it."""
        parts = line.strip().removeprefix(_PRIVATE).split("+", 2)
        if not line.startswith(_PRIVATE) or len(parts) != 3:
            raise RecordError("it is not a private key in the form PRIVATE+KEY+name+id+base64")
        try:
            raw = base64.b64decode(parts[2], validate=True)
        except (binascii.Error, ValueError) as error:
            raise RecordError("the key in it is not base64") from error
        if len(raw) != 1 + _KEY_BYTES or raw[0] not in (ED25519, COSIGNATURE):
            raise RecordError("the key in it is not an Ed25519 key")
        key = cls(parts[0], raw[0], raw[1:])
        if key.public.key_id.hex() != parts[1].lower():
            raise RecordError("the id in it does not fit the key: the file is damaged")
        return key

    def as_line(self) -> str:
        """The one-line form in the key file."""
        public = self.public
        return f"{_PRIVATE}{public.name}+{public.key_id.hex()}+{encode(bytes([self.kind]) + self._seed)}\n"

    def signature(self, message: bytes) -> bytes:
        """The bare signature over `message`, 64 bytes."""
        return self._key.sign(message)

    def signature_line(self, message: bytes, stamp: bytes = b"") -> str:
        """The line below a note: name, key id, stamp if any, signature over `message`."""
        return f"{self._prefix}{encode(self.public.key_id + stamp + self.signature(message))}\n"

    def sign(self, text: str) -> str:
        """A whole note: text (which ends with a newline), blank line, signature."""
        return f"{text}\n{self.signature_line(text.encode())}"

    def cosign(self, text: str, unix_s: int) -> str:
        """A witness's signature line, which says when it saw the note (c2sp.org/tlog-cosignature)."""
        return self.signature_line(cosigned_message(text, unix_s), unix_s.to_bytes(8, "big"))


def cosigned_message(text: str, unix_s: int) -> bytes:
    """What a witness signs."""
    return f"cosignature/v1\ntime {unix_s}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A size and a root of a log. note: the whole signed text. text: of it, what was signed. lines: its signatures."""

    origin: str
    size: int
    root: bytes
    text: str
    note: str
    lines: tuple[str, ...]

    @classmethod
    def read(cls, note: str) -> Self:
        """Raises RecordError if the note is not a checkpoint. Says nothing about its signatures."""
        text, blank, below = note.rpartition("\n\n")
        lines = below.splitlines()
        parts = text.split("\n")
        if not blank or not note.endswith("\n") or len(parts) < 3 or not all(line.startswith(_DASH) for line in lines):
            raise RecordError(f"not a signed checkpoint: {note[:80]!r}. Wanted three lines, a blank one, signatures.")
        if not re.fullmatch(r"0|[1-9][0-9]{0,14}", parts[1]):
            raise RecordError(f"checkpoint of {parts[0]}: its size is '{parts[1][:20]}', wanted a number.")
        root = decode(parts[2], f"the root in checkpoint {parts[1]} of {parts[0]}")
        if len(root) != HASH_BYTES:
            raise RecordError(f"checkpoint {parts[1]} of {parts[0]}: its root has {len(root)} bytes, wanted 32.")
        return cls(parts[0], int(parts[1]), root, f"{text}\n", note, tuple(lines))

    @property
    def signers(self) -> tuple[str, ...]:
        """Names at the signatures, in their order; whether these are right is another matter."""
        return tuple(line.removeprefix(_DASH).rpartition(" ")[0] for line in self.lines)

    def signed_by(self, key: PublicKey) -> bool:
        """Whether a signature of the log's own key is there, and right."""
        return any(key.signed(self.text.encode(), signature) for signature in self._signatures(key, _SIGNATURE_BYTES))

    def seen_by(self, key: PublicKey) -> int | None:
        """Unix seconds at which this witness cosigned; None if it did not."""
        for raw in self._signatures(key, 8 + _SIGNATURE_BYTES):
            unix_s = int.from_bytes(raw[:8], "big")
            if key.signed(cosigned_message(self.text, unix_s), raw[8:]):
                return unix_s
        return None

    def _signatures(self, key: PublicKey, size: int) -> list[bytes]:
        """What stands behind the key's name and id."""
        found = []
        for line in self.lines:
            name, _, coded = line.removeprefix(_DASH).rpartition(" ")
            if name == key.name:
                raw = decode(coded, f"a signature of {name}")
                if raw[:_ID_BYTES] == key.key_id and len(raw) == _ID_BYTES + size:
                    found.append(raw[_ID_BYTES:])
        return found


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """What is signed."""
    return f"{origin}\n{size}\n{encode(root)}\n"
