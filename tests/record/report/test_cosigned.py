"""Who outside vouches for a run: said with the witness's name, and checked where its key is given."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pvdctl.cli.exits import WrongUsage
from pvdctl.cli.report import report_run
from pvdctl.clock import VirtualClock
from pvdctl.record.anchoring import WITNESSED_FILE
from pvdctl.record.anchors import append_checkpoint
from pvdctl.record.dossier import Dossier, gather
from pvdctl.record.keys import read_public
from pvdctl.record.log import newest_checkpoint
from pvdctl.record.note import COSIGNATURE, Checkpoint, PrivateKey, PublicKey
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.report.page import page
from pvdctl.record.witness import OK, Witness, request_body
from tests.record.made import tampering
from tests.record.report import made_runs

SEEN = datetime(2026, 11, 22, 8, 30, 5, tzinfo=UTC)
STRANGER = PrivateKey("w.example", COSIGNATURE, bytes(range(32))).public


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record whose newest checkpoint a witness has cosigned; then it went on."""
    directory = made_runs.copy(tmp_path)
    cosign(directory, tmp_path / "w")
    with Record.open(directory, VirtualClock()):
        pass
    return directory


def cosign(directory: Path, store: Path) -> None:
    witness = Witness(store, "w.example", lambda: SEEN)
    witness.trust(read_public(directory / "checkpoint.pub"))
    with RecordReader.open(directory) as reader:
        note = newest_checkpoint(reader.event_file)
    assert note is not None
    status, line = witness.add(request_body(0, [], Checkpoint.read(note)))
    assert status == OK, line
    append_checkpoint(directory / WITNESSED_FILE, note + line, SEEN)
    witness.close()


def witness_key(record: Path) -> PublicKey:
    (key,) = read_public(record.parent / "w" / "witness.pub")
    return key


def dossier(record: Path, *keys: PublicKey) -> Dossier:
    with RecordReader.open(record) as reader:
        return gather(reader, reader.runs()[0].run, keys)


def cosigned_by(found: Dossier) -> str:
    """What the page says."""
    text = page(found)
    return text.split("<dt>cosigned by</dt><dd>")[1].split("</dd>")[0]


def test_with_the_key_the_cosignature_is_checked(record: Path) -> None:
    found = dossier(record, witness_key(record))
    (one,) = found.proof["cosigned"]
    assert (one["witness"], one["unix_s"]) == ("w.example", int(SEEN.timestamp()))
    assert one["size"] < found.proof["size"], "the record has gone on since"
    assert found.proof["verified"] is True
    assert found.proof["awaited"] == []
    words = f"w.example at 2026-11-22 08:30:05 UTC, over {one['size']:,} events, checked with the key given"
    assert cosigned_by(found) == words


def test_without_the_key_that_is_said(record: Path) -> None:
    found = dossier(record)
    assert [one["unix_s"] for one in found.proof["cosigned"]] == [None]
    assert found.proof["verified"] is True
    assert cosigned_by(found).endswith("its key was not given, so this is not checked")
    assert cosigned_by(found).startswith("w.example, over ")


def test_a_witness_that_has_not_cosigned_is_awaited(record: Path) -> None:
    other = PrivateKey("v.example", COSIGNATURE, bytes(32)).public
    found = dossier(record, witness_key(record), other)
    assert found.proof["awaited"] == ["v.example"]
    assert found.proof["verified"] is True
    assert cosigned_by(found).endswith("; not by v.example, whose key was given")


def test_nobody_yet(tmp_path: Path) -> None:
    record = made_runs.copy(tmp_path)
    assert cosigned_by(dossier(record)) == "nobody yet"
    assert cosigned_by(dossier(record, STRANGER)) == "not by w.example, whose key was given"


def test_a_cosignature_of_another_key_is_a_problem(record: Path) -> None:
    found = dossier(record, STRANGER)
    assert found.proof["verified"] is False
    (problem,) = found.proof["problems"]
    assert "the cosignature of w.example at event" in problem
    assert "is not that of the key you gave" in problem
    assert "✗ The record of this run does not fit its proof" in page(found)


def test_a_witness_that_saw_another_log_is_a_problem(record: Path, tmp_path: Path) -> None:
    """Somebody with the record's key went back to an older copy and went on from there."""
    key = witness_key(record)
    older = tmp_path / "older"
    older.mkdir()
    forked = made_runs.copy(older)
    for _ in range(4):
        with Record.open(forked, VirtualClock()):
            pass
    shutil.copy(record / WITNESSED_FILE, forked)
    assert dossier(forked, key).proof["verified"] is True, "the witness saw what both have in common"
    shutil.rmtree(tmp_path / "w")
    (record / WITNESSED_FILE).unlink()
    cosign(record, tmp_path / "w")  # what was seen now is no part of the fork
    shutil.copy(record / WITNESSED_FILE, forked)
    found = dossier(forked, witness_key(record))
    assert found.proof["verified"] is False
    assert any("witness w.example has seen other events up to" in problem for problem in found.proof["problems"])


def test_a_log_cut_shorter_than_what_was_seen_is_a_problem(record: Path) -> None:
    key = witness_key(record)
    size = dossier(record, key).proof["cosigned"][0]["size"]
    with tampering(record) as connection:
        (last,) = connection.execute("SELECT max(seq) FROM event").fetchone()
        cut = connection.execute("SELECT max(size) FROM checkpoint WHERE size < ?", (size,)).fetchone()[0]
        assert cut < size <= last
        connection.execute("DELETE FROM event WHERE seq > ?", (cut,))
        connection.execute("DELETE FROM checkpoint WHERE size > ?", (cut,))
    found = dossier(record, key)
    assert any("or its end was cut off" in problem for problem in found.proof["problems"])


def test_the_command_takes_the_key(record: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.html"
    assert report_run(record, "0001", out, witness_keys=[str(tmp_path / "w" / "witness.pub")]) == 0
    assert "checked with the key given" in out.read_text()
    assert report_run(record, "0001", out, witness_keys=[str(witness_key(record))]) == 0
    assert "checked with the key given" in out.read_text()
    with pytest.raises(WrongUsage, match="is not a public key"):
        report_run(record, "0001", out, witness_keys=["w.example"])
