"""TDK-Lambda Genesys (GEN) supply over RS-232 or RS-485, heating a boat at controlled current.

9600 8N1 as delivered, lines end with CR, optional checksum `$hh` (links.framing_dollar). After power-up a unit
listens to nobody until its address was called: `ADR n`. Set commands answer `OK` or an error code. Source: TDK-Lambda
Genesys user manual (GEN 750 W / 1500 W, chapter 7: commands, registers, error codes); bit numbers of the fault
register: TDK-Lambda G10-500 manual p. 160, whose bits 1 to 6 carry the names this older family uses.

Not tried on a real unit. Taken to be so without a source:

- the fault register's bits are those of the G10-500;
- RST takes back a latched protection (it leaves 0 V, 0 A, output off, highest protection level; the level is written
  again afterwards). A protection is never taken back with OUT 1, which would switch the output on.
- The family documents no watchdog on its serial line: if this program dies, the PLC's contactor opens (supply_enable).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pvdctl.errors import BadFrame, InstrumentError, LinkError, OperatorError, Restarted
from pvdctl.instrument.dc_supply import COMMON_SETTINGS, DcSupply
from pvdctl.instrument.driver import Identity
from pvdctl.instrument.poll import Act, Answer
from pvdctl.instrument.tag import Tag
from pvdctl.links.framing_dollar import DollarFraming, pack
from pvdctl.links.link import Link

ERRORS: Mapping[str, str] = {
    "E01": "the voltage is above 105 % of the rating or 95 % of the protection level",
    "E02": "the voltage is below the under-voltage limit",
    "E04": "the protection level is below 105 % of the voltage",
    "E06": "the under-voltage limit is above the voltage",
    "E07": "the output cannot be switched on during a fault",
    "C01": "illegal command or query",
    "C02": "missing parameter",
    "C03": "illegal parameter",
    "C04": "wrong checksum",
    "C05": "setting out of range",
}
"""Error codes (user manual, error messages)."""

AC_FAIL, OVER_TEMPERATURE, FOLDBACK, OVER_VOLTAGE, SHUT_OFF, FRONT_OFF, ENABLE_OPEN = (1 << bit for bit in range(1, 8))
"""Fault register (see module text). The last three switch the output off and are no trips."""
TRIPS = AC_FAIL | OVER_TEMPERATURE | FOLDBACK | OVER_VOLTAGE

_NUMBER = re.compile(rb"[+-]?\d+(\.\d*)?", re.ASCII)
_STATUS = re.compile(
    r"MV\([-+.\d]+\), ?PV\([-+.\d]+\), ?MC\([-+.\d]+\), ?PC\([-+.\d]+\), ?SR\(([0-9A-Fa-f]+)\), ?FR\(([0-9A-Fa-f]+)\)"
)


class TdkGenesys(DcSupply):
    """One output, current and voltage measured, protections watched.

    Polls: `current`, `voltage`, `state` (output, remote mode and fault register).
    """

    STEP_A = 0.01
    STEP_V = 0.001
    SETTINGS: ClassVar[Mapping[str, str]] = {
        **COMMON_SETTINGS,
        "address": "address set at the front, 0 to 30 (6 unless given, as delivered)",
        "checksum": "whether requests and answers carry a checksum (true unless given)",
        "current_step_a": "resolution of the current set point, A (0.01 unless given)",
        "voltage_step_v": "resolution of the voltage set point, V (0.001 unless given)",
    }

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
        self._address = settings.get("address", 6)
        if type(self._address) is not int or not 0 <= self._address <= 30:
            raise OperatorError(f"instrument {name}: setting 'address' wants 0 to 30, found {self._address!r}.")
        self._checksum = settings.get("checksum", True)
        if type(self._checksum) is not bool:
            raise OperatorError(f"instrument {name}: setting 'checksum' wants true or false, found {self._checksum!r}.")
        self._framing = DollarFraming(checksum=self._checksum)
        self.faults = Tag(f"{name}.faults", "")
        self.polls = self._make_polls(self._reader("MC?"), self._reader("MV?"), self._read_state, self.faults)

    # --- who it is ---------------------------------------------------------------------------------------------

    def identify(self, link: Link) -> Identity:
        """ADR, then IDN?, REV? and SN?."""
        self._set(link, f"ADR {self._address}")
        said = self._ask(link, "IDN?").decode("latin-1")
        maker, comma, model = said.partition(",")
        if "LAMBDA" not in maker.upper() or not comma or not model.strip():
            raise InstrumentError(
                f"{self.name}: a TDK-Lambda Genesys was expected, the instrument calls itself '{said}'. "
                "Check the link in the chamber file."
            )
        firmware = self._ask(link, "REV?").decode("latin-1").strip()
        serial = self._ask(link, "SN?").decode("latin-1").strip()
        return Identity(model=f"{maker.strip()} {model.strip()}", firmware=firmware, serial=serial)

    def prepare(self, link: Link) -> None:
        """Remote mode, and the protection level written and read back; no output changes."""
        self._set(link, "RMT 1")
        self._protect(link)

    # --- readings ----------------------------------------------------------------------------------------------

    def _reader(self, query: str) -> Callable[[Link], Answer]:
        """A poll of one measured number; unchanged text gives the very same tuple."""
        request, framing, deadline_s = pack(query, checksum=self._checksum), self._framing, self.DEADLINE_S
        last_text: bytes | None = None
        last: Answer = ()

        def read(link: Link) -> Answer:
            nonlocal last_text, last
            text = link.exchange(request, framing, deadline_s)
            if text != last_text:
                last = (self._number(text),)
                last_text = text
            return last

        return read

    def _read_state(self, link: Link) -> Answer:
        """OUT?, RMT? and STT?. A unit found in local mode has been switched off and on, or taken over at its front."""
        said = self._ask(link, "OUT?")
        if said not in (b"ON", b"OFF"):
            raise BadFrame("output state is neither ON nor OFF", said)
        mode = self._ask(link, "RMT?")
        if mode not in (b"REM", b"LLO"):
            raise Restarted(
                f"{self.name}: the supply is in local mode ({mode.decode('latin-1')}): it was switched off and on, or "
                "somebody works at its front. It is set up again."
            )
        status = self._ask(link, "STT?")
        match = _STATUS.fullmatch(status.decode("latin-1"))
        if match is None:
            raise BadFrame("STT? wants MV, PV, MC, PC, SR and FR", status)
        faults = int(match[2], 16)
        return (said == b"ON", faults & TRIPS != 0, faults)

    # --- acts --------------------------------------------------------------------------------------------------

    def clear_trip(self) -> Act:
        """RST, then the protection level again: everything at zero and off (see module text)."""

        def do(link: Link) -> None:
            self._set(link, "RST")
            self._protect(link)

        return self.post("clear_trip", do)

    def _on(self, link: Link) -> None:
        self._set(link, "OUT 1")

    def _send_off(self, link: Link) -> None:
        self._set(link, "OUT 0")

    def _send_zero(self, link: Link) -> None:
        self._set(link, "PC 0")

    def _still_on(self, link: Link) -> bool:
        return self._ask(link, "OUT?") != b"OFF"

    def _write_current(self, link: Link, text: str) -> None:
        self._set(link, f"PC {text}")

    def _write_voltage(self, link: Link, text: str) -> None:
        self._set(link, f"PV {text}")

    def _write_protection(self, link: Link, text: str) -> None:
        self._set(link, f"OVP {text}")

    def _read_protection(self, link: Link) -> tuple[float, float]:
        return self._number(self._ask(link, "OVP?")), 0.011  # the level is kept to some 10 mV; a guess

    # --- the exchange ------------------------------------------------------------------------------------------

    def _ask(self, link: Link, query: str) -> bytes:
        """A query; an error code in place of its answer raises InstrumentError, a damaged request LinkError."""
        said = link.exchange(pack(query, checksum=self._checksum), self._framing, self.DEADLINE_S)
        code = said.decode("latin-1")
        if code == "C04":
            raise LinkError(f"{self.name}: the supply received '{query}' damaged (C04). Check the cable.")
        if code in ERRORS:
            raise InstrumentError(
                f"{self.name}: the supply refuses '{query}' with {code}: {ERRORS[code]}. "
                "Check the limits of the chamber file against those set at the supply."
            )
        return said

    def _set(self, link: Link, command: str) -> None:
        said = self._ask(link, command)
        if said != b"OK":
            raise BadFrame(f"'{command}' wants OK or an error code", said)

    @staticmethod
    def _number(text: bytes) -> float:
        if _NUMBER.fullmatch(text) is None:
            raise BadFrame("no number", text)
        return float(text)
