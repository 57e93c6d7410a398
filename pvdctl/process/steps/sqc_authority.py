"""Rate control by the deposition controller itself: pvdctl writes the layer, starts and stops it, and watches.

The controller drives the source through its own analogue output; pvdctl never programmes a current here (its switching
off sends a current of zero as well, which a supply programmed by voltage has no use for). It switches the supply's
output on and off, opens and closes shutters, counts the film and ends the layer by stopping the
controller. The layer waits in soak hold until the source shutter is open, so that the controller's loop never winds up
against a closed shutter. (SQC-310: 074-550-P1B p. 83-84, p. 97; manual power, S, puts all its outputs in manual,
074-550-P1C p. 114, so it is not used here and ends the layer if somebody else uses it.)
"""

from pvdctl.chamber.model import Film
from pvdctl.errors import Bug
from pvdctl.instrument.poll import FAILED, Act
from pvdctl.instrument.roles import ControlledLayer
from pvdctl.instrument.tag import GOOD
from pvdctl.process.context import Context
from pvdctl.process.steps.authority import Trouble
from pvdctl.process.steps.layer import Layer
from pvdctl.process.steps.source import PoweredSource
from pvdctl.process.steps.sqc_watch import ANSWER_S, SqcWatch
from pvdctl.recipe.model import Deposit

CONDITIONING = frozenset(("ramp 1", "soak 1", "ramp 2", "soak 2"))
AT_RATE = frozenset(("soak hold", "shutter delay", "control delay", "deposit", "rate ramp"))
"""Phases in which the source has been conditioned: the source shutter belongs open."""
IDLE = frozenset(("stopped", "stop layer"))
STOP_S = 10.0
"""Longest time from the order to stop until it is read back; five times what a reading may be old. A choice."""
SPARE_SHARE = 1.2
SPARE_S = 60.0
"""The controller's own final thickness lies beyond what it will have counted when pvdctl ends the layer: the film with
a fifth to spare, and what comes while the rate is qualified, a minute longer than that may take. Choices."""


