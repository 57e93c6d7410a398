"""Time limits of the unit's acting states; what is commanded when one is exceeded stands in the table of the states.

The limits are guesses for a chamber of this size: shutters take 0.3 s, a gate valve 2 s, a full ramp down at 5 A/s from
140 A takes 28 s. Execute has no entry: its limit is that of the recipe's step.
"""

from pvdctl.process.states import State

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

HOLD_GRACE_S = 60.0
"""Between the alarm that a source has been held hot too long and the recipe's choice for it. A guess."""
EVENTS_GRACE_S = 3.0
"""After program start readings may be missing this long before rules are judged: links are being opened."""
