"""A request `add-checkpoint` as c2sp.org/tlog-witness lays it out, read with suspicion."""

import base64
import binascii
from dataclasses import dataclass
from typing import Self

from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.note import Checkpoint
from pvdctl.record.tree import HASH_BYTES

MOST_HASHES = 63
"""A consistency proof never has more (c2sp.org/tlog-witness)."""

MOST_BYTES = 16_384
"""A request never has more: 63 hashes are 2,835 bytes, and a note with some signatures a few hundred."""


class BadRequest(OperatorError):
    """What was posted is not understood."""


@dataclass(frozen=True, slots=True)
class Request:
    """old_size: the size from which the proof leads to the checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Raises BadRequest."""
        if len(body) > MOST_BYTES:
            raise BadRequest(f"a request has {MOST_BYTES} bytes at most, found {len(body)}")
        try:
            head, blank, note = body.decode().partition("\n\n")
            first, *coded = head.split("\n")
            word, _, size = first.partition(" ")
            if word != "old" or not blank or not size.isascii() or not size.isdecimal() or str(int(size)) != size:
                raise BadRequest("wanted 'old <size>', the proof, a blank line, a signed checkpoint")
            if len(coded) > MOST_HASHES:
                raise BadRequest(f"a proof has {MOST_HASHES} hashes at most, found {len(coded)}")
            proof = tuple(base64.b64decode(line, validate=True) for line in coded)
            if any(len(part) != HASH_BYTES for part in proof):
                raise BadRequest(f"each hash of the proof has {HASH_BYTES} bytes")
            return cls(int(size), proof, Checkpoint.read(note))
        except (UnicodeDecodeError, binascii.Error, RecordError, ValueError) as error:
            raise BadRequest(f"not understood: {error}") from error
