"""The live picture of a run on a terminal: recipe, phase, pressure, rate, film, pace.

Fits 80 columns. State is told by word and shape (✓ done, ▶ now, ! left its way), colour only repeats it.
"""

from collections import deque
from math import log10
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pvdctl.cli import screen
from pvdctl.cli.conduct import Conductor
from pvdctl.cli.screen import duration
from pvdctl.clock import cpu_wall_s
from pvdctl.recipe.model import Deposit
from pvdctl.recipe.plan import Plan

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

REDRAW_S = 0.1
"""Wall seconds between two pictures: ten a second are fluent, and cost 4 % of a core (measured)."""
READINGS_WIDTH = 32
"""Columns that the readings take before the curves; the curves take the rest. A whole run as expected fills them, a
longer one scrolls."""
BLOCKS = "▁▂▃▄▅▆▇█"
LOWEST_LOG, HIGHEST_LOG = -7.0, 3.0
"""Decades of the pressure curve: 1e-7 mbar, below the base pressure of such a chamber, to atmosphere."""
FULL_RATE = 8.0 / 5.5
"""The rate curve is full at this many times its target: a rate within 9 % of it then draws the sixth block of eight."""


class LivePicture:
    """Draws the run on stderr. `picture` is what stands on the screen now."""

    def __init__(self, planned: Plan, seed: int | None, console: "Console | None" = None) -> None:
        self._planned = planned
        self._seed = seed
        self._console = console if console is not None else screen.console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._run: Conductor | None = None
        self._index = 0
        self._began_s = 0.0
        self._lasted_s: dict[int, float] = {}
        self._pressures_mbar: dict[int, float] = {}
        self._wall_zero_s = cpu_wall_s()
        self._next_draw_s = 0.0
        points = self._console.width - READINGS_WIDTH
        self._every_s = max(1.0, planned.expected_s / points)
        self._next_point_s = 0.0
        self._log_pressures: deque[float] = deque(maxlen=points)
        self._rates: deque[float] = deque(maxlen=points)

    # --- watching -------------------------------------------------------------------------------------------------
    def scan(self, run: Conductor) -> None:
        """Note what the curves need, and redraw if it is time."""
        now_s, context = run.now_s, run.controller.context
        if context.step_index != self._index:
            self._step_changed(run)
        if now_s >= self._next_point_s:
            self._next_point_s = now_s + self._every_s
            self._note(run)
        wall_s = cpu_wall_s()
        if wall_s >= self._next_draw_s:
            self._next_draw_s = wall_s + REDRAW_S
            self._run = run
            self._live.update(self.picture(), refresh=True)

    def _step_changed(self, run: Conductor) -> None:
        now_s, pressure = run.now_s, run.controller.readings.chamber_pressure.number()
        if self._index:
            self._lasted_s[self._index] = now_s - self._began_s
            if pressure is not None:
                self._pressures_mbar[self._index] = pressure
        self._index, self._began_s = run.controller.context.step_index, now_s

    def _note(self, run: Conductor) -> None:
        """One point of each curve."""
        context = run.controller.context
        pressure = run.controller.readings.chamber_pressure.number()
        self._log_pressures.append(log10(pressure) if pressure else LOWEST_LOG)
        target = context.rate_target_nm_per_s
        self._rates.append(context.rate_nm_per_s / target if target else 0.0)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Draw the last state and leave it standing."""
        if self._run is not None:
            self._live.update(self.last_picture(self._run), refresh=True)
        self._live.stop()

    def last_picture(self, run: Conductor) -> "RenderableType":
        """The picture after the last scan."""
        self._run = run
        self._step_changed(run)
        return self.picture()

    # --- drawing --------------------------------------------------------------------------------------------------
    def picture(self) -> "RenderableType":
        """Head, recipe, readings."""
        run = self._run
        if run is None:
            return Text("")
        return Group(self._head(run), "", self._steps(run), "", self._readings(run), "")

    def _head(self, run: Conductor) -> Text:
        recipe, wall_s = self._planned.recipe.model, cpu_wall_s() - self._wall_zero_s
        fast = wall_s > 0.0 and run.now_s > 2.0 * wall_s  # in real time the pace is no news
        pace = f"{run.now_s / wall_s:,.0f} × real time" if fast else ""
        state = run.controller.context.state_word
        head = Text(no_wrap=True, overflow="ellipsis")
        if run.marked:
            head.append(" SIMULATED ", "black on yellow").append(" ")
        head.append(f" {recipe.recipe} {recipe.version}", "bold")
        head.append(f"  {recipe.title}\n")
        seed = f", seed {self._seed}" if self._seed is not None else ""
        head.append(f" {self._planned.chamber.model.chamber}{seed}   ")
        head.append(state, screen.COLOURS.get(state, "bold"))
        expected = duration(self._planned.expected_s)
        head.append(f"   {duration(run.now_s)} of about {expected}   {pace}")
        return head

    def _steps(self, run: Conductor) -> Table:
        context = run.controller.context
        steps = Table.grid(padding=(0, 2))
        steps.add_column(width=2)
        steps.add_column(no_wrap=True)
        steps.add_column(justify="right", min_width=7)
        steps.add_column(no_wrap=True, overflow="ellipsis")
        over = context.state_word == "Complete"
        for index, planned in enumerate(self._planned.steps, start=1):
            name = planned.step.name
            if index < context.step_index or (over and index == context.step_index):
                steps.add_row(" ✓", Text(name, "blue"), duration(self._lasted_s.get(index)), self._made(index, run))
            elif index == context.step_index:
                lasted = duration(run.now_s - self._began_s)
                stray = context.state_word not in ("Execute", "Completing")
                mark, words = (" !", context.state_word) if stray else (" ▶", context.phase.replace("_", " "))
                steps.add_row(mark, Text(name, "bold"), lasted, Text(words, "bold yellow" if stray else "bold"))
            else:
                about = Text(f"about {duration(planned.expected_s)}", "dim")
                steps.add_row("", Text(name, "dim"), "", about)
        return steps

    def _made(self, index: int, run: Conductor) -> str:
        """What a step that is done has brought, in a few words."""
        name, context = self._planned.steps[index - 1].step.name, run.controller.context
        for layer in context.layers:
            if layer["name"] == name:
                return f"{layer['read_nm']:.1f} nm {layer['film']} at {layer['rate_mean_nm_s']:.3f} nm/s"
        for exposure in context.exposures:
            if exposure["name"] == name:
                return f"{exposure['peak_mbar']:.0f} mbar at most, {exposure['dose_mbar_s']:,.0f} mbar s"
        pressure_mbar = self._pressures_mbar.get(index)
        return f"{pressure_mbar:.1e} mbar" if pressure_mbar is not None else ""

    def _readings(self, run: Conductor) -> Table:
        controller = run.controller
        context, readings = controller.context, controller.readings
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True, style="dim")
        grid.add_column(no_wrap=True, min_width=18)
        grid.add_column(no_wrap=True, overflow="crop")
        pressure = readings.chamber_pressure.number()
        shown = f"{pressure:.2e} mbar" if pressure is not None else "not known"
        grid.add_row(" pressure", shown, Text(_curve(self._log_pressures, LOWEST_LOG, HIGHEST_LOG), "cyan"))
        planned = self._planned.steps[context.step_index - 1] if context.step_index else None
        deposit = planned.step if planned is not None and isinstance(planned.step, Deposit) else None
        rate = film = "-"
        bar: RenderableType = ""
        if deposit is not None:
            rate = f"{context.rate_nm_per_s:.3f} of {deposit.rate_nm_per_s:g} nm/s"
            film = f"{context.film_nm:.1f} of {deposit.thickness_nm:g} nm"
            bar = _bar(context.film_nm / deposit.thickness_nm)
        grid.add_row(" rate", rate, Text(_curve(self._rates, 0.0, FULL_RATE), "cyan"))
        grid.add_row(" film", film, bar)
        current = readings.source_current.number()
        source = f"  {planned.source_name}" if planned is not None and planned.source_name else ""
        grid.add_row(" current", f"{current:.1f} A{source}" if current is not None else "not known", self._alarms(run))
        return grid

    def _alarms(self, run: Conductor) -> Text:
        """The gravest standing alarm, and how many more there are."""
        standing = run.controller.alarms.listing()
        if not standing:
            return Text("no alarm", "dim")
        more = f" and {len(standing) - 1} more" if len(standing) > 1 else ""
        return Text(f"! {standing[0]['name']}{more}", "bold magenta")


def _curve(values: "deque[float]", lowest: float, highest: float) -> str:
    """Values as blocks of eight heights."""
    most = len(BLOCKS) - 1
    return "".join(
        BLOCKS[max(0, min(most, int((value - lowest) / (highest - lowest) * (most + 1))))] for value in values
    )


def _bar(share: float, width: int = 40) -> Text:
    """A bar with its share in per cent."""
    done = max(0, min(width, round(share * width)))
    return Text("━" * done, "blue").append("─" * (width - done), "dim").append(f" {100.0 * share:.0f} %", "default")
