"""Bundles: two verifiers written apart agree on every one, whole or spoilt."""

import ast
import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pvdctl.clock import VirtualClock
from pvdctl.errors import OperatorError, RecordError
from pvdctl.record import verify_standalone as standalone
from pvdctl.record.anchoring import WITNESSED_FILE
from pvdctl.record.anchors import append_checkpoint
from pvdctl.record.bundle import write_bundle
from pvdctl.record.bundle_check import check_bundle
from pvdctl.record.log import newest_checkpoint
from pvdctl.record.note import COSIGNATURE, Checkpoint, PrivateKey
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.verify import key_of
from tests.record.made import WallClock, begin, leave_without_a_word, note, short_run

Opened = Callable[..., Record]
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
WITNESS = PrivateKey.make("w.example", COSIGNATURE)
SCRIPT = Path(standalone.__file__)


def cosign(record: Record) -> Checkpoint:
    """As `witness submit` leaves it."""
    text = newest_checkpoint(record._log.connection)
    assert text is not None
    found = Checkpoint.read(text)
    append_checkpoint(record.directory / WITNESSED_FILE, text + WITNESS.cosign(found.text, 1_790_000_000), NOW)
    return found


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, and the record it is from in `record` beside it."""
    directory = tmp_path_factory.mktemp("bundled")
    clock = VirtualClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    path = directory / "run.zip"
    with Record.open(directory / "record", clock, wall_s=WallClock()) as record:
        run = [short_run(record), short_run(record, 1300), short_run(record)][1]
        record.sign(run, "approved", "looked at it", "marie")
        record.sign(run, "rejected", "looked again", "irene")
        record.append([note(1)])
    with Record.open(directory / "record", clock, wall_s=WallClock()) as record:
        cosign(record)
        record.append([note(2)])
        made = write_bundle(record._reader, run, path, [WITNESS.public])
    assert (made.run, made.blocks, made.cosigned) == (run, 3, 1)
    return path


def by_script(path: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(path), *options], capture_output=True, text=True, timeout=60
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def agreed(path: Path) -> bool:
    """What both say of a bundle: holds or not. That it is no bundle counts as not."""
    try:
        one = check_bundle(path).good
    except RecordError:
        one = False
    try:
        standalone.check(path, [], [])
        other = True
    except (standalone.Wrong, *standalone.NOT_A_BUNDLE):
        other = False
    assert one == other, f"pvdctl says {one}, the standalone verifier {other}"
    return one


def test_both_verifiers_say_what_is_in_it(bundled: Path, tmp_path: Path) -> None:
    with RecordReader.open(bundled.parent / "record") as reader:
        key = key_of(reader)
        run = reader.runs()[1].run
    verdict = check_bundle(bundled, [key, WITNESS.public])
    assert verdict.good, verdict.problems
    assert verdict.run == run
    assert verdict.seen == (("w.example", 1_790_000_000),)
    assert [signature.split(" at ")[0] for signature in verdict.signatures] == [
        "approved by marie",
        "rejected by irene",
    ]
    status, said = by_script(bundled, "--key", str(key), "--key", str(bundled.parent / "record" / "checkpoint.pub"))
    assert status == 0, said
    for words in (
        f"run {run} SIMULATED", "3 blocks of samples", verdict.record_sha256, "approved by marie",
        "rejected by irene at 2026-11-22T08:00", "looked again", "cosigned by w.example at 2026-09-21 14:13:20 UTC",
        ": given", "HOLDS",
    ):  # fmt: skip
        assert words in said, said


def test_a_key_from_elsewhere_is_what_counts(bundled: Path, tmp_path: Path) -> None:
    with RecordReader.open(bundled.parent / "record") as reader:
        mine = key_of(reader)
    other = PrivateKey.make(mine.name).public
    assert "does not bear the signature" in check_bundle(bundled, [other]).problems[0]
    status, said = by_script(bundled, "--key", str(other))
    assert (status, "DOES NOT HOLD: the checkpoint is not signed" in said) == (1, True)


def test_an_anchor_of_another_log_is_told(bundled: Path, tmp_path: Path) -> None:
    checkpoint = check_bundle(bundled)
    key = PrivateKey.make(checkpoint.origin)
    from pvdctl.record.note import checkpoint_text

    forged = key.sign(checkpoint_text(checkpoint.origin, checkpoint.size, bytes(32)))
    append_checkpoint(tmp_path / "a.jsonl", forged, NOW)
    assert "this one was rewritten" in " ".join(check_bundle(bundled, [], [Checkpoint.read(forged)]).problems)
    assert by_script(bundled, "--anchor", str(tmp_path / "a.jsonl"))[0] == 1
    status, said = by_script(bundled, "--anchor", str(bundled.parent / "record" / WITNESSED_FILE))
    assert (status, "keeps the same checkpoint at event" in said) == (0, True)


def spoilt(path: Path, to: Path, name: str, change: Callable[[bytes], bytes | None]) -> Path:
    """A copy with one member changed, or left out."""
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(to, "w") as made:
        for member in archive.namelist():
            data: bytes | None = archive.read(member)
            if member == name and data is not None:
                data = change(data)
            if data is not None:
                made.writestr(member, data)
    return to


def members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def flipped(chance: random.Random) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        place = chance.randrange(len(data))
        return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]

    return change


def test_any_flipped_bit_is_found_by_both(bundled: Path, tmp_path: Path) -> None:
    """But for white space in bundle.json, cosignatures that nobody's key fits any more, and spare bits of base64."""
    assert agreed(bundled)
    for seed in range(150):
        chance = random.Random(seed)
        name = chance.choice(["events.jsonl", "events.jsonl", "samples/000001.bin", "samples/000003.bin"])
        assert not agreed(spoilt(bundled, tmp_path / "spoilt.zip", name, flipped(chance))), f"{name}, seed {seed}"
    for seed in range(100):
        chance = random.Random(seed)
        name = chance.choice(["bundle.json", "checkpoint.txt", "keys.txt"])
        agreed(spoilt(bundled, tmp_path / "spoilt.zip", name, flipped(chance)))


