"""A tap on a link: the bytes of its newest exchanges, for as long as somebody listens.

While it is off it is not there: the worker speaks with the link itself, and nothing is looked at or asked per exchange.
While it is on, the worker speaks with the tap, which hands everything on unchanged and keeps what passed. It stands
above all links alike, in virtual and in real time: of a byte link it sees the request, and around its framing the
bytes of the answer; a Modbus link tells it what went out and came in (`ModbusLink.listen`).
"""

from collections import deque
from collections.abc import Callable
from itertools import islice
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from pvdctl.clock import Clock
from pvdctl.errors import BadFrame, NoAnswer, PvdctlError
from pvdctl.links.link import Framing, Link, ModbusLink
from pvdctl.links.worker import Worker

KEPT = 500
"""Exchanges kept per link: some 20 s of the busiest, the PLC's, with two or three in each scan. A choice."""
DROPPED = "came unasked, and was dropped before the link is trusted again"

T = TypeVar("T")


class Exchange(NamedTuple):
    """One exchange as its bytes went over the line.

    number: grows by one, per link. at_s, took_s: clock seconds of its beginning, and until its end. asked: empty where
    nothing was to be sent. answered: all that came, noise and half answers too; empty for a request that has no answer.
    error: empty, or what went wrong.
    """

    number: int
    at_s: float
    took_s: float
    asked: bytes
    answered: bytes
    error: str


class Tap:
    """Listens to one worker's link, on demand. `on`, `off` and `kept` may come from any thread."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        # Modbus links tell their bytes themselves.
        self._line: Any = (_ModbusTap if hasattr(worker.link, "listen") else _BytesTap)(worker.link, self)
        self._ring: deque[Exchange] = deque(maxlen=KEPT)
        self._lock = Lock()
        self.newest = 0
        """Number of the newest exchange heard."""

    @property
    def is_on(self) -> bool:
        """Whether the link is listened to."""
        return self._worker.line is self._line

    @property
    def clock(self) -> Clock:
        """Of the worker."""
        return self._worker.clock

    def on(self) -> None:
        """Listen from the worker's next turn on."""
        self._worker.line = self._line

    def off(self) -> None:
        """Listen no more, and forget what was heard; numbers go on."""
        with self._lock:
            self._worker.line = self._worker.link
            self._ring.clear()

    def kept(self, after: int | None, most: int) -> list[Exchange]:
        """The oldest `most` kept exchanges with a number above `after`; without it the newest `most`, oldest first.

        A number that was never given is one of an earlier start of the program: then all count as later.
        """
        with self._lock:
            ring = list(self._ring)
        if after is None:
            return ring[-most:]
        first = after if after <= self.newest else 0
        return list(islice((each for each in ring if each.number > first), most))

    def heard(self, at_s: float, asked: bytes, answered: bytes, error: str) -> None:
        """One exchange is over. From the worker's thread."""
        with self._lock:
            if self.is_on:  # it may have been switched off in the middle of this exchange
                self.newest += 1
                self._ring.append(Exchange(self.newest, at_s, self.clock.now_s - at_s, asked, answered, error))


class _Line:
    """What byte links and Modbus links have in common, listened to."""

    def __init__(self, link: Any, tap: Tap) -> None:
        self._link = link
        self._tap = tap
        self.name: str = link.name

    @property
    def exchanges(self) -> int:
        """See `Link.exchanges`."""
        count: int = self._link.exchanges
        return count

    def drain(self, quiet_s: float) -> bytes:
        """See `Link.drain`; told where something was dropped."""
        at_s = self._tap.clock.now_s
        try:
            dropped: bytes = self._link.drain(quiet_s)
        except PvdctlError as error:
            self._tap.heard(at_s, b"", error.data if isinstance(error, BadFrame) else b"", str(error))
            raise
        if dropped:
            self._tap.heard(at_s, b"", dropped, DROPPED)
        return dropped

    def open(self) -> None:
        """See `Link.open`; told where it fails."""
        at_s = self._tap.clock.now_s
        try:
            self._link.open()
        except PvdctlError as error:
            self._tap.heard(at_s, b"", b"", str(error))
            raise

    def close(self) -> None:
        """See `Link.close`."""
        self._link.close()


