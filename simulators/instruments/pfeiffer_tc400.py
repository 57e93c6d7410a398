"""Simulated Pfeiffer TC 400 turbo pump controller on RS-485, Pfeiffer Vacuum protocol.

Telegram: address (3), action (1: 0 asks, 1 commands and answers), `0`, parameter (3), length (2), data, sum of the
characters modulo 256 (3), CR. TC 110 / TC 400 operating instructions (communication protocol, parameter set).

Guessed, or chosen where the sources are silent:

- A telegram with a wrong sum, to another address or malformed gets no answer; orders to a group (9xx) or to all (000)
  are carried out without one.
- Set speed is reached from 98 % of it; accelerating while pumping below that.
- Drive 48 V; 6 A while accelerating, 0.8 A at speed; temperatures 25 to 45 C with speed. The plant has no such values.
- Standby, speed setting, venting and interface selection are readable but fixed: another value answers _LOGIC.
- The motor switch (023) is kept through a power failure, the station switch (010) is not. Address 1 after delivery.
- Writing 010 = 1 and 009 = 1 acknowledge an error; 360 to 369 keep the last ten since power-up.
- 2 ms from telegram to answer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.port import WirePort
from simulators.world import World

NOMINAL_HZ = 1000
"""HiPace 300; handbook value, not checked against a document."""
SPEED_REACHED = 0.98
NO_ERROR = "000000"
LONGEST_TELEGRAM = 14 + 99
BOOLEAN_OLD, INTEGER, REAL, STRING, SHORT, EXPONENT, STRING_16 = 0, 1, 2, 4, 7, 10, 11
LENGTHS = {BOOLEAN_OLD: 6, INTEGER: 6, REAL: 6, STRING: 6, SHORT: 3, EXPONENT: 6, STRING_16: 16}
"""Data types of the protocol and their lengths in characters."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One parameter: its type, how it is read (None: it cannot be), how it is written (None: it cannot be)."""

    type: int
    read: Callable[[], str] | None
    write: Callable[[str], bool] | None = None
    """Takes the data, already of the right type; False: not possible now."""


def _integer(value: float) -> str:
    return f"{value:06.0f}"


def _real(value: float) -> str:
    return f"{value * 100.0:06.0f}"


def _boolean(value: bool) -> str:
    return "111111" if value else "000000"


