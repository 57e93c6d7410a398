"""Backups: taken while the record is written to, as of one moment, and read back."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pvdctl.clock import VirtualClock
from pvdctl.errors import OperatorError, RecordError
from pvdctl.record import record as record_module
from pvdctl.record.backup import back_up, behind, read_back
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from tests.record.made import begin, note, short_run, tampering

Opened = Callable[..., Record]


def test_a_copy_of_a_closed_record(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    run = short_run(record, 700)
    record.close()
    with RecordReader.open(record.directory) as reader:
        copy = back_up(reader, tmp_path / "deep" / "copy")
        assert (copy.seq, copy.runs, copy.samples, copy.verdict.good) == (record._log.seq, 1, 700, True)
        assert behind_of(tmp_path / "deep" / "copy", reader) == 0
        names = sorted(path.name for path in copy.directory.iterdir())
        assert names == ["audit.db", "checkpoint.pub", "samples.db"], "the private key stays at home"
        with pytest.raises(OperatorError, match="is not empty"):
            back_up(reader, copy.directory)
    with RecordReader.open(copy.directory) as restored:
        assert restored.run(run).end_state == "Complete"
        assert list(restored.samples(run, ["film"])["film"])[:2] == [0.0, 0.05]
    with pytest.raises(RecordError, match=r"the key checkpoint\.key is missing"):
        opened(copy.directory)


def behind_of(directory: Path, live: RecordReader) -> int:
    with RecordReader.open(directory) as copy:
        return behind(copy, live)


def test_copies_while_a_run_goes_on(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    stop = threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        try:
            number = 0
            while not stop.is_set():
                begin(record)
                for _ in range(40):
                    record.append([note(number)])
                    for _ in range(60):
                        record.sample(number * 0.1, (number * 0.5, 0.0, 6))
                        number += 1
                record.end_run("Complete", "", {})
        except BaseException as error:
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(12):
            with RecordReader.open(record.directory) as reader:
                copy = back_up(reader, tmp_path / f"copy{number}")
                assert copy.verdict.good, copy.verdict.problems
                assert behind_of(copy.directory, reader) >= 0
    finally:
        stop.set()
        writer.join(timeout=60.0)
    assert failures == []
    record.close()


def test_a_copy_that_went_bad_is_told(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    short_run(record, 700)
    record.close()
    with RecordReader.open(record.directory) as reader:
        back_up(reader, tmp_path / "copy")
    with tampering(tmp_path / "copy", "samples.db") as connection:
        connection.execute("UPDATE chunk SET data = zeroblob(length(data)) WHERE number = 1")
    assert "do not fit their hash" in " ".join(read_back_problems(tmp_path / "copy"))
    path = tmp_path / "copy" / "audit.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:-4096])
    assert read_back_problems(tmp_path / "copy")
    path.write_bytes(whole)
    (tmp_path / "copy" / "samples.db").unlink()
    with pytest.raises(RecordError, match=r"samples\.db is missing"):
        read_back(tmp_path / "copy")


def read_back_problems(directory: Path) -> tuple[str, ...]:
    try:
        return read_back(directory).verdict.problems
    except RecordError as error:
        return (str(error),)


def test_a_copy_of_another_record_is_told(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    record.append([note(number) for number in range(20)])
    record.close()
    with Record.open(tmp_path / "other", VirtualClock()) as other:
        other.append([note(1)])
    with RecordReader.open(record.directory) as reader, RecordReader.open(tmp_path / "other") as another:
        back_up(reader, tmp_path / "copy")
        with pytest.raises(RecordError, match="is not the continuation of the copy"):
            behind_of(tmp_path / "copy", another)


def test_a_rollback_journal_is_not_held_up(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_module, "journal_for", lambda version, alone: "delete")
    record = opened()
    short_run(record)
    with RecordReader.open(record.directory) as reader:
        with pytest.raises(RecordError, match="Back it up when pvdctl is closed"):
            back_up(reader, tmp_path / "copy")
        record.close()
        shutil.rmtree(tmp_path / "copy")
        assert back_up(reader, tmp_path / "copy").verdict.good


def test_a_place_that_cannot_be_written(opened: Opened, tmp_path: Path) -> None:
    opened().close()
    (tmp_path / "file").write_text("")
    with RecordReader.open(tmp_path / "record") as reader:
        with pytest.raises(RecordError, match=r"backup to .* failed"):
            back_up(reader, tmp_path / "file" / "copy")
        with pytest.raises(OperatorError, match="is not empty"):
            back_up(reader, tmp_path / "file")
