"""Modbus TCP to a coupler simulated in memory, in virtual time: every byte of header and function, no socket.

Encoded with struct: 2 us an exchange where a general client library takes 23. The real link uses such a library behind
the same interface; both are judged by the same vectors. Source: Modbus application protocol V1.1b3, Modbus messaging
on TCP/IP implementation guide V1.0b section 3.1 (header: transaction, protocol 0, length, unit).
"""

import struct
from typing import NoReturn

from pvdctl.clock import VirtualClock
from pvdctl.errors import BadFrame, Bug, InstrumentError, NoAnswer
from pvdctl.links.link import Ear
from pvdctl.links.loopback import Port

EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target failed to respond",
}
"""Exception codes (V1.1b3 section 7)."""

LONGEST_LENGTH = 254
"""Largest value of the length field: unit and 253 bytes of function (implementation guide section 3.1.3)."""

_WORDS = struct.Struct(">HHHBBHH")  # transaction, protocol, length, unit, function, address, count or value
_HEAD = struct.Struct(">HHHB")
_NUMBER = struct.Struct(">H").pack  # transaction


class _Known:
    """A reading made before: all of its bytes behind the transaction number, and what they mean.

    A coupler is asked the same thing ten times a second and nearly always says the same. An answer that is equal byte
    for byte to one that was taken apart and judged means what that one meant.
    """

    __slots__ = ("answer", "bits", "request")

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.answer: bytes | None = None
        """None while none has come."""
        self.bits = 0


