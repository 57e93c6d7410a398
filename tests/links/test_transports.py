"""Every transport, every accident of a cable: a typed error within the deadline, and the next exchange right.

The far ends are real: pseudo-terminals and sockets of this machine. What the worker does between two exchanges
(reopen, drain) is done here by `mend`, exactly as it does it.
"""

import math
import os
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvdctl.clock import RealClock, sleep_s
from pvdctl.errors import BadFrame, LinkClosed, LinkError, NoAnswer
from pvdctl.links.framing_lines import LineFraming
from pvdctl.links.framing_sycon import ANSWER_OFFSET, SyconFraming, crc
from pvdctl.links.link import Framing
from pvdctl.links.port import DescriptorPort
from pvdctl.links.serial_link import serial_link
from pvdctl.links.stream_link import StreamLink
from pvdctl.links.worker import QUIET_S
from tests.links.far_ends import TRANSPORTS, Answer, FarEnd, PtyEnd, TcpEnd, cable, needs_pty, serial

LINES = LineFraming(b"\n")
DEADLINE_S = 0.12
CALM_S = 2.0
"""For exchanges that must succeed, also on a machine that does much else."""
SLACK_S = 0.15
"""What a busy machine may add to a deadline before a test calls it broken; a quarter second is still far from a scan
that waits for ever."""
EVERYWHERE = pytest.mark.parametrize(("end_type", "link_of"), TRANSPORTS)


def echo(request: bytes) -> list[tuple[float, bytes]]:
    """Says what it heard, so that an answer to another question is seen to be one."""
    return [(0.0, b"to " + request)]


def said(*pieces: tuple[float, bytes]) -> Answer:
    return lambda request: list(pieces)


def mend(link: Any) -> None:
    """What the worker does after a damaged or missing answer, until it trusts the link again."""
    for _ in range(4):
        try:
            link.open()
            link.drain(QUIET_S)
            if link.exchange(b"who are you\n", LINES, CALM_S) == b"to who are you":
                return
        except LinkClosed:
            link.close()
            raise
        except LinkError:
            continue
    pytest.fail("the link is not trusted again")


def timed(link: Any, request: bytes, framing: Framing = LINES) -> tuple[Any, float]:
    """The answer or the error of one exchange, and how long it took."""
    clock = RealClock()
    try:
        result: Any = link.exchange(request, framing, DEADLINE_S)
    except LinkError as error:
        result = error
    return result, clock.now_s


@EVERYWHERE
def test_questions_and_answers(end_type: type[FarEnd], link_of: Callable[..., Any], tmp_path: Path) -> None:
    with cable(end_type, link_of, echo, tmp_path) as (_, link):
        for number in range(20):
            assert link.exchange(b"q%d\n" % number, LINES, CALM_S) == b"to q%d" % number
        assert link.exchanges == 20
        assert 0.0 < link.round_trips.quantile_s(0.5) < CALM_S


@EVERYWHERE
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(said(), NoAnswer, id="silence"),
        pytest.param(said((0.0, b"half an ans")), NoAnswer, id="half answer"),
        pytest.param(said(*[(0.04, b".")] * 15), NoAnswer, id="dripping line"),
        pytest.param(said((0.0, b"#" * 3000)), BadFrame, id="garbage without end"),
        pytest.param(said((0.25, b"to the past\n")), NoAnswer, id="late answer"),
    ],
)
def test_accidents(
    answer: Answer, error: type[LinkError], end_type: type[FarEnd], link_of: Callable[..., Any], tmp_path: Path
) -> None:
    took_s = [_accident(answer, error, end_type, link_of, tmp_path)]
    while took_s[-1] >= DEADLINE_S + SLACK_S and len(took_s) < 4:  # this machine may have been stopped for a moment
        took_s.append(_accident(answer, error, end_type, link_of, tmp_path))
    assert min(took_s) < DEADLINE_S + SLACK_S


def _accident(
    answer: Answer, error: type[LinkError], end_type: type[FarEnd], link_of: Callable[..., Any], folder: Path
) -> float:
    """One accident between two right exchanges; how long its error took."""
    with cable(end_type, link_of, echo, folder) as (end, link):
        assert link.exchange(b"before\n", LINES, CALM_S) == b"to before"
        end.answer = answer
        result, took_s = timed(link, b"lost\n")
        assert type(result) is error
        end.answer = echo
        mend(link)
        assert link.exchange(b"after\n", LINES, CALM_S) == b"to after"
    return took_s


@EVERYWHERE
def test_more_than_was_asked_for(end_type: type[FarEnd], link_of: Callable[..., Any], tmp_path: Path) -> None:
    """Two answers to one question: the second is never taken for the answer to the next question."""
    with cable(end_type, link_of, said((0.0, b"one\ntwo\n")), tmp_path) as (end, link):
        assert link.exchange(b"q\n", LINES, CALM_S) == b"one"
        end.answer = echo
        result, _ = timed(link, b"next\n")
        if result != b"to next":
            assert isinstance(result, BadFrame)
            mend(link)
            assert link.exchange(b"next\n", LINES, CALM_S) == b"to next"


