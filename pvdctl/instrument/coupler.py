"""Digital inputs and outputs over Modbus, as every coupler has them: names to bits, and the heartbeat in each write.

What the makers differ in is the watchdog behind the heartbeat: that, and where it is documented, is in the drivers.
Source: Modbus application protocol V1.1b3 (functions 1, 2, 3, 6, 15).
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from pvdctl.errors import InstrumentError, OperatorError
from pvdctl.instrument.driver import Driver, Identity
from pvdctl.instrument.poll import Act, Answer, Poll
from pvdctl.instrument.tag import Tag

COMMON_SETTINGS: Mapping[str, str] = {
    "unit": "Modbus unit number, 0 to 255 (1 unless given)",
    "inputs": "name of each input: its bit",
    "outputs": "name of each output: its bit",
    "heartbeat": "output bit that changes with each write",
    "watchdog_ms": "watchdog time to write at connect, ms (left as it is unless given; must not be 0)",
}
"""Settings of every coupler; the chamber file's `io` section fills all but the first."""


class ModbusCoupler(Driver):
    """Base of the couplers' drivers: everything but the watchdog.

    time_unit_ms: what one of the coupler's time register is. input_address, output_address, read_back_address: of bit
    0, as on the wire. A coil read back is the commanded state, never the position.
    """

    SPEAKS = "modbus"
    SETTINGS: ClassVar[Mapping[str, str]] = COMMON_SETTINGS

    def __init__(
        self,
        name: str,
        settings: Mapping[str, Any],
        *,
        time_unit_ms: int = 1,
        input_address: int = 0,
        output_address: int = 0,
        read_back_address: int = 0,
    ) -> None:
        super().__init__(name, settings)
        self._unit = int(settings.get("unit", 1))
        inputs: Mapping[str, int] = settings.get("inputs", {})
        outputs: Mapping[str, int] = settings.get("outputs", {})
        self._check_bits("inputs", inputs)
        if "heartbeat" not in settings:
            raise OperatorError(f"instrument {name}: setting 'heartbeat' is missing: {COMMON_SETTINGS['heartbeat']}.")
        heartbeat: int = settings["heartbeat"]
        self._check_bits("outputs", {**outputs, "heartbeat": heartbeat})
        self._deadline_s = self.DEADLINE_S
        self._heartbeat_bit = 1 << heartbeat
        self._beat = 0
        self._write_name = f"{name}.write"
        self._word: int | None = None
        self._write_word: Callable[[Any], None] = partial(self._write, outputs=0)
        self._allowed = sum(1 << bit for bit in outputs.values())
        self._input_bits = tuple(inputs.values())
        self._output_bits = tuple(outputs.values())
        self._input_count = max(inputs.values(), default=0) + 1
        self._output_count = max(max(outputs.values(), default=0), heartbeat) + 1
        self._input_address = input_address
        self._output_address = output_address
        self._read_back_address = read_back_address
        self._unit_ms = time_unit_ms
        self._watchdog_ms: int | None = settings.get("watchdog_ms")
        if self._watchdog_ms is not None and not time_unit_ms <= self._watchdog_ms <= 0xFFFF * time_unit_ms:
            raise OperatorError(
                f"instrument {name}: setting 'watchdog_ms' wants {time_unit_ms} to {0xFFFF * time_unit_ms}, "
                f"found {self._watchdog_ms}."
            )
        self.inputs: Mapping[str, Tag] = {n: Tag(n, "") for n in inputs}
        self.outputs: Mapping[str, Tag] = {n: Tag(f"{name}.{n}", "") for n in outputs}
        self.watchdog_tripped = Tag(f"{name}.watchdog_tripped", "")
        self.watchdog_running = Tag(f"{name}.watchdog_running", "")
        """True when the coupler says its watchdog runs; it does from the first write on."""
        self.polls = [
            Poll(f"{name}.inputs", tuple(self.inputs.values()), self._read_inputs, 0.1),
            Poll(f"{name}.outputs", tuple(self.outputs.values()), self._read_outputs, 0.5),
            Poll(f"{name}.watchdog", (self.watchdog_tripped, self.watchdog_running), self._read_watchdog, 0.5),
        ]
        self._input_word = self._output_word = -1
        self._held_ms = 0
        self._input_values: Answer = ()
        self._output_values: Answer = ()

    # --- who it is ---------------------------------------------------------------------------------------------

    def identify(self, link: Any) -> Identity:
        """Modbus couplers need not say who they are: this one is known by having every input and output of the map."""
        link.read_inputs(self._unit, self._input_address, self._input_count, self.DEADLINE_S)
        link.read_coils(self._unit, self._read_back_address, self._output_count, self.DEADLINE_S)
        return Identity(model=f"Modbus I/O, unit {self._unit}")

    def prepare(self, link: Any) -> None:
        """Verify the watchdog, see `prepare_watchdog`. No output changes."""
        self._input_word = self._output_word = -1
        self.prepare_watchdog(link)

    @abstractmethod
    def prepare_watchdog(self, link: Any) -> None:
        """Bring the watchdog to the chamber file's time, fed by writes alone.

        Raises InstrumentError if it is not so: without a watchdog nothing closes the plant when this program dies.
        """

    def check_time(self, held_ms: int) -> None:
        """Raises InstrumentError unless the watchdog's time, as read back, is the one wanted and not zero."""
        wanted_ms = self._watchdog_ms
        if wanted_ms is not None and held_ms != wanted_ms:
            raise InstrumentError(
                f"{self.name}: watchdog time was set to {wanted_ms} ms and reads {held_ms} ms. "
                "Set it with the PLC's own tool, or stop the watchdog first."
            )
        if held_ms == 0:
            raise InstrumentError(
                f"{self.name}: the watchdog is off (time 0): nothing would close valves and shutters if this program "
                "died. Give 'watchdog_ms' in the chamber file or set it with the PLC's own tool."
            )
        self._held_ms = held_ms

    def watchdog(self, link: Any) -> str:
        """Its time, as read now; empty where the coupler does not tell. Raises InstrumentError if it is wrong."""
        self._held_ms = 0
        self.prepare_watchdog(link)
        return f"{self._held_ms} ms, fed by writes alone" if self._held_ms else ""

    # --- readings ----------------------------------------------------------------------------------------------

    def _read_inputs(self, link: Any) -> Answer:
        word = link.read_inputs(self._unit, self._input_address, self._input_count, self._deadline_s)
        if word != self._input_word:
            self._input_values = tuple([word >> bit & 1 == 1 for bit in self._input_bits])
            self._input_word = word
        return self._input_values

    def _read_outputs(self, link: Any) -> Answer:
        word = link.read_coils(self._unit, self._read_back_address, self._output_count, self.DEADLINE_S) & self._allowed
        if word != self._output_word:
            self._output_values = tuple([word >> bit & 1 == 1 for bit in self._output_bits])
            self._output_word = word
        return self._output_values

    @abstractmethod
    def _read_watchdog(self, link: Any) -> Answer:
        """Tripped, and running."""

    # --- acts --------------------------------------------------------------------------------------------------

    def write(self, outputs: int, not_before_s: float = 0.0) -> Act:
        """Write all outputs at once (bit n = output bit n) together with a changed heartbeat; see roles.DigitalIO.

        Raises OperatorError for a bit that is no output of the chamber file.
        """
        if outputs != self._word:
            if outputs & ~self._allowed:
                raise OperatorError(
                    f"{self.name}: outputs 0x{outputs:X} hold bits that are no outputs of the chamber file "
                    f"(0x{self._allowed:X})."
                )
            self._word, self._write_word = outputs, partial(self._write, outputs=outputs)
        act = Act(self._write_name, self._write_word)
        if not_before_s:
            act.not_before_s = not_before_s
        return self.post_act(act)

    def rearm(self) -> Act:
        """Re-arm a tripped watchdog, then write zero to all outputs, so that nothing comes back by itself."""

        def do(link: Any) -> None:
            self.reset_watchdog(link)
            self._write(link, 0)

        return self.post("rearm", do)

    @abstractmethod
    def reset_watchdog(self, link: Any) -> None:
        """Take an expired watchdog back, in the coupler's way."""

    # --- the exchange ------------------------------------------------------------------------------------------

    def _write(self, link: Any, outputs: int) -> None:
        self._beat = beat = self._beat ^ self._heartbeat_bit
        link.write_coils(self._unit, self._output_address, self._output_count, outputs | beat, self._deadline_s)

    def _read(self, link: Any, register: int) -> int:
        said: int = link.read_registers(self._unit, register, 1, self.DEADLINE_S)[0]
        return said

    def _put(self, link: Any, register: int, value: int) -> None:
        link.write_register(self._unit, register, value, self.DEADLINE_S)

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
