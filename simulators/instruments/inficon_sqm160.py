"""Simulated INFICON SQM-160 monitor with two crystals, as its serial connector shows it.

Written from the SQM-160 manual IPN 074-511-P1C (commands p. 5-6 up) and from published packages that talk to units.
Framing as on the SQC-310. Guessed, or chosen where the sources are silent; a green test proves nothing about these:

- Firmware text `MON Ver 4.13` (seen). Thickness in Å with three decimals (kÅ or µm is reported by others).
- A set has the form of its answer: `A<n><name, 8 characters><7 fields>`, `B <11 fields>`, `C <7 fields>`.
- Films 1 to 99 as delivered: `FILM_001` 1.00 100 1.000 0.000 0.000 0 3. System: 0.25 s, no simulation, Å, low
  resolution, filter 1, toolings 100.
- S, T answer nothing but A. D, U0, U1 too. Y answers 1 once after power-up. Z restores everything.
- Wrong check: status F, unknown command C, bad data D, as on the SQC-310; status B is not sent.
- The rate is not filtered (filter 1); tooling is the product of film and sensor tooling. 2 ms to an answer.
"""

import re

from simulators.instruments.sqc310.packets import CommandStream, answer_packet, checks
from simulators.instruments.sqc310.sensors import Sensor, ZMatch, begins_s, period_of
from simulators.port import WirePort
from simulators.world import World

CRYSTALS = 2
FILMS = 99
DISPLAYS = ("0", "1", "2", "3")
_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
_COMMAND = re.compile(r"([A-Z@])(\d*)(\??)(.*)", re.DOTALL)


class _StatusError(Exception):
    """Answered with this status letter."""


