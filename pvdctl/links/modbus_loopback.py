"""Modbus TCP to a coupler simulated in memory, in virtual time: every byte of header and function, no socket.

Encoded with struct: 2 us an exchange where a general client library takes 23. The real link uses such a library behind
the same interface; both are judged by the same vectors. Source: Modbus application protocol V1.1b3, Modbus messaging
on TCP/IP implementation guide V1.0b section 3.1 (header: transaction, protocol 0, length, unit).
"""

import struct

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


class ModbusLoopbackLink:
    """`links.link.ModbusLink` over a simulated port. A network's bytes take no time here, only the coupler does."""

    def __init__(self, name: str, port: Port, clock: VirtualClock) -> None:
        self.name = name
        self.exchanges = 0
        self._port = self._bare = port
        self._clock = clock
        self._buffer = bytearray()
        self._transaction = 0

    def read_inputs(self, unit: int, address: int, count: int, deadline_s: float) -> int:
        """See `ModbusLink.read_inputs`."""
        return self._read_bits(unit, 2, address, count, deadline_s)

    def read_coils(self, unit: int, address: int, count: int, deadline_s: float) -> int:
        """See `ModbusLink.read_coils`."""
        return self._read_bits(unit, 1, address, count, deadline_s)

    def write_coils(self, unit: int, address: int, count: int, bits: int, deadline_s: float) -> None:
        """See `ModbusLink.write_coils`."""
        size = (count + 7) >> 3
        self._transaction = transaction = (self._transaction + 1) & 0xFFFF
        request = b"%b%c%b" % (
            _WORDS.pack(transaction, 0, 7 + size, unit, 15, address, count),
            size,
            bits.to_bytes(size, "little"),
        )
        said = self._exchange(request, unit, 15, deadline_s)
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
        self._transaction = transaction = (self._transaction + 1) & 0xFFFF
        request = _WORDS.pack(transaction, 0, 6, unit, function, address, count)
        said = self._exchange(request, unit, function, deadline_s)
        size = (count + 7) >> 3
        if len(said) != size + 1 or said[0] != size:
            raise BadFrame(f"{count} bits were asked", said)
        bits = int.from_bytes(said[1:], "little")
        return bits & (1 << count) - 1 if count & 7 else bits

    def _exchange(self, request: bytes, unit: int, function: int, deadline_s: float) -> bytes:
        """Send; wait for the answer with our transaction number; what follows its function byte.

        An answer with another number is a late one to an earlier request and is dropped: the number is there for that.
        """
        clock, take, buffer = self._clock, self._port.take, self._buffer
        start_s = clock.now_s
        until_s = start_s + deadline_s
        self._port.write(request, start_s)
        while True:
            got = take(until_s)
            if got is None:
                clock.now_s = until_s
                raise NoAnswer(self.name, request, deadline_s, bytes(buffer))
            if got[0] > clock.now_s:
                clock.now_s = got[0]
            chunk = got[1]
            if not buffer and len(chunk) >= 9:  # one whole answer in one piece, as nearly always
                transaction, protocol, length, from_unit = _HEAD.unpack_from(chunk)
                if (
                    transaction == self._transaction
                    and len(chunk) == length + 6
                    and protocol == 0
                    and from_unit == unit
                    and chunk[7] == function
                ):
                    self.exchanges += 1
                    return chunk[8:]
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
