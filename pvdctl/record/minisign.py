"""A file's signature as `minisign` writes it: what electronic lab notebooks expect beside the metadata of an .eln file.

    untrusted comment: <text>
    <base64 of "ED", key id, Ed25519 signature over the BLAKE2b-512 of the file>
    trusted comment: <text>
    <base64 of the Ed25519 signature over the signature and the trusted comment>

Made with the record's own key: the same 32 bytes as in checkpoint.pub, in minisign's clothes. What is signed here can
never be taken for a checkpoint, which is text that begins with the record's name; here 64 bytes of a hash are signed,
or 64 bytes of a signature and a comment. Source: jedisct1.github.io/minisign, "Signature format"; checked against the
signatures that the project's own key made.
"""

import hashlib
from typing import Final

from pvdctl.errors import RecordError
from pvdctl.record.note import ED25519, PrivateKey, PublicKey, decode, encode

SUFFIX: Final = ".minisig"
PUBLIC: Final = b"Ed"
"""Before a public key, and before a signature over the file itself: minisign's form of before version 0.10."""
HASHED: Final = b"ED"
"""Before a signature over the file's hash."""
_ID_BYTES, _SIGNATURE_BYTES, _KEY_BYTES = 8, 64, 32
_UNTRUSTED, _TRUSTED = "untrusted comment: ", "trusted comment: "


def public_key(key: PublicKey) -> str:
    """The key as a file that `minisign -p` takes; its second line alone is what `minisign -P` takes."""
    shown = _key_id(key)[::-1].hex().upper()
    return f"{_UNTRUSTED}minisign public key {shown} of {key.name}\n{encode(PUBLIC + _key_id(key) + key.raw)}\n"


def signature(key: PrivateKey, data: bytes, comment: str) -> str:
    """The signature file of `data`. comment: one line, signed too."""
    if "\n" in comment:
        raise ValueError(f"a trusted comment is one line, found {comment!r}")
    made = key.signature(hashlib.blake2b(data).digest())
    return (
        f"{_UNTRUSTED}signed by {key.public.name}\n{encode(HASHED + _key_id(key.public) + made)}\n"
        f"{_TRUSTED}{comment}\n{encode(key.signature(made + comment.encode()))}\n"
    )


def read_public_key(text: str, name: str) -> PublicKey:
    """The key in a file of minisign, under this name. Raises RecordError if it is none."""
    lines = text.removesuffix("\n").split("\n")
    raw = decode(lines[-1], "a minisign public key")
    if len(raw) != len(PUBLIC) + _ID_BYTES + _KEY_BYTES or not raw.startswith(PUBLIC):
        raise RecordError(f"'{text[:80].strip()}' is not a minisign public key.")
    return PublicKey(name, ED25519, raw[-_KEY_BYTES:])


def signed_comment(text: str, data: bytes, key: PublicKey) -> str | None:
    """The comment that this key signed together with `data`; None if it did not.

    text: of the signature file. Raises RecordError if it is none.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != 4 or not lines[0].startswith(_UNTRUSTED) or not lines[2].startswith(_TRUSTED):
        raise RecordError(f"not a minisign signature: {text[:80]!r}. Wanted four lines, two of them comments.")
    raw, over_all = decode(lines[1], "a minisign signature"), decode(lines[3], "a minisign signature")
    kind, made = raw[: len(HASHED)], raw[len(HASHED) + _ID_BYTES :]
    if len(made) != _SIGNATURE_BYTES or len(over_all) != _SIGNATURE_BYTES or kind not in (HASHED, PUBLIC):
        raise RecordError("a minisign signature is not of a form that is known here: it was damaged or edited.")
    comment = lines[2].removeprefix(_TRUSTED)
    signed = hashlib.blake2b(data).digest() if kind == HASHED else data
    return comment if key.signed(signed, made) and key.signed(made + comment.encode(), over_all) else None


def _key_id(key: PublicKey) -> bytes:
    """Eight bytes that name a key; free to choose, so they begin with the id that checkpoint.pub shows."""
    return key.key_id + hashlib.sha256(key.raw).digest()[: _ID_BYTES - len(key.key_id)]
