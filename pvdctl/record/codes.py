"""What the numbers in the columns `state` and `..._position` of a run's samples mean.

A record must be readable without the part of pvdctl that made it, so the words stand here once more; a test holds them
to those of the process.
"""

from typing import Final

STATES: Final = {
    1: "Clearing",
    2: "Stopped",
    3: "Starting",
    4: "Idle",
    5: "Suspended",
    6: "Execute",
    7: "Stopping",
    8: "Aborting",
    9: "Aborted",
    10: "Holding",
    11: "Held",
    12: "Unholding",
    13: "Suspending",
    14: "Unsuspending",
    15: "Resetting",
    16: "Completing",
    17: "Complete",
}
"""Unit states by their official numbers (PackML, OPC 30050)."""

POSITIONS: Final = {0: "unknown", 1: "closed", 2: "moving", 3: "open", 4: "both switches on"}
"""Positions of valves and shutters, as their end switches say."""

OPEN: Final = 3

POSITION_SUFFIX: Final = "_position"


def codes_of(column: str) -> dict[int, str]:
    """The words for a column's numbers; empty for a column of measured values."""
    if column == "state":
        return STATES
    return POSITIONS if column.endswith(POSITION_SUFFIX) else {}
