"""The SQC-310's run state: which phase a process is in, for how long, at what power.

Phase numbers: SQC-310 Operating Manual 074-550-P1B p. 97 (firmware 6.01) and 074-550-P1C p. 116 (later firmware). The
order of the phases is inferred from their numbers and from sister instruments. The control loop is not here but in
`governor`: while `controlled`, this module leaves the automatic power alone.
"""

from simulators.instruments.sqc310.memory import Memory

STOPPED, RAMP_1, SOAK_1, RAMP_2, SOAK_2, SOAK_HOLD = 0, 7, 8, 9, 10, 11
SHUTTER_DELAY, DEPOSIT, TIMED_POWER, FEED_RAMP, FEED_SOAK, IDLE_RAMP = 12, 13, 16, 20, 21, 22
STOP_LAYER, MANUAL_POWER, CONTROL_DELAY = 25, 26, 46
SOURCE_OPEN = frozenset((DEPOSIT, TIMED_POWER))
"""Phases in which the source shutter relay is on (the IC/5's state table; inferred)."""
HALTED = {"6.01": 33, "6.65": 35}
"""Crystal fail, halted: the one number used here that differs between firmware generations."""

Step = tuple[int, float | None, float]
"""Phase, its length in s (None: until something ends it), and power in % at its end, reached linearly."""


