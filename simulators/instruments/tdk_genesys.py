"""Simulated TDK-Lambda Genesys (GEN) supply on its serial connector, lines ended by CR.

Written from the Genesys user manual's chapter on serial communication, and from the G10-500 manual p. 160 for the
numbers of the fault bits. Guessed, or chosen where the sources are silent; a green test proves nothing about these:

- Identity `LAMBDA,GEN6-200` (the family has GEN6-100 and GEN8-180; 6 V / 200 A is this project's boat supply),
  revision and serial number; number formats: five digits with the point where the rating puts it.
- Until `ADR n` with its own number has come the unit does not answer; `ADR` with another number silences it.
- LF is ignored; capitals and small letters mean the same; backslash alone repeats the last command.
- A command with a checksum is answered with one. Wrong checksum: C04, with a checksum.
- Set points up to 105 % of the rating (C05 beyond), protection level up to 125 %, E04 below 105 % of the voltage.
- In local mode set commands are refused with C01; RMT and queries are understood.
- Foldback (FLD, FBD), UVL are kept and read back but have no effect. No communication watchdog: none is documented.
- Faults are noticed when somebody asks: bit 4 over-voltage when the terminals exceed the level; bit 1 (AC) when an
  enabled output with set points above zero gives nothing for 0.1 s; both latched with the output off (OUT 1: E07)
  until RST. Bit 7 while the enable input is open, in which case OUT? still answers ON.
- SR: bit 0 CV, 1 CC, 2 no fault, 3 fault, 7 local. Read-back noise 0.02 % of full scale. 5 ms to an answer.
"""

import random
from collections.abc import Callable

from simulators.port import WirePort
from simulators.world import World

AC_FAIL, OVER_VOLTAGE, ENABLE = 1 << 1, 1 << 4, 1 << 7
DEAD_S = 0.1
DEAD_LEVEL = 1e-3
NOISE_DRAWS = 1024
LONGEST = 64
MODES = {"0": "LOC", "LOC": "LOC", "1": "REM", "REM": "REM", "2": "LLO", "LLO": "LLO"}


class _CodeError(Exception):
    """Answered with this error code."""


