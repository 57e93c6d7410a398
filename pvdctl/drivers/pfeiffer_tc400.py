"""Pfeiffer TC 400 turbopump drive electronics (TC 110 and TM 700 alike): Pfeiffer Vacuum protocol.

RS-485 half duplex, 9600 8N1; telegrams of links.framing_telegram. Source: Pfeiffer Vacuum TC 400 operating manual,
chapter "Pfeiffer Vacuum protocol for RS-485" and the parameter list; public captures of TC 110 traffic.
Parameters: 009 error acknowledge, 010 pumping station, 303 error, 309 actual speed (Hz), 312 firmware, 315 nominal
speed (Hz), 349 name. Nothing here has been tried on a real unit.

Writing 010 also acknowledges an error, so it is written only when its state is to change. Groups and broadcasts are
never used: they are not answered.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pvdctl.errors import BadFrame, InstrumentError, OperatorError
from pvdctl.instrument.driver import Driver, Identity
from pvdctl.instrument.poll import COMMAND, SAFE, Act, Answer, Poll
from pvdctl.instrument.tag import Tag
from pvdctl.links.framing_telegram import TelegramFraming, pack
from pvdctl.links.link import Link

ON, OFF = "111111", "000000"
"""Boolean_old, the type of 009 and 010; boolean_new (0, 1) looks different on the wire."""

REFUSALS: Mapping[str, str] = {
    "NO_DEF": "does not know parameter",
    "_RANGE": "refuses the value given for parameter",
    "_LOGIC": "does not allow this access to parameter",
}

_QUERY = "=?"


class PfeifferTc400(Driver):
    """A turbopump: speed, error, on and off.

    Polls: `speed`, `state` (running and error).
    """

    SETTINGS: ClassVar[Mapping[str, str]] = {"address": "RS-485 address of the unit, 1 to 255 (1 unless given)"}

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(name, settings)
        address = settings.get("address", 1)
        if type(address) is not int or not 1 <= address <= 255:
            raise OperatorError(
                f"instrument {name}: setting 'address' wants a whole number 1 to 255, found {address!r}."
            )
        self._address = address
        self._framing = TelegramFraming()
        self._requests = {n: pack(address, "00", n, _QUERY) for n in (10, 303, 309, 312, 315, 349)}
        self._heads = {n: f"{address:03d}10{n:03d}06".encode("ascii") for n in (9, 10, 303, 309, 312, 315, 349)}
        self._nominal_hz = 0
        self.speed_hz = Tag(f"{name}.speed_hz", "Hz")
        self.nominal_hz = Tag(f"{name}.nominal_hz", "Hz")
        self.running = Tag(f"{name}.running", "")
        self.error = Tag(f"{name}.error", "")
        self.polls = [
            Poll(f"{name}.speed", (self.speed_hz, self.nominal_hz), self._read_speed, 0.5),
            Poll(f"{name}.state", (self.running, self.error), self._read_state, 1.0),
        ]
        self._speed_text: bytes | None = None
        self._speed: Answer = ()

    # --- who it is ---------------------------------------------------------------------------------------------

    @property
    def bus_address(self) -> int:
        """See `Driver.bus_address`: three digits of every telegram, both ways."""
        return self._address

    def identify(self, link: Link) -> Identity:
        """349 name of the electronics, 312 firmware."""
        model = self._ask(link, 349).decode("latin-1").strip()
        if not model.startswith(("TC", "TM")):
            raise InstrumentError(
                f"{self.name}: a TC or TM drive was expected at address {self._address}, the unit calls itself "
                f"'{model}'. Check the address in the chamber file."
            )
        return Identity(model=model, firmware=self._ask(link, 312).decode("latin-1").strip())

    def prepare(self, link: Link) -> None:
        """315: the nominal speed; writes nothing."""
        self._speed_text = None
        self._nominal_hz = self._whole(self._ask(link, 315), 315)

    # --- readings ----------------------------------------------------------------------------------------------

    def _read_speed(self, link: Link) -> Answer:
        text = self._ask(link, 309)
        if text != self._speed_text:
            self._speed = (self._whole(text, 309), self._nominal_hz)
            self._speed_text = text
        return self._speed

    def _read_state(self, link: Link) -> Answer:
        running = self._switched(self._ask(link, 10))
        word = self._ask(link, 303).decode("latin-1").strip()
        return (running, "" if word == OFF else word)

    # --- acts --------------------------------------------------------------------------------------------------

    def switch(self, on: bool) -> Act:
        """010: start or stop the pump; off is SAFE.

        Written only if the unit is not so already: writing 010 would clear an error that somebody must see.
        """
        wanted = ON if on else OFF

        def do(link: Link) -> None:
            if self._switched(self._ask(link, 10)) is not on:
                self._tell(link, 10, wanted)

        return self.post("switch", do, priority=COMMAND if on else SAFE)

    def acknowledge_error(self) -> Act:
        """009: acknowledge a latched error."""

        def do(link: Link) -> None:
            self._tell(link, 9, ON)

        return self.post("acknowledge_error", do)

    # --- the exchange ------------------------------------------------------------------------------------------

    def _ask(self, link: Link, parameter: int) -> bytes:
        """Query a parameter of six characters."""
        return self._data(link.exchange(self._requests[parameter], self._framing, self.DEADLINE_S), parameter)

    def _tell(self, link: Link, parameter: int, data: str) -> None:
        """Write a parameter; the unit repeats what it took."""
        request = pack(self._address, "10", parameter, data)
        said = self._data(link.exchange(request, self._framing, self.DEADLINE_S), parameter)
        if said != data.encode("ascii"):
            raise InstrumentError(
                f"{self.name}: parameter {parameter:03d} was set to {data}, the unit answers {said!r}. "
                "Read it at the unit."
            )

    def _data(self, telegram: bytes, parameter: int) -> bytes:
        """The data of an answer to `parameter`, which must come from our address; refusals raise."""
        if telegram[:10] != self._heads[parameter]:
            raise BadFrame(f"not an answer of address {self._address} to parameter {parameter:03d}", telegram)
        data = telegram[10:]
        if data[0] in b"N_":
            meaning = REFUSALS.get(data.decode("latin-1"))
            if meaning is not None:
                raise InstrumentError(
                    f"{self.name}: the unit {meaning} {parameter:03d} ({data.decode('latin-1')}). "
                    "Check model and firmware against the parameter list of its manual."
                )
        return data

    def _switched(self, data: bytes) -> bool:
        if data == b"111111":
            return True
        if data == b"000000":
            return False
        raise BadFrame("a boolean is 000000 or 111111", data)

    @staticmethod
    def _whole(data: bytes, parameter: int) -> int:
        if not data.isdigit():
            raise BadFrame(f"parameter {parameter:03d} wants six digits", data)
        return int(data)
