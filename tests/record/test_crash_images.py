"""Loss of power at any moment, a disk that fails at any call: no acknowledged event is lost, none is spoilt.

kill -9 does not show this: what was written but not synced stays in the kernel's cache and is there at the next look.
"""

import random
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pvdctl.clock import VirtualClock
from pvdctl.errors import RecordError
from pvdctl.record import database, record
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from tests.record.crash_disk import Connection, Disk, RecordingVFS, crash
from tests.record.made import WallClock, begin, note

DAY = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
KEYS = ("checkpoint.key", "checkpoint.pub")


@pytest.fixture
def quick() -> Iterator[Path]:
    """A directory in memory where there is one: the images are many, and their own syncs prove nothing."""
    where = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=where) as directory:
        yield Path(directory)


def write(directory: Path, disk: Disk, journal: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """A record is made, written, closed and opened again, on a disk that is watched. Returns acknowledged events.

    With a disk that fails, until it does.
    """
    vfs = RecordingVFS(disk)
    acknowledged = 0

    def said(record: Record) -> None:
        nonlocal acknowledged
        acknowledged = record._log.seq
        disk.acknowledge(acknowledged)

    with monkeypatch.context() as patched:
        patched.setattr(database.sqlite3, "connect", lambda path, **options: Connection(path, vfs.vfs_name))
        patched.setattr(record, "journal_for", lambda version, alone: journal)
        clock, wall = VirtualClock(DAY), WallClock()
        for _ in range(2):
            written = Record.open(directory, clock, wall_s=wall)
            try:
                said(written)
                begin(written)
                said(written)
                for number in range(12):
                    for _ in range(110):
                        written.sample(clock.now_s, (float(number), None, 6))
                        clock.now_s += 0.1
                        wall.now_s += 0.02
                    written.append([note(number), note(number + 100)][: 1 + number % 2])
                    said(written)
                written.end_run("Complete", "", {})
                said(written)
            finally:
                written.close()
                said(written) if not written.failed else None
    vfs.unregister()
    return acknowledged


def judge(images: int, journal: str, quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Crash at `images` moments spread over the whole history; the record opens and holds all that was acknowledged."""
    disk = Disk()
    write(quick / "first", disk, journal, monkeypatch)
    with RecordReader.open(quick / "first") as reader:
        whole = [body for (body,) in reader.event_file.execute("SELECT body FROM event ORDER BY seq")]
    assert disk.ops[-1].what == "acknowledge"
    assert disk.ops[-1].offset == len(whole)
    lost_writes = 0
    for number in range(images):
        chance = random.Random(number)
        moment = 1 + number * len(disk.ops) // images
        files, acknowledged = crash(disk.ops[:moment], chance)
        place = quick / "image"
        place.mkdir()
        for name, content in files.items():
            (place / name).write_bytes(content)
        for name in KEYS:
            shutil.copy(quick / "first" / name, place / name)
        with Record.open(place, VirtualClock(DAY), wall_s=WallClock()) as opened:
            rows = opened._log.connection.execute("SELECT body FROM event ORDER BY seq").fetchall()
            kept = [body for (body,) in rows]
            assert kept[:acknowledged] == whole[:acknowledged], f"image {number}: lost or spoilt"
            verdict = opened.verify()
            assert verdict.good, f"image {number}: {verdict.problems}"
            assert opened._log.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            lost_writes += kept[: len(whole)] != whole
        shutil.rmtree(place)
    assert lost_writes > images // 2, "nothing was proved: hardly any image lost a write"


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_loss_of_power(journal: str, quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(60, journal, quick, monkeypatch)


@pytest.mark.soak
@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_loss_of_power_at_a_thousand_moments(journal: str, quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(1000, journal, quick, monkeypatch)


def test_the_harness_finds_a_log_that_does_not_sync(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with syncs left out of the commits: events are lost, so the test above can fail."""
    real = database.open_writer

    def careless(path: Path, shape: database.Shape, journal: str, synchronous: str) -> object:
        return real(path, shape, journal, "NORMAL")

    monkeypatch.setattr("pvdctl.record.log.open_writer", careless)
    with pytest.raises(AssertionError, match="lost or spoilt"):
        judge(60, "wal", quick, monkeypatch)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # failures that SQLite cannot pass on
@pytest.mark.parametrize(("what", "full"), [("sync", False), ("write", True), ("write", False)])
def test_a_disk_that_fails_at_any_call(what: str, full: bool, quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the n-th call on it fails, for many n: it is told, nothing more is taken, what was acknowledged is there."""
    disk = Disk(fail_what=what)
    write(quick / "healthy", disk, "wal", monkeypatch)
    calls = disk.calls
    assert calls > 50
    told = set()
    for number in range(1, calls, max(1, calls // 24)):
        place = quick / "failing"
        disk = Disk(fail_what=what, fail_at=number, full=full)
        acknowledged = 0
        try:
            write(place, disk, "wal", monkeypatch)
        except RecordError as error:
            told.add(str(error))
        assert disk.failures
        acknowledged = max((op.offset for op in disk.ops if op.what == "acknowledge"), default=0)
        if not (place / "checkpoint.key").exists():
            assert acknowledged == 0
        else:
            with Record.open(place, VirtualClock(DAY), wall_s=WallClock()) as opened:
                assert opened._log.seq >= acknowledged
                assert opened.verify().good
        shutil.rmtree(place)
    advice = "the disk is full. Free space" if full else "the disk reported an error. Do not trust a retry"
    assert told
    assert all(advice in text for text in told), told
