"""What the SQC-310 shows: its readings as the text that goes over the wire.

Formats: SQC-310 Operating Manual 074-550-P1B p. 94-97, 074-550-P1C p. 110-116, and captures of firmware 6.65.
"""

from collections.abc import Callable

from simulators.instruments.sqc310.memory import Memory
from simulators.instruments.sqc310.sensors import Frequencies, Sensor, ZMatch
from simulators.instruments.sqc310.sequence import DEPOSIT, Sequence

CRYSTALS_IN_PLANT = 2
"""Sensors 3 and 4 of a four-channel unit have nothing connected."""

Text = Callable[[float], str]
"""A reading: from the time of day, its text."""


class Readings:
    """Sensors, and the texts made of them, the run state and the memory."""

    def __init__(
        self,
        world: Frequencies,
        memory: Memory,
        sequence: Sequence,
        *,
        firmware: str,
        channels: int,
        filter_alpha: float,
        rate_width: int,
    ) -> None:
        self._memory = memory
        self._sequence = sequence
        self._firmware = firmware
        self._channels = channels
        self._rate_width = rate_width
        self._absent = " 0.00 0.000 0.00" * (channels - CRYSTALS_IN_PLANT)
        blank = ZMatch(1.0, 1.0, 100.0)
        self.sensors = [Sensor(world, number, filter_alpha, blank) for number in range(1, CRYSTALS_IN_PLANT + 1)]
        self.k2_tail = ""
        """All of K2 behind the time; the same for a whole measuring period."""

    def measure(self, now_s: float) -> None:
        """Read both crystals."""
        first, second = self.sensors
        first.measure(now_s)
        second.measure(now_s)
        self.show()

    def show(self) -> None:
        """Write K2 anew, after a reading or a change of zero point or film."""
        first, second = self.sensors
        self.k2_tail = " %.2f %.3f %.2f %.2f %.3f %.2f%s" % (  # noqa: UP031 - two thirds of an f-string's time (measured)
            first.rate, first.thickness_ka, first.hz, second.rate, second.thickness_ka, second.hz, self._absent,
        )  # fmt: skip

    def use_film(self, *, zero: bool) -> None:
        """Reckon with the present film, its material and the toolings, and if asked count thickness from here."""
        value = self._memory.value
        film = self._sequence.film()
        material = self._memory.film_material(film)
        density, z_factor = value("F", material, 2) / 100.0, value("F", material, 3) / 1000.0
        common = value("A2", film, 6) * value("B", 0, 2) / 100.0
        for number, sensor in enumerate(self.sensors, 1):
            sensor.use(ZMatch(density, z_factor, common * value("HA", number, 1) / 100.0))
            if zero:
                sensor.zero()
        self._sequence.film_changed = False
        self.show()

    def zero(self) -> None:
        """Count thickness from here."""
        for sensor in self.sensors:
            sensor.zero()
        self.show()

    def forget(self) -> None:
        """As after power-up."""
        for sensor in self.sensors:
            sensor.forget()
        self.use_film(zero=False)

    # --- texts ------------------------------------------------------------------------------------------------
    def time_s(self, now_s: float) -> float:
        """Time field of K1 and K2: -1 when stopped."""
        return self._sequence.elapsed_s(now_s) if self._sequence.running else -1.0

    def k2(self, now_s: float) -> str:
        """Time, then rate, thickness and frequency of each sensor."""
        return f"{self.time_s(now_s):.2f}{self.k2_tail}"

    def k1(self, now_s: float) -> str:
        """Time, then rate, deviation, thickness and power of output 1, and -1 for the outputs not used."""
        sensor = self.sensors[0]
        return (
            f"{self.time_s(now_s):.2f} {sensor.rate:.2f} {self._deviation(1):.2f} {sensor.thickness_ka:.3f}"
            f" {self._power(1, now_s):.2f}" + " -1 -1 -1 -1" * (self._channels - 1)
        )

    def run_state(self, now_s: float) -> str:
        """V: phase, elapsed s, process, layer and, from the later firmware, 1 for automatic."""
        sequence = self._sequence
        sequence.advance(now_s)
        state = f"{sequence.shown_phase()} {sequence.elapsed_s(now_s):.0f} {sequence.process} {sequence.layer}"
        return state if self._firmware == "6.01" else f"{state} {int(sequence.automatic)}"

    def of_channel(self, word: str, channel: int) -> Text:
        """The reading L, M, N, O, P, PA, Q or `S? ` of a sensor or output."""
        if word == "Q":
            return lambda now_s: f"{self._deviation(channel):.2f} "
        if word == "S? ":
            return lambda now_s: f"{self._power(channel, now_s):.2f} "
        if channel > CRYSTALS_IN_PLANT:
            absent = {"P": "0.00", "PA": "0 0.00 0.00", "L": self._padded("0.00"), "M": self._padded("0.00")}
            text = absent.get(word, self._padded("0.000"))
            return lambda now_s: text
        sensor = self.sensors[channel - 1]
        texts: dict[str, Text] = {
            "L": lambda now_s: self._padded(f"{sensor.rate:.2f}"),
            "N": lambda now_s: self._padded(f"{sensor.thickness_ka:.3f}"),
            "P": lambda now_s: f"{sensor.hz:.2f}",
            "PA": lambda now_s: f"{self.in_use(channel)} {sensor.hz:.2f} {self._life(sensor.hz):.2f}",
        }
        return texts[{"M": "L", "O": "N"}.get(word, word)]

    def flag(self, group: str, index: int, number: int) -> int | None:
        """Flags HC1 to HC9 of a sensor and HD1 of a source (P1C p. 107); None for numbers that do not exist."""
        if group == "HD":
            return self.in_use(index) if number == 1 else None
        if not 1 <= number <= 9:
            return None
        if number == 5:
            return int(index > CRYSTALS_IN_PLANT or self.sensors[index - 1].hz == 0.0)
        return self.in_use(index) if number == 6 else 0

    def in_use(self, channel: int) -> int:
        """1 while a film uses the sensor: sensor 1 of a running process."""
        return int(self._sequence.running and channel == 1)

    def _padded(self, number: str) -> str:
        return f" {number}" if not self._rate_width else f" {number:>{self._rate_width - 1}}"

    def _deviation(self, output: int) -> float:
        """Rate deviation in % of the wanted rate; 100.00 when there is none (seen on an idle 6.65)."""
        wanted = self._sequence.rate_wanted()
        if output != 1 or wanted <= 0.0 or self._sequence.phase != DEPOSIT:
            return 100.0
        return 100.0 * (self.sensors[0].rate - wanted) / wanted

    def _power(self, output: int, now_s: float) -> float:
        self._sequence.advance(now_s)
        return self._sequence.powers[output - 1]

    def _life(self, hz: float) -> float:
        """Crystal life in %: 100 x (f - fmin)/(fmax - fmin), inferred from the manual's 5 950 000.00 Hz and 95.00 %."""
        least, greatest = self._memory.value("B", 0, 6), self._memory.value("B", 0, 7)
        return 100.0 * (hz - least) / (greatest - least) if hz > 0.0 and greatest > least else 0.0
