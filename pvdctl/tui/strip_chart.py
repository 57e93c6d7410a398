"""The four plots together, as on a strip chart: one time axis for all; any of them alone, to be seen larger."""

from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.events import Click
from textual.widgets import Static

from pvdctl.service.messages import Snapshot
from pvdctl.tui.plot import CurvePlot, KindName
from pvdctl.tui.view import View

ORDER: Final[tuple[KindName, ...]] = ("rate", "thickness", "current", "pressure")
SPANS: Final[tuple[tuple[str, float | None], ...]] = (("10 min", 600.0), ("1 h", 3600.0), ("whole run", None))
"""How much time is shown: a layer's, a cycle's, the run's."""
LEAST_SPAN_S = 60.0
"""Of a run that has just begun."""
TWO_COLUMNS = 70
"""From this width on two plots stand side by side where the plots have the screen to themselves."""


class StripChart(Vertical):
    """Rate, film, source current and pressure. `alone`: the kind that fills all the room; None: all four."""

    DEFAULT_CSS = """
    StripChart { width: 1fr; height: 1fr; padding: 0 1; }
    StripChart #span { height: 1; }
    StripChart #curves { height: 1fr; width: 1fr; layout: vertical; }
    StripChart #curves.pairs { layout: grid; grid-size: 2; grid-rows: 1fr; grid-gutter: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.alone: KindName | None = None
        self._span = 0
        self._view: View | None = None
        self._pairs_in = 0
        self._told = ""
        self._plots: dict[KindName, CurvePlot] = {kind: CurvePlot(kind) for kind in ORDER}

    def compose(self) -> ComposeResult:
        """A line that says how much time, then the plots."""
        yield Static(id="span")
        with Container(id="curves"):
            yield from self._plots.values()

    def show(self, view: View, pairs_in: int) -> None:
        """Draw what is in sight. pairs_in: columns for two plots side by side; 0 for one below the other."""
        self._view, self._pairs_in = view, pairs_in
        curves = self.query_one("#curves")
        curves.set_class(self.alone is None and pairs_in >= TWO_COLUMNS, "pairs")
        name, span_s = SPANS[self._span]
        snapshot = view.snapshot
        for kind, plot in self._plots.items():
            plot.display = self.alone in (None, kind)
            if plot.display and snapshot is not None:
                plot.draw(view.curves, snapshot.at_s, span_s if span_s is not None else run_s(snapshot, view))
        told = f"{name if span_s is None else f'last {name}'}  z times  "
        told += "e larger" if self.alone is None else "e next  Esc all"
        if told != self._told:
            self._told = told
            self.query_one("#span", Static).update(Text(told, "dim"), layout=False)

    def zoom(self) -> None:
        """The next span of time."""
        self._span = (self._span + 1) % len(SPANS)
        self._again()

    def enlarge(self) -> None:
        """The next one alone; after the last, all."""
        at = ORDER.index(self.alone) + 1 if self.alone is not None else 0
        self.alone = ORDER[at] if at < len(ORDER) else None
        self._again()

    def together(self) -> None:
        """All four."""
        self.alone = None
        self._again()

    def on_click(self, event: Click) -> None:
        """A click on a plot does as Enter does, for that plot."""
        for kind, plot in self._plots.items():
            if event.widget is plot:
                self.alone = kind if self.alone is None else None
                self._again()

    def _again(self) -> None:
        if self._view is not None:
            self.show(self._view, self._pairs_in)


def run_s(snapshot: Snapshot, view: View) -> float:
    """From the begin of the run, present or last, to now; without one, all there is to be seen."""
    job = snapshot.job
    if job is not None and job.run:
        since_end_s = 0.0 if job.running else snapshot.state_s
        return max(LEAST_SPAN_S, job.elapsed_s + since_end_s)
    curves = view.curves
    return max(LEAST_SPAN_S, snapshot.at_s - curves.at_s[0]) if len(curves) else LEAST_SPAN_S