class SqcAuthority:
    """Lets the monitor heat the source. See `authority.RateAuthority`."""

    def __init__(self, context: Context, film: Film, source: PoweredSource, layer: Layer, step: Deposit) -> None:
        controller = context.equipment.rate_controller
        program, terms = source.facts.program, film.monitor_control
        if controller is None or program is None or terms is None:
            raise Bug(f"layer {step.name} was to be controlled by the monitor without being set up for it")
        self._context = context
        self._film = film
        self._source = source
        self._layer = layer
        self._step = step
        self._terms = terms
        self._controller = controller
        self._percent_per_a = 100.0 / program.full_scale_a
        self._power = controller.power_percent[program.output]
        self._watch = SqcWatch(context, source, program, controller, step)
        self._waits_to_start = False
        self._running: Act | None = None
        self._released: Act | None = None
        self._stopping: Act | None = None
        self._told_s = 0.0

    @property
    def current_a(self) -> float:
        """Measured at the supply; 0 while it cannot be read."""
        return self._source.supply.current_a.number() or 0.0

    @property
    def at_limit(self) -> bool:
        """The output is at the most power set for the source, to within its display's step of 0.1 %."""
        power = self._power.number()
        return power is not None and power >= self._source.facts.max_current_a * self._percent_per_a - 0.1

    @property
    def recounts(self) -> bool:
        """Each start of a layer sets the unit's thickness to zero."""
        return True

    # --- before ---------------------------------------------------------------------------------------------------
    def prepare(self) -> list[Act]:
        """Film and layer written while stopped; after a hold the layer still stands stopped and is left as it is."""
        controller, film, supply = self._controller, self._film, self._source.supply
        limit = supply.set_voltage_limit(self._source.facts.max_voltage_v)
        self._waits_to_start = self._running is not None and self._controller.phase.value == "stop layer"
        if self._waits_to_start:
            return [limit, controller.hold_soak(True)]
        self._context.emit(
            "note",
            self._step.name,
            "the monitor controls the rate of this layer and drives the source; most power "
            f"{self._source.facts.max_current_a * self._percent_per_a:.1f} % and slew "
            f"{self._source.facts.max_slew_a_per_s * self._percent_per_a:.1f} %/s must be set at the unit, they cannot "
            "be written or read back; manual power (S) for any of its outputs would put all of them in manual",
        )
        return [
            limit,
            controller.stop_process(),
            controller.set_film(film.monitor_slot, film.density_g_per_cm3, film.z_factor, film.tooling_percent),
            controller.set_layer(film.monitor_slot, self._controlled_layer()),
            controller.hold_soak(True),
        ]

    def _controlled_layer(self) -> ControlledLayer:
        step, terms, conditioning = self._step, self._terms, self._source.facts.conditioning
        left_nm = step.thickness_nm - self._layer.count.total_nm
        return ControlledLayer(
            rate_nm_per_s=step.rate_nm_per_s,
            final_thickness_nm=SPARE_SHARE * left_nm + step.rate_nm_per_s * (step.qualify_within_s + SPARE_S),
            p_term=terms.p_term,
            i_term_s=terms.i_term_s,
            d_term_s=terms.d_term_s,
            ramp_1_percent=conditioning.ramp_1_to_a * self._percent_per_a,
            ramp_1_s=conditioning.ramp_1_s,
            soak_1_s=conditioning.soak_1_s,
            ramp_2_percent=conditioning.ramp_2_to_a * self._percent_per_a,
            ramp_2_s=conditioning.ramp_2_s,
            soak_2_s=conditioning.soak_2_s,
            control_error=terms.control_error,
            control_error_percent=terms.control_error_beyond_percent,
        )

    def energise(self) -> str:
        """Supply output on, once the monitor's output is read back without power."""
        phase, power = self._controller.phase, self._power
        if phase.quality != GOOD or phase.value not in IDLE:
            return f"the monitor to stop (it says {phase})"
        if power.number() != 0.0:
            return f"the monitor's output to be without power (it says {power})"
        return "" if self._source.energise() else f"the supply for {self._source.name} to be read back on"

    # --- phases ---------------------------------------------------------------------------------------------------
    def start(self, *, again: bool, good_a: float) -> None:
        """Start the process, or after a hold the layer that was stopped: from ramp 1 in either case."""
        controller = self._controller
        self._running = controller.start_layer() if self._waits_to_start else controller.start_process()
        self._released = self._stopping = None
        self._watch.start(self._running)
        self._context.set_phase("ramp 1", "by the monitor" + (", again after a hold" if again else ""))

    def condition(self, phase: str) -> bool:
        """Follow the monitor's phases; it waits in soak hold until it is released."""
        context, word = self._context, self._controller.phase
        if word.quality != GOOD:
            return False
        if word.value in CONDITIONING and word.value != phase and self._watch.under_way:
            context.set_phase(str(word.value), "by the monitor")
        return word.value in AT_RATE and self._watch.under_way

    def take_over(self) -> None:
        """The shutter opens; the loop is let go with the first rate that counts."""

    def step(self, target_nm_per_s: float, rate_nm_per_s: float, elapsed_s: float) -> None:
        """Once: let the layer go on from soak hold into deposit. What follows is the monitor's."""
        released = self._released
        if released is None or released.state == FAILED:
            self._released = released = self._controller.hold_soak(False)
            self._watch.release(released)

    def go_on(self, reaction: str, current_a: float) -> str:
        """The monitor decides what its crystal's failure means; timed power is possible if it is in it already."""
        if reaction == "timed_power" and self._controller.phase.value == "timed power":
            return ""
        return "the monitor steers by its own crystal, and what it does without one is set at the unit"

    def watch(self) -> Trouble | None:
        """Phase, power and deviation of the monitor; whether supply and boat follow its output."""
        return self._watch.judge()

    # --- the end --------------------------------------------------------------------------------------------------
    def stop(self) -> None:
        """The film is thick enough: stop the process. The supply goes off at once, whatever the monitor does."""
        self._stopping = self._controller.stop_process()
        self._told_s = self._context.now_s
        self._context.ask(f"{self._source.facts.supply}.output", 0.0, "layer done")

    def stopped(self) -> bool:
        """Read back stopped and without power; a stop that failed is asked again, and one not seen holds the unit."""
        context, phase, power = self._context, self._controller.phase, self._power
        if phase.quality == GOOD and phase.value in IDLE and power.number() == 0.0:
            return True
        stopping = self._stopping
        if stopping is not None and stopping.state == FAILED and context.now_s - stopping.done_s > ANSWER_S:
            self._stopping = self._controller.stop_process()
        if context.now_s - self._told_s > STOP_S:
            self._told_s = context.now_s
            text = f"the monitor was told to stop {STOP_S:g} s ago and is not read back stopped: {phase}, {power}"
            context.trouble("lost_reading", "hold", text)
        return False

    def leave(self) -> None:
        """Stop the layer, and switch the output off: the source has no standby under the monitor's control."""
        if self._running is not None and self._stopping is None:
            self._controller.stop_layer()
        self._context.ask(f"{self._source.facts.supply}.output", 0.0, "the monitor's layer is stopped")
