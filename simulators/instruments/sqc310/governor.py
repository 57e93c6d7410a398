"""What readings do to a running layer of the simulated SQC-310: control, failures, end.

The words are the SQC-310's (074-550-P1B p. 83-84, p. 97). What they do is not on any page that was at hand, but taken
from the sister SQS-242 (074-551-P1A p. 47) and the XTC/3, and in part guessed:

- Control begins in deposit, or in shutter delay if a capture (A4.2, %) is set: then deposit begins when the rate has
  been within capture for 5 s, and the layer is stopped if that has not come about in the shutter delay (A4.1, s).
- Control error: rate off by more than A4.4 % for 10 s; A4.3 = 0 ignores it, 1 stops the layer, 2 is timed power.
- Crystal fail: five readings without signal; A5.1 = 1 is timed power, anything else halts the process.
- Timed power: the last power whose rate was within the control error (10 % if that is off), and the wanted rate times
  the time as thickness; the layer ends by it.
- Most power and slew are limits of the loop and raise nothing that the wire could show.
"""

from collections.abc import Mapping

from simulators.instruments.sqc310.loop import Limits, Loop
from simulators.instruments.sqc310.memory import Memory
from simulators.instruments.sqc310.sensors import PERIOD_S, Sensor
from simulators.instruments.sqc310.sequence import SHUTTER_DELAY, TIMED_POWER, Sequence

FAILED_READINGS = 5
CAPTURED_S = 5.0
CONTROL_ERROR_S = 10.0
GOOD_PERCENT = 10.0
IGNORE, TIMED = 0, 2
"""A4.3; 1 stops the layer."""
CRYSTAL_TIMED = 1
"""A5.1."""


class Governor:
    """Follows sensor 1 and steers output 1. `follow` once per measuring period of a running process.

    limits: by layer number, as somebody has set them at the front panel. power_step: the output's step, %.
    """

    def __init__(
        self,
        memory: Memory,
        sequence: Sequence,
        sensor: Sensor,
        limits: Mapping[int, Limits],
        power_step: float,
    ) -> None:
        self._value = memory.value
        self._sequence = sequence
        self._sensor = sensor
        self._limits = limits
        self._power_step = power_step
        self._loop = Loop()
        self._plain = Limits()
        self.restart()

    def restart(self) -> None:
        """A process or a layer begins, or power came back: nothing is remembered of the last one."""
        self._looping = False
        self._followed_s = 0.0
        self._failed = 0
        self._captured_s = self._error_s = 0.0
        self._good_power: float | None = None
        self._counted_ka = self._timed_ka = 0.0

    def follow(self, now_s: float) -> None:
        """One measuring period."""
        sequence = self._sequence
        elapsed_s = now_s - self._followed_s if self._looping else PERIOD_S
        self._followed_s = now_s
        if sequence.phase == TIMED_POWER:
            self._timed_ka += sequence.rate_wanted() * elapsed_s / 1000.0
            if 0.0 < sequence.final_thickness_ka() <= self._timed_ka:
                sequence.end_deposit(now_s)
        elif not sequence.controlled:
            self._looping = False
        elif self._crystal_answers(now_s):
            self._control(elapsed_s)
            if sequence.phase == SHUTTER_DELAY:
                self._await_capture(now_s, elapsed_s)
            else:
                self._judge(now_s, elapsed_s)

    def _crystal_answers(self, now_s: float) -> bool:
        """Whether there is a reading; after five without one the crystal has failed."""
        if self._sensor.hz > 0.0:
            self._failed = 0
            return True
        self._failed += 1
        if self._failed >= FAILED_READINGS:
            if self._value("A5", self._sequence.film(), 1) == CRYSTAL_TIMED and self._good_power is not None:
                self._go_on_timed(now_s)
            else:
                self._sequence.halt()
        return False

    def _control(self, elapsed_s: float) -> None:
        """One step of the loop, if it may act."""
        sequence = self._sequence
        wanted = sequence.rate_wanted()
        if not sequence.automatic or wanted <= 0.0:
            self._looping = False
            return
        if not self._looping:
            self._looping = True
            film = sequence.film()
            p, i, d = (float(self._value("A2", film, n)) for n in (1, 2, 3))
            limits = self._limits.get(sequence.layer_number(), self._plain)
            self._loop.start(p, i / 10.0, d / 10.0, limits, sequence.powers[0])
        power = self._loop.step(wanted, self._sensor.rate, elapsed_s)
        step = self._power_step
        sequence.powers[0] = round(round(power / step) * step, 3) if step else power

    def _off_percent(self) -> float:
        wanted = self._sequence.rate_wanted()
        return 100.0 * abs(self._sensor.rate - wanted) / wanted if wanted > 0.0 else 0.0

    def _await_capture(self, now_s: float, elapsed_s: float) -> None:
        sequence = self._sequence
        film = sequence.film()
        inside = self._off_percent() <= self._value("A4", film, 2)
        self._captured_s = self._captured_s + elapsed_s if inside else 0.0
        if self._captured_s >= CAPTURED_S:
            sequence.capture(now_s)
        elif sequence.in_step_s(now_s) >= self._value("A4", film, 1):
            sequence.stop_layer()

    def _judge(self, now_s: float, elapsed_s: float) -> None:
        """Control error, and the end of the layer."""
        sequence = self._sequence
        film = sequence.film()
        reaction, percent = self._value("A4", film, 3), self._value("A4", film, 4)
        off = self._off_percent()
        if off <= (percent if reaction != IGNORE else GOOD_PERCENT):
            self._good_power = sequence.powers[0]
        if reaction != IGNORE and off > percent and sequence.automatic:
            self._error_s += elapsed_s
        else:
            self._error_s = 0.0
        self._counted_ka = self._sensor.thickness_ka
        if 0.0 < sequence.final_thickness_ka() <= self._counted_ka:
            sequence.end_deposit(now_s)
        elif self._error_s > CONTROL_ERROR_S:
            if reaction == TIMED and self._good_power is not None:
                self._go_on_timed(now_s)
            else:
                sequence.stop_layer()

    def _go_on_timed(self, now_s: float) -> None:
        assert self._good_power is not None
        self._timed_ka = self._counted_ka
        self._followed_s = now_s
        self._looping = True  # elapsed time counts from here
        self._sequence.time_power(self._good_power)
