"""How the mimic says a valve, a pump, a gauge, a number: a shape and a word, which a colour only repeats.

Valves are drawn as on a piping diagram, two triangles: hollow and open `▷◁`, filled and closed `►◄`. What is not where
it was asked to be says so: `opening`, `open, closing`, `STUCK closed`. `‡` marks what an interlock forces.
"""

from typing import Final, NamedTuple

from pvdctl.service.messages import Flow, Gauge, Measured, Pump, Valve
from pvdctl.tui import words
from pvdctl.tui.words import number

FORCED: Final = "‡"
OPEN_STYLE, MOVING_STYLE, DOUBT_STYLE, BAD_STYLE = "bold cyan", "yellow", "bold yellow", "bold red"


class Told(NamedTuple):
    """A state as it is drawn. shape: two columns."""

    shape: str
    word: str
    style: str


def valve(one: Valve) -> Told:
    """A valve or gate: its position, and whether it is forced."""
    told = position(one)
    return told._replace(word=f"{told.word} {FORCED}") if one.forced_by else told


def position(one: Valve) -> Told:
    """Where a valve, gate or shutter is by its end switches, and where it is going. At most 15 columns."""
    at, asked_open = one.position, one.asked_open
    if at == "both switches on":
        return Told("!!", "both switches", BAD_STYLE)
    if one.failure:
        where = {"moving": "between", "unknown": "unknown"}.get(at, at)
        return Told("✗✗", f"STUCK {where}", BAD_STYLE)
    if at == "unknown":
        return Told("??", "unknown", DOUBT_STYLE)
    if at == "moving":
        return Told("▹◃", "opening" if asked_open else "closing", MOVING_STYLE)
    if at == "open":
        return Told("▷◁", "open", OPEN_STYLE) if asked_open else Told("▷◁", "open, closing", MOVING_STYLE)
    return Told("►◄", "closed, opening", MOVING_STYLE) if asked_open else Told("►◄", "closed", "")


def passes(one: Valve) -> bool:
    """Whether gas may get through: anything but closed by its switches."""
    return one.position != "closed"


def pump(one: Pump) -> Told:
    """The roughing pump or the turbo; the turbo with its speed."""
    shape, word, style = {
        True: ("◉", "on", OPEN_STYLE),
        False: ("○", "off", ""),
        None: ("?", "unknown", DOUBT_STYLE),
    }[one.running]
    if one.running is not None and one.running != one.asked_on:
        word += ", asked on" if one.asked_on else ", asked off"
        style = MOVING_STYLE
    if one.kind == "turbo":
        word = f"{number(one.speed_percent, 0, '%')} {word}"
    return Told(shape, f"{word} {FORCED}" if one.forced_by else word, style)


def gauge(one: Gauge, spoken_for: bool) -> tuple[str, str]:
    """What a gauge says, with its style. spoken_for: another reading of the same place is good."""
    forced = f" {FORCED}" if one.forced_by else ""
    if one.on is False:
        return f"off{forced}", "dim" if not forced else MOVING_STYLE
    reading = one.pressure
    if reading.quality == "bad":
        return f"✗ {reading.why or 'bad'}{forced}", "dim" if spoken_for else BAD_STYLE
    told = words.pressure(reading.value) + forced
    return (f"{told} uncertain", DOUBT_STYLE) if reading.quality == "uncertain" else (told, "")


def flow(one: Flow) -> tuple[str, str]:
    """What a flow controller lets through, with its style. At most 22 columns while it can be read."""
    forced = f" {FORCED}" if one.forced_by else ""
    if one.flow.quality == "bad":
        return f"✗ {one.flow.why or 'bad'}{forced}", BAD_STYLE
    told = number(one.flow.value, 1, "sccm") + forced
    if one.flow.quality == "uncertain":
        return f"{told} uncertain", DOUBT_STYLE
    return told, OPEN_STYLE if one.asked_sccm > 0.0 else ""


def pressure(reading: Measured) -> tuple[str, str]:
    """The pressure of a place; without a number where it must not be trusted."""
    if reading.quality == "bad":
        return f"? mbar (bad: {reading.why})" if reading.why else "? mbar (bad)", BAD_STYLE
    told = words.pressure(reading.value)
    return (f"{told} (uncertain)", DOUBT_STYLE) if reading.quality == "uncertain" else (told, "bold")


def power(watts: float | None) -> str:
    """In W, from 1000 W on in kW."""
    if watts is not None and abs(watts) >= 1000.0:
        return number(watts / 1000.0, 2, "kW")
    return number(watts, 1, "W")
