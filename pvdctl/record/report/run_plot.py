"""The whole run over time: pressure, source, rate, thickness, gas, and what unit, shutters and valves did."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pvdctl.record.codes import OPEN, POSITION_SUFFIX, STATES
from pvdctl.record.dossier import Dossier
from pvdctl.record.report import drawing
from pvdctl.record.report.drawing import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SHADE, SKY, VERMILLION, label, thin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TINTED: Final = {"deposit": "#FBE8C3", "fill": "#D2E9F8", "dwell": "#D2E9F8"}
"""Phases in which something is made, with their tint; of the others only their step is shaded."""

STATE_COLOURS: Final = {"Execute": "#B9D7EA", "Complete": "#B9D7EA", "Completing": "#D6E7F2", "Starting": "#D6E7F2"}
"""Of the unit's way; whatever leaves it is vermillion, resting or getting out of it orange."""

_HELD: Final = ("Holding", "Held", "Unholding", "Suspending", "Suspended", "Unsuspending")
_ABOVE_IN: Final = 0.22
_BELOW_IN: Final = 0.42
_MINUTE_S: Final = 60.0
_LETTERS: Final = 125.0
"""About as many of the smaller letters fill the width of a plot."""
_MOST_MARKED: Final = 12
"""Troubles that get a line in the plot; more would hide what they mark. The page's table has them all."""


def run_plot(dossier: Dossier) -> str:
    """The SVG element. Raises OperatorError if matplotlib is missing."""
    rows = _rows(dossier)
    heights = [height for _, height in rows]
    with drawing.style():
        shown = drawing.figure(drawing.PAGE_WIDTH_IN, _ABOVE_IN + _BELOW_IN + sum(heights))
        whole = shown.get_figheight()
        grid = shown.add_gridspec(
            len(rows), 1, height_ratios=heights, left=0.135, right=0.995, top=1.0 - _ABOVE_IN / whole,
            bottom=_BELOW_IN / whole, hspace=0.16,
        )  # fmt: skip
        first = shown.add_subplot(grid[0])
        axes = [first, *(shown.add_subplot(grid[row], sharex=first) for row in range(1, len(rows)))]
        minutes = _minutes(dossier)
        first.set_xlim(0.0, max(float(minutes[-1]), 0.1) if len(minutes) else 1.0)
        for place, (draw, _) in zip(axes, rows, strict=True):
            _shade(place, dossier)
            if len(minutes):
                draw(place, dossier)
        _name_steps(axes[0], dossier)
        _mark_troubles(axes, dossier)
        for place in axes[:-1]:
            place.tick_params(labelbottom=False, length=0)
        axes[-1].set_xlabel("time since the run began, min")
        return drawing.svg(shown, "run", f"Run {dossier.run.run} over time")


def _rows(dossier: Dossier) -> list[tuple[Callable[["Axes", Dossier], None], float]]:
    """The plots from top to bottom with their heights in inches: those that have something to show."""
    rows: list[tuple[Callable[[Axes, Dossier], None], float]] = [(_pressure, 1.2)]
    if dossier.supplies:
        rows += [(_current, 0.95), (_power, 0.75)]
    if dossier.layers:
        rows += [(_rate, 1.15), (_thickness, 1.1)]
    if np.any(dossier.samples["dose"] > 0.0):
        rows.append((_dose, 0.8))
    return [*rows, (_positions, 1.15)]


def _minutes(dossier: Dossier) -> NDArray[np.float64]:
    return dossier.samples["time_s"] / _MINUTE_S


def _trace(axes: "Axes", dossier: Dossier, column: str, colour: str, name: str = "_", **how: Any) -> None:
    """One column over time; nothing where the run has no such column. name: for a legend; `_` keeps it out of one."""
    if column in dossier.samples and len(dossier.samples[column]):
        at, values = thin(_minutes(dossier), dossier.samples[column])
        axes.plot(at, values, color=colour, label=name, **how)


def _shade(axes: "Axes", dossier: Dossier) -> None:
    """Every second step grey, and what makes a film in its tint."""
    for number, step in enumerate(dossier.story.steps):
        begin, end = step.at_s / _MINUTE_S, (step.at_s + step.lasted_s) / _MINUTE_S
        if number % 2 == 0:
            axes.axvspan(begin, end, color=SHADE, linewidth=0, zorder=0)
        for phase in step.phases:
            if phase.name in TINTED:
                begin, end = phase.at_s / _MINUTE_S, (phase.at_s + phase.lasted_s) / _MINUTE_S
                axes.axvspan(begin, end, color=TINTED[phase.name], linewidth=0, zorder=0.1)


