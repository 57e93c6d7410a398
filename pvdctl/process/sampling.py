"""The row of figures that is kept of every scan."""

from collections.abc import Callable
from math import nan
from typing import Any

from pvdctl.instrument.tag import GOOD, Tag
from pvdctl.process.context import Context
from pvdctl.process.unit import Unit
from pvdctl.process.written_out import row_of


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
        self.row: Callable[[], tuple[Any, ...]] = self._written_out()
        """The figures of this scan, in the order of `columns`."""

    def _written_out(self) -> Callable[[], tuple[Any, ...]]:
        """The row is made in every scan."""
        context = self._context
        parts: list[tuple[str, object]] = [
            ("{}.state", self._unit),
            ("{}.step_index", context),
            ("{}.rate_nm_per_s", context),
            ("{}.raw_rate_nm_per_s", context),
            ("{}.film_nm", context),
            ("{0}.exposure.dose_mbar_s if {0}.exposure is not None else 0.0", context),
            *((f"nan if {{0}}.quality != {GOOD} else {{0}}.value", tag) for tag in self._tags),
            *(("{}.asked", output) for output in self._currents),
            *(("{}.position", actuator) for actuator in self._positions),
        ]
        return row_of(parts, {"nan": nan}, "samples")
