"""Rate control by pvdctl itself, on the supply's current: conditioning ramps, then PI on ln(rate)."""

from pvdctl.chamber.model import Film
from pvdctl.instrument.poll import Act
from pvdctl.process.context import Context
from pvdctl.process.rate_control import RateControl
from pvdctl.process.steps.authority import Trouble
from pvdctl.process.steps.source import PoweredSource


class HostAuthority:
    """Asks for the current in every phase. See `authority.RateAuthority`."""

    def __init__(self, context: Context, film: Film, source: PoweredSource) -> None:
        self._context = context
        self._film = film
        self._source = source
        facts = source.facts
        self._conditioning = facts.conditioning
        self._control = RateControl(film.control, facts.max_current_a, facts.max_slew_a_per_s)

    @property
    def current_a(self) -> float:
        """Asked of the supply now."""
        return self._source.current_a

    @property
    def at_limit(self) -> bool:
        """The current sits at the source's maximum."""
        return self._control.at_limit

    def prepare(self) -> list[Act]:
        """Monitor told the film, voltage limit for this boat."""
        film, monitor = self._film, self._context.equipment.monitor
        return [
            monitor.set_film(film.monitor_slot, film.density_g_per_cm3, film.z_factor, film.tooling_percent),
            self._source.supply.set_voltage_limit(self._source.facts.max_voltage_v),
        ]

    @property
    def recounts(self) -> bool:
        """The display goes on counting."""
        return False

    def energise(self) -> str:
        """Contactor and output on at zero current."""
        return "" if self._source.energise() else f"the supply for {self._source.name} to be read back on"

    def start(self, *, again: bool, good_a: float) -> None:
        """Ramp 1 on a fresh start; after a hold straight to ramp 2, towards the current that was good."""
        conditioning = self._conditioning
        if again:
            to_a = good_a or conditioning.ramp_2_to_a
            self._source.start_ramp(to_a, conditioning.ramp_2_s)
            self._context.set_phase("ramp 2", f"to {to_a:.1f} A, again after a hold")
        else:
            self._source.start_ramp(conditioning.ramp_1_to_a, conditioning.ramp_1_s)
            self._context.set_phase("ramp 1", f"to {conditioning.ramp_1_to_a:g} A")

    def condition(self, phase: str) -> bool:
        """Ramp 1, soak 1, ramp 2, soak 2."""
        context, conditioning = self._context, self._conditioning
        in_phase_s = context.now_s - context.phase_since_s
        if phase == "ramp 1":
            if self._source.ramp():
                context.set_phase("soak 1")
        elif phase == "soak 1":
            if in_phase_s >= conditioning.soak_1_s:
                self._source.start_ramp(conditioning.ramp_2_to_a, conditioning.ramp_2_s)
                context.set_phase("ramp 2", f"to {conditioning.ramp_2_to_a:g} A")
        elif phase == "ramp 2":
            if self._source.ramp():
                context.set_phase("soak 2")
        else:
            return in_phase_s >= conditioning.soak_2_s
        return False

    def take_over(self) -> None:
        """The loop starts at the present current."""
        self._control.start(self._source.current_a)

    def step(self, target_nm_per_s: float, rate_nm_per_s: float, elapsed_s: float) -> None:
        """One step of the loop."""
        self._source.ask_current(self._control.step(target_nm_per_s, rate_nm_per_s, elapsed_s))

    def go_on(self, reaction: str, current_a: float) -> str:
        """Always possible: current and crystal are ours to choose."""
        if reaction == "timed_power":
            self._source.ask_current(current_a)
        return ""

    def watch(self) -> Trouble | None:
        """Whether supply and boat follow."""
        text = self._source.watch(self._source.granted_a)
        if not text:
            return None
        return Trouble("boat_open" if "open" in text else "supply_mismatch", "stop", text)

    def stop(self) -> None:
        """Ramp to zero at the source's slew."""
        self._source.start_ramp(0.0, 0.0)

    def stopped(self) -> bool:
        """One scan of that ramp."""
        return self._source.ramp()

    def leave(self) -> None:
        """Nothing of its own is running: the unit ramps the current it finds."""
