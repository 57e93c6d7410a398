"""Bytes to and from an instrument over a port of this machine: a serial line or a socket, whatever opened it.

Rules, each paid for by somebody: deadlines are absolute, so a line that drips a byte now and then does not extend
them; bytes that are there before anything was asked are never taken for an answer; what could not be delivered is
thrown away, so that no command arrives minutes late.
"""

from collections.abc import Callable

from pvdctl.clock import Clock
from pvdctl.errors import BadFrame, LinkClosed, NoAnswer
from pvdctl.links.link import Framing
from pvdctl.links.port import Port
from pvdctl.links.port_errors import PORT_ERRORS, closed
from pvdctl.links.round_trips import RoundTrips

DRAIN_AT_MOST_S = 2.0
"""A line that never falls silent is left after this (see `Link.drain`)."""
DROPPED_KEPT = 4096
"""Of what is drained, so much is kept for the message: a talking line may bring megabytes."""
GONE = "the far end has gone away"
SEND_WITHIN_S = 0.3
"""For requests without an answer: as long as a driver waits for one (instrument.driver.Driver.DEADLINE_S)."""


class StreamLink:
    """`links.link.Link` over a port that `connect` opens.

    where: device or address, for messages. clock: monotonic, real.
    """

    __slots__ = ("_buffer", "_clock", "_connect", "_doubtful", "_port", "exchanges", "name", "round_trips", "where")

    def __init__(self, name: str, where: str, connect: Callable[[], Port], clock: Clock) -> None:
        self.name = name
        self.where = where
        self.exchanges = 0
        self.round_trips = RoundTrips()
        self._connect = connect
        self._clock = clock
        self._port: Port | None = None
        self._buffer = bytearray()
        self._doubtful = False
        """An answer is still outstanding: question and answer may have come apart."""

    def exchange(self, request: bytes, framing: Framing, deadline_s: float) -> bytes:
        """See `Link.exchange`."""
        port = self._port
        if port is None:
            raise self._not_open()
        clock, buffer = self._clock, self._buffer
        start_s = clock.now_s
        try:
            wait = port.wait
            if buffer or wait(0):
                self._refuse_early(port)
            self._doubtful = True
            port.send(request, deadline_s)
            data = port.receive_first() if deadline_s >= port.patience_s else b""
            while True:
                if data:
                    buffer += data
                    answer = framing.take(buffer)
                    if answer is not None:
                        self._doubtful = False
                        self.exchanges += 1
                        self.round_trips.add(clock.now_s - start_s)
                        return answer
                left_s = start_s + deadline_s - clock.now_s
                if left_s <= 0.0 or not wait(1000.0 * left_s):
                    break
                data = port.receive()
                if not data:
                    raise EOFError(GONE)
            port.discard_output()
        except PORT_ERRORS as error:
            raise self._lost(error) from error
        raise NoAnswer(self.name, request, deadline_s, bytes(buffer))

    def send(self, request: bytes) -> None:
        """See `Link.send`."""
        port = self._port
        if port is None:
            raise self._not_open()
        try:
            port.send(request, SEND_WITHIN_S)
        except PORT_ERRORS as error:
            raise self._lost(error) from error
        self.exchanges += 1

    def drain(self, quiet_s: float) -> bytes:
        """See `Link.drain`; of a long stream the first 4096 bytes are returned."""
        port = self._port
        if port is None:
            raise self._not_open()
        dropped = bytes(self._buffer)
        self._buffer.clear()
        last_s = self._clock.now_s + DRAIN_AT_MOST_S
        try:
            port.discard_output()
            while port.wait(1000.0 * quiet_s):
                data = port.receive()
                if not data:
                    raise EOFError(GONE)
                if len(dropped) < DROPPED_KEPT:
                    dropped += data
                if self._clock.now_s > last_s:
                    raise BadFrame("the line does not fall silent", dropped[:DROPPED_KEPT])
        except PORT_ERRORS as error:
            raise self._lost(error) from error
        return dropped[:DROPPED_KEPT]

    def open(self) -> None:
        """See `Link.open`. A connection with an answer outstanding is opened anew where that helps (`Port.reopens`)."""
        port = self._port
        if port is not None and self._doubtful and port.reopens:
            self.close()
            port = None
        if port is None:
            try:
                self._port = self._connect()
            except PORT_ERRORS as error:
                raise closed(self.name, self.where, error) from error
        self._buffer.clear()
        self._doubtful = False

    def close(self) -> None:
        """See `Link.close`."""
        port, self._port = self._port, None
        self._buffer.clear()
        if port is not None:
            close_quietly(port.close)

    def _refuse_early(self, port: Port) -> None:
        """Bytes that nobody asked for: question and answer have come apart; nothing is asked."""
        early = bytes(self._buffer)
        self._buffer.clear()
        if not early:
            early = port.receive()
            if not early:
                raise EOFError(GONE)
        self._doubtful = True
        raise BadFrame("it came before anything was asked", early)

    def _lost(self, error: Exception) -> LinkClosed:
        self.close()
        return closed(self.name, self.where, error)

    def _not_open(self) -> LinkClosed:
        return LinkClosed(f"{self.name}: {self.where} is not open. It is tried again by itself.")


def close_quietly(close: Callable[[], None]) -> None:
    """Close a port that may be dead already: whatever that raises changes nothing any more."""
    try:
        close()
    except PORT_ERRORS:
        return