@EVERYWHERE
def test_gone_and_back(end_type: type[FarEnd], link_of: Callable[..., Any], tmp_path: Path) -> None:
    with cable(end_type, link_of, echo, tmp_path) as (end, link):
        assert link.exchange(b"here\n", LINES, CALM_S) == b"to here"
        end.unplug()
        for _ in range(3):
            assert isinstance(timed(link, b"gone\n")[0], LinkError)
            with pytest.raises(LinkClosed, match="line: "):
                mend(link)
        end.plug_in()
        mend(link)
        assert link.exchange(b"again\n", LINES, CALM_S) == b"to again"


@EVERYWHERE
def test_a_closed_link_says_so(end_type: type[FarEnd], link_of: Callable[..., Any], tmp_path: Path) -> None:
    with cable(end_type, link_of, echo, tmp_path) as (_, link):
        link.close()
        link.close()
        for use in (
            lambda: link.exchange(b"q\n", LINES, DEADLINE_S),
            lambda: link.send(b"q\n"),
            lambda: link.drain(0.01),
        ):
            with pytest.raises(LinkClosed, match="is not open"):
                use()


@pytest.mark.parametrize(("end_type", "link_of"), [*TRANSPORTS[::3], TRANSPORTS[-1]])
def test_drain_ends_on_a_line_that_never_falls_silent(
    end_type: type[FarEnd], link_of: Callable[..., Any], tmp_path: Path
) -> None:
    with cable(end_type, link_of, said(*[(0.01, b"x" * 50)] * 400), tmp_path) as (end, link):
        link.send(b"talk\n")
        clock = RealClock()
        while not end.heard and clock.now_s < CALM_S:  # draining throws away what has not left yet
            sleep_s(0.005)
        clock = RealClock()
        with pytest.raises(BadFrame, match="does not fall silent") as told:
            link.drain(0.4)
        assert clock.now_s > 1.5
        assert 0 < len(told.value.data) <= 4096


def packet(payload: bytes) -> bytes:
    """A Sycon answer as the monitor packs it."""
    body = bytes((len(payload) + ANSWER_OFFSET,)) + payload
    register = crc(body)
    return b"!" + body + bytes(((register & 0x7F) + 34, (register >> 7) + 34))


def _noise(chance: random.Random) -> list[tuple[float, bytes]]:
    """Bytes as a bad cable makes them: any, many `!`, cut and damaged packets, in up to four pieces."""
    kind = chance.randrange(4)
    if kind == 0:
        data = chance.randbytes(chance.randrange(1, 80))
    elif kind == 1:
        data = bytes(chance.choice((0x21, 0x23, 0x24, 0x30, 0xFF)) for _ in range(chance.randrange(1, 60)))
    else:
        data = bytearray(packet(b"A" + bytes(chance.randrange(0x30, 0x7B) for _ in range(chance.randrange(1, 60)))))
        if kind == 2:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        else:
            del data[chance.randrange(1, len(data)) :]
    pieces = []
    data = bytes(data)
    while data:
        at = chance.randrange(1, len(data) + 1) if len(pieces) < 3 else len(data)
        pieces.append((0.0, data[:at]))
        data = data[at:]
    return pieces


def _stream_of_noise(
    rounds: int, seed: int, end_type: type[FarEnd], link_of: Callable[..., Any], folder: Path, deadline_s: float
) -> None:
    """Noise in place of the answer, again and again: never a reading from it, and the exchange after it right."""
    chance = random.Random(seed)
    framing = SyconFraming()
    late = again = 0
    with cable(end_type, link_of, echo, folder) as (end, link):
        for number in range(rounds):
            noise = _noise(chance)
            end.answer = lambda request, noise=noise: noise
            clock = RealClock()
            try:
                taken = link.exchange(b"noise", framing, deadline_s)
            except LinkError:
                late += clock.now_s > deadline_s + SLACK_S
            else:
                pytest.fail(f"round {number}: took {taken!r} out of {noise!r}")
            right = b"A%d" % number
            end.answer = lambda request, right=right: [(0.0, packet(right))]
            again += not _right_after(link, framing, right)
    assert late + again <= 1 + rounds // 100, "this machine may have been stopped for a moment, not that often"


def _right_after(link: Any, framing: Framing, right: bytes) -> bool:
    """Mend the link as the worker does, but after 2 ms of silence; whether it was right at once.

    The far end's thread may have been stopped for longer between two pieces of its noise; then they come in place of
    the answer, which must be an error again, and never a reading.
    """
    for attempt in range(4):
        link.open()
        link.drain(0.002)
        try:
            assert link.exchange(b"question", framing, CALM_S) == right
        except BadFrame:
            continue
        return attempt == 0
    pytest.fail("the link is not trusted again")


@EVERYWHERE
def test_random_bytes(end_type: type[FarEnd], link_of: Callable[..., Any], tmp_path: Path) -> None:
    _stream_of_noise(25, 1, end_type, link_of, tmp_path, deadline_s=0.02)


