"""Backfill and vent: gas into the chamber, only with sources off and cold, ion gauge off, gate valve closed.

The capacitance gauge, which does not care which gas it is, ends the fill. What closes last is what the film sees: the
valve is told to close early by what still flows in while it travels.
"""

from pvdctl.chamber.gas_flow import fill_rate_mbar_per_s
from pvdctl.process.context import Context
from pvdctl.process.exposure import Exposure
from pvdctl.process.steps.base import RunningStep
from pvdctl.recipe.model import Backfill, Vent

STALL_S = 5.0
"""With the inlet open the pressure must rise in every such span. Fifty scans; the gauge's noise of 0.2 mbar is nothing
against the 50 mbar that come in."""
STALL_SHARE = 0.1
"""Less than this share of the chamber file's fill rate is no rise: no supply, no open valve, or a gauge that does not
see it. A guess."""
RUSH_FACTOR = 5.0
"""A rise this many times faster than the chamber file's fill rate is a gauge's, not the gas'. A guess."""

RISE_OVER_S = 0.9
"""The rise of pressure is taken over at least this long: two readings of a gauge asked twice a second. A choice."""


class _GasIn(RunningStep):
    """What both have in common.

    flow_sccm: at which the gas' flow controller lets it in; None: as fast as controller and valve do.
    """

    def __init__(
        self, context: Context, name: str, kind: str, within_s: float, gas: str, flow_sccm: float | None = None
    ) -> None:
        super().__init__(context, name, kind, within_s)
        self.gas = gas
        self.flow_sccm = flow_sccm
        self.inlet = context.chamber.gases[gas]
        self._last: tuple[float, float] | None = None
        self._rise_mbar_per_s = 0.0
        self._mark: tuple[float, float] | None = None

    def ready(self) -> bool:
        """Everything that must be true before gas comes in; asks for what is missing."""
        context, vacuum = self.context, self.context.chamber.vacuum
        for source in context.chamber.sources.values():
            context.ask(source.shutter, 0.0, "gas")
        context.ask(context.chamber.substrate_shutter, 0.0, "gas")
        for name, gauge in context.chamber.gauges.items():
            if gauge.ion:
                context.ask(f"{name}.on", 0.0, "gas")
        for valve in (vacuum.gate_valve, vacuum.rough_valve):
            context.ask(valve, 0.0, "gas")
        actuators, readings = context.actuators, context.readings
        supply_ok = self.inlet.supply_ok
        return bool(
            actuators[vacuum.gate_valve].is_closed
            and actuators[vacuum.rough_valve].is_closed
            and readings.sources_cold.number()
            and readings.sources_off.number()
            and readings.ion_gauge_on.number() == 0.0
            and (supply_ok is None or context.image[supply_ok].number())
        )

    def waiting_for(self) -> str:
        """What `ready` still misses, in words."""
        context, vacuum = self.context, self.context.chamber.vacuum
        missing = []
        off = context.readings.sources_off
        if not off.number():
            missing.append("sources off" if off.number() is not None else f"sources off ({off.why})")
        if not context.readings.sources_cold.number():
            missing.append(f"sources cold (in {max(0.0, context.readings.hot_until_s - context.now_s):.0f} s)")
        if context.readings.ion_gauge_on.number() != 0.0:
            tag = context.readings.ion_gauge_on
            missing.append("ion gauge off" if tag.number() is not None else f"ion gauge off ({tag.why})")
        for valve in (vacuum.gate_valve, vacuum.rough_valve):
            if not context.actuators[valve].is_closed:
                missing.append(f"{valve} closed")
        if self.inlet.supply_ok is not None and not context.image[self.inlet.supply_ok].number():
            missing.append(f"{self.gas} supply pressure")
        return ", ".join(missing)

    def let_in(self, why: str) -> None:
        """Ask for the valve open, and for the flow where a controller is."""
        controller = self.inlet.flow_controller
        if controller is not None:
            flow_sccm = self.flow_sccm if self.flow_sccm is not None else self.inlet.max_flow_sccm
            assert flow_sccm is not None, "the chamber file gives max_flow with every flow_controller"
            self.context.ask(f"{controller}.flow", flow_sccm, why)
        self.context.ask(self.inlet.valve, 1.0, why)

    def shut(self, why: str) -> None:
        """Ask for the valve closed, and for no flow behind it that would wait for it to open again."""
        self.context.ask(self.inlet.valve, 0.0, why)
        if self.inlet.flow_controller is not None:
            self.context.ask(f"{self.inlet.flow_controller}.flow", 0.0, why)

    def follow(self) -> float | None:
        """The pressure of this moment: the newest reading, carried on by its age at the rate it last rose."""
        tag = self.context.readings.chamber_pressure
        pressure_mbar = tag.number()
        if pressure_mbar is None:
            return None
        at_s, last = tag.at_s, self._last
        if last is None:
            self._last = (at_s, pressure_mbar)
        elif at_s - last[0] >= RISE_OVER_S:
            self._rise_mbar_per_s = (pressure_mbar - last[1]) / (at_s - last[0])
            self._last = (at_s, pressure_mbar)
        return pressure_mbar + max(0.0, self._rise_mbar_per_s) * (self.context.now_s - at_s)

    def stalled(self) -> str:
        """Why the reading cannot be that of a chamber being filled; empty while it can.

        Nobody else stops a fill whose gauge stands still: the ion gauge is off, and the rules hear the same gauge.
        """
        context = self.context
        pressure_mbar = context.readings.chamber_pressure.number()
        if not context.actuators[self.inlet.valve].is_open or pressure_mbar is None:
            self._mark = None
            return ""
        if self._mark is None:
            self._mark = (context.now_s, pressure_mbar)
            return ""
        since_s, from_mbar = self._mark
        elapsed_s = context.now_s - since_s
        if elapsed_s < STALL_S:
            return ""
        self._mark = (context.now_s, pressure_mbar)
        rise = (pressure_mbar - from_mbar) / elapsed_s
        wanted = fill_rate_mbar_per_s(context.chamber, self.gas, self.flow_sccm)
        if STALL_SHARE * wanted <= rise <= RUSH_FACTOR * wanted:
            return ""
        return (
            f"{self.inlet.valve} has been open for {elapsed_s:.0f} s and the pressure rises by {rise:.2g} mbar/s, not "
            f"by about {wanted:.2g}: no {self.gas} supply, or a gauge that does not see it (capacitance gauge?)"
        )

    def still_coming_mbar(self) -> float:
        """What will still flow in once the valve is told to close: half its travel, and half a scan to be on centre."""
        chamber = self.context.chamber
        travel_s = chamber.actuators[self.inlet.valve].travel_s
        return max(0.0, self._rise_mbar_per_s) * 0.5 * (travel_s + chamber.scan.period_s)


