"""Requests of one client made whole before they reach the instrument.

A simulated instrument has one receiver. Where several clients talk to it (sockets, or a socket beside the serial
port), half a request of one must not be completed by the other's, so each connection collects its own. What makes no
request is handed over as it came: what the instrument does with it is the instrument's business.
"""

from collections.abc import Callable

from simulators.instruments.sqc310.packets import CommandStream

LONGEST_LINE = 4096
"""Bytes without a line end after which they are handed over all the same; a choice."""


class NotThisProtocolError(Exception):
    """The client speaks something else: a real coupler closes such a connection."""


class Whole:
    """Hands over what arrives as it arrives: for a line with one client."""

    def feed(self, data: bytes) -> tuple[bytes, ...]:
        """What may go to the instrument now."""
        return (data,)


class Lines:
    """Collects up to the last line feed."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> tuple[bytes, ...]:
        """See `Whole.feed`."""
        if not self._rest and data.endswith(b"\n"):
            return (data,)
        stream = self._rest + data
        end = stream.rfind(b"\n") + 1
        if len(stream) - end > LONGEST_LINE:
            end = len(stream)
        self._rest = stream[end:]
        return (stream[:end],) if end else ()


class Packets:
    """Collects the packets of INFICON's `!` framing (SQC-310 manual 074-550-P1C, p. 93-95)."""

    __slots__ = ("_stream",)

    def __init__(self) -> None:
        self._stream = CommandStream()

    def feed(self, data: bytes) -> tuple[bytes, ...]:
        """See `Whole.feed`."""
        return tuple(self._stream.feed(data))


class ModbusFrames:
    """Collects Modbus TCP frames: protocol identifier 0, length 2 to 254 (messaging guide V1.0b, section 3.1.3).

    `feed` raises NotThisProtocolError for anything else: the messaging guide lets a server close the connection.
    """

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> tuple[bytes, ...]:
        """See `Whole.feed`."""
        stream = self._rest + data if self._rest else data
        found: list[bytes] = []
        while len(stream) >= 6:
            length = stream[4] << 8 | stream[5]
            if stream[2] or stream[3] or not 2 <= length <= 254:
                raise NotThisProtocolError("a Modbus frame has protocol identifier 0 and a length of 2 to 254")
            if len(stream) < 6 + length:
                break
            found.append(stream[: 6 + length])
            stream = stream[6 + length :]
        self._rest = stream
        return tuple(found)


Requests = Whole | Lines | Packets | ModbusFrames

REQUESTS: dict[str, Callable[[], Requests]] = {
    "whole": Whole,
    "lines": Lines,
    "packets": Packets,
    "modbus": ModbusFrames,
}
"""By name, as a `connectors.Wanted` asks for it."""
