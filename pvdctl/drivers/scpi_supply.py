"""A DC supply that speaks SCPI, heating a boat at controlled current: Keysight N5700 and its many relatives.

Raw TCP (port 5025 as a rule) or serial; lines end with LF unless set otherwise. Set commands do not answer, so the
error queue is read after each. Sources: Keysight N5700/N8700 user guides (commands, questionable status word);
IEEE 488.2 section 10 (*IDN?, *CLS) and 8.7 (forms of numbers); SCPI-1999 volume 2 section 21.8 (error queue).
Families differ in small ways: `COMMANDS` is what this driver sends, and the setting `commands` overrides any line.

Not tried on a real unit. Assumed without a source for the N5700 itself: its questionable status word is that of the
N6700 family; an output that its enable input inhibits (bit 512) counts as off, not as tripped.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pvdctl.errors import BadFrame, InstrumentError, LinkError, OperatorError, Refused
from pvdctl.instrument.driver import Driver, Identity
from pvdctl.instrument.poll import COMMAND, SAFE, Act, Answer, Poll
from pvdctl.instrument.tag import Flaw, Tag
from pvdctl.links.framing_lines import LineFraming
from pvdctl.links.link import Link

COMMANDS: Mapping[str, str] = {
    "identity": "*IDN?",
    "clear_errors": "*CLS",
    "error": "SYST:ERR?",
    "remote": "",  # EA: SYST:LOCK ON; TDK: SYST:SET REM; Keysight over LAN needs none
    "set_current": "CURR {}",
    "set_voltage": "VOLT {}",
    "set_protection": "VOLT:PROT {}",
    "protection": "VOLT:PROT?",
    "output_on": "OUTP ON",
    "output_off": "OUTP OFF",
    "output": "OUTP?",
    "current": "MEAS:CURR?",
    "voltage": "MEAS:VOLT?",
    "condition": "STAT:QUES:COND?",
    "clear_trip": "OUTP:PROT:CLE",
}
"""What is sent for what; {} is the number. An empty command is left out (allowed for those of `_OPTIONAL`)."""

_OPTIONAL = ("clear_errors", "error", "remote")

TRIPS: Mapping[int, str] = {
    1: "over-voltage",
    2: "over-current",
    4: "power fail",
    16: "over-temperature",
}
"""Values of the questionable status that have switched the output off and latch (Keysight; see module text)."""

PROTECTION_MARGIN = 1.05
"""Least protection level over highest set point that the N5700 takes (user guide, VOLT:PROT:LEV)."""
ERRORS_AT_MOST = 20
"""Entries read from an error queue before giving up: SCPI queues hold 10 to 20."""
NOT_A_NUMBER = 9.9e36
"""SCPI's 9.9E37 and 9.91E37 mean overrange and not a number (SCPI-1999 volume 1 section 7.2.1)."""
_NUMERIC = b"0123456789+-.eE"
_LINE_ENDS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}


class _Steps:
    """Numbers as a set point can hold them: multiples of `step`, written with as many decimals as the step has."""

    __slots__ = ("_write", "step")

    def __init__(self, step: float) -> None:
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        while round(step, decimals) != step and decimals < 9:
            decimals += 1
        self.step = step
        self._write = f"{{:.{decimals}f}}".format

    def text(self, value: float) -> str:
        """`value` to the nearest step."""
        return self._write(round(value / self.step) * self.step)


