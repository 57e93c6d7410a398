"""The connector of a simulated coupler: Modbus TCP frames, the images of outputs and inputs, and registers.

MBAP header and functions 1, 2, 3, 4, 5, 6, 15, 16: Modbus application protocol V1.1b3 and Modbus messaging on TCP/IP
V1.0b. The register map here is that of the generic coupler (`simulators.instruments.modbus_io`, which describes it);
couplers of a maker change what is theirs.
"""

from collections.abc import Callable, Mapping
from math import inf
from struct import Struct

from simulators.instruments.coupler.known import LENGTH_OF_READS, KnownRead, KnownWrite
from simulators.instruments.coupler.refusal import (
    DEVICE_FAILURE,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    RefusedError,
)
from simulators.instruments.coupler.watchdog import RESET_WORDS, Watchdog
from simulators.instruments.coupler.wiring import DEFAULT_INPUTS, DEFAULT_OUTPUTS, HEARTBEAT, getter, judge_wiring
from simulators.port import WirePort
from simulators.world import Signals, World

STATUS, LENGTHS, TIME_LEFT, TIME, RESET, TRIGGER = 0x1006, 0x1010, 0x1020, 0x1120, 0x1121, 0x1122
OUTPUT_WORDS = 0x0800
HALF_FRAME_S = 1.0
MOST_KNOWN = 64
"""Frames remembered, so that endless variety does not fill the memory."""

_HEADER = Struct(">HHB")  # protocol, length, unit: MBAP without the transaction number
_TWO = Struct(">HH")


