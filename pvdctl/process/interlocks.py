"""Interlocks: rules that hold whatever a recipe or an operator asks.

An earlier, better explained layer on top of the hardware and the PLC; no safety function. Rules come from the chamber
file, are compiled once, and are judged in every scan. A rule that cannot be judged counts as tripped.
"""

from collections.abc import Callable, Sequence

from pvdctl.chamber.model import Rule
from pvdctl.errors import OperatorError
from pvdctl.process.conditions import BoundRule, compile_bits
from pvdctl.process.image import Image
from pvdctl.process.outputs import Output, Outputs

ACTIONS = ("none", "suspend", "hold", "stop", "abort")
"""What a rule may do to the unit, mildest first. Hold outranks suspend: it can be given in Suspended, not the reverse,
and a person must resume from it."""

_ROUNDING_S = 1e-6
"""Scan times are sums of periods such as 0.1 s; a delay that ends with a scan must not miss it by rounding."""

_NO_ERRORS: dict[int, str] = {}


class RuleState:
    """How one rule stands.

    tripped; since_s: clock seconds of the last change of `tripped` (-inf before the first).
    why: the sentence that explains the trip, as things were when it came; empty while not tripped.
    """

    __slots__ = ("bound", "rule", "since_s", "tripped", "unmet_since_s", "why")

    def __init__(self, bound: BoundRule) -> None:
        self.bound = bound
        self.rule: Rule = bound.rule
        self.tripped = False
        self.since_s = float("-inf")
        self.why = ""
        self.unmet_since_s: float | None = None
        """Since when the requirement is unmet without a trip yet (on-delay); None when it is not."""


class _Group:
    """Rules that are judged at the same moment of a scan."""

    __slots__ = ("alone", "bits", "states", "together", "waiting")

    def __init__(self, states: Sequence[RuleState]) -> None:
        self.states = tuple(states)
        self.together = compile_bits([state.bound for state in states])
        self.alone: tuple[Callable[[], int], ...] = tuple(compile_bits([state.bound]) for state in states)
        self.bits = 0
        self.waiting = False

    def one_by_one(self) -> tuple[int, dict[int, str]]:
        """The bits when judging all together has raised: each rule alone, a raising one violated, with its text."""
        bits = 0
        errors: dict[int, str] = {}
        for index, alone in enumerate(self.alone):
            try:
                bits |= alone() << index
            except Exception as error:
                bits |= 1 << index
                errors[index] = f"{type(error).__name__}: {error}"
        return bits, errors

    def settle(self, bits: int, errors: dict[int, str], now_s: float) -> list[RuleState]:
        """Bring the rules' states in line with `bits`; returns those whose trip came or went."""
        changed = []
        waiting = False
        for index, state in enumerate(self.states):
            if bits >> index & 1:
                if state.tripped:
                    continue
                error = errors.get(index)
                if state.unmet_since_s is None:
                    state.unmet_since_s = now_s
                # No delay for a rule that raises: that is no glitch of a reading that a delay could ride out.
                if error is None and now_s - state.unmet_since_s < state.rule.for_s - _ROUNDING_S:
                    waiting = True
                    continue
                state.tripped, state.since_s, state.why = True, now_s, _explain(state, error)
                changed.append(state)
            else:
                state.unmet_since_s = None
                if state.tripped:
                    state.tripped, state.since_s, state.why = False, now_s, ""
                    changed.append(state)
        self.bits, self.waiting = bits, waiting
        return changed