@pytest.mark.parametrize("name", ["bundle.json", "checkpoint.txt", "events.jsonl", "keys.txt", "samples/000002.bin"])
def test_nothing_can_be_left_out(bundled: Path, tmp_path: Path, name: str) -> None:
    assert not agreed(spoilt(bundled, tmp_path / "spoilt.zip", name, lambda data: None))


def lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda data: b"".join(line + b"\n" for line in change(data.split(b"\n")[:-1]))


@pytest.mark.parametrize(
    "change",
    [
        lambda all_: all_[:5] + all_[6:],
        lambda all_: all_[:-1],
        lambda all_: all_[1:],
        lambda all_: [*all_, all_[-1]],
        lambda all_: [all_[1], all_[0], *all_[2:]],
        lambda all_: [],
    ],
)
def test_no_event_can_be_taken_added_or_moved(
    bundled: Path, tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    assert not agreed(spoilt(bundled, tmp_path / "spoilt.zip", "events.jsonl", lines(change)))


@pytest.mark.parametrize(
    "facts",
    [
        {"format": "x"}, {"run": "20261122-0001-lzln"}, {"first_seq": 4}, {"last_seq": 30}, {"record_sha256": "0" * 64},
        {"proof": []}, {"proof": None}, {"proof": ["AAAA"]}, {"first_seq": "x"},
    ],
)  # fmt: skip
def test_what_bundle_json_says_is_held_to_the_events(bundled: Path, tmp_path: Path, facts: dict[str, object]) -> None:
    def change(data: bytes) -> bytes:
        return json.dumps({**json.loads(data), **facts}).encode()

    assert not agreed(spoilt(bundled, tmp_path / "spoilt.zip", "bundle.json", change))


def test_a_member_too_many(bundled: Path, tmp_path: Path) -> None:
    path = tmp_path / "more.zip"
    shutil.copyfile(bundled, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("samples/000009.bin", b"x")
    assert not agreed(path)
    shutil.copyfile(bundled, path)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("events.jsonl", b"x")
    assert not agreed(path)


def test_what_is_no_bundle(tmp_path: Path, bundled: Path) -> None:
    path = tmp_path / "x.zip"
    for raw in (b"", b"no zip", bundled.read_bytes()[:-50], bundled.read_bytes()[:1000]):
        path.write_bytes(raw)
        assert not agreed(path)
        assert by_script(path)[0] == 2
    with pytest.raises(RecordError, match="no bundle"):
        check_bundle(tmp_path / "none.zip")


def encrypted(raw: bytes) -> bytes:
    """Says of each member that it is encrypted (bit 0 of the flags; PKWARE APPNOTE 4.4.4)."""
    data = bytearray(raw)
    for mark, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + flags_at] |= 1
    return bytes(data)


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_contents_that_cannot_be_unpacked(bundled: Path, tmp_path: Path, packing: int) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(bundled) as archive, zipfile.ZipFile(path, "w", packing) as again:
        for name in archive.namelist():
            again.writestr(name, archive.read(name))
    assert agreed(path)
    data = path.read_bytes()
    damaged = data[:100] + bytes(40) + data[140:]  # in the middle of the first member
    for raw in (damaged, encrypted(data)):
        path.write_bytes(raw)
        assert not agreed(path)
        assert by_script(path)[0] == 2
        with pytest.raises(RecordError, match=r"x\.zip is no bundle of pvdctl, or a damaged one"):
            check_bundle(path)


def test_the_same_run_gives_the_same_bundle(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    run = short_run(record, 700)
    for name in ("a.zip", "b.zip"):
        write_bundle(record._reader, run, tmp_path / name, [])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with pytest.raises(OperatorError, match="exists already"):
        write_bundle(record._reader, run, tmp_path / "a.zip", [])
    with pytest.raises(OperatorError, match="cannot be written"):
        write_bundle(record._reader, run, tmp_path / "none" / "a.zip", [])
    begin(record)
    with pytest.raises(RecordError, match="has not ended"):
        write_bundle(record._reader, "last", tmp_path / "c.zip", [])
    leave_without_a_word(record)
    record = opened()  # closes it as interrupted: its end is far behind its beginning, with a boot between
    write_bundle(record._reader, "last", tmp_path / "c.zip", [])
    assert agreed(tmp_path / "c.zip")
    record.close()


def test_the_standalone_verifier_stands_alone() -> None:
    """It imports the standard library and cryptography, and is short enough to be read."""
    text = SCRIPT.read_text()
    roots = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            roots |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            roots.add((node.module or "").split(".")[0])
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}
    assert len(text.splitlines()) <= 260
