"""Beckhoff BK9000-style bus coupler on Modbus TCP: inputs, outputs, and its watchdog on write telegrams.

Source: Beckhoff BK7300 manual p. 36 (register table); that the BK9000 has the same layout is not checked. The coupler
has no status register for its watchdog, only its current time (0x1020). Nothing was tried on a unit; what this driver
takes to be so without a source:

- the current time counts down and is 0 when the watchdog has expired, or was never armed by a write;
- 0xBECF, then 0xAFFE written to 0x1121 takes an expiry back (a vendor figure);
- the watchdog is tripped when its time stands at 0 although this program has written since it connected.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.errors import InstrumentError
from pvdctl.instrument.coupler import COMMON_SETTINGS, ModbusCoupler
from pvdctl.instrument.driver import Identity
from pvdctl.instrument.poll import Answer
from pvdctl.links.link import ModbusLink

OUTPUT_COUNT, INPUT_COUNT = 0x1012, 0x1013
"""Lengths of the digital images in bits."""
TIME_LEFT, TIME_MS, RESET, TRIGGER = 0x1020, 0x1120, 0x1121, 0x1122
RESET_WORDS = (0xBECF, 0xAFFE)
BY_WRITES = 0
"""Value of TRIGGER: write telegrams feed the watchdog; 1 = any telegram."""


class BeckhoffIo(ModbusCoupler):
    """Inputs and outputs of the terminals behind the coupler, by the chamber's names.

    Polls: `inputs` (FC 2), `outputs` (FC 1), `watchdog` (FC 3).
    """

    SETTINGS: ClassVar[Mapping[str, str]] = COMMON_SETTINGS

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
        self._written = False

    def identify(self, link: ModbusLink) -> Identity:
        """Known by its image lengths, which must hold every bit of the chamber file. Raises InstrumentError."""
        outputs, inputs = self._read(link, OUTPUT_COUNT), self._read(link, INPUT_COUNT)
        if outputs < self._output_count or inputs < self._input_count:
            raise InstrumentError(
                f"{self.name}: the coupler has {outputs} outputs and {inputs} inputs, the chamber file uses "
                f"{self._output_count} and {self._input_count}. Check its terminals and the I/O map."
            )
        return Identity(model=f"Beckhoff coupler, {outputs} outputs, {inputs} inputs")

    def prepare_watchdog(self, link: ModbusLink) -> None:
        """Fed by writes alone, its time as the chamber file says, never zero. Raises InstrumentError if not."""
        self._written = False
        if self._read(link, TRIGGER) != BY_WRITES:
            raise InstrumentError(
                f"{self.name}: the watchdog is fed by any telegram (register 0x{TRIGGER:04X} is not 0): reading alone "
                "would keep outputs on. Set it to write telegrams with the coupler's configuration software."
            )
        held_ms = self._read(link, TIME_MS)
        if self._watchdog_ms is not None and held_ms != self._watchdog_ms:
            self._put(link, TIME_MS, self._watchdog_ms)
            held_ms = self._read(link, TIME_MS)
        self.check_time(held_ms)

    def reset_watchdog(self, link: ModbusLink) -> None:
        """The two reset words."""
        for word in RESET_WORDS:
            self._put(link, RESET, word)

    def _write(self, link: ModbusLink, outputs: int) -> None:
        super()._write(link, outputs)
        self._written = True

    def _read_watchdog(self, link: ModbusLink) -> Answer:
        running = self._read(link, TIME_LEFT) > 0
        return (self._written and not running, running)
