"""The connector of a simulated gauge controller: mnemonic + CR, ACK or NAK, ENQ, data.

Pfeiffer TPG 261, TPG 36x and INFICON VGC402 manuals (communication protocol). What is guessed stands in the modules of
the controllers.
"""

from collections.abc import Callable, Mapping
from math import log10

from simulators.port import WirePort
from simulators.world import World

CR, ENQ, ETX = 0x0D, 0x05, 0x03
ACKNOWLEDGED = b"\x06\r\n"
REFUSED = b"\x15\r\n"
NO_SENSOR = "5,+2.0000E-02"
LONGEST_LINE = 64
STREAM_PERIODS_S = {"0": 0.1, "1": 1.0, "2": 60.0}
LINES_IN_CABLE = 3

PARAMETER_ERROR, SYNTAX_ERROR = "0010", "0001"

PER_MBAR = (1.0, 0.750062, 100.0, 750.062, 1.0)
"""Units 0 mbar, 1 Torr (760 Torr = 1013.25 mbar), 2 Pa, 3 micron, 4 hPa; 5 is volts."""
VOLTS = 5

LINEAR = {"capacitance"}
"""Gauges whose third and fourth decimals mean something; for the others they are 0 (TPG 261 manual, PRx)."""


class _NotAcceptedError(Exception):
    """The mnemonic is answered with NAK; the argument is the bit for the error word."""


