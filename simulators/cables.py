"""Analogue cables between instruments: the deposition controller's output on the supply's program input."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from simulators.port import WirePort


@runtime_checkable
class AnalogueSource(Protocol):
    """An instrument with analogue outputs."""

    def connect(self, output: int, hear: Callable[[float, float], None]) -> None:
        """Fit a cable to an output, 1 up: `hear` is told volts and the time at each change. Raises ValueError."""


@runtime_checkable
class AnalogueProgrammed(Protocol):
    """An instrument that a voltage can programme."""

    def hear_volts(self, volts: float, now_s: float) -> None:
        """The voltage at the program input has changed at `now_s`."""


@dataclass(frozen=True, slots=True)
class Cable:
    """From an output of one instrument on the bench to the program input of another, both by name there."""

    source: str
    output: int
    target: str


def fit(cable: Cable, ports: Mapping[str, WirePort]) -> None:
    """Fit one cable. Raises ValueError if there is no such instrument, output or input."""
    for name in (cable.source, cable.target):
        if name not in ports:
            raise ValueError(f"cable from {cable.source!r} to {cable.target!r}: no instrument {name!r} on the bench")
    source, target = ports[cable.source], ports[cable.target]
    if not isinstance(source, AnalogueSource):
        raise ValueError(f"cable from {cable.source!r}: it has no analogue outputs")
    if not isinstance(target, AnalogueProgrammed):
        raise ValueError(f"cable to {cable.target!r}: it has no analogue program input")
    source.connect(cable.output, target.hear_volts)
