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

from pvdctl.errors import BadFrame, InstrumentError, OperatorError
from pvdctl.instrument.dc_supply import COMMON_SETTINGS, DcSupply
from pvdctl.instrument.driver import Identity
from pvdctl.instrument.poll import Act, Answer
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

ERRORS_AT_MOST = 20
"""Entries read from an error queue before giving up: SCPI queues hold 10 to 20."""
NOT_A_NUMBER = 9.9e36
"""SCPI's 9.9E37 and 9.91E37 mean overrange and not a number (SCPI-1999 volume 1 section 7.2.1)."""
_NUMERIC = b"0123456789+-.eE"
_LINE_ENDS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}


class ScpiSupply(DcSupply):
    """One output, current and voltage measured, protections watched.

    Polls: `current`, `voltage`, `state` (output and protections).
    """

    SETTINGS: ClassVar[Mapping[str, str]] = {
        **COMMON_SETTINGS,
        "current_step_a": "resolution of the current set point, A (0.001 unless given)",
        "voltage_step_v": "resolution of the voltage set point, V (0.001 unless given)",
        "trip_mask": "bits of the questionable status that mean tripped (23 unless given: Keysight OV, OC, PF, OT)",
        "line_end": "LF, CRLF or CR (LF unless given)",
        "model": "text that must occur in the answer to *IDN? (anything unless given)",
        "commands": "commands that differ from the default table, by its names",
    }

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
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
        self._trip_mask = int(settings.get("trip_mask", sum(TRIPS)))
        self.condition = Tag(f"{name}.condition", "")
        self.polls = self._make_polls(
            self._reader("current"), self._reader("voltage"), self._read_state, self.condition
        )

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
        self._protect(link)

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

    def clear_trip(self) -> Act:
        """Clear a latched protection; the output stays as the supply then leaves it."""

        def do(link: Link) -> None:
            link.send(self._commands["clear_trip"])
            self._check_errors(link, "clear_trip")

        return self.post("clear_trip", do)

    def _on(self, link: Link) -> None:
        link.send(self._commands["output_on"])
        self._check_errors(link, "output on")

    def _send_off(self, link: Link) -> None:
        """Not waited for: the error queue is read once both are sent."""
        link.send(self._commands["output_off"])

    def _send_zero(self, link: Link) -> None:
        link.send(self._formats["set_current"].format(self._amps.text(0.0)).encode("ascii") + self._end)

    def _still_on(self, link: Link) -> bool:
        self._check_errors(link, "output off")
        return self._switch(self._ask(link, "output"))

    def _write_current(self, link: Link, text: str) -> None:
        self._set(link, "set_current", text)

    def _write_voltage(self, link: Link, text: str) -> None:
        self._set(link, "set_voltage", text)

    def _write_protection(self, link: Link, text: str) -> None:
        self._set(link, "set_protection", text)

    def _read_protection(self, link: Link) -> tuple[float, float]:
        return self._number(self._ask(link, "protection")), 1.5 * self._volts.step

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
