"""Simulated Bronkhorst mass flow controller behind a Modbus TCP gateway, in the line of one of the plant's gases.

Registers as on the wire, from documents 9.17.035 and 9.17.061: 0x001F valve, 0x0020 measure, 0x0021 set point, 0x0024
control mode, 0x0030 fluid, 0x0034 alarm, 0x8168 capacity, 0xA100 fmeasure, 0xA118 fsetpoint (floats, high word first).
Functions 3, 6 and 16. Guessed, or chosen where the documents are silent; a green test proves nothing about these:

- Flow follows the set point by a first-order lag of 0.7 s; read-back noise 0.05 % of full scale; the valve register is
  the set point's share of the way to its end, and 65535 when set flow cannot be reached (no gas, or inlet closed).
- Alarm bit 0 after 2 s of a flow below 90 % of a set point above 1 %. Set points above 32000: exception 03.
- With another control mode than 0 and 18 set points are kept and have no effect.
- Requests for another address are answered by nobody; the gateway is silent too. A broken frame drops what has come.
- A restart closes the valve and forgets the set point. 5 ms to an answer: gateway and 19200 baud together.
"""

import random
import struct
from math import exp

from simulators.port import WirePort
from simulators.world import World

VALVE, MEASURE, SET_POINT, SLOPE, CONTROL_MODE, FLUID, ALARM = 0x1F, 0x20, 0x21, 0x22, 0x24, 0x30, 0x34
CAPACITY, FMEASURE, FSETPOINT = 0x8168, 0xA100, 0xA118
FULL_SCALE = 32000
LAG_S = 0.7
DEAF_S = 2.0
MBAR_L_PER_S_PER_SCCM = 1013.25e-3 / 60.0 * 293.15 / 273.15
"""1 cm³/min of gas at 0 °C and 1013.25 mbar, as pV-flow at the plant's room temperature of 20 °C."""
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


class _RefusedError(Exception):
    """Answered with this exception code."""


