"""Signatures in minisign's form: those of its author's key are understood, ours are built the same way."""

import base64
import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.errors import RecordError
from pvdctl.record import minisign
from pvdctl.record.note import PrivateKey

# The key of minisign's author and its signatures over the four bytes `test`, before and since version 0.10: examples
# in the documentation of the crate minisign-verify (docs.rs/minisign-verify).
AUTHOR = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
OF_THE_FILE = """untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==
"""
OF_ITS_HASH = """untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1556193335\tfile:test
y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==
"""
KEY = PrivateKey("pvdctl/test", 1, bytes(range(32)))


@pytest.mark.parametrize("text", [OF_THE_FILE, OF_ITS_HASH])
def test_signatures_of_minisign_itself_are_understood(text: str) -> None:
    key = minisign.read_public_key(AUTHOR, "author")
    comment = minisign.signed_comment(text, b"test", key)
    assert comment == text.split("\n")[2].removeprefix("trusted comment: ")
    assert minisign.signed_comment(text, b"Test", key) is None
    assert minisign.signed_comment(text.replace("file:test", "file:toast"), b"test", key) is None
    assert minisign.signed_comment(text.replace("from minisign", "by nobody"), b"test", key) == comment
    assert minisign.signed_comment(text, b"test", KEY.public) is None


@given(st.binary(max_size=200), st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=80))
def test_what_is_signed_is_what_minisign_signs(data: bytes, comment: str) -> None:
    text = minisign.signature(KEY, data, comment)
    untrusted, signed, trusted, over_all, nothing = text.split("\n")
    assert (untrusted.startswith("untrusted comment: "), trusted, nothing) == (True, f"trusted comment: {comment}", "")
    raw, public = base64.b64decode(signed), Ed25519PublicKey.from_public_bytes(KEY.public.raw)
    assert (raw[:2], len(raw)) == (b"ED", 74)
    public.verify(raw[10:], hashlib.blake2b(data, digest_size=64).digest())
    public.verify(base64.b64decode(over_all), raw[10:] + comment.encode())
    with pytest.raises(InvalidSignature):
        public.verify(raw[10:], data)
    key_line = minisign.public_key(KEY.public).split("\n")[1]
    assert base64.b64decode(key_line) == b"Ed" + raw[2:10] + KEY.public.raw, "the same key id in both"
    assert raw[2:6] == KEY.public.key_id
    assert minisign.signed_comment(text, data, minisign.read_public_key(key_line, "x")) == comment
    assert minisign.signed_comment(text, data + b"x", KEY.public) is None


def test_a_key_is_read_from_its_file_and_from_its_line() -> None:
    text = minisign.public_key(KEY.public)
    assert minisign.read_public_key(text, KEY.public.name) == KEY.public
    assert minisign.read_public_key(text.split("\n")[1], KEY.public.name) == KEY.public


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Wanted four lines"),
        (OF_ITS_HASH.replace("trusted comment: t", "comment: t"), "Wanted four lines"),
        (OF_ITS_HASH.replace("RUQf6LR", "RUX?6LR"), "not base64"),
        (OF_ITS_HASH.replace("RUQf6LR", "RVQf6LR"), "not of a form that is known"),
        (OF_ITS_HASH.replace("y/rUw2y8", ""), "not of a form that is known"),
    ],
)
def test_what_is_no_signature_is_told(text: str, says: str) -> None:
    with pytest.raises(RecordError, match=says):
        minisign.signed_comment(text, b"test", KEY.public)


@pytest.mark.parametrize(("text", "says"), [("", "is not a minisign"), ("RWQ", "not base64"), ("AAAA", "is not a")])
def test_what_is_no_key_is_told(text: str, says: str) -> None:
    with pytest.raises(RecordError, match=says):
        minisign.read_public_key(text, "x")


def test_a_comment_of_two_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="is one line"):
        minisign.signature(KEY, b"", "a\nb")
