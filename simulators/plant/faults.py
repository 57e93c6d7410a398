"""The plant's fault menu: `FAULTS` says what there is, `Plant.inject` and `Plant.clear` make and unmake it."""

from simulators.plant import faults_measuring, faults_process
from simulators.plant.chamber import Chamber
from simulators.plant.fault_grammar import Args, Menu, known_fault, read_arguments

MENU: Menu = {**faults_measuring.MENU, **faults_process.MENU}

FAULTS: dict[str, str] = {name: fault.text for name, fault in MENU.items()}
"""Name of each fault and one line on it with its arguments and defaults."""


def inject_fault(plant: Chamber, name: str, args: Args, now_s: float) -> None:
    """See `Plant.inject`."""
    given = read_arguments(MENU, name, args)
    plant.wake(now_s)
    MENU[name].inject(plant, given, now_s)
    plant.plan()


def clear_fault(plant: Chamber, name: str, now_s: float) -> None:
    """See `Plant.clear`."""
    fault = known_fault(MENU, name)
    plant.wake(now_s)
    fault.clear(plant, now_s)
    plant.plan()
