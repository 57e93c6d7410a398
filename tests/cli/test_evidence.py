"""`pvdctl audit`, `witness`, `sign`, `backup`, `restore-check`: from the run to a proof that others can check."""

import json
import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from pvdctl.clock import VirtualClock
from pvdctl.record.record import Record
from tests.cli.command import ROOT, arguments, environment, pvdctl
from tests.record.made import short_run, tampering

WHO = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record with two runs."""
    with Record.open(tmp_path / "record", VirtualClock()) as made:
        short_run(made)
        short_run(made, 700)
    return tmp_path / "record"


def test_a_run_is_signed_bundled_and_verified(record: Path, tmp_path: Path) -> None:
    said = pvdctl(tmp_path, "sign", "last", "--as", "approved", "--reason", "looked at it", "--record", record)
    assert said.code == 0, said.err
    assert "is approved by" in said.out
    said = pvdctl(tmp_path, "sign", "0001", "--as", "rejected", "--reason", "peeled", "--record", record, "--json")
    assert json.loads(said.out)["meaning"] == "rejected"
    bundle = tmp_path / "run.zip"
    said = pvdctl(tmp_path, "audit", "bundle", "last", "--to", bundle, "--record", record, "--json")
    assert (said.code, json.loads(said.out)["blocks"]) == (0, 2)
    for given in ([], ["--key", record / "checkpoint.pub"], ["--key", (record / "checkpoint.pub").read_text().strip()]):
        said = pvdctl(tmp_path, "audit", "verify", bundle, *given)
        assert said.code == 0, said.err
        assert "approved by" in said.out
        assert ("is the one you gave" in said.out) == bool(given)
        assert said.out.endswith("HOLDS\n")
    said = pvdctl(tmp_path, "audit", "bundle", "last", "--to", bundle, "--record", record)
    assert (said.code, "exists already" in said.err) == (2, True)
    said = pvdctl(tmp_path, "audit", "log", "--kind", "export", "--record", record, "--json")
    (event,) = (json.loads(line)["event"] for line in said.out.splitlines())
    assert event["data"]["files"] == [{"name": "run.zip", "sha256": sha256(bundle.read_bytes()).hexdigest()}]
    said = pvdctl(tmp_path, "audit", "verify", record, "--json")
    facts = json.loads(said.out)
    assert (said.code, facts["good"], facts["covered"]) == (0, True, facts["newest"])


def test_who_did_what_and_why(record: Path, tmp_path: Path) -> None:
    pvdctl(tmp_path, "sign", "last", "--as", "reviewed", "--reason", "all well", "--record", record)
    said = pvdctl(tmp_path, "audit", "log", "--record", record, "--kind", "signature")
    assert said.code == 0
    assert "reviewed by" in said.out
    assert "(because all well)" in said.out
    said = pvdctl(tmp_path, "audit", "log", "--record", record, "--who", "marie", "--json")
    events = [json.loads(line) for line in said.out.splitlines()]
    assert [event["event"]["kind"] for event in events] == ["run_start", "run_start"]
    said = pvdctl(tmp_path, "audit", "log", "--record", record, "--run", "0002", "--json")
    runs = {json.loads(line)["stamp"].get("run", "") for line in said.out.splitlines()}
    assert len(said.out.splitlines()) > 70
    assert len(runs) == 2, "the run's own events, and the signature given later"
    for given in (["--since", "2100-01-01"], ["--until", "2000-01-01T00:00"]):
        assert pvdctl(tmp_path, "audit", "log", "--record", record, *given).out == ""
    said = pvdctl(tmp_path, "audit", "log", "--record", record, "--since", "yesterday")
    assert (said.code, "found 'yesterday'" in said.err) == (2, True)


def test_what_does_not_hold_is_1(record: Path, tmp_path: Path) -> None:
    with tampering(record) as connection:
        connection.execute("UPDATE event SET body = replace(body, 'note 10', 'note 11') WHERE body LIKE '%note 10\"%'")
    said = pvdctl(tmp_path, "audit", "verify", record)
    assert said.code == 1
    assert "does not fit its hashes" in said.out
    assert "DOES NOT HOLD" in said.out
    said = pvdctl(tmp_path, "sign", "last", "--as", "reviewed", "--reason", "x", "--record", record)
    assert (said.code, "is not what was written" in said.err) == (2, True)
    said = pvdctl(tmp_path, "backup", tmp_path / "copy", "--record", record)
    assert (said.code, "DOES NOT HOLD" in said.out) == (1, True)


def test_backups(record: Path, tmp_path: Path) -> None:
    said = pvdctl(tmp_path, "backup", tmp_path / "copy", "--record", record)
    assert (said.code, "HOLDS" in said.out) == (0, True), said.err
    said = pvdctl(tmp_path, "restore-check", tmp_path / "copy", "--record", record, "--json")
    facts = json.loads(said.out)
    assert (said.code, facts["good"], facts["runs"], facts["rows"]) == (0, True, 2, 720)
    said = pvdctl(tmp_path, "audit", "bundle", "last", "--to", tmp_path / "c.zip", "--record", tmp_path / "copy")
    assert (said.code, "the record does not say so" in said.err) == (0, True), "a copy has no key, and is bundled"
    said = pvdctl(tmp_path, "backup", tmp_path / "copy", "--record", record)
    assert (said.code, "is not empty" in said.err) == (2, True)
    with Record.open(tmp_path / "other", VirtualClock()):
        pass
    said = pvdctl(tmp_path, "restore-check", tmp_path / "copy", "--record", tmp_path / "other")
    assert (said.code, "is not the continuation" in said.out) == (1, True)


@pytest.fixture
def witness(record: Path, tmp_path: Path) -> Iterator[str]:
    """A witness in its own process; its address."""
    serving = subprocess.Popen(
        arguments(
            "witness", "serve", "--store", tmp_path / "w", "--trust", record / "checkpoint.pub", "--name", "w.example",
            "--listen", "127.0.0.1:0",
        ),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(tmp_path),
    )  # fmt: skip
    assert serving.stdout is not None
    assert serving.stdout.readline().startswith("witness w.example+")
    address = serving.stdout.readline().split()[2].rstrip(",")
    yield address
    serving.send_signal(signal.SIGTERM)
    _, err = serving.communicate(timeout=10)
    assert serving.returncode == 0, err
    assert "witness stops" in err


def test_a_witness_and_a_file_elsewhere(record: Path, tmp_path: Path, witness: str) -> None:
    elsewhere = tmp_path / "share.jsonl"
    said = pvdctl(tmp_path, "witness", "status", "--record", record, "--json")
    facts = json.loads(said.out)
    assert (said.code, facts["anchored"], facts["unwitnessed"]) == (0, 0, facts["events"])
    said = pvdctl(tmp_path, "witness", "submit", "--to", witness, "--to", elsewhere, "--record", record)
    assert said.code == 0, said.err
    said = pvdctl(tmp_path, "witness", "status", "--record", record)
    assert "unwitnessed: 0" in said.out
    said = pvdctl(tmp_path, "audit", "verify", record, "--anchor", witness, "--anchor", elsewhere)
    assert (said.code, "anchored elsewhere up to event" in said.out) == (0, True), said.out
    bundle = tmp_path / "b.zip"
    pvdctl(
        tmp_path, "audit", "bundle", "last", "--to", bundle, "--record", record,
        "--witness-key", tmp_path / "w" / "witness.pub",
    )  # fmt: skip
    assert "cosigned by w.example at 20" in pvdctl(tmp_path, "audit", "verify", bundle, "--anchor", witness).out
    with tampering(record) as connection:
        connection.execute("DELETE FROM event WHERE seq > 10")
        connection.execute("DELETE FROM checkpoint WHERE size > 10")
    said = pvdctl(tmp_path, "audit", "verify", record, "--anchor", elsewhere)
    assert (said.code, "the end was cut off" in said.out) == (1, True)
    said = pvdctl(tmp_path, "witness", "submit", "--to", witness, "--record", record)
    assert said.code == 2
    assert "its end was cut off, or an older copy was put in place" in said.err
    with Record.open(tmp_path / "other", VirtualClock()):
        pass
    said = pvdctl(tmp_path, "audit", "verify", tmp_path / "other", "--anchor", elsewhere)
    assert (said.code, "another was put in its place" in said.out) == (1, True)
    said = pvdctl(tmp_path, "witness", "submit", "--to", witness, "--record", tmp_path / "other")
    assert (said.code, "no key of" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["sign", "last", "--as", "liked", "--reason", "x"], "Invalid value for '--as'"),
        (["sign", "last", "--as", "approved", "--reason", " "], "needs a reason"),
        (["sign", "none", "--as", "approved", "--reason", "x"], "there is no run"),
        (["audit", "bundle", "none"], "there is no run"),
        (["audit", "log", "--run", "none"], "there is no run"),
        (["witness", "submit", "--to", "http://127.0.0.1:9"], "does not answer"),
        (["witness", "serve", "--store", "w", "--listen", "nowhere"], "wanted HOST:PORT"),
        (["witness", "serve", "--store", "w", "--trust", "x"], "is not a public key"),
    ],
)
def test_wrong_usage(record: Path, tmp_path: Path, given: list[str], words: str) -> None:
    where = [] if "serve" in given else ["--record", str(record)]
    said = pvdctl(tmp_path, *given, *where)
    assert said.code == (1 if "submit" in given else 2)
    assert words in " ".join(said.err.split())
    assert said.out == ""


def test_a_signature_bears_the_users_name(record: Path, tmp_path: Path) -> None:
    said = pvdctl(tmp_path, "sign", "last", "--as", "reviewed", "--reason", "x", "--record", record, "--json")
    assert json.loads(said.out)["by"].startswith(WHO)
