"""The state table against a second copy of the PackML table, typed by hand as a table is drawn in print."""

from collections import deque

import pytest

from pvdctl.process.states import (
    ACTING,
    FIRST,
    ON_TIME_LIMIT,
    RESTING,
    STATE_COMPLETE,
    TRANSITIONS,
    Command,
    State,
    legal,
)

# One row per state, one column per command; the last column is "state complete". A dash is a refusal.
TABLE = """
from          Reset      Start     Stop      Hold      Unhold     Suspend     Unsuspend     Complete    Abort     Clear     SC
Aborted       -          -         -         -         -          -           -             -           -         Clearing  -
Aborting      -          -         -         -         -          -           -             -           -         -         Aborted
Clearing      -          -         -         -         -          -           -             -           Aborting  -         Stopped
Stopped       Resetting  -         -         -         -          -           -             -           Aborting  -         -
Stopping      -          -         -         -         -          -           -             -           Aborting  -         Stopped
Resetting     -          -         Stopping  -         -          -           -             -           Aborting  -         Idle
Idle          -          Starting  Stopping  -         -          -           -             -           Aborting  -         -
Starting      -          -         Stopping  Holding   -          -           -             -           Aborting  -         Execute
Execute       -          -         Stopping  Holding   -          Suspending  -             Completing  Aborting  -         Completing
Completing    -          -         Stopping  -         -          -           -             -           Aborting  -         Complete
Complete      Resetting  -         Stopping  -         -          -           -             -           Aborting  -         -
Holding       -          -         Stopping  -         -          -           -             -           Aborting  -         Held
Held          -          -         Stopping  -         Unholding  -           -             Completing  Aborting  -         -
Unholding     -          -         Stopping  Holding   -          -           -             -           Aborting  -         Execute
Suspending    -          -         Stopping  Holding   -          -           -             -           Aborting  -         Suspended
Suspended     -          -         Stopping  Holding   -          -           Unsuspending  Completing  Aborting  -         -
Unsuspending  -          -         Stopping  Holding   -          -           -             -           Aborting  -         Execute
"""  # noqa: E501

HEADER, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
PAIRS = [
    (row[0], word, None if to == "-" else to)
    for row in ROWS
    for word, to in zip(HEADER[1:-1], row[1:-1], strict=True)
]  # fmt: skip
DONE = {row[0]: None if row[-1] == "-" else row[-1] for row in ROWS}

STATE_NUMBERS = {
    "Clearing": 1,
    "Stopped": 2,
    "Starting": 3,
    "Idle": 4,
    "Suspended": 5,
    "Execute": 6,
    "Stopping": 7,
    "Aborting": 8,
    "Aborted": 9,
    "Holding": 10,
    "Held": 11,
    "Unholding": 12,
    "Suspending": 13,
    "Unsuspending": 14,
    "Resetting": 15,
    "Completing": 16,
    "Complete": 17,
}
COMMAND_NUMBERS = {
    "Reset": 1,
    "Start": 2,
    "Stop": 3,
    "Hold": 4,
    "Unhold": 5,
    "Suspend": 6,
    "Unsuspend": 7,
    "Abort": 8,
    "Clear": 9,
    "Complete": 10,
}


def state(word: str) -> State:
    return State(STATE_NUMBERS[word])


def command(word: str) -> Command:
    return Command(COMMAND_NUMBERS[word])


def test_the_names_and_numbers_are_the_official_ones() -> None:
    assert {member.name.capitalize(): member.value for member in State} == STATE_NUMBERS
    assert {member.name.capitalize(): member.value for member in Command} == COMMAND_NUMBERS


def test_the_typed_table_is_whole() -> None:
    assert len(PAIRS) == 170
    assert len({(here, word) for here, word, _ in PAIRS}) == 170
    assert sum(to is not None for _, _, to in PAIRS) == 43
    assert sum(to is not None for to in DONE.values()) == 11


@pytest.mark.parametrize(("here", "word", "to"), PAIRS)
def test_every_pair_is_as_tabled(here: str, word: str, to: str | None) -> None:
    assert TRANSITIONS.get((state(here), command(word))) == (None if to is None else state(to))
    assert (command(word) in legal(state(here))) == (to is not None)


def test_state_complete_is_as_tabled() -> None:
    assert {here: STATE_COMPLETE.get(here) for here in State} == {
        state(here): None if to is None else state(to) for here, to in DONE.items()
    }


def test_nothing_but_the_table() -> None:
    assert len(TRANSITIONS) == 43
    assert len(STATE_COMPLETE) == 11


def test_acting_and_resting_states() -> None:
    assert {here.name for here in RESTING} == {"ABORTED", "STOPPED", "IDLE", "COMPLETE", "HELD", "SUSPENDED"}
    assert set(State) == ACTING | RESTING
    assert not ACTING & RESTING
    assert FIRST is State.ABORTED


def test_legal_is_in_the_order_of_the_numbers() -> None:
    assert legal(State.EXECUTE) == (Command.STOP, Command.HOLD, Command.SUSPEND, Command.ABORT, Command.COMPLETE)
    assert legal(State.ABORTING) == ()


def test_abort_leads_to_aborting_from_all_but_the_two_where_it_has_been_given() -> None:
    sources = {here for here, word in TRANSITIONS if word is Command.ABORT}
    assert sources == set(State) - {State.ABORTING, State.ABORTED}
    assert {TRANSITIONS[here, Command.ABORT] for here in sources} == {State.ABORTING}


@pytest.mark.parametrize("start", list(State))
def test_every_state_can_be_reached_from_every_state(start: State) -> None:
    edges: dict[State, set[State]] = {here: set() for here in State}
    for (here, _), to in TRANSITIONS.items():
        edges[here].add(to)
    for here, to in STATE_COMPLETE.items():
        edges[here].add(to)
    seen, queue = {start}, deque([start])
    while queue:
        for to in edges[queue.popleft()] - seen:
            seen.add(to)
            queue.append(to)
    assert seen == set(State)


def test_every_acting_state_has_a_consequence_of_its_time_limit_that_it_accepts() -> None:
    assert set(ON_TIME_LIMIT) == ACTING - {State.EXECUTE, State.ABORTING}
    for here, word in ON_TIME_LIMIT.items():
        assert (here, word) in TRANSITIONS
    hold = {here for here, word in ON_TIME_LIMIT.items() if word is Command.HOLD}
    assert hold == {State.STARTING, State.UNHOLDING, State.UNSUSPENDING}
