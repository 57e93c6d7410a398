"""The tap: while it is on every byte is kept as it passed, and nothing else changes; off again means off."""

import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pvdctl.clock import RealClock, VirtualClock
from pvdctl.errors import BadFrame, LinkError, PvdctlError
from pvdctl.links.framing_lines import LineFraming
from pvdctl.links.framing_sycon import SyconFraming
from pvdctl.links.loopback import LoopbackLink
from pvdctl.links.modbus_loopback import ModbusLoopbackLink
from pvdctl.links.modbus_tcp_link import ModbusTcpLink
from pvdctl.links.tap import DROPPED, KEPT, Exchange, Tap
from pvdctl.links.worker import Worker
from tests.agreement.meeting import Meeting
from tests.links.far_ends import TRANSPORTS, FarEnd, TcpEnd, cable
from tests.wire import Conversation, Vector, in_every_way, vectors

LINES = LineFraming(b"\n")
SYCON = SyconFraming()
ANSWERED = [v for v in vectors("sqc310").values() if v.answer is not None]
WHOLE = bytes.fromhex("21 34 41 53 51 43 2D 33 31 30 20 56 65 72 20 36 2E 30 31 77 6E")
"""The manual's answer to `@`: vector model_601."""
CALLS = {1: "read_coils", 2: "read_inputs", 3: "read_registers", 6: "write_register", 15: "write_coils"}
MODBUS = [v for v in vectors("modbus_io").values() if v.answer is not None and "function" in v.values]
EVERYWHERE = pytest.mark.parametrize(("end_type", "link_of"), TRANSPORTS)


def tapped(link: Any, clock: Any) -> tuple[Worker, Tap]:
    """A worker on this link, listened to."""
    worker = Worker(link, [], clock)
    tap = Tap(worker)
    tap.on()
    return worker, tap


def passed(tap: Tap) -> list[tuple[bytes, bytes]]:
    return [(each.asked, each.answered) for each in tap.kept(None, KEPT)]


@pytest.mark.parametrize("vector", ANSWERED, ids=lambda vector: vector.name)
def test_frames_of_the_sqc310_are_those_of_its_manual(vector: Vector) -> None:
    assert vector.answer is not None
    clock = VirtualClock()
    for way, chunks in in_every_way(vector.answer, b""):
        worker, tap = tapped(LoopbackLink("line", Conversation([(vector.request, chunks)]), clock, 19200), clock)
        began_s = clock.now_s
        worker.line.exchange(vector.request, SYCON, 1.0)
        (exchange,) = tap.kept(None, KEPT)
        assert exchange == Exchange(1, began_s, clock.now_s - began_s, vector.request, vector.answer, ""), way
        assert exchange.took_s > 0.002, way


@pytest.mark.parametrize(
    ("answer", "heard", "error"),
    [
        pytest.param(b"zz\x00" + WHOLE, b"zz\x00" + WHOLE, "", id="noise before"),
        pytest.param(WHOLE[:-1] + b"\x01", None, "wrong checksum", id="wrong checksum"),
        pytest.param(WHOLE[:7], None, "no answer to", id="half an answer"),
        pytest.param(b"\x07\x08", None, "no answer to", id="noise alone"),
        pytest.param(None, b"", "no answer to", id="silence"),
    ],
)
def test_what_is_damaged_is_kept_too(answer: bytes | None, heard: bytes | None, error: str) -> None:
    request, clock = vectors("sqc310")["model_601"].request, VirtualClock()
    worker, tap = tapped(LoopbackLink("line", Conversation([(request, answer)]), clock), clock)
    with suppress(LinkError):
        worker.line.exchange(request, SYCON, 0.3)
    (exchange,) = tap.kept(None, KEPT)
    assert (exchange.asked, exchange.answered) == (request, answer if heard is None else heard)
    assert error in exchange.error
    assert bool(error) == bool(exchange.error)


def test_bytes_that_nobody_asked_for_are_shown_as_such() -> None:
    clock, port = VirtualClock(), Conversation([(b"a\n", b"1\n2\n"), (b"send\n", None)])
    worker, tap = tapped(LoopbackLink("line", port, clock), clock)
    assert worker.line.exchange(b"a\n", LINES, 0.3) == b"1"
    with pytest.raises(BadFrame):
        worker.line.exchange(b"b\n", LINES, 0.3)
    port.answers.append((clock.now_s, b"late\n"))
    assert worker.line.drain(0.05) == b"late\n"
    assert worker.line.drain(0.05) == b""
    worker.line.send(b"send\n")
    assert passed(tap) == [(b"a\n", b"1\n"), (b"", b"2\n"), (b"", b"late\n"), (b"send\n", b"")]
    assert [each.error.partition(" (")[0] for each in tap.kept(None, KEPT)] == ["", "damaged answer", DROPPED, ""]


