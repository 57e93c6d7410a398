"""Which output of the coupler drives what of the plant, and which input shows what."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter

from simulators.world import ACTUATORS, SIGNALS, SWITCHED

HEARTBEAT = "heartbeat"
DEFAULT_OUTPUTS: Mapping[int, str] = {
    0: "rough_valve",
    1: "gate_valve",
    2: "fore_valve",
    3: "n2_valve",
    4: "ar_valve",
    5: "source_1_shutter",
    6: "source_2_shutter",
    7: "substrate_shutter",
    8: "roughing_pump",
    9: "supply_enable",
    10: "source_select",
    15: HEARTBEAT,
}
"""Output wiring unless told otherwise; this project's own choice."""
DEFAULT_INPUTS: Mapping[int, str] = dict(
    enumerate(
        (
            "door_closed", "water_ok", "air_ok", "gate_valve_opened", "gate_valve_closed", "substrate_shutter_opened",
            "substrate_shutter_closed", "source_1_shutter_opened", "source_1_shutter_closed", "source_2_shutter_opened",
            "source_2_shutter_closed", "estop_ok", "n2_supply_ok", "glovebox_ok", "rough_valve_opened",
            "rough_valve_closed", "fore_valve_opened", "fore_valve_closed", "n2_valve_opened", "n2_valve_closed",
            "ar_valve_opened", "ar_valve_closed", "roughing_pump_running", "supply_enabled", "source_1_selected",
            "source_2_selected",
        )
    )
)  # fmt: skip
"""Input wiring unless told otherwise; this project's own choice."""


def getter(names: Sequence[str]) -> Callable[[Mapping[str, bool]], tuple[bool, ...]]:
    """A quick way to take the values of `names` out of a mapping, in their order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda signals: tuple([signals[name] for name in names])


def _judge(what: str, wiring: Mapping[int, str], count: int, known: tuple[str, ...]) -> None:
    """Raises ValueError for a bit or a name that does not exist."""
    for bit, name in wiring.items():
        if not 0 <= bit < count:
            raise ValueError(f"modbus_io: {what} {bit} ({name}) is wired, but the coupler has {what}s 0 to {count - 1}")
        if name not in known:
            raise ValueError(f"modbus_io: {what} {bit} is wired to {name!r}; the plant knows {', '.join(known)}")


def judge_wiring(outputs: Mapping[int, str], output_count: int, inputs: Mapping[int, str], input_count: int) -> None:
    """Raises ValueError for a name the plant does not have or a bit the coupler does not have."""
    ends = [f"{name}_{end}" for name in ACTUATORS for end in ("opened", "closed")]
    _judge("output", outputs, output_count, (*ACTUATORS, *SWITCHED, HEARTBEAT))
    _judge("input", inputs, input_count, (*SIGNALS, *ends))
