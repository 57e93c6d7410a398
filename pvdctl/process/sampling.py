"""The row of figures that is kept of every scan."""

from collections.abc import Callable
from typing import Any

from pvdctl.instrument.tag import GOOD, Tag
from pvdctl.process.context import Context
from pvdctl.process.unit import Unit

_NAN = float("nan")


class Sampling:
    """Columns, and one row per scan. A reading that is not good is nan; asked values and states are always there."""

    def __init__(self, context: Context, unit: Unit) -> None:
        self._context = context
        self._unit = unit
        readings, equipment, chamber = context.readings, context.equipment, context.chamber
        tags: list[tuple[str, str, Tag]] = [
            ("chamber_pressure", "mbar", readings.chamber_pressure),
            ("foreline_pressure", "mbar", readings.foreline_pressure),
            ("turbo", "%", readings.turbo_percent),
        ]
        tags += [(name, "mbar", readings.gauge(name)) for name in chamber.gauges]
        for number in chamber.monitor.sensors:
            sensor = equipment.monitor.sensors[number]
            tags.append((f"frequency_{number}", "Hz", sensor.frequency_hz))
            tags.append((f"displayed_rate_{number}", "nm/s", sensor.rate_nm_per_s))
            tags.append((f"displayed_thickness_{number}", "nm", sensor.thickness_nm))
        for name, supply in equipment.supplies.items():
            tags.append((f"{name}_current", "A", supply.current_a))
            tags.append((f"{name}_voltage", "V", supply.voltage_v))
        controller = equipment.rate_controller
        if controller is not None:
            outputs = sorted({s.program.output for s in chamber.sources.values() if s.program is not None})
            tags += [(f"power_{n}", "%", controller.power_percent[n]) for n in outputs]
        self._tags = tuple(tag for _, _, tag in tags)
        self._currents = tuple(context.outputs[f"{name}.current"] for name in equipment.supplies)
        shown = [context.actuators[name] for name in chamber.actuators]
        self._positions = tuple(shown)
        self.columns: tuple[tuple[str, str], ...] = (
            ("state", ""), ("step", ""), ("rate", "nm/s"), ("raw_rate", "nm/s"), ("film", "nm"),
            ("dose", "mbar s"),
            *((name, unit) for name, unit, _ in tags),
            *((f"{name}_asked_current", "A") for name in equipment.supplies),
            *((f"{actuator.name}_position", "") for actuator in shown),
        )  # fmt: skip
        self._row = self._compile()

    def _compile(self) -> Callable[[], tuple[Any, ...]]:
        """Bind everything once: the row is made in every scan."""
        context, unit, tags, currents, positions = (
            self._context, self._unit, self._tags, self._currents, self._positions,
        )  # fmt: skip

        def row() -> tuple[Any, ...]:
            exposure = context.exposure
            return (
                unit.state,
                context.step_index,
                context.rate_nm_per_s,
                context.raw_rate_nm_per_s,
                context.film_nm,
                exposure.dose_mbar_s if exposure is not None else 0.0,
                *[tag.value if tag.quality == GOOD else _NAN for tag in tags],
                *[output.asked for output in currents],
                *[actuator.position for actuator in positions],
            )

        return row

    def row(self) -> tuple[Any, ...]:
        """The figures of this scan, in the order of `columns`."""
        return self._row()
