"""`rfc2217://` against pyserial's server side: what the line is set to, every byte, and servers that are none.

The accidents common to all transports are in test_transports.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serial import rfc2217

from pvdctl.clock import RealClock
from pvdctl.errors import BadFrame, LinkClosed
from pvdctl.links import rfc2217_port
from pvdctl.links.framing_lines import LineFraming
from pvdctl.links.serial_link import serial_link
from pvdctl.links.telnet import LONGEST_TOLD, Telnet, escaped, told
from tests.links.far_ends import Answer, Rfc2217End, TcpEnd, cable, serial_server

LINES = LineFraming(b"\n")
CALM_S = 2.0
COM_PORT = 44
AGREES = bytes((255, 253, COM_PORT))
"""IAC DO COM-PORT-OPTION, RFC 2217 section 2."""
CONFIRMED = [(101, 115200 .to_bytes(4, "big")), (102, b"\x08"), (103, b"\x01"), (104, b"\x01"),
             (105, b"\x01"), (105, b"\x08"), (105, b"\x0b"), (112, b"\x03")]  # fmt: skip
"""What a server confirms at 115200 8N1, RFC 2217 section 3."""


def echo(request: bytes) -> list[tuple[float, bytes]]:
    return [(0.0, b"to " + request)]


def sub(code: int, value: bytes) -> bytes:
    """A subnegotiation, written down by hand (no value here has a byte 255)."""
    return bytes((255, 250, COM_PORT, code)) + value + b"\xff\xf0"


def server(confirmed: list[tuple[int, bytes]], *, greeting: bytes = b"") -> Answer:
    """A serial server of few words: agrees, confirms what it is told to, then echoes."""
    said = [greeting + AGREES, b"".join(sub(code, value) for code, value in confirmed)]
    return lambda request: [(0.0, said.pop(0))] if said else echo(request)


@contextlib.contextmanager
def opened(answer: Answer, folder: Path, options: str = "") -> Iterator[tuple[TcpEnd, Any]]:
    """A far end without pyserial, and a link to it that is not open yet."""
    end = TcpEnd(answer, folder)
    link = serial_link("line", f"rfc2217://127.0.0.1:{end.port}{options}", 115200, RealClock())
    try:
        yield end, link
    finally:
        link.close()
        end.unplug()


def test_the_line_is_set_as_the_chamber_file_says(tmp_path: Path) -> None:
    with cable(Rfc2217End, serial_server, echo, tmp_path) as (end, link):
        assert link.exchange(b"q\n", LINES, CALM_S) == b"to q"
        line = end.line
        assert (line.baudrate, line.bytesize, line.parity, line.stopbits) == (115200, 8, "N", 1)
        assert (line.xonxoff, line.rtscts, line.dtr, line.rts) == (False, False, True, True)


def test_all_bytes_pass_both_ways(tmp_path: Path) -> None:
    every = bytes(each for each in range(256) if each != 10) + b"\xff" * 5 + b"\r\0\xff\xf0\xff\xfa"
    with cable(Rfc2217End, serial_server, echo, tmp_path) as (end, link):
        assert link.exchange(every + b"\n", LINES, CALM_S) == b"to " + every
        assert b"".join(end.heard) == every + b"\n"


def test_what_the_server_tells_of_itself_is_no_answer(tmp_path: Path) -> None:
    """Before a question and within an answer: modem lines, keep-alive, an offer that is refused."""
    talk = bytes((255, 250, COM_PORT, 107, 0xB0, 255, 240)) + b"\xff\xf1" + bytes((255, 253, 24))
    with opened(server(CONFIRMED), tmp_path) as (end, link):
        link.open()
        pieces = [(0.0, talk + b"to"), (0.02, talk), (0.02, b" q\n" + talk)]
        end.answer = lambda request: pieces if b"q" in request else []  # and not to what is refused
        for _ in range(5):
            assert link.exchange(b"q\n", LINES, CALM_S) == b"to q"
        refused = b"".join(end.heard).count(bytes((255, 252, 24)))
        assert refused >= 4 * 3


def test_an_early_byte_behind_the_servers_own_talk_is_seen(tmp_path: Path) -> None:
    """Also where it does not come in the same piece (rfc2217_port.Rfc2217Port.wait)."""
    talk = b"\xff\xf1" * 1000
    with opened(server(CONFIRMED), tmp_path) as (end, link):
        link.open()
        end.answer = lambda request: [(0.0, b"to q\n" + talk + b"early\n")]
        assert link.exchange(b"q\n", LINES, CALM_S) == b"to q"
        threading.Event().wait(0.05)
        with pytest.raises(BadFrame, match="before anything was asked"):
            link.exchange(b"next\n", LINES, CALM_S)


def test_a_server_that_talks_without_end_holds_nobody(tmp_path: Path) -> None:
    with opened(server(CONFIRMED), tmp_path) as (end, link):
        link.open()
        end.answer = lambda request: [(0.0, b"\xff\xf1" * 2000)] * 2000
        clock = RealClock()
        with pytest.raises(LinkClosed, match="telnet commands without end"):
            link.exchange(b"q\n", LINES, 0.1)
        assert clock.now_s < CALM_S


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(lambda request: [], "within 1 s the serial server did not agree to RFC 2217", id="mute"),
        pytest.param(lambda request: [(0.3, b"\xff\xf1")] * 9, "did not agree to RFC 2217", id="dripping"),
        pytest.param(lambda request: [(0.0, b"\xff\xfe,")], "the serial server refuses RFC 2217", id="refuses"),
        pytest.param(
            lambda request: [(0.0, request)], "the serial server refuses RFC 2217", id="an instrument that echoes"
        ),
        pytest.param(lambda request: [(0.0, b"?\xff\x41")], "ff 41 came where telnet has no such", id="raw bytes"),
        pytest.param(lambda request: [(0.0, b"\xff\xfa,\xff\x41")], "ff 41 came where telnet has no", id="damaged"),
        pytest.param(lambda request: [(0.0, b"\xff\xfa" + b"x" * 999)], "ff fa 78 78", id="a name without end"),
        pytest.param(server(CONFIRMED[:4]), "did not confirm no flow control", id="half set"),
        pytest.param(server([(101, (9600).to_bytes(4, "big"))]), "for 115200 baud and has set 9600", id="other baud"),
        pytest.param(server([(102, b"\x07")]), "asked for 8 data bits and has set 7", id="other bits"),
        pytest.param(server([(102, b"")]), "asked for 8 data bits and has set 0", id="no value"),
        pytest.param(server([*CONFIRMED[:4], *[(105, b"\x01")] * 3, (112, b"\x03")]), "confirm DTR on", id="sredird"),
    ],
)
def test_servers_that_are_none(answer: Answer, words: str, tmp_path: Path) -> None:
    with opened(answer, tmp_path) as (end, link):
        clock = RealClock()
        with pytest.raises(LinkClosed, match=f"line: serial port rfc2217://127.0.0.1:{end.port}: .*{words}"):
            link.open()
        assert clock.now_s < rfc2217_port.SET_WITHIN_S + 0.5
        end.answer = server(CONFIRMED)
        link.open()
        assert link.exchange(b"after\n", LINES, CALM_S) == b"to after"


def test_servers_that_confirm_in_their_own_way(tmp_path: Path) -> None:
    """A greeting; sredird's zeros after the baud rate, and its wrong answers about DTR and RTS, where allowed."""
    odd = [(101, (115200).to_bytes(4, "big") + bytes(4)), *CONFIRMED[1:4], *[(105, b"\x01")] * 3, (112, b"\x03")]
    with opened(server(odd, greeting=b"ser2net port 3\r\n"), tmp_path, "?ign_set_control") as (_, link):
        link.open()
        assert link.exchange(b"q\n", LINES, CALM_S) == b"to q"