@EVERYWHERE
def test_every_byte_link_alike(end_type: type[FarEnd], link_of: Callable[..., Any], tmp_path: Path) -> None:
    with cable(end_type, link_of, lambda request: [(0.0, b"to " + request)], tmp_path) as (end, link):
        worker, tap = tapped(link, RealClock())
        for number in range(3):
            assert worker.line.exchange(b"q%d\n" % number, LINES, 2.0) == b"to q%d" % number
        end.answer = lambda request: [(0.0, b"half")]
        with pytest.raises(LinkError):
            worker.line.exchange(b"lost\n", LINES, 0.1)
        wanted = [(b"q%d\n" % n, b"to q%d\n" % n) for n in range(3)]
        assert passed(tap) == [*wanted, (b"lost\n", b"half")]
        assert 0.0 < tap.kept(None, 4)[0].took_s < 2.0 <= 20.0 * tap.kept(None, 4)[-1].took_s
        assert worker.line.exchanges == link.exchanges == 3
        worker.line.close()
        with pytest.raises(LinkError, match="not open"):
            worker.line.exchange(b"q\n", LINES, 0.1)
        assert "not open" in tap.kept(None, 1)[0].error


def call(line: Any, values: dict[str, Any]) -> None:
    more = [values["value"]] if values["function"] == 6 else [values["count"]]
    if values["function"] == 15:
        more.append(values["bits"])
    with suppress(PvdctlError):  # some answers are exceptions
        getattr(line, CALLS[values["function"]])(1, values["address"], *more, 1.0)


@pytest.mark.parametrize("vector", MODBUS, ids=lambda vector: vector.name)
def test_modbus_is_heard_byte_for_byte_in_memory_and_over_tcp(vector: Vector, tmp_path: Path) -> None:
    answer = vector.answer
    assert answer is not None
    first = struct.pack(">H", 1)  # the first transaction of any link
    clock = VirtualClock()
    steps = [(first + vector.request[2:], [first + answer[2:8], answer[8:]])]
    worker, tap = tapped(ModbusLoopbackLink("plc", Conversation(steps), clock), clock)
    call(worker.line, vector.values)
    assert passed(tap) == [(first + vector.request[2:], first + answer[2:])]
    end = TcpEnd(lambda request: [(0.0, request[:2] + answer[2:])], tmp_path)
    link = ModbusTcpLink("plc", "127.0.0.1", end.port, RealClock())
    try:
        worker, tap = tapped(link, RealClock())
        worker.line.open()
        call(worker.line, vector.values)
        tap.off()
        call(worker.line, vector.values)  # nobody listens any more
        tap.on()
        call(worker.line, vector.values)
        (heard,) = passed(tap)
        assert heard == (end.heard[2], end.heard[2][:2] + answer[2:])
        assert heard[0][2:] == vector.request[2:]
        assert tap.newest == 2
    finally:
        link.close()
        end.unplug()
    with pytest.raises(LinkError):
        worker.line.open()
    assert "plc" in tap.kept(None, 1)[0].error


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("pfeiffer_tpg36x", {"gauges": {"chamber": 1}}),
        ("modbus_io", {"inputs": {"water_ok": 0}, "outputs": {"gate_valve": 0}, "heartbeat": 15}),
    ],
)
def test_the_worker_sees_no_difference(kind: str, settings: dict[str, Any]) -> None:
    alone, heard = Meeting(kind, settings), Meeting(kind, settings)
    tap = Tap(heard.worker)
    tap.on()
    for meeting in (alone, heard):
        meeting.up()
        meeting.run(3.0)
    assert [(p.name, at, value) for p, at, value, _ in heard.seen] == [(p.name, at, v) for p, at, v, _ in alone.seen]
    assert heard.link.exchanges == alone.link.exchanges
    kept = tap.kept(None, KEPT)
    assert len(kept) > 10
    assert [each.at_s for each in kept] == sorted(each.at_s for each in kept)
    settled = kept[2:]  # a gauge controller talks unasked until it is told ETX, which it does not answer
    assert all(each.asked and each.answered and not each.error for each in settled)


def test_off_again_means_off() -> None:
    clock = VirtualClock()
    link = LoopbackLink("line", Conversation([(b"%d\n" % n, b"x\n") for n in range(4)]), clock)
    worker = Worker(link, [], clock)
    tap = Tap(worker)
    assert worker.line is link
    worker.line.exchange(b"0\n", LINES, 0.3)
    tap.on()
    held = worker.line  # by a thread that is in the middle of an exchange
    held.exchange(b"1\n", LINES, 0.3)
    assert [each.asked for each in tap.kept(None, KEPT)] == [b"1\n"]
    tap.off()
    assert worker.line is link
    assert not tap.is_on
    held.exchange(b"2\n", LINES, 0.3)
    worker.line.exchange(b"3\n", LINES, 0.3)
    assert tap.kept(None, KEPT) == []
    assert tap.newest == 1


def test_the_newest_are_kept_and_can_be_followed() -> None:
    clock = VirtualClock()
    tap = Tap(worker := Worker(LoopbackLink("line", Conversation([]), clock), [], clock))
    tap.on()
    for number in range(KEPT + 10):
        tap.heard(clock.now_s, b"%d" % number, b"", "")
    assert [each.number for each in tap.kept(None, 3)] == [KEPT + 8, KEPT + 9, KEPT + 10]
    assert [each.number for each in tap.kept(0, 3)] == [11, 12, 13]
    assert [each.number for each in tap.kept(KEPT + 8, 10)] == [KEPT + 9, KEPT + 10]
    assert tap.kept(KEPT + 10, 10) == []
    assert [each.number for each in tap.kept(KEPT + 11, 1)] == [11], "a number of an earlier start"
    assert len(tap.kept(0, 10_000)) == KEPT
    assert worker.line is not worker.link
