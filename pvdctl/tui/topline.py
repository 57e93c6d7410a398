"""The lines that are always in sight: which chamber, real or not, what it does, how far, who leads, is it recorded."""

from rich.text import Text
from textual.widgets import Static

from pvdctl.service.messages import Evidence, Job, Snapshot
from pvdctl.tui import words
from pvdctl.tui.alarms_bell import gravest
from pvdctl.tui.panes import PANES
from pvdctl.tui.view import View

ALARMS_KEY = next((n for n, (name, _) in enumerate(PANES, 1) if name == "Alarms"), 0)
"""The digit of the alarm screen."""
WIDE = 110
"""From this many columns on, words instead of abbreviations."""


class TopLine(Static):
    """Two lines; loud ones below them while the service cannot be heard, a question or a grave alarm waits."""

    DEFAULT_CSS = """
    TopLine { dock: top; height: auto; background: $panel; color: $text; padding: 0 1; }
    """

    def show(self, view: View) -> None:
        """Say how things stand."""
        width = max(20, self.size.width - 2 or 78)
        self.update(lines(view, width))


def lines(view: View, width: int) -> Text:
    """All of it, none longer than `width`."""
    snapshot = view.snapshot
    if snapshot is None:
        if view.starting:
            return Text(f"pvdctl: starting the simulated service ... {words.duration(view.age_s)}", "bold")
        why = view.lost or "waiting for its first word"
        return _cut(Text(f"pvdctl: no service yet: {why}", "bold yellow"), width)
    made = [_first(snapshot), _second(snapshot, view, wide=width >= WIDE)]
    if view.stale:
        why = f": {view.lost}" if view.lost else ""
        made.append(Text(f" NO CONNECTION: all values are {words.duration(view.age_s)} old{why}", "bold reverse red"))
    elif snapshot.question is not None:
        made.append(Text(f" QUESTION (p answers): {snapshot.question.message}", "bold reverse yellow"))
    grave = gravest(snapshot)
    if grave is not None:
        shape, style = words.PRIORITY_SHAPES[grave.priority], words.PRIORITY_STYLES[grave.priority]
        made.append(Text(f" {shape} ALARM ({ALARMS_KEY} shows it): {grave.text}", style))
    return Text("\n").join(_cut(line, width) for line in made)


def _cut(line: Text, width: int) -> Text:
    line = Text(" ").join(line.split("\n"))
    line.truncate(width, overflow="ellipsis")
    return line


def _first(snapshot: Snapshot) -> Text:
    """Chamber, real or simulated, state, recipe, step and phase."""
    pace = f" {snapshot.speed:g}×" if snapshot.speed is not None and snapshot.speed != 1.0 else ""
    marked = Text(f" {snapshot.marked}{pace} ", "bold reverse cyan" if snapshot.simulated else "bold reverse magenta")
    line = Text.assemble((snapshot.chamber, "bold"), " ", marked, " ", words.state(snapshot.state))
    job = snapshot.job
    if job is not None and job.running:
        line.append(f"  {job.recipe}", "bold")
        line.append(f"  {_where(job)}")
    elif snapshot.reason:
        line.append(f"  {snapshot.reason}")
    return line


def _where(job: Job) -> str:
    if not 1 <= job.step <= len(job.steps):
        return f"step - of {len(job.steps)}"
    step = job.steps[job.step - 1]
    phase = f": {job.phase}" if job.phase else ""
    return f"step {job.step}/{len(job.steps)} {step.name}{phase}"


def _second(snapshot: Snapshot, view: View, *, wide: bool) -> Text:
    """Elapsed and remaining, who is in control, the record, alarms."""
    parts: list[Text] = []
    job = snapshot.job
    if job is not None and job.running:
        left = f"about {words.duration(job.remaining_s)} left" if wide else f"~{words.duration(job.remaining_s)} left"
        parts.append(Text(f"{words.duration(job.elapsed_s)}, {left}"))
    parts += [_alarms(snapshot), _control(view, wide), _record(snapshot.evidence, wide)]
    return Text("  ").join(parts)


def _control(view: View, wide: bool) -> Text:
    lease = view.lease
    word = "in control: " if wide else "control: "
    if lease is None:
        return Text(f"{word}nobody", "dim")
    if view.in_control:
        told = Text(f"{word}you", "bold")
    else:
        told = Text(f"{word}{lease.user} ({lease.client})" if wide else f"{word}{lease.user}")
    if lease.wanted_by:
        whom = lease.wanted_by if wide else lease.wanted_by.partition(" (")[0]
        told.append(f", wanted by {whom} in {words.duration(lease.wanted_in_s)}", "bold yellow")
    return told


def _record(evidence: Evidence, wide: bool) -> Text:
    if evidence.failed:
        return Text(f"✗ NOT RECORDED: {evidence.failed}", "bold reverse red")
    if evidence.unwitnessed is None:
        return Text("record: ? unwitnessed")
    return Text(f"record: {evidence.unwitnessed:,} unwitnessed" if wide else f"rec: {evidence.unwitnessed:,} unwit.")


def _alarms(snapshot: Snapshot) -> Text:
    """How many stand, how many of them nobody has acknowledged, and the gravest one's shape."""
    standing = [alarm for alarm in snapshot.alarms if not alarm.shelved_by]
    if not standing:
        return Text("no alarms", "dim")
    gravest = standing[0].priority
    waiting = sum(alarm.needs_acknowledgement for alarm in standing)
    told = f"{words.PRIORITY_SHAPES[gravest]} {len(standing)} alarm{'s' if len(standing) > 1 else ''}"
    if waiting:
        told += f", {waiting} unack."
    return Text(f" {told} ", words.PRIORITY_STYLES[gravest])
