"""What a run shows of itself, simulated or real: a live picture on a terminal, one line per phase elsewhere.

A watcher looks at the run after each scan, changes nothing, and redraws at most ten times a second of wall time.
"""

from types import TracebackType
from typing import Protocol, Self, TextIO

from pvdctl.cli.conduct import Conductor
from pvdctl.cli.exits import say
from pvdctl.recipe.plan import Plan


class Watcher(Protocol):
    """Shows the run between entering and leaving it."""

    def scan(self, run: Conductor) -> None:
        """Look at the run after one scan."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Show the last state and stop."""


def watch(planned: Plan, seed: int | None, stream: TextIO, *, quiet: bool) -> Watcher | None:
    """The watcher that fits `stream` (stderr): a live picture on a terminal, else lines, or None where `quiet`."""
    if stream.isatty():
        from pvdctl.cli.live import LivePicture

        return LivePicture(planned, seed)
    return None if quiet else PhaseLines(planned)


class PhaseLines:
    """One line for each phase that begins, and for each state the unit leaves its way to; for logs and pipes."""

    def __init__(self, planned: Plan) -> None:
        self._count = len(planned.steps)
        self._told = ("", "", "")
        self._began_s: float | None = None

    def scan(self, run: Conductor) -> None:
        """Say a line if step, phase or state has changed."""
        context = run.controller.context
        now = (context.state_word, context.step_name, context.phase)
        if now == self._told:
            return
        state_changed = now[0] != self._told[0]
        self._told = now
        if not context.step_name or not (context.phase or state_changed):
            return
        if self._began_s is None:
            self._began_s = run.now_s
        place = f"step {context.step_index} of {self._count}, {context.step_name}: {context.phase}"
        state = "" if context.state_word == "Execute" else f" [{context.state_word}]"
        mark = "SIMULATED " if run.marked else ""
        say(f"{mark}{run.now_s - self._began_s:8.1f} s  {place}{state}")

    def __enter__(self) -> Self:
        """Nothing to prepare."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Nothing to take down."""
