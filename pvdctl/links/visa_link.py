"""Instruments behind PyVISA with pyvisa-py: USB, GPIB, VXI-11 and HiSLIP, and whatever else has a resource name.

For a serial port or a plain socket the other links are simpler and faster. The resource is used as its owner names it;
nothing is ever searched for, because that broadcasts on the network.

pyvisa-py loses what it has read when its time-out strikes, and on a socket or serial resource no answer ends by itself.
So such streams are read byte by byte until the framing has a whole answer; message-based buses are read by message.
After a time-out the session is closed and opened anew: its late answer would be the answer to every next question.
"""

from collections.abc import Callable
from math import ceil
from threading import Lock
from typing import Any

import pyvisa
from pyvisa.constants import InterfaceType, StatusCode
from pyvisa.errors import Error as VisaError
from pyvisa.errors import VisaIOError
from pyvisa.resources import MessageBasedResource

from pvdctl.clock import Clock
from pvdctl.errors import BadFrame, LinkClosed, NoAnswer
from pvdctl.links.link import Framing
from pvdctl.links.port import waiting
from pvdctl.links.port_errors import PORT_ERRORS, closed
from pvdctl.links.round_trips import RoundTrips
from pvdctl.links.stream_link import DRAIN_AT_MOST_S, DROPPED_KEPT, close_quietly

OPEN_WITHIN_MS = 1000
"""As for a socket (links.tcp_link)."""
MESSAGE_BYTES = 4096
STEP_MS = 10
"""Time-outs are set in these steps: setting one costs pyvisa-py 0.1 ms on a serial resource (measured), too much for
each byte. So an answer may be taken up to 10 ms after its deadline."""

_FAILURES: tuple[type[Exception], ...] = (VisaError, *PORT_ERRORS)
_opening = Lock()  # the resource manager is one for the process and not made for several threads


class VisaLink:
    """`links.link.Link` over a VISA resource. clock: monotonic, real."""

    def __init__(self, name: str, resource: str, clock: Clock) -> None:
        self.name = name
        self.where = f"VISA resource {resource}"
        self.exchanges = 0
        self.round_trips = RoundTrips()
        self._resource_name = resource
        self._clock = clock
        self._resource: MessageBasedResource | None = None
        self._by_byte = False
        self._time_out_ms = 0
        self._early: Callable[[float], object] = _none_early
        self._buffer = bytearray()
        self._doubtful = False

    def exchange(self, request: bytes, framing: Framing, deadline_s: float) -> bytes:
        """See `Link.exchange`."""
        resource, clock, buffer = self._opened(), self._clock, self._buffer
        if buffer or self._early(0.0):
            early = bytes(buffer)
            buffer.clear()
            self._doubtful = True
            raise BadFrame("it came before anything was asked", early)
        start_s = clock.now_s
        until_s = start_s + deadline_s
        self._doubtful = True
        try:
            self._write(resource, request, until_s)
            while True:
                data = self._read(resource, until_s)
                if data is None:
                    break
                buffer += data
                answer = framing.take(buffer)
                if answer is not None:
                    self._doubtful = False
                    self.exchanges += 1
                    self.round_trips.add(clock.now_s - start_s)
                    return answer
        except _FAILURES as error:
            raise self._lost(error) from error
        raise NoAnswer(self.name, request, deadline_s, bytes(buffer))

    def send(self, request: bytes) -> None:
        """See `Link.send`."""
        try:
            self._write(self._opened(), request, self._clock.now_s + 0.3)
        except _FAILURES as error:
            raise self._lost(error) from error
        self.exchanges += 1

    def drain(self, quiet_s: float) -> bytes:
        """See `Link.drain`."""
        resource = self._opened()
        dropped = bytes(self._buffer)
        self._buffer.clear()
        last_s = self._clock.now_s + DRAIN_AT_MOST_S
        try:
            while self._by_byte:
                data = self._read(resource, self._clock.now_s + quiet_s)
                if data is None:
                    break
                if len(dropped) < DROPPED_KEPT:
                    dropped += data
                if self._clock.now_s > last_s:
                    raise BadFrame("the line does not fall silent", dropped[:DROPPED_KEPT])
        except _FAILURES as error:
            raise self._lost(error) from error
        return dropped[:DROPPED_KEPT]

    def open(self) -> None:
        """See `Link.open`. A session with an answer outstanding is closed and opened anew."""
        if self._doubtful:
            self.close()
        if self._resource is None:
            try:
                with _opening:
                    self._resource = self._connect()
            except _FAILURES as error:
                raise closed(self.name, self.where, error) from error
            except Exception as error:  # pyvisa-py raises a bare Exception where it cannot connect
                raise closed(self.name, self.where, error) from error
        self._buffer.clear()
        self._doubtful = False

    def close(self) -> None:
        """See `Link.close`."""
        resource, self._resource = self._resource, None
        self._buffer.clear()
        if resource is not None:
            try:
                close_quietly(resource.close)
            except VisaError:
                self._doubtful = False

    def _connect(self) -> MessageBasedResource:
        opened: Any = pyvisa.ResourceManager("@py").open_resource(
            self._resource_name, open_timeout=OPEN_WITHIN_MS, read_termination=None, write_termination=None
        )
        if not isinstance(opened, MessageBasedResource):
            opened.close()
            raise ValueError("this resource takes no messages")
        # Bytes are asked one at a time; that more may come is no reason for a warning.
        opened.visalib.issue_warning_on.discard(StatusCode.success_max_count_read)
        self._time_out_ms = 0
        by_byte = opened.interface_type == InterfaceType.asrl or opened.resource_class == "SOCKET"
        self._by_byte = by_byte
        # VISA cannot say whether bytes are waiting on a socket; pyvisa-py's own handle can.
        self._early = waiting(_descriptor(opened)) if by_byte else _none_early
        return opened

    def _write(self, resource: MessageBasedResource, request: bytes, until_s: float) -> None:
        self._set_time_out(resource, until_s)
        resource.write_raw(request)

    def _read(self, resource: MessageBasedResource, until_s: float) -> bytes | None:
        """The next byte or message, or None when the time is over."""
        if until_s <= self._clock.now_s:
            return None
        self._set_time_out(resource, until_s)
        try:
            if self._by_byte:
                return resource.visalib.read(resource.session, 1)[0] or None
            return resource.read_raw(MESSAGE_BYTES)
        except VisaIOError as error:
            if error.error_code == StatusCode.error_timeout:
                return None
            raise

    def _set_time_out(self, resource: MessageBasedResource, until_s: float) -> None:
        left_ms = STEP_MS * max(1, ceil(1000.0 * (until_s - self._clock.now_s) / STEP_MS))
        if left_ms != self._time_out_ms:
            self._time_out_ms = left_ms
            resource.timeout = left_ms

    def _opened(self) -> MessageBasedResource:
        if self._resource is None:
            raise LinkClosed(f"{self.name}: {self.where} is not open. It is tried again by itself.")
        return self._resource

    def _lost(self, error: Exception) -> LinkClosed:
        self.close()
        return closed(self.name, self.where, error)


def _descriptor(resource: Any) -> int:
    """The file descriptor below a stream resource of pyvisa-py."""
    descriptor: int = resource.visalib.sessions[resource.session].interface.fileno()
    return descriptor


def _none_early(milliseconds: float) -> object:
    """Buses of messages: an answer nobody has asked for is not sent, or cleared by the next question (IEEE 488.2)."""
    return False