class SimulatedMfc(WirePort):
    """A controller of `full_scale_sccm` for `gas`; it tells its capacity in ln/min, or mln/min (`in_millilitres`).

    gas: a gas line of the plant with a place for it; empty: in a line that does not lead to the chamber, without gas.
    """

    delay_s = 0.005
    drives_plant = True

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        gas: str = "n2",
        full_scale_sccm: float = 20000.0,
        address: int = 1,
        in_millilitres: bool = False,
    ) -> None:
        super().__init__()
        if full_scale_sccm <= 0.0 or not 1 <= address <= 247:
            raise ValueError(
                "bronkhorst_mfc: wants a full scale above zero and an address 1 to 247, "
                f"found {full_scale_sccm!r} sccm, {address!r}"
            )
        self._world = world
        self._limit = world.gas_limit if gas else _leads_nowhere
        self._gas = gas
        self._address = address
        self._full_scale = full_scale_sccm
        self._capacity = full_scale_sccm if in_millilitres else full_scale_sccm / 1e3
        self._dice = random.Random(f"{seed}:{gas} flow")
        self._mode = 18
        self._waiting = b""
        self._set_point = 0
        self._share = 0.0
        self._at_s = 0.0
        self._short_since_s: float | None = None
        self._limit(gas, 0.0, 0.0)

    # --- connector --------------------------------------------------------------------------------------------
    def hear(self, data: bytes, now_s: float) -> None:
        """See `WirePort.hear`."""
        stream = self._waiting + data
        while len(stream) >= 8:
            transaction, protocol, length, unit = struct.unpack_from(">HHHB", stream)
            if protocol != 0 or not 2 <= length <= 254:
                stream = b""
                break
            if len(stream) < 6 + length:
                break
            pdu, stream = stream[7 : 6 + length], stream[6 + length :]
            if unit != self._address:
                continue
            self.tick(now_s)
            self._world.advance(now_s)
            try:
                answer = self._obey(pdu)
            except _RefusedError as refused:
                answer = bytes((pdu[0] | 0x80, refused.args[0]))
            self.say(struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer, now_s)
        self._waiting = stream

    def tick(self, now_s: float) -> None:
        """The control valve moves, and shortage of gas is noticed."""
        passed_s = now_s - self._at_s
        if passed_s <= 0.0:
            return
        self._at_s = now_s
        goal = self._set_point / FULL_SCALE if self._mode in (0, 18) else 0.0
        if self._share != goal:
            share = goal + (self._share - goal) * exp(-passed_s / LAG_S)
            self._share = goal if abs(share - goal) < 1e-5 else share
            self._limit(self._gas, self._share * self._full_scale * MBAR_L_PER_S_PER_SCCM, now_s)
        if goal < 0.01 or self._flow() >= 0.9 * self._share:
            self._short_since_s = None
        elif self._short_since_s is None:
            self._short_since_s = now_s

    def restart(self, now_s: float) -> None:
        """Power off and on."""
        super().restart(now_s)
        self._waiting = b""
        self._set_point = 0
        self._share = 0.0
        self._at_s = now_s
        self._short_since_s = None
        self._limit(self._gas, 0.0, now_s)

    def with_wrong_check(self, answer: bytes) -> bytes:
        """See `WirePort.with_wrong_check`: TCP has the check; here the protocol identifier becomes wrong."""
        return answer[:2] + b"\x00\x01" + answer[4:]

    # --- registers --------------------------------------------------------------------------------------------
    def _obey(self, pdu: bytes) -> bytes:
        function = pdu[0]
        if function == 3 and len(pdu) == 5:
            first, count = struct.unpack(">HH", pdu[1:])
            if not 1 <= count <= 125:
                raise _RefusedError(ILLEGAL_VALUE)
            words = self._words()
            if any(address not in words for address in range(first, first + count)):
                raise _RefusedError(ILLEGAL_ADDRESS)
            said = b"".join(struct.pack(">H", words[address]) for address in range(first, first + count))
            return bytes((3, len(said))) + said
        if function == 6 and len(pdu) == 5:
            self._write(*struct.unpack(">HH", pdu[1:]))
            return pdu
        if function == 16 and len(pdu) == 10 and pdu[1:6] == struct.pack(">HHB", FSETPOINT, 2, 4):
            (wanted,) = struct.unpack(">f", pdu[6:])
            if not 0.0 <= wanted <= self._capacity:
                raise _RefusedError(ILLEGAL_VALUE)
            self._set_point = round(wanted / self._capacity * FULL_SCALE)
            return pdu[:5]
        raise _RefusedError(ILLEGAL_VALUE if function in (3, 6, 16) else ILLEGAL_FUNCTION)

    def _write(self, address: int, value: int) -> None:
        if address == SET_POINT:
            if value > FULL_SCALE:
                raise _RefusedError(ILLEGAL_VALUE)
            self._set_point = value
        elif address == CONTROL_MODE:
            self._mode = value
        elif address not in (SLOPE, FLUID):
            raise _RefusedError(ILLEGAL_ADDRESS)

    def _flow(self) -> float:
        """True flow as a share of full scale."""
        if not self._gas:
            return 0.0
        return self._world.gas_flow(self._gas) / (self._full_scale * MBAR_L_PER_S_PER_SCCM)

    def _words(self) -> dict[int, int]:
        share = max(0.0, min(1.31, self._flow() + self._dice.gauss(0.0, 5e-4)))
        short = self._short_since_s is not None
        alarmed = short and self._short_since_s is not None and self._at_s - self._short_since_s >= DEAF_S
        words = {
            VALVE: 65535 if short else int(65535 * self._share),
            MEASURE: round(share * FULL_SCALE),
            SET_POINT: self._set_point,
            SLOPE: 0,
            CONTROL_MODE: self._mode,
            FLUID: 0,
            ALARM: int(alarmed),
        }
        floats = {
            CAPACITY: self._capacity,
            FMEASURE: share * self._capacity,
            FSETPOINT: self._set_point / FULL_SCALE * self._capacity,
        }
        for address, value in floats.items():
            words[address], words[address + 1] = struct.unpack(">HH", struct.pack(">f", value))
        return words


def _leads_nowhere(gas: str, mbar_l_per_s: float, now_s: float) -> None:
    """The limit of a line that is not one of the plant's."""
