"""A link to an instrument simulated in memory, in virtual time.

Every byte is handed over; what is left out is only the cable. An exchange takes as long as its bytes take at the
line's speed plus the instrument's own delay; a time-out costs its deadline. The link moves the virtual clock: it runs
inline, for one worker at a time (see links.schedule).
"""

from typing import Protocol

from pvdctl.clock import VirtualClock
from pvdctl.errors import BadFrame, NoAnswer
from pvdctl.links.link import Framing


class Port(Protocol):
    """The far end: a simulated instrument's connector."""

    def write(self, data: bytes, now_s: float) -> None:
        """Bytes have arrived at the instrument at `now_s`."""

    def take(self, until_s: float) -> tuple[float, bytes] | None:
        """Next answer leaving at or before `until_s`, with its time."""


class LoopbackLink:
    """`links.link.Link` over a simulated port.

    baud: line speed in bits per second with 10 bits a byte (8N1); 0 for a network, whose bytes take no time here.
    """

    def __init__(self, name: str, port: Port, clock: VirtualClock, baud: int = 0) -> None:
        self.name = name
        self.exchanges = 0
        self._write, self._take = port.write, port.take
        self._clock = clock
        self._byte_s = 10.0 / baud if baud else 0.0
        self._buffer = bytearray()

    def exchange(self, request: bytes, framing: Framing, deadline_s: float) -> bytes:
        """See `Link.exchange`.

        Bytes that are there before anything was asked mean that question and answer have come apart (an answer came
        too late, or more came than was asked for): they are dropped and nothing is asked.
        """
        clock, take, byte_s = self._clock, self._take, self._byte_s
        start_s = clock.now_s
        until_s = start_s + deadline_s
        buffer = self._buffer
        early = take(start_s)
        if early is not None or buffer:
            dropped = bytes(buffer) + (early[1] if early is not None else b"")
            buffer.clear()
            raise BadFrame("it came before anything was asked", dropped)
        write = self._write
        write(request, start_s + len(request) * byte_s)
        while True:
            got = take(until_s)
            if got is None:
                clock.now_s = until_s
                raise NoAnswer(self.name, request, deadline_s, bytes(buffer))
            at_s, chunk = got
            buffer += chunk
            at_s += len(chunk) * byte_s
            if at_s > until_s:
                clock.now_s = until_s
                raise NoAnswer(self.name, request, deadline_s, bytes(buffer))
            if at_s > clock.now_s:
                clock.now_s = at_s
            answer = framing.take(buffer)
            if answer is not None:
                self.exchanges += 1
                return answer

    def send(self, request: bytes) -> None:
        """See `Link.send`."""
        clock = self._clock
        clock.now_s += len(request) * self._byte_s
        write = self._write
        write(request, clock.now_s)
        self.exchanges += 1

    def drain(self, quiet_s: float) -> bytes:
        """See `Link.drain`."""
        clock = self._clock
        dropped = bytes(self._buffer)
        self._buffer.clear()
        last_s = clock.now_s + 2.0
        while clock.now_s < last_s:
            got = self._take(clock.now_s + quiet_s)
            if got is None:
                clock.now_s += quiet_s
                return dropped
            dropped += got[1]
            clock.now_s = max(clock.now_s, got[0]) + len(got[1]) * self._byte_s
        raise BadFrame("the line does not fall silent", dropped)

    def open(self) -> None:
        """Nothing to open in memory."""

    def close(self) -> None:
        """Nothing to close in memory."""