class SimulatedGenesys(WirePort):
    """The supply named `supply` of the plant, rated `rated_volts` and `rated_amps`, listening to `address`."""

    delay_s = 0.005

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        supply: str = "supply",
        rated_volts: float = 6.0,
        rated_amps: float = 200.0,
        address: int = 6,
        identity: str = "LAMBDA,GEN6-200",
    ) -> None:
        super().__init__()
        if rated_volts <= 0.0 or rated_amps <= 0.0 or not 0 <= address <= 30:
            raise ValueError(
                "tdk_genesys: wants ratings above zero and an address 0 to 30, "
                f"found {rated_volts!r} V, {rated_amps!r} A, {address!r}"
            )
        self._world = world
        self._supply = supply
        self._rated = (rated_volts, rated_amps)
        self._address = address
        dice = random.Random(f"{seed}:{supply} genesys")
        self._noise = [dice.gauss(0.0, 2e-4) for _ in range(NOISE_DRAWS)]
        self._draw = 0
        self._line = bytearray()
        self._last = ""
        self._now_s = 0.0
        self._queries: dict[str, Callable[[], str]] = {
            "IDN?": lambda: identity,
            "REV?": lambda: "1U:4.3",
            "SN?": lambda: "098A123-0001",
            "DATE?": lambda: "2004/06/21",
            "RMT?": lambda: self._mode,
            "PV?": lambda: _five(self._volts, rated_volts),
            "PC?": lambda: _five(self._amps, rated_amps),
            "MV?": lambda: self._measured(0),
            "MC?": lambda: self._measured(1),
            "OVP?": lambda: f"{self._level:.3f}",
            "UVL?": lambda: f"{self._least:.3f}",
            "FLD?": lambda: "ON" if self._foldback else "OFF",
            "OUT?": lambda: "ON" if self._on else "OFF",
            "MODE?": self._operation,
            "DVC?": lambda: ",".join(self._queries[query]() for query in ("MV?", "PV?", "MC?", "PC?", "OVP?", "UVL?")),
            "STT?": self._status,
        }
        self._sets: dict[str, Callable[[str], None]] = {
            "PV": self._programme_volts,
            "PC": self._programme_amps,
            "OVP": self._protect,
            "UVL": self._limit_below,
            "OUT": self._switch,
            "FLD": self._fold,
            "FBD": lambda text: self._whole(text, 255),
            "FBDRST": lambda text: None,
        }
        self._mode = "LOC"
        self._called = False
        self._reset()

    def _reset(self) -> None:
        """As after RST."""
        self._volts = self._amps = self._least = 0.0
        self._level = 1.25 * self._rated[0]
        self._on = self._foldback = False
        self._faults = 0
        self._dead_since_s: float | None = None

    # --- connector --------------------------------------------------------------------------------------------
    def hear(self, data: bytes, now_s: float) -> None:
        """See `WirePort.hear`."""
        self._now_s = now_s
        for byte in data:
            if byte == 0x0D:
                line = self._line.decode("latin-1").strip()
                self._line.clear()
                self._take_line(line)
            elif byte != 0x0A and len(self._line) <= LONGEST:
                self._line.append(byte)

    def restart(self, now_s: float) -> None:
        """Mains off and on: as after RST, in local mode, called by nobody (auto-restart off)."""
        super().restart(now_s)
        self._line.clear()
        self._last = ""
        self._mode = "LOC"
        self._called = False
        self._now_s = now_s
        self._reset()
        self._apply()

    def with_wrong_check(self, answer: bytes) -> bytes:
        """See `WirePort.with_wrong_check`: another last hex digit, or where there is no checksum another character."""
        if answer[-4:-3] == b"$":
            return answer[:-2] + (b"0" if answer[-2:-1] != b"0" else b"1") + answer[-1:]
        return b"?" + answer[1:]

    # --- lines ------------------------------------------------------------------------------------------------
    def _take_line(self, line: str) -> None:
        self._world.advance(self._now_s)
        text, dollar, digits = line.rpartition("$")
        if not dollar:
            text = line
        elif f"{sum(text.encode('latin-1')) % 256:02X}" != digits.upper():
            self._reply("C04", checked=True)
            return
        if text == "\\":
            text = self._last
        self._last = text
        word, _, rest = text.upper().partition(" ")
        if word == "ADR":
            self._called = rest.strip() == str(self._address)
            self._reply("OK", checked=bool(dollar))
            return
        try:
            said = self._obey(word, rest.strip()) if word else "OK"
        except _CodeError as error:
            said = str(error)
        self._reply(said, checked=bool(dollar))

    def _reply(self, text: str, *, checked: bool) -> None:
        if not self._called:
            return
        if checked:
            text = f"{text}${sum(text.encode('ascii')) % 256:02X}"
        self.say(text.encode("ascii") + b"\r", self._now_s)

    def _obey(self, word: str, rest: str) -> str:
        query = self._queries.get(word)
        if query is not None:
            if rest:
                raise _CodeError("C03")
            return query()
        if word == "RMT":
            if rest not in MODES:
                raise _CodeError("C03" if rest else "C02")
            self._mode = MODES[rest]
            return "OK"
        setter = self._sets.get(word)
        if word not in ("RST", "CLS") and setter is None:
            raise _CodeError("C01")
        if word == "CLS":
            return "OK"
        if self._mode == "LOC":
            raise _CodeError("C01")
        if setter is None:
            self._reset()
        elif not rest and word != "FBDRST":
            raise _CodeError("C02")
        else:
            setter(rest)
        self._apply()
        return "OK"

    # --- settings ---------------------------------------------------------------------------------------------
    @staticmethod
    def _value(text: str, most: float) -> float:
        if not text.replace(".", "", 1).isdecimal() or len(text) > 12:
            raise _CodeError("C03")
        value = float(text)
        if value > round(most, 6):
            raise _CodeError("C05")
        return value

    @staticmethod
    def _whole(text: str, most: int) -> None:
        if not text.isdecimal():
            raise _CodeError("C03")
        if int(text) > most:
            raise _CodeError("C05")

    @staticmethod
    def _on_off(text: str) -> bool:
        if text not in ("0", "1", "ON", "OFF"):
            raise _CodeError("C03")
        return text in ("1", "ON")

    def _programme_volts(self, text: str) -> None:
        volts = self._value(text, 1.05 * self._rated[0])
        if round(1.05 * volts, 6) > self._level:
            raise _CodeError("E01")
        if volts < self._least:
            raise _CodeError("E02")
        self._volts = volts

    def _programme_amps(self, text: str) -> None:
        self._amps = self._value(text, 1.05 * self._rated[1])

    def _protect(self, text: str) -> None:
        level = self._value(text, 1.25 * self._rated[0])
        if level < round(1.05 * self._volts, 6):
            raise _CodeError("E04")
        self._level = level

    def _limit_below(self, text: str) -> None:
        least = self._value(text, self._rated[0])
        if least > self._volts:
            raise _CodeError("E06")
        self._least = least

    def _switch(self, text: str) -> None:
        on = self._on_off(text)
        if on and self._faults:
            raise _CodeError("E07")
        self._on = on

    def _fold(self, text: str) -> None:
        self._foldback = self._on_off(text)

    def _apply(self) -> None:
        self._dead_since_s = None
        on = self._on and not self._faults
        self._world.supply_set(self._supply, self._volts, self._amps, on, self._now_s)

    # --- what it shows ----------------------------------------------------------------------------------------
    def _terminals(self) -> tuple[float, float, bool]:
        """Volts, amps, constant voltage; and the protections, which look at them."""
        found = self._world.supply_terminals(self._supply)
        volts, amps, _ = found
        if not self._on or self._faults:
            return found
        dead = volts < DEAD_LEVEL and amps < DEAD_LEVEL and self._volts > 0.0 and self._amps > 0.0
        if volts > self._level:
            self._trip(OVER_VOLTAGE)
        elif not dead or not self._world.signal("supply_enabled"):
            self._dead_since_s = None
        elif self._dead_since_s is None:
            self._dead_since_s = self._now_s
        elif self._now_s - self._dead_since_s >= DEAD_S:
            self._trip(AC_FAIL)
        return found

    def _trip(self, fault: int) -> None:
        self._faults |= fault
        self._on = False
        self._apply()

    def _measured(self, which: int) -> str:
        self._draw = (self._draw + 1) % NOISE_DRAWS
        rated = self._rated[which]
        return _five(max(0.0, self._terminals()[which] + self._noise[self._draw] * rated), rated)

    def _operation(self) -> str:
        if not self._on or not self._world.signal("supply_enabled"):
            return "OFF"
        return "CV" if self._terminals()[2] else "CC"

    def _status(self) -> str:
        mode = self._operation()
        faults = self._faults | (0 if self._world.signal("supply_enabled") else ENABLE)
        status = (mode == "CV") | (mode == "CC") << 1 | (not faults) << 2 | bool(faults) << 3
        status |= (self._mode == "LOC") << 7
        values = [self._queries[query]() for query in ("MV?", "PV?", "MC?", "PC?")]
        shown = ",".join([f"{name}({value})" for name, value in zip(("MV", "PV", "MC", "PC"), values, strict=True)])
        return f"{shown},SR({status:02X}),FR({faults:02X})"


def _five(value: float, rated: float) -> str:
    """Five digits, the point where the rating puts it: 6 V 0.0000, 200 A 000.00."""
    whole = len(str(int(rated)))
    return f"{value:0{6}.{5 - whole}f}"
