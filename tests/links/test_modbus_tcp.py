"""The Modbus TCP link: the vectors through pymodbus, and every accident of a connection."""

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pvdctl.clock import RealClock
from pvdctl.errors import BadFrame, Bug, InstrumentError, LinkClosed, LinkError, NoAnswer
from pvdctl.links.modbus_tcp_link import ModbusTcpLink
from tests.links.far_ends import TcpEnd
from tests.wire import vectors

CALLS = {1: "read_coils", 2: "read_inputs", 3: "read_registers", 6: "write_register", 15: "write_coils"}
DEADLINE_S = 0.12
CALM_S = 2.0
BITS = 0xA5
Pieces = list[tuple[float, bytes]]


def right(request: bytes) -> Pieces:
    """Eight inputs."""
    return [(0.0, request[:2] + bytes((0, 0, 0, 4, 1, 2, 1, BITS)))]


def ask(link: ModbusTcpLink, values: dict[str, int]) -> object:
    """The call that a vector's values describe."""
    call = getattr(link, CALLS[values["function"]])
    if values["function"] == 6:
        return call(1, values["address"], values["value"], CALM_S)
    if values["function"] == 15:
        return call(1, values["address"], values["count"], values["bits"], CALM_S)
    return call(1, values["address"], values["count"], CALM_S)


@contextmanager
def coupler(answer: Callable[[bytes], Pieces], folder: Path) -> Iterator[tuple[TcpEnd, ModbusTcpLink]]:
    end = TcpEnd(answer, folder)
    link = ModbusTcpLink("plc", "127.0.0.1", end.port, RealClock())
    try:
        link.open()
        yield end, link
    finally:
        link.close()
        with suppress(OSError):
            end.unplug()


@pytest.mark.parametrize("name", [n for n, v in vectors("modbus_io").items() if "function" in v.values and v.answer])
def test_vectors(name: str, tmp_path: Path) -> None:
    vector = vectors("modbus_io")[name]
    assert vector.answer is not None
    answer, values = vector.answer, vector.values
    with coupler(lambda request: [(0.0, request[:2] + answer[2:])], tmp_path) as (end, link):
        if "exception" in values:
            with pytest.raises(InstrumentError, match=f"exception {values['exception']}"):
                ask(link, values)
        else:
            result = ask(link, values)
            if values["function"] in (1, 2):
                assert result == values["bits"]
            elif values["function"] == 3:
                assert isinstance(result, Sequence)
                assert list(result) == values["registers"]
        (heard,) = end.heard
        assert heard[2:] == vector.request[2:], "transaction numbers are the library's own; all else is the manual's"


def rest(request: bytes, tail: bytes) -> Pieces:
    return [(0.0, request[:2] + tail)]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(lambda request: [], NoAnswer, id="silence"),
        pytest.param(lambda request: rest(request, bytes((0, 0, 0, 4, 1, 2))), NoAnswer, id="half answer"),
        pytest.param(lambda request: [(0.05, b"\0")] * 12, NoAnswer, id="dripping"),
        pytest.param(lambda request: [(0.0, b"#" * 300)], NoAnswer, id="garbage"),
        pytest.param(lambda request: [(0.2, right(request)[0][1])], NoAnswer, id="late answer"),
        pytest.param(
            lambda request: rest(request, bytes((0, 0, 0, 4, 9, 2, 1, BITS))), NoAnswer, id="another unit's answer"
        ),
        pytest.param(
            lambda request: [(0.0, struct.pack(">H", 999) + bytes((0, 0, 0, 4, 1, 2, 1, BITS)))],
            NoAnswer,
            id="another transaction's answer",
        ),
        pytest.param(
            lambda request: rest(request, bytes((0, 0, 0, 5, 1, 3, 2, 0, BITS))),
            BadFrame,
            id="another function's answer",
        ),
        pytest.param(lambda request: rest(request, bytes((0, 0, 0, 5, 1, 2, 2, 1, 1))), BadFrame, id="too many bits"),
        pytest.param(lambda request: rest(request, bytes((0, 0, 0, 3, 1, 0x55, 0))), LinkError, id="unknown function"),
    ],
)
def test_accidents(answer: Callable[[bytes], Pieces], error: type[LinkError], tmp_path: Path) -> None:
    took_s: list[float] = []
    while len(took_s) < 4 and (not took_s or took_s[-1] > 2 * DEADLINE_S):  # the machine may have been stopped a moment
        with coupler(right, tmp_path) as (end, link):
            assert link.read_inputs(1, 0, 8, CALM_S) == BITS
            end.answer = answer
            clock = RealClock()
            with pytest.raises(error):
                link.read_inputs(1, 0, 8, DEADLINE_S)
            took_s.append(clock.now_s)
            end.answer = right
            link.open()
            link.drain(0.05)
            assert link.read_inputs(1, 0, 8, CALM_S) == BITS
    assert min(took_s) < 2 * DEADLINE_S


