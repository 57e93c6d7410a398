"""One layer, opening of its source shutter to its end: the rate with its band, the thickness with its target."""

from typing import TYPE_CHECKING, Final

import numpy as np

from pvdctl.record.dossier import Dossier
from pvdctl.record.layer_figures import LayerFigures
from pvdctl.record.report import drawing
from pvdctl.record.report.drawing import BLUE, GREEN, GREY, INK, label, thin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BEFORE_S: Final = 30.0
_AFTER_S: Final = 15.0
"""Shown around the time with the substrate shutter open: the qualifying before it, the closing after it."""

_WIDTH_IN: Final = 0.485 * drawing.PAGE_WIDTH_IN
"""Two beside each other on a page."""


def layer_plot(dossier: Dossier, layer: LayerFigures) -> str:
    """The SVG element; empty for a layer whose substrate shutter was never open. Raises OperatorError."""
    if layer.open_from_s is None or layer.open_to_s is None:
        return ""
    with drawing.style():
        shown = drawing.figure(_WIDTH_IN, 2.75)
        grid = shown.add_gridspec(2, 1, height_ratios=(1.35, 1.0), left=0.185, right=0.985, top=0.985, bottom=0.125)
        grid.update(hspace=0.14)
        rate = shown.add_subplot(grid[0])
        thickness = shown.add_subplot(grid[1], sharex=rate)
        rate.set_xlim(layer.open_from_s - _BEFORE_S, layer.open_to_s + _AFTER_S)
        _rate(rate, dossier, layer)
        _thickness(thickness, dossier, layer)
        for place in (rate, thickness):
            place.axvspan(layer.open_from_s, layer.open_to_s, color="#FBE8C3", linewidth=0, zorder=0)
            place.yaxis.set_label_coords(-0.135, 0.5)
        rate.tick_params(labelbottom=False, length=0)
        _time_axis(thickness, layer)
        title = f"Layer {layer.name}: rate and thickness over time"
        return drawing.svg(shown, f"layer-{layer.name}", title)


def _part(dossier: Dossier, layer: LayerFigures) -> slice:
    """The samples that are shown."""
    assert layer.open_from_s is not None
    assert layer.open_to_s is not None
    time_s = dossier.samples["time_s"]
    begin, end = np.searchsorted(time_s, (layer.open_from_s - _BEFORE_S, layer.open_to_s + _AFTER_S))
    return slice(int(begin), int(end))


def _rate(axes: "Axes", dossier: Dossier, layer: LayerFigures) -> None:
    part = _part(dossier, layer)
    time_s, target = dossier.samples["time_s"][part], float(layer.facts["rate_target_nm_s"])
    if layer.low_nm_per_s is not None and layer.high_nm_per_s is not None:
        axes.axhspan(layer.low_nm_per_s, layer.high_nm_per_s, color=GREEN, alpha=0.25, linewidth=0, zorder=0.5)
    axes.plot(*thin(time_s, dossier.samples["raw_rate"][part], 400), color=GREY, linewidth=0.35, label="raw")
    axes.plot(*thin(time_s, dossier.samples["rate"][part], 500), color=BLUE, label="filtered")
    axes.axhline(target, color=INK, linewidth=0.7, linestyle=(0, (4, 2)))
    axes.set_ylim(0.5 * target, 1.5 * target)
    axes.legend(loc="lower right", ncols=2, borderaxespad=0.2, handlelength=1.4)
    label(axes, "rate", "nm/s")


def _thickness(axes: "Axes", dossier: Dossier, layer: LayerFigures) -> None:
    part = _part(dossier, layer)
    target = float(layer.facts["target_nm"])
    axes.plot(*thin(dossier.samples["time_s"][part], dossier.samples["film"][part], 500), color=BLUE)
    axes.axhline(target, color=INK, linewidth=0.7, linestyle=(0, (4, 2)))
    axes.annotate(
        f"target {target:g} nm", (0.0, target), (3, -2), xycoords=("axes fraction", "data"),
        textcoords="offset points", va="top", fontsize=7,
    )  # fmt: skip
    axes.set_ylim(0.0, 1.1 * target)
    label(axes, "thickness", "nm")


def _time_axis(axes: "Axes", layer: LayerFigures) -> None:
    """Seconds since the substrate shutter opened."""
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    assert layer.open_from_s is not None
    assert layer.open_to_s is not None
    zero_s = layer.open_from_s
    length_s = layer.open_to_s - zero_s
    every_s = next((step for step in (10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0) if length_s / step < 8.0), 2000.0)
    locator = MultipleLocator(every_s, offset=zero_s)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value - zero_s:.0f}"))
    axes.set_xlabel("time since the substrate shutter opened, s")
