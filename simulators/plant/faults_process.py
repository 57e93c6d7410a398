"""Faults of what acts: sources, supply, shutters, valves, pumps, gases and services."""

from collections.abc import Callable
from math import inf

from simulators.plant.chamber import Chamber
from simulators.plant.fault_grammar import Argument, Fault, Given, Menu
from simulators.world import ACTUATORS

SOURCES = ("1", "2")
SHUTTERS = tuple(name for name in ACTUATORS if name.endswith("shutter"))


# --- sources and supply -------------------------------------------------------------------------------------------
def _boat_open(plant: Chamber, given: Given, now_s: float) -> None:
    plant.run_supply(now_s)
    plant.sources[given.which("source")].boat.broken = True


def _boat_mended(plant: Chamber, now_s: float) -> None:
    plant.run_supply(now_s)
    for source in plant.sources:
        source.boat.broken = False


def _supply_trip(plant: Chamber, given: Given, now_s: float) -> None:
    plant.run_supply(now_s)
    if plant.supply.on:
        plant.supply.tripped = True


def _supply_untrip(plant: Chamber, now_s: float) -> None:
    plant.run_supply(now_s)
    plant.supply.tripped = False


def _source_depleted(plant: Chamber, given: Given, now_s: float) -> None:
    plant.sources[given.which("source")].boat.deplete()


def _source_refilled(plant: Chamber, now_s: float) -> None:
    for source in plant.sources:
        if source.boat.mass_kg == 0.0:
            source.boat.mass_kg = source.boat.fresh_kg


def _source_crusted(plant: Chamber, given: Given, now_s: float) -> None:
    plant.sources[given.which("source")].crust = given.number("factor")
    plant.feel_gas()


def _source_clean(plant: Chamber, now_s: float) -> None:
    for source in plant.sources:
        source.crust = 1.0
    plant.feel_gas()


def _spit_burst(plant: Chamber, given: Given, now_s: float) -> None:
    for source in plant.sources:
        source.spits_per_s = given.number("rate_per_s")
    plant.spits_until_s = now_s + given.number("duration_s")


def _spit_end(plant: Chamber, now_s: float) -> None:
    plant.spits_until_s = inf
    for source in plant.sources:
        source.spits_per_s = source.parameters.spits_per_s


# --- things that travel -------------------------------------------------------------------------------------------
def _shutter_stuck_open(plant: Chamber, given: Given, now_s: float) -> None:
    actuator = plant.actuators[given.word("shutter")]
    plant.stir(actuator, now_s)
    actuator.stuck_open = True


def _shutter_stuck_closed(plant: Chamber, given: Given, now_s: float) -> None:
    actuator = plant.actuators[given.word("shutter")]
    plant.stir(actuator, now_s)
    actuator.stuck_closed = True


def _valve_stuck(plant: Chamber, given: Given, now_s: float) -> None:
    actuator = plant.actuators[given.word("valve")]
    plant.stir(actuator, now_s)
    actuator.frozen = True


def _freed(flag: str) -> Callable[[Chamber, float], None]:
    def clear(plant: Chamber, now_s: float) -> None:
        for actuator in plant.actuators.values():
            plant.stir(actuator, now_s)
            setattr(actuator, flag, False)

    return clear


def _air(there: bool, plant: Chamber, now_s: float) -> None:
    plant.signals["air_ok"] = there
    for actuator in plant.actuators.values():
        plant.stir(actuator, now_s)
        actuator.air = there


# --- gas and services ---------------------------------------------------------------------------------------------
def _leak(plant: Chamber, given: Given, now_s: float) -> None:
    plant.gas.leak = plant.parameters.vacuum.leak_mbar_l_per_s + given.number("mbar_l_per_s")


def _tight(plant: Chamber, now_s: float) -> None:
    plant.gas.leak = plant.parameters.vacuum.leak_mbar_l_per_s


def _n2_supply(there: bool, plant: Chamber) -> None:
    plant.gas.n2_supply = there
    plant.signals["n2_supply_ok"] = there


def _estop(pressed: bool, plant: Chamber, now_s: float) -> None:
    plant.signals["estop_ok"] = not pressed
    if pressed:
        plant.enable_supply(False, now_s)


def _turbo_well(plant: Chamber, now_s: float) -> None:
    plant.gas.turbo.faulty = False


def _input(name: str, text: str) -> Fault:
    def inject(plant: Chamber, given: Given, now_s: float) -> None:
        plant.signals[name] = False

    def clear(plant: Chamber, now_s: float) -> None:
        plant.signals[name] = True

    return Fault(text, (), inject, clear)


_SOURCE = (Argument("source", None, SOURCES),)
_SHUTTER = (Argument("shutter", None, SHUTTERS),)

MENU: Menu = {
    "boat_open": Fault("the boat breaks: no current, full voltage; source=1|2", _SOURCE, _boat_open, _boat_mended),
    "supply_trip": Fault(
        "output drops, latched until it is programmed off; supply=supply",
        (Argument("supply", "supply", ("supply",)),),
        _supply_trip,
        _supply_untrip,
    ),
    "source_depleted": Fault("the charge is gone; source=1|2", _SOURCE, _source_depleted, _source_refilled),
    "source_crusted": Fault(
        "a crust lets only factor=0.3 of the vapour out; source=1|2",
        (Argument("factor", 0.3), *_SOURCE),
        _source_crusted,
        _source_clean,
    ),
    "spit_burst": Fault(
        "droplets hit the crystals; rate_per_s=1, duration_s=10",
        (Argument("rate_per_s", 1.0), Argument("duration_s", 10.0)),
        _spit_burst,
        _spit_end,
    ),
    "shutter_stuck_open": Fault(
        f"does not close any more; shutter={'|'.join(SHUTTERS)}", _SHUTTER, _shutter_stuck_open, _freed("stuck_open")
    ),
    "shutter_stuck_closed": Fault(
        f"does not open any more; shutter={'|'.join(SHUTTERS)}",
        _SHUTTER,
        _shutter_stuck_closed,
        _freed("stuck_closed"),
    ),
    "valve_stuck": Fault(
        f"stays where it is; valve={'|'.join(ACTUATORS)}",
        (Argument("valve", None, ACTUATORS),),
        _valve_stuck,
        _freed("frozen"),
    ),
    "water_lost": _input("water_ok", "no cooling water"),
    "n2_supply_empty": Fault(
        "no nitrogen comes through the open valve",
        (),
        lambda plant, given, now_s: _n2_supply(False, plant),
        lambda plant, now_s: _n2_supply(True, plant),
    ),
    "leak": Fault("air comes in; mbar_l_per_s=0.01", (Argument("mbar_l_per_s", 0.01),), _leak, _tight),
    "turbo_trip": Fault(
        "the turbo's drive gives up, latched until acknowledged after clearing",
        (),
        lambda plant, given, now_s: plant.gas.turbo.trip(),
        _turbo_well,
    ),
    "door_open": _input("door_closed", "the door switch opens"),
    "air_lost": Fault(
        "no compressed air: everything that travels closes by its spring",
        (),
        lambda plant, given, now_s: _air(False, plant, now_s),
        lambda plant, now_s: _air(True, plant, now_s),
    ),
    "estop": Fault(
        "emergency stop pressed: the supply loses its contactor until enabled anew",
        (),
        lambda plant, given, now_s: _estop(True, plant, now_s),
        lambda plant, now_s: _estop(False, plant, now_s),
    ),
    "glovebox_lost": _input("glovebox_ok", "the glovebox reports bad argon"),
}
