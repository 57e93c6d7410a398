"""What each way of leaving Execute does to the outputs, and how it is known to be done.

Every output is asked on its own; nothing here waits or raises. Reached means read back: shutters and gas valves by
their end switches, sources by the supply's measured current and output state or by the open contactor in front of it.
"""

from pvdctl.process.context import Context


class SafeOutputs:
    """Asks for, and confirms, the safe places of shutters, gas and sources."""

    def __init__(self, context: Context) -> None:
        self._context = context
        chamber = context.chamber
        self._shutters = (chamber.substrate_shutter, *(s.shutter for s in chamber.sources.values()))
        self._gas_valves = tuple(gas.valve for gas in chamber.gases.values())
        self._gas_flows = tuple(f"{gas.flow_controller}.flow" for gas in chamber.gases.values() if gas.flow_controller)
        self._supplies = tuple(dict.fromkeys(s.supply for s in chamber.sources.values()))
        self._slew_a_per_s = {
            name: min(s.max_slew_a_per_s for s in chamber.sources.values() if s.supply == name)
            for name in self._supplies
        }
        self._last_s = 0.0

    def close_shutters(self, why: str) -> None:
        """All shutters, the substrate's first."""
        for name in self._shutters:
            self._context.ask(name, 0.0, why)

    def close_gas(self, why: str) -> None:
        """Every gas valve, and no flow behind it that would wait for the valve to open again."""
        for name in (*self._gas_valves, *self._gas_flows):
            self._context.ask(name, 0.0, why)

    def sources_off_now(self, why: str) -> None:
        """Output off, current zero, contactor open: at once."""
        context = self._context
        for supply in self._supplies:
            context.ask(f"{supply}.output", 0.0, why)
            context.ask(f"{supply}.current", 0.0, why)
        contactor = context.chamber.io.supply_enable_output
        if contactor is not None:
            context.ask(contactor, 0.0, why)

    def ramp_sources(self, to_a: float) -> bool:
        """One scan of a ramp down to `to_a` (never up) at the sources' slew; True when asked current is there."""
        context = self._context
        elapsed_s = context.now_s - self._last_s
        if elapsed_s > 2.0 * context.chamber.scan.period_s:  # the ramp begins now
            elapsed_s = context.chamber.scan.period_s
        self._last_s = context.now_s
        done = True
        for supply in self._supplies:
            output = context.outputs[f"{supply}.current"]
            if output.asked > to_a:
                down_a = output.asked - self._slew_a_per_s[supply] * elapsed_s
                output.asked = round(down_a, 2) if down_a > to_a else to_a
                done = done and output.asked == to_a
        return done

    def ramp_off(self, why: str) -> None:
        """Ramp to zero, then the outputs off."""
        context = self._context
        if self.ramp_sources(0.0):
            for supply in self._supplies:
                context.ask(f"{supply}.output", 0.0, why)

    def unconfirmed(self, *, shutters: bool = True, gas: bool = True, sources_off: bool = True) -> list[str]:
        """What is not read back safe yet, in words."""
        context = self._context
        actuators = context.actuators
        names = (self._shutters if shutters else ()) + (self._gas_valves if gas else ())
        missing = [f"{name} closed" for name in names if not actuators[name].is_closed]
        if sources_off and not context.readings.sources_off.value:
            tag = context.readings.sources_off
            missing.append("source supplies off" if tag.number() is not None else f"source supplies off ({tag.why})")
        return missing

    def given_up(self) -> bool:
        """Every actuator that is not confirmed closed has passed its own deadline: it has failed, and is alarmed."""
        actuators = self._context.actuators
        return all(
            actuators[name].is_closed or actuators[name].failure for name in (*self._shutters, *self._gas_valves)
        )

    def all_safe(self, why: str) -> None:
        """Shutters, gas and sources at once: for Abort."""
        self.sources_off_now(why)
        self.close_shutters(why)
        self.close_gas(why)