def _name_steps(axes: "Axes", dossier: Dossier) -> None:
    """Step names above the topmost plot, left out where there is no room for them."""
    whole = axes.get_xlim()[1]
    for step in dossier.story.steps:
        middle, width = (step.at_s + 0.5 * step.lasted_s) / _MINUTE_S, step.lasted_s / _MINUTE_S
        if width / whole * _LETTERS >= len(step.name):
            axes.annotate(
                step.name.replace("_", " "), (middle, 1.0), (0, 3), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", va="bottom", fontsize=7.5, color=INK,
            )  # fmt: skip


def _pressure(axes: "Axes", dossier: Dossier) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    _trace(axes, dossier, "foreline_pressure", GREY, "foreline", linewidth=0.7)
    _trace(axes, dossier, "chamber_pressure", BLUE, "chamber")
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(drawing.power_of_ten))
    label(axes, "pressure", "mbar")
    _name_trace(axes, dossier, "chamber_pressure", "chamber", BLUE)
    _name_trace(axes, dossier, "foreline_pressure", "foreline", GREY)


def _name_trace(axes: "Axes", dossier: Dossier, column: str, name: str, colour: str) -> None:
    """Its name just above a trace, half way through the run."""
    values = dossier.samples.get(column)
    if values is not None and len(values) and np.isfinite(values[len(values) // 2]):
        at = (float(_minutes(dossier)[len(values) // 2]), float(values[len(values) // 2]))
        axes.annotate(name, at, (0, 2), textcoords="offset points", ha="center", va="bottom", color=colour)


def _current(axes: "Axes", dossier: Dossier) -> None:
    for supply, colour in zip(dossier.supplies, drawing.SERIES, strict=False):
        _trace(axes, dossier, f"{supply}_current", colour, supply)
        _trace(axes, dossier, f"{supply}_asked_current", INK, linewidth=0.6, linestyle=(0, (4, 3)))
    label(axes, "current", "A")
    axes.set_ylim(bottom=0.0)
    if len(dossier.supplies) > 1:
        axes.legend(loc="upper left", ncols=4, borderaxespad=0.1, handlelength=1.4)


def _power(axes: "Axes", dossier: Dossier) -> None:
    for supply, colour in zip(dossier.supplies, drawing.SERIES, strict=False):
        watts = dossier.samples[f"{supply}_current"] * dossier.samples[f"{supply}_voltage"]
        at, values = thin(_minutes(dossier), watts)
        axes.plot(at, values, color=colour)
    label(axes, "power", "W")
    axes.set_ylim(bottom=0.0)


def _rate(axes: "Axes", dossier: Dossier) -> None:
    _trace(axes, dossier, "rate", BLUE, linewidth=0.8)
    top = 0.0
    for layer in dossier.layers:
        if layer.low_nm_per_s is None or layer.high_nm_per_s is None or layer.open_from_s is None:
            continue
        begin, end = layer.open_from_s / _MINUTE_S, (layer.open_to_s or layer.open_from_s) / _MINUTE_S
        axes.fill_between([begin, end], layer.low_nm_per_s, layer.high_nm_per_s, color=GREEN, alpha=0.28, linewidth=0)
        axes.hlines(layer.facts["rate_target_nm_s"], begin, end, color=INK, linewidth=0.7, linestyle=(0, (4, 2)))
        top = max(top, layer.high_nm_per_s)
    found = dossier.samples["rate"]
    greatest = float(np.nanmax(found)) if np.isfinite(found).any() else 1.0
    limit = min(max(1.1 * greatest, 1.25 * top, 0.1), 2.5 * top) if top else max(1.1 * greatest, 0.1)
    axes.set_ylim(-0.03 * limit, limit)
    if greatest > limit:
        _say(axes, f"highest {greatest:.3g} nm/s, beyond this scale")
    label(axes, "rate", "nm/s")


def _thickness(axes: "Axes", dossier: Dossier) -> None:
    _trace(axes, dossier, "film", BLUE)
    steps = {step.name: step for step in dossier.story.steps}
    for layer in dossier.layers:
        step = steps.get(layer.name)
        if step is None:
            continue
        begin, end = step.at_s / _MINUTE_S, (step.at_s + step.lasted_s) / _MINUTE_S
        target = layer.facts["target_nm"]
        axes.hlines(target, begin, end, color=INK, linewidth=0.7, linestyle=(0, (4, 2)))
        axes.annotate(
            f"{layer.facts['film']} {target:g} nm", (begin, target), (2, 2), textcoords="offset points", fontsize=7
        )
    most = max((layer.facts["target_nm"] for layer in dossier.layers), default=0.0)
    axes.set_ylim(0.0, 1.22 * max(most, float(np.nanmax(dossier.samples["film"], initial=0.0)), 1.0))
    label(axes, "thickness", "nm")


def _dose(axes: "Axes", dossier: Dossier) -> None:
    _trace(axes, dossier, "dose", PURPLE)
    axes.set_ylim(bottom=0.0)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    label(axes, "gas dose", "mbar s")


def _positions(axes: "Axes", dossier: Dossier) -> None:
    """Bars while open, one row each, and the unit's states below them."""
    shown = [name for name in dossier.actuators if np.any(dossier.samples[name + POSITION_SUFFIX] == OPEN)]
    minutes = _minutes(dossier)
    rows = [*shown, "unit"]
    for row, name in enumerate(shown):
        is_open = dossier.samples[name + POSITION_SUFFIX] == OPEN
        spans = [(minutes[begin], minutes[end] - minutes[begin]) for begin, end in _spans(is_open)]
        colour = ORANGE if "shutter" in name else SKY if name in _gas_valves(dossier) else GREY
        axes.broken_barh(spans, (row - 0.32, 0.64), color=colour, linewidth=0)
    states = dossier.samples["state"]
    whole = axes.get_xlim()[1]
    for begin, end in _runs_of(states):
        word = STATES.get(int(states[begin]), "?")
        left, width = minutes[begin], minutes[end] - minutes[begin]
        colour = STATE_COLOURS.get(word, ORANGE if word in _HELD else VERMILLION)
        axes.broken_barh([(left, width)], (len(shown) - 0.42, 0.84), color=colour, linewidth=0)
        if width / whole * _LETTERS >= len(word):
            axes.text(left + 0.5 * width, len(shown), word, ha="center", va="center", fontsize=6.5)
    axes.set_yticks(range(len(rows)), [name.replace("_", " ") for name in rows], fontsize=6)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False)


def _gas_valves(dossier: Dossier) -> set[str]:
    return {gas.valve for gas in dossier.chamber.gases.values()} if dossier.chamber is not None else set()


def _spans(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each stretch in which `mask` holds."""
    return [(begin, end) for begin, end in _runs_of(mask) if mask[begin]]


def _runs_of(values: NDArray[np.bool_ | np.float64]) -> list[tuple[int, int]]:
    """First index of each stretch of equal values, and of the next one (of the last: its end)."""
    if not len(values):
        return []
    changes = (np.flatnonzero(values[1:] != values[:-1]) + 1).tolist()
    return list(zip([0, *changes], [*changes, len(values) - 1], strict=True))


def _mark_troubles(axes: "list[Axes]", dossier: Dossier) -> None:
    """A line through all plots for each of the first troubles, numbered as in the page's table."""
    last_min = -1e9
    for number, trouble in enumerate(dossier.story.troubles[:_MOST_MARKED], start=1):
        at_min = trouble.at_s / _MINUTE_S
        for place in axes:
            place.axvline(at_min, color=VERMILLION, linewidth=0.7, linestyle=(0, (1.5, 1.5)), zorder=3)
        if at_min - last_min > 0.02 * axes[0].get_xlim()[1]:
            late = at_min > 0.95 * axes[0].get_xlim()[1]
            axes[-1].annotate(
                f"{number} ▲" if late else f"▲ {number}", (at_min, 0.0), (2 if late else -2, -12),
                xycoords=("data", "axes fraction"), textcoords="offset points", ha="right" if late else "left",
                va="top", fontsize=6.5, color=VERMILLION,
            )  # fmt: skip
            last_min = at_min


def _say(axes: "Axes", text: str) -> None:
    """A remark in the upper right corner."""
    axes.annotate(
        text, (1.0, 1.0), (-3, -3), xycoords="axes fraction", textcoords="offset points", ha="right", va="top",
        fontsize=7, color=INK,
    )  # fmt: skip
