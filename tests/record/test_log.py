"""The event log: settings read back, guards, tampering, and what happens when it cannot be written."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pvdctl.clock import VirtualClock
from pvdctl.errors import Bug, RecordError
from pvdctl.record import database
from pvdctl.record.database import Transaction, has_wal_reset_bug, journal_for
from pvdctl.record.event import Event
from pvdctl.record.event import read as read_event
from pvdctl.record.log import SHAPE
from pvdctl.record.opening import TAIL_EVENTS
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.verify import verify
from pvdctl.record.writer_lock import WriterLock
from tests.record.made import begin, leave_without_a_word, note, raw, short_run, tampering

Opened = Callable[..., Record]


def test_the_settings_are_those_asked_for(opened: Opened) -> None:
    record = opened()
    for connection, level in ((record._log.connection, 2), (record._samples.connection, 1)):
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == level
    record.close()


def test_a_setting_that_does_not_take_is_told() -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(RecordError, match="wanted journal mode wal, SQLite stays at memory"):
        database.set_journal(connection, "wal", Path("audit.db"))
    connection.close()


def test_the_rollback_journal_is_extra(tmp_path: Path) -> None:
    connection = database.open_writer(tmp_path / "audit.db", SHAPE, "delete", "FULL")
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 3
    connection.close()


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False),
        ((3, 45, 0), True), ((3, 50, 6), True), ((3, 50, 7), False), ((3, 51, 0), True), ((3, 51, 2), True),
        ((3, 51, 3), False), ((3, 54, 1), False),
    ],
)  # fmt: skip
def test_wal_only_where_it_is_safe(version: tuple[int, int, int], affected: bool) -> None:
    assert has_wal_reset_bug(version) is affected
    assert journal_for(version, alone=True) == "wal"
    assert journal_for(version, alone=False) == ("delete" if affected else "wal")


def test_a_record_has_one_writer(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    with pytest.raises(RecordError, match=r"process \d+ is writing into it"):
        opened()
    record.close()
    opened().close()
    lock = WriterLock(tmp_path / "record")
    assert lock.alone
    lock.release()


GUARDED = [
    "UPDATE event SET body = 'x' WHERE seq = 2",
    "UPDATE OR REPLACE event SET seq = 1 WHERE seq = 2",
    "UPDATE OR IGNORE event SET body = 'x'",
    "DELETE FROM event WHERE seq = 2",
    "DELETE FROM event",
    "INSERT INTO event VALUES (2, '{}', zeroblob(32))",
    "INSERT OR REPLACE INTO event VALUES (2, '{}', zeroblob(32))",
    "REPLACE INTO event VALUES (2, '{}', zeroblob(32))",
    "REPLACE INTO event (rowid, body, tree) VALUES (2, '{}', zeroblob(32))",
    "INSERT OR IGNORE INTO event VALUES (2, '{}', zeroblob(32))",
    "INSERT INTO event VALUES (2, '{}', zeroblob(32)) ON CONFLICT DO UPDATE SET body = 'x'",
    "INSERT INTO event VALUES (2, '{}', zeroblob(32)) ON CONFLICT DO NOTHING",
    "INSERT INTO event VALUES (99, '{}', zeroblob(32))",
    "INSERT INTO event VALUES (NULL, '{}', zeroblob(32))",
    "INSERT INTO event VALUES (-1, '{}', zeroblob(32))",
]


@pytest.mark.parametrize("statement", GUARDED)
def test_accidents_are_stopped(opened: Opened, tmp_path: Path, statement: str) -> None:
    record = opened()
    record.append([note(1), note(2)])
    record.close()
    connection = raw(tmp_path / "record")
    before = connection.execute("SELECT * FROM event ORDER BY seq").fetchall()
    assert len(before) == 4
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(statement)
    assert connection.execute("SELECT * FROM event ORDER BY seq").fetchall() == before
    connection.close()


CHUNK = "VALUES ('{run}', 1, 1, 0, 0, zeroblob(32), zeroblob(8))"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chunk SET data = zeroblob(8)",
        "DELETE FROM chunk",
        "INSERT OR REPLACE INTO chunk " + CHUNK,
        "REPLACE INTO chunk " + CHUNK,
        "INSERT OR IGNORE INTO chunk " + CHUNK,
        "INSERT INTO chunk " + CHUNK + " ON CONFLICT DO UPDATE SET rows = 9",
    ],
)
def test_samples_are_guarded_alike(opened: Opened, tmp_path: Path, statement: str) -> None:
    record = opened()
    run = short_run(record)
    record.close()
    connection = raw(tmp_path / "record", "samples.db")
    before = connection.execute("SELECT * FROM chunk").fetchall()
    assert len(before) == 1
    with pytest.raises(sqlite3.IntegrityError, match="only grow"):
        connection.execute(statement.format(run=run))
    assert connection.execute("SELECT * FROM chunk").fetchall() == before
    connection.close()


def test_a_missing_guard_is_told_at_opening(opened: Opened, tmp_path: Path) -> None:
    opened().close()
    connection = raw(tmp_path / "record")
    connection.execute("DROP TRIGGER event_only_next")
    connection.execute("DROP INDEX landmark")
    connection.close()
    with pytest.raises(RecordError, match="was altered: event_only_next, landmark missing"):
        opened()


TAMPERING = {
    "edited": (["UPDATE event SET body = replace(body, 'note 4', 'note 9') WHERE seq = 4"], 4, "does not fit"),
    "one byte": (["UPDATE event SET body = body || ' ' WHERE seq = 6"], 6, "does not fit"),
    "hash edited": (["UPDATE event SET tree = zeroblob(32) WHERE seq = 5"], 5, "does not fit"),
    "deleted": (["DELETE FROM event WHERE seq = 5"], 5, "event 5 is missing"),
    "first deleted": (["DELETE FROM event WHERE seq = 1"], 1, "event 1 is missing"),
    "deleted and closed up": (
        ["DELETE FROM event WHERE seq = 5", "UPDATE event SET seq = seq - 1 WHERE seq > 5"], 5, "does not fit",
    ),
    "inserted": (
        ["UPDATE event SET seq = -seq - 1 WHERE seq >= 5", "UPDATE event SET seq = -seq WHERE seq < 0",
         "INSERT INTO event SELECT 5, body, tree FROM event WHERE seq = 4"], 5, "does not fit",
    ),
    "exchanged": (
        ["UPDATE event SET seq = 100 WHERE seq = 4", "UPDATE event SET seq = 4 WHERE seq = 5",
         "UPDATE event SET seq = 5 WHERE seq = 100"], 4, "does not fit",
    ),
    "appended": (["INSERT INTO event SELECT seq + 1, body, tree FROM event WHERE seq = 9"], 10, "does not fit"),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERING)
def test_the_first_bad_event_is_found(opened: Opened, tmp_path: Path, how: str) -> None:
    statements, bad_seq, words = TAMPERING[how]
    record = opened()
    record.append([note(number) for number in range(2, 9)])
    assert record.verify().good
    record.close()
    with tampering(tmp_path / "record") as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
    with RecordReader.open(tmp_path / "record") as reader:
        verdict = verify(reader)
    assert verdict.bad_seq == bad_seq
    assert words in verdict.problems[0]
    assert verdict.events == bad_seq - 1
    with pytest.raises(RecordError, match=rf"not what was written: event {bad_seq} .*start a new record"):
        opened()


def test_an_event_that_cannot_be_expressed_harms_nothing(opened: Opened) -> None:
    record = opened()
    bad = Event("note", "x", "y", data={"bad": object()}, at_s=0.0)
    with pytest.raises(Bug):
        record.append([note(1), bad])
    record.append([note(2)])
    assert record.failed == ""
    assert record._log.seq == 2
    assert record.verify().good
    record.close()


def test_events_of_one_call_are_all_or_none(opened: Opened) -> None:
    record = opened()
    record._log.connection.execute("PRAGMA max_page_count=16")
    filling = [Event("note", "x", "y" * 3000, at_s=0.0) for _ in range(3)]
    kept = 0

    def fill() -> None:
        nonlocal kept
        for _ in range(30):
            record.append(filling)
            kept += len(filling)

    with pytest.raises(RecordError, match=r"audit\.db cannot be written: .*SQLITE_FULL.*the disk is full"):
        fill()
    assert kept > 0
    assert record._log.connection.execute("SELECT count(*) FROM event").fetchone()[0] == kept + 1
    record.close()


def test_a_failed_commit_is_final_and_the_record_stays_readable(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    run = begin(record)
    record.append([note(1)])
    record._log.connection.execute("PRAGMA query_only=ON")
    with pytest.raises(RecordError, match="read-only"):
        record.append([note(2)])
    record._log.connection.execute("PRAGMA query_only=OFF")  # as if the disk had recovered
    with pytest.raises(RecordError, match="read-only"):
        record.append([note(3)])
    assert "read-only" in record.failed
    with RecordReader.open(tmp_path / "record") as reader:
        assert [event.text for event in reader.events(run)][1:] == ["note 1"]
        assert reader.run(run).end_state == "unfinished"
    record.close()
    again = opened()
    assert again.interrupted == (run,)
    again.append([note(4)])
    assert again.verify().good
    again.close()


def test_failing_samples_leave_the_log_at_work(opened: Opened) -> None:
    record = opened()
    run = begin(record)
    record._samples.connection.execute("PRAGMA query_only=ON")
    for number in range(600):
        record.sample(number * 0.1, (0.0, 0.0, 6))
    with pytest.raises(RecordError, match=r"samples .*samples\.db cannot be written"):
        record.sample(60.0, (0.0, 0.0, 6))
    with pytest.raises(RecordError, match="cannot be written"):
        record.sample(80.0, (0.0, 0.0, 6))
    assert "samples" in record.failed
    record.append([note(1)])
    record.end_run("Aborted", "the samples cannot be written", {})
    assert record._reader.run(run).end_state == "Aborted"
    record.close()


def test_events_may_come_from_several_threads(opened: Opened) -> None:
    record = opened()

    def write() -> None:
        for number in range(40):
            record.append([note(number)])

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30.0)
    assert record._log.seq == 1 + 160
    assert record.verify().good
    record.close()


def test_a_program_killed_while_making_the_files_does_no_harm(tmp_path: Path, opened: Opened) -> None:
    directory = tmp_path / "record"
    directory.mkdir()
    (directory / "audit.db").touch()
    (directory / "samples.db").touch()
    record = opened()
    assert short_run(record)
    assert record.verify().good
    record.close()


def test_another_programs_database_is_left_alone(tmp_path: Path, opened: Opened) -> None:
    directory = tmp_path / "record"
    directory.mkdir()
    connection = raw(directory)
    connection.execute("CREATE TABLE wine (year INTEGER)")
    connection.close()
    with pytest.raises(RecordError, match="is not a pvdctl record"):
        opened()
    connection = raw(directory)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("wine",)]
    connection.execute("DROP TABLE wine")
    connection.close()


def test_a_newer_layout_is_refused(opened: Opened, tmp_path: Path) -> None:
    opened().close()
    connection = raw(tmp_path / "record")
    connection.execute("PRAGMA user_version=3")
    connection.close()
    with pytest.raises(RecordError, match="has layout 3, this pvdctl knows layout 2"):
        opened()


def test_boot_and_shutdown_tell_what_went_before(opened: Opened, clock: VirtualClock, tmp_path: Path) -> None:
    record = opened()
    head = record._log.seq
    record.close()
    record = opened()
    leave_without_a_word(record)
    record = opened()
    connection = record._log.connection
    boots = [read_event(body) for (body,) in connection.execute("SELECT body FROM event ORDER BY seq")]
    boots = [event for event in boots if event.kind == "boot"]
    assert [event.data["previous"]["in_order"] for event in boots if event.data] == [True, True, False]
    assert [event.data["previous"]["seq"] for event in boots if event.data] == [0, head + 1, head + 2]
    assert "ended without a word" in boots[2].text
    assert [event.boot for event in boots] == [event.seq for event in boots]
    assert boots[0].data is not None
    assert boots[1].data is not None
    assert len(boots[0].data["record_id"]) == 32
    assert boots[0].data["sqlite"]["journal"] == "wal"
    assert boots[0].data["clock"] == "virtual"
    record.close()


def test_after_an_end_without_a_word_the_whole_log_is_checked(opened: Opened, tmp_path: Path) -> None:
    """After an end in good order only the newest thousand: opening must not take longer with each year of use."""
    record = opened()
    record.append([note(number) for number in range(2, TAIL_EVENTS + 50)])
    record.close()
    with tampering(tmp_path / "record") as connection:
        connection.execute("UPDATE event SET body = replace(body, 'note 3', 'note 4') WHERE seq = 3")
    record = opened()
    assert not record.verify().good
    leave_without_a_word(record)
    with pytest.raises(RecordError, match="event 3 does not fit"):
        opened()


def test_a_transaction_leaves_nothing_half_done() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE t (x INTEGER)")

    def interrupted() -> None:
        with Transaction(connection):
            connection.execute("INSERT INTO t VALUES (1)")
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert not connection.in_transaction
    assert connection.execute("SELECT count(*) FROM t").fetchone()[0] == 0
    connection.close()
