"""Simulated INFICON SQC-310 deposition controller, as its RS-232 or Ethernet connector shows it.

Written from the SQC-310 Operating Manual 074-550-P1B (2012, firmware 6.01) and 074-550-P1C (later firmware), the
SQC-300 series manual, and published captures of a unit with firmware 6.65. Never tried beside a real unit.

Guessed, or chosen where the sources are silent; a green test proves nothing about these:

- After delivery process n holds layer n, made of film n, made of material n; processes 51 to 100 do not exist.
- A stopped unit reckons rate and thickness with the film of the first layer of the chosen process.
- Filter alpha 0.5 and y = alpha x + (1 - alpha) y. Tooling is the product of film (A2.6), crystal (HA.1), system (B.2).
- Output n reads sensor n; only output 1 is used by films; an unused output is all -1 in K1.
- K1 and K2 show time -1.00 when stopped (seen in K1 only); V shows whole seconds of the same clock.
- Thickness is zeroed when a process or a layer starts. A crystal without signal shows zeros; its zero point stays.
- The control loop (`sqc310.loop`), and what capture, control error, crystal fail and timed power do
  (`sqc310.governor`). Most power and slew of a layer, and the control delay, are set at the front panel: settings here.
- Outputs give 0 to 10 V (HB.1) on their analogue connectors, renewed once per measuring period, in steps of 0.1 %, the
  step of the display; the real converter is said to be finer. Power is off in stop layer, halted and stopped.
- Set-up is refused with E while a process runs; U2 outside stop layer, U3 to U5 when they make no sense: E; an
  unknown U number: D. S is accepted when stopped. K3 has the form of K2, and answers E without a new reading.
- VA, I, GA, E and CoDep layers are not simulated: status C (CoDep: D).
- The unit is switched on long before the host speaks: only `restart` makes the next answer carry status B.
- A four-channel unit of firmware 6.65 is `SQC310C 2MB Ver 6.65` (seen); a two-channel one says the same here.
- Scalings and ranges marked so in `sqc310.memory`; 2 ms from request to answer.
"""

import re
from collections.abc import Callable, Mapping

from simulators.instruments.sqc310.governor import Governor
from simulators.instruments.sqc310.loop import Limits
from simulators.instruments.sqc310.memory import PROCESSES, Memory
from simulators.instruments.sqc310.outputs import Outputs
from simulators.instruments.sqc310.packets import (
    ANSWER_OFFSET,
    CommandStream,
    answer_packet,
    check_characters,
    checks,
)
from simulators.instruments.sqc310.readings import Readings, Text
from simulators.instruments.sqc310.relays import Relays
from simulators.instruments.sqc310.sensors import begins_s, period_of
from simulators.instruments.sqc310.sequence import Sequence
from simulators.instruments.sqc310.setup import RefusedError, Setup, whole, within
from simulators.port import WirePort
from simulators.world import World

IDENTITIES = {"6.01": "SQC-310 Ver 6.01", "6.65": "SQC310C 2MB Ver 6.65"}
"""Answer to `@`: P1B p. 83, and a captured 6.65 unit."""
POWER_STEP_PERCENT = 0.1

_READING = re.compile(r"(@|J|K1|K2|V\??|PA|S\? |[LMNOPQ])(\d*)")
_RUN = re.compile(r"(T|U|S|GD|GE)(\d+)(?: (.*))?")
_RELAY_STATE = re.compile(r"GC(\d+)\?((?: \d+)+)")


