"""What is looked at before a record is written to, who is at work, and what the clock does."""

import os
import pwd
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pvdctl.clock import RealClock, VirtualClock
from pvdctl.errors import OperatorError, RecordError
from pvdctl.record import writer_lock
from pvdctl.record.clock_watch import ClockWatch
from pvdctl.record.event import read
from pvdctl.record.host import NETWORK_FILE_SYSTEMS, clock_state, file_system, os_user
from pvdctl.record.note import Checkpoint
from pvdctl.record.record import Record
from tests.record.made import WallClock, begin, leave_without_a_word, note, raw, short_run, tampering

Opened = Callable[..., Record]

MOUNTS = """21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 21 0:40 / /home rw shared:2 - nfs4 server:/home rw
31 30 254:2 / /home/local\\040disk rw - xfs /dev/vdb rw
32 21 0:41 / /mnt rw - ext4 /dev/vdc rw
33 21 0:42 / /mnt rw - fuse.sshfs a: rw
"""


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/var/lib/pvdctl", "ext4"), ("/home/marie", "nfs4"), ("/homes", "ext4"), ("/home/local disk/x", "xfs"),
        ("/mnt/x", "fuse.sshfs"), ("/", "ext4"),
    ],
)  # fmt: skip
def test_the_file_system_of_a_directory(tmp_path: Path, directory: str, kind: str) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTS)
    assert file_system(Path(directory), table) == kind
    assert file_system(Path(directory), tmp_path / "none") == ""


@pytest.mark.parametrize("kind", sorted(NETWORK_FILE_SYSTEMS))
def test_network_file_systems_are_refused(
    kind: str, tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_lock, "file_system", lambda directory: kind)
    with pytest.raises(RecordError, match=f"network file system .{kind}.*Keep the record on a local disk"):
        opened()
    assert not (tmp_path / "record").exists()


def test_the_opening_tells_about_the_machine(opened: Opened) -> None:
    record = opened()
    boot = read(record._log.connection.execute("SELECT body FROM event WHERE seq = 1").fetchone()[0])
    assert boot.data is not None
    assert boot.data["user"] == os_user()
    assert boot.data["file_system"] == file_system(record.directory)
    assert boot.data["clock"] == "virtual"
    assert boot.data["key"] == (record.directory / "checkpoint.pub").read_text().strip()
    record.close()


def test_who_is_at_work() -> None:
    name = pwd.getpwuid(os.getuid()).pw_name
    assert os_user({}) == name
    expected = f"{name} (sudo by marie)" if os.getuid() == 0 else name
    assert os_user({"SUDO_USER": "marie"}) == expected
    assert os_user({"SUDO_USER": name}) == name


def test_the_clock_says_whether_it_is_disciplined() -> None:
    assert clock_state() in ("synchronised", "free-running", "unknown")
    assert ClockWatch(RealClock()).state() == clock_state()


class Clock:
    """Both times set by hand."""

    def __init__(self) -> None:
        self.now_s = 10.0
        self.calendar = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def utc(self) -> datetime:
        return self.calendar

    def go(self, seconds: float, calendar_s: float) -> None:
        self.now_s += seconds
        self.calendar += timedelta(seconds=calendar_s)


def test_jumps_of_the_calendar_are_events(tmp_path: Path) -> None:
    clock = Clock()
    with Record.open(tmp_path, clock, wall_s=WallClock()) as record:
        for seconds, calendar_s in ((60, 60.9), (60, 60.0), (1, -3600), (5, 5.05), (1, 3601)):
            clock.go(seconds, calendar_s)
            record.append([note()])
        rows = record._log.connection.execute("SELECT body FROM event ORDER BY seq").fetchall()
    events = [read(body) for (body,) in rows]
    kinds = [event.kind for event in events]
    assert kinds == ["boot", "note", "note", "clock", "note", "note", "clock", "note"]
    first, second = (event for event in events if event.kind == "clock")
    assert first.new == pytest.approx(-3600.1, abs=0.01)
    assert "jumped by -3600.100 s" in first.text
    assert second.new == pytest.approx(3600.05, abs=0.01)
    assert first.utc == "2026-11-22T07:02:00.900+00:00"


