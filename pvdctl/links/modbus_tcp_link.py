"""Modbus TCP over the network, spoken by pymodbus.

pymodbus encodes, decodes and matches transaction numbers. Opening, sending and receiving are done here: its own
receiving starts its time-out anew with every piece, and its sending does not look how much was taken. One attempt per
request (its own retries would hold the link for seconds); after a time-out the connection is opened anew, because
pymodbus goes on calling it connected.

A late answer carries an old transaction number, and the unit number of whoever answers is checked too, so neither is
taken for the answer to a later question.
"""

import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU

from pvdctl.clock import Clock
from pvdctl.errors import BadFrame, Bug, InstrumentError, LinkClosed, NoAnswer
from pvdctl.links.link import Ear
from pvdctl.links.modbus_loopback import EXCEPTIONS
from pvdctl.links.port import waiting
from pvdctl.links.port_errors import PORT_ERRORS, closed
from pvdctl.links.round_trips import RoundTrips
from pvdctl.links.stream_link import close_quietly
from pvdctl.links.tcp_link import connected

_log = logging.getLogger("pymodbus.logging")
_log.addHandler(logging.NullHandler())
_log.propagate = False  # it tells every silent answer on stderr; the worker says it once, in its own words


class _Client(ModbusTcpClient):
    """pymodbus's client with an absolute deadline per request."""

    until_s = 0.0
    heard = False
    """Whether anything came since the last request, for the message."""

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        super().__init__(host, port=port, timeout=0.3, retries=0)
        self._clock = clock
        self.give: Callable[[socket.socket, bytes], int] = socket.socket.send
        """How bytes go out; another one while somebody listens (`ModbusTcpLink.listen`)."""
        self.take: Callable[[socket.socket, int], bytes] = socket.socket.recv
        """How they come in."""

    def connect(self) -> bool:
        """Open if it is not; raises OSError instead of returning False."""
        if self.socket is None:
            self.socket = connected(self.comm_params.host, self.comm_params.port)
        return True

    def send(self, request: Any, addr: Any = None) -> int:
        """Hand over the whole request, or raise TimeoutError."""
        opened = self._opened()
        data = bytes(request)
        while data:
            try:
                data = data[self.give(opened, data) :]
            except BlockingIOError:
                if not self._ready(opened, to_send=True):
                    raise TimeoutError("the connection takes no more bytes") from None
        return len(request)

    def recv(self, size: int | None) -> bytes:
        """What comes before the deadline; nothing says that it has passed."""
        opened = self._opened()
        if not self._ready(opened, to_send=False):
            return b""
        data = self.take(opened, 4096)
        if not data:
            raise EOFError("the far end has closed the connection")
        self.heard = True
        return data

    def _ready(self, opened: socket.socket, *, to_send: bool) -> bool:
        """Wait for it until the deadline."""
        wait = waiting(opened.fileno(), to_send=to_send)
        return bool(wait(1000.0 * max(0.0, self.until_s - self._clock.now_s)))

    def _opened(self) -> socket.socket:
        if self.socket is None:
            raise EOFError("the connection is not open")
        return self.socket


