"""Runs: their ids, their heads, their ends, their fingerprints."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pvdctl.clock import VirtualClock
from pvdctl.errors import Bug, OperatorError, RecordError
from pvdctl.record.event import Event
from pvdctl.record.place import default_directory, new_run_id
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from tests.record.made import COLUMNS, WallClock, begin, leave_without_a_word, note, raw, sha256, short_run

Opened = Callable[..., Record]


def test_a_run_tells_all_about_itself(opened: Opened, tmp_path: Path, clock: VirtualClock) -> None:
    record = opened()
    clock.now_s = 100.0
    run = begin(record, sample_id="A-17", note="first try")
    clock.now_s = 400.0
    result = {
        "layers": [{"name": "zn", "true_nm": 300.1}],
        "scans": 3000,
        "wall_s": 0.2,
        "real_time_factor": 1500.0,
        "record": str(tmp_path),
    }
    record.append([Event("layer", "zn", "made", data={"name": "zn"}, at_s=390.0)])
    record.end_run("Complete", "as asked", result)
    record.close()
    with RecordReader.open(tmp_path / "record") as reader:
        found = reader.run(run)
        assert reader.runs() == [found]
        assert (found.recipe, found.recipe_version, found.chamber) == ("LZLN", "1", "provap")
        assert (found.operator, found.sample_id, found.simulated, found.seed) == ("marie", "A-17", True, 1)
        assert (found.end_state, found.end_reason, found.duration_s) == ("Complete", "as asked", 300.0)
        assert found.started_utc == "2026-11-22T08:01:40.000+00:00"
        assert found.ended_utc == "2026-11-22T08:06:40.000+00:00"
        assert found.start["recipe"]["text"] == "steps: []\n"
        assert found.start["chamber"]["sha256"] == sha256("volume: 70 l\n")
        assert found.start["identities"] == {"monitor": "SQC-310 V. 6.40"}
        assert found.start["versions"]["pvdctl"]
        assert found.start["note"] == "first try"
        assert found.columns == [("at_s", "s"), *COLUMNS]
        assert found.result == {key: value for key, value in result.items() if key != "record"}
        assert reader.layers(run) == [{"name": "zn", "true_nm": 300.1}]
        assert reader.exposures(run) == []
        assert [event.kind for event in reader.events(run)] == ["run_start", "layer", "run_end"]


def test_run_ids_are_unique_and_count_within_the_day(opened: Opened, clock: VirtualClock) -> None:
    record = opened()
    runs = [short_run(record), short_run(record)]
    clock.now_s = 24 * 3600.0
    runs.append(short_run(record))
    record.close()
    record = opened()
    runs.append(short_run(record))
    assert runs == ["20261122-0001-lzln", "20261122-0002-lzln", "20261123-0001-lzln", "20261123-0002-lzln"]
    assert [run.run for run in record._reader.runs()] == runs
    record.close()


@pytest.mark.parametrize(
    ("recipe", "word"),
    [
        ("LZLN", "lzln"),
        ("Zn, then Li + N₂", "zn-then-li-n"),
        ("…", "run"),
        ("../../etc", "etc"),
        ("a" * 40, "a" * 24),
        ('x"y', "x-y"),
    ],
)
def test_run_ids_are_safe_names(recipe: str, word: str) -> None:
    utc = datetime(2026, 11, 22, tzinfo=UTC)
    assert new_run_id(utc, recipe, [], 0) == f"20261122-0001-{word}"
    assert new_run_id(utc, recipe, [f"20261122-0001-{word}"], 0) == f"20261122-0002-{word}"


def test_a_run_is_found_by_part_of_its_name(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    with pytest.raises(OperatorError, match=r"no run in .* yet"):
        record._reader.run("last")
    first, second = short_run(record), short_run(record)
    reader = record._reader
    assert reader.run("0001").run == first
    assert reader.run(second).run == second
    assert reader.run("last").run == second
    with pytest.raises(OperatorError, match=r"'lzln' fits 2 runs: 20261122-0001-lzln, 20261122-0002-lzln"):
        reader.run("lzln")
    with pytest.raises(OperatorError, match=r"there is no run '20261122-0003-lzln'.*There is: 20261122-000"):
        reader.run("20261122-0003-lzln")
    record.close()


def test_runs_follow_one_another(opened: Opened) -> None:
    record = opened()
    with pytest.raises(Bug, match="no run is open"):
        record.end_run("Complete", "", {})
    run = begin(record)
    with pytest.raises(Bug, match=f"run {run} is still open"):
        begin(record)
    record.end_run("Stopped", "", {})
    with pytest.raises(Bug, match="recipe's text has SHA-256"):
        begin(record, recipe_text="other")
    with pytest.raises(Bug, match="different names"):
        begin(record, columns=(("film", "nm"), ("film", "nm")))
    with pytest.raises(Bug, match="different names"):
        begin(record, columns=(("at_s", "s"),))
    assert record.run == ""
    record.close()


def fingerprint(
    directory: Path, *, started: datetime, runs_before: int = 0, wall_step_s: float = 0.0, value: float = 0.05
) -> str:
    clock, wall = VirtualClock(started), WallClock()
    with Record.open(directory, clock, wall_s=wall) as record:
        for _ in range(runs_before):
            short_run(record)
        run = begin(record)
        for number in range(1500):
            clock.now_s = number * 0.1
            wall.now_s += wall_step_s
            record.sample(clock.now_s, (number * value, 0.0, 6))
            if number % 100 == 0:
                record.append([note(number, clock.now_s), note(number + 1, clock.now_s)])
        record.end_run(
            "Complete", "", {"scans": 1500, "wall_s": wall.now_s, "real_time_factor": 1.0, "record": str(directory)}
        )
        return record.run_sha256(run)


def test_the_same_run_has_the_same_fingerprint(tmp_path: Path) -> None:
    """Other directory, other day, other speed, other runs before it: nothing of that is what happened in the run."""
    day = datetime(2026, 11, 22, tzinfo=UTC)
    first = fingerprint(tmp_path / "a", started=day)
    assert first == fingerprint(tmp_path / "b", started=day + timedelta(days=40, seconds=1.5))
    assert first == fingerprint(tmp_path / "c", started=day, runs_before=2)
    assert first == fingerprint(tmp_path / "d", started=day, wall_step_s=0.1)
    assert first == fingerprint(tmp_path / "a", started=day)
    assert first != fingerprint(tmp_path / "e", started=day, value=0.05000001)


def test_any_event_changes_the_fingerprint(opened: Opened) -> None:
    record = opened()
    values = set()
    for extra in ([], [note(7)], [note(8)], [Event("note", "test", "note 8", new=8, why="so", at_s=0.0)]):
        run = begin(record)
        record.append(extra)
        record.end_run("Complete", "", {})
        values.add(record.run_sha256(run))
    assert len(values) == 4
    record.close()


def test_a_run_that_goes_on_has_no_fingerprint_yet(opened: Opened) -> None:
    record = opened()
    run = begin(record)
    with pytest.raises(RecordError, match="has not ended"):
        record.run_sha256(run)
    record.end_run("Complete", "", {})
    assert len(record.run_sha256(run)) == 64
    record.close()


def test_a_run_left_open_is_closed_with_what_is_known(opened: Opened, wall: WallClock, clock: VirtualClock) -> None:
    record = opened()
    run = begin(record)
    for number in range(100):
        wall.now_s += 0.1
        record.sample(number * 0.1, (number * 0.5, 12.25, 6))
    record.append([Event("state", "unit", "holds", new="Held", state="Held", at_s=9.9)])
    leave_without_a_word(record)
    with RecordReader.open(record.directory) as reader:
        assert reader.run(run).end_state == "unfinished"
        assert reader.run(run).duration_s is None
        assert len(reader.samples(run, ["film"])["film"]) > 80
    clock.now_s = 0.0
    record = opened()
    assert record.interrupted == (run,)
    found = record._reader.run(run)
    assert found.end_state == "Interrupted"
    last = found.result["last"]
    assert last["film"] >= 42.5
    assert f"film {last['film']:.4g} nm, dose 12.25 mbar s" in found.end_reason
    assert found.result["last_state"] == "Held"
    assert found.duration_s == 9.9
    assert record.run_sha256(run)
    assert record.verify().good
    following = short_run(record)
    assert record._reader.run(following).end_state == "Complete"
    record.close()
    record = opened()
    assert record.interrupted == ()
    record.close()


def test_a_run_left_open_without_a_sample(opened: Opened) -> None:
    record = opened()
    run = begin(record)
    record.close()  # in good order but for the run: that is a program that gave up, not one that ended
    record = opened()
    assert record.interrupted == (run,)
    assert "no sample was kept" in record._reader.run(run).end_reason
    record.close()


def test_damaged_rows_left_by_a_crash_are_told(opened: Opened, wall: WallClock, tmp_path: Path) -> None:
    record = opened()
    run = begin(record)
    for number in range(40):
        wall.now_s += 0.1
        record.sample(number * 0.1, (1.0, 0.0, 6))
    leave_without_a_word(record)
    connection = raw(tmp_path / "record", "samples.db")
    assert connection.execute("UPDATE tail SET data = substr(data, 2) WHERE id = 1").rowcount == 1
    connection.close()
    with pytest.raises(RecordError, match=f"last rows of run {run} are damaged"):
        opened()


def test_a_closed_record_is_two_plain_files(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    run = short_run(record)
    assert (tmp_path / "record" / "audit.db-wal").exists()
    record.close()
    left = ["audit.db", "checkpoint.key", "checkpoint.pub", "record.lock", "samples.db"]
    assert sorted(path.name for path in (tmp_path / "record").iterdir()) == left
    with RecordReader.open(tmp_path / "record") as reader:
        assert reader.run(run).end_state == "Complete"
    assert sorted(path.name for path in (tmp_path / "record").iterdir()) == left


def test_a_reader_sees_the_writer_at_work(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    with RecordReader.open(tmp_path / "record") as reader:
        run = begin(record)
        record.append([note(1)])
        assert reader.run("last").end_state == "unfinished"
        assert [event.text for event in reader.events(run, ("note",))] == ["note 1"]
        record.append([note(2)])
        assert len(reader.events(run, ("note",))) == 2
        record.end_run("Complete", "", {})
        assert reader.run(run).end_state == "Complete"
        record.close()  # while somebody is looking
        assert reader.run(run).end_state == "Complete"
    opened().close()


def test_a_reader_changes_nothing(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    short_run(record)
    record.close()
    before = {path.name: path.read_bytes() for path in (tmp_path / "record").iterdir()}
    with RecordReader.open(tmp_path / "record") as reader:
        assert reader.runs()
        assert reader.samples("last")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.event_file.execute("DELETE FROM event")
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "record").iterdir()}


def test_no_record_there(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no record in .*: audit\.db is missing"):
        RecordReader.open(tmp_path)
    (tmp_path / "audit.db").write_text("this is no database, but long enough to be looked at as if it were one " * 4)
    with pytest.raises(RecordError, match="not an SQLite file"):
        RecordReader.open(tmp_path)


def test_a_file_in_the_way(tmp_path: Path, clock: VirtualClock) -> None:
    (tmp_path / "record").write_text("not a directory")
    with pytest.raises(RecordError, match=r"cannot be opened for writing.*name another with --record"):
        Record.open(tmp_path / "record", clock)


UNPRIVILEGED = """
import os, sys
from pathlib import Path
directory = Path(sys.argv[1])
from pvdctl.clock import VirtualClock
from pvdctl.errors import RecordError
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
import sqlite3, rfc8785
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    Record.open(directory, VirtualClock())
except RecordError as error:
    print("refused:", error)
