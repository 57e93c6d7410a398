"""What the unit does in each of its states: outputs asked, and the read-back that ends the state.

Outputs of hold, suspend, stop and abort: IEC 60204-1 stop categories 2, 2, 1 and 0 applied to an evaporator. Hold
closes the shutters first and brings the source to standby; stop ramps it to zero; abort switches it off at once.
"""

from typing import TYPE_CHECKING, Any

from pvdctl.errors import OperatorError, RecordError
from pvdctl.instrument.tag import GOOD
from pvdctl.process.states import ON_TIME_LIMIT, Command, State
from pvdctl.process.steps.build import build_step
from pvdctl.process.steps.deposit import RunningDeposit
from pvdctl.process.timing import HOLD_GRACE_S, LIMIT_S

if TYPE_CHECKING:
    from pvdctl.process.controller import Controller

RUN_ENDS_IN = {State.COMPLETE: "Complete", State.STOPPED: "Stopped", State.ABORTED: "Aborted"}
LEAVES = frozenset((State.HOLDING, State.SUSPENDING, State.STOPPING, State.ABORTING))


def word(state: State) -> str:
    """`HELD` -> `Held`."""
    return state.name.capitalize()


class UnitWork:
    """The acting and resting states of one controller's unit."""

    def __init__(self, controller: "Controller") -> None:
        self._controller = controller
        self._context = controller.context
        self._safe = controller.safe
        self._acts = {
            State.ABORTED: self._aborted,
            State.CLEARING: self._clearing,
            State.RESETTING: self._resetting,
            State.STARTING: self._starting,
            State.EXECUTE: self._execute,
            State.COMPLETING: self._completing,
            State.HOLDING: self._holding,
            State.HELD: self._held,
            State.UNHOLDING: self._unholding,
            State.SUSPENDING: self._holding,
            State.SUSPENDED: self._suspended,
            State.UNSUSPENDING: self._unholding,
            State.STOPPING: self._stopping,
            State.ABORTING: self._aborting,
        }
        self._late = False
        self._dwell_alarm_s: float | None = None
        self._rearm_s = float("-inf")

    def scan(self) -> None:
        """One scan in the present state."""
        controller = self._controller
        if not controller.adopted:
            self._adopt()
        act = self._acts.get(controller.unit.state)
        if act is not None:
            act()
        state = controller.unit.state
        limit_s = LIMIT_S.get(state)
        if limit_s is not None and self._context.now_s - controller.unit.since_s > limit_s and not self._late:
            self._expired(state, limit_s)

    def entered(self, old: State, reason: str) -> None:
        """The unit has just changed its state."""
        controller, context = self._controller, self._context
        state = controller.unit.state
        self._late = False
        self._dwell_alarm_s = None
        context.state_word = word(state)
        context.emit("state", "unit", f"{word(old)} -> {word(state)}", old=word(old), new=word(state), why=reason)
        if old is State.EXECUTE and state in LEAVES and controller.step is not None:
            controller.step.leave()
        if state in LEAVES:
            context.question = None
            self._acts[state]()  # outputs are asked in the scan that decided, not one later
        if state is State.EXECUTE:
            self._enter_execute(old)
        elif controller.running and state in RUN_ENDS_IN:
            self.end_run(RUN_ENDS_IN[state], controller.reason if state is not State.COMPLETE else "recipe done")

    # --- start of the program -------------------------------------------------------------------------------------
    def _adopt(self) -> None:
        """Take pumps, valves and gauges as they are found: starting the host must not slam a gate or stop a turbo.

        Shutters, gas and sources are not adopted: they start safe.
        """
        controller, context = self._controller, self._context
        equipment, outputs = controller.equipment, controller.outputs
        found = equipment.io.outputs
        running, ion = equipment.turbo.running, controller.readings.ion_gauge_on
        if any(tag.quality != GOOD for tag in found.values()) or running.quality != GOOD or ion.value is None:
            return
        chamber = context.chamber
        vacuum = chamber.vacuum
        keep = {vacuum.rough_valve, vacuum.fore_valve, vacuum.gate_valve, vacuum.roughing_pump_output}
        keep |= {s.select_output for s in chamber.sources.values() if s.select_output is not None}
        driven = {a.output: name for name, a in chamber.actuators.items()}
        for name, tag in found.items():
            output = driven.get(name, name)
            if output in keep and tag.value:
                outputs.ask(output, 1.0)
        controller.writer.adopt(f"{vacuum.turbo}.run", 1.0 if running.value else 0.0)
        for name, gauge in chamber.gauges.items():
            if gauge.ion:
                controller.writer.adopt(f"{name}.on", 1.0 if ion.value else 0.0)
        controller.adopted = True
        taken = ", ".join(o.name for o in outputs.all if o.asked) or "nothing is on or open"
        context.emit("note", "unit", f"chamber found: {taken}", data={"instruments": equipment.identities()})

    # --- states ---------------------------------------------------------------------------------------------------
    def _aborted(self) -> None:
        self._safe.all_safe("aborted")

    def _clearing(self) -> None:
        controller, context = self._controller, self._context
        self._safe.all_safe("clear")
        watchdog = controller.readings.watchdog_tripped
        tripped = watchdog.quality == GOOD and watchdog.value
        # A trip found at the start is told by its rule first: re-armed before that, nobody would hear of it.
        if tripped and controller.judging and context.now_s - self._rearm_s > 1.0:
            self._rearm_s = context.now_s
            controller.equipment.io.rearm()
            context.emit("output", "watchdog", "PLC watchdog re-armed")
        if not self._not_clear():
            controller.complete()

    def _not_clear(self) -> list[str]:
        """What Clear is still waiting for."""
        controller = self._controller
        missing = []
        if not controller.adopted:
            missing.append("the PLC's outputs and the pumps read for the first time")
        watchdog = controller.readings.watchdog_tripped
        # Read since Clear began: it may have tripped just before our first beat, and the last reading not tell yet.
        told_s = controller.equipment.io.watchdog_tripped.at_s
        if watchdog.quality != GOOD or watchdog.value or told_s < controller.unit.since_s:
            missing.append("the PLC's watchdog armed")
        missing += [rule.why for rule in controller.interlocks.tripped if rule.rule.action == "abort"]
        return missing + self._safe.unconfirmed()

    def _resetting(self) -> None:
        controller, context = self._controller, self._context
        context.clear_alarms()
        controller.interlocks.reset_first_out()
        controller.alarms.reset("system:reset", context.now_s)
        controller.step = None
        controller.reason = ""
        if not self._safe.unconfirmed():
            controller.complete()

    def _starting(self) -> None:
        """Open the run's record; then everything must be readable."""
        controller, context = self._controller, self._context
        if not controller.running:
            assert controller.order is not None
            context.start_run()
            try:
                controller.order.begin(controller.sampling.columns)
            except RecordError as error:
                controller.record_failed(error)
                return
            controller.running = True
            controller.ended = None
        if not self._not_ready():
            controller.complete()

    def _not_ready(self) -> list[str]:
        """Readings that are missing for a start or a resumption."""
        readings = self._controller.readings
        wanted = [readings.chamber_pressure, readings.turbo_percent, readings.source_current]
        return [f"{tag.name} ({tag.why})" for tag in wanted if tag.quality != GOOD]

    def _enter_execute(self, old: State) -> None:
        controller, context = self._controller, self._context
        if controller.step is None:
            context.step_index = 0
            self._next_step()
        elif old in (State.UNHOLDING, State.UNSUSPENDING):
            context.clear_alarms()
            controller.step.resume()

    def _next_step(self) -> bool:
        """Begin the next step of the recipe; False when there is none."""
        controller, context = self._controller, self._context
        assert controller.order is not None
        steps = controller.order.recipe.steps
        if context.step_index >= len(steps):
            return False
        model = steps[context.step_index]
        context.step_index += 1
        context.step_name = model.name
        context.phase = ""
        context.emit(
            "step", model.name, f"step {context.step_index} of {len(steps)}: {model.do}", new=context.step_index
        )
        controller.step = build_step(context, model)
        controller.step.begin()
        return True

    def _execute(self) -> None:
        controller, context = self._controller, self._context
        step = controller.step
        assert step is not None
        try:
            if step.scan():
                step.finish("complete")
                context.emit("step", step.name, "done")
                if not self._next_step():
                    controller.complete()
        except OperatorError as error:  # a driver or the plan refuses what the step asks for: the loop must live on
            text = f"step {context.step_name} ({step.kind}, phase {context.phase}): {error}"
            context.trouble("step_refused", "hold", text)

    def _completing(self) -> None:
        self._safe.close_shutters("recipe done")
        self._safe.close_gas("recipe done")
        self._safe.ramp_off("recipe done")
        if not self._safe.unconfirmed():
            self._controller.complete()

    def _holding(self) -> None:
        """Shutters first; gas closed; the source to standby."""
        controller, safe = self._controller, self._safe
        safe.close_shutters("hold")
        safe.close_gas("hold")
        there = safe.ramp_sources(self._standby_a())
        if there and not safe.unconfirmed(sources_off=False) and self._current_follows():
            controller.complete(controller.reason)

    def _standby_a(self) -> float:
        """Standby current of the source in use, 0 if none is."""
        step = self._controller.step
        return step.source.facts.standby_current_a if isinstance(step, RunningDeposit) else 0.0

    def _current_follows(self) -> bool:
        """The measured current is no higher than asked, within the limit that counts as off."""
        context = self._context
        measured = self._controller.readings.source_current.number()
        asked_a = max(context.outputs[f"{name}.current"].granted for name in context.equipment.supplies)
        return measured is not None and measured <= asked_a + context.chamber.limits.source_off_current_a

    def _held(self) -> None:
        self._dwell()

    def _suspended(self) -> None:
        """An outside cause: back by itself if the recipe allows and it was short; else a hold."""
        controller, context = self._controller, self._context
        self._dwell()
        assert controller.order is not None
        allowed_s = controller.order.recipe.auto_resume_within_s
        blocking = [s for s in controller.interlocks.tripped if s.rule.action != "none"]
        cause = controller.suspended_by.bound.still() if controller.suspended_by is not None else ""
        waited_s = context.now_s - controller.unit.since_s
        if waited_s > allowed_s:
            controller.do("hold", f"suspended for {waited_s:.0f} s: {controller.reason}", "system:process")
        elif not blocking and not cause:
            controller.command(Command.UNSUSPEND, "system:process", "the outside cause has gone")

    def _dwell(self) -> None:
        """Not hot for ever: an alarm, then the recipe's choice."""
        controller, context = self._controller, self._context
        step = controller.step
        if not isinstance(step, RunningDeposit) or controller.readings.sources_off.value:
            return
        held_s = context.now_s - controller.unit.since_s
        limit_s = step.source.facts.max_hold_s
        if held_s > limit_s and self._dwell_alarm_s is None:
            self._dwell_alarm_s = context.now_s
            context.alarm("hold_too_long", f"{step.source.name} has been at standby for {held_s:.0f} s; "
                          f"{limit_s:.0f} s are allowed")  # fmt: skip
        assert controller.order is not None
        if (
            self._dwell_alarm_s is not None
            and context.now_s - self._dwell_alarm_s > HOLD_GRACE_S
            and controller.order.recipe.after_hold_too_long == "stop"
        ):
            controller.do("stop", f"{step.source.name} was held hot for more than {limit_s:.0f} s", "system:process")

    def _unholding(self) -> None:
        """Execute again only on what is read now: it may have changed during the hold."""
        if not self._not_ready() and not self._safe.unconfirmed(sources_off=False):
            self._controller.complete("resumed")

    def _stopping(self) -> None:
        safe = self._safe
        safe.close_shutters("stop")
        safe.close_gas("stop")
        safe.ramp_off("stop")
        if not safe.unconfirmed():
            self._controller.complete(self._controller.reason)

    def _aborting(self) -> None:
        """Everything at once. Sources must be read back off; an actuator may instead have failed, with its alarm."""
        controller, context, safe = self._controller, self._context, self._safe
        safe.all_safe("abort")
        if controller.readings.chamber_pressure.quality != GOOD:
            context.ask(context.chamber.vacuum.gate_valve, 0.0, "the vacuum is not known")
        if not controller.readings.sources_off.value:
            return
        missing = safe.unconfirmed()
        if not missing:
            controller.complete(controller.reason)
        elif safe.given_up():
            context.alarm("safe_state_not_confirmed", f"aborted, but not read back: {', '.join(missing)}")
            controller.complete(controller.reason)

    def _expired(self, state: State, limit_s: float) -> None:
        """An acting state has taken too long."""
        controller, context = self._controller, self._context
        self._late = True
        missing = self._safe.unconfirmed(sources_off=state not in (State.HOLDING, State.SUSPENDING))
        if state is State.CLEARING:
            missing = self._not_clear()
        elif state in (State.STARTING, State.UNHOLDING, State.UNSUSPENDING):
            missing = self._not_ready()
        text = (
            f"{word(state)} is not done after {limit_s:g} s; waiting for: {', '.join(missing) or 'current to follow'}"
        )
        if state is State.ABORTING:
            context.alarm("safe_state_not_confirmed", text)
            return
        context.alarm("step_deadline", text)
        controller.command(ON_TIME_LIMIT[state], "system:process", text)

    # --- end of a run ---------------------------------------------------------------------------------------------
    def end_run(self, end_state: str, reason: str) -> None:
        """Close the run's record: partial layer and exposure included. Also for a run that nobody will resume."""
        controller, context = self._controller, self._context
        if not controller.running or controller.order is None:
            return
        if controller.step is not None:
            controller.step.finish(end_state.lower())
        context.end_exposure()
        result: dict[str, Any] = {"layers": context.layers, "exposures": context.exposures}
        controller.ended = (end_state, reason)
        controller.running = False
        try:
            controller.flush()  # what has happened up to now belongs to the run
            controller.order.end(end_state, reason, result)
        except RecordError as error:
            controller.record_failed(error)
