"""One source under power: selecting it, ramps, soaks, rate control, and watching that it answers."""

from pvdctl.chamber.model import Source
from pvdctl.process.context import Context

RAMP_EVERY_S = 0.2
"""A ramp asks for a new current this often: 1 A steps at the fastest slew of 5 A/s. A choice."""
MISMATCH_A = 2.0
MISMATCH_SHARE = 0.05
MISMATCH_S = 3.0
"""Read-back current off the asked one by more than 2 A and 5 % for 3 s: the supply or the boat does not follow.
Choices: supplies of this class follow within 50 ms and 0.1 % of 200 A."""


class PoweredSource:
    """A source of the chamber as a deposit drives it.

    current_a: what is asked of the supply now.
    """

    def __init__(self, context: Context, name: str) -> None:
        self.context = context
        self.name = name
        self.facts: Source = context.chamber.sources[name]
        self.supply = context.equipment.supplies[self.facts.supply]
        self._current = context.outputs[f"{self.facts.supply}.current"]
        self._from_a = self._to_a = 0.0
        self._started_s = self._ends_s = 0.0
        self._asked_s = float("-inf")
        self._off_since_s: float | None = None

    @property
    def current_a(self) -> float:
        """Asked of the supply now."""
        return self._current.asked

    @property
    def granted_a(self) -> float:
        """Granted to the supply in the last scan."""
        return self._current.granted

    def ask_current(self, current_a: float) -> None:
        """Ask for a current, to 0.01 A."""
        self._current.asked = round(current_a, 2)

    def select(self) -> bool:
        """Route the supply to this boat, with the output off; True once confirmed."""
        context, facts = self.context, self.facts
        if facts.select_output is None:
            return True
        wanted = 1.0 if facts.select_on else 0.0
        output = context.outputs[facts.select_output]
        if output.asked != wanted:
            if not context.readings.sources_off.number():
                context.ask(f"{facts.supply}.output", 0.0, "another boat is to be selected")
                context.ask(f"{facts.supply}.current", 0.0, "another boat is to be selected")
                return False
            context.ask(facts.select_output, wanted, f"select {self.name}")
        if facts.selected_input is None:
            return output.granted == wanted
        return bool(context.image[facts.selected_input].number())

    def energise(self) -> bool:
        """Contactor and supply output on at zero current; True once read back on."""
        context = self.context
        contactor = context.chamber.io.supply_enable_output
        if contactor is not None:
            context.ask(contactor, 1.0, f"heat {self.name}")
            enabled = context.readings.supply_enabled
            if enabled is not None and not enabled.number():
                return False
        context.ask(f"{self.facts.supply}.output", 1.0, f"heat {self.name}")
        return bool(self.supply.output_on.number())

    def start_ramp(self, to_a: float, ramp_s: float) -> float:
        """Begin a ramp from the present current; slower than asked where the source's slew limit wants it.

        Returns the time it will take.
        """
        now_s = self.context.now_s
        self._from_a, self._to_a = self.current_a, to_a
        ramp_s = max(ramp_s, abs(to_a - self._from_a) / self.facts.max_slew_a_per_s)
        self._started_s, self._ends_s = now_s, now_s + ramp_s
        self._asked_s = float("-inf")
        return ramp_s

    def ramp(self) -> bool:
        """Ask for the current of this moment; True at the end of the ramp."""
        now_s = self.context.now_s
        if now_s >= self._ends_s:
            self.ask_current(self._to_a)
            return True
        if now_s - self._asked_s >= RAMP_EVERY_S:
            self._asked_s = now_s
            share = (now_s - self._started_s) / (self._ends_s - self._started_s)
            self.ask_current(self._from_a + share * (self._to_a - self._from_a))
        return False

    def watch(self, asked_a: float) -> str:
        """Why the source does not answer to its supply, of which `asked_a` is wanted; empty while it does."""
        context = self.context
        current, voltage = self.supply.current_a.number(), self.supply.voltage_v.number()
        if current is None or voltage is None:
            return ""
        off_a = abs(current - asked_a)
        if off_a <= MISMATCH_A or off_a <= MISMATCH_SHARE * asked_a:
            self._off_since_s = None
            return ""
        if self._off_since_s is None:
            self._off_since_s = context.now_s
        if context.now_s - self._off_since_s < MISMATCH_S:
            return ""
        if voltage > 0.9 * self.facts.max_voltage_v and current < 0.5 * asked_a:
            return f"boat {self.name} is open: {current:.1f} A flow at {voltage:.2f} V, asked {asked_a:.1f} A"
        return f"boat {self.name}: the supply gives {current:.1f} A at {voltage:.2f} V, asked {asked_a:.1f} A"
