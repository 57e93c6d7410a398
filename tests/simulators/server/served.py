"""A bench served in this process, on a thread, for the tests of this room."""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from simulators.bench import Bench, Fitted
from simulators.server.connectors import Wanted
from simulators.server.loop import Outlet, Server
from simulators.server.truth import TruthSocket, ask

needs_ptys = pytest.mark.skipif(sys.platform == "win32", reason="ptys are a matter of POSIX systems")

HERE = "127.0.0.1"
FITTED = {
    "monitor": Fitted("inficon_sqc310"),
    "supply": Fitted("scpi_supply"),
    "gauges": Fitted("pfeiffer_tpg36x"),
    "turbo": Fitted("pfeiffer_tc400"),
    "plc": Fitted("modbus_io"),
}


class Served:
    """The server, its truth, and what tests do with them."""

    def __init__(self, server: Server, truth: TruthSocket) -> None:
        self.server = server
        self._truth = truth

    def outlet(self, instrument: str, kind: str) -> Outlet:
        for outlet in self.server.outlets:
            if (outlet.wanted.instrument, outlet.wanted.kind) == (instrument, kind):
                return outlet
        raise AssertionError(f"no {kind} outlet of {instrument}")

    def port(self, instrument: str) -> int:
        return self.outlet(instrument, "tcp").port

    def connect(self, instrument: str) -> socket.socket:
        line = socket.create_connection((HERE, self.port(instrument)), 3.0)
        line.settimeout(3.0)
        return line

    def ask(self, **asked: object) -> dict[str, Any]:
        return ask((HERE, self._truth.port), dict(asked))

    def until(self, what: str, within_s: float = 5.0, **wanted: object) -> dict[str, Any]:
        """The first truth in which every key has the wanted value."""
        end_s = time.perf_counter() + within_s
        while True:
            truth = self.ask(do="truth")
            if all(truth[key] == value for key, value in wanted.items()):
                return truth
            assert time.perf_counter() < end_s, f"{what} did not happen within {within_s} s: {truth}"


@contextlib.contextmanager
def serving(tmp_path: Path, speed: float = 1.0, faults: Sequence[str] = ()) -> Iterator[Served]:
    wanted = [
        Wanted("monitor", "pty", str(tmp_path / "monitor"), baud=115200, requests="packets"),
        Wanted("monitor", "tcp", HERE, requests="packets"),
        Wanted("supply", "tcp", HERE, requests="lines"),
        Wanted("gauges", "pty", str(tmp_path / "gauges"), baud=38400),
        Wanted("turbo", "pty", str(tmp_path / "turbo"), baud=9600),
        Wanted("plc", "tcp", HERE, requests="modbus"),
    ]
    server = Server(Bench(3, FITTED, faults=faults), wanted, time.perf_counter, speed)
    truth = TruthSocket(server, HERE, 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Served(server, truth)
    finally:
        server.stop()
        thread.join(5.0)
        server.close()
        assert not thread.is_alive()


def receive(line: socket.socket, size: int) -> bytes:
    """Exactly so many bytes, or what came before the time-out or the end."""
    got = b""
    while len(got) < size:
        try:
            more = line.recv(size - len(got))
        except TimeoutError:
            break
        if not more:
            break
        got += more
    return got


def silent_for(line: socket.socket, seconds: float) -> bool:
    """Nothing comes on the line for so long; the line stays open."""
    before = line.gettimeout()
    line.settimeout(seconds)
    try:
        line.recv(1)
    except TimeoutError:
        return True
    finally:
        line.settimeout(before)
    return False
