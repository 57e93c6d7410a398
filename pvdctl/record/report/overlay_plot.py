"""Several runs over each other: each layer's rate and current from the opening of its substrate shutter on."""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from pvdctl.record.compare import Comparison
from pvdctl.record.dossier import Dossier
from pvdctl.record.layer_figures import LayerFigures
from pvdctl.record.report import drawing
from pvdctl.record.report.drawing import GREEN, INK, SERIES, label, thin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASHES: Final = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (9, 2)), (0, (3, 3)))
"""Told apart without colour too."""

_BEFORE_S: Final = 40.0
_AFTER_S: Final = 15.0
_SETTLING_S: Final = 3.0
"""Left out at both ends when the scale of the current is chosen."""


def overlay_plot(comparison: Comparison) -> str:
    """The SVG element: one row of pressure, one row per layer. Raises OperatorError if matplotlib is missing."""
    names = list(dict.fromkeys(layer.name for one in comparison.dossiers for layer in one.layers))
    with drawing.style():
        height = 0.4 + 1.9 + 2.15 * len(names)
        shown = drawing.figure(drawing.PAGE_WIDTH_IN, height)
        grid = shown.add_gridspec(
            1 + len(names), 2, left=0.115, right=0.995, top=1.0 - 0.34 / height, bottom=0.42 / height,
            hspace=0.46, wspace=0.36,
        )  # fmt: skip
        _pressure(shown.add_subplot(grid[0, :]), comparison)
        for row, name in enumerate(names, start=1):
            rate, current = shown.add_subplot(grid[row, 0]), shown.add_subplot(grid[row, 1])
            _layer(rate, current, comparison, name)
        return drawing.svg(shown, "overlay", "Runs over each other")


def _pressure(axes: "Axes", comparison: Comparison) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    for number, one in enumerate(comparison.dossiers):
        at, values = thin(one.samples["time_s"] / 60.0, one.samples["chamber_pressure"])
        axes.plot(at, values, color=SERIES[number], linestyle=DASHES[number], label=one.run.run)
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(drawing.power_of_ten))
    axes.margins(x=0.0)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.1, handlelength=2.6)
    axes.set_xlabel("time since the run began, min")
    label(axes, "pressure", "mbar")
    axes.yaxis.set_label_coords(-0.075, 0.5)


def _layer(rate: "Axes", current: "Axes", comparison: Comparison, name: str) -> None:
    """Rate with its band on the left, current of the sources on the right."""
    target, least, most = 0.0, float("inf"), 0.0
    for number, one in enumerate(comparison.dossiers):
        layer = next((layer for layer in one.layers if layer.name == name), None)
        if layer is None:
            continue
        target = max(target, float(layer.facts["rate_target_nm_s"]))
        if layer.low_nm_per_s is not None and layer.high_nm_per_s is not None and not number:
            rate.axhspan(layer.low_nm_per_s, layer.high_nm_per_s, color=GREEN, alpha=0.2, linewidth=0, zorder=0.5)
            rate.axhline(layer.facts["rate_target_nm_s"], color=INK, linewidth=0.6, linestyle=(0, (4, 2)))
        _trace(rate, one, layer, one.samples["rate"], number)
        for supply in one.supplies:
            amps = one.samples[f"{supply}_current"]
            _trace(current, one, layer, amps, number)
            found = amps[_rows(one, layer, _SETTLING_S, -_SETTLING_S)]
            if len(found) and np.isfinite(found).any():
                least, most = min(least, float(np.nanmin(found))), max(most, float(np.nanmax(found)))
    rate.set_ylim(0.6 * target, 1.4 * target)
    if most > 0.0:
        current.set_ylim(least - 0.02 * most, most + 0.03 * most)  # what the layer took, not the ramps about it
    for axes, quantity, unit in ((rate, f"{name}: rate", "nm/s"), (current, f"{name}: current", "A")):
        axes.set_xlabel("time since the substrate shutter opened, s")
        axes.margins(x=0.0)
        label(axes, quantity, unit)
        axes.yaxis.set_label_coords(-0.185, 0.5)


def _rows(one: Dossier, layer: LayerFigures, after_s: float, beyond_s: float) -> slice:
    """The samples from `after_s` after the opening of the substrate shutter to `beyond_s` beyond its closing."""
    if layer.open_from_s is None or layer.open_to_s is None:
        return slice(0, 0)
    begin, end = np.searchsorted(one.samples["time_s"], (layer.open_from_s + after_s, layer.open_to_s + beyond_s))
    return slice(int(begin), int(end))


def _trace(axes: "Axes", one: Dossier, layer: LayerFigures, values: NDArray[np.float64], number: int) -> None:
    if layer.open_from_s is None:
        return
    rows = _rows(one, layer, -_BEFORE_S, _AFTER_S)
    at, part = thin(one.samples["time_s"][rows] - layer.open_from_s, values[rows], 500)
    axes.plot(at, part, color=SERIES[number], linestyle=DASHES[number], linewidth=0.8)
