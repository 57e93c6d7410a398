"""The chamber drawn in data: pumps, valves, gauges, supplies, sources, crystals, switches, as they are read back."""

from math import inf, isfinite
from typing import cast

from pvdctl.instrument.tag import GOOD, QUALITY_WORDS, Tag
from pvdctl.process.actuators import POSITION_WORDS
from pvdctl.process.controller import Controller
from pvdctl.service.duties import required_inputs, valve_roles
from pvdctl.service.messages import (
    Crystal,
    Flow,
    Gauge,
    Measured,
    Mimic,
    Position,
    Pump,
    Quality,
    Source,
    Supply,
    Switch,
    Valve,
)


def mimic(controller: Controller) -> Mimic:
    """As of the last scan."""
    readings, chamber = controller.readings, controller.context.chamber
    now_s = controller.context.now_s
    supplies = _supplies(controller)
    return Mimic(
        chamber_pressure=measured(readings.chamber_pressure, now_s),
        foreline_pressure=measured(readings.foreline_pressure, now_s),
        sources_cold=bool(readings.sources_cold.number()),
        substrate_shutter=chamber.substrate_shutter,
        valves=_valves(controller),
        pumps=_pumps(controller),
        gauges=_gauges(controller),
        supplies=supplies,
        sources=_sources(controller, {supply.name: supply for supply in supplies}),
        crystals=_crystals(controller),
        inputs=_inputs(controller),
        outputs=_plain_outputs(controller),
        flows=_flows(controller),
    )


def measured(tag: Tag, now_s: float) -> Measured:
    """A reading with its quality and age."""
    value = tag.value
    known = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    at_s = tag.at_s
    return Measured(
        float(value) if known and value is not None else None,
        tag.unit,
        cast("Quality", QUALITY_WORDS[tag.quality]),
        tag.why if tag.quality != GOOD else "",
        round(max(0.0, now_s - at_s), 2) if at_s > -inf else None,
    )


def yes(tag: Tag) -> bool | None:
    """A switch; None where it cannot be believed."""
    return bool(tag.value) if tag.quality == GOOD else None


def _valves(controller: Controller) -> list[Valve]:
    found, roles = [], valve_roles(controller.context.chamber)
    for name, actuator in controller.actuators.by_name.items():
        output = actuator.output
        role, gas = roles.get(name, ("", ""))
        found.append(
            Valve(
                name, actuator.facts.kind, cast("Position", POSITION_WORDS[actuator.position]), output.granted != 0.0,
                actuator.failure, list(output.forced_by), role, gas,
            )
        )  # fmt: skip
    return found


def _inputs(controller: Controller) -> list[Switch]:
    chamber, image = controller.context.chamber, controller.image
    required = required_inputs(chamber)
    return [Switch(name, yes(image[name]), [], required.get(name)) for name in chamber.io.inputs]


def _pumps(controller: Controller) -> list[Pump]:
    vacuum, outputs = controller.context.chamber.vacuum, controller.outputs
    equipment = controller.equipment
    rough, turbo = outputs[vacuum.roughing_pump_output], outputs[f"{vacuum.turbo}.run"]
    percent = controller.readings.turbo_percent.number()
    return [
        Pump(
            vacuum.roughing_pump_output, "roughing", rough.granted != 0.0,
            yes(controller.image[vacuum.roughing_pump_running]), None, list(rough.forced_by), rough.name,
        ),
        Pump(
            vacuum.turbo, "turbo", turbo.granted != 0.0, yes(equipment.turbo.running),
            round(percent, 1) if percent is not None else None, list(turbo.forced_by), turbo.name,
        ),
    ]  # fmt: skip


def _gauges(controller: Controller) -> list[Gauge]:
    found = []
    for name, gauge in controller.context.chamber.gauges.items():
        reading = measured(controller.readings.gauge(name), controller.context.now_s)
        if gauge.ion:
            output = controller.outputs[f"{name}.on"]
            on, switch, forced = output.granted != 0.0, output.name, list(output.forced_by)
            found.append(Gauge(name, gauge.measures, reading, True, on, switch, forced))
        else:
            found.append(Gauge(name, gauge.measures, reading, False))
    return found


def _flows(controller: Controller) -> list[Flow]:
    chamber, found = controller.context.chamber, []
    for gas, inlet in chamber.gases.items():
        if inlet.flow_controller is not None and inlet.max_flow_sccm is not None:
            output = controller.outputs[f"{inlet.flow_controller}.flow"]
            tag = controller.equipment.flow_controllers[inlet.flow_controller].flow_sccm
            reading = measured(tag, controller.context.now_s)
            found.append(
                Flow(
                    inlet.flow_controller, gas, inlet.valve, reading, output.granted, inlet.max_flow_sccm,
                    output.name, list(output.forced_by),
                )
            )  # fmt: skip
    return found


def _supplies(controller: Controller) -> list[Supply]:
    found = []
    now_s, outputs = controller.context.now_s, controller.outputs
    for name, supply in controller.equipment.supplies.items():
        current, voltage = measured(supply.current_a, now_s), measured(supply.voltage_v, now_s)
        power = None
        if current.quality == voltage.quality == "good" and current.value is not None and voltage.value is not None:
            power = round(current.value * voltage.value, 2)
        output = outputs[f"{name}.output"]
        found.append(
            Supply(
                name, yes(supply.output_on), current, voltage, outputs[f"{name}.current"].granted, power,
                yes(supply.tripped), list(output.forced_by), output.granted != 0.0,
            )
        )  # fmt: skip
    return found


def _sources(controller: Controller, supplies: dict[str, Supply]) -> list[Source]:
    found = []
    for name, source in controller.context.chamber.sources.items():
        supply = supplies[source.supply]
        if source.selected_input is not None:
            selected = yes(controller.image[source.selected_input])
        elif source.select_output is not None:
            selected = (controller.outputs[source.select_output].granted != 0.0) == source.select_on
        else:
            selected = True
        here = supply.current.value if supply.current.quality == "good" else None
        found.append(
            Source(
                name, source.material, source.boat, source.supply, source.shutter, selected,
                here if selected else (0.0 if selected is False else None),
                supply.power_w if selected else (0.0 if selected is False else None),
                source.max_current_a, source.max_slew_a_per_s,
            )
        )  # fmt: skip
    return found


def _crystals(controller: Controller) -> list[Crystal]:
    monitor, now_s = controller.context.chamber.monitor, controller.context.now_s
    found = []
    for number in monitor.sensors:
        sensor = controller.equipment.monitor.sensors[number]
        frequency_hz = sensor.frequency_hz.number()
        life = None
        if frequency_hz is not None:
            span_hz = monitor.max_frequency_hz - monitor.min_frequency_hz
            life = round(100.0 * (frequency_hz - monitor.min_frequency_hz) / span_hz, 1)
        found.append(
            Crystal(
                number, measured(sensor.frequency_hz, now_s), life, sensor.rate_nm_per_s.number(),
                sensor.thickness_nm.number(),
            )
        )  # fmt: skip
    return found


def _plain_outputs(controller: Controller) -> list[Switch]:
    """PLC outputs that are shown nowhere else: commanded state as the coupler reads it back."""
    chamber = controller.context.chamber
    elsewhere = {actuator.output for actuator in chamber.actuators.values()} | {chamber.vacuum.roughing_pump_output}
    return [
        Switch(
            name, yes(controller.equipment.io.outputs[name]), list(controller.outputs[name].forced_by), None,
            controller.outputs[name].granted != 0.0,
        )
        for name in chamber.io.outputs
        if name not in elsewhere
    ]  # fmt: skip