def test_a_server_that_goes_while_it_is_asked(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    link = serial_link("line", f"rfc2217://127.0.0.1:{listener.getsockname()[1]}", 115200, RealClock())
    hangs_up = threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True)
    hangs_up.start()
    with pytest.raises(LinkClosed, match="line: serial port rfc2217://"):
        link.open()
    hangs_up.join(CALM_S)
    listener.close()


@pytest.mark.parametrize("url", ["rfc2217://here", "rfc2217://:7000", "rfc2217://here:7000?timeout=9"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(LinkClosed, match="wanted is rfc2217://host:port"):
        serial_link("line", url, 9600, RealClock()).open()


def in_pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return (data[start:end] for start, end in pairwise(places))


@given(st.lists(st.binary(max_size=20) | st.just(b"\xff\xff"), max_size=6), st.lists(st.integers(0, 500)))
def test_bytes_are_told_from_commands_however_they_are_cut(parts: list[bytes], cuts: list[int]) -> None:
    """What pyserial's server escapes, with notices between, comes out as it went in, and back as well."""
    sent: list[bytes] = []
    modem: Any = SimpleNamespace(cts=True, dsr=True, ri=True, cd=True)
    connection: Any = SimpleNamespace(write=sent.append)
    manager = rfc2217.PortManager(modem, connection)
    stream = b"".join(b"".join(manager.escape(part)) + sub(107, b"\x30") + b"\xff\xf1" for part in parts)
    telnet = Telnet((), ())
    assert b"".join(telnet.take(piece) for piece in in_pieces(stream, cuts)) == b"".join(parts)
    assert telnet.told == [bytes((COM_PORT, 107, 0x30))] * len(parts)
    back = escaped(b"".join(parts))
    assert b"".join(b"".join(manager.filter(piece)) for piece in in_pieces(back, cuts)) == b"".join(parts)


@given(st.binary(max_size=LONGEST_TOLD // 2 - 8), st.lists(st.integers(0, 500)))
def test_what_is_told_arrives_whole(value: bytes, cuts: list[int]) -> None:
    telnet = Telnet((), ())
    stream = b"x" + told(COM_PORT, value) + b"y"
    assert b"".join(telnet.take(piece) for piece in in_pieces(stream, cuts)) == b"xy"
    assert telnet.told == [bytes((COM_PORT,)) + value]


def test_two_ends_agree_and_fall_silent() -> None:
    """Whoever asks first; each question is answered once, and no answer is answered."""
    one, other = Telnet((0, 3), (0,)), Telnet((0, 1), (0,))
    to_other, to_one = one.asking(), other.asking()
    for _ in range(5):
        other.take(to_other)
        one.take(to_one)
        to_other, to_one = bytes(one.replies), bytes(other.replies)
        one.replies.clear()
        other.replies.clear()
    assert not to_other
    assert not to_one
    assert [one.does(0), one.does(3), other.does(0), other.does(1)] == [True, False, True, False]
    assert one.refused == {3}
    assert other.refused == {1}


def test_what_was_agreed_can_be_withdrawn() -> None:
    telnet = Telnet((0,), ())
    telnet.take(b"\xff\xfd\x00")
    assert (telnet.does(0), bytes(telnet.replies)) == (True, b"\xff\xfb\x00")
    telnet.take(b"\xff\xfe\x00" * 2)
    assert (telnet.does(0), bytes(telnet.replies)) == (False, b"\xff\xfb\x00\xff\xfc\x00")


@given(st.binary(max_size=600))
def test_any_bytes_are_data_commands_or_a_refusal(noise: bytes) -> None:
    """Never another error, and nothing is kept without bound."""
    telnet = Telnet((0, 3, 44), (0, 3))
    kept = 0
    with contextlib.suppress(ConnectionError):
        for at in range(0, len(noise), 50):
            kept += len(telnet.take(noise[at : at + 50]))
    assert kept <= len(noise)
