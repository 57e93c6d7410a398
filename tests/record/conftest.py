from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pvdctl.clock import VirtualClock
from pvdctl.record.record import Record
from tests.record.made import WallClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
def opened(tmp_path: Path, clock: VirtualClock, wall: WallClock) -> Callable[..., Record]:
    """Opens the record in `tmp_path`, again and again if asked; the last one is closed at the end if it is not yet."""
    records: list[Record] = []

    def open_record(directory: Path = tmp_path / "record") -> Record:
        record = Record.open(directory, clock, wall_s=wall)
        records.append(record)
        return record

    return open_record
