"""One curve of a past run in full, to zoom and to pan.

Drawn by textual-plot, which has both; the live plots are not (docs/decisions/plots.md). The module is imported when it
is first asked for: numpy and textual-plot cost 60 ms.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import isnan, log10
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Footer, Static
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import AxisFormatter, DurationFormatter, NumericAxisFormatter

from pvdctl.tui.curves import Curves
from pvdctl.tui.over import Over
from pvdctl.tui.plot import KINDS, SHAPES, Kind, Line
from pvdctl.tui.reduced import Reduced
from pvdctl.tui.run_view import LEAST_S, SHOWN

MARGIN_LEFT = 10
"""Characters for the labels, as textual-plot has it."""


class Decades(AxisFormatter):
    """Marks of an axis of exponents, written as pressures are said."""

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        """Whole exponents in sight; the ends where there are none."""
        first, last = int(-(-min_ // 1)), int(max_ // 1)
        every = max(1, -(-(last - first + 1) // max_ticks))
        return [float(exponent) for exponent in range(first, last + 1, every)] or [min_, max_]

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """`1.0e-06`: two digits also between decades."""
        return [f"{10.0**tick:.1e}" for tick in ticks]


class FullPlot(PlotWidget, can_focus=True, inherit_bindings=False):
    """textual-plot's widget with keys that mean nothing else on these screens."""

    KEYBOARD_PAN_FACTOR = 12.0
    """Characters for each key: an eighth of a usual width (our own choice; its own is 2)."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign,up", "zoom_x_in", "Zoom in", key_display="+"),
        Binding("minus,down", "zoom_x_out", "Zoom out", key_display="-"),
        Binding("left", "pan_left", "Earlier", key_display="←"),
        Binding("right", "pan_right", "Later", key_display="→"),
        Binding("0,home", "reset_scales", "All", key_display="0"),
    ]


class Closer(Over[None]):
    """Over everything but the top line. Hold and Abort work here too."""

    DEFAULT_CSS = """
    Closer { background: transparent; }
    Closer > Vertical { margin-top: 3; width: 100%; height: 1fr; background: $surface; }
    Closer #title { height: 1; padding: 0 1; }
    Closer FullPlot { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o,tab,space", "next", "Next plot", key_display="o"),
        Binding("escape,z,q", "dismiss", "Close", key_display="Esc"),
    ]

    def __init__(self, run: str, curves: Curves) -> None:
        super().__init__()
        self._run, self._curves = run, curves
        self._at = 0
        self._window_s = (0.0, max(LEAST_S, curves.at_s[-1] if len(curves) else 0.0))
        self._whole_s = self._window_s

    @property
    def _kind(self) -> Kind:
        return KINDS[SHOWN[self._at]]

    def compose(self) -> ComposeResult:
        """Title, plot, keys."""
        with Vertical():
            yield Static(id="title")
            yield FullPlot(allow_pan_and_zoom=True)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """All of it at first."""
        plot = self.query_one(FullPlot)
        plot.margin_top, plot.margin_bottom, plot.margin_left = 1, 2, MARGIN_LEFT
        plot.set_x_formatter(DurationFormatter())
        plot.set_xlabel("since its begin")
        plot.set_xlimits(*self._whole_s)
        plot.focus()
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """As many columns as there are."""
        self.call_after_refresh(self._draw)

    def on_plot_widget_scale_changed(self, event: PlotWidget.ScaleChanged) -> None:
        """Another window: other columns."""
        self._window_s = (event.x_min, event.x_max)
        self._draw()

    def action_next(self) -> None:
        """The next kind of curve, in the same window of time."""
        self._at = (self._at + 1) % len(SHOWN)
        self._draw()

    def _draw(self) -> None:
        """Only what is in sight, reduced to the plot's dots: 4,000 points would take it 0.3 s."""
        plot, kind = self.query_one(FullPlot), self._kind
        width = max(20, self.size.width - MARGIN_LEFT - 2)
        plot.clear()
        plot.set_y_formatter(Decades() if kind.decades else NumericAxisFormatter())
        plot.set_ylabel(kind.unit)
        plot.set_ylimits(*self._heights())
        legend = Text.assemble((f"{self._run}  ", "dim"), (f"{kind.title} {kind.unit}", "bold"))
        for line in kind.lines:
            any_seen = False
            for times_s, values in self._pieces(line, width):
                plot.plot(times_s, values, line_style=str(line.style), hires_mode=HiResMode.BRAILLE)
                any_seen = True
            if any_seen and line is not kind.lines[-1]:
                legend.append(
                    f"  {SHAPES[line.pattern]} {line.column.partition('_nm')[0].replace('_', ' ')}", line.style
                )
        self.query_one("#title", Static).update(legend)

    def _heights(self) -> tuple[float, float]:
        """Lowest and highest of the whole run, so that panning does not change the heights."""
        kind = self._kind
        found = [v for line in kind.lines for v in self._curves.columns[line.column] if not isnan(v)]
        if kind.decades:
            found = [log10(v) for v in found if v > 0.0]
        lowest, highest = (min(found), max(found)) if found else (0.0, 0.0)
        lowest = min(0.0, lowest) if kind.from_zero else lowest
        lacking = max(0.0, kind.least_span - (highest - lowest))
        return lowest, highest + lacking

    def _pieces(self, line: Line, width: int) -> Iterator[tuple[list[float], list[float]]]:
        """Runs of known values in the window."""
        begin_s, end_s = self._window_s
        step_s = (end_s - begin_s) / (2 * width)
        at_s, values = self._curves.at_s, self._curves.columns[line.column]
        first, last = max(0, bisect_left(at_s, begin_s) - 1), bisect_left(at_s, end_s) + 1
        reduced = Reduced(step_s, positive=self._kind.decades)
        reduced.fold(at_s[first:last], values[first:last], 0)
        times_s: list[float] = []
        heights: list[float] = []
        for column in reduced.columns:
            if not column.joined and times_s:
                yield times_s, heights
                times_s, heights = [], []
            for value in dict.fromkeys((column.first, column.lowest, column.highest, column.last)):
                times_s.append(column.number * step_s)
                heights.append(log10(value) if self._kind.decades else value)
        if times_s:
            yield times_s, heights