class SimulatedTc400(WirePort):
    """A TC 400 at `address` (1 to 255) driving the plant's turbo pump."""

    def __init__(self, world: World, seed: str = "", *, address: int = 1, name: str = "TC 400") -> None:
        super().__init__()
        if not 1 <= address <= 255:
            raise ValueError(f"pfeiffer_tc400: address must be 1 to 255, found {address!r}")
        self._world = world
        self._name = f"{name:<6.6}"
        self._address = address
        self._switch_point_percent = 80
        self._motor = True
        self._station = False
        self._history: list[str] = []
        self._now_s = 0.0
        self._line = b""
        self._known: dict[bytes, tuple[bytes, Callable[[], str]]] = {}
        self._parameters = self._table()

    # --- connector --------------------------------------------------------------------------------------------
    def hear(self, data: bytes, now_s: float) -> None:
        """See `WirePort.hear`."""
        self._now_s = now_s
        if not self._line:
            # A whole query met before, whose sum was verified then on these very bytes.
            query = self._known.get(data)
            if query is not None:
                self._world.advance(now_s)
                body = query[0] + query[1]().encode("ascii")
                self.say(b"%b%03d\r" % (body, sum(body) & 0xFF), now_s)
                return
        *telegrams, rest = (self._line + data).split(b"\r")
        self._line = rest[-LONGEST_TELEGRAM:]
        for telegram in telegrams:
            self._obey(telegram)

    def restart(self, now_s: float) -> None:
        """Mains off and on: the station switch is off, the error history empty; address and motor switch are kept."""
        super().restart(now_s)
        self._now_s = now_s
        self._line = b""
        self._station = False
        self._history.clear()
        self._drive()

    def with_wrong_check(self, answer: bytes) -> bytes:
        """See `WirePort.with_wrong_check`: another last digit of the sum."""
        return answer[:-2] + (b"1" if answer[-2:-1] == b"0" else b"0") + answer[-1:]

    def _obey(self, telegram: bytes) -> None:
        if len(telegram) < 13 or not telegram[:10].isdigit() or not telegram[-3:].isdigit():
            return
        body = telegram[:-3]
        if sum(body) % 256 != int(telegram[-3:]) or len(body) != 10 + int(body[8:10]):
            return
        address = int(body[:3])
        if address == self._address:
            answered = True
        elif address == 0 or 900 <= address <= 999:
            answered = False
        else:
            return
        self._world.advance(self._now_s)
        data = self._carry_out(body[3:5], body[5:8].decode("ascii"), body[10:].decode("latin-1"))
        if not answered:
            return
        parameter = self._parameters.get(body[5:8].decode("ascii"))
        if body[3:5] == b"00" and parameter is not None and parameter.read is not None and body[10:] == b"=?":
            length = LENGTHS[parameter.type]
            self._known[telegram + b"\r"] = (b"%b10%b%02d" % (body[:3], body[5:8], length), parameter.read)
        answer = b"%b10%b%02d%b" % (body[:3], body[5:8], len(data), data.encode("latin-1"))
        self.say(b"%b%03d\r" % (answer, sum(answer) % 256), self._now_s)

    def _carry_out(self, action: bytes, number: str, data: str) -> str:
        """Data of the answer: the value, or what is wrong."""
        parameter = self._parameters.get(number)
        if parameter is None:
            return "NO_DEF"
        if action == b"00":
            if data != "=?":
                return "_RANGE"
            return parameter.read() if parameter.read is not None else "_LOGIC"
        if action != b"10" or parameter.write is None:
            return "_LOGIC"
        if len(data) != LENGTHS[parameter.type]:
            return "_RANGE"
        if parameter.type == BOOLEAN_OLD:
            if data not in ("000000", "111111"):
                return "_RANGE"
        elif not data.isdecimal() or not data.isascii():
            return "_RANGE"
        try:
            return data if parameter.write(data) else "_LOGIC"
        except ValueError:
            return "_RANGE"

    # --- parameters -------------------------------------------------------------------------------------------
    def _table(self) -> dict[str, _Parameter]:
        speed, full = self._world.turbo_speed_hz, float(NOMINAL_HZ)

        def fixed(type_: int, text: str) -> _Parameter:
            return _Parameter(type_, lambda: text, lambda data: data == text)

        def shown(type_: int, read: Callable[[], str]) -> _Parameter:
            return _Parameter(type_, read)

        def history(place: int) -> _Parameter:
            return shown(STRING, lambda: self._history[place] if place < len(self._history) else NO_ERROR)

        return {
            "002": fixed(BOOLEAN_OLD, "000000"),
            "009": _Parameter(BOOLEAN_OLD, None, self._acknowledge),
            "010": _Parameter(BOOLEAN_OLD, lambda: _boolean(self._station), self._switch_station),
            "012": fixed(BOOLEAN_OLD, "000000"),
            "023": _Parameter(BOOLEAN_OLD, lambda: _boolean(self._motor), self._switch_motor),
            "026": fixed(BOOLEAN_OLD, "000000"),
            "030": fixed(SHORT, "000"),
            "060": fixed(SHORT, "002"),
            "061": fixed(BOOLEAN_OLD, "000000"),
            "302": shown(BOOLEAN_OLD, lambda: _boolean(speed() * 100.0 >= full * self._switch_point_percent)),
            "303": shown(STRING, self._error),
            "306": shown(BOOLEAN_OLD, lambda: _boolean(speed() >= SPEED_REACHED * full)),
            "307": shown(BOOLEAN_OLD, lambda: _boolean(self._accelerating())),
            "308": shown(INTEGER, lambda: _integer(full)),
            "309": shown(INTEGER, lambda: _integer(speed())),
            "310": shown(REAL, lambda: _real(self._drive_amps())),
            "311": shown(INTEGER, lambda: "000123"),
            "312": shown(STRING, lambda: "010300"),
            "313": shown(REAL, lambda: _real(48.0)),
            "314": shown(INTEGER, lambda: "000456"),
            "315": shown(INTEGER, lambda: _integer(full)),
            "316": shown(INTEGER, lambda: _integer(48.0 * self._drive_amps())),
            "319": shown(INTEGER, lambda: "000078"),
            "326": shown(INTEGER, lambda: _integer(25.0 + 10.0 * speed() / full)),
            "330": shown(INTEGER, lambda: _integer(25.0 + 8.0 * speed() / full)),
            "342": shown(INTEGER, lambda: _integer(25.0 + 20.0 * speed() / full)),
            "346": shown(INTEGER, lambda: _integer(25.0 + 18.0 * speed() / full)),
            "349": shown(STRING, lambda: self._name),
            "354": shown(STRING, lambda: "000001"),
            **{f"{360 + place}": history(place) for place in range(10)},
            "397": shown(INTEGER, lambda: _integer(60.0 * full)),
            "398": shown(INTEGER, lambda: _integer(60.0 * speed())),
            "399": shown(INTEGER, lambda: _integer(60.0 * full)),
            "700": fixed(INTEGER, "000008"),
            "701": _Parameter(INTEGER, lambda: _integer(self._switch_point_percent), self._set_switch_point),
            "707": fixed(REAL, "010000"),
            "717": fixed(REAL, "006670"),
            "719": fixed(INTEGER, "000020"),
            "797": _Parameter(INTEGER, lambda: _integer(self._address), self._set_address),
        }

    def _error(self) -> str:
        error = self._world.turbo_error()
        if error != NO_ERROR and self._history[:1] != [error]:
            self._history = [error, *self._history[:9]]
        return error

    def _acknowledge(self, data: str) -> bool:
        if data != "111111":
            raise ValueError("009 takes 111111 only")
        self._error()
        self._world.turbo_acknowledge(self._now_s)
        return True

    def _switch_station(self, data: str) -> bool:
        self._station = data == "111111"
        if self._station:
            self._acknowledge(data)
        self._drive()
        return True

    def _switch_motor(self, data: str) -> bool:
        self._motor = data == "111111"
        self._drive()
        return True

    def _drive(self) -> None:
        self._world.turbo_drive(self._station and self._motor, self._now_s)

    def _accelerating(self) -> bool:
        wanted = self._station and self._motor and self._world.turbo_error() == NO_ERROR
        return wanted and self._world.turbo_speed_hz() < SPEED_REACHED * NOMINAL_HZ

    def _drive_amps(self) -> float:
        if self._accelerating():
            return 6.0
        return 0.8 if self._station and self._motor else 0.0

    def _set_switch_point(self, data: str) -> bool:
        percent = int(data)
        if not 50 <= percent <= 97:  # range from the handbook, not checked
            raise ValueError("701 takes 50 to 97 %")
        self._switch_point_percent = percent
        return True

    def _set_address(self, data: str) -> bool:
        address = int(data)
        if not 1 <= address <= 255:
            raise ValueError("797 takes 1 to 255")
        self._address = address
        self._known.clear()
        return True
