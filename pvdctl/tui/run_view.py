"""One run: its head, its story and its plots, beside each other where there is room, else one at a time."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Grid, VerticalScroll
from textual.widgets import Static

from pvdctl.service.answers import RunEntry
from pvdctl.tui.curves import Curves
from pvdctl.tui.plot import CurvePlot, KindName
from pvdctl.tui.story_words import head, whole

SHOWN: Final[tuple[KindName, ...]] = ("rate", "thickness", "pressure", "current")
LEAST_S: Final = 60.0
"""Time axis of a run that has just begun."""
BESIDE: Final = 118
"""From this many columns on story and plots stand beside each other: 60 for the tables, the rest for curves."""


class RunView(Container):
    """Told of a run by `open`, then of its story and its samples as they come."""

    DEFAULT_CSS = """
    RunView { layout: vertical; }
    RunView #head { height: auto; max-height: 6; padding: 0 1; background: $boost; }
    RunView #parts { layout: horizontal; height: 1fr; }
    RunView VerticalScroll { width: 1fr; padding: 0 1; }
    RunView VerticalScroll Static { height: auto; }
    RunView Grid { width: 1fr; grid-size: 2 2; display: none; }
    RunView.plots Grid { display: block; }
    RunView.plots VerticalScroll { display: none; }
    RunView.beside Grid { display: block; grid-size: 1 4; }
    RunView.beside VerticalScroll { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.entry: RunEntry | None = None
        self.curves: Curves | None = None
        self._going_on = False
        self._story: Mapping[str, Any] | None = None
        self._said = ""

    def compose(self) -> ComposeResult:
        """Head; story, plots."""
        yield Static(id="head")
        with Container(id="parts"):
            with VerticalScroll():
                yield Static(id="story")
            with Grid():
                for kind in SHOWN:
                    yield CurvePlot(kind, from_begin=True)

    def open(self, entry: RunEntry, going_on: bool) -> None:
        """Another run: nothing of it is known yet but its line in the table."""
        self.entry, self._going_on = entry, going_on
        self._story, self.curves, self._said = None, None, "reading its story …"
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self._draw()

    def told(self, entry: RunEntry, going_on: bool, story: Mapping[str, Any]) -> None:
        """Its story, the first time or as it has gone on since."""
        self.entry, self._going_on = entry, going_on
        if story != self._story:
            self._story = story
            self._draw()

    def measured(self, curves: Curves) -> None:
        """Its samples."""
        self.curves = curves
        self._plot()

    def failed(self, why: str) -> None:
        """Its story cannot be read; what is known of it stays."""
        self._said = why
        if self._story is None:
            self._draw()

    def turn(self) -> None:
        """Story or plots, where there is room for one of them only."""
        self.toggle_class("plots")
        self.settle()

    def settle(self) -> None:
        """Put the focus where it can scroll, else on the pane: its keys go on to work."""
        scroll = self.query_one(VerticalScroll)
        if scroll.display:
            scroll.focus()
        else:
            self.query_ancestor("Pane", Container).focus()

    def on_resize(self) -> None:
        """Whether there is room for both."""
        self.set_class(self.size.width >= BESIDE, "beside")

    def _draw(self) -> None:
        if self.entry is None:
            return
        self.query_one("#head", Static).update(head(self.entry, self._story, self._going_on))
        shown: RenderableType = whole(self._story) if self._story is not None else Text(self._said, "dim")
        self.query_one("#story", Static).update(shown)
        self._plot()

    def _plot(self) -> None:
        curves = self.curves if self.curves is not None else Curves()
        end_s = max(LEAST_S, curves.at_s[-1] if len(curves) else 0.0)
        for plot in self.query(CurvePlot):
            plot.draw(curves, end_s, end_s)