class SimulatedSqm160(WirePort):
    """An SQM-160 with `channels` sensors: 2 or 6, of which the first two have crystals."""

    def __init__(self, world: World, seed: str = "", *, channels: int = 2, firmware: str = "4.13") -> None:
        super().__init__()
        if channels not in (2, 6):
            raise ValueError(f"inficon_sqm160: an SQM-160 has 2 or 6 channels, not {channels!r}")
        self._world = world
        self._channels = channels
        self._firmware = firmware
        self._stream = CommandStream()
        self._next_reading_s = 0.0
        blank = ZMatch(1.0, 1.0, 100.0)
        self._sensors = [Sensor(world, number, 1.0, blank) for number in range(1, CRYSTALS + 1)]
        self._fresh = True
        self._restore()

    def _restore(self) -> None:
        """As delivered."""
        plain = ["1.00", "100", "1.000", "0.000", "0.000", "0", "3"]
        self._films = {number: (f"FILM_{number:03d}", list(plain)) for number in range(1, FILMS + 1)}
        self._system = ["0.25", "0", "0", "0", "1", *["100"] * 6]
        self._ranges = ["5.000", "6.000", "-5.0", "999.9", "-0.050", "9999", "0"]
        self._film = 1
        self._shutter = False
        self._use_film()

    # --- connector --------------------------------------------------------------------------------------------
    def hear(self, data: bytes, now_s: float) -> None:
        """See `WirePort.hear`."""
        for packet in self._stream.feed(data):
            if not checks(packet):
                self.say(answer_packet("F", ""), now_s)
                continue
            self.tick(now_s)
            try:
                said = answer_packet("A", self._obey(packet[2:-2].decode("latin-1")))
            except _StatusError as refused:
                said = answer_packet(str(refused), "")
            self.say(said, now_s)

    def tick(self, now_s: float) -> None:
        """Measure the period holding `now_s` if that is still to do."""
        if now_s < self._next_reading_s:
            return
        self._next_reading_s = begins_s(period_of(now_s) + 1)
        self._world.advance(now_s)
        for sensor in self._sensors:
            sensor.measure(now_s)

    def restart(self, now_s: float) -> None:
        """Power off and on: readings and zero points are gone, the shutter relay is off; films and system are kept."""
        super().restart(now_s)
        self._stream.clear()
        self._next_reading_s = 0.0
        self._shutter = False
        self._fresh = True
        for sensor in self._sensors:
            sensor.forget()

    def with_wrong_check(self, answer: bytes) -> bytes:
        """See `WirePort.with_wrong_check`: the last check character, moved inside its range 34 to 161."""
        last = answer[-1]
        return answer[:-1] + bytes((last + 1 if last < 161 else last - 1,))

    # --- commands ---------------------------------------------------------------------------------------------
    def _obey(self, message: str) -> str:
        match = _COMMAND.fullmatch(message)
        if match is None:
            raise _StatusError("C")
        letter, digits, asks, rest = match.groups()
        number = int(digits) if digits else None
        if letter in "LNPR" and number is not None and not rest:
            return self._reading(letter, number)
        if letter == "A" and not asks and digits:  # the name of a film may begin with digits: one or two are the number
            return self._set_film(message[1:])
        if letter == "A" and number is not None and not rest:
            name, fields = self._films[self._within(number, FILMS)]
            return name + " ".join(fields)
        if letter in "BC" and number is None:
            return self._set_up(letter, asks, rest)
        if letter == "D" and number is not None and not asks and not rest:
            self._film = self._within(number, FILMS)
            self._use_film()
            return ""
        return self._plain(message)

    def _plain(self, message: str) -> str:
        """Commands without data."""
        if message in ("@", "J", "U?", "W", "Y"):
            fresh, self._fresh = self._fresh, self._fresh and message != "Y"
            return {
                "@": f"MON Ver {self._firmware}",
                "J": str(self._channels),
                "U?": str(int(self._shutter)),
                "W": self._everything(),
                "Y": str(int(fresh)),
            }[message]
        if message in ("M", "M?", "O", "O?"):
            used = [s for s in self._sensors if s.hz > 0.0] or self._sensors
            mean = sum(s.rate if message[0] == "M" else s.thickness_ka * 1000.0 for s in used) / len(used)
            return f" {mean:.2f} " if message[0] == "M" else f" {mean:.3f} "
        if message == "S":
            for sensor in self._sensors:
                sensor.zero()
        elif message in ("U0", "U1"):
            self._shutter = message == "U1"
        elif message == "Z":
            self._restore()
        elif message != "T":
            raise _StatusError("D" if message[0] == "U" else "C")
        return ""

    def _reading(self, letter: str, number: int) -> str:
        self._within(number, self._channels)
        sensor = self._sensors[number - 1] if number <= CRYSTALS else None
        if letter == "L":
            return f" {sensor.rate if sensor else 0.0:.2f} "
        if letter == "N":
            return f" {1000.0 * sensor.thickness_ka if sensor else 0.0:.3f} "
        hz = sensor.hz if sensor else 0.0
        if letter == "P":
            return f"{hz:.3f}"
        least, greatest = (1e6 * float(text) for text in self._ranges[:2])
        return f"{max(0.0, 100.0 * (hz - least) / (greatest - least)):.0f}"

    def _everything(self) -> str:
        shown = [f"{s.rate:.2f} {1000.0 * s.thickness_ka:.3f} {s.hz:.3f}" for s in self._sensors]
        shown += ["0.00 0.000 0.000"] * (self._channels - CRYSTALS)
        return " ".join(["00.00", *shown])

    def _set_film(self, text: str) -> str:
        """Number, name of eight characters, seven fields. A second digit belongs to the number if a film has it."""
        for digits in (2, 1):
            head, name, fields = text[:digits], text[digits : digits + 8], text[digits + 8 :].split()
            if head.isdecimal() and len(fields) == 7 and all(_NUMBER.fullmatch(field) for field in fields):
                break
        else:
            raise _StatusError("D")
        number = self._within(int(head), FILMS)
        density, tooling, z_factor = (float(field) for field in fields[:3])
        if not (0.5 <= density <= 99.99 and 10.0 <= tooling <= 399.0 and 0.1 <= z_factor <= 9.999):
            raise _StatusError("D")
        self._films[number] = (name, [f"{density:.2f}", f"{tooling:.0f}", f"{z_factor:.3f}", *fields[3:]])
        if number == self._film:
            self._use_film()
        return ""

    def _set_up(self, letter: str, asks: str, rest: str) -> str:
        held = self._system if letter == "B" else self._ranges
        if asks:
            if rest:
                raise _StatusError("D")
            return " ".join(held)
        fields = rest.split()
        wrong = len(fields) != len(held) or not all(_NUMBER.fullmatch(field.lstrip("-")) for field in fields)
        if wrong or (letter == "B" and fields[2] not in DISPLAYS):
            raise _StatusError("D")
        if letter == "B" and not all(10.0 <= float(tooling) <= 399.0 for tooling in fields[5:]):
            raise _StatusError("D")
        held[:] = fields
        self._use_film()
        return ""

    def _use_film(self) -> None:
        density, tooling, z_factor = (float(field) for field in self._films[self._film][1][:3])
        for number, sensor in enumerate(self._sensors):
            sensor.use(ZMatch(density, z_factor, tooling * float(self._system[5 + number]) / 100.0))

    @staticmethod
    def _within(number: int, greatest: int) -> int:
        if not 1 <= number <= greatest:
            raise _StatusError("D")
        return number
