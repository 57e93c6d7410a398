"""The SQC-310's rear panel: analogue source outputs, and the relay of the source shutter."""

from collections.abc import Callable

from simulators.instruments.sqc310.memory import Memory
from simulators.instruments.sqc310.sequence import SOURCE_OPEN, Sequence
from simulators.world import World


class Outputs:
    """Output n gives its power's share of the voltage scale (HB n, parameter 1), in steps of `power_step` %, 0 = none.

    source_shutter: the shutter of the plant on output 1's source shutter relay; empty where the PLC has it.
    """

    def __init__(
        self, world: World, memory: Memory, sequence: Sequence, channels: int, power_step: float, source_shutter: str
    ) -> None:
        self._world = world
        self._memory = memory
        self._sequence = sequence
        self._channels = channels
        self._power_step = power_step
        self._source_shutter = source_shutter
        self._source_open = False
        self._wires: dict[int, Callable[[float, float], None]] = {}
        self._volts: dict[int, float] = {}

    def connect(self, output: int, hear: Callable[[float, float], None]) -> None:
        """Fit a cable to output `output` (1 up); `hear` is told volts and the time. Raises ValueError."""
        if not 1 <= output <= self._channels:
            raise ValueError(f"inficon_sqc310: there are outputs 1 to {self._channels}, found {output!r}")
        self._wires[output] = hear

    def drive(self, now_s: float) -> None:
        """Bring voltages and relay up to date."""
        sequence = self._sequence
        for output, hear in self._wires.items():
            percent, step = sequence.powers[output - 1], self._power_step
            if step:
                percent = round(percent / step) * step
            volts = percent / 100.0 * self._memory.value("HB", output, 1) / 1000.0
            if volts != self._volts.get(output):
                self._volts[output] = volts
                hear(volts, now_s)
        if self._source_shutter:
            is_open = sequence.running and sequence.phase in SOURCE_OPEN
            if is_open != self._source_open:
                self._source_open = is_open
                self._world.drive(self._source_shutter, is_open, now_s)
