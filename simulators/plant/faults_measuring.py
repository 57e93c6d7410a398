"""Faults of what measures: crystals and gauges."""

from simulators.plant.chamber import Chamber
from simulators.plant.fault_grammar import Argument, Fault, Given, Menu
from simulators.plant.sensors import period_of

SENSORS = ("1", "2")
GAUGES = ("full_range", "capacitance", "foreline")


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


_SENSOR = (Argument("sensor", "1", SENSORS),)
_GAUGE = (Argument("gauge", None, GAUGES),)

MENU: Menu = {
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
    "gauge_dead": Fault(f"sensor error; gauge={'|'.join(GAUGES)}", _GAUGE, _gauge_dead, _gauge_alive),
    "gauge_frozen": Fault(f"always the same reading; gauge={'|'.join(GAUGES)}", _GAUGE, _gauge_frozen, _gauge_thawed),
    "gauge_wrong_range": Fault(
        f"plausible, but times factor=1000 (or 0.001); gauge={'|'.join(GAUGES)}",
        (Argument("factor", 1000.0), *_GAUGE),
        _gauge_wrong_range,
        _gauge_right,
    ),
}
