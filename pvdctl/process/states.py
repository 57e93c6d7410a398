"""The unit's states and commands as data: PackML, edition of 2022 (ISA-TR88.00.02-2022), with its official numbers.

One chamber is one unit. States ending in -ing, and Execute, act and end by themselves ("state complete"); the others
rest until a command comes. Numbers and names: OPC 30050 (PackML companion specification, enumerations of state and
command) and the default masks of Siemens' LPML library for the edition of 2022 (Hold from Suspended; Complete from
Suspended and Held). The four holds that OPC 30050 leaves optional (Starting, Unholding, Suspending, Unsuspending) are
on: an operator must be able to hold while a source is being ramped. Completing has no hold: a cool-down is ended by
Stop or Abort only.
"""

from enum import IntEnum
from typing import Final


class State(IntEnum):
    """The 17 unit states with their official numbers."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


class Command(IntEnum):
    """The 10 unit commands with their official numbers."""

    RESET = 1
    START = 2
    STOP = 3
    HOLD = 4
    UNHOLD = 5
    SUSPEND = 6
    UNSUSPEND = 7
    ABORT = 8
    CLEAR = 9
    COMPLETE = 10


FIRST: Final = State.ABORTED
"""The state after the program has started: nothing is known of the chamber until Clear has read it back."""

TRANSITIONS: Final[dict[tuple[State, Command], State]] = {
    (State.ABORTED, Command.CLEAR): State.CLEARING,
    (State.CLEARING, Command.ABORT): State.ABORTING,
    (State.STOPPED, Command.RESET): State.RESETTING,
    (State.STOPPED, Command.ABORT): State.ABORTING,
    (State.STOPPING, Command.ABORT): State.ABORTING,
    (State.RESETTING, Command.STOP): State.STOPPING,
    (State.RESETTING, Command.ABORT): State.ABORTING,
    (State.IDLE, Command.START): State.STARTING,
    (State.IDLE, Command.STOP): State.STOPPING,
    (State.IDLE, Command.ABORT): State.ABORTING,
    (State.STARTING, Command.STOP): State.STOPPING,
    (State.STARTING, Command.HOLD): State.HOLDING,
    (State.STARTING, Command.ABORT): State.ABORTING,
    (State.EXECUTE, Command.STOP): State.STOPPING,
    (State.EXECUTE, Command.HOLD): State.HOLDING,
    (State.EXECUTE, Command.SUSPEND): State.SUSPENDING,
    (State.EXECUTE, Command.COMPLETE): State.COMPLETING,
    (State.EXECUTE, Command.ABORT): State.ABORTING,
    (State.COMPLETING, Command.STOP): State.STOPPING,
    (State.COMPLETING, Command.ABORT): State.ABORTING,
    (State.COMPLETE, Command.RESET): State.RESETTING,
    (State.COMPLETE, Command.STOP): State.STOPPING,
    (State.COMPLETE, Command.ABORT): State.ABORTING,
    (State.HOLDING, Command.STOP): State.STOPPING,
    (State.HOLDING, Command.ABORT): State.ABORTING,
    (State.HELD, Command.STOP): State.STOPPING,
    (State.HELD, Command.UNHOLD): State.UNHOLDING,
    (State.HELD, Command.COMPLETE): State.COMPLETING,
    (State.HELD, Command.ABORT): State.ABORTING,
    (State.UNHOLDING, Command.STOP): State.STOPPING,
    (State.UNHOLDING, Command.HOLD): State.HOLDING,
    (State.UNHOLDING, Command.ABORT): State.ABORTING,
    (State.SUSPENDING, Command.STOP): State.STOPPING,
    (State.SUSPENDING, Command.HOLD): State.HOLDING,
    (State.SUSPENDING, Command.ABORT): State.ABORTING,
    (State.SUSPENDED, Command.STOP): State.STOPPING,
    (State.SUSPENDED, Command.HOLD): State.HOLDING,
    (State.SUSPENDED, Command.UNSUSPEND): State.UNSUSPENDING,
    (State.SUSPENDED, Command.COMPLETE): State.COMPLETING,
    (State.SUSPENDED, Command.ABORT): State.ABORTING,
    (State.UNSUSPENDING, Command.STOP): State.STOPPING,
    (State.UNSUSPENDING, Command.HOLD): State.HOLDING,
    (State.UNSUSPENDING, Command.ABORT): State.ABORTING,
}
"""Every command that is accepted: 43 of the 170 pairs. What is not here is refused."""

STATE_COMPLETE: Final[dict[State, State]] = {
    State.ABORTING: State.ABORTED,
    State.CLEARING: State.STOPPED,
    State.STOPPING: State.STOPPED,
    State.RESETTING: State.IDLE,
    State.STARTING: State.EXECUTE,
    State.EXECUTE: State.COMPLETING,
    State.COMPLETING: State.COMPLETE,
    State.HOLDING: State.HELD,
    State.UNHOLDING: State.EXECUTE,
    State.SUSPENDING: State.SUSPENDED,
    State.UNSUSPENDING: State.EXECUTE,
}
"""Where an acting state goes when its work has been read back as done."""

ACTING: Final = frozenset(STATE_COMPLETE)
"""The 11 states that end by themselves."""

RESTING: Final = frozenset(State) - ACTING
"""The 6 states that wait for a command."""

ON_TIME_LIMIT: Final[dict[State, Command]] = {
    State.STARTING: Command.HOLD,
    State.UNHOLDING: Command.HOLD,
    State.UNSUSPENDING: Command.HOLD,
    State.HOLDING: Command.ABORT,
    State.SUSPENDING: Command.ABORT,
    State.STOPPING: Command.ABORT,
    State.COMPLETING: Command.ABORT,
    State.RESETTING: Command.ABORT,
    State.CLEARING: Command.ABORT,
}
"""What is commanded when an acting state has lasted too long. Not here: Execute, whose limit and consequence are the
recipe step's, and Aborting, which stays and raises the alarm `safe_state_not_confirmed`."""


def legal(state: State) -> tuple[Command, ...]:
    """The commands that `state` accepts, in the order of their numbers; never empty but in Aborting."""
    return tuple(command for command in Command if (state, command) in TRANSITIONS)
