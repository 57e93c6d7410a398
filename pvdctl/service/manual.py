"""Outputs set by hand: in Stopped and Idle, one at a time, within the interlocks.

What is refused names the interlock and what would satisfy it. A source's current moves at the sources' slew. Currents
and gas flows go back to zero when nobody is in control any more: a boat that somebody heats by hand is not left alone.
A flow needs its inlet valve open, and ends with it: else gas would wait in the line for the valve to open again.
"""

from collections.abc import Callable

from pvdctl.process.actuators import OPEN
from pvdctl.process.conditions import compile_bits
from pvdctl.process.controller import Controller
from pvdctl.process.interlocks import RuleState
from pvdctl.process.outputs import Output
from pvdctl.process.states import State
from pvdctl.service.call import Turned

UNITS = {"current": "A", "flow": "sccm"}
"""Of outputs that are numbers, by kind."""
BY_HAND = frozenset((State.STOPPED, State.IDLE))
"""States in which no step and no safe state asks for outputs."""


class Manual:
    """What people ask of outputs. For the control thread; `scan` once per scan."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._outputs = controller.outputs
        chamber = controller.context.chamber
        self._rules = [(state, compile_bits([state.bound])) for state in controller.interlocks.states]
        self._goals_a: dict[str, float] = {}
        """Currents on their way, by output."""
        self._last_s = 0.0
        self._slew_a_per_s = {
            f"{supply}.current": min(s.max_slew_a_per_s for s in chamber.sources.values() if s.supply == supply)
            for supply in {s.supply for s in chamber.sources.values()}
        }
        self._inlets = {
            f"{inlet.flow_controller}.flow": inlet
            for inlet in chamber.gases.values()
            if inlet.flow_controller is not None
        }
        """By the output of their flow controller."""
        self._selects = {s.select_output for s in chamber.sources.values() if s.select_output is not None}

    @property
    def possible(self) -> bool:
        """Whether outputs may be set by hand now."""
        return self._controller.unit.state in BY_HAND

    def set(self, name: str, value: float, actor: str, reason: str) -> str:
        """Ask for an output; what was done, in words. Raises Turned."""
        controller = self._controller
        if not self.possible:
            raise Turned(
                "not_now",
                f"{name} is not set: outputs are set by hand in Stopped and Idle, and the unit is in "
                f"{controller.context.state_word}.",
                controller.unit.legal_words(),
            )
        if name not in self._outputs:
            raise Turned("not_found", f"there is no output '{name}'. There are: {', '.join(self._outputs.names())}.")
        output = self._outputs[name]
        if output.kind == "current":
            self._must_be_current(output, value)
        elif output.kind == "flow":
            self._must_be_flow(output, value)
        elif value not in (0.0, 1.0):
            raise Turned("bad_request", f"{name} is 1 (open, on) or 0 (closed, off), found {value:g}.")
        if name in self._selects and not controller.readings.sources_off.number():
            raise Turned("not_now", f"{name} is not set: another boat is selected only with the sources read back off.")
        if value != output.safe:
            self._must_be_allowed(output, value)
        self._goals_a.pop(name, None)
        if output.kind == "current":
            self._goals_a[name] = value
            text = f"{actor}: {name} to {value:g} A at {self._slew_a_per_s[name]:g} A/s"
        else:
            text = f"{actor}: {name} to {value:g}{' sccm' if output.kind == 'flow' else ''} by hand"
        controller.context.emit(
            "command", name, text, actor=actor, old=output.asked, new=value, why=reason,
            unit=UNITS.get(output.kind, ""),
        )  # fmt: skip
        if output.kind != "current":
            output.asked = value
            if output.kind == "supply" and value == 0.0:
                self._zero(name.rpartition(".")[0])
        return text

    def nobody_in_control(self) -> None:
        """The lease has ended: currents set by hand go back to zero."""
        if not self.possible:
            return
        for name in self._slew_a_per_s:
            if self._outputs[name].asked > 0.0:
                self._goals_a[name] = 0.0
                text = f"{name} goes to 0 A: it was set by hand, and nobody is in control any more"
                self._controller.context.emit("note", name, text, actor="system:service", new=0.0, unit="A")
        for name in self._inlets:
            self._no_flow(name, "it was set by hand, and nobody is in control any more")

    def scan(self, now_s: float) -> None:
        """Bring currents nearer to where they were asked."""
        elapsed_s, self._last_s = now_s - self._last_s, now_s
        actuators = self._controller.actuators.by_name
        for name, inlet in self._inlets.items():
            if self._outputs[name].asked > 0.0 and self.possible and not actuators[inlet.valve].output.granted:
                self._no_flow(name, f"{inlet.valve} is closed")
        goals = self._goals_a
        if not goals:
            return
        if not self.possible:
            goals.clear()
            return
        for name, goal_a in list(goals.items()):
            output = self._outputs[name]
            if output.forced_by or output.asked == goal_a:
                del goals[name]  # an interlock has taken it down: it does not come back by itself
                continue
            step_a = self._slew_a_per_s[name] * min(elapsed_s, 1.0)
            off_a = goal_a - output.asked
            step_a = max(-step_a, min(step_a, off_a))
            output.asked = round(output.asked + step_a, 2)

    def unsafe(self) -> list[str]:
        """What was set by hand and must be made safe before the unit goes on, in words."""
        kinds = ("current", "supply", "flow")
        driven = [each for each in self._outputs.all if each.kind in kinds and each.asked != each.safe]
        return [*self._controller.safe.unconfirmed(), *(f"{output.name} at 0" for output in driven)]

    def _zero(self, supply: str) -> None:
        name = f"{supply}.current"
        self._goals_a.pop(name, None)
        self._outputs[name].asked = 0.0

    def _no_flow(self, name: str, why: str) -> None:
        output = self._outputs[name]
        if output.asked > 0.0:
            text = f"{name} goes to 0 sccm: {why}"
            self._controller.context.emit(
                "note", name, text, actor="system:service", old=output.asked, new=0.0, unit="sccm"
            )
            output.asked = 0.0

    def _must_be_flow(self, output: Output, value: float) -> None:
        """Within the controller's range, and only through an open valve."""
        inlet = self._inlets[output.name]
        most_sccm = inlet.max_flow_sccm if inlet.max_flow_sccm is not None else 0.0
        if not 0.0 <= value <= most_sccm:
            raise Turned("bad_request", f"{output.name} takes 0 to {most_sccm:g} sccm, found {value:g} sccm.")
        actuator = self._controller.actuators.by_name[inlet.valve]
        if value and not (actuator.position == OPEN and actuator.output.granted):
            raise Turned(
                "not_now",
                f"{output.name} is not set: {inlet.valve} is not open, and gas would wait in the line before it. "
                "Open it first.",
            )

    def _must_be_current(self, output: Output, value: float) -> None:
        """Within the selected source's limit; where none is read back as selected, the smallest of them."""
        supply = output.name.rpartition(".")[0]
        sources = [(n, s) for n, s in self._controller.context.chamber.sources.items() if s.supply == supply]
        image = self._controller.image
        chosen = [(n, s) for n, s in sources if s.selected_input is not None and image[s.selected_input].number()]
        name, source = min(chosen or sources, key=lambda pair: pair[1].max_current_a)
        if not 0.0 <= value <= source.max_current_a:
            raise Turned(
                "bad_request",
                f"{output.name} takes 0 to {source.max_current_a:g} A (source {name}), found {value:g} A.",
            )

    def _must_be_allowed(self, output: Output, value: float) -> None:
        """Try it, and take it back if a rule is against it."""
        if output.forced_by:
            forcing = [s for s in self._controller.interlocks.tripped if s.rule.name in output.forced_by]
            whys = [f"interlock {state.rule.name}: {state.why}" for state in forcing]
            raise Turned("not_now", f"{output.name} is held safe by {'; '.join(whys)}. {_cure(forcing)}")
        before = output.asked
        output.asked = value
        against = [state for state, violated in self._rules if _counts(state, output) and _judge(violated)]
        whys = [f"interlock {state.rule.name}: {state.bound.why()}" for state in against]
        output.asked = before
        if against:
            raise Turned("not_now", f"{output.name} is not set: {'; '.join(whys)}. {_cure(against)}")


def _counts(state: RuleState, output: Output) -> bool:
    """Whether a rule would act on this output, or on the unit because of it."""
    return output in state.bound.forces or any(s.target is output for s in state.bound.applies_when)


def _judge(violated: Callable[[], int]) -> bool:
    try:
        return bool(violated())
    except TypeError:  # a value that cannot be compared: fails closed, as in a scan
        return True


def _cure(states: list[RuleState]) -> str:
    """What to do about it, in the words of the chamber file."""
    return " ".join(dict.fromkeys(state.rule.response for state in states))