class CouplerPort(WirePort):
    """A coupler with `output_count` outputs and `input_count` inputs, wired to the plant by bit number.

    `outputs` names actuators and switched things of `simulators.world`, or `heartbeat`; `inputs` names signals and end
    switches. `registers` are further holding registers with their values at delivery. Raises ValueError for a name the
    plant does not have or a bit the coupler does not have.
    """

    delay_s = 0.001
    drives_plant = True

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        outputs: Mapping[int, str] = DEFAULT_OUTPUTS,
        inputs: Mapping[int, str] = DEFAULT_INPUTS,
        output_count: int = 16,
        input_count: int = 32,
        watchdog_ms: int = 1000,
        registers: Mapping[int, int] | None = None,
    ) -> None:
        super().__init__()
        judge_wiring(outputs, output_count, inputs, input_count)
        self._world = world
        self._output_count = output_count
        self._input_count = input_count
        self._driven = tuple((1 << bit, name) for bit, name in sorted(outputs.items()) if name != HEARTBEAT)
        self._heartbeat = sum(1 << bit for bit, name in outputs.items() if name == HEARTBEAT)
        self._wired_inputs = tuple((1 << bit, name) for bit, name in sorted(inputs.items()))
        self._look = getter([name for _, name in self._wired_inputs])
        self._seen_changes = -1
        self._seen_image = 0
        self._registers = dict(registers or {})
        self._fed_by_any = 0
        self._watchdog = Watchdog(watchdog_ms)
        self._outputs = 0
        self._now_s = 0.0
        self._waiting = b""
        self._waiting_since_s = 0.0
        self._functions: dict[int, Callable[[bytes], bytes]] = {
            1: lambda pdu: self._read_bits(pdu, self._output_count, self._output_image),
            2: lambda pdu: self._read_bits(pdu, self._input_count, self._input_image),
            3: self._read_registers,
            4: self._read_registers,
            5: self._write_coil,
            6: self._write_register,
            15: self._write_coils,
            16: self._write_registers,
        }
        self._known_reads: dict[bytes, KnownRead] = {}
        self._known_writes: dict[bytes, KnownWrite] = {}

    # --- connector --------------------------------------------------------------------------------------------
    def hear(self, data: bytes, now_s: float) -> None:
        """See `WirePort.hear`."""
        self._now_s = now_s
        watchdog = self._watchdog
        if now_s >= watchdog.expires_s:
            self._expire()
        self._world.advance(now_s)
        if not self._waiting and not self._fed_by_any:
            # Frames met before, whose every field was judged then; only transaction number and bits are new.
            if len(data) == LENGTH_OF_READS:
                read = self._known_reads.get(data[2:])
                if read is not None:
                    look = read.image
                    image = look()
                    if image != read.shown:
                        read.show(image)
                    self.say(data[:2] + read.answer, now_s)
                    return
            else:
                write = self._known_writes.get(data[2:13])
                if write is not None and len(data) == write.length and not watchdog.expired:
                    self._put(self._outputs & write.kept | write.bits(data))
                    self.say(data[:2] + write.answer, now_s)
                    return
        self._hear_frames(data)

    def _hear_frames(self, data: bytes) -> None:
        now_s = self._now_s
        if self._waiting and now_s - self._waiting_since_s > HALF_FRAME_S:
            self._waiting = b""
        stream = self._waiting + data
        while len(stream) >= 7:
            protocol, length, unit = _HEADER.unpack_from(stream, 2)
            if protocol != 0 or not 2 <= length <= 254:
                stream = b""
                break
            if len(stream) < 6 + length:
                break
            frame = stream[: 6 + length]
            pdu = self._answer(frame[7:])
            if pdu[0] in (1, 2, 15):
                self._learn(frame, pdu)
            self.say(frame[:2] + _HEADER.pack(0, len(pdu) + 1, unit) + pdu, now_s)
            stream = stream[6 + length :]
        self._waiting = stream
        self._waiting_since_s = now_s

    def _learn(self, frame: bytes, answer: bytes) -> None:
        """Remember a frame that was answered well, so that the same one need not be judged again."""
        first, count = _TWO.unpack_from(frame, 8)
        if answer[0] == 15 and len(self._known_writes) < MOST_KNOWN:
            head = _HEADER.pack(0, len(answer) + 1, frame[6]) + answer
            self._known_writes[frame[2:13]] = KnownWrite(head, len(frame), first, count)
        elif answer[0] != 15 and len(self._known_reads) < MOST_KNOWN:
            image = self._input_image if answer[0] == 2 else self._output_image
            head = _HEADER.pack(0, len(answer) + 1, frame[6]) + answer[:2]
            self._known_reads[frame[2:]] = KnownRead(head, image, first, count)

    def tick(self, now_s: float) -> None:
        """Let the watchdog expire when its time is over."""
        if now_s >= self._watchdog.expires_s:
            self._expire()

    def restart(self, now_s: float) -> None:
        """Power off and on: outputs off, watchdog not armed; the registers are kept."""
        super().restart(now_s)
        self._now_s = now_s
        self._waiting = b""
        self._watchdog.restart()
        self._switch(0, now_s)

    def with_wrong_check(self, answer: bytes) -> bytes:
        """See `WirePort.with_wrong_check`: TCP has the check; here the protocol identifier becomes wrong."""
        return answer[:2] + b"\x00\x01" + answer[4:]

    # --- frames -----------------------------------------------------------------------------------------------
    def _answer(self, pdu: bytes) -> bytes:
        function = self._functions.get(pdu[0])
        if self._fed_by_any:
            self._feed()
        try:
            if function is None:
                raise RefusedError(ILLEGAL_FUNCTION)
            return function(pdu)
        except RefusedError as refused:
            return bytes((pdu[0] | 0x80, refused.code))

    def _read_bits(self, pdu: bytes, present: int, image: Callable[[], int]) -> bytes:
        first, count = _pair(pdu)
        _count_within(count, 2000)
        if first + count > present:
            raise RefusedError(ILLEGAL_ADDRESS)
        size = (count + 7) // 8
        bits = image() >> first & (1 << count) - 1
        return bytes((pdu[0], size)) + bits.to_bytes(size, "little")

    def _read_registers(self, pdu: bytes) -> bytes:
        first, count = _pair(pdu)
        _count_within(count, 125)
        words = b"".join([self._register(address).to_bytes(2, "big") for address in range(first, first + count)])
        return bytes((pdu[0], len(words))) + words

    def _write_coil(self, pdu: bytes) -> bytes:
        bit, value = _pair(pdu)
        if value not in (0x0000, 0xFF00):
            raise RefusedError(ILLEGAL_VALUE)
        if bit >= self._output_count:
            raise RefusedError(ILLEGAL_ADDRESS)
        self._write_outputs(1 << bit, (1 << bit) if value else 0)
        return pdu

    def _write_coils(self, pdu: bytes) -> bytes:
        first, count = _pair(pdu[:5])
        _count_within(count, 1968)
        size = (count + 7) // 8
        if len(pdu) != 6 + size or pdu[5] != size:
            raise RefusedError(ILLEGAL_VALUE)
        if first + count > self._output_count:
            raise RefusedError(ILLEGAL_ADDRESS)
        mask = (1 << count) - 1
        self._write_outputs(mask << first, (int.from_bytes(pdu[6:], "little") & mask) << first)
        return pdu[:5]

    def _write_register(self, pdu: bytes) -> bytes:
        address, value = _pair(pdu)
        self._judge_register(address, value)
        self._set_register(address, value)
        return pdu

    def _write_registers(self, pdu: bytes) -> bytes:
        first, count = _pair(pdu[:5])
        _count_within(count, 123)
        if len(pdu) != 6 + 2 * count or pdu[5] != 2 * count:
            raise RefusedError(ILLEGAL_VALUE)
        values = [int.from_bytes(pdu[at : at + 2], "big") for at in range(6, len(pdu), 2)]
        for address, value in enumerate(values, first):  # all are judged before the first is written
            self._judge_register(address, value)
        for address, value in enumerate(values, first):
            self._set_register(address, value)
        return pdu[:5]

    # --- registers --------------------------------------------------------------------------------------------
    def _register(self, address: int) -> int:
        plain = {
            STATUS: self._watchdog.status,
            TIME_LEFT: self._watchdog.left_ms(self._now_s),
            TIME: self._watchdog.time_ms,
            RESET: 0,
            TRIGGER: self._fed_by_any,
            **self._registers,
        }.get(address)
        if plain is not None:
            return plain
        if 0 <= address < (self._input_count + 15) // 16:
            return self._input_image() >> 16 * address & 0xFFFF
        if 0 <= address - OUTPUT_WORDS < (self._output_count + 15) // 16:
            return self._outputs >> 16 * (address - OUTPUT_WORDS) & 0xFFFF
        if LENGTHS <= address < LENGTHS + 4:
            return (0, 0, self._output_count, self._input_count)[address - LENGTHS]
        raise RefusedError(ILLEGAL_ADDRESS)

    def _judge_register(self, address: int, value: int) -> None:
        """Raises RefusedError when `value` cannot be written to `address`."""
        if 0 <= address - OUTPUT_WORDS < (self._output_count + 15) // 16:
            if self._watchdog.expired:
                raise RefusedError(DEVICE_FAILURE)
        elif address == RESET:
            if value not in RESET_WORDS:
                raise RefusedError(ILLEGAL_VALUE)
        elif address == TRIGGER:
            if value > 1:
                raise RefusedError(ILLEGAL_VALUE)
        elif address != TIME and address not in self._registers:
            raise RefusedError(ILLEGAL_ADDRESS)

    def _set_register(self, address: int, value: int) -> None:
        word = address - OUTPUT_WORDS
        if 0 <= word < (self._output_count + 15) // 16:
            self._write_outputs(0xFFFF << 16 * word, value << 16 * word)
            return
        if address == RESET:
            self._watchdog.reset(value)
            return
        if address == TIME:
            self._watchdog.set_time(value)
        elif address == TRIGGER:
            self._fed_by_any = value
        else:
            self._registers[address] = value
        self._feed()

    # --- outputs, inputs, watchdog ----------------------------------------------------------------------------
    def _write_outputs(self, mask: int, bits: int) -> None:
        if self._watchdog.expired:
            raise RefusedError(DEVICE_FAILURE)
        self._put((self._outputs & ~mask | bits) & (1 << self._output_count) - 1)

    def _put(self, image: int) -> None:
        """Switch the outputs to `image`; the watchdog is armed by the first of these and fed as the docstring says."""
        changed = image ^ self._outputs
        if not self._heartbeat or changed & self._heartbeat or self._watchdog.expires_s == inf:
            self._watchdog.start(self._now_s)
        if changed == self._heartbeat:
            self._outputs = image
        elif changed:
            self._switch(image, self._now_s)

    def _feed(self) -> None:
        """A telegram that feeds a watchdog without heartbeat, if it runs."""
        if self._watchdog.expires_s != inf and not self._heartbeat:
            self._watchdog.start(self._now_s)

    def _switch(self, image: int, now_s: float) -> None:
        changed = image ^ self._outputs
        self._outputs = image
        drive = self._world.drive
        for mask, name in self._driven:
            if changed & mask:
                drive(name, image & mask != 0, now_s)

    def _expire(self) -> None:
        self._switch(0, self._watchdog.expire())

    def _output_image(self) -> int:
        return self._outputs

    def _input_image(self) -> int:
        signals = self._world.signals
        if isinstance(signals, Signals):
            if signals.changes == self._seen_changes:
                return self._seen_image
            self._seen_changes = signals.changes
        seen = self._look(signals)
        self._seen_image = sum(mask for (mask, _), on in zip(self._wired_inputs, seen, strict=True) if on)
        return self._seen_image


def _pair(pdu: bytes) -> tuple[int, int]:
    """The two words behind the function code. Raises RefusedError when the request has another length."""
    if len(pdu) != 5:
        raise RefusedError(ILLEGAL_VALUE)
    first, second = _TWO.unpack_from(pdu, 1)
    return first, second


def _count_within(count: int, greatest: int) -> None:
    if not 1 <= count <= greatest:
        raise RefusedError(ILLEGAL_VALUE)