class ScpiSupply(Driver):
    """One output, current and voltage measured, protections watched.

    Polls: `current`, `voltage`, `state` (output and protections).
    """

    SETTINGS: ClassVar[Mapping[str, str]] = {
        "max_current_a": "highest current that may be programmed, A",
        "max_voltage_v": "highest voltage limit that may be programmed, V",
        "protection_v": "over-voltage protection level written at connect, V; at least 1.05 times max_voltage_v",
        "current_step_a": "resolution of the current set point, A (0.001 unless given)",
        "voltage_step_v": "resolution of the voltage set point, V (0.001 unless given)",
        "trip_mask": "bits of the questionable status that mean tripped (23 unless given: Keysight OV, OC, PF, OT)",
        "line_end": "LF, CRLF or CR (LF unless given)",
        "model": "text that must occur in the answer to *IDN? (anything unless given)",
        "commands": "commands that differ from the default table, by its names",
    }

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
        for needed in ("max_current_a", "max_voltage_v"):
            if needed not in settings:
                raise OperatorError(f"instrument {name}: setting '{needed}' is missing: {self.SETTINGS[needed]}.")
        overrides = dict(settings.get("commands", {}))
        for key, text in overrides.items():
            if key not in COMMANDS or not (text or key in _OPTIONAL):
                raise OperatorError(
                    f"instrument {name}: setting 'commands' knows {', '.join(COMMANDS)}, and only "
                    f"{', '.join(_OPTIONAL)} may be empty; found '{key}: {text}'."
                )
        line_end = settings.get("line_end", "LF")
        if line_end not in _LINE_ENDS:
            raise OperatorError(f"instrument {name}: setting 'line_end' wants LF, CRLF or CR, found {line_end!r}.")
        end = _LINE_ENDS[line_end]
        self._end = end
        self._framing = LineFraming(end)
        self._commands = {
            key: text.encode("ascii") + end if text else b"" for key, text in {**COMMANDS, **overrides}.items()
        }
        self._formats = {
            key: {**COMMANDS, **overrides}[key] for key in ("set_current", "set_voltage", "set_protection")
        }
        self._amps = self._steps("current_step_a")
        self._volts = self._steps("voltage_step_v")
        self._trip_mask = int(settings.get("trip_mask", sum(TRIPS)))
        self.max_current_a: float = self._limit("max_current_a", self._amps)
        self.max_voltage_v: float = self._limit("max_voltage_v", self._volts)
        self.protection_v: float | None = None
        if settings.get("protection_v") is not None:
            self.protection_v = self._limit("protection_v", self._volts)
            if self.protection_v < PROTECTION_MARGIN * self.max_voltage_v:
                raise OperatorError(
                    f"instrument {name}: protection_v {self.protection_v:g} V is below {PROTECTION_MARGIN} times "
                    f"max_voltage_v ({self.max_voltage_v:g} V); supplies refuse that. Raise the one or lower the other."
                )
        self.current_a = Tag(f"{name}.current_a", "A")
        self.voltage_v = Tag(f"{name}.voltage_v", "V")
        self.output_on = Tag(f"{name}.output_on", "")
        self.tripped = Tag(f"{name}.tripped", "")
        self.condition = Tag(f"{name}.condition", "")
        self.polls = [
            Poll(f"{name}.current", (self.current_a,), self._reader("current"), 0.1),
            Poll(f"{name}.voltage", (self.voltage_v,), self._reader("voltage"), 0.5),
            Poll(f"{name}.state", (self.output_on, self.tripped, self.condition), self._read_state, 0.5),
        ]
        self._offs = 0

    # --- who it is ---------------------------------------------------------------------------------------------

    def identify(self, link: Link) -> Identity:
        """*IDN?: maker, model, serial number, firmware (IEEE 488.2 section 10.14)."""
        said = self._ask(link, "identity").decode("latin-1")
        fields = [field.strip() for field in said.split(",")]
        if len(fields) != 4 or not fields[1]:
            raise BadFrame("*IDN? wants four fields with commas between", said.encode("latin-1"))
        wanted = self.settings.get("model", "")
        if wanted not in said:
            raise InstrumentError(
                f"{self.name}: a supply calling itself '{wanted}' was expected, found '{said}'. "
                "Check the link, or the setting 'model'."
            )
        maker, model, serial, firmware = fields
        return Identity(model=f"{maker} {model}".strip(), firmware=firmware, serial=serial)

    def prepare(self, link: Link) -> None:
        """Remote mode, an empty error queue, and the protection level written and read back; no output changes."""
        for key in ("remote", "clear_errors"):
            if self._commands[key]:
                link.send(self._commands[key])
        self._check_errors(link, "prepare")
        if self.protection_v is not None:
            self._set(link, "set_protection", self._volts.text(self.protection_v))
            held_v = self._number(self._ask(link, "protection"))
            if abs(held_v - self.protection_v) > 1.5 * self._volts.step:
                raise InstrumentError(
                    f"{self.name}: protection level was set to {self.protection_v:g} V and reads {held_v:g} V. "
                    "Check the supply's range and the setting 'protection_v'."
                )

    # --- readings ----------------------------------------------------------------------------------------------

    def _reader(self, key: str) -> Callable[[Link], Answer]:
        """A poll of one measured number; unchanged text gives the very same tuple."""
        request, framing, deadline_s = self._commands[key], self._framing, self.DEADLINE_S
        last_text: bytes | None = None
        last: Answer = ()

        def read(link: Link) -> Answer:
            nonlocal last_text, last
            text = link.exchange(request, framing, deadline_s)
            if text == last_text:
                return last
            value = self._number(text)
            last = (value,) if -NOT_A_NUMBER < value < NOT_A_NUMBER else (Flaw("the supply has no valid measurement"),)
            last_text = text
            return last

        return read

    def _read_state(self, link: Link) -> Answer:
        on = self._switch(self._ask(link, "output"))
        condition = self._whole(self._ask(link, "condition"))
        return (on, condition & self._trip_mask != 0, condition)

    # --- acts --------------------------------------------------------------------------------------------------

    def set_current(self, current_a: float) -> Act:
        """Programme the current, to the nearest step; zero is a SAFE act.

        Raises OperatorError outside 0 .. max_current_a; never clips.

        Fails unsent if the output was asked off after this was asked: a late set point must not undo the zero.
        """
        self._check("current", current_a, self.max_current_a, "A")
        text = self._amps.text(current_a)
        offs = self._offs

        def do(link: Link) -> None:
            if offs != self._offs:
                raise Refused(f"{self.name}: current {text} A", "the output was switched off after this was asked")
            self._set(link, "set_current", text)

        return self.post("set_current", do, priority=COMMAND if current_a > 0.0 else SAFE)

    def set_voltage_limit(self, voltage_v: float) -> Act:
        """Programme the voltage limit, to the nearest step. Raises OperatorError outside 0 .. max_voltage_v."""
        self._check("voltage limit", voltage_v, self.max_voltage_v, "V")
        text = self._volts.text(voltage_v)

        def do(link: Link) -> None:
            self._set(link, "set_voltage", text)

        return self.post("set_voltage_limit", do)

    def set_output(self, on: bool) -> Act:
        """Switch the output. Off is SAFE: output off, then current zero, both sent whatever becomes of the first."""
        if on:
            return self.post("output", self._on, priority=COMMAND)
        self._offs += 1
        return self.post("output", self._off, priority=SAFE)

    def clear_trip(self) -> Act:
        """Clear a latched protection; the output stays as the supply then leaves it."""

        def do(link: Link) -> None:
            link.send(self._commands["clear_trip"])
            self._check_errors(link, "clear_trip")

        return self.post("clear_trip", do)

    def _on(self, link: Link) -> None:
        link.send(self._commands["output_on"])
        self._check_errors(link, "output on")

    def _off(self, link: Link) -> None:
        """Two sends that do not wait for each other; then what came of them is asked."""
        zero = self._formats["set_current"].format(self._amps.text(0.0)).encode("ascii") + self._end
        failed: LinkError | None = None
        for request in (self._commands["output_off"], zero):
            try:
                link.send(request)
            except LinkError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        self._check_errors(link, "output off")
        if self._switch(self._ask(link, "output")):
            raise InstrumentError(
                f"{self.name}: output was switched off and still reads on. Switch the supply off at its front, and "
                "check for a local lock."
            )

    # --- the exchange ------------------------------------------------------------------------------------------

    def _ask(self, link: Link, key: str) -> bytes:
        return link.exchange(self._commands[key], self._framing, self.DEADLINE_S)

    def _set(self, link: Link, key: str, text: str) -> None:
        link.send(self._formats[key].format(text).encode("ascii") + self._end)
        self._check_errors(link, f"{key} {text}")

    def _check_errors(self, link: Link, what: str) -> None:
        """Read the error queue empty; raise InstrumentError with all it held."""
        if not self._commands["error"]:
            return
        found: list[str] = []
        while len(found) < ERRORS_AT_MOST:
            said = self._ask(link, "error")
            code, comma, _ = said.partition(b",")
            if not comma:
                raise BadFrame("an error queue answers code, comma, text", said)
            if self._whole(code) == 0:
                break
            found.append(said.decode("latin-1"))
        if found:
            raise InstrumentError(
                f"{self.name}: the supply reports {'; '.join(found)} after '{what}'. "
                "Check the limits set at the supply and its command set (setting 'commands')."
            )

    @staticmethod
    def _number(text: bytes) -> float:
        """A decimal number in any form of IEEE 488.2 section 8.7."""
        if not text.translate(None, _NUMERIC):
            try:
                return float(text)
            except ValueError:
                pass
        raise BadFrame("no number", text)

    def _whole(self, text: bytes) -> int:
        value = self._number(text)
        if value != math.trunc(value) or abs(value) > 0xFFFFFFFF:
            raise BadFrame("no whole number", text)
        return int(value)

    def _switch(self, text: bytes) -> bool:
        known = {b"1": True, b"ON": True, b"0": False, b"OFF": False}
        if text not in known:
            raise BadFrame("output state is neither 0, 1, ON nor OFF", text)
        return known[text]

    # --- numbers -----------------------------------------------------------------------------------------------

    def _check(self, what: str, value: float, most: float, unit: str) -> None:
        if not 0.0 <= value <= most:
            raise OperatorError(
                f"{self.name}: {what} {value:g} {unit} is outside 0 to {most:g} {unit} (chamber file). "
                "Nothing was sent."
            )

    def _steps(self, key: str) -> _Steps:
        step = float(self.settings.get(key, 0.001))
        if not 1e-9 <= step <= 1e3:
            raise OperatorError(f"instrument {self.name}: setting '{key}' wants 1e-9 to 1000, found {step:g}.")
        return _Steps(step)

    def _limit(self, key: str, steps: _Steps) -> float:
        """A limit from the settings: positive, and a multiple of the step so that rounding cannot pass it."""
        value = float(self.settings[key])
        if not 0.0 < value < 1e6 or abs(value / steps.step - round(value / steps.step)) > 1e-6:
            raise OperatorError(
                f"instrument {self.name}: setting '{key}' wants a positive multiple of its step {steps.step:g}, "
                f"found {value:g}."
            )
        return value