def test_gone_and_back(tmp_path: Path) -> None:
    with coupler(right, tmp_path) as (end, link):
        assert link.read_inputs(1, 0, 8, CALM_S) == BITS
        end.unplug()
        with pytest.raises(LinkClosed, match=r"plc: 127\.0\.0\.1 port"):
            link.read_inputs(1, 0, 8, DEADLINE_S)
        with pytest.raises(LinkClosed, match="is not open"):
            link.read_inputs(1, 0, 8, DEADLINE_S)
        with pytest.raises(LinkClosed, match="Connection refused"):
            link.open()
        end.plug_in()
        link.open()
        assert link.read_inputs(1, 0, 8, CALM_S) == BITS


def test_a_hung_up_connection_is_told_from_silence(tmp_path: Path) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    link = ModbusTcpLink("plc", "127.0.0.1", server.getsockname()[1], RealClock())
    link.open()
    client, _ = server.accept()
    hang_up = threading.Timer(0.02, client.close)
    hang_up.start()
    with pytest.raises(LinkClosed):
        link.read_inputs(1, 0, 8, CALM_S)
    hang_up.join()
    link.close()
    server.close()


def test_echoes_are_looked_at(tmp_path: Path) -> None:
    with coupler(lambda r: [(0.0, r[:10] + bytes((0, 9)))], tmp_path) as (end, link):
        with pytest.raises(BadFrame, match="echo"):
            link.write_register(1, 7, 8, CALM_S)
        end.answer = lambda r: [(0.0, r[:2] + bytes((0, 0, 0, 6, 1, 15, 0, 0, 0, 15)))]
        link.open()
        with pytest.raises(BadFrame, match="echo"):
            link.write_coils(1, 0, 16, 3, CALM_S)
        with pytest.raises(Bug, match="65535"):
            link.write_register(1, 7, 65536, CALM_S)


def _random_answers(rounds: int, folder: Path) -> None:
    chance = random.Random(7)

    def noise(request: bytes) -> Pieces:
        whole = bytearray(right(request)[0][1])
        kind = chance.randrange(4)
        if kind == 0:
            return [(0.0, chance.randbytes(chance.randrange(1, 80)))]
        if kind == 1:
            return [(0.0, bytes(whole[: chance.randrange(1, len(whole))]))]
        if kind == 2:
            whole[chance.randrange(8)] ^= 1 << chance.randrange(
                8
            )  # the header, unit and function: there is no checksum
            return [(0.0, bytes(whole))]
        return [(0.0, chance.randbytes(chance.randrange(1, 30))), (0.0, bytes(whole))]

    with coupler(right, folder) as (end, link):
        for number in range(rounds):
            end.answer = noise
            with suppress(LinkError, InstrumentError):
                taken: Any = link.read_inputs(1, 0, 8, 0.02)
                pytest.fail(f"round {number}: took {taken:#x}")
            end.answer = right
            link.open()
            assert link.read_inputs(1, 0, 8, CALM_S) == BITS


def test_random_bytes(tmp_path: Path) -> None:
    _random_answers(60, tmp_path)


@pytest.mark.soak
def test_ten_thousand_random_answers(tmp_path: Path) -> None:
    _random_answers(10_000, tmp_path)