with RecordReader.open(directory) as reader:
    print("read:", reader.run("last").end_state, len(reader.samples("last")["at_s"]))
"""


def test_a_read_only_disk_is_told_and_still_readable(opened: Opened, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("disk")
    record = opened(directory)
    short_run(record)
    record.close()
    for path in directory.iterdir():
        path.chmod(0o444)
    directory.chmod(0o555)
    parents = [path for path in directory.parents if path.stat().st_mode & 0o005 != 0o005]
    modes = [path.stat().st_mode for path in parents]
    try:
        for path in parents:
            path.chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", UNPRIVILEGED, str(directory)], capture_output=True, text=True, timeout=60
        )
    finally:
        for path, mode in zip(parents, modes, strict=True):
            path.chmod(mode)
        directory.chmod(0o755)
    assert "refused: record" in done.stdout, done.stderr
    assert "cannot be opened for writing" in done.stdout
    assert "read: Complete 20" in done.stdout, done.stderr


def test_where_records_go_by_default() -> None:
    assert default_directory({"XDG_DATA_HOME": "/data"}) == Path("/data/pvdctl/record")
    assert default_directory({"XDG_DATA_HOME": "relative"}) == Path.home() / ".local/share/pvdctl/record"
    assert default_directory({}) == Path.home() / ".local/share/pvdctl/record"
