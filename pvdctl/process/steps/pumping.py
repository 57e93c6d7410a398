"""Pump down and evacuate: roughing, crossover, turbo run-up, gate valve.

One pump serves both as roughing pump (through the rough valve) and behind the turbo (through the fore valve); the two
valves are never open together, and never the rough valve with the gate valve.
"""

from pvdctl.chamber.model import Vacuum
from pvdctl.instrument.tag import Tag
from pvdctl.process.context import Context
from pvdctl.process.steps.base import RunningStep
from pvdctl.recipe.model import Evacuate, PumpDown

BLIND_S = 20.0
"""Pumping without a believable pressure is borne this long: gauges change over, light, and settle. A guess."""


def _shown(what: str, tag: Tag) -> str:
    """A reading that is waited for, as it is now."""
    return f"{what}, now {tag.value:.1e} {tag.unit}" if tag.number() is not None else f"{what} ({tag.why})"


class _Pumping(RunningStep):
    """What both have in common: the vacuum plumbing."""

    def __init__(self, context: Context, name: str, kind: str, within_s: float, below_mbar: float) -> None:
        super().__init__(context, name, kind, within_s)
        self.vacuum: Vacuum = context.chamber.vacuum
        self.below_mbar = below_mbar
        self._blind_since_s: float | None = None

    def pressure_mbar(self) -> float | None:
        """The chamber pressure, if it can be trusted; asks for a hold once it could not be for `BLIND_S`."""
        context = self.context
        tag = context.readings.chamber_pressure
        pressure_mbar = tag.number()
        if pressure_mbar is not None:
            self._blind_since_s = None
        elif self._blind_since_s is None:
            self._blind_since_s = context.now_s
        elif context.now_s - self._blind_since_s > BLIND_S:
            self._blind_since_s = None
            context.trouble("lost_reading", "hold", f"the chamber pressure cannot be read: {tag.why}")
        return pressure_mbar

    def waiting_for(self) -> str:
        """The pressures, the turbo, and what has not moved."""
        context = self.context
        readings = context.readings
        parts = [_shown("chamber pressure", readings.chamber_pressure)]
        if context.phase in ("crossover", "back the turbo"):
            parts.append(_shown("foreline pressure", readings.foreline_pressure))
        elif context.phase == "turbo run-up":
            parts = [_shown("turbo", readings.turbo_percent)]
        if not context.image[self.vacuum.roughing_pump_running].number():
            parts.append("roughing pump running")
        parts += [f"{a.name} in place" for a in context.actuators.by_name.values() if not a.settled]
        return "; ".join(parts)

    def resume(self) -> None:
        """Start over from what the gauges and switches say now; nothing is assumed."""
        self.pick_up()
        self.begin()

    def close_inlets(self) -> bool:
        """Gas valves closed and confirmed."""
        context = self.context
        done = True
        for gas in context.chamber.gases.values():
            context.ask(gas.valve, 0.0, "pumping")
            done = done and context.actuators[gas.valve].is_closed
        return done

    def valve(self, name: str, open_: bool, why: str) -> bool:
        """Ask for a valve's position; True once its switches confirm it."""
        self.context.ask(name, 1.0 if open_ else 0.0, why)
        actuator = self.context.actuators[name]
        return actuator.is_open if open_ else actuator.is_closed

    def rough(self) -> None:
        """Pump running, gate and fore valve closed, then the rough valve open."""
        context, vacuum = self.context, self.vacuum
        closed = self.valve(vacuum.gate_valve, False, "roughing") & self.valve(vacuum.fore_valve, False, "roughing")
        context.ask(vacuum.roughing_pump_output, 1.0, "roughing")
        if closed and context.image[vacuum.roughing_pump_running].number():
            self.valve(vacuum.rough_valve, True, "roughing")

    def gauge_on(self) -> None:
        """Ion gauges on again, once there is little gas."""
        for name, gauge in self.context.chamber.gauges.items():
            if gauge.ion:
                self.context.ask(f"{name}.on", 1.0, "pressure is low")