class GaugeControllerPort(WirePort):
    """A controller with `channels` channels and `sensors` (names of the plant's gauges) on them from 1 up.

    unit: displayed one, 4 = hPa. identity: answer to AYT, with {firmware}; empty where the model does not know AYT.
    named: answers of TID for the plant's gauges. nothing: what TID says of an empty channel. kind: for errors.
    """

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        kind: str,
        channels: int,
        sensors: tuple[str, ...],
        unit: int,
        greatest_unit: int,
        firmware: str,
        identity: str,
        named: Mapping[str, str],
        nothing: str,
    ) -> None:
        super().__init__()
        if unknown := [name for name in sensors if name not in named]:
            raise ValueError(f"{kind}: no gauge {unknown[0]!r} in the plant; there are {', '.join(named)}")
        if not 1 <= len(sensors) <= channels or not 0 <= unit <= greatest_unit:
            raise ValueError(
                f"{kind}: wants up to {channels} sensors and a unit 0 to {greatest_unit}, found {sensors!r}, {unit!r}"
            )
        self._world = world
        self._channel_count = channels
        self._greatest_unit = greatest_unit
        self._named = named
        self._nothing = nothing
        self._sensors = tuple(sensors)
        self._unit = unit
        self._firmware = firmware
        self._channels: tuple[Callable[[], str], ...] = tuple(
            [self._channel(number) for number in range(1, channels + 1)]
        )
        self._no_more = f",{NO_SENSOR}" * (channels - len(sensors))
        self._switched_on = dict.fromkeys(sensors, True)
        self._plain: dict[str, Callable[[], str]] = {
            **{f"PR{number}": channel for number, channel in enumerate(self._channels, 1)},
            "PRX": self._all,
            "TID": self._identities,
            "UNI": lambda: str(self._unit),
            "SEN": self._switches,
            "ERR": self._error_word,
            "PNR": lambda: self._firmware,
        }
        if identity:
            self._plain["AYT"] = lambda: identity.format(firmware=firmware)
        self._line = bytearray()
        self._errors = 0
        self._asked: Callable[[], str] | None = None
        self._stream_every_s = 1.0
        """Seconds between unasked lines; 0 when there are none."""
        self._next_line_s = 0.0

    # --- connector --------------------------------------------------------------------------------------------
    def hear(self, data: bytes, now_s: float) -> None:
        """See `WirePort.hear`."""
        if self._stream_every_s:
            self._stream(now_s)
            self._stream_every_s = 0.0
        asked = self._asked
        if data == b"\x05" and asked is not None and not self._line:  # the usual case first
            self._world.advance(now_s)
            self.say(f"{asked()}\r\n".encode("ascii"), now_s)
            return
        for byte in data:
            self._hear_byte(byte, now_s)

    def _hear_byte(self, byte: int, now_s: float) -> None:
        line = self._line
        if byte == CR:
            mnemonic = bytes(line)
            line.clear()
            self._obey(mnemonic, now_s)
        elif byte == ENQ:
            line.clear()
            self._world.advance(now_s)
            text = self._asked() if self._asked is not None else self._error_word()
            self.say(f"{text}\r\n".encode("ascii"), now_s)
        elif byte == ETX:
            line.clear()
        elif byte not in b"\n " and len(line) <= LONGEST_LINE:
            line.append(byte)

    def take(self, until_s: float) -> tuple[float, bytes] | None:
        """See `Port.take`."""
        if self._stream_every_s:
            self._stream(until_s)
        return super().take(until_s)

    def restart(self, now_s: float) -> None:
        """Mains off and on: it streams again; unit and switched gauges are kept."""
        super().restart(now_s)
        self._line.clear()
        self._errors = 0
        self._asked = None
        self._stream_every_s = 1.0
        self._next_line_s = now_s

    def with_wrong_check(self, answer: bytes) -> bytes:
        """See `WirePort.with_wrong_check`: there is no check; the first character becomes `?`: no ACK, no number."""
        return b"?" + answer[1:]

    def _stream(self, until_s: float) -> None:
        """Send the unasked lines due up to `until_s`. They show the pressures of now: the plant has no past."""
        every_s = self._stream_every_s
        due = int((until_s - self._next_line_s) / every_s) + 1
        if due > LINES_IN_CABLE:
            self._next_line_s += (due - LINES_IN_CABLE) * every_s
        while self._next_line_s <= until_s:
            self._world.advance(self._next_line_s)
            self.say(f"{self._all()}\r\n".encode("ascii"), self._next_line_s - self.delay_s)
            self._next_line_s += every_s

    # --- mnemonics --------------------------------------------------------------------------------------------
    def _obey(self, line: bytes, now_s: float) -> None:
        mnemonic = line.decode("latin-1")
        plain = self._plain.get(mnemonic)
        if plain is None:
            try:
                plain = self._with_parameters(mnemonic, now_s)
            except _NotAcceptedError as refusal:
                self._errors |= int(refusal.args[0], 2)
                self._asked = None
                self.say(REFUSED, now_s)
                return
        self._asked = plain
        self.say(ACKNOWLEDGED, now_s)

    def _with_parameters(self, mnemonic: str, now_s: float) -> Callable[[], str]:
        name, *parameters = mnemonic.split(",")
        if name == "UNI" and len(parameters) == 1:
            if parameters[0] not in tuple("012345"[: self._greatest_unit + 1]):
                raise _NotAcceptedError(PARAMETER_ERROR)
            self._unit = int(parameters[0])
            return self._plain["UNI"]
        if name == "SEN":
            if len(parameters) != self._channel_count or any(word not in ("0", "1", "2") for word in parameters):
                raise _NotAcceptedError(PARAMETER_ERROR)
            self._switch(parameters, now_s)
            return self._switches
        if name == "COM" and len(parameters) <= 1:
            period = STREAM_PERIODS_S.get(parameters[0] if parameters else "1")
            if period is None:
                raise _NotAcceptedError(PARAMETER_ERROR)
            self._stream_every_s = period
            self._next_line_s = now_s + period
            return self._all
        if name in self._plain:
            raise _NotAcceptedError(PARAMETER_ERROR)
        raise _NotAcceptedError(SYNTAX_ERROR)

    def _switch(self, words: list[str], now_s: float) -> None:
        for name, word in zip(self._sensors, words, strict=False):
            if name == "full_range" and word != "0":
                self._switched_on[name] = word == "2"
                self._world.gauge_switch(name, word == "2", now_s)

    # --- texts ------------------------------------------------------------------------------------------------
    def _channel(self, number: int) -> Callable[[], str]:
        if number > len(self._sensors):
            return lambda: NO_SENSOR
        name = self._sensors[number - 1]
        linear = name in LINEAR
        gauge = self._world.gauge

        def text() -> str:
            signal = gauge(name)
            unit = self._unit
            pressure_mbar = signal.pressure_mbar
            value = _volts(pressure_mbar, linear) if unit == VOLTS else pressure_mbar * PER_MBAR[unit]
            if linear:
                return f"{signal.status},{value:+.4E}"
            shown = f"{value:+.2E}"
            return f"{signal.status},{shown[:5]}00{shown[5:]}"

        return text

    def _all(self) -> str:
        fitted = self._channels[: len(self._sensors)]
        return ",".join([channel() for channel in fitted]) + self._no_more

    def _identities(self) -> str:
        empty = self._channel_count - len(self._sensors)
        return ",".join([self._named[name] for name in self._sensors] + [self._nothing] * empty)

    def _switches(self) -> str:
        states = [str(1 + self._switched_on[name]) if name == "full_range" else "0" for name in self._sensors]
        return ",".join(states + ["0"] * (self._channel_count - len(states)))

    def _error_word(self) -> str:
        """The error word as four binary digits; reading clears it."""
        word = f"{self._errors:04b}"
        self._errors = 0
        return word


def _volts(pressure_mbar: float, linear: bool) -> float:
    """Output voltage of a gauge head; see the docstring of the module."""
    if linear:
        return pressure_mbar / 100.0
    return 0.6 * log10(pressure_mbar) + 6.8 if pressure_mbar > 0.0 else 0.0
