"""The figures that the record promises: durable appends within 20 ms, a million events verified within 10 s."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pvdctl.clock import VirtualClock, cpu_wall_s
from pvdctl.record.event import Event
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.verify import verify

DAY = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
BATCH = 1_000


def phase(number: int) -> Event:
    """As the process writes them: 450 bytes with its stamp."""
    return Event(
        "phase", "zinc", "deposit: rate in its band of 0.05 nm/s for 10 s, source shutter and substrate shutter open",
        old="shutter delay", new="deposit", state="Execute", step="zinc", phase="deposit",
        data={"rate_nm_s": 0.4996 + number * 1e-9, "film_nm": 12.25, "current_a": 61.5}, at_s=number * 0.1,
    )  # fmt: skip


def verified_s(directory: Path, events: int) -> float:
    """Seconds to verify a record of so many events."""
    with Record.open(directory, VirtualClock(DAY)) as record:
        for first in range(0, events, BATCH):
            record.append([phase(number) for number in range(first, first + BATCH)])
    with RecordReader.open(directory) as reader:
        began_s = cpu_wall_s()
        verdict = verify(reader)
        took_s = cpu_wall_s() - began_s
    assert verdict.good
    assert verdict.events == verdict.covered == events + 2
    return took_s


def test_verification_is_quick_enough(tmp_path: Path) -> None:
    """A fiftieth of the figure, with room for a busy machine; the whole of it in the soak."""
    assert verified_s(tmp_path, 20_000) < 2.0


@pytest.mark.soak
def test_a_million_events_are_verified_within_ten_seconds(tmp_path: Path) -> None:
    took_s = verified_s(tmp_path, 1_000_000)
    print(f"1,000,000 events verified in {took_s:.2f} s")
    assert took_s <= 10.0


def slowest_of_a_hundred_s(directory: Path, appends: int) -> tuple[float, float]:
    """p99 of durable appends, and of bare writes of the same size synced to the same disk: what the disk allows."""
    with Record.open(directory, VirtualClock(DAY)) as record:
        took = []
        for number in range(appends):
            event = [phase(number)]
            began_s = cpu_wall_s()
            record.append(event)
            took.append(cpu_wall_s() - began_s)
    bare = []
    handle = os.open(directory / "bare", os.O_WRONLY | os.O_CREAT)
    for _ in range(appends):
        began_s = cpu_wall_s()
        os.write(handle, bytes(4096))
        os.fdatasync(handle)
        bare.append(cpu_wall_s() - began_s)
    os.close(handle)
    place = appends * 99 // 100
    return sorted(took)[place], sorted(bare)[place]


@pytest.mark.soak
def test_an_append_is_durable_within_20_ms(tmp_path: Path) -> None:
    took_s, bare_s = slowest_of_a_hundred_s(tmp_path, 3_000)
    print(f"append p99 {1e3 * took_s:.2f} ms, bare write and sync p99 {1e3 * bare_s:.2f} ms")
    assert took_s <= 0.020 or took_s <= 3.0 * bare_s, f"{1e3 * took_s:.1f} ms, the disk needs {1e3 * bare_s:.1f} ms"


def test_a_checkpoint_costs_no_commit_of_its_own(tmp_path: Path) -> None:
    """All that is signed rides along: as many commits as appends, however many checkpoints."""
    with Record.open(tmp_path, VirtualClock(DAY)) as record:
        commits = 0

        def count(statement: str) -> None:
            nonlocal commits
            commits += statement == "COMMIT"

        record._log.connection.set_trace_callback(count)
        for number in range(0, 900, 90):
            record.append([phase(number + step) for step in range(90)])
        record._log.connection.set_trace_callback(None)
        sizes = [size for (size,) in record._log.connection.execute("SELECT size FROM checkpoint ORDER BY size")]
    assert commits == 10
    assert sizes == [1, 271, 541, 811]
