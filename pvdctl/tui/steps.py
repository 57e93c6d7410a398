"""The recipe's steps with how far each has come."""

from rich.text import Text
from textual.widgets import Static

from pvdctl.service.messages import Job, RecipeStep, Snapshot
from pvdctl.tui import words
from pvdctl.tui.drawing import Line, fitted, short, text
from pvdctl.tui.view import View

SHAPES = {"done": "✓", "active": "▶", "left": "!", "waiting": "·"}
STYLES = {"done": "", "active": "bold", "left": "bold red", "waiting": "dim"}
BAR = 10
"""Columns of the active step's bar."""
NAME, WHAT = 16, 22
"""Most columns for a step's name and for what it makes."""


class Steps(Static):
    """A line for each step; the active one with its phase. Where there is too little room, those around it."""

    DEFAULT_CSS = """
    Steps { height: auto; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = ()

    @staticmethod
    def wanted(snapshot: Snapshot | None) -> int:
        """Rows for all of it."""
        return len(snapshot.job.steps) + 1 if snapshot is not None and snapshot.job is not None else 1

    def show(self, view: View, room: int, rows: int) -> None:
        """Draw them in `room` columns and `rows` rows."""
        snapshot = view.snapshot
        job = snapshot.job if snapshot is not None else None
        now = (room, rows, snapshot is None, job)
        if now != self._shown:
            self._shown = now
            if job is None:
                self.update(Text("No recipe is loaded." if snapshot is not None else ""), layout=False)
            else:
                self.update(text(lines(job, room, rows)), layout=False)


def lines(job: Job, room: int, rows: int) -> list[Line]:
    """At most `rows` lines; the heading gives way first, then the steps that are furthest from the active one."""
    name = min(NAME, max((len(step.name) for step in job.steps), default=0))
    what = min(WHAT, max((len(_what(step, job)) for step in job.steps), default=0))
    told = [_line(step, job, name, what, room) for step in job.steps]
    if rows > len(told):
        return [fitted(_heading(job), room), *told]
    if rows == len(told) or rows < 1:
        return told[:rows]
    active = max(0, job.step - 1)
    first = min(max(0, active - (rows - 1) // 2), len(told) - rows)
    shown = told[first : first + rows]
    before, after = first, len(told) - first - rows
    if before and rows > 2 and first != active:
        shown[0] = [(f"↑ {before + 1} steps before", "dim")]
    if after and rows > 1 and first + rows - 1 != active:
        shown[-1] = [(f"↓ {after + 1} more steps", "dim")]
    return shown


def _heading(job: Job) -> Line:
    sample = f"  sample {job.sample_id}" if job.sample_id else ""
    by = f"  by {job.operator}" if job.operator else ""
    return [(f"{job.recipe} {job.version}", "bold"), (f"{sample}{by}  {job.title}", "")]


def _line(step: RecipeStep, job: Job, name_room: int, what_room: int, room: int) -> Line:
    style = STYLES[step.status]
    line: Line = [
        (f"{SHAPES[step.status]} ", style),
        (f"{short(step.name, name_room):<{name_room}}  ", style),
        (f"{short(_what(step, job), what_room):<{what_room}}", style),
    ]
    expected = f"~{words.duration(step.expected_s)}"
    if step.status == "waiting":
        return fitted([*line, (f"  {expected}", style)], room)
    lasted = words.duration(step.lasted_s)
    if step.status == "active":
        phase = f"  {job.phase} {words.duration(job.phase_s)}" if job.phase else ""
        line.append((f" {bar(step.lasted_s, step.expected_s)}", "cyan"))
        return fitted([*line, (f" {lasted} of {expected}", style), (phase, style)], room)
    ended = "  left in the middle" if step.status == "left" else ""
    return fitted([*line, (f"  {lasted}{ended}", style)], room)


def _what(step: RecipeStep, job: Job) -> str:
    if step.film and step.thickness_nm is not None:
        for layer in job.layers:
            if layer.get("name") == step.name and isinstance(read_nm := layer.get("read_nm"), int | float):
                return f"{step.film} {read_nm:.1f} of {step.thickness_nm:g} nm"
        return f"{step.film} {step.thickness_nm:g} nm"
    if step.status == "active" and job.dose_mbar_s > 0.0:
        return f"{job.dose_mbar_s:,.0f} mbar s"
    for exposure in job.exposures:
        if exposure.get("name") == step.name and isinstance(dose := exposure.get("dose_mbar_s"), int | float):
            return f"{dose:,.0f} mbar s"
    return step.do if step.do != step.name else ""


def bar(lasted_s: float | None, expected_s: float) -> str:
    """How much of the expected time is over; all of it where it lasts longer."""
    if lasted_s is None or expected_s <= 0.0:
        return "░" * BAR
    full = min(BAR, int(BAR * lasted_s / expected_s + 0.5))
    return "█" * full + "░" * (BAR - full)
