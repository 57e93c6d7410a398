"""The unit: refusals explain and change nothing, abort is never lost, and what it does is what the table says."""

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pvdctl.errors import Bug, Refused
from pvdctl.process.states import ACTING, RESTING, STATE_COMPLETE, TRANSITIONS, Command, State
from pvdctl.process.unit import Unit, diagram

WAY: dict[State, list[Command | None]] = {
    State.ABORTED: [],
    State.CLEARING: [Command.CLEAR],
    State.ABORTING: [Command.CLEAR, Command.ABORT],
    State.STOPPED: [Command.CLEAR, None],
    State.RESETTING: [Command.CLEAR, None, Command.RESET],
    State.IDLE: [Command.CLEAR, None, Command.RESET, None],
    State.STOPPING: [Command.CLEAR, None, Command.RESET, None, Command.STOP],
    State.STARTING: [Command.CLEAR, None, Command.RESET, None, Command.START],
    State.EXECUTE: [Command.CLEAR, None, Command.RESET, None, Command.START, None],
}
"""How to get there from the first state; None stands for state complete."""
WAY[State.HOLDING] = [*WAY[State.EXECUTE], Command.HOLD]
WAY[State.HELD] = [*WAY[State.HOLDING], None]
WAY[State.UNHOLDING] = [*WAY[State.HELD], Command.UNHOLD]
WAY[State.SUSPENDING] = [*WAY[State.EXECUTE], Command.SUSPEND]
WAY[State.SUSPENDED] = [*WAY[State.SUSPENDING], None]
WAY[State.UNSUSPENDING] = [*WAY[State.SUSPENDED], Command.UNSUSPEND]
WAY[State.COMPLETING] = [*WAY[State.EXECUTE], None]
WAY[State.COMPLETE] = [*WAY[State.COMPLETING], None]


def unit_in(state: State) -> Unit:
    unit = Unit(0.0)
    for word in WAY[state]:
        if word is None:
            unit.complete(1.0)
        else:
            unit.command(word, 1.0)
    assert unit.state is state
    return unit


def snapshot(unit: Unit) -> tuple[State, State, float, int]:
    return unit.state, unit.previous, unit.since_s, unit.enter_count


def test_first_state_is_aborted() -> None:
    unit = Unit(17.5)
    assert snapshot(unit) == (State.ABORTED, State.ABORTED, 17.5, 0)


@pytest.mark.parametrize("here", list(State))
@pytest.mark.parametrize("word", list(Command))
def test_all_pairs_on_the_machine_itself(here: State, word: Command) -> None:
    unit = unit_in(here)
    before = snapshot(unit)
    to = TRANSITIONS.get((here, word))
    if to is not None:
        assert unit.command(word, 9.0) is to
        assert snapshot(unit) == (to, here, 9.0, before[3] + 1)
    elif word is Command.ABORT:
        assert unit.command(word, 9.0) is here
        assert snapshot(unit) == before
    else:
        with pytest.raises(Refused) as refusal:
            unit.command(word, 9.0)
        assert snapshot(unit) == before
        assert here.name.capitalize() in refusal.value.reason
        assert refusal.value.legal == unit.legal_words()


@pytest.mark.parametrize("here", sorted(ACTING))
def test_acting_states_complete(here: State) -> None:
    unit = unit_in(here)
    assert unit.complete(9.0) is STATE_COMPLETE[here]
    assert unit.state is STATE_COMPLETE[here]
    assert unit.previous is here
    assert unit.since_s == 9.0


@pytest.mark.parametrize("here", sorted(RESTING))
def test_resting_states_have_nothing_to_complete(here: State) -> None:
    unit = unit_in(here)
    before = snapshot(unit)
    with pytest.raises(Bug, match=here.name.capitalize()):
        unit.complete(9.0)
    assert snapshot(unit) == before


def test_a_refusal_says_why_and_what_is_possible() -> None:
    unit = unit_in(State.HELD)
    with pytest.raises(Refused) as refusal:
        unit.command(Command.START, 9.0)
    assert str(refusal.value) == (
        "start refused: the unit is in Held; start is taken in Idle. You can: stop, unhold, abort, complete."
    )


@pytest.mark.parametrize("here", list(State))
def test_abort_ends_in_aborted_from_everywhere(here: State) -> None:
    unit = unit_in(here)
    unit.command(Command.ABORT, 2.0)
    unit.command(Command.ABORT, 3.0)
    if unit.state is not State.ABORTED:
        unit.complete(4.0)
    assert unit.state is State.ABORTED


def test_the_library_knows_no_way_but_the_table_s() -> None:
    events = Unit()._machine.events
    assert set(events) == {word.name for word in Command} | {"state_complete"}
    ways = sum(len(transitions) for event in events.values() for transitions in event.transitions.values())
    assert ways == 43 + 11


def test_two_units_do_not_share_a_state() -> None:
    one, other = Unit(), Unit()
    one.command(Command.CLEAR, 1.0)
    assert other.state is State.ABORTED


def test_a_library_that_strays_from_the_table_is_a_bug() -> None:
    unit = Unit()
    unit._place.state = State.HOLDING  # as only a mistake in this program could
    unit.state = State.UNHOLDING
    with pytest.raises(Bug, match="the table says Holding"):
        unit._go("STOP", State.HOLDING, 1.0)
    assert unit.state is State.UNHOLDING


class Walk(RuleBasedStateMachine):
    """Any sequence of commands and completions, beside a model that is the bare table."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = Unit(0.0)
        self.state = State.ABORTED
        self.entered = 0
        self.now_s = 0.0
        self.since_s = 0.0

    def _arrive(self, to: State) -> None:
        self.state, self.since_s = to, self.now_s
        self.entered += 1

    @rule(word=st.sampled_from(Command), later_s=st.floats(0.0, 1e4))
    def command(self, word: Command, later_s: float) -> None:
        self.now_s += later_s
        to = TRANSITIONS.get((self.state, word))
        if to is not None:
            self.unit.command(word, self.now_s)
            self._arrive(to)
        elif word is Command.ABORT:
            assert self.unit.command(word, self.now_s) is self.state
        else:
            with pytest.raises(Refused):
                self.unit.command(word, self.now_s)

    @rule(later_s=st.floats(0.0, 1e4))
    def complete(self, later_s: float) -> None:
        self.now_s += later_s
        if self.state in ACTING:
            self.unit.complete(self.now_s)
            self._arrive(STATE_COMPLETE[self.state])
        else:
            with pytest.raises(Bug):
                self.unit.complete(self.now_s)

    @invariant()
    def agrees(self) -> None:
        assert self.unit.state is self.state
        assert self.unit.since_s == self.since_s
        assert self.unit.enter_count == self.entered


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_the_documents_hold_the_diagram() -> None:
    text = (Path(__file__).parents[2] / "docs" / "unit-states.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{diagram()}```" in text, f"docs/unit-states.md needs this diagram:\n{diagram()}"


def test_the_diagram_draws_every_transition_but_stop_and_abort_once_each() -> None:
    arrows = [line.strip() for line in diagram().splitlines() if "-->" in line]
    assert len(arrows) == len(set(arrows)) == 1 + 43 + 11 - 12 - 15 + 2
    assert sum(arrow.endswith(": Abort") for arrow in arrows) == 1
    assert sum(arrow.endswith(": Stop") for arrow in arrows) == 1
    assert "Held --> Unholding : Unhold" in arrows
    assert "Unholding --> Execute" in arrows
