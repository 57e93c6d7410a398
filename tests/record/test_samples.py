"""Samples: what goes in comes out, by any path, and a crash costs a moment."""

import math
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.errors import Bug, OperatorError, RecordError
from pvdctl.record.chunk import by_column, pack, unpack
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.verify import run_sha256, verify
from tests.record.made import WallClock, begin, leave_without_a_word, short_run, tampering

Opened = Callable[..., Record]

tables = st.integers(1, 6).flatmap(
    lambda width: st.lists(
        st.lists(st.sampled_from([0.0, 1.0, -0.0]) | st.floats(), min_size=width, max_size=width),
        min_size=1,
        max_size=40,
    )
)


def same(left: Sequence[float], right: Sequence[float]) -> bool:
    """Equal, NaN to NaN."""
    return len(left) == len(right) and all(
        a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(left, right, strict=True)
    )


@given(tables)
def test_a_block_gives_back_every_bit(rows: list[list[float]]) -> None:
    width = len(rows[0])
    by_row = array("d", [value for row in rows for value in row]).tobytes()
    block = pack(by_row, width)
    for columns in (unpack(block, range(width)), by_column(by_row, width, range(width))):
        for number, column in enumerate(columns):
            assert column.tobytes() == array("d", [row[number] for row in rows]).tobytes()
    assert unpack(block, (width - 1,))[0].tobytes() == array("d", [row[-1] for row in rows]).tobytes()


def test_the_block_is_laid_out_as_written() -> None:
    """Two rows of three columns, the middle one constant; spelled out, so that others can read the files."""
    block = pack(array("d", [0.0, 7.0, 1.0, 0.1, 7.0, 2.0]).tobytes(), 3)
    assert block[:11] == bytes([2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 1])
    assert array("d", block[11:]) == array("d", [0.0, 0.1, 7.0, 1.0, 2.0])


@pytest.mark.parametrize("damage", [lambda b: b[:5], lambda b: b[:-1], lambda b: b + b"\0", lambda b: b"\xff" + b[1:]])
def test_a_damaged_block_is_told(damage: Callable[[bytes], bytes]) -> None:
    block = pack(array("d", range(12)).tobytes(), 3)
    with pytest.raises(RecordError, match="damaged"):
        unpack(damage(block), (0, 2))
    with pytest.raises(RecordError, match="damaged"):
        unpack(block, (3,))


