"""Outputs that are numbers: amps of a supply, flow of a flow controller. How much there may be, and what it does."""

from dataclasses import dataclass
from math import isfinite

from pvdctl.service.messages import Flow, Source, Supply, Valve
from pvdctl.tui import words


@dataclass(frozen=True, slots=True)
class Amount:
    """Of one output. most: the largest that the service takes.

    what: behind which word it is asked for. does: in sentences, what setting it does. pace: how fast it gets there.
    """

    unit: str
    what: str
    most: float
    does: str
    pace: str = ""


def current(supply: Supply, through: tuple[Source, ...]) -> Amount:
    """Of a supply. through: the source whose boat it goes through, or all of the supply where that is not known.

    The limit is that of the source selected, of the weakest where none is.
    """
    most_a = min(source.max_current_a for source in through)
    slews = [source.max_slew_a_per_s for source in through if source.max_slew_a_per_s is not None]
    names = " or ".join(f"{source.name} ({source.boat})" for source in through)
    selected = "" if len(through) == 1 else " None is read back as selected: the smallest limit holds."
    way, pace = "It changes at the source's slew", ""
    if slews:
        way = (
            f"It changes by {min(slews):g} A each second, so 0 to {most_a:g} A takes "
            f"{words.duration(most_a / min(slews))}"
        )
        pace = f" at {min(slews):g} A/s"
    return Amount(
        "A", "amps", most_a,
        f"It goes through {names}: 0 to {most_a:g} A.{selected} {way}. It flows while {supply.name}.output is on, and "
        "goes back to 0 A when nobody is in control any more.",
        pace,
    )  # fmt: skip


def flow(one: Flow, inlet: Valve | None) -> Amount:
    """Of a flow controller. inlet: the valve behind it, as far as it is known."""
    now = f", which is {inlet.position} now" if inlet is not None else ""
    return Amount(
        "sccm", "sccm", one.max_sccm,
        f"{one.gas} goes into the chamber by {one.valve}{now}: 0 to {one.max_sccm:g} sccm. {one.valve} is opened "
        "first; when it closes, or nobody is in control any more, the flow goes back to 0.",
    )  # fmt: skip


def number(typed: str, amount: Amount) -> float | str:
    """The number typed, or a sentence about what is wrong with it."""
    typed = typed.strip()
    try:
        found = float(typed)
    except ValueError:
        return f"Wanted a number of {amount.what} such as 12.5, found '{typed}'."
    if not isfinite(found) or not 0.0 <= found <= amount.most:
        return f"Wanted 0 to {amount.most:g} {amount.unit}, found {typed} {amount.unit}."
    return found
