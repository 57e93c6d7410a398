"""WAGO 750 fieldbus coupler (750-341, -352, -880) on Modbus TCP: inputs, outputs, and its watchdog.

Source: WAGO 750-880 manual p. 242 (watchdog registers) and its Modbus address tables: inputs from 0x0000, outputs
written from 0x0000 and read back from 0x0200. The watchdog is fed by requests whose function is set in a mask; here the
writing of several coils (FC 15) alone, which is what the control loop's heartbeat uses. A PFC200 has other registers
and is not meant. Nothing was tried on a unit; taken to be so without a source: bit n - 1 of the mask is function n.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.errors import InstrumentError, OperatorError
from pvdctl.instrument.coupler import COMMON_SETTINGS, ModbusCoupler
from pvdctl.instrument.poll import Answer
from pvdctl.instrument.tag import Flaw
from pvdctl.links.link import ModbusLink

READ_BACK = 0x0200
TIME, MASK, MASK_HIGH = 0x1000, 0x1001, 0x1002
"""Time in 100 ms; functions 1 to 16 and 17 to 32 that feed the watchdog. Locked while it runs."""
STOP, STATUS, RESTART = 0x1005, 0x1006, 0x1007
STOP_WORDS = (0xAAAA, 0x5555)
UNIT_MS = 100
WRITE_COILS = 1 << 14
"""Function 15 in MASK."""

OFF, RUNNING, EXPIRED = 0, 1, 2
"""STATUS."""


class WagoIo(ModbusCoupler):
    """Inputs and outputs of the modules behind the coupler, by the chamber's names.

    Polls: `inputs` (FC 2), `outputs` (FC 1), `watchdog` (FC 3).
    """

    SETTINGS: ClassVar[Mapping[str, str]] = COMMON_SETTINGS

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings, time_unit_ms=UNIT_MS, read_back_address=READ_BACK)
        if self._watchdog_ms is not None and self._watchdog_ms % UNIT_MS:
            raise OperatorError(
                f"instrument {name}: setting 'watchdog_ms' wants a multiple of this coupler's {UNIT_MS} ms, "
                f"found {self._watchdog_ms}."
            )
        self._watchdog_values: Mapping[int, Answer] = {
            OFF: (False, False),
            RUNNING: (False, True),
            EXPIRED: (True, False),
        }

    def prepare_watchdog(self, link: ModbusLink) -> None:
        """Fed by FC 15 alone, its time as the chamber file says, never zero. Raises InstrumentError if not.

        Where that has to be written, a running watchdog is stopped for it; the next heartbeat arms it again. An expired
        one stays expired.
        """
        wanted = self._watchdog_ms
        held = self._read(link, TIME), self._read(link, MASK), self._read(link, MASK_HIGH)
        should = (held[0] if wanted is None else wanted // UNIT_MS), WRITE_COILS, 0
        if held != should:
            if self._read(link, STATUS) == RUNNING:
                for word in STOP_WORDS:
                    self._put(link, STOP, word)
            for register, value in zip((TIME, MASK, MASK_HIGH), should, strict=True):
                self._put(link, register, value)
            held = self._read(link, TIME), self._read(link, MASK), self._read(link, MASK_HIGH)
        self.check_time(held[0] * UNIT_MS)
        if held[1:] != should[1:]:
            raise InstrumentError(
                f"{self.name}: the functions that feed the watchdog were set to 0x{WRITE_COILS:04X}, 0 and read "
                f"0x{held[1]:04X}, {held[2]}. Set them with the coupler's web pages."
            )

    def reset_watchdog(self, link: ModbusLink) -> None:
        """Restart: 1 to 0x1007."""
        self._put(link, RESTART, 1)

    def _read_watchdog(self, link: ModbusLink) -> Answer:
        said = self._read(link, STATUS)
        values = self._watchdog_values.get(said)
        if values is None:
            flaw = Flaw(f"watchdog status {said} is not known", value=said)
            return (flaw, flaw)
        return values