class Sequence:
    """Runs a process by time. Times come from the caller; `advance` may be called as rarely as one likes."""

    def __init__(self, memory: Memory, firmware: str, control_delay_s: float = 0.0) -> None:
        self._memory = memory
        self._halted = HALTED[firmware]
        self._control_delay_s = control_delay_s
        self.process = 1
        self.restart()

    def restart(self) -> None:
        """As after power-up: stopped, automatic, no power. The chosen process is kept."""
        self.phase = STOPPED
        self.automatic = True
        self.layer = 1
        self.running = False
        self.film_changed = True
        self.soak_hold = False
        self.powers = [0.0] * 4
        self._clock_from_s: float = 0.0
        self._elapsed_at_stop_s = 0.0
        self._steps: list[Step] = []
        self._step_from_s = 0.0
        self._step_power = 0.0

    # --- what it reports --------------------------------------------------------------------------------------
    def shown_phase(self) -> int:
        """Phase number for V: manual power is a phase of its own while a process runs."""
        return MANUAL_POWER if self.running and not self.automatic else self.phase

    def elapsed_s(self, now_s: float) -> float:
        """Seconds of the run; after a stop, those of the last run."""
        return now_s - self._clock_from_s if self.running else self._elapsed_at_stop_s

    @property
    def controlled(self) -> bool:
        """The loop steers the power: in deposit, and in a shutter delay that waits for a capture."""
        return self.phase == DEPOSIT or (self.phase == SHUTTER_DELAY and self._steps[0][1] is None)

    def in_step_s(self, now_s: float) -> float:
        """Seconds in the present phase."""
        return now_s - self._step_from_s

    def layer_number(self) -> int:
        """Number of the present layer; 0 when there is none."""
        layers = self.layers()
        return layers[self.layer - 1] if layers else 0

    def layers(self) -> list[int]:
        """Layer numbers of the chosen process; empty if it does not exist."""
        return self._memory.layers(self.process) or []

    def film(self) -> int:
        """Film the readings are reckoned with: the present layer's, or the first layer's when stopped."""
        layers = self.layers()
        if not layers:
            return 1
        return self._memory.layer_film(layers[self.layer - 1 if self.running else 0])

    def final_thickness_ka(self) -> float:
        """Final thickness of the present layer; 0 = none."""
        return self._layer_value(2) / 1000.0

    def rate_wanted(self) -> float:
        """Initial rate of the present layer in Å/s; 0 = none."""
        return self._layer_value(1) / 100.0

    def _layer_value(self, number: int) -> int:
        layers = self.layers()
        return self._memory.value("D", layers[self.layer - 1], number) if self.running and layers else 0

    # --- what is asked of it ----------------------------------------------------------------------------------
    def choose(self, process: int) -> None:
        """Take another process (the caller has made sure that none runs)."""
        self.process = process
        self.layer = 1
        self.film_changed = True

    def start(self, now_s: float) -> None:
        """Start the chosen process at its first layer."""
        self.running = True
        self._clock_from_s = now_s
        self.layer = 1
        self._start_layer(now_s)

    def stop(self, now_s: float) -> None:
        """Stop: no power, phase 0, the elapsed time stays."""
        if self.running:
            self._elapsed_at_stop_s = self.elapsed_s(now_s)
        self.running = False
        self.phase = STOPPED
        self.automatic = True
        self.powers = [0.0] * 4
        self._steps = []
        self.film_changed = True

    def start_stopped_layer(self, now_s: float) -> bool:
        """Start layer, possible only after stop layer. False: wrong mode."""
        if self.phase != STOP_LAYER:
            return False
        self._start_layer(now_s)
        return True

    def stop_layer(self) -> bool:
        """Stop the layer: power off, wait for start layer or next layer. False: nothing runs."""
        if not self.running:
            return False
        self.phase = STOP_LAYER
        self._steps = []
        self.powers[0] = 0.0
        return True

    def next_layer(self, now_s: float) -> bool:
        """Go on with the next layer, or end after the last. False: nothing runs."""
        if not self.running:
            return False
        self._finish_layer(now_s)
        return True

    def end_deposit(self, now_s: float) -> bool:
        """Final thickness reached, or forced. False: not depositing."""
        if self.phase not in SOURCE_OPEN or not self.running:
            return False
        film = self._memory
        number = self.film()
        feed, idle = film.value("A3", number, 9) / 10.0, film.value("A3", number, 7) / 10.0
        self._begin(
            now_s,
            [
                (FEED_RAMP, float(film.value("A3", number, 10)), feed),
                (FEED_SOAK, float(film.value("A3", number, 11)), feed),
                (IDLE_RAMP, float(film.value("A3", number, 8)), idle),
            ],
        )
        return True

    def halt(self) -> None:
        """Crystal failed: power off, process halted."""
        self.phase = self._halted
        self._steps = []
        self.powers[0] = 0.0

    def capture(self, now_s: float) -> None:
        """The rate is good: the shutter delay that waited for it is over."""
        power = self.powers[0]
        self._begin(now_s, [(phase, length_s, power) for phase, length_s, _ in self._steps[1:]])

    def time_power(self, percent: float) -> None:
        """Timed power: go on at `percent`, without a loop."""
        self.phase = TIMED_POWER
        self._steps = []
        if self.automatic:
            self.powers[0] = percent

    def zero_time(self, now_s: float) -> None:
        """Elapsed time counts from now."""
        self._clock_from_s = now_s
        self._elapsed_at_stop_s = 0.0

    def manual(self, output: int, percent: float) -> None:
        """Output `output` (1 up) to a power; all outputs go to manual at their present power."""
        self.automatic = False
        self.powers[output - 1] = percent

    # --- time -------------------------------------------------------------------------------------------------
    def _start_layer(self, now_s: float) -> None:
        value = self._memory.value
        self.film_changed = True
        film = self.film()
        ramp_1, ramp_2 = value("A3", film, 1) / 10.0, value("A3", film, 4) / 10.0
        captured = value("A4", film, 2) > 0
        self._begin(
            now_s,
            [
                (RAMP_1, float(value("A3", film, 2)), ramp_1),
                (SOAK_1, float(value("A3", film, 3)), ramp_1),
                (RAMP_2, float(value("A3", film, 5)), ramp_2),
                (SOAK_2, float(value("A3", film, 6)), ramp_2),
                (SOAK_HOLD, None if self.soak_hold else 0.0, ramp_2),
                (SHUTTER_DELAY, None if captured else float(value("A4", film, 1)), ramp_2),
                (CONTROL_DELAY, self._control_delay_s, ramp_2),
                (DEPOSIT, None, ramp_2),
            ],
        )

    def hold_soak(self, on: bool, now_s: float) -> None:
        """Enable or disable soak hold; a layer waiting in it goes on when it is disabled."""
        self.soak_hold = on
        self._steps = [
            (phase, (None if on else 0.0) if phase == SOAK_HOLD else length_s, power)
            for phase, length_s, power in self._steps
        ]
        if self.phase == SOAK_HOLD:
            self._step_from_s = now_s
        self.advance(now_s)

    def _begin(self, now_s: float, steps: list[Step]) -> None:
        self._steps = steps
        self._step_from_s = now_s
        self._step_power = self.powers[0]
        self._settle(now_s)

    def advance(self, now_s: float) -> None:
        """Let phases end whose time is over, and bring the automatic power up to date."""
        if self._steps:
            self._settle(now_s)

    def _settle(self, now_s: float) -> None:
        """Skip what is over. While in manual, time goes on and automatic power is only remembered (a guess)."""
        steps = self._steps
        while steps:
            phase, length_s, power = steps[0]
            if length_s is None or now_s < self._step_from_s + length_s:
                break
            self._step_from_s += length_s
            self._step_power = power
            steps = steps[1:]
            if self.automatic:
                self.powers[0] = power
        self._steps = steps
        if not steps:
            self._finish_layer(now_s)
            return
        phase, length_s, power = steps[0]
        self.phase = phase
        if self.automatic and not self.controlled:
            share = (now_s - self._step_from_s) / length_s if length_s else 1.0
            self.powers[0] = self._step_power + (power - self._step_power) * share

    def _finish_layer(self, now_s: float) -> None:
        if self.layer < len(self.layers()):
            self.layer += 1
            self._start_layer(now_s)
        else:
            self.stop(now_s)
