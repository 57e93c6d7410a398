"""A Modbus TCP I/O coupler or PLC: valves, shutters and pumps, switches, and the watchdog behind our heartbeat.

Sources: Modbus application protocol V1.1b3 (functions 1, 2, 3, 6, 15); Beckhoff BK7300 manual for the watchdog
registers 0x1120-0x1122 (the BK9000 has the same layout, not checked against a unit; the reset words are a vendor figure
not checked against a document); WAGO 750-880 manual p. 242 for the status register 0x1006. Every address can be set.

The watchdog is what shuts the plant when this program dies: it is verified at each connect, and an instrument whose
watchdog is off is not used. A coil read back is the commanded state, never the position.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.errors import InstrumentError, OperatorError
from pvdctl.instrument.coupler import COMMON_SETTINGS, ModbusCoupler
from pvdctl.instrument.poll import Answer
from pvdctl.instrument.tag import Flaw, Value
from pvdctl.links.link import ModbusLink

OFF, RUNNING, EXPIRED = 0, 1, 2
"""Watchdog status (WAGO 0x1006)."""

REGISTERS: Mapping[str, int | None] = {
    "watchdog_time": 0x1120,
    "watchdog_reset": 0x1121,
    "watchdog_trigger": 0x1122,
    "watchdog_status": 0x1006,
}
"""Register addresses as on the wire; None in the setting `registers` = the coupler has none."""

RESET_WORDS = (0xBECF, 0xAFFE)
"""Written one after the other to `watchdog_reset` to re-arm (Beckhoff; a vendor figure not checked)."""


class ModbusIo(ModbusCoupler):
    """Discrete inputs and coils by the chamber's names.

    Polls: `inputs` (FC 2), `outputs` (FC 1), `watchdog` (FC 3).
    """

    SETTINGS: ClassVar[Mapping[str, str]] = {
        **COMMON_SETTINGS,
        "watchdog_unit_ms": "what one of the time register is, ms (1 unless given; WAGO 100)",
        "input_address": "address of input bit 0 (0 unless given)",
        "output_address": "address for writing output bit 0 (0 unless given)",
        "read_back_address": "address for reading output bit 0 back (as output_address unless given; WAGO 512)",
        "registers": "watchdog registers that differ: watchdog_time, _reset, _trigger, _status; null for none",
        "reset_words": "values that re-arm the watchdog, written in turn (0xBECF, 0xAFFE unless given)",
    }

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        output_address = int(settings.get("output_address", 0))
        super().__init__(
            name,
            settings,
            time_unit_ms=int(settings.get("watchdog_unit_ms", 1)),
            input_address=int(settings.get("input_address", 0)),
            output_address=output_address,
            read_back_address=int(settings.get("read_back_address", output_address)),
        )
        self._registers = {**REGISTERS, **settings.get("registers", {})}
        if set(self._registers) != set(REGISTERS):
            raise OperatorError(f"instrument {name}: setting 'registers' knows {', '.join(REGISTERS)}.")
        self._reset_words: tuple[int, ...] = tuple(settings.get("reset_words", RESET_WORDS))
        self._watchdog_values: Mapping[int, Answer] = {
            OFF: (False, False),
            RUNNING: (False, True),
            EXPIRED: (True, False),
        }

    def prepare_watchdog(self, link: ModbusLink) -> None:
        """Fed by writes alone, its time as the chamber file says, never zero. Raises InstrumentError if not."""
        trigger = self._registers["watchdog_trigger"]
        if trigger is not None and self._read(link, trigger) != 0:
            raise InstrumentError(
                f"{self.name}: the watchdog is fed by any telegram (register 0x{trigger:04X} is not 0): "
                "reading alone would keep outputs on. Set it to write telegrams."
            )
        time = self._registers["watchdog_time"]
        if time is None:
            return
        held_ms = self._read(link, time) * self._unit_ms
        if self._watchdog_ms is not None and held_ms != self._watchdog_ms:
            self._put(link, time, self._watchdog_ms // self._unit_ms)
            held_ms = self._read(link, time) * self._unit_ms
        self.check_time(held_ms)

    def reset_watchdog(self, link: ModbusLink) -> None:
        """The reset words, in turn. Raises InstrumentError where the coupler has no register for them."""
        reset = self._registers["watchdog_reset"]
        if reset is None:
            raise InstrumentError(f"{self.name}: this coupler has no reset register. Re-arm it at the PLC.")
        for word in self._reset_words:
            self._put(link, reset, word)

    def _read_watchdog(self, link: ModbusLink) -> Answer:
        status = self._registers["watchdog_status"]
        if status is None:
            unknown: Value | Flaw = Flaw("the coupler has no watchdog status register")
            return (unknown, unknown)
        said = self._read(link, status)
        values = self._watchdog_values.get(said)
        if values is None:
            flaw = Flaw(f"watchdog status {said} is not known", value=said)
            return (flaw, flaw)
        return values
