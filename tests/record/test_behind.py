"""The record written behind the control loop: in order, acknowledged, and never waited for longer than a moment."""

import threading
from pathlib import Path
from typing import Any

import pytest

from pvdctl.clock import RealClock, sleep_s
from pvdctl.errors import RecordError
from pvdctl.record.behind import RecordBehind
from pvdctl.record.event import Event


class SlowRecord:
    """A record whose disk does what it is told."""

    def __init__(self) -> None:
        self.directory = Path("somewhere")
        self.run = ""
        self.written: list[Any] = []
        self.disk = threading.Event()
        self.disk.set()
        self.error: Exception | None = None
        self.closed = False
        self.kept = threading.Event()

    def _write(self, what: Any) -> None:
        self.disk.wait(20.0)
        if self.error is not None:
            raise self.error
        self.written.append(what)

    def append(self, events: Any) -> None:
        self._write([event.text for event in events])

    def sample(self, at_s: float, row: Any) -> None:
        self._write((at_s, row))

    def begin_run(self, **facts: Any) -> str:
        self._write(facts)
        self.run = "run-1"
        return self.run

    def end_run(self, *told: Any) -> None:
        self._write(told)
        self.run = ""

    def keep(self) -> None:
        self.kept.set()

    def close(self) -> None:
        self.closed = True


def event(text: str) -> Event:
    return Event("note", "test", text, at_s=0.0)


def made(record: SlowRecord, **more: Any) -> RecordBehind:
    slow: Any = record
    return RecordBehind(slow, RealClock(), **more)


def test_everything_arrives_in_order() -> None:
    record = SlowRecord()
    behind = made(record)
    behind.begin_run(recipe_name="r")
    for number in range(50):
        events = [event(f"e{number}")]
        behind.append(events)
        events.clear()  # the controller goes on with its own list
        behind.sample(float(number), (number,))
    behind.end_run("Complete", "done", {})
    assert behind.flush()
    behind.close()
    assert record.written[0] == {"recipe_name": "r"}
    assert record.written[1:5] == [["e0"], (0.0, (0,)), ["e1"], (1.0, (1,))]
    assert record.written[-1] == ("Complete", "done", {})
    assert len(record.written) == 102
    assert record.closed


def test_a_quick_disk_settles_within_the_scan() -> None:
    behind = made(SlowRecord(), patience_s=5.0)
    behind.append([event("e")])
    assert behind.settled()
    behind.close()


def test_a_slow_disk_is_not_waited_for() -> None:
    record = SlowRecord()
    behind = made(record, patience_s=0.02, late_s=30.0)
    record.disk.clear()
    behind.append([event("e")])
    took_s = []
    for _ in range(3):
        clock = RealClock()
        assert not behind.settled()
        took_s.append(clock.now_s)
    assert min(took_s) < 0.2
    record.disk.set()
    assert behind.flush()
    assert behind.settled()
    behind.close()
    assert record.written == [["e"]]


def test_samples_alone_are_not_waited_for() -> None:
    record = SlowRecord()
    behind = made(record, patience_s=20.0)
    record.disk.clear()
    behind.sample(1.0, (1,))
    assert behind.settled()
    record.disk.set()
    behind.close()


def test_a_disk_that_hangs_has_failed() -> None:
    record = SlowRecord()
    behind = made(record, patience_s=0.01, late_s=0.1)
    record.disk.clear()
    behind.append([event("e")])
    sleep_s(0.15)
    with pytest.raises(RecordError, match="the disk has not confirmed a commit"):
        behind.settled()
    with pytest.raises(RecordError, match="not confirmed"):
        behind.append([event("later")])
    with pytest.raises(RecordError, match="not confirmed"):
        behind.sample(1.0, (1,))
    behind.end_run("Aborted", "disk", {})  # nothing raised: the next opening closes the run as interrupted
    assert not behind.flush(0.1)
    behind.close(within_s=0.1)
    assert not record.closed, "a hanging disk is left behind"
    record.disk.set()


@pytest.mark.parametrize("error", [RecordError("disk full"), ValueError("a mistake")])
def test_a_failure_is_told_and_final(error: Exception) -> None:
    record = SlowRecord()
    behind = made(record, patience_s=20.0)
    record.error = error
    behind.append([event("e")])
    with pytest.raises(RecordError, match=str(error)):
        behind.settled()
    record.error = None
    with pytest.raises(RecordError, match=str(error)):
        behind.append([event("f")])
    behind.close()
    assert record.written == []


def test_an_idle_record_is_asked_to_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pvdctl.record.behind.IDLE_S", 0.01)
    record = SlowRecord()
    behind = made(record)
    assert record.kept.wait(10.0)
    behind.append([event("e")])
    assert behind.flush()
    behind.close()
    assert record.written == [["e"]]
