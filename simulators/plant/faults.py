"""The plant's fault menu: `FAULTS` says what there is, `Plant.inject` and `Plant.clear` make and unmake it."""

from collections.abc import Callable
from difflib import get_close_matches
from math import inf, isfinite
from typing import NamedTuple

from simulators.plant.chamber import Chamber
from simulators.plant.sensors import period_of
from simulators.world import ACTUATORS

Args = dict[str, float | str]

SENSORS = ("1", "2")
SOURCES = ("1", "2")
SHUTTERS = tuple(name for name in ACTUATORS if name.endswith("shutter"))
GAUGES = ("full_range", "capacitance", "foreline")


class Argument(NamedTuple):
    """One argument of a fault."""

    name: str
    default: float | str | None
    """None: it must be given."""
    choices: tuple[str, ...] = ()
    """Words allowed; empty for a number."""


class Given:
    """Arguments as given, defaults filled in."""

    __slots__ = ("_values",)

    def __init__(self, values: Args) -> None:
        self._values = values

    def number(self, name: str) -> float:
        """A numeric argument."""
        return float(self._values[name])

    def word(self, name: str) -> str:
        """One of the choices."""
        return str(self._values[name])

    def which(self, name: str) -> int:
        """A sensor or source, counted from zero."""
        return int(self.word(name)) - 1


class Fault(NamedTuple):
    """One entry of the menu."""

    text: str
    arguments: tuple[Argument, ...]
    inject: Callable[[Chamber, Given, float], None]
    clear: Callable[[Chamber, float], None]


def _sentence(fault: str, wanted: str, found: object, known: tuple[str, ...]) -> str:
    near = get_close_matches(str(found), known, n=2)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; there are: {', '.join(known) or 'none'}"
    return f"plant fault{fault and ' ' + fault}: {wanted}, found {found!r}{hint}"


def _word(value: float | str) -> str:
    """`1.0` and `1` name the same sensor."""
    return f"{value:g}" if isinstance(value, int | float) else value


def read_arguments(name: str, args: Args) -> Given:
    """Check `args` against the menu. Raises ValueError with a sentence for anything unknown, missing or absurd."""
    if name not in MENU:
        raise ValueError(_sentence("", "wanted a name of the menu", name, tuple(MENU)))
    arguments = {argument.name: argument for argument in MENU[name].arguments}
    for given in args:
        if given not in arguments:
            raise ValueError(_sentence(name, "wanted one of its arguments", given, tuple(arguments)))
    values: Args = {}
    for argument in arguments.values():
        value = args.get(argument.name, argument.default)
        if value is None:
            raise ValueError(f"plant fault {name}: argument {argument.name} is missing; {MENU[name].text}")
        if argument.choices:
            word = _word(value)
            if word not in argument.choices:
                raise ValueError(_sentence(name, f"wanted a {argument.name}", word, argument.choices))
            values[argument.name] = word
            continue
        try:
            number = float(value)
        except ValueError:
            number = inf
        if not isfinite(number):
            raise ValueError(f"plant fault {name}: {argument.name} is a finite number, found {value!r}")
        values[argument.name] = number
    return Given(values)


def inject_fault(plant: Chamber, name: str, args: Args, now_s: float) -> None:
    """See `Plant.inject`."""
    given = read_arguments(name, args)
    plant.wake(now_s)
    MENU[name].inject(plant, given, now_s)
    plant.plan()


def clear_fault(plant: Chamber, name: str, now_s: float) -> None:
    """See `Plant.clear`."""
    read_name = MENU.get(name)
    if read_name is None:
        raise ValueError(_sentence("", "wanted a name of the menu", name, tuple(MENU)))
    plant.wake(now_s)
    read_name.clear(plant, now_s)
    plant.plan()


# --- crystals -----------------------------------------------------------------------------------------------------
def _crystal_dead(plant: Chamber, given: Given, now_s: float) -> None:
    plant.sensors.crystals[given.which("sensor")].dead = True


def _crystal_alive(plant: Chamber, now_s: float) -> None:
    for crystal in plant.sensors.crystals:
        crystal.dead = False


def _crystal_jump(plant: Chamber, given: Given, now_s: float) -> None:
    plant.sensors.crystals[given.which("sensor")].jump_hz += given.number("hz")


