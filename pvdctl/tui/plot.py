"""A plot of one kind of curve, drawn from braille dots.

Why not by textual-plot here: see docs/decisions/plots.md. It draws one past run in full (`tui.closer`), where zooming
and panning count; these are four small plots redrawn twice a second.
"""

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from math import inf, isnan
from typing import Final, Literal

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from pvdctl.tui import axis, words
from pvdctl.tui.braille import DASHED, DOTTED, SOLID, Dots, Heights
from pvdctl.tui.curves import Curves
from pvdctl.tui.reduced import Reduced

GUTTER: Final = 6
"""Columns left of the picture: five for a label, one for the line."""
SHAPES: Final = {SOLID: "─", DASHED: "╌", DOTTED: "┈"}
BLANK: Final = Style()
QUIET: Final = Style.parse("dim")

GROWS: Final = 1.05
"""How much longer a slowly growing span is drawn than asked, so that not every point means columns of a new width."""

KindName = Literal["rate", "thickness", "pressure", "current"]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of a plot: which column of `Curves`, how it is drawn."""

    column: str
    pattern: str
    style: Style


@dataclass(frozen=True, slots=True)
class Kind:
    """What a plot shows. lines: drawn in this order, the reading itself last, so that it lies on top.

    least_span: an axis is never narrower, so that noise around nothing does not fill the picture (our own choice).
    """

    title: str
    unit: str
    digits: int
    lines: tuple[Line, ...]
    least_span: float
    from_zero: bool = False
    decades: bool = False


_GREEN, _CYAN, _YELLOW = Style.parse("green"), Style.parse("cyan"), Style.parse("yellow")
KINDS: Final[dict[KindName, Kind]] = {
    "rate": Kind(
        "Rate", "nm/s", 3,
        (
            Line("band_low_nm_per_s", DOTTED, _YELLOW), Line("band_high_nm_per_s", DOTTED, _YELLOW),
            Line("rate_target_nm_per_s", DASHED, _CYAN), Line("rate_nm_per_s", SOLID, _GREEN),
        ),
        least_span=0.1,
    ),
    "thickness": Kind(
        "Film", "nm", 1, (Line("film_target_nm", DASHED, _CYAN), Line("film_nm", SOLID, _GREEN)),
        least_span=10.0, from_zero=True,
    ),
    "pressure": Kind(
        "Pressure", "mbar", 0, (Line("chamber_pressure_mbar", SOLID, _GREEN),), least_span=1.0, decades=True
    ),
    "current": Kind(
        "Source", "A", 1, (Line("source_current_a", SOLID, _GREEN),), least_span=10.0, from_zero=True
    ),
}  # fmt: skip


class CurvePlot(Widget):
    """One of KINDS over time. `draw` costs about 1 ms at 60x12, nothing where nothing has changed.

    from_begin: the time axis counts from the begin of a past run, not back from now.
    """

    DEFAULT_CSS = """
    CurvePlot { height: 1fr; width: 1fr; min-height: 4; }
    """

    def __init__(self, kind: KindName, *, from_begin: bool = False, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._kind = KINDS[kind]
        self._from_begin = from_begin
        self._rows: list[list[Segment]] = []
        self._reduced: list[Reduced] = []
        self._reduced_to: tuple[Curves, float, int] | None = None
        """Curves, width of a column, and the curves' generation that `_reduced` was made with."""
        self._seen = 0
        self._drawn: tuple[Curves, float, float] | None = None
        self._span_s = 0.0

    def draw(self, curves: Curves, now_s: float, span_s: float) -> None:
        """Show the `span_s` seconds before `now_s`; times on the control clock, as in `curves`."""
        self._drawn = (curves, now_s, span_s)
        span_s = self._stepwise(span_s)
        width, height = self.size
        if width < GUTTER + 6 or height < 1:
            return  # not laid out yet, or too narrow for any picture
        rows = [[_segment(piece) for piece in self._title(curves, width).render(self.app.console, end="")]]
        if height >= 4:
            rows += self._picture(curves, now_s, span_s, width - GUTTER, height - 2)
        changed = [y for y, row in enumerate(rows) if y >= len(self._rows) or row != self._rows[y]]
        whole = len(rows) != len(self._rows)
        self._rows = rows
        if whole:
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def _stepwise(self, span_s: float) -> float:
        """The span to draw: the one before for as long as the one asked for is little shorter; see GROWS."""
        before_s = self._span_s
        if self._from_begin or not before_s / GROWS <= span_s < before_s * GROWS:
            self._span_s = span_s
        elif span_s > before_s:
            self._span_s = span_s * GROWS
        return self._span_s

    def on_resize(self) -> None:
        """Drawn for a size."""
        if self._drawn is not None:
            self.draw(*self._drawn)

    def render_line(self, y: int) -> Strip:
        """A line of what was drawn."""
        width, base = self.size.width, self.rich_style
        if y >= len(self._rows):
            return Strip.blank(width, base)
        return Strip(self._rows[y]).adjust_cell_length(width).apply_style(base)

    # --- the title: newest values, and by which shape each curve is known ---------------------------------------------
    def _title(self, curves: Curves, width: int) -> Text:
        kind = self._kind
        *others, reading = kind.lines
        told = self._extremes(curves, reading) if self._from_begin else self._said(curves.newest(reading.column))
        doubt = curves.doubts.get(reading.column)
        parts = [
            Text.assemble((f" {kind.title} ", "bold"), (SHAPES[reading.pattern], reading.style), (f" {told}", "bold"))
        ]
        if doubt:
            parts[0].append(f" ({doubt})", "bold yellow")
        targets = [line for line in others if line.pattern == DASHED]
        for line in targets:
            value = curves.newest(line.column)
            if self._from_begin:
                parts.append(Text(f"  {SHAPES[DASHED]} target", line.style))
            elif not isnan(value):
                parts.append(Text.assemble((f"  {SHAPES[DASHED]} target ", line.style), f"{value:.{kind.digits}f}"))
                high = curves.newest("band_high_nm_per_s") if kind.title == "Rate" else float("nan")
                if not isnan(high):
                    parts.append(
                        Text.assemble((f"  {SHAPES[DOTTED]} ", _YELLOW), f"±{100.0 * (high / value - 1.0):.0f} %")
                    )
        title = parts[0]
        for part in parts[1:]:
            if title.cell_len + part.cell_len > width:
                break
            title += part
        title.truncate(width, overflow="ellipsis")
        return title

    def _said(self, value: float) -> str:
        known = None if isnan(value) else value
        if self._kind.decades:
            return words.pressure(known)
        return words.number(known, self._kind.digits, self._kind.unit)

    def _extremes(self, curves: Curves, line: Line) -> str:
        """Of a past run: how high it came; a pressure, how low."""
        known = [value for value in curves.columns[line.column] if not isnan(value)]
        if not known:
            return f"{words.UNKNOWN} {self._kind.unit}"
        return f"down to {self._said(min(known))}" if self._kind.decades else f"up to {self._said(max(known))}"

    # --- the picture ------------------------------------------------------------------------------------------------
    def _picture(self, curves: Curves, now_s: float, span_s: float, width: int, height: int) -> list[list[Segment]]:
        """Labels, dots and the time axis below them."""
        kind = self._kind
        step_s = span_s / (2 * width)
        first = int(now_s // step_s) - 2 * width + 1
        self._reduce(curves, step_s, first)
        seen = self._range(first)
        if seen is None:
            said = "no values in this time" if len(curves) else "no values yet"
            empty = [[Segment(" " * (GUTTER - 1) + "│", QUIET)] for _ in range(height)]
            empty[height // 2].append(Segment(f" {said}"[:width], QUIET))
            return [*empty, self._time_axis(now_s, span_s, width)]
        scale = (axis.decades if kind.decades else axis.linear)(*seen, height)
        heights = Heights(scale.lowest, scale.highest, height, decades=kind.decades)
        dots = Dots(width, height)
        for pen, (line, curve) in enumerate(zip(kind.lines, self._reduced, strict=True), 1):
            dots.curve(curve, heights, first, pen, line.pattern)
        linear = Heights(scale.lowest, scale.highest, height, decades=False)
        labels = {linear.y_of(value) >> 2: text for value, text in scale.marks}
        styles = (BLANK, *(line.style for line in kind.lines))
        rows = []
        for y in range(height):
            label = labels.get(y)
            gutter = f"{label[: GUTTER - 1]:>{GUTTER - 1}}┤" if label is not None else " " * (GUTTER - 1) + "│"
            rows.append([Segment(gutter, QUIET), *(Segment(text, styles[pen]) for text, pen in dots.row(y))])
        return [*rows, self._time_axis(now_s, span_s, width)]

    def _reduce(self, curves: Curves, step_s: float, first: int) -> None:
        """Fold in what is new; all of it where the columns or the rows have changed."""
        made_of = (curves, step_s, curves.generation)
        if self._reduced_to != made_of:
            self._reduced = [Reduced(step_s, positive=self._kind.decades) for _ in self._kind.lines]
            self._reduced_to = made_of
            self._seen = _at_or_before(curves.at_s, first * step_s)
        for line, curve in zip(self._kind.lines, self._reduced, strict=True):
            curve.fold(curves.at_s, curves.columns[line.column], self._seen)
            curve.forget(first)
        self._seen = len(curves)

    def _range(self, first: int) -> tuple[float, float] | None:
        """Lowest and highest to be seen, of all lines, widened to the least span; None where nothing is known."""
        kind = self._kind
        lowest, highest = inf, -inf
        for curve in self._reduced:
            for column in curve.columns:
                if column.number >= first:
                    lowest = min(lowest, column.lowest)
                    highest = max(highest, column.highest)
        if lowest > highest:
            return None
        if kind.decades:
            return lowest, highest
        if kind.from_zero:
            lowest, highest = min(0.0, lowest), max(0.0, highest)
        lacking = kind.least_span - (highest - lowest)
        if lacking > 0.0:  # more room on both sides, but not below nothing where nothing is
            below = 0.5 * lacking if lowest < 0.0 else min(0.5 * lacking, lowest)
            lowest, highest = lowest - below, highest + lacking - below
        return lowest, highest

    def _time_axis(self, now_s: float, span_s: float, width: int) -> list[Segment]:
        most = max(1, width // 14)
        marks = axis.from_begin(now_s - span_s, now_s, most) if self._from_begin else axis.before_now(span_s, most)
        line = list("─" * width)
        taken = -1
        for at_s, text in marks:
            middle = int(at_s / span_s * (width - 1))
            begin = min(max(middle - len(text) // 2, 0), width - len(text))
            if begin > taken:
                line[begin : begin + len(text)] = text
                taken = begin + len(text)
        return [Segment(" " * (GUTTER - 1) + "└" + "".join(line), QUIET)]


def _at_or_before(at_s: "array[float]", time_s: float) -> int:
    """Index of the last row not after `time_s`, from where a line may lead into the picture; 0 if there is none."""
    return max(0, bisect_right(at_s, time_s) - 1)


def _segment(piece: Segment) -> Segment:
    return Segment(piece.text, piece.style)