def test_rows_come_back_by_column(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    run = begin(record)
    rows = [(number * 0.1, (number * 0.05, math.sin(number), number % 17)) for number in range(1900)]
    for at_s, row in rows:
        record.sample(at_s, row)
    record.end_run("Complete", "", {})
    record.close()
    with RecordReader.open(tmp_path / "record") as reader:
        columns = reader.samples(run)
        assert list(columns) == ["at_s", "film", "dose", "state"]
        assert list(columns["at_s"]) == [at_s for at_s, _ in rows]
        for number, name in enumerate(("film", "dose", "state")):
            assert list(columns[name]) == [row[number] for _, row in rows]
        assert reader.samples(run, ["dose"]) == {"dose": columns["dose"]}
        chunks = [event.data for event in reader.events(run, ("sample_chunk",)) if event.data]
        assert [chunk["rows"] for chunk in chunks] == [600, 600, 600, 100]
        assert [chunk["number"] for chunk in chunks] == [1, 2, 3, 4]
        with pytest.raises(OperatorError, match=r"no column 'flim'\. There is: film"):
            reader.samples(run, ["flim"])


def test_unknown_is_nan_and_yes_is_one(opened: Opened) -> None:
    record = opened()
    run = begin(record)
    record.sample(0.0, (None, float("nan"), True))
    record.sample(0.1, (1.0, 2, False))
    record.end_run("Complete", "", {})
    columns = record._reader.samples(run)
    assert same(columns["film"], [math.nan, 1.0])
    assert same(columns["dose"], [math.nan, 2.0])
    assert same(columns["state"], [1.0, 0.0])
    record.close()


def test_rows_that_do_not_fit_are_named(opened: Opened) -> None:
    record = opened()
    with pytest.raises(Bug, match="belongs to no run"):
        record.sample(0.0, (1.0, 2.0, 3.0))
    run = begin(record)
    with pytest.raises(Bug, match="has 2 values, its run has 3 columns"):
        record.sample(0.0, (1.0, 2.0))
    word: Any = "Held"
    with pytest.raises(Bug, match=r"column 'state' at 0\.1 s holds 'Held'"):
        record.sample(0.1, (1.0, None, word))
    record.sample(0.2, (1.0, 2.0, 3.0))
    record.end_run("Complete", "", {})
    assert list(record._reader.samples(run)["at_s"]) == [0.2]
    with pytest.raises(Bug, match="belongs to no run"):
        record.sample(0.3, (1.0, 2.0, 3.0))
    record.close()


def test_a_slow_scan_fills_its_minute_too(opened: Opened) -> None:
    record = opened()
    run = begin(record)
    for number in range(5):
        record.sample(number * 30.0, (1.0, 2.0, 3.0))
    record.end_run("Complete", "", {})
    rows = [event.data["rows"] for event in record._reader.events(run, ("sample_chunk",)) if event.data]
    assert rows == [2, 2, 1]
    record.close()


def test_a_crash_costs_a_moment_of_samples(opened: Opened, wall: WallClock) -> None:
    """Real time: wall and clock seconds run together, and the tail follows at most 1.5 s behind."""
    record = opened()
    run = begin(record)
    for number in range(1000):
        wall.now_s += 0.1
        record.sample(number * 0.1, (number * 0.05, 0.0, 6))
        if number % 90 == 40 and number > 60:
            with RecordReader.open(record.directory) as reader:
                seen = reader.samples(run, ["at_s"])["at_s"]
                assert list(seen) == [n * 0.1 for n in range(len(seen))]
                assert number * 0.1 - seen[-1] <= 1.6
    leave_without_a_word(record)
    record = opened()
    assert record.interrupted == (run,)
    kept = record._reader.samples(run)
    assert len(kept["at_s"]) >= 985
    assert list(kept["film"]) == [n * 0.05 for n in range(len(kept["at_s"]))]
    assert record.verify().good
    assert record._samples.connection.execute("SELECT count(*) FROM tail").fetchone()[0] == 0
    record.close()


def test_in_virtual_time_the_tail_is_left_alone(opened: Opened) -> None:
    """A minute takes 30 ms there: writing each second of it down twice would cost more than all the rest."""
    record = opened()
    begin(record)
    for number in range(590):
        record.sample(number * 0.1, (1.0, 0.0, 6))
    assert record._samples.connection.execute("SELECT count(*) FROM tail").fetchone()[0] == 0
    record.end_run("Complete", "", {})
    record.close()


def test_blocks_stored_just_before_a_crash_are_vouched_for_at_the_next_opening(opened: Opened) -> None:
    record = opened()
    run = begin(record)
    for number in range(700):
        record.sample(number * 0.1, (1.0, 0.0, 6))
    assert record._reader.events(run, ("sample_chunk",)) == []  # it rides along with the next commit, which never came
    leave_without_a_word(record)
    record = opened()
    assert [event.data["number"] for event in record._reader.events(run, ("sample_chunk",)) if event.data] == [1]
    assert record.verify().good
    assert record.run_sha256(run)
    record.close()


def test_a_block_waits_for_one_minute_at_most(opened: Opened) -> None:
    record = opened()
    run = begin(record)
    for number in range(1300):
        record.sample(number * 0.1, (1.0, 0.0, 6))
    assert len(record._reader.events(run, ("sample_chunk",))) == 2
    record.end_run("Complete", "", {})
    record.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE chunk SET data = zeroblob(length(data)) WHERE number = 2", "samples 2 of run {run} do not fit"),
        ("DELETE FROM chunk WHERE number = 3", "samples 3 of run {run} are missing"),
        (
            "INSERT INTO chunk SELECT run, 9, rows, 0, 0, sha256, data FROM chunk WHERE number = 1",
            "samples 9 of run {run} are not in the log",
        ),
    ],
)
def test_changed_samples_are_found(opened: Opened, tmp_path: Path, statement: str, words: str) -> None:
    record = opened()
    run = short_run(record, 1900)
    assert record.verify().good
    assert record.verify().chunks == 4
    record.close()
    with tampering(tmp_path / "record", "samples.db") as connection:
        assert connection.execute(statement).rowcount == 1
    with RecordReader.open(tmp_path / "record") as reader:
        (problem,) = verify(reader).problems
        assert problem.startswith(words.format(run=run))
        with pytest.raises(RecordError, match="has no fingerprint: " + words.format(run=run)):
            run_sha256(reader, run)


def test_samples_of_a_run_that_never_was_are_found(opened: Opened, tmp_path: Path) -> None:
    record = opened()
    short_run(record)
    record.close()
    with tampering(tmp_path / "record", "samples.db") as connection:
        connection.execute("INSERT INTO chunk SELECT 'elsewhere', 1, rows, 0, 0, sha256, data FROM chunk")
    with RecordReader.open(tmp_path / "record") as reader:
        assert verify(reader).problems == ("samples of run elsewhere exist, but the log knows no such run.",)