def sizes(record: Record) -> list[int]:
    rows = record._log.connection.execute("SELECT size, note FROM checkpoint ORDER BY size").fetchall()
    assert all(Checkpoint.read(text).size == size for size, text in rows)
    return [size for size, _ in rows]


def test_when_checkpoints_are_written(opened: Opened, wall: WallClock) -> None:
    record = opened()
    assert sizes(record) == [1]
    record.append([note(number) for number in range(255)])
    assert sizes(record) == [1]
    record.append([note()])
    assert sizes(record) == [1, 257]
    run = begin(record)
    record.append([note()])
    record.end_run("Complete", "", {})
    assert sizes(record) == [1, 257, 258, 260]
    record.sign(run, "reviewed", "all well", "marie")
    assert sizes(record)[-1] == 261
    record.append([note()])
    wall.now_s += 59.0
    record.keep()
    assert sizes(record)[-1] == 261
    wall.now_s += 1.5
    record.keep()
    assert sizes(record)[-1] == 262
    record.keep()
    wall.now_s += 100.0
    record.append([note()])
    assert sizes(record)[-1] == 263
    record.append([note()])
    begin(record)
    record.append([note()])
    record.close()  # with a run open: no shutdown event, but signed all the same
    record = opened()
    assert sizes(record)[-4:] == [265, 266, 267, 268]
    record.close()
    connection = raw(record.directory)
    assert connection.execute("SELECT max(seq) - (SELECT max(size) FROM checkpoint) FROM event").fetchone() == (0,)
    connection.close()


def test_signatures(opened: Opened) -> None:
    record = opened()
    run = short_run(record)
    signed = record.sign("last", "approved", "looked at the plots", "marie")
    assert signed == record.run_sha256(run)
    record.sign(run, "rejected", "the film peeled", "irene")
    (approved, rejected) = record._reader.signatures(run)
    assert (approved.actor, approved.why, approved.subject) == ("marie", "looked at the plots", run)
    assert approved.data is not None
    assert approved.data["meaning"] == "approved"
    assert approved.data["record_sha256"] == signed
    assert rejected.data is not None
    assert rejected.data["meaning"] == "rejected"
    assert record._reader.signatures("another") == []
    assert record._reader.run(run).end_state == "Complete"
    assert record.verify().good
    for reason in ("", "  "):
        with pytest.raises(OperatorError, match="needs a reason"):
            record.sign(run, "reviewed", reason, "marie")
    with pytest.raises(OperatorError, match="there is no run"):
        record.sign("nothing", "reviewed", "x", "marie")
    begin(record)
    with pytest.raises(RecordError, match="has not ended"):
        record.sign("last", "reviewed", "x", "marie")
    record.close()


def test_after_a_crash_both_files_are_looked_through(opened: Opened) -> None:
    record = opened()
    short_run(record, 1900)
    leave_without_a_word(record)
    connection = raw(record.directory, "samples.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    path = record.directory / "samples.db"
    content = bytearray(path.read_bytes())
    content[16384:16484] = bytes(100)  # the head of the second page
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"samples\.db is damaged|malformed"):
        opened()


def test_a_record_without_its_key_is_not_written_to(opened: Opened) -> None:
    record = opened()
    run = short_run(record)
    record.close()
    key = (record.directory / "checkpoint.key").read_text()
    (record.directory / "checkpoint.key").unlink()
    with pytest.raises(RecordError, match=r"the key checkpoint\.key is missing"):
        opened()
    (record.directory / "checkpoint.key").write_text(key)
    (record.directory / "checkpoint.key").chmod(0o600)
    record = opened()
    assert record._reader.run(run).end_state == "Complete"
    record.close()


def test_the_opening_finds_a_forged_checkpoint(opened: Opened) -> None:
    opened().close()
    record = opened()
    record.close()
    with tampering(record.directory) as connection:
        connection.execute("UPDATE checkpoint SET note = replace(note, 'pvdctl', 'Pvdctl') WHERE size = 1")
    with pytest.raises(RecordError, match="is not what was written: the checkpoint at event 1"):
        opened()


def test_a_virtual_clock_never_jumps() -> None:
    clock = VirtualClock()
    watch = ClockWatch(clock)
    for now_s in (0.1, 3600.0, 1e6):
        clock.now_s = now_s
        assert watch.look(clock.utc()) is None
