"""Simulated WAGO 750 coupler: WAGO's addresses and watchdog around the image handling of this bench's coupler.

WAGO 750-880 manual p. 242 and its address tables. Bits: inputs from 0x0000, outputs from 0x0200 for FC 1 and 2; outputs
written from 0x0000 or 0x0200. Words the same. Watchdog: 0x1000 time in 100 ms, 0x1001 and 0x1002 functions that feed
it, 0x1003 trigger (a changed value), 0x1004 shortest time left, 0x1005 stop (AAAA, 5555), 0x1006 status, 0x1007 restart
(1), 0x1008 stop (AA55 or 55AA). On expiry outputs go to 0 and writes to them are refused with exception 04.

Guessed: as delivered 10 s and no function in the mask, so that the watchdog never runs; a time of 0 means off; bit
n - 1 of the mask is function n; 0x1000 to 0x1002 are refused with exception 04 while it runs; 0x1007 = 1
also starts it.
"""

from collections.abc import Mapping
from math import inf

from simulators.instruments.coupler.port import CouplerPort
from simulators.instruments.coupler.refusal import DEVICE_FAILURE, ILLEGAL_ADDRESS, ILLEGAL_VALUE, RefusedError
from simulators.instruments.coupler.wiring import DEFAULT_INPUTS, DEFAULT_OUTPUTS, HEARTBEAT
from simulators.world import World

OUTPUTS = 0x0200
TIME, MASK, MASK_HIGH, TRIGGER, SHORTEST, STOP, STATUS, RESTART, SIMPLE_STOP = range(0x1000, 0x1009)
UNIT_S = 0.1


class SimulatedWago(CouplerPort):
    """See `CouplerPort` for wiring and counts; an output wired as `heartbeat` is left unconnected."""

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        outputs: Mapping[int, str] = DEFAULT_OUTPUTS,
        inputs: Mapping[int, str] = DEFAULT_INPUTS,
        output_count: int = 16,
        input_count: int = 32,
    ) -> None:
        connected = {bit: name for bit, name in outputs.items() if name != HEARTBEAT}
        super().__init__(
            world, seed, outputs=connected, inputs=inputs, output_count=output_count, input_count=input_count
        )
        self._functions[1] = self._functions[2] = self._read_image
        self._held = {TIME: 100, MASK: 0, MASK_HIGH: 0, TRIGGER: 0}
        self._shortest = 100
        self._stopping = False

    # --- frames -----------------------------------------------------------------------------------------------
    def _learn(self, frame: bytes, answer: bytes) -> None:
        """Nothing is remembered: every request is judged, because each may feed the watchdog."""

    def _answer(self, pdu: bytes) -> bytes:
        answer = super()._answer(pdu)
        function = pdu[0]
        mask = self._held[MASK] | self._held[MASK_HIGH] << 16
        if not answer[0] & 0x80 and 1 <= function <= 32 and mask >> (function - 1) & 1:
            self._feed_now()
        return answer

    def _read_image(self, pdu: bytes) -> bytes:
        first = int.from_bytes(pdu[1:3], "big")
        if first < OUTPUTS:
            return self._read_bits(pdu, self._input_count, self._input_image)
        moved = pdu[:1] + (first - OUTPUTS).to_bytes(2, "big") + pdu[3:]
        return self._read_bits(moved, self._output_count, self._output_image)

    def _write_coil(self, pdu: bytes) -> bytes:
        super()._write_coil(_from_zero(pdu))
        return pdu

    def _write_coils(self, pdu: bytes) -> bytes:
        super()._write_coils(_from_zero(pdu))
        return pdu[:5]

    # --- watchdog ---------------------------------------------------------------------------------------------
    def _feed_now(self) -> None:
        watchdog = self._watchdog
        if not watchdog.expired and self._held[TIME]:
            if watchdog.expires_s != inf:
                self._shortest = min(self._shortest, int((watchdog.expires_s - self._now_s) / UNIT_S))
            watchdog.expires_s = self._now_s + self._held[TIME] * UNIT_S

    def _put(self, image: int) -> None:
        """Switch the outputs; what feeds the watchdog is the mask's business."""
        if image != self._outputs:
            self._switch(image, self._now_s)

    def _feed(self) -> None:
        """Writing a register does not feed by itself."""

    # --- registers --------------------------------------------------------------------------------------------
    def _register(self, address: int) -> int:
        plain = {
            **self._held,
            SHORTEST: self._shortest,
            STOP: 0,
            STATUS: self._watchdog.status,
            RESTART: 0,
            SIMPLE_STOP: 0,
        }.get(address)
        if plain is not None:
            return plain
        if 0 <= address < (self._input_count + 15) // 16:
            return self._input_image() >> 16 * address & 0xFFFF
        if 0 <= address - OUTPUTS < (self._output_count + 15) // 16:
            return self._outputs >> 16 * (address - OUTPUTS) & 0xFFFF
        raise RefusedError(ILLEGAL_ADDRESS)

    def _judge_register(self, address: int, value: int) -> None:
        if address in (TIME, MASK, MASK_HIGH):
            if self._watchdog.status == 1:
                raise RefusedError(DEVICE_FAILURE)
        elif address == STOP:
            if value not in (0xAAAA, 0x5555):
                raise RefusedError(ILLEGAL_VALUE)
        elif address == RESTART:
            if value != 1:
                raise RefusedError(ILLEGAL_VALUE)
        elif address == SIMPLE_STOP:
            if value not in (0xAA55, 0x55AA):
                raise RefusedError(ILLEGAL_VALUE)
        elif self._output_word(address) is not None:
            if self._watchdog.expired:
                raise RefusedError(DEVICE_FAILURE)
        elif address != TRIGGER:
            raise RefusedError(ILLEGAL_ADDRESS)

    def _set_register(self, address: int, value: int) -> None:
        watchdog = self._watchdog
        word = self._output_word(address)
        if word is not None:
            self._write_outputs(0xFFFF << 16 * word, value << 16 * word)
        elif address == STOP:
            if value == 0x5555 and self._stopping:
                watchdog.restart()
            self._stopping = value == 0xAAAA
        elif address == SIMPLE_STOP:
            watchdog.restart()
        elif address == RESTART:
            watchdog.restart()
            self._feed_now()
        else:
            if address == TRIGGER and value != self._held[TRIGGER]:
                self._feed_now()
            self._held[address] = value

    def _output_word(self, address: int) -> int | None:
        """Which word of the outputs is written at this address."""
        word = address - OUTPUTS if address >= OUTPUTS else address
        return word if 0 <= word < (self._output_count + 15) // 16 else None


def _from_zero(pdu: bytes) -> bytes:
    """A write to the outputs, addressed from 0."""
    first = int.from_bytes(pdu[1:3], "big")
    return pdu if first < OUTPUTS else pdu[:1] + (first - OUTPUTS).to_bytes(2, "big") + pdu[3:]
