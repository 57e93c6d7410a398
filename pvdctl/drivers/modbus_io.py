"""A Modbus TCP I/O coupler or PLC: valves, shutters and pumps, switches, and the watchdog behind our heartbeat.

Sources: Modbus application protocol V1.1b3 (functions 1, 2, 3, 6, 15); Beckhoff BK7300 manual for the watchdog
registers 0x1120-0x1122 (the BK9000 has the same layout, not checked against a unit; the reset words are a vendor figure
not checked against a document); WAGO 750-880 manual p. 242 for the status register 0x1006. Every address can be set.

The watchdog is what shuts the plant when this program dies: it is verified at each connect, and an instrument whose
watchdog is off is not used. A coil read back is the commanded state, never the position.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from pvdctl.errors import InstrumentError, OperatorError
from pvdctl.instrument.driver import Driver, Identity
from pvdctl.instrument.poll import Act, Answer, Poll
from pvdctl.instrument.tag import Flaw, Tag, Value
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


class ModbusIo(Driver):
    """Discrete inputs and coils by the chamber's names.

    Polls: `inputs` (FC 2), `outputs` (FC 1), `watchdog` (FC 3).
    """

    SPEAKS = "modbus"
    SETTINGS: ClassVar[Mapping[str, str]] = {
        "unit": "Modbus unit number, 0 to 255 (1 unless given)",
        "inputs": "name of each input: its bit",
        "outputs": "name of each output: its bit",
        "heartbeat": "output bit that changes with each write",
        "watchdog_ms": "watchdog time to write at connect, ms (left as it is unless given; must not be 0)",
        "watchdog_unit_ms": "what one of the time register is, ms (1 unless given; WAGO 100)",
        "input_address": "address of input bit 0 (0 unless given)",
        "output_address": "address for writing output bit 0 (0 unless given)",
        "read_back_address": "address for reading output bit 0 back (as output_address unless given; WAGO 512)",
        "registers": "watchdog registers that differ: watchdog_time, _reset, _trigger, _status; null for none",
        "reset_words": "values that re-arm the watchdog, written in turn (0xBECF, 0xAFFE unless given)",
    }

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
        self._unit = int(settings.get("unit", 1))
        inputs: Mapping[str, int] = settings.get("inputs", {})
        outputs: Mapping[str, int] = settings.get("outputs", {})
        self._check_bits("inputs", inputs)
        if "heartbeat" not in settings:
            raise OperatorError(f"instrument {name}: setting 'heartbeat' is missing: {self.SETTINGS['heartbeat']}.")
        heartbeat: int = settings["heartbeat"]
        self._check_bits("outputs", {**outputs, "heartbeat": heartbeat})
        self._registers = {**REGISTERS, **settings.get("registers", {})}
        if set(self._registers) != set(REGISTERS):
            raise OperatorError(f"instrument {name}: setting 'registers' knows {', '.join(REGISTERS)}.")
        self._heartbeat_bit = 1 << heartbeat
        self._beat = 0
        self._write_name = f"{name}.write"
        self._allowed = sum(1 << bit for bit in outputs.values())
        self._input_bits = tuple(inputs.values())
        self._output_bits = tuple(outputs.values())
        self._input_count = max(inputs.values(), default=0) + 1
        self._output_count = max(max(outputs.values(), default=0), heartbeat) + 1
        self._input_address = int(settings.get("input_address", 0))
        self._output_address = int(settings.get("output_address", 0))
        self._read_back_address = int(settings.get("read_back_address", self._output_address))
        self._unit_ms = int(settings.get("watchdog_unit_ms", 1))
        self._watchdog_ms: int | None = settings.get("watchdog_ms")
        if self._watchdog_ms is not None and not self._unit_ms <= self._watchdog_ms <= 0xFFFF * self._unit_ms:
            raise OperatorError(
                f"instrument {name}: setting 'watchdog_ms' wants {self._unit_ms} to {0xFFFF * self._unit_ms}, "
                f"found {self._watchdog_ms}."
            )
        self._reset_words: tuple[int, ...] = tuple(settings.get("reset_words", RESET_WORDS))
        self.inputs: Mapping[str, Tag] = {n: Tag(n, "") for n in inputs}
        self.outputs: Mapping[str, Tag] = {n: Tag(f"{name}.{n}", "") for n in outputs}
        self.watchdog_tripped = Tag(f"{name}.watchdog_tripped", "")
        self.watchdog_running = Tag(f"{name}.watchdog_running", "")
        """True when the PLC says its watchdog runs; it does from the first write on."""
        self.polls = [
            Poll(f"{name}.inputs", tuple(self.inputs.values()), self._read_inputs, 0.1),
            Poll(f"{name}.outputs", tuple(self.outputs.values()), self._read_outputs, 0.5),
            Poll(f"{name}.watchdog", (self.watchdog_tripped, self.watchdog_running), self._read_watchdog, 0.5),
        ]
        self._input_word = self._output_word = -1
        self._input_values: Answer = ()
        self._output_values: Answer = ()
        self._watchdog_values: Mapping[int, Answer] = {
            OFF: (False, False),
            RUNNING: (False, True),
            EXPIRED: (True, False),
        }

    # --- who it is ---------------------------------------------------------------------------------------------

    def identify(self, link: ModbusLink) -> Identity:
        """Modbus couplers need not say who they are: this one is known by having every input and output of the map."""
        link.read_inputs(self._unit, self._input_address, self._input_count, self.DEADLINE_S)
        link.read_coils(self._unit, self._read_back_address, self._output_count, self.DEADLINE_S)
        return Identity(model=f"Modbus I/O, unit {self._unit}")

    def prepare(self, link: ModbusLink) -> None:
        """Verify the watchdog: fed by writes alone, its time as the chamber file says, never zero. No output changes.

        Raises InstrumentError if it is not so: without a watchdog nothing closes the plant when this program dies.
        """
        self._input_word = self._output_word = -1
        trigger = self._registers["watchdog_trigger"]
        if trigger is not None and self._read(link, trigger) != 0:
            raise InstrumentError(
                f"{self.name}: the watchdog is fed by any telegram (register 0x{trigger:04X} is not 0): "
                "reading alone would keep outputs on. Set it to write telegrams."
            )
        time = self._registers["watchdog_time"]
        if time is None:
            return
        wanted_ms = self._watchdog_ms
        held_ms = self._read(link, time) * self._unit_ms
        if wanted_ms is not None and held_ms != wanted_ms:
            link.write_register(self._unit, time, wanted_ms // self._unit_ms, self.DEADLINE_S)
            held_ms = self._read(link, time) * self._unit_ms
            if held_ms != wanted_ms:
                raise InstrumentError(
                    f"{self.name}: watchdog time was set to {wanted_ms} ms and reads {held_ms} ms. "
                    "Set it with the PLC's own tool, or stop the watchdog first."
                )
        if held_ms == 0:
            raise InstrumentError(
                f"{self.name}: the watchdog is off (time 0): nothing would close valves and shutters if this program "
                "died. Give 'watchdog_ms' in the chamber file or set it with the PLC's own tool."
            )

    def watchdog(self, link: ModbusLink) -> str:
        """Time and what feeds it. Raises InstrumentError if it is off or any telegram feeds it."""
        time, trigger = self._registers["watchdog_time"], self._registers["watchdog_trigger"]
        if time is None:
            return ""
        held_ms = self._read(link, time) * self._unit_ms
        if held_ms == 0:
            raise InstrumentError(f"{self.name}: the watchdog is off (time 0). Set it with the PLC's own tool.")
        if trigger is None:
            return f"{held_ms} ms"
        if self._read(link, trigger) != 0:
            raise InstrumentError(
                f"{self.name}: the watchdog is fed by any telegram, reads included. Set it to write telegrams."
            )
        return f"{held_ms} ms, fed by writes alone"

    # --- readings ----------------------------------------------------------------------------------------------

    def _read_inputs(self, link: ModbusLink) -> Answer:
        word = link.read_inputs(self._unit, self._input_address, self._input_count, self.DEADLINE_S)
        if word != self._input_word:
            self._input_values = tuple([word >> bit & 1 == 1 for bit in self._input_bits])
            self._input_word = word
        return self._input_values

    def _read_outputs(self, link: ModbusLink) -> Answer:
        word = link.read_coils(self._unit, self._read_back_address, self._output_count, self.DEADLINE_S) & self._allowed
        if word != self._output_word:
            self._output_values = tuple([word >> bit & 1 == 1 for bit in self._output_bits])
            self._output_word = word
        return self._output_values

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

    # --- acts --------------------------------------------------------------------------------------------------

    def write(self, outputs: int, not_before_s: float = 0.0) -> Act:
        """Write all outputs at once (bit n = output bit n) together with a changed heartbeat; see roles.DigitalIO.

        Raises OperatorError for a bit that is no output of the chamber file.
        """
        if outputs & ~self._allowed:
            raise OperatorError(
                f"{self.name}: outputs 0x{outputs:X} hold bits that are no outputs of the chamber file "
                f"(0x{self._allowed:X})."
            )
        return self.post_act(Act(self._write_name, partial(self._write, outputs=outputs), not_before_s=not_before_s))

    def rearm(self) -> Act:
        """Re-arm a tripped watchdog, then write zero to all outputs, so that nothing comes back by itself."""

        def do(link: ModbusLink) -> None:
            reset = self._registers["watchdog_reset"]
            if reset is None:
                raise InstrumentError(f"{self.name}: this coupler has no reset register. Re-arm it at the PLC.")
            for word in self._reset_words:
                link.write_register(self._unit, reset, word, self.DEADLINE_S)
            self._write(link, 0)

        return self.post("rearm", do)

    # --- the exchange ------------------------------------------------------------------------------------------

    def _write(self, link: ModbusLink, outputs: int) -> None:
        self._beat = beat = self._beat ^ self._heartbeat_bit
        link.write_coils(self._unit, self._output_address, self._output_count, outputs | beat, self.DEADLINE_S)

    def _read(self, link: ModbusLink, register: int) -> int:
        return link.read_registers(self._unit, register, 1, self.DEADLINE_S)[0]

    def _check_bits(self, key: str, bits: Mapping[str, int]) -> None:
        used: dict[int, str] = {}
        for what, bit in bits.items():
            if type(bit) is not int or not 0 <= bit <= 255 or bit in used:
                clash = f", which {used[bit]} has already" if bit in used else ""
                raise OperatorError(
                    f"instrument {self.name}: '{key}' gives {what} the bit {bit!r}{clash}; "
                    "wanted: a bit of its own, 0 to 255."
                )
            used[bit] = what