class _HeardFraming:
    """A framing, and all bytes that it took out of the buffer. used: it was given some, so a request has gone out."""

    __slots__ = ("_take", "answered", "used")

    def __init__(self, framing: Framing) -> None:
        self._take = framing.take
        self.answered = b""
        self.used = False

    def take(self, buffer: bytearray) -> bytes | None:
        """See `Framing.take`; framings take from the front."""
        self.used = True
        before = bytes(buffer)
        try:
            return self._take(buffer)
        finally:
            self.answered += before[: len(before) - len(buffer)]


class _BytesTap(_Line):
    """`links.link.Link`, listened to."""

    _link: Link

    def exchange(self, request: bytes, framing: Framing, deadline_s: float) -> bytes:
        """See `Link.exchange`."""
        tap, heard = self._tap, _HeardFraming(framing)
        at_s = tap.clock.now_s
        try:
            answer = self._link.exchange(request, heard, deadline_s)
        except NoAnswer as error:
            tap.heard(at_s, request, heard.answered + error.got, str(error))
            raise
        except BadFrame as error:
            if heard.used:
                tap.heard(at_s, request, heard.answered, str(error))
            else:  # bytes were there already: nothing was asked
                tap.heard(at_s, b"", error.data, str(error))
            raise
        except PvdctlError as error:
            tap.heard(at_s, request, heard.answered, str(error))
            raise
        tap.heard(at_s, request, heard.answered, "")
        return answer

    def send(self, request: bytes) -> None:
        """See `Link.send`."""
        at_s = self._tap.clock.now_s
        try:
            self._link.send(request)
        except PvdctlError as error:
            self._tap.heard(at_s, request, b"", str(error))
            raise
        self._tap.heard(at_s, request, b"", "")


class _Ear:
    """`links.link.Ear` of one exchange."""

    __slots__ = ("answered", "asked")

    def __init__(self) -> None:
        self.asked = b""
        self.answered = b""

    def sent(self, data: bytes) -> None:
        """See `Ear.sent`."""
        self.asked += data

    def received(self, data: bytes) -> None:
        """See `Ear.received`."""
        self.answered += data


class _ModbusTap(_Line):
    """`links.link.ModbusLink`, listened to. Its ear is at the link only during an exchange, on the worker's thread."""

    _link: ModbusLink

    def read_inputs(self, unit: int, address: int, count: int, deadline_s: float) -> int:
        """See `ModbusLink.read_inputs`."""
        return self._heard(lambda: self._link.read_inputs(unit, address, count, deadline_s))

    def read_coils(self, unit: int, address: int, count: int, deadline_s: float) -> int:
        """See `ModbusLink.read_coils`."""
        return self._heard(lambda: self._link.read_coils(unit, address, count, deadline_s))

    def write_coils(self, unit: int, address: int, count: int, bits: int, deadline_s: float) -> None:
        """See `ModbusLink.write_coils`."""
        self._heard(lambda: self._link.write_coils(unit, address, count, bits, deadline_s))

    def read_registers(self, unit: int, address: int, count: int, deadline_s: float) -> tuple[int, ...]:
        """See `ModbusLink.read_registers`."""
        return self._heard(lambda: self._link.read_registers(unit, address, count, deadline_s))

    def write_register(self, unit: int, address: int, value: int, deadline_s: float) -> None:
        """See `ModbusLink.write_register`."""
        self._heard(lambda: self._link.write_register(unit, address, value, deadline_s))

    def _heard(self, ask: Callable[[], T]) -> T:
        link, ear, text = self._link, _Ear(), ""
        at_s = self._tap.clock.now_s
        link.listen(ear)
        try:
            return ask()
        except PvdctlError as error:
            text = str(error)
            raise
        finally:
            link.listen(None)
            self._tap.heard(at_s, ear.asked, ear.answered, text)