class ModbusTcpLink:
    """`links.link.ModbusLink` over TCP. clock: monotonic, real."""

    def __init__(self, name: str, host: str, port: int, clock: Clock) -> None:
        self.name = name
        self.where = f"{host} port {port}"
        self.exchanges = 0
        self.round_trips = RoundTrips()
        self._clock = clock
        self._client = _Client(host, port, clock)
        self._doubtful = False

    def read_inputs(self, unit: int, address: int, count: int, deadline_s: float) -> int:
        """See `ModbusLink.read_inputs`."""
        client = self._client
        said = self._ask(2, deadline_s, lambda: client.read_discrete_inputs(address, count=count, device_id=unit))
        return _packed(said.bits, count)

    def read_coils(self, unit: int, address: int, count: int, deadline_s: float) -> int:
        """See `ModbusLink.read_coils`."""
        client = self._client
        said = self._ask(1, deadline_s, lambda: client.read_coils(address, count=count, device_id=unit))
        return _packed(said.bits, count)

    def write_coils(self, unit: int, address: int, count: int, bits: int, deadline_s: float) -> None:
        """See `ModbusLink.write_coils`."""
        client = self._client
        values = [bits >> n & 1 == 1 for n in range(count)]
        said = self._ask(15, deadline_s, lambda: client.write_coils(address, values, device_id=unit))
        if said.address != address or said.count != count:
            raise BadFrame(f"wrote {count} coils at {address}, the echo says {said.count} at {said.address}")

    def read_registers(self, unit: int, address: int, count: int, deadline_s: float) -> tuple[int, ...]:
        """See `ModbusLink.read_registers`."""
        client = self._client
        said = self._ask(3, deadline_s, lambda: client.read_holding_registers(address, count=count, device_id=unit))
        registers = tuple(said.registers)
        if len(registers) != count:
            raise BadFrame(f"{count} registers were asked, {len(registers)} came")
        return registers

    def write_register(self, unit: int, address: int, value: int, deadline_s: float) -> None:
        """See `ModbusLink.write_register`."""
        if not 0 <= value <= 0xFFFF:
            raise Bug(f"a Modbus register holds 0 to 65535, not {value}")
        client = self._client
        said = self._ask(6, deadline_s, lambda: client.write_register(address, value, device_id=unit))
        if said.address != address or list(said.registers) != [value]:
            raise BadFrame(f"wrote {value} to register {address}, the echo says {said.registers} to {said.address}")

    def drain(self, quiet_s: float) -> bytes:
        """See `ModbusLink.drain`: a doubtful connection was opened anew, so there is nothing to drop."""
        return b""

    def listen(self, ear: Ear | None) -> None:
        """See `ModbusLink.listen`."""
        client = self._client
        if ear is None:
            client.give, client.take = socket.socket.send, socket.socket.recv
            return
        hears = ear

        def give(opened: socket.socket, data: bytes) -> int:
            sent = opened.send(data)
            hears.sent(data[:sent])
            return sent

        def take(opened: socket.socket, size: int) -> bytes:
            data = opened.recv(size)
            hears.received(data)
            return data

        client.give, client.take = give, take

    def open(self) -> None:
        """See `ModbusLink.open`."""
        if self._doubtful:
            self.close()
        try:
            self._client.connect()
        except PORT_ERRORS as error:
            raise closed(self.name, self.where, error) from error
        self._doubtful = False

    def close(self) -> None:
        """See `ModbusLink.close`."""
        opened, self._client.socket = self._client.socket, None
        if opened is not None:
            close_quietly(opened.close)

    def _ask(self, function: int, deadline_s: float, ask: Callable[[], ModbusPDU]) -> ModbusPDU:
        """One request, and its answer if that is a proper one."""
        client, clock = self._client, self._clock
        if client.socket is None:
            raise LinkClosed(f"{self.name}: {self.where} is not open. It is tried again by itself.")
        start_s = clock.now_s
        client.until_s = start_s + deadline_s
        client.comm_params.timeout_connect = deadline_s
        client.heard = False
        doubtful, self._doubtful = self._doubtful, True
        try:
            said = ask()
        except ConnectionException as error:
            self.close()
            raise closed(self.name, self.where, EOFError(error.string)) from error
        except ModbusException as error:
            if clock.now_s < client.until_s and client.heard:
                raise BadFrame(f"not a Modbus answer: {error.string}") from error
            got = b"(something else)" if client.heard else b""
            raise NoAnswer(self.name, b"Modbus function %d" % function, deadline_s, got) from error
        except PORT_ERRORS as error:
            self.close()
            raise closed(self.name, self.where, error) from error
        if said.function_code & 0x7F != function:
            raise BadFrame(f"function {function} was asked, function {said.function_code} answered")
        self._doubtful = doubtful
        self.exchanges += 1
        self.round_trips.add(clock.now_s - start_s)
        if said.isError():
            code = said.exception_code
            raise InstrumentError(
                f"{self.name}: unit {said.dev_id} refuses function {function} with exception {code} "
                f"({EXCEPTIONS.get(code, 'unknown')}). Check addresses and counts; after device failure, "
                "whether its watchdog has tripped."
            )
        return said


def _packed(bits: Sequence[bool], count: int) -> int:
    """Bits as an integer, the first in bit 0; the answer is padded to whole bytes."""
    if not count <= len(bits) <= count + 7:
        raise BadFrame(f"{count} bits were asked, {len(bits)} came")
    packed = 0
    for bit in reversed(bits[:count]):
        packed = packed << 1 | bit
    return packed
