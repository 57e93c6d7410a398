"""Time limits of the unit's acting states, and what happens when one is exceeded. All of it in this one place.

The limits are guesses for a chamber of this size: shutters take 0.3 s, a gate valve 2 s, a full ramp down at 5 A/s from
140 A takes 28 s. Execute has no entry: its limit is that of the recipe's step.
"""

from pvdctl.process.states import Command, State

LIMIT_S: dict[State, float] = {
    State.CLEARING: 30.0,
    State.RESETTING: 30.0,
    State.STARTING: 30.0,
    State.UNHOLDING: 60.0,
    State.UNSUSPENDING: 60.0,
    State.HOLDING: 60.0,
    State.SUSPENDING: 60.0,
    State.STOPPING: 90.0,
    State.COMPLETING: 90.0,
    State.ABORTING: 10.0,
}

ON_EXPIRY: dict[State, Command] = {
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
"""Aborting is missing on purpose: it stays, with the critical alarm that the safe state is not confirmed."""

HOLD_GRACE_S = 60.0
"""Between the alarm that a source has been held hot too long and the recipe's choice for it. A guess."""
EVENTS_GRACE_S = 3.0
"""After program start readings may be missing this long before rules are judged: links are being opened."""