@pytest.mark.soak
@EVERYWHERE
def test_ten_thousand_random_streams(end_type: type[FarEnd], link_of: Callable[..., Any], tmp_path: Path) -> None:
    _stream_of_noise(10_000, 2, end_type, link_of, tmp_path, deadline_s=0.02)


@needs_pty
@pytest.mark.parametrize("rounds", [25, pytest.param(10_000, marks=pytest.mark.soak)])
def test_random_bytes_where_the_terminal_waits(rounds: int, tmp_path: Path) -> None:
    """Deadlines from a tenth of a second on are first waited for in the terminal itself (serial_link.PATIENCE_DS)."""
    _stream_of_noise(rounds, 3, PtyEnd, serial, tmp_path, deadline_s=0.1)


@needs_pty
def test_a_line_that_takes_no_bytes_holds_nobody(tmp_path: Path) -> None:
    """A write never waits for ever, also where reads are left to the terminal (serial_link._patient)."""
    import pty
    import tty

    master, slave = pty.openpty()
    tty.setraw(slave)
    link = serial_link("line", os.ttyname(slave), 9600, RealClock())
    link.open()

    def fill() -> None:
        for _ in range(1000):
            link.send(b"x" * 200)

    clock = RealClock()
    with pytest.raises(LinkClosed, match="Is the instrument switched on"):
        fill()
    assert 0.25 < clock.now_s < CALM_S
    os.close(slave)
    os.close(master)


@needs_pty
def test_a_line_that_takes_no_bytes_in_a_program_with_many_files_open() -> None:
    """`select` refuses descriptors above 1023, which would be told as a port that has gone."""
    import fcntl

    near, far = socket.socketpair()
    high = socket.socket(fileno=fcntl.fcntl(near, fcntl.F_DUPFD, 1100))
    high.setblocking(False)
    port = DescriptorPort(high.fileno(), lambda: high.recv(9), high.send, lambda: None, high.close, reopens=True)
    with pytest.raises(TimeoutError, match="could not be sent within"):
        port.send(bytes(100_000_000), 0.05)
    port.close()
    near.close()
    far.close()


@needs_pty
def test_what_comes_late_is_waited_for_to_the_end_of_the_deadline(tmp_path: Path) -> None:
    """Before and after the terminal's own patience has ended, in one piece or several."""
    for pieces in ([(0.05, b"to q\n")], [(0.2, b"to q\n")], [(0.03, b"to"), (0.15, b" q"), (0.05, b"\n")]):
        with cable(PtyEnd, serial, said(*pieces), tmp_path) as (_, link):
            assert link.exchange(b"q\n", LINES, CALM_S) == b"to q"


@needs_pty
def test_a_serial_port_is_opened_by_one_program_only(tmp_path: Path) -> None:
    with cable(PtyEnd, lambda end, clock: serial_link("line", end.device, 9600, clock), echo, tmp_path) as (end, _):
        second = serial_link("second", end.device, 9600, RealClock())
        with pytest.raises(LinkClosed, match=r"second: serial port .*Another program has it open"):
            second.open()


class Deaf:
    """A port at which nothing ever comes."""

    reopens = False
    patience_s = math.inf

    def __init__(self) -> None:
        self.held = b""

    def wait(self, milliseconds: float) -> bool:
        return False

    def receive(self) -> bytes:
        return b""

    receive_first = receive

    def send(self, data: bytes, within_s: float) -> None:
        self.held += data

    def discard_output(self) -> None:
        self.held = b""

    def close(self) -> None:
        self.held = b""


def test_what_could_not_be_delivered_is_thrown_away() -> None:
    """A command must not arrive minutes later, when a cable is plugged in again."""
    port = Deaf()
    link = StreamLink("line", "somewhere", lambda: port, RealClock())
    link.open()
    link.send(b"OUTP ON\n")
    assert port.held
    assert isinstance(timed(link, b"CURR?\n")[0], NoAnswer)
    assert not port.held
    link.send(b"OUTP ON\n")
    link.drain(0.01)
    assert not port.held


def test_nobody_listens(tmp_path: Path) -> None:
    from pvdctl.links.tcp_link import tcp_link

    end = TcpEnd(echo, tmp_path)
    end.unplug()
    with pytest.raises(LinkClosed, match=r"line: 127.0.0.1 port \d+: Connection refused. Is the instrument's network"):
        tcp_link("line", "127.0.0.1", end.port, RealClock()).open()


def test_other_urls_of_pyserial_work_too() -> None:
    """`loop://` has no file descriptor: read through pyserial's own calls."""
    link = serial_link("line", "loop://", 115200, RealClock())
    link.open()
    assert link.exchange(b"echo\n", LINES, CALM_S) == b"echo"
    result, took_s = timed(link, b"no end")
    assert isinstance(result, NoAnswer)
    assert DEADLINE_S <= took_s < DEADLINE_S + SLACK_S
    link.drain(QUIET_S)
    assert link.exchange(b"again\n", LINES, CALM_S) == b"again"
    link.close()


def test_a_url_that_pyserial_does_not_know() -> None:
    with pytest.raises(LinkClosed, match="line: serial port nonsense://x"):
        serial_link("line", "nonsense://x", 9600, RealClock()).open()
