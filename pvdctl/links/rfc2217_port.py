"""Serial ports of serial servers, which set the line as they are told: `rfc2217://host:port` (RFC 2217 over telnet).

pyserial has a client too, and it cannot keep this project's deadlines (pyserial 3.5, all tried): it refuses a write
time-out; a write may take 5 s, closing 0.3 s, throwing away output 0.05 to 3 s; what was not delivered stays with the
system and arrives when the cable is plugged in again, after minutes too; bytes are read by a thread of its own, which
one wrong byte of telnet ends. So this is one in the manner of `tcp_link`, whose sockets it uses, and pyserial's server
side (`serial.rfc2217.PortManager`) judges it in the tests. Unlike pyserial's, it never asks for an echo (RFC 857): an
echo is an answer nobody wants.

A server's wish to be sent nothing for a while (FLOWCONTROL-SUSPEND) is not heeded, as by pyserial: requests are short,
and one that was lost shows as a missing answer.
"""

import socket
from functools import partial
from math import inf
from urllib.parse import urlsplit

from pvdctl.clock import Clock
from pvdctl.links.port import CHUNK, DescriptorPort
from pvdctl.links.port_errors import PORT_ERRORS
from pvdctl.links.stream_link import GONE, close_quietly
from pvdctl.links.tcp_link import connected
from pvdctl.links.telnet import Telnet, escaped, told

SCHEME = "rfc2217"
SET_WITHIN_S = 1.0
"""For a server to agree and to set its line, as long as for the connection itself (tcp_link.CONNECT_WITHIN_S)."""
REPLY_WITHIN_S = 0.3
"""For sending an answer of telnet's own: as for a request without an answer (stream_link.SEND_WITHIN_S)."""
TALK_AT_MOST = 64
"""So many pieces without a byte from the instrument are heard beyond the time asked for; a choice. The state of modem
lines, all that servers tell unasked, is one piece per change."""
LENIENT = "ign_set_control"
"""pyserial's option for servers that confirm flow control, DTR and RTS wrongly, as sredird 2.2.1 does (its words)."""

_BINARY, _SGA, _COM_PORT = 0, 3, 44
"""Telnet options: RFC 856, RFC 858, RFC 2217 section 2."""
_BAUD, _DATA_BITS, _PARITY, _STOP_BITS, _CONTROL, _PURGE = 1, 2, 3, 4, 5, 12
"""RFC 2217 section 3; the server confirms with 100 more and the value it has set."""
_CONFIRMED = 100


class Rfc2217Port:
    """`port.Port` over a telnet connection. clock: monotonic, real."""

    __slots__ = ("_clock", "_gone", "_held", "_line", "_telnet", "patience_s", "reopens")

    def __init__(self, made: socket.socket, clock: Clock) -> None:
        self._clock = clock
        self._line = DescriptorPort(
            made.fileno(), partial(made.recv, CHUNK), made.send, _nothing, made.close, reopens=True
        )
        self._telnet = Telnet(ours=(_BINARY, _SGA, _COM_PORT), theirs=(_BINARY, _SGA))
        self._held = b""
        self._gone = False
        self.reopens = True
        self.patience_s = inf

    def wait(self, milliseconds: float) -> bool:
        """See `Port.wait`. What the server itself has to say is heard meanwhile, and ends no wait."""
        clock = self._clock
        until_s = clock.now_s + milliseconds / 1000.0
        beyond = 0
        while not self._held and not self._gone:
            left_s = until_s - clock.now_s
            if not self._line.wait(1000.0 * max(0.0, left_s)):
                return False
            self._hear()
            self._telnet.told.clear()
            beyond += left_s <= 0.0
            if beyond > TALK_AT_MOST:
                raise ConnectionError("the serial server sends telnet commands without end")
        return True

    def receive(self) -> bytes:
        """See `Port.receive`."""
        held, self._held = self._held, b""
        return held

    def receive_first(self) -> bytes:
        """See `Port.receive_first`; never called, because `patience_s` is infinite."""
        return self.receive()

    def send(self, data: bytes, within_s: float) -> None:
        """See `Port.send`."""
        self._line.send(escaped(data), within_s)

    def discard_output(self) -> None:
        """See `Port.discard_output`: a connection cannot take back what it was given, and is opened anew instead."""

    def close(self) -> None:
        """See `Port.close`."""
        self._line.close()

    def set_line(self, baud: int, *, lenient: bool) -> None:
        """Agree with the server, set the line to 8N1 without flow control, raise DTR and RTS, empty its buffers.

        lenient: it need not confirm what it did about flow control, DTR and RTS. What came before is thrown away,
        such as a server's greeting. Raises ConnectionError or EOFError, after `SET_WITHIN_S` at the latest.
        """
        until_s = self._clock.now_s + SET_WITHIN_S
        self._line.send(self._telnet.asking(), REPLY_WITHIN_S)
        while not self._telnet.does(_COM_PORT):
            if _COM_PORT in self._telnet.refused:
                raise ConnectionError(
                    "the serial server refuses RFC 2217, which is to be switched on there for this port"
                )
            self._hear_until(until_s, "agree to RFC 2217, which is to be switched on there for this port")
        orders = _orders(baud)
        self._line.send(b"".join(told(_COM_PORT, bytes((code,)) + value) for _, code, value in orders), REPLY_WITHIN_S)
        pending = [order for order in orders if not (lenient and order[1] == _CONTROL)]
        while pending:
            self._hear_until(until_s, f"confirm {pending[0][0]}")
            for said in self._telnet.told:
                pending = _left(pending, said)
            self._telnet.told.clear()
        self._held = b""

    def _hear_until(self, until_s: float, to_do: str) -> None:
        left_s = until_s - self._clock.now_s
        if left_s <= 0.0 or not self._line.wait(1000.0 * left_s):
            raise ConnectionError(f"within {SET_WITHIN_S:g} s the serial server did not {to_do}")
        self._hear()
        if self._gone:
            raise EOFError(GONE)

    def _hear(self) -> None:
        data = self._line.receive()
        self._gone = not data
        self._held = self._telnet.take(data)
        if self._telnet.replies:
            replies = bytes(self._telnet.replies)
            self._telnet.replies.clear()
            self._line.send(replies, REPLY_WITHIN_S)


