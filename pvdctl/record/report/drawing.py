"""How plots look, and how they become SVG for a page.

Colours are those of Okabe and Ito (jfly.uni-koeln.de/color, 2008), which stay apart for eyes that do not tell red from
green; nothing is told by colour alone.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pvdctl.errors import OperatorError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
GREEN: Final = "#009E73"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
PURPLE: Final = "#CC79A7"
INK: Final = "#1B1F24"
GREY: Final = "#6B7280"
RULE: Final = "#D5D9DF"
SHADE: Final = "#EEF1F5"

SERIES: Final = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
"""In this order for series side by side."""

PAGE_WIDTH_IN: Final = 7.0
"""Width of the text on an A4 page with margins of 16 mm: 178 mm."""

COLUMNS_DRAWN: Final = 1400
"""Of a trace's time axis, as many columns are kept: two per pixel of a page on a screen, 200 per inch on paper."""

LABELS_AT: Final = -0.088
"""Where the names of axes stand, in widths of the plot: one line for all, clear of six digits."""

_STYLE: Final[dict[Any, Any]] = {
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib; the page's own font takes its place
    "font.size": 7.5,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 0.9,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "path.simplify": True,
    "svg.fonttype": "none",  # text stays text: it can be searched, and read out
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 7,
    "xtick.major.size": 3,
    "xtick.major.width": 0.6,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 7,
    "ytick.left": True,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}

_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@contextmanager
def style() -> Iterator[None]:
    """The look of every plot. Raises OperatorError if matplotlib is not installed."""
    try:
        from matplotlib import rc_context
    except ImportError as error:
        raise OperatorError(
            "plots need matplotlib, which is not installed here. Install it with: pip install 'pvdctl[export]'"
        ) from error
    with rc_context(_STYLE):
        yield


def figure(width_in: float, height_in: float) -> "Figure":
    """An empty figure, without any window system. To be called and drawn on within `style`."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), layout=None)


def svg(drawn: "Figure", name: str, title: str) -> str:
    """The figure as an SVG element for a page. name: makes its ids unique in the page. title: for who cannot see it."""
    from matplotlib import rc_context

    text = io.StringIO()
    with rc_context({"svg.hashsalt": name}):  # same figure, same bytes
        drawn.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    whole = text.getvalue()
    element = whole[whole.index("<svg") :].rstrip()
    element = re.sub(r"<metadata>.*?</metadata>\s*", "", element, flags=re.DOTALL)
    element = re.sub(r'\bid="', f'id="{name}-', element)
    element = re.sub(r'(href="#|url\(#)', rf"\1{name}-", element)
    element = element.replace("'DejaVu Sans'", "var(--font)")
    return element.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)


def thin(
    at: NDArray[np.float64], values: NDArray[np.float64], columns: int = COLUMNS_DRAWN
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A trace with as much of it as can be seen: the least and the greatest value of each of `columns` pieces.

    No peak is lost, however short. Gaps (NaN) remain as far as they fill a piece.
    """
    count = len(at)
    if count <= 4 * columns:
        return at, values
    size = -(-count // columns)
    padded = np.full(size * (-(-count // size)), np.nan)
    padded[:count] = values
    pieces = padded.reshape(-1, size)
    # NaN gives way to any number of its piece; a piece of nothing but NaN stays NaN.
    low, high = np.where(np.isnan(pieces), np.inf, pieces), np.where(np.isnan(pieces), -np.inf, pieces)
    first = np.arange(len(pieces)) * size
    places = np.sort(np.stack((first + low.argmin(1), first + high.argmax(1)), axis=1), axis=1).ravel()
    places = np.minimum(places, count - 1)
    return at[places], values[places]


def power_of_ten(value: float, _: object = None) -> str:
    """Tick label of a logarithmic axis: 10⁻⁶."""
    return "10" + str(round(np.log10(value))).translate(_SUPERSCRIPT) if value > 0.0 else ""


def label(axes: "Axes", quantity: str, unit: str) -> None:
    """Name an axis: the quantity, and below it the unit."""
    axes.set_ylabel(f"{quantity}\n{unit}" if unit else quantity, linespacing=1.3)
    axes.yaxis.set_label_coords(LABELS_AT, 0.5)
