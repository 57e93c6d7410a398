"""INFICON SQM-160 rate and thickness monitor, two or six crystals.

RS-232 or USB-serial, 19200 8N1 as delivered; packets of the Sycon family, as the SQC-310's (links.framing_sycon), but
other commands: S, T and U mean zero and shutter here, power and process there. So nothing is sent before `@` was
answered with `MON Ver ...`. Sources: SQM-160 manual IPN 074-511-P1C, p. 5-1 to 5-14; PyMeasure's SQM-160 driver,
reported to work on a unit. What no source settles stands in `UNSETTLED`; nothing was tried on a unit by this project.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pvdctl.errors import BadFrame, InstrumentError, LinkError, OperatorError, Restarted
from pvdctl.instrument.crystal_monitor import SENSORS_SETTING, CrystalMonitor
from pvdctl.instrument.driver import Identity
from pvdctl.instrument.monitor_limits import MonitorLimits, Range
from pvdctl.instrument.poll import COMMAND, SAFE, Act, Answer, Poll
from pvdctl.instrument.tag import Flaw, Tag, Value
from pvdctl.links.framing_sycon import SyconFraming, pack
from pvdctl.links.link import Link

UNSETTLED: Mapping[str, str] = {
    "thickness unit": "N and W are taken as Å (PyMeasure) with the display in Å; other users report kÅ: setting"
    " 'thickness_unit'",
    "film form": "A<n><name of 8> then density, tooling, Z, final thickness, thickness set point, time set point,"
    " sensor mask, with blanks between; fields that are not ours are written back as they were read",
    "system form": "B then time base, simulate, display, resolution, filter and six toolings, with blanks between",
    "film numbers above 9": "sent as plain decimal digits",
    "status letters": "A, C and D are seen in use; B, E and F are taken to mean what they mean on the SQC-310",
}
"""Everything this driver takes to be so without a manual page or a capture that says it: fact -> what is assumed."""

FILM_LIMITS = MonitorLimits(
    slot=Range(1, 99, step=1),
    density_g_per_cm3=Range(0.50, 99.99, "g/cm3"),
    z_factor=Range(0.100, 9.999),
    tooling_percent=Range(10, 399, "%", step=1),
)
"""Ranges of the film and system parameters (IPN 074-511-P1C, film and system menus)."""

ANGSTROM_PER_NM = 10.0
THICKNESS_NM: Mapping[str, float] = {"angstrom": 0.1, "kiloangstrom": 100.0}
"""What one of the displayed thickness is in nm."""
DISPLAY_ANGSTROM = "0"
"""Display mode of B: 0 Å, 1 nm, 2 Hz, 3 mass."""
SYSTEM_FIELDS = 11
FILM_FIELDS = 7
NAME_LENGTH = 8

_NUMERIC = b"0123456789.- "
_STATUS: Mapping[int, tuple[type[InstrumentError] | type[LinkError], str]] = {
    ord("B"): (Restarted, "was reset since the last request"),
    ord("C"): (InstrumentError, "does not know this command (status C). Check model and firmware"),
    ord("D"): (InstrumentError, "refuses the data of this command (status D). Check number and value"),
    ord("E"): (InstrumentError, "cannot do this now (status E)"),
    ord("F"): (LinkError, "received a damaged request (status F). Check the cable if it comes again"),
}


class InficonSqm160(CrystalMonitor):
    """All crystals, read at once with W; film data written to the unit so that its display agrees with ours.

    Polls: `sensors` (W), `crystals` (R), `shutter` (U?).
    """

    LIMITS = FILM_LIMITS
    CHANNELS = (2, 6)
    SETTINGS: ClassVar[Mapping[str, str]] = {
        **SENSORS_SETTING,
        "thickness_unit": "what the unit's thickness is counted in: angstrom (unless given) or kiloangstrom",
    }

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
        unit = settings.get("thickness_unit", "angstrom")
        if unit not in THICKNESS_NM:
            raise OperatorError(
                f"instrument {name}: setting 'thickness_unit' wants {' or '.join(THICKNESS_NM)}, found {unit!r}."
            )
        self._nm = THICKNESS_NM[unit]
        self._framing = SyconFraming()
        self.shutter_open = Tag(f"{name}.shutter_open", "")
        """State of the unit's own shutter output, which pvdctl does not use."""
        self.polls.append(Poll(f"{name}.shutter", (self.shutter_open,), self._read_shutter, 10.0))
        self._all = pack(b"W")
        self._text: bytes | None = None
        self._values: Answer = ()

    # --- who it is ---------------------------------------------------------------------------------------------

    def identify(self, link: Link) -> Identity:
        """`@`: `MON Ver <firmware>`."""
        return Identity(model="SQM-160", firmware=self._who(link, "SQM-160", r"MON Ver (\S+)")[1])

    def prepare(self, link: Link) -> None:
        """Number of channels (J); and that it neither simulates nor displays something else than Å. Writes nothing."""
        self._text = None
        self._find_channels(link)
        system = self._system(link)
        if system[1] != "0":
            raise InstrumentError(
                f"{self.name}: the unit is in simulate mode: its readings are invented. Switch it off."
            )
        if system[2] != DISPLAY_ANGSTROM:
            raise InstrumentError(f"{self.name}: the unit does not display Å (mode {system[2]}). Set it to Å.")

    # --- readings ----------------------------------------------------------------------------------------------

    def _read_sensors(self, link: Link) -> Answer:
        """W: a dummy, then rate (Å/s), thickness and frequency (Hz) of every sensor."""
        data = link.exchange(self._all, self._framing, self.DEADLINE_S)
        if data == self._text:
            return self._values
        self._check_status(data, "W")
        fields = data[1:].split()
        if len(fields) != 1 + 3 * self._channels or data[1:].translate(None, _NUMERIC):
            raise BadFrame(f"W wants {1 + 3 * self._channels} numbers", data)
        values: list[Value | Flaw] = []
        try:
            for n in self._numbers:
                rate, thickness, hz = (float(field) for field in fields[3 * n - 2 : 3 * n + 1])
                if hz > 0.0:
                    values += (hz, rate / ANGSTROM_PER_NM, thickness * self._nm)
                else:
                    values += (Flaw(f"no crystal signal on sensor {n}"),) * 3
        except ValueError:
            raise BadFrame("W holds something that is no number", data) from None
        self._text = data
        self._values = result = tuple(values)
        return result

    def _read_crystals(self, link: Link) -> Answer:
        """R: crystal life left in %."""
        values: list[Value | Flaw] = []
        for n in self._numbers:
            said = self._ask(link, f"R{n}").strip()
            if not re.fullmatch(r"-?\d+(\.\d+)?", said, re.ASCII):
                raise BadFrame(f"R{n} wants a number", said.encode("latin-1"))
            values.append(float(said))
        return tuple(values)

    def _read_shutter(self, link: Link) -> Answer:
        said = self._ask(link, "U?").strip()
        if said not in ("0", "1"):
            raise BadFrame("U? wants 0 or 1", said.encode("latin-1"))
        return (said == "1",)

    # --- film data ---------------------------------------------------------------------------------------------

    def set_film(
        self, slot: int, density_g_per_cm3: float, z_factor: float, tooling_percent: Mapping[int, float]
    ) -> Act:
        """Write density and Z-factor to film `slot` (1 to 99), tooling to the sensors, and choose the film.

        The film's own tooling becomes 100 %; everything is read back and compared. Raises OperatorError for what the
        unit cannot hold: two decimals of density, three of Z, whole percents of tooling.
        """
        self._judge_film(slot, density_g_per_cm3, z_factor, tooling_percent)

        def do(link: Link) -> None:
            name, fields = self._film(link, slot)
            fields[:3] = [f"{density_g_per_cm3:.2f}", "100", f"{z_factor:.3f}"]
            self._write(link, f"A{slot}{name}{' '.join(fields)}", fields[:3], lambda: self._film(link, slot)[1][:3])
            system = self._system(link)
            for sensor, tooling in tooling_percent.items():
                system[4 + sensor] = str(round(tooling))
            self._write(link, f"B {' '.join(system)}", system, lambda: self._system(link))
            self._ask(link, f"D{slot}")

        return self.post("set_film", do, within_s=5.0)

    def zero_thickness(self) -> Act:
        """S: averages, and with them the displayed thickness, to zero."""
        return self.post("zero_thickness", lambda link: self._done(link, "S"))

    def switch_shutter(self, is_open: bool) -> Act:
        """U1, U0: the unit's own shutter relay. Closing is SAFE."""
        command = "U1" if is_open else "U0"
        priority = COMMAND if is_open else SAFE
        return self.post("shutter", lambda link: self._done(link, command), priority=priority)

    def _film(self, link: Link, slot: int) -> tuple[str, list[str]]:
        """Name (eight characters) and the seven fields of a film."""
        said = self._ask(link, f"A{slot}?")
        fields = said[NAME_LENGTH:].split()
        if len(fields) != FILM_FIELDS:
            raise BadFrame(f"A{slot}? wants a name and {FILM_FIELDS} fields", said.encode("latin-1"))
        return said[:NAME_LENGTH], fields

    def _system(self, link: Link) -> list[str]:
        said = self._ask(link, "B?")
        fields = said.split()
        if len(fields) != SYSTEM_FIELDS:
            raise BadFrame(f"B? wants {SYSTEM_FIELDS} fields", said.encode("latin-1"))
        return fields

    def _write(self, link: Link, command: str, wanted: list[str], read: Callable[[], list[str]]) -> None:
        """Write, read back, compare as numbers."""
        self._done(link, command)
        held = read()
        if any(abs(float(h) - float(w)) > 1e-9 for h, w in zip(held, wanted, strict=True)):
            raise InstrumentError(
                f"{self.name}: '{command}' was acknowledged, but reads back as {' '.join(held)} instead of "
                f"{' '.join(wanted)}. Set these values at the unit and compare its display."
            )

    # --- the exchange ------------------------------------------------------------------------------------------

    def _done(self, link: Link, command: str) -> None:
        self._ask(link, command)

    def _ask(self, link: Link, command: str) -> str:
        """One command; its data as text (latin-1: nothing is lost); other statuses raise."""
        data = link.exchange(pack(command.encode("ascii")), self._framing, self.DEADLINE_S)
        self._check_status(data, command)
        return data[1:].decode("latin-1")

    def _check_status(self, data: bytes, command: str) -> None:
        if data[0] == 65:  # "A"
            return
        known = _STATUS.get(data[0])
        if known is None:
            raise BadFrame(f"status {chr(data[0])!r} is not one of A to F", data)
        raise known[0](f"{self.name}: asked '{command}', the monitor {known[1]}.")