class Interlocks:
    """All rules of a chamber, with what they force and what they want of the unit.

    states: one per rule, in the file's order. acting: a tripped rule wants something of the unit. changed: those that
    the last `evaluate` or `permit` that returned True found newly tripped or cleared. Raises OperatorError, naming rule
    and fault, for a rule that cannot be meant.
    """

    __slots__ = ("_asking", "_first_out", "_forced", "_standing", "_worst", "acting", "changed", "states")

    def __init__(self, rules: Sequence[Rule], image: Image, outputs: Outputs) -> None:
        self.states = tuple(RuleState(BoundRule(rule, image, outputs)) for rule in rules)
        names = [rule.name for rule in rules]
        for name in names:
            if names.count(name) > 1:
                raise OperatorError(
                    f"interlock '{name}': {names.count(name)} rules have this name. Rename all but one."
                )
        self._standing = _Group([state for state in self.states if not state.bound.asks])
        self._asking = _Group([state for state in self.states if state.bound.asks])
        forced: dict[str, tuple[Output, list[RuleState]]] = {}
        for state in self.states:
            for output in state.bound.forces:
                forced.setdefault(output.name, (output, []))[1].append(state)
        self._forced = tuple(forced.values())
        self._worst: tuple[str, RuleState | None] = ("none", None)
        self.acting = False
        self._first_out: tuple[RuleState, ...] = ()
        self.changed: list[RuleState] = []

    def evaluate(self, now_s: float) -> bool:
        """Judge the rules about readings; True if any trip came or went. Once per scan, after the image is taken.

        Never raises: a rule that cannot be judged is tripped.
        """
        return self._judge(self._standing, now_s)

    def permit(self, now_s: float) -> bool:
        """Judge the rules about what is asked; True if any trip came or went.

        After the phases have asked, before outputs are granted. Never raises.
        """
        return self._judge(self._asking, now_s)

    @property
    def tripped(self) -> list[RuleState]:
        """The rules tripped now, in the file's order."""
        return [state for state in self.states if state.tripped]

    @property
    def first_out(self) -> RuleState | None:
        """The first rule that tripped since nothing was, or since `reset_first_out`; kept when all has cleared.

        Among rules of one scan, whose true order is not known here, the one with the gravest action, then the
        first of the file; see `first_out_scan`.
        """
        return self._first_out[0] if self._first_out else None

    @property
    def first_out_scan(self) -> tuple[RuleState, ...]:
        """All rules that tripped in the scan of `first_out`, itself first: any of them may have been the cause."""
        return self._first_out

    def reset_first_out(self) -> None:
        """Forget the first-out mark; the next trip gets it, even if older trips are still standing."""
        self._first_out = ()

    def worst_action(self) -> tuple[str, RuleState | None]:
        """The gravest action that a tripped rule wants of the unit, and that rule; `("none", None)` if there is none.

        Of several rules with the same action, the one that tripped first.
        """
        return self._worst

    def _judge(self, group: _Group, now_s: float) -> bool:
        errors = _NO_ERRORS
        together = group.together
        try:
            bits = together()
        except Exception:
            # Whatever it was: it comes again in one_by_one, where it is caught for its own rule and becomes its `why`.
            bits, errors = group.one_by_one()
        if bits == group.bits and not group.waiting:
            return False
        was_clear = not any(state.tripped for state in self.states)
        changed = group.settle(bits, errors, now_s)
        if not changed:
            return False
        self.changed = changed
        self._mark_first_out([state for state in changed if state.tripped], was_clear, now_s)
        for output, states in self._forced:
            output.forced_by = tuple(state.rule.name for state in states if state.tripped)
        acting = [state for state in self.states if state.tripped and state.rule.action != "none"]
        worst = max(acting, key=lambda state: (ACTIONS.index(state.rule.action), -state.since_s), default=None)
        self._worst = ("none", None) if worst is None else (worst.rule.action, worst)
        self.acting = worst is not None
        return True

    def _mark_first_out(self, fresh: list[RuleState], was_clear: bool, now_s: float) -> None:
        if not fresh:
            return
        same_scan = [state for state in self._first_out if state.tripped and state.since_s == now_s]
        if was_clear or not self._first_out:
            found = fresh
        elif same_scan:
            found = [*same_scan, *fresh]
        else:
            return
        self._first_out = tuple(sorted(found, key=lambda state: -ACTIONS.index(state.rule.action)))


def _explain(state: RuleState, error: str | None) -> str:
    try:
        sentence = state.bound.why()
    except Exception as second:
        return f"it cannot be evaluated: {error or f'{type(second).__name__}: {second}'}"
    return f"{sentence or 'it cannot be evaluated'} [{error}]" if error is not None else sentence
