"""The served chamber in time: it goes on when nobody talks, faster than the wall when asked, and never skips."""

import struct
import time
from pathlib import Path

import pytest

from pvdctl.clock import sleep_s
from simulators.bench import Bench
from simulators.server.timekeeping import ServedTime
from tests.simulators.instruments.fakes import FakeWorld
from tests.simulators.server.served import FITTED, needs_ptys, receive, serving, silent_for

ARM = bytes.fromhex("0001 0000 0009 01 0F 0000 0010 02") + struct.pack("<H", 1 << 15 | 1 << 8)  # heartbeat and pump


@needs_ptys
def test_the_watchdog_drops_the_outputs_when_nobody_talks_any_more(tmp_path: Path) -> None:
    with serving(tmp_path, speed=10.0) as served:
        with served.connect("plc") as line:
            line.sendall(ARM)
            assert len(receive(line, 12)) == 12
            armed_s = served.until("armed", roughing_pump_ordered=True)["time_s"]
        truth = served.until("dropped", roughing_pump_ordered=False)  # the client has gone
        assert isinstance(armed_s, float)
        assert isinstance(truth["time_s"], float)
        assert 0.5 < truth["time_s"] - armed_s < 5.0  # 1 s as delivered, and a poll of this test
        with served.connect("plc") as line:
            line.sendall(bytes.fromhex("0002 0000 0006 01 03 1006 0001"))
            assert receive(line, 11)[-1] == 2  # expired
            line.sendall(ARM)
            assert receive(line, 9)[-2:] == b"\x8f\x04"  # refused until the reset


@needs_ptys
@pytest.mark.parametrize("speed", [1.0, 200.0])
def test_time_goes_as_fast_as_asked(tmp_path: Path, speed: float) -> None:
    with serving(tmp_path, speed=speed) as served:
        first = served.ask(do="truth")
        start_s = time.perf_counter()
        sleep_s(0.3)
        second = served.ask(do="truth")
        took_s = time.perf_counter() - start_s
    assert isinstance(first["time_s"], float)
    assert isinstance(second["time_s"], float)
    assert 0.25 * speed < second["time_s"] - first["time_s"] < (took_s + 0.2) * speed


@needs_ptys
def test_faults_come_in_time_and_over_the_truth_socket(tmp_path: Path) -> None:
    ask, answer = b"*OPC?\n", b"1\n"
    with serving(tmp_path, speed=50.0, faults=["water_lost@1s"]) as served, served.connect("supply") as line:
        served.until("water lost", happened=[[1.0, "water_lost@1s"]])
        assert served.ask(do="truth")["signals"]["water_ok"] is False
        served.ask(do="clear", fault="water_lost")
        served.ask(do="fault", fault="mute@now:link=supply,for=20s")
        line.sendall(ask)
        assert silent_for(line, 0.1)
        sleep_s(0.4)
        line.sendall(ask)
        assert receive(line, 2) == answer
        with pytest.raises(ValueError, match="did you mean water_lost"):
            served.ask(do="fault", fault="water_los@now")
        with pytest.raises(ValueError, match="nothing to do"):
            served.ask(do="dance")


@needs_ptys
def test_a_phase_is_told_over_the_truth_socket(tmp_path: Path) -> None:
    with serving(tmp_path, speed=50.0, faults=["air_lost@zinc.deposit+1s"]) as served:
        sleep_s(0.1)
        assert served.ask(do="truth")["happened"] == []
        served.ask(do="phase", step="zinc", phase="deposit")
        end_s = time.perf_counter() + 3.0
        while not (happened := served.ask(do="truth")["happened"]):
            assert time.perf_counter() < end_s
        assert happened[0][1] == "air_lost@zinc.deposit+1s"


@needs_ptys
def test_a_restart_drops_answers_under_way_and_connections_and_is_reached_again(tmp_path: Path) -> None:
    with serving(tmp_path, speed=10.0) as served:
        with served.connect("plc") as line:
            served.ask(do="fault", fault="late_answer@now:link=plc,by=30s,times=1")
            sleep_s(0.05)
            line.sendall(bytes.fromhex("0001 0000 0006 01 03 1120 0001"))
            served.ask(do="fault", fault="restart@+0.2s:link=plc,boot=1s")
            assert line.recv(10) == b""
        sleep_s(0.3)
        with served.connect("plc") as line:
            line.sendall(bytes.fromhex("0002 0000 0006 01 03 1120 0001"))
            assert receive(line, 11)[:2] == b"\x00\x02"
            assert silent_for(line, 0.05)


@needs_ptys
def test_a_pulled_cable_and_the_same_address_afterwards(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        port = served.port("supply")
        with served.connect("supply") as line:
            served.ask(do="unplug", instrument="supply")
            served.ask(do="unplug", instrument="turbo")
            assert line.recv(1) == b""
            assert not (tmp_path / "turbo").exists()
            with pytest.raises(ConnectionError):
                served.connect("supply")
        for name in ("supply", "turbo"):
            served.ask(do="plug", instrument=name)
        assert served.port("supply") == port
        with served.connect("supply") as line:
            line.sendall(b"*OPC?\n")
            assert receive(line, 2) == b"1\n"
        assert (tmp_path / "turbo").is_char_device()
    assert not (tmp_path / "turbo").is_symlink()


class Wall:
    """A wall clock that moves when told, and a little whenever it is looked at."""

    def __init__(self) -> None:
        self.now_s = 50.0
        self.tick_s = 0.0

    def __call__(self) -> float:
        self.now_s += self.tick_s
        return self.now_s


def test_a_machine_that_stood_still_catches_up_step_by_step() -> None:
    seen: list[float] = []

    class Watching(FakeWorld):
        def advance(self, now_s: float) -> None:
            seen.append(now_s)

    wall = Wall()
    kept = ServedTime(Bench(1, FITTED, plant=Watching()), wall, 2.0)
    wall.now_s += 0.3
    assert kept.look() == pytest.approx(0.6)
    seen.clear()
    wall.now_s += 10.0
    wall.tick_s = 0.002  # each step costs two milliseconds
    steps = 0
    while kept.look() < 20.6:
        steps += 1
        assert kept.behind_s > 0.0
        assert kept.now_s == pytest.approx(round(kept.now_s, 1))  # the instruments live at the bench's time
        assert steps < 1000
    assert steps > 20  # the ports were looked at in between
    wall.tick_s = 0.0
    kept.look()
    assert kept.behind_s == 0.0
    assert kept.now_s == pytest.approx((wall.now_s - 50.0) * 2.0)
    assert kept.worst_behind_s > 19.0
    grid = sorted({round(at_s, 6) for at_s in seen})
    assert grid == [round(grid[0] + 0.1 * number, 6) for number in range(len(grid))]
    with pytest.raises(ValueError, match="speed is"):
        ServedTime(Bench(1, FITTED, plant=FakeWorld()), wall, 0.0)
