"""The recipe's steps with how far each has come."""

from rich.table import Table
from rich.text import Text
from textual.widgets import Static

from pvdctl.service.messages import Job, RecipeStep
from pvdctl.tui import words
from pvdctl.tui.view import View

SHAPES = {"done": "✓", "active": "▶", "left": "!", "waiting": "·"}
STYLES = {"done": "green", "active": "bold", "left": "bold red", "waiting": "dim"}


class Steps(Static):
    """A line for each step; the active one with its phase."""

    DEFAULT_CSS = """
    Steps { height: auto; padding: 0 1; }
    """

    def show(self, view: View) -> None:
        """Draw them."""
        job = view.snapshot.job if view.snapshot is not None else None
        self.update(Text("no recipe loaded", "dim") if job is None else table(job))


def table(job: Job) -> Table:
    """All steps of the loaded recipe."""
    made = Table(box=None, show_header=False, padding=(0, 1, 0, 0), expand=False)
    for step in job.steps:
        made.add_row(*_row(step, job), style=STYLES[step.status])
    return made


def _row(step: RecipeStep, job: Job) -> tuple[str, str, str, str, str]:
    film = f"{step.thickness_nm:g} nm {step.film}" if step.film and step.thickness_nm is not None else step.do
    expected = f"of about {words.duration(step.expected_s)}"
    lasted = words.duration(step.lasted_s) if step.lasted_s is not None else ""
    phase = f"{job.phase} {words.duration(job.phase_s)}" if step.status == "active" and job.phase else ""
    return SHAPES[step.status], step.name, film, f"{lasted} {expected}".strip(), phase
