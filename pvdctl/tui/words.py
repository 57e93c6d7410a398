"""How the screens say things: readings with their doubt, spans of time, states with a shape of their own.

A state is told by word and shape; colour only repeats it, so that nothing is lost on a terminal without colours or to
an eye that sees them otherwise. None means "not known" and is said as such, never as zero.
"""

from typing import Final

from rich.text import Text

from pvdctl.service.messages import Measured

UNKNOWN: Final = "?"
"""In the place of a number that is not known."""

STATE_SHAPES: Final = {
    "Execute": "▶",
    "Complete": "✓",
    "Held": "‖",
    "Holding": "‖",
    "Unholding": "‖",
    "Suspended": "‖",
    "Suspending": "‖",
    "Unsuspending": "‖",
    "Stopped": "■",
    "Stopping": "■",
    "Aborted": "✗",
    "Aborting": "✗",
    "Idle": "○",
}
"""One character before the state's word; the acting states on the way to Execute or Idle have `STATE_MOVES`."""
STATE_MOVES: Final = "…"
STATE_STYLES: Final = {
    "Execute": "bold green",
    "Complete": "bold green",
    "Idle": "bold cyan",
    "Held": "bold yellow",
    "Holding": "bold yellow",
    "Suspended": "bold yellow",
    "Suspending": "bold yellow",
    "Aborted": "bold red",
    "Aborting": "bold red",
    "Stopped": "bold",
}
PRIORITY_STYLES: Final = {"critical": "bold reverse red", "high": "bold red", "medium": "bold yellow", "low": "cyan"}
PRIORITY_SHAPES: Final = {"critical": "‼", "high": "!", "medium": "▲", "low": "·"}


def state(name: str) -> Text:
    """The unit's state: shape and word."""
    return Text(f"{STATE_SHAPES.get(name, STATE_MOVES)} {name}", STATE_STYLES.get(name, "bold"))


def duration(seconds: float | None) -> str:
    """`45 s`, `12:05`, `1:02:03`; `?` where it is not known."""
    if seconds is None:
        return UNKNOWN
    whole = int(max(0.0, seconds) + 0.5)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def number(value: float | None, digits: int = 1, unit: str = "") -> str:
    """A number with its unit; `?` with the unit where it is not known."""
    told = UNKNOWN if value is None else f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: no "-0.0"
    return f"{told} {unit}" if unit else told


def pressure(value_mbar: float | None) -> str:
    """`1.7e-06 mbar`, `0.25 mbar`, `1013 mbar`: an exponent and two digits below 0.1, three or four digits above."""
    if value_mbar is None:
        return f"{UNKNOWN} mbar"
    if value_mbar != 0.0 and not 0.1 <= abs(value_mbar) < 9999.5:
        return f"{value_mbar:.1e} mbar"
    return f"{value_mbar:.0f} mbar" if abs(value_mbar) >= 99.5 else f"{value_mbar:.3g} mbar"


def measured(reading: Measured, told: str) -> Text:
    """`told` marked with what the reading is worth: plain when good, `(uncertain)` or `(bad)` in words."""
    if reading.quality == "good":
        return Text(told)
    style = "yellow" if reading.quality == "uncertain" else "bold red"
    return Text(f"{told} ({reading.quality})", style)


def clock_time(utc: str) -> str:
    """Hours, minutes and seconds of an ISO time as they stand there, in UTC."""
    return utc[11:19]