class RunningPumpDown(_Pumping):
    """To high vacuum, from wherever the chamber is."""

    def __init__(self, context: Context, step: PumpDown) -> None:
        super().__init__(context, step.name, "pump_down", step.within_s, step.below_mbar)

    def begin(self) -> None:
        """Inlets closed first."""
        self.context.set_phase("prepare")

    def scan(self) -> bool:
        """One scan of the present phase."""
        self.hurry()
        phase = self.context.phase
        if phase == "prepare":
            self._prepare()
        elif phase == "rough":
            self._rough()
        elif phase == "crossover":
            self._crossover()
        elif phase == "turbo run-up":
            self._run_up()
        elif phase == "high vacuum":
            return self._high_vacuum()
        return False

    def _prepare(self) -> None:
        context, vacuum = self.context, self.vacuum
        pressure_mbar = self.pressure_mbar()
        if not self.close_inlets() or pressure_mbar is None:
            return
        turbo = context.readings.turbo_percent.number()
        gate = context.actuators[vacuum.gate_valve]
        if (
            gate.is_open
            and turbo is not None
            and turbo >= vacuum.turbo_ready_percent
            and (pressure_mbar < vacuum.crossover_mbar)
        ):
            context.readings.moved(context.now_s)
            context.set_phase("high vacuum")
        elif pressure_mbar < vacuum.crossover_mbar:
            context.set_phase("crossover")
        else:
            context.set_phase("rough")

    def _rough(self) -> None:
        context = self.context
        self.rough()
        pressure_mbar = self.pressure_mbar()
        if pressure_mbar is not None:
            if pressure_mbar < 10.0 * self.vacuum.crossover_mbar:
                self.gauge_on()
            if pressure_mbar < self.vacuum.crossover_mbar:
                context.set_phase("crossover")

    def _crossover(self) -> None:
        """Rough valve closed, then the fore valve open, then the turbo may start."""
        context, vacuum = self.context, self.vacuum
        self.gauge_on()
        context.ask(vacuum.roughing_pump_output, 1.0, "backing the turbo")
        if not self.valve(vacuum.rough_valve, False, "crossover"):
            return
        if not self.valve(vacuum.fore_valve, True, "crossover"):
            return
        foreline_mbar = context.readings.foreline_pressure.number()
        if foreline_mbar is not None and foreline_mbar < vacuum.foreline_max_mbar:
            context.ask(f"{vacuum.turbo}.run", 1.0, "foreline is ready")
            context.set_phase("turbo run-up")

    def _run_up(self) -> None:
        context, vacuum = self.context, self.vacuum
        percent = context.readings.turbo_percent.number()
        if percent is not None and percent >= vacuum.turbo_ready_percent:
            pressure_mbar = self.pressure_mbar()
            if pressure_mbar is not None and pressure_mbar > 10.0 * vacuum.crossover_mbar:
                context.set_phase("prepare", "the chamber has leaked up; roughing again")
            elif self.valve(vacuum.gate_valve, True, "turbo is at speed"):
                context.set_phase("high vacuum")
        elif self.in_phase_s() > vacuum.turbo_run_up_s:
            shown = "not readable" if percent is None else f"at {percent:.0f} %"
            context.trouble(
                "turbo_error",
                "hold",
                f"the turbo is {shown} after {self.in_phase_s():.0f} s of run-up; "
                f"wanted {vacuum.turbo_ready_percent:g} %",
            )

    def _high_vacuum(self) -> bool:
        pressure_mbar = self.pressure_mbar()
        return pressure_mbar is not None and pressure_mbar < self.below_mbar


class RunningEvacuate(_Pumping):
    """Gas out with the roughing pump alone; ends the exposure."""

    def __init__(self, context: Context, step: Evacuate) -> None:
        super().__init__(context, step.name, "evacuate", step.within_s, step.below_mbar)

    def begin(self) -> None:
        """Inlets closed first."""
        self.context.set_phase("prepare")

    def scan(self) -> bool:
        """One scan of the present phase."""
        self.hurry()
        context = self.context
        if context.phase == "prepare":
            if self.close_inlets():
                context.set_phase("rough")
            return False
        if context.phase == "rough":
            self.rough()
            if (
                context.exposure is not None
                and context.exposure.evacuating_s is None
                and (context.actuators[self.vacuum.rough_valve].is_open)
            ):
                context.exposure.evacuating_s = context.now_s
            pressure_mbar = self.pressure_mbar()
            if pressure_mbar is not None and pressure_mbar < 10.0 * self.vacuum.crossover_mbar:
                self.gauge_on()
            if pressure_mbar is not None and pressure_mbar < self.below_mbar:
                context.end_exposure()
                context.set_phase("back the turbo")
            return False
        self.gauge_on()
        if not self.valve(self.vacuum.rough_valve, False, "evacuated"):
            return False
        return self.valve(self.vacuum.fore_valve, True, "evacuated")
