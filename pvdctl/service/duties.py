"""What the valves and inputs of a chamber file are for, so that a drawing needs no names of one chamber."""

from collections.abc import Mapping
from typing import Literal

from pvdctl.chamber.model import Chamber

Role = Literal["", "rough", "fore", "gate", "gas", "source", "substrate"]
"""Of a valve or shutter; empty where the chamber file uses it for nothing but interlocks and manual work."""


def valve_roles(chamber: Chamber) -> Mapping[str, tuple[Role, str]]:
    """By actuator: its role, and the gas's name where it lets gas in."""
    vacuum = chamber.vacuum
    found: dict[str, tuple[Role, str]] = {source.shutter: ("source", "") for source in chamber.sources.values()}
    found |= {gas.valve: ("gas", name) for name, gas in chamber.gases.items()}
    found |= {
        vacuum.rough_valve: ("rough", ""),
        vacuum.fore_valve: ("fore", ""),
        vacuum.gate_valve: ("gate", ""),
        chamber.substrate_shutter: ("substrate", ""),
    }
    return found


def required_inputs(chamber: Chamber) -> Mapping[str, bool]:
    """The level that interlocks and gases want of an input: water, air, doors and the like.

    Inputs that only confirm what was asked (end switches, source selectors, pump, contactor) are not among them, nor
    those of which one rule wants on and another off: their level alone says nothing.
    """
    io, sources = chamber.io, chamber.sources.values()
    confirming = {switch for actuator in chamber.actuators.values() for switch in (actuator.opened, actuator.closed)}
    confirming |= {source.selected_input for source in sources if source.selected_input is not None}
    confirming |= {chamber.vacuum.roughing_pump_running}
    confirming |= {io.supply_enabled_input} if io.supply_enabled_input is not None else set()
    wanted: dict[str, set[bool]] = {}
    for rule in chamber.interlocks:
        for condition in rule.require:
            if condition.reading in io.inputs and condition.is_ is not None:
                wanted.setdefault(condition.reading, set()).add(condition.is_ in ("on", "open", True))
    for gas in chamber.gases.values():
        if gas.supply_ok is not None:
            wanted.setdefault(gas.supply_ok, set()).add(True)
    return {name: True in levels for name, levels in wanted.items() if len(levels) == 1 and name not in confirming}