class ModbusLoopbackLink:
    """`links.link.ModbusLink` over a simulated port. A network's bytes take no time here, only the coupler does."""

    def __init__(self, name: str, port: Port, clock: VirtualClock) -> None:
        self.name = name
        self.exchanges = 0
        self._port = self._bare = port
        self._clock = clock
        self._buffer = bytearray()
        self._transaction = 0
        self._until_s = 0.0
        self._reads: dict[tuple[int, int, int, int], _Known] = {}
        self._writes: dict[tuple[int, int, int], tuple[bytes, bytes]] = {}
        """Writes made before: unit, address, count; request up to the bits, and its echo, without their numbers."""

    def read_inputs(self, unit: int, address: int, count: int, deadline_s: float) -> int:
        """See `ModbusLink.read_inputs`."""
        return self._read_bits(unit, 2, address, count, deadline_s)

    def read_coils(self, unit: int, address: int, count: int, deadline_s: float) -> int:
        """See `ModbusLink.read_coils`."""
        return self._read_bits(unit, 1, address, count, deadline_s)

    def write_coils(self, unit: int, address: int, count: int, bits: int, deadline_s: float) -> None:
        """See `ModbusLink.write_coils`."""
        size = (count + 7) >> 3
        known = self._writes.get((unit, address, count))
        if known is None:
            words = _WORDS.pack(0, 0, 7 + size, unit, 15, address, count)[2:]
            echo = _WORDS.pack(0, 0, 6, unit, 15, address, count)[2:]
            known = self._writes[unit, address, count] = (b"%b%c" % (words, size), echo)
        head, echo = known
        self._transaction = transaction = (self._transaction + 1) & 0xFFFF
        number = _NUMBER(transaction)
        request = number + head + bits.to_bytes(size, "little")
        chunk = self._ask(request, deadline_s)
        if chunk == number + echo and not self._buffer:
            self.exchanges += 1
            return
        said = self._sort_out(chunk, request, unit, 15, deadline_s)
        if said != request[8:12]:
            raise BadFrame("the echo of a write differs from what was written", said)

    def read_registers(self, unit: int, address: int, count: int, deadline_s: float) -> tuple[int, ...]:
        """See `ModbusLink.read_registers`."""
        self._transaction = transaction = (self._transaction + 1) & 0xFFFF
        said = self._exchange(_WORDS.pack(transaction, 0, 6, unit, 3, address, count), unit, 3, deadline_s)
        if len(said) != 2 * count + 1 or said[0] != 2 * count:
            raise BadFrame(f"{count} registers were asked", said)
        registers: tuple[int, ...] = struct.unpack_from(f">{count}H", said, 1)
        return registers

    def write_register(self, unit: int, address: int, value: int, deadline_s: float) -> None:
        """See `ModbusLink.write_register`."""
        if not 0 <= value <= 0xFFFF:
            raise Bug(f"a Modbus register holds 0 to 65535, not {value}")
        self._transaction = transaction = (self._transaction + 1) & 0xFFFF
        request = _WORDS.pack(transaction, 0, 6, unit, 6, address, value)
        said = self._exchange(request, unit, 6, deadline_s)
        if said != request[8:12]:
            raise BadFrame("the echo of a write differs from what was written", said)

    def drain(self, quiet_s: float) -> bytes:
        """See `Link.drain`."""
        clock = self._clock
        dropped = bytes(self._buffer)
        self._buffer.clear()
        last_s = clock.now_s + 2.0
        while clock.now_s < last_s:
            got = self._port.take(clock.now_s + quiet_s)
            if got is None:
                break
            dropped += got[1]
            if got[0] > clock.now_s:
                clock.now_s = got[0]
        clock.now_s += quiet_s
        return dropped

    def listen(self, ear: Ear | None) -> None:
        """See `ModbusLink.listen`."""
        self._port = self._bare if ear is None else _HeardPort(self._bare, ear)

    def open(self) -> None:
        """Nothing to open in memory."""

    def close(self) -> None:
        """Nothing to close in memory."""

    def _read_bits(self, unit: int, function: int, address: int, count: int, deadline_s: float) -> int:
        known = self._reads.get((unit, function, address, count))
        if known is None:
            request = _WORDS.pack(0, 0, 6, unit, function, address, count)[2:]
            known = self._reads[unit, function, address, count] = _Known(request)
        self._transaction = transaction = (self._transaction + 1) & 0xFFFF
        number = _NUMBER(transaction)
        request = number + known.request
        chunk = self._ask(request, deadline_s)
        answer = known.answer
        if answer is not None and chunk == number + answer and not self._buffer:
            self.exchanges += 1
            return known.bits
        said = self._sort_out(chunk, request, unit, function, deadline_s)
        size = (count + 7) >> 3
        if len(said) != size + 1 or said[0] != size:
            raise BadFrame(f"{count} bits were asked", said)
        bits = int.from_bytes(said[1:], "little")
        known.bits = bits & (1 << count) - 1 if count & 7 else bits
        known.answer = b"%b%c%b" % (_HEAD.pack(0, 0, size + 3, unit)[2:], function, said)
        return known.bits

    def _exchange(self, request: bytes, unit: int, function: int, deadline_s: float) -> bytes:
        """Send; wait for the answer with our transaction number; what follows its function byte."""
        return self._sort_out(self._ask(request, deadline_s), request, unit, function, deadline_s)

    def _ask(self, request: bytes, deadline_s: float) -> bytes:
        """Send, and wait for the first bytes that come. Raises NoAnswer."""
        clock, port = self._clock, self._port
        start_s = clock.now_s
        self._until_s = until_s = start_s + deadline_s
        port.write(request, start_s)
        got = port.take(until_s)
        if got is None:
            self._give_up(request, deadline_s)
        at_s, chunk = got
        if at_s > start_s:
            clock.now_s = at_s
        return chunk

    def _give_up(self, request: bytes, deadline_s: float) -> NoReturn:
        self._clock.now_s = self._until_s
        raise NoAnswer(self.name, request, deadline_s, bytes(self._buffer))

    def _sort_out(self, chunk: bytes, request: bytes, unit: int, function: int, deadline_s: float) -> bytes:
        """What follows the function byte in the answer with our transaction number, in `chunk` or after it.

        An answer with another number is a late one to an earlier request and is dropped: the number is there for that.
        """
        clock, buffer = self._clock, self._buffer
        while True:
            buffer += chunk
            while len(buffer) >= 9:
                transaction, protocol, length, from_unit = _HEAD.unpack_from(buffer)
                if protocol != 0 or not 3 <= length <= LONGEST_LENGTH:
                    bad = bytes(buffer)
                    buffer.clear()
                    raise BadFrame("not a Modbus header", bad)
                if len(buffer) < length + 6:
                    break
                said = bytes(buffer[7 : length + 6])
                del buffer[: length + 6]
                if transaction != self._transaction:
                    continue
                if from_unit != unit or said[0] & 0x7F != function:
                    raise BadFrame(f"asked unit {unit} function {function}, heard unit {from_unit}", said)
                self.exchanges += 1
                if said[0] == function:
                    return said[1:]
                code = said[1]
                raise InstrumentError(
                    f"{self.name}: unit {unit} refuses function {function} with exception {code} "
                    f"({EXCEPTIONS.get(code, 'unknown')}). Check addresses and counts; after device failure, "
                    "whether its watchdog has tripped."
                )
            got = self._port.take(self._until_s)
            if got is None:
                self._give_up(request, deadline_s)
            at_s, chunk = got
            if at_s > clock.now_s:
                clock.now_s = at_s


class _HeardPort:
    """A port, and somebody who listens."""

    def __init__(self, port: Port, ear: Ear) -> None:
        self._port = port
        self._ear = ear

    def write(self, data: bytes, now_s: float) -> None:
        """See `Port.write`."""
        self._ear.sent(data)
        self._port.write(data, now_s)

    def take(self, until_s: float) -> tuple[float, bytes] | None:
        """See `Port.take`."""
        got = self._port.take(until_s)
        if got is not None:
            self._ear.received(got[1])
        return got
