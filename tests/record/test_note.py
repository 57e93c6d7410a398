"""Signed notes and checkpoints: the published form, judged by the example in the documentation of Go's own package."""

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.errors import RecordError
from pvdctl.record.keys import load_key, make_key, read_public, record_key
from pvdctl.record.note import COSIGNATURE, ED25519, Checkpoint, PrivateKey, PublicKey, checkpoint_text

# golang.org/x/mod/sumdb/note, package documentation: the example of a signed note and its verifier key.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
GO_LINE = f"\N{EM DASH} PeterNeumann {GO_SIGNATURE}"
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"

ROOT = hashlib.sha256(b"root").digest()


def test_the_example_of_the_published_form() -> None:
    key = PublicKey.read(GO_KEY)
    assert (key.name, key.kind, key.key_id.hex()) == ("PeterNeumann", ED25519, "c74f20a3")
    raw = base64.b64decode(GO_LINE.rpartition(" ")[2])
    assert raw[:4] == key.key_id
    assert key.signed(GO_TEXT.encode(), raw[4:])
    assert str(key) == GO_KEY
    private = PrivateKey.read(GO_PRIVATE)
    assert private.sign(GO_TEXT) == f"{GO_TEXT}\n{GO_LINE}\n"
    assert private.public == key
    assert private.as_line() == f"{GO_PRIVATE}\n"


@given(st.integers(0, 10**15 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_comes_back(size: int, root: bytes) -> None:
    key = PrivateKey.read(GO_PRIVATE)
    note = key.sign(checkpoint_text("PeterNeumann", size, root))
    found = Checkpoint.read(note)
    assert (found.origin, found.size, found.root, found.note) == ("PeterNeumann", size, root, note)
    assert found.signed_by(key.public)
    assert found.seen_by(key.public) is None


def test_any_changed_byte_is_no_longer_signed() -> None:
    key = PrivateKey.make("pvdctl/x")
    note = key.sign(checkpoint_text("pvdctl/x", 17, ROOT))
    raw = note.encode()
    for place in range(len(raw)):
        forged = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        try:
            found = Checkpoint.read(forged.decode())
            assert not found.signed_by(key.public) or found.text == checkpoint_text("pvdctl/x", 17, ROOT), place
            if found.signed_by(key.public):  # base64 has spare bits at its end: another text, the same signature
                assert found.root == ROOT
        except (RecordError, UnicodeDecodeError):
            continue


def test_other_keys_are_not_believed() -> None:
    key, other = PrivateKey.make("pvdctl/x"), PrivateKey.make("pvdctl/x")
    found = Checkpoint.read(key.sign(checkpoint_text("pvdctl/x", 17, ROOT)))
    assert found.signed_by(key.public)
    assert not found.signed_by(other.public)
    assert not found.signed_by(PublicKey("pvdctl/y", ED25519, key.public.raw))


def test_cosignatures_tell_when() -> None:
    key, witness = PrivateKey.make("pvdctl/x"), PrivateKey.make("w", COSIGNATURE)
    note = key.sign(checkpoint_text("pvdctl/x", 17, ROOT))
    found = Checkpoint.read(note + witness.cosign(checkpoint_text("pvdctl/x", 17, ROOT), 1_790_000_000))
    assert found.signed_by(key.public)
    assert found.seen_by(witness.public) == 1_790_000_000
    assert Checkpoint.read(note + witness.cosign(checkpoint_text("pvdctl/x", 18, ROOT), 5)).seen_by(
        witness.public
    ) is None  # fmt: skip


@pytest.mark.parametrize(
    "note",
    [
        "", "x", "a\n1\nb\n", "a\n1\n\n", "a\n-1\n{root}\n\n{dash}a x\n", "a\n01\n{root}\n\n{dash}a x\n",
        "a\n1\nAAAA\n\n{dash}a x\n", "a\n1\n{root}\n\nno dash\n", "a\n1\n{root}\n\n{dash}a x",
        "a\n1234567890123456\n{root}\n\n{dash}a x\n", "a\n1\n!!\n\n{dash}a x\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint(note: str) -> None:
    with pytest.raises(RecordError):
        Checkpoint.read(note.format(root=base64.b64encode(ROOT).decode(), dash="\N{EM DASH} "))


@pytest.mark.parametrize("line", ["", "x", "a+b+c", "+c74f20a3+AAAA", GO_KEY[:-8], GO_KEY.replace("c74f", "c74e")])
def test_what_is_no_key(line: str) -> None:
    with pytest.raises(RecordError):
        PublicKey.read(line)


@pytest.mark.parametrize(
    "line", ["", "x", GO_KEY, GO_PRIVATE[:-8], GO_PRIVATE[:-4] + "!!!!", GO_PRIVATE.replace("c74f", "c74e")]
)
def test_what_is_no_private_key_is_not_shown(tmp_path: Path, line: str) -> None:
    path = tmp_path / "checkpoint.key"
    path.write_text(line)
    path.chmod(0o600)
    with pytest.raises(RecordError, match=r"checkpoint\.key") as caught:
        load_key(path)
    assert "FALVFGyNhPJEMzD1QIDr" not in str(caught.value)


def test_key_files(tmp_path: Path) -> None:
    key = record_key(tmp_path, "")
    assert (tmp_path / "checkpoint.key").stat().st_mode & 0o777 == 0o600
    assert read_public(tmp_path / "checkpoint.pub") == [key.public]
    assert key.public.name.startswith("pvdctl/")
    record_id = key.public.name.removeprefix("pvdctl/")
    assert record_key(tmp_path, record_id).public == key.public
    assert record_key(tmp_path, "").public == key.public
    with pytest.raises(RecordError, match="Files of two records were exchanged"):
        record_key(tmp_path, "0" * 32)
    (tmp_path / "checkpoint.pub").unlink()
    record_key(tmp_path, record_id)
    assert read_public(tmp_path / "checkpoint.pub") == [key.public]
    (tmp_path / "checkpoint.key").chmod(0o640)
    with pytest.raises(RecordError, match="mode 640: others can read it"):
        record_key(tmp_path, record_id)
    (tmp_path / "checkpoint.key").unlink()
    with pytest.raises(RecordError, match=r"the key checkpoint\.key is missing, so nothing can be added"):
        record_key(tmp_path, record_id)


def test_a_key_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("")
    with pytest.raises(RecordError, match="cannot be made"):
        make_key(tmp_path / "here" / "k", "w", COSIGNATURE, tmp_path / "here" / "p")
    with pytest.raises(RecordError, match="cannot be read"):
        load_key(tmp_path / "nothing")
    with pytest.raises(RecordError, match="cannot be read"):
        read_public(tmp_path / "nothing")