class SimulatedSqc310(WirePort):
    """An SQC-310 with `channels` sensors and outputs (2, or 4 for a 310C) and one of two firmware generations.

    `rate_width`: 0 prints one blank before a rate or thickness (as captured for small values); 5 right-aligns it in
    five columns and a blank if longer, the other reading of the same captures.
    `limits`: most power, %, and slew, %/s, by layer number, as set at the front panel; `control_delay_s`: likewise.
    `power_step`: step of the outputs, %; 0 = none. `source_shutter`: the shutter of the plant that output 1's source
    shutter relay drives; empty where the PLC has the shutters.
    """

    def __init__(
        self,
        world: World,
        seed: str = "",
        *,
        firmware: str = "6.65",
        channels: int = 2,
        filter_alpha: float = 0.5,
        rate_width: int = 0,
        limits: Mapping[int, tuple[float, float]] | None = None,
        control_delay_s: float = 0.0,
        power_step: float = POWER_STEP_PERCENT,
        source_shutter: str = "",
    ) -> None:
        super().__init__()
        if firmware not in IDENTITIES:
            raise ValueError(f"inficon_sqc310: firmware {firmware!r} is not simulated; choose one of 6.01, 6.65")
        if channels not in (2, 4):
            raise ValueError(f"inficon_sqc310: an SQC-310 has 2 or 4 channels, not {channels!r}")
        if not 0.0 < filter_alpha <= 1.0:
            raise ValueError(f"inficon_sqc310: filter_alpha must lie above 0 and up to 1, found {filter_alpha!r}")
        self._world = world
        self._firmware = firmware
        self._channels = channels
        relays = 8 if channels == 2 else 16
        self._memory = Memory()
        self._sequence = Sequence(self._memory, firmware, control_delay_s)
        self._readings = Readings(
            world,
            self._memory,
            self._sequence,
            firmware=firmware,
            channels=channels,
            filter_alpha=filter_alpha,
            rate_width=rate_width,
        )
        panel = {layer: Limits(*both) for layer, both in (limits or {}).items()}
        self._governor = Governor(self._memory, self._sequence, self._readings.sensors[0], panel, power_step)
        self._outputs = Outputs(world, self._memory, self._sequence, channels, power_step, source_shutter)
        self._setup = Setup(self._memory, channels, relays, self._readings.flag)
        self._stream = CommandStream()
        self._known: dict[bytes, Callable[[float], bytes]] = {}
        self._relays = Relays(relays)
        self._was_reset = False
        self._next_reading_s = 0.0
        self._k2_stopped: bytes | None = None
        self._new_reading = False
        self._use_film()

    # --- connector --------------------------------------------------------------------------------------------
    def hear(self, data: bytes, now_s: float) -> None:
        """See `WirePort.hear`."""
        if not self._stream.waiting:
            # A whole packet met before, whose check characters were verified then on these very bytes.
            read = self._known.get(data)
            if read is not None:
                if now_s >= self._next_reading_s:
                    self.tick(now_s)
                self.say(read(now_s), now_s)
                return
        for packet in self._stream.feed(data):
            self._obey(packet, now_s)

    def restart(self, now_s: float) -> None:
        """Power failure: the process, manual powers, relays, readings and zero points are gone; set-up is kept."""
        super().restart(now_s)
        self._stream.clear()
        self._known.clear()
        self._relays.restart()
        self._sequence.restart()
        self._readings.forget()
        self._next_reading_s = 0.0
        self._k2_stopped = None
        self._was_reset = True
        self._new_reading = False
        self._governor.restart()
        self._outputs.drive(now_s)

    def connect(self, output: int, hear: Callable[[float, float], None]) -> None:
        """Fit a cable to analogue output `output` (1 up); `hear` is told volts and the time. Raises ValueError."""
        self._outputs.connect(output, hear)

    def with_wrong_check(self, answer: bytes) -> bytes:
        """See `WirePort.with_wrong_check`: the last check character, moved inside its range 34 to 161."""
        last = answer[-1]
        return answer[:-1] + bytes((last - 1 if last > 34 else last + 1,))

    def tick(self, now_s: float) -> None:
        """Measure the period holding `now_s` if that is still to do, and let the process go on."""
        if now_s < self._next_reading_s:
            return
        self._next_reading_s = begins_s(period_of(now_s) + 1)
        self._world.advance(now_s)
        self._readings.measure(now_s)
        self._k2_stopped = None
        self._new_reading = True
        if self._sequence.running:
            self._follow(now_s)
            self._outputs.drive(now_s)

    def _follow(self, now_s: float) -> None:
        """What readings and time do to a running process."""
        sequence = self._sequence
        layer = sequence.layer
        sequence.advance(now_s)
        self._governor.follow(now_s)
        if sequence.film_changed:
            self._use_film(zero=sequence.running and sequence.layer != layer)

    def _use_film(self, *, zero: bool = False) -> None:
        self._readings.use_film(zero=zero)
        self._k2_stopped = None

    # --- commands ---------------------------------------------------------------------------------------------
    def _obey(self, packet: bytes, now_s: float) -> None:
        if not checks(packet):
            self.say(answer_packet("F", ""), now_s)
            return
        self.tick(now_s)
        message = packet[2:-2].decode("latin-1")
        try:
            read = self._reader(message)
            if read is not None and not self._was_reset:
                self._known[packet] = read
            answer = read(now_s) if read is not None else answer_packet("A", self._carry_out(message, now_s))
        except RefusedError as refused:
            answer = answer_packet(refused.status, "")
        if self._was_reset:
            self._was_reset = False
            answer = answer_packet("B", answer[3:-2].decode("latin-1"))
        self.say(answer, now_s)

    def _reader(self, message: str) -> Callable[[float], bytes] | None:
        """The function that answers a request for a reading; None for other commands. Raises RefusedError."""
        match = _READING.fullmatch(message)
        if match is None:
            return None
        word, number = match.groups()
        if word == "K2":
            if number:
                raise RefusedError("C")
            return self._k2
        readings = self._readings
        alone: dict[str, Text] = {
            "@": lambda now_s: IDENTITIES[self._firmware],
            "J": lambda now_s: str(self._channels),
            "K1": readings.k1,
            "V": readings.run_state,
            "V?": readings.run_state,
        }
        if word in alone:
            if number:
                raise RefusedError("C")
            text = alone[word]
        else:
            text = readings.of_channel(word, within(whole(number), 1, self._channels))
        return lambda now_s: answer_packet("A", text(now_s))

    def _k2(self, now_s: float) -> bytes:
        """K2 as a packet. While stopped it is the same all through a measuring period."""
        if self._sequence.running:
            text = b"A" + self._readings.k2(now_s).encode("ascii")
            covered = bytes((len(text) + ANSWER_OFFSET,)) + text
            return b"!" + covered + check_characters(covered)
        packet = self._k2_stopped
        if packet is None:
            packet = self._k2_stopped = answer_packet("A", self._readings.k2(now_s))
        return packet

    def _carry_out(self, message: str, now_s: float) -> str:
        if message == "K3":
            return self._k3(now_s)
        sequence = self._sequence
        if match := _RELAY_STATE.fullmatch(message):
            relay = whole(match[1])
            return "".join(f"{n},{self._relays.state(relay, n)} " for n in map(int, match[2].split()))
        match = _RUN.fullmatch(message)
        if match is None:
            answer = self._setup.answer(message, sequence.running)
            self._use_film()
            return answer
        word, number, rest = match[1], whole(match[2]), match[3]
        if word in ("T", "U") and rest is not None:
            raise RefusedError("D")
        if word == "T":
            self._choose(number)
        elif word == "U":
            self._run(number, now_s)
        elif word == "S":
            self._manual(number, rest, now_s)
        else:
            self._relays.switch(word, number, whole(rest or ""), sequence.running)
        if sequence.film_changed:
            self._use_film()
        self._outputs.drive(now_s)
        return ""

    def _k3(self, now_s: float) -> str:
        if not self._new_reading:
            raise RefusedError("E")
        self._new_reading = False
        return self._readings.k2(now_s)

    def _choose(self, process: int) -> None:
        if self._sequence.running:
            raise RefusedError("E")
        within(process, 1, PROCESSES)
        if self._memory.layers(process) is None:
            raise RefusedError("D")
        self._sequence.choose(process)

    def _run(self, number: int, now_s: float) -> None:
        """U commands (P1B p. 97)."""
        sequence = self._sequence
        allowed = True
        if number in (0, 2, 4):
            allowed = self._start(number, now_s)
        elif number == 1:
            sequence.stop(now_s)
        elif number == 3:
            allowed = sequence.stop_layer()
        elif number == 5:
            allowed = sequence.end_deposit(now_s)
        elif number == 32:
            self._readings.zero()
            self._k2_stopped = None
        elif number == 33:
            sequence.zero_time(now_s)
        elif number in (38, 39):
            sequence.hold_soak(number == 38, now_s)
        else:
            raise RefusedError("D")
        if not allowed:
            raise RefusedError("E")

    def _start(self, number: int, now_s: float) -> bool:
        """Start process, start layer, next layer: each zeroes the thickness. False: wrong mode."""
        sequence = self._sequence
        if number == 0:
            if sequence.running or not sequence.layers():
                return False
            self._relays.process_starts()
            sequence.start(now_s)
        elif not (sequence.start_stopped_layer(now_s) if number == 2 else sequence.next_layer(now_s)):
            return False
        self._governor.restart()
        self._use_film(zero=sequence.running)
        return True

    def _manual(self, output: int, rest: str | None, now_s: float) -> None:
        sequence = self._sequence
        if output == 0:
            if rest is not None:
                raise RefusedError("D")
            sequence.automatic = True
            sequence.advance(now_s)
            return
        within(output, 1, self._channels)
        power = within(whole(rest or ""), 0, 1000)
        sequence.advance(now_s)
        sequence.manual(output, power / 10.0)
