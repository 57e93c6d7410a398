"""The bench: one plant, the instruments fitted to it, and the faults that will happen, all on one clock.

The clock is the caller's: `advance` is called with its time, once per scan or oftener. Between two calls nothing
happens by itself, except that the instruments look at the plant when they are asked something.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from inspect import signature
from itertools import count
from math import inf
from random import Random
from typing import Protocol

from simulators.cables import Cable, fit
from simulators.faults import Fault, near_miss, parse
from simulators.find import find
from simulators.port import WireFault, WirePort
from simulators.shared_line import SharedLine
from simulators.wire_faults import RESTART, WIRE_FAULTS, Several
from simulators.world import World


class FaultyWorld(World, Protocol):
    """A plant in which things can go wrong."""

    def inject(self, name: str, args: dict[str, float | str], now_s: float) -> None:
        """Let a fault happen. Raises ValueError for an unknown name or argument."""

    def clear(self, name: str, now_s: float) -> None:
        """Take a fault away."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """An instrument on the bench: the driver's name, and the settings its simulated twin takes."""

    driver: str
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    """Something to happen: a fault begins, or a fault that has a length ends."""

    due_s: float
    order: int
    fault: Fault = field(compare=False)
    ending: WireFault | None = field(compare=False, default=None)
    ends: bool = field(compare=False, default=False)


class Bench:
    """Builds plant and instruments from `seed`, the instruments by name, and the faults (text or parsed).

    `parameters` go to the plant; `plant` is another plant in its place, for tests; `cables` lie between instruments.
    Raises ValueError for an unknown driver, setting, fault, link or connector.
    """

    def __init__(
        self,
        seed: int,
        fitted: Mapping[str, Fitted],
        parameters: object | None = None,
        faults: Sequence[str | Fault] = (),
        plant: FaultyWorld | None = None,
        cables: Sequence[Cable] = (),
    ) -> None:
        self.plant: FaultyWorld = plant if plant is not None else _plant(seed, parameters)
        self._seed = seed
        self._ports = {name: _build(self.plant, f"{seed}:{name}", name, what) for name, what in fitted.items()}
        for cable in cables:
            fit(cable, self._ports)
        ticking = [port for port in self._ports.values() if type(port).tick is not WirePort.tick]
        self._before = tuple(port.tick for port in ticking if port.drives_plant)
        self._after = tuple(port.tick for port in ticking if not port.drives_plant)
        self._advance_plant = self.plant.advance
        self._active: dict[str, tuple[WireFault, ...]] = {}
        self._events: list[_Event] = []
        self._order = count()
        self._waiting: list[Fault] = []
        self.next_fault_s: float = inf
        """When the next fault begins or ends; compared at each `advance`."""
        self.happened: list[tuple[float, str]] = []
        """What has happened so far: time, and the fault's text (with ` ends` when it was taken away)."""
        for fault in faults:
            self.arrange(fault)

    def port(self, name: str) -> WirePort:
        """Connector of an instrument. Raises ValueError for a name that is not fitted."""
        port = self._ports.get(name)
        if port is None:
            raise ValueError(f"no instrument {name!r} on the bench{near_miss(name, self._ports)}")
        return port

    def line(self, names: Sequence[str]) -> WirePort | SharedLine:
        """Connector of a line with these instruments on it. Raises ValueError for a name that is not fitted."""
        ports = [self.port(name) for name in names]
        return ports[0] if len(ports) == 1 else SharedLine(ports)

    def arrange(self, fault: str | Fault) -> None:
        """Let a fault happen when its time or its phase comes. Raises ValueError."""
        asked = parse(fault) if isinstance(fault, str) else fault
        if asked.link is not None:
            self.port(asked.link)
        if asked.at_s is None:
            self._waiting.append(asked)
        else:
            self._push(_Event(asked.at_s, next(self._order), asked))

    def advance(self, now_s: float) -> None:
        """Let time pass up to `now_s`: faults, watchdogs, plant, and what instruments do unasked."""
        if now_s >= self.next_fault_s:
            self._fire(now_s)
        for tick in self._before:
            tick(now_s)
        advance = self._advance_plant
        advance(now_s)
        for tick in self._after:
            tick(now_s)

    def phase(self, step: str, phase: str, now_s: float) -> None:
        """Tell the bench that `phase` of `step` begins, for the faults that wait for it."""
        for fault in [fault for fault in self._waiting if fault.meets(step, phase)]:
            self._waiting.remove(fault)
            self._push(_Event(now_s + fault.after_s, next(self._order), fault))
        if now_s >= self.next_fault_s:
            self._fire(now_s)

    # --- faults -----------------------------------------------------------------------------------------------
    def _push(self, event: _Event) -> None:
        heappush(self._events, event)
        self.next_fault_s = self._events[0].due_s

    def _fire(self, now_s: float) -> None:
        events = self._events
        while events and events[0].due_s <= now_s:
            event = heappop(events)
            if event.ends:
                self._end(event)
            else:
                self._begin(event)
        self.next_fault_s = events[0].due_s if events else inf

    def _begin(self, event: _Event) -> None:
        fault, due_s = event.fault, event.due_s
        self.happened.append((due_s, fault.text))
        wire_fault: WireFault | None = None
        for_s = fault.for_s
        if fault.link is None:
            self.plant.inject(fault.name, dict(fault.args), due_s)
        else:
            port = self.port(fault.link)
            kind = WIRE_FAULTS[fault.name]
            args = {key: float(fault.args.get(key, default)) for key, default in kind.defaults.items()}
            dice = Random(f"{self._seed}:{fault.link}:{fault.text}:{event.order}")  # one stream per fault
            wire_fault = kind.make(port, args, dice)
            if fault.name == RESTART:
                port.restart(due_s)
                for_s = args["boot"]
            self._set_wire(fault.link, (*self._active.get(fault.link, ()), wire_fault))
        if for_s is not None:
            self._push(_Event(due_s + for_s, next(self._order), fault, wire_fault, ends=True))

    def _end(self, event: _Event) -> None:
        fault = event.fault
        self.happened.append((event.due_s, f"{fault.text} ends"))
        if fault.link is None:
            self.plant.clear(fault.name, event.due_s)
        else:
            left = tuple(active for active in self._active[fault.link] if active is not event.ending)
            self._set_wire(fault.link, left)

    def _set_wire(self, link: str, faults: tuple[WireFault, ...]) -> None:
        self._active[link] = faults
        self.port(link).fault = None if not faults else faults[0] if len(faults) == 1 else Several(faults)


def _plant(seed: int, parameters: object | None) -> FaultyWorld:
    from simulators.plant.params import PlantParameters
    from simulators.plant.plant import Plant

    if parameters is None:
        return Plant(seed)
    if not isinstance(parameters, PlantParameters):
        raise ValueError(f"the plant wants PlantParameters, found {type(parameters).__name__}")
    return Plant(seed, parameters)


def _build(world: World, seed: str, name: str, what: Fitted) -> WirePort:
    """One instrument. Raises ValueError for a setting it does not have."""
    kind = find(what.driver)
    known = [parameter for parameter in signature(kind).parameters if parameter not in ("world", "seed")]
    for setting in what.settings:
        if setting not in known:
            hint = near_miss(setting, known)
            raise ValueError(f"instrument {name!r}: the simulated {what.driver} has no setting {setting!r}{hint}")
    build: Callable[..., WirePort] = kind
    return build(world, seed, **what.settings)