Order = tuple[str, int, bytes]
"""In words for messages, command, value."""


def _orders(baud: int) -> list[Order]:
    """What a server is told, in this order.

    RFC 2217 section 3: SET-BAUDRATE, -DATASIZE, -PARITY (1 none), -STOPSIZE (1 one), -CONTROL (1 no flow control, 8
    DTR on, 11 RTS on), PURGE-DATA (3 both buffers).
    """
    return [
        (f"{baud} baud", _BAUD, baud.to_bytes(4, "big")),
        ("8 data bits", _DATA_BITS, b"\x08"),
        ("no parity", _PARITY, b"\x01"),
        ("1 stop bit", _STOP_BITS, b"\x01"),
        ("no flow control", _CONTROL, b"\x01"),
        ("DTR on", _CONTROL, b"\x08"),
        ("RTS on", _CONTROL, b"\x0b"),
        ("its buffers emptied", _PURGE, b"\x03"),
    ]


def _left(pending: list[Order], said: bytes) -> list[Order]:
    """`pending` without what the server has confirmed by `said`. Raises ConnectionError if it has set another value.

    Only the beginning of a value is compared: sredird adds zeros to the baud rate (a remark in pyserial's client).
    """
    if len(said) < 2 or said[0] != _COM_PORT:
        return pending
    left = [order for order in pending if not (said[1] == order[1] + _CONFIRMED and said[2:].startswith(order[2]))]
    if len(left) == len(pending):
        for words, code, value in pending:
            if said[1] == code + _CONFIRMED and code != _CONTROL:
                found = int.from_bytes(said[2 : 2 + len(value)], "big")
                raise ConnectionError(f"the serial server was asked for {words} and has set {found}")
    return left


def _nothing() -> None:
    """A connection cannot take back what it was given."""


def connect(url: str, baud: int, clock: Clock) -> Rfc2217Port:
    """Open `rfc2217://host:port`, perhaps with `?ign_set_control`. Raises what is listed in `port_errors`."""
    parts = urlsplit(url)
    options = parts.query.split("&") if parts.query else []
    if parts.scheme != SCHEME or not parts.hostname or parts.port is None or any(one != LENIENT for one in options):
        raise ValueError(f"wanted is {SCHEME}://host:port, or that with ?{LENIENT} after it")
    port = Rfc2217Port(connected(parts.hostname, parts.port), clock)
    try:
        port.set_line(baud, lenient=LENIENT in options)
    except PORT_ERRORS:
        close_quietly(port.close)
        raise
    return port
