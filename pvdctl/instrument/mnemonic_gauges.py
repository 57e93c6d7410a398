"""Gauge controllers that speak mnemonics: Pfeiffer TPG 26x and 36x, INFICON VGC40x and 50x.

Request: mnemonic CR, answered by ACK or NAK; then ENQ, answered by the data; lines end with CR LF. What the families
differ in (channels, AYT) is in the drivers. Sources: Pfeiffer TPG 36x operating manuals BG 5500, BG 5510, BG 5511;
INFICON VGC501/VGC502 manual p. 72 (status digits). Assumed: an answer to UNI and SEN has the form it has when read.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.errors import BadFrame, InstrumentError, OperatorError, Restarted
from pvdctl.instrument.driver import Driver, Identity
from pvdctl.instrument.poll import COMMAND, SAFE, Act, Answer, Poll
from pvdctl.instrument.tag import Flaw, Tag, Value

ETX, ENQ = b"\x03", b"\x05"
ACK, NAK = b"\x06", b"\x15"

UNITS: Mapping[str, tuple[str, float | None]] = {
    "0": ("mbar", 1.0),
    "1": ("Torr", 1013.25 / 760),  # 1 atm = 1013.25 mbar = 760 Torr, by definition
    "2": ("Pa", 0.01),
    "3": ("micron", 1013.25 / 760e3),  # 1 micron = 1e-3 Torr
    "4": ("hPa", 1.0),
    "5": ("V", None),
}
"""Answer of UNI -> the unit and what one of it is in mbar; delivered with hPa (BG 5500, UNI)."""

STATUS: Mapping[bytes, str] = {
    b"1": "underrange",
    b"2": "overrange",
    b"3": "sensor error",
    b"4": "sensor off",
    b"5": "no sensor",
    b"6": "identification error",
    b"7": "gauge error",
}
"""Status digits other than 0 (VGC502 p. 72). The value beside them is no pressure, even where it looks like one."""

ERROR_WORD: Mapping[str, str] = {
    "1000": "controller error",
    "0100": "no hardware",
    "0010": "parameter not allowed",
    "0001": "syntax error",
}

_PRESSURE = b"0123456789+-.E"
SETTLE_S = 0.05
"""Silence that ends the stream of lines a just switched on unit sends once a second until it hears something."""


class NotAcknowledged(InstrumentError):
    """The controller answered NAK: it does not know the mnemonic, or not these parameters."""


class MnemonicGauges(Driver):
    """Base of these controllers' drivers: up to CHANNELS gauges, read together with PRX and given in mbar.

    framing: of lines that end with CR LF. Polls: `pressures`, `unit`.
    """

    CHANNELS: ClassVar[int] = 6

    SETTINGS: ClassVar[Mapping[str, str]] = {
        "gauges": "name of each gauge in use: its channel, from 1",
    }

    def __init__(self, name: str, settings: Mapping[str, Any], framing: Any) -> None:
        super().__init__(name, settings)
        gauges: Mapping[str, int] = settings.get("gauges", {})
        channels = list(gauges.values())
        if (
            not channels
            or any(type(c) is not int or not 1 <= c <= self.CHANNELS for c in channels)
            or len(set(channels)) < len(channels)
        ):
            raise OperatorError(
                f"instrument {name}: setting 'gauges' wants gauge names with different channels from 1 to "
                f"{self.CHANNELS}, found {dict(gauges)}."
            )
        self._names = {channel: gauge for gauge, channel in gauges.items()}
        self._framing = framing
        self._fields = 0
        self._unit = ""
        self._mbar_per_unit = 1.0
        self.pressures_mbar: Mapping[int, Tag] = {c: Tag(gauge, "mbar") for c, gauge in self._names.items()}
        self.unit = Tag(f"{name}.unit", "")
        self.polls = [
            Poll(f"{name}.pressures", tuple(self.pressures_mbar.values()), self._read_pressures, 0.5),
            Poll(f"{name}.unit", (self.unit,), self._read_unit, 5.0),
        ]
        self._asked_last = ""
        self._text: bytes | None = None
        self._values: Answer = ()

    # --- who it is ---------------------------------------------------------------------------------------------

    def clear(self, link: Any) -> None:
        """ETX: ends the power-up stream and clears what an interrupted exchange left in the unit."""
        link.send(ETX)
        link.drain(SETTLE_S)

    def ask_who(self, link: Any, models: str) -> Identity:
        """AYT: type, part number, serial number, firmware, hardware. `models`: pattern at the start of the type.

        Raises InstrumentError for another type, or where AYT is refused.
        """
        said = self._ask(link, "AYT")
        fields = [field.strip() for field in said.split(",")]
        if len(fields) != 5 or not re.match(models, fields[0]):
            raise InstrumentError(
                f"{self.name}: a {models.strip('()').replace('|', ' or ')} gauge controller was expected, the "
                f"instrument says '{said}'. Check the link in the chamber file, and that its PROTOCOL is AUTO or MNE."
            )
        return Identity(model=fields[0], serial=fields[2], firmware=fields[3])

    def prepare(self, link: Any) -> None:
        """Find the displayed unit and the number of channels; the unit is converted, never changed."""
        self._text = None
        self._unit = self._ask(link, "UNI")
        unit, factor = UNITS.get(self._unit, (f"number {self._unit}", None))
        if factor is None:
            raise InstrumentError(
                f"{self.name}: the controller displays unit {unit}, which is not a known unit of pressure. "
                "Set it to mbar or hPa at the controller."
            )
        self._mbar_per_unit = factor
        fields = self._ask(link, "PRX").split(",")
        self._fields = len(fields)
        if self._fields % 2 or self._fields > 2 * self.CHANNELS:
            raise BadFrame("PRX wants pairs of status and value", ",".join(fields).encode("latin-1"))
        if 2 * max(self._names) > self._fields:
            raise InstrumentError(
                f"{self.name}: {self._names[max(self._names)]} is on channel {max(self._names)}, the controller has "
                f"{self._fields // 2}. Correct the setting 'gauges'."
            )

    # --- readings ----------------------------------------------------------------------------------------------

    def _read_pressures(self, link: Any) -> Answer:
        """PRX: status and value of every channel.

        A further ENQ repeats the last mnemonic with fresh values, so PRX itself is sent only after something else was.
        """
        framing, deadline_s = self._framing, self.DEADLINE_S
        if self._asked_last != "PRX":
            said = link.exchange(b"PRX\r", framing, deadline_s)
            if said != ACK:
                self._not_acknowledged(link, "PRX", said)
        self._asked_last = ""
        text = link.exchange(ENQ, framing, deadline_s)
        self._asked_last = "PRX"
        if text == self._text:
            return self._values
        fields = text.split(b",")
        if len(fields) != self._fields:
            raise BadFrame(f"PRX wants {self._fields} fields", text)
        values: list[Value | Flaw] = []
        for channel in self._names:
            status, number = fields[2 * channel - 2], fields[2 * channel - 1]
            if number.translate(None, _PRESSURE):
                raise BadFrame(f"pressure of channel {channel} is no number", text)
            try:
                mbar = float(number) * self._mbar_per_unit
            except ValueError:
                raise BadFrame(f"pressure of channel {channel} is no number", text) from None
            if status == b"0":
                values.append(mbar)
            elif status in STATUS:
                values.append(Flaw(STATUS[status], value=mbar))
            else:
                raise BadFrame(f"status of channel {channel} is not one digit from 0 to 7", text)
        self._text = text
        self._values = result = tuple(values)
        return result

    def _read_unit(self, link: Any) -> Answer:
        """UNI again: someone at the controller may have changed it, and every pressure with it."""
        now = self._ask(link, "UNI")
        if now != self._unit:
            raise Restarted(
                f"{self.name}: the controller's unit was {UNITS[self._unit][0]} and is now "
                f"{UNITS.get(now, (now, None))[0]}. Readings stop until it is set up again."
            )
        return (UNITS[now][0],)

    # --- acts --------------------------------------------------------------------------------------------------

    def switch_gauge(self, channel: int, on: bool) -> Act:
        """SEN: switch a gauge on or off; the others are left alone. Off is SAFE.

        The act fails with InstrumentError if the gauge cannot be switched or did not follow.
        """
        if channel not in self._names:
            raise OperatorError(
                f"{self.name}: no gauge on channel {channel}; in use: {', '.join(map(str, self._names))}."
            )
        wanted = "2" if on else "1"

        def do(link: Any) -> None:
            states = ["0"] * (self._fields // 2)
            states[channel - 1] = wanted
            said = self._ask(link, f"SEN,{','.join(states)}")
            held = said.split(",")
            if len(held) != len(states):
                raise BadFrame(f"SEN wants {len(states)} fields", said.encode("latin-1"))
            if held[channel - 1].strip() != wanted:
                raise InstrumentError(
                    f"{self.name}: {self._names[channel]} was switched {'on' if on else 'off'} and reads "
                    f"'{held[channel - 1]}' (0 cannot be switched, 1 off, 2 on). Is it a gauge that can be switched, "
                    "and is its control set to manual?"
                )

        return self.post(f"switch_{channel}", do, priority=COMMAND if on else SAFE)

    # --- the exchange ------------------------------------------------------------------------------------------

    def _ask(self, link: Any, mnemonic: str) -> str:
        """Mnemonic, ACK, ENQ, data."""
        self._asked_last = ""
        said: bytes = link.exchange(mnemonic.encode("ascii") + b"\r", self._framing, self.DEADLINE_S)
        if said != ACK:
            self._not_acknowledged(link, mnemonic, said)
        data: bytes = link.exchange(ENQ, self._framing, self.DEADLINE_S)
        return data.decode("latin-1").strip()

    def _not_acknowledged(self, link: Any, mnemonic: str, said: bytes) -> None:
        """Raise: after NAK what the error word says (reading it clears it), else a damaged answer."""
        if said != NAK:
            raise BadFrame(f"'{mnemonic}' wants ACK or NAK", said)
        word = link.exchange(ENQ, self._framing, self.DEADLINE_S).decode("latin-1").strip()
        if not re.fullmatch(r"[01]{4}", word):
            raise BadFrame("an error word has four digits 0 or 1", word.encode("latin-1"))
        meaning = ERROR_WORD.get(word, "several errors at once")
        raise NotAcknowledged(
            f"{self.name}: the controller refuses '{mnemonic}': {meaning} (error word {word}). "
            "Check that the model knows this request."
        )