class RunningBackfill(_GasIn):
    """Fill, and leave the gas in for its time."""

    def __init__(self, context: Context, step: Backfill) -> None:
        within_s = step.within_s + step.duration_s
        super().__init__(context, step.name, "backfill", within_s, step.gas, step.flow_sccm)
        self.step = step
        self._fill_started_s = 0.0
        self._sagged = False

    def begin(self) -> None:
        """Isolate first."""
        self.context.set_phase("isolate")

    def resume(self) -> None:
        """Go on where the chemistry is: gas already in stays in, and its clock has never stopped."""
        self.pick_up()
        self._last = self._mark = None
        if self.context.exposure is None:
            self.context.set_phase("isolate")
        elif self.context.exposure.at_pressure_s is None:
            self._fill_started_s = self.context.now_s
            self.context.set_phase("fill", "resumed")
        else:
            self.context.set_phase("dwell", "resumed")

    def scan(self) -> bool:
        """One scan of the present phase."""
        self.hurry()
        context = self.context
        if context.phase == "isolate":
            if self.ready():
                self._fill_started_s = context.now_s
                if context.exposure is None:
                    context.exposure = Exposure(self.name, self.gas, self.step.pressure_mbar, context.now_s)
                context.set_phase("fill")
            return False
        if context.phase == "fill":
            self._fill()
            return False
        return self._dwell()

    def _fill(self) -> None:
        context, step = self.context, self.step
        exposure = context.exposure
        assert exposure is not None
        self.let_in("fill")
        pressure_mbar = self.follow()
        if pressure_mbar is None:
            return
        if pressure_mbar + self.still_coming_mbar() >= step.pressure_mbar:
            self.shut("pressure reached")
            exposure.at_pressure_s = context.now_s
            context.set_phase("dwell")
            return
        stalled = self.stalled()
        if stalled:
            self.shut("fill failed")
            context.trouble("fill_error", "hold", stalled)
        elif context.now_s - self._fill_started_s > step.within_s:
            self.shut("fill failed")
            context.trouble(
                "fill_error",
                "hold",
                f"{self.gas} has reached {pressure_mbar:.0f} mbar of {step.pressure_mbar:.0f} "
                f"mbar after {step.within_s:.0f} s with {self.inlet.valve} "
                f"{'open' if context.actuators[self.inlet.valve].is_open else 'not open'}",
            )

    def _dwell(self) -> bool:
        context, step = self.context, self.step
        exposure = context.exposure
        assert exposure is not None
        assert exposure.at_pressure_s is not None
        pressure_mbar = self.follow()
        if pressure_mbar is not None:
            off_mbar = pressure_mbar - step.pressure_mbar
            if (off_mbar > step.tolerance_mbar or off_mbar < -step.tolerance_mbar) and not self._sagged:
                self._sagged = True
                context.alarm(
                    "dose_pressure",
                    f"{self.gas} is at {pressure_mbar:.0f} mbar; wanted {step.pressure_mbar:.0f} "
                    f"± {step.tolerance_mbar:.0f} mbar",
                )
        zero_s = exposure.at_pressure_s if step.duration_starts == "at_pressure" else exposure.first_gas_s
        return context.now_s - zero_s >= step.duration_s


class RunningVent(_GasIn):
    """Vent to atmosphere."""

    def __init__(self, context: Context, step: Vent) -> None:
        super().__init__(context, step.name, "vent", step.within_s, step.gas)
        self.step = step

    def begin(self) -> None:
        """Isolate first."""
        self.context.set_phase("isolate")

    def resume(self) -> None:
        """From the start: it harms nothing."""
        self.pick_up()
        self._last = self._mark = None
        self.context.set_phase("isolate")

    def scan(self) -> bool:
        """One scan of the present phase."""
        self.hurry()
        context = self.context
        if context.phase == "isolate":
            if self.ready():
                context.set_phase("vent")
            return False
        self.let_in("vent")
        pressure_mbar = self.follow()
        if pressure_mbar is not None and pressure_mbar + self.still_coming_mbar() >= self.step.to_mbar:
            self.shut("vented")
            return True
        stalled = self.stalled()
        if stalled:
            self.shut("venting failed")
            context.trouble("fill_error", "hold", stalled)
        return False