def _crystal_settle(plant: Chamber, now_s: float) -> None:
    for crystal in plant.sensors.crystals:
        crystal.jump_hz = 0.0


def _crystal_mode_hop(plant: Chamber, given: Given, now_s: float) -> None:
    plant.sensors.crystals[given.which("sensor")].hop_hz = given.number("hz")


def _crystal_hop_back(plant: Chamber, now_s: float) -> None:
    for crystal in plant.sensors.crystals:
        crystal.hop_hz = 0.0


def _crystal_noisy(plant: Chamber, given: Given, now_s: float) -> None:
    plant.sensors.crystals[given.which("sensor")].noise_hz = plant.parameters.crystal.noise_hz * given.number("factor")


def _crystal_still(plant: Chamber, now_s: float) -> None:
    for crystal in plant.sensors.crystals:
        crystal.noise_hz = plant.parameters.crystal.noise_hz


def _crystal_frozen(plant: Chamber, given: Given, now_s: float) -> None:
    plant.sensors.crystals[given.which("sensor")].freeze(period_of(now_s))


def _crystal_thawed(plant: Chamber, now_s: float) -> None:
    for crystal in plant.sensors.crystals:
        crystal.thaw()


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


# --- gauges -------------------------------------------------------------------------------------------------------
def _gauge_dead(plant: Chamber, given: Given, now_s: float) -> None:
    plant.heads[given.word("gauge")].dead = True
    _look_again(plant)


def _gauge_frozen(plant: Chamber, given: Given, now_s: float) -> None:
    plant.look(given.word("gauge")).frozen = True


def _gauge_wrong_range(plant: Chamber, given: Given, now_s: float) -> None:
    plant.heads[given.word("gauge")].factor = given.number("factor")
    _look_again(plant)


def _gauge_alive(plant: Chamber, now_s: float) -> None:
    for head in plant.heads.values():
        head.dead = False
    _look_again(plant)


def _gauge_thawed(plant: Chamber, now_s: float) -> None:
    for head in plant.heads.values():
        head.frozen = False
    _look_again(plant)


def _gauge_right(plant: Chamber, now_s: float) -> None:
    for head in plant.heads.values():
        head.factor = 1.0
    _look_again(plant)


def _look_again(plant: Chamber) -> None:
    for head in plant.heads.values():
        head.at_step = -1


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


_SENSOR = (Argument("sensor", "1", SENSORS),)
_SOURCE = (Argument("source", None, SOURCES),)
_SHUTTER = (Argument("shutter", None, SHUTTERS),)
_GAUGE = (Argument("gauge", None, GAUGES),)

MENU: dict[str, Fault] = {
    "crystal_dead": Fault("no oscillation; sensor=1|2", _SENSOR, _crystal_dead, _crystal_alive),
    "crystal_jump": Fault(
        "one frequency step; hz=-200, sensor=1|2", (Argument("hz", -200.0), *_SENSOR), _crystal_jump, _crystal_settle
    ),
    "crystal_mode_hop": Fault(
        "oscillates on an anharmonic; hz=172000, sensor=1|2",
        (Argument("hz", 172000.0), *_SENSOR),
        _crystal_mode_hop,
        _crystal_hop_back,
    ),
    "crystal_noisy": Fault(
        "noise times factor=30; sensor=1|2", (Argument("factor", 30.0), *_SENSOR), _crystal_noisy, _crystal_still
    ),
    "crystal_frozen": Fault("always the same frequency; sensor=1|2", _SENSOR, _crystal_frozen, _crystal_thawed),
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
    "gauge_dead": Fault(f"sensor error; gauge={'|'.join(GAUGES)}", _GAUGE, _gauge_dead, _gauge_alive),
    "gauge_frozen": Fault(f"always the same reading; gauge={'|'.join(GAUGES)}", _GAUGE, _gauge_frozen, _gauge_thawed),
    "gauge_wrong_range": Fault(
        f"plausible, but times factor=1000 (or 0.001); gauge={'|'.join(GAUGES)}",
        (Argument("factor", 1000.0), *_GAUGE),
        _gauge_wrong_range,
        _gauge_right,
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

FAULTS: dict[str, str] = {name: fault.text for name, fault in MENU.items()}
"""Name of each fault and one line on it with its arguments and defaults."""
