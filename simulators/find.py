"""Finding the simulated instrument for a driver by its name alone: same name, same file name."""

import pkgutil
from importlib import import_module

import simulators.instruments
from simulators.faults import near_miss
from simulators.port import WirePort


def names() -> list[str]:
    """Names of all simulated instruments (the packages beside them are their inner parts)."""
    return [module.name for module in pkgutil.iter_modules(simulators.instruments.__path__) if not module.ispkg]


def find(driver: str) -> type[WirePort]:
    """The simulated instrument of `driver`. Raises ValueError, with the near names, when there is none."""
    known = names()
    if driver not in known:
        raise ValueError(f"no simulated instrument for driver {driver!r}{near_miss(driver, known)}")
    module = import_module(f"simulators.instruments.{driver}")
    found = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, WirePort) and thing.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise ValueError(f"simulators/instruments/{driver}.py must hold one WirePort class, found {len(found)}")
    return found[0]
