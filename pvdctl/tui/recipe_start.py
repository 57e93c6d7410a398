"""Before a recipe is started: what will happen, whose sample it is, and a deliberate yes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.widgets import Button, Input, Static

from pvdctl.service.answers import Checked
from pvdctl.service.messages import Snapshot
from pvdctl.tui import words
from pvdctl.tui.dialogs import BOX
from pvdctl.tui.over import Over
from pvdctl.tui.recipe_page import SHA_SHOWN, charge
from pvdctl.tui.recipe_timeline import what
from pvdctl.tui.tick import Tick
from pvdctl.tui.view import View

FIRST = {
    "Aborted": "Clear, then Reset",
    "Stopped": "Reset",
    "Complete": "Reset",
}
"""What `Chamber.ready` does before a start is possible, by the unit's state."""
HIGH_FROM = 36
"""Lines of the terminal from which all of twenty lines about the recipe are shown."""
LONGEST_SAMPLE, LONGEST_NOTE = 200, 2000
"""Characters that the service takes."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen. ready: bring the unit to Idle first."""

    sample_id: str
    note: str
    ready: bool


class AskStart(Over[Wish | None]):
    """Sample and note, then Start: y or the button, never a stray Enter. None: left without starting.

    It follows the chamber while it is open: `show` says each time whether a start is possible.
    """

    DEFAULT_CSS = f"""
    AskStart {{ {BOX} }}
    AskStart > Vertical {{ width: 84; }}
    AskStart VerticalScroll {{ height: auto; max-height: 9; }}
    AskStart.high VerticalScroll {{ max-height: 20; }}
    AskStart Input {{ width: 1fr; background: $boost; }}
    AskStart Input:focus {{ background: $primary-muted; }}
    AskStart .field {{ margin-top: 0; height: 1; align-horizontal: left; }}
    AskStart .label {{ width: 11; }}
    AskStart #buttons {{ margin-top: 0; }}
    AskStart .next {{ width: 1fr; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "start", "Start"),
        Binding("n,escape", "leave", "Do not start"),
        Binding("left,right", "app.focus_next", show=False),
        Binding("enter", "next", priority=True, show=False),
    ]

    def __init__(self, checked: Checked, view: View) -> None:
        super().__init__()
        self._checked, self._view = checked, view

    def compose(self) -> ComposeResult:
        """What will happen, two lines to write on, the way to Idle, two buttons."""
        with Vertical():
            yield Static(id="title")
            with VerticalScroll():
                yield Static(will(self._checked, self._view.snapshot), id="will")
            yield Static(id="unit")
            yield Tick("", id="ready")
            with Horizontal(classes="field"):
                yield Static("Sample id", classes="label")
                yield Input(
                    id="sample", compact=True, max_length=LONGEST_SAMPLE, placeholder="such as A17; may stay empty"
                )
            with Horizontal(classes="field"):
                yield Static("Note", classes="label")
                yield Input(id="note", compact=True, max_length=LONGEST_NOTE, placeholder="may stay empty")
            with Horizontal(id="buttons"):
                yield Static(Text("Enter: next; at the end y starts", "dim"), classes="next")
                yield Button("Start (y)", id="start", variant="warning", compact=True)
                yield Button("Do not start (n)", id="leave", compact=True)

    def on_mount(self) -> None:
        """The sample's name first."""
        self.show(self._view)
        self.query_one("#sample", Input).focus()

    def on_resize(self, event: Resize) -> None:
        """More of the steps on a high screen."""
        self.set_class(event.size.height >= HIGH_FROM, "high")

    def show(self, view: View) -> None:
        """How the unit stands now."""
        if not self.is_mounted:
            return
        snapshot = view.snapshot
        marked = snapshot.marked if snapshot is not None else words.UNKNOWN
        chamber = snapshot.chamber if snapshot is not None else words.UNKNOWN
        self.query_one("#title", Static).update(
            Text.assemble((f"Start {self._checked.name} on {chamber}?  ", "bold"), _mark(marked))
        )
        ready = self.query_one("#ready", Tick)
        first = FIRST.get(snapshot.state) if snapshot is not None and not view.stale else None
        ready.display = first is not None
        if first is not None:
            ready.label = f"Get the unit ready first: {first}, to Idle"
        why = self._why_not(view)
        self.query_one("#unit", Static).update(_unit(view, why))
        self.query_one("#start", Button).disabled = bool(why)

    def _why_not(self, view: View) -> str:
        return why_not(view, ready=self.query_one("#ready", Tick).value)

    def on_checkbox_changed(self, event: Tick.Changed) -> None:
        """Asked to make ready first, or not."""
        self.show(self._view)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button is an answer."""
        if event.button.id == "start":
            self.action_start()
        else:
            self.dismiss(None)

    def action_next(self) -> None:
        """Enter goes on to the next line, at last to `Do not start`: a stray one starts nothing.

        At once, so that keys pasted or typed ahead land where they belong; an Input would tell of it later.
        """
        at = self.focused
        if isinstance(at, Input):
            self.set_focus(self.query_one("#note" if at.id == "sample" else "#leave"))
        elif isinstance(at, Button):
            at.press()
        elif isinstance(at, Tick):
            at.toggle()

    def action_start(self) -> None:
        """Yes, if it is possible now."""
        if self._why_not(self._view):
            return
        sample, note = self.query_one("#sample", Input).value.strip(), self.query_one("#note", Input).value.strip()
        ready = self.query_one("#ready", Tick)
        self.dismiss(Wish(sample, note, ready.display and ready.value))

    def action_leave(self) -> None:
        """No."""
        self.dismiss(None)


def why_not(view: View, *, ready: bool) -> str:
    """Why a start is not possible now; empty if it is. ready: the unit will be made ready first."""
    snapshot = view.snapshot
    if snapshot is None or view.stale:
        return "The service cannot be heard; nothing can be started."
    if snapshot.evidence.failed:
        return f"Nothing can be recorded, so nothing is started: {snapshot.evidence.failed}"
    if snapshot.local:
        return "The key switch at the plant stands at local: nothing is started from here until it stands at remote."
    if snapshot.state in FIRST:
        if ready:
            return ""
        return f"The unit is in {snapshot.state}. A start needs Idle: tick the box below, or leave and press g."
    if "start" not in snapshot.legal:
        return f"The unit is in {snapshot.state}; a recipe is started in Idle."
    return ""


def _unit(view: View, why: str) -> Text:
    """State, alarms and control in a line or two."""
    snapshot = view.snapshot
    if snapshot is None:
        return Text(why, "bold yellow")
    told = Text.assemble("Unit: ", words.state(snapshot.state))
    standing = [alarm for alarm in snapshot.alarms if not alarm.shelved_by]
    if standing:
        told.append(f"; alarms standing: {', '.join(alarm.name for alarm in standing)}", "bold yellow")
    lease = snapshot.lease
    if lease is not None and not view.in_control:
        told.append(f"; {lease.user} ({lease.client}) is in control: the start will be refused", "bold yellow")
    if why:
        told.append(f"\n✗ {why}", "bold yellow")
    return told


def will(checked: Checked, snapshot: Snapshot | None) -> Text:
    """What will be done, in which order, how long, with which charge."""
    told = Text(f"{checked.title or checked.name}, version {checked.version}, sha {checked.sha256[:SHA_SHOWN]}\n")
    lasts = f"About {words.duration(checked.expected_s)}"
    if snapshot is not None and checked.expected_s is not None and not snapshot.simulated:
        end = datetime.fromisoformat(snapshot.utc) + timedelta(seconds=checked.expected_s)
        lasts += f", to about {end:%H:%M} UTC"
    told.append(f"{lasts}; {charge(checked)}.\n", "bold")
    steps = (f"{step.index} {step.name}: {what(step)} ({_lasts(step.expected_s)})" for step in checked.steps)
    told.append("\n".join(steps))
    for question in checked.questions:
        told.append(f"\nIt will ask ({question.prompt}): {question.message} {' / '.join(question.answers)}", "yellow")
    warnings = sum(finding["severity"] == "warning" for finding in checked.findings)
    if warnings:
        told.append(
            f"\n▲ The check has {warnings} warning{'s' if warnings > 1 else ''}: see beside the text.", "yellow"
        )
    return told


def _lasts(expected_s: float) -> str:
    return words.duration(expected_s) if expected_s > 0.0 else "until it is answered"


def _mark(marked: str) -> tuple[str, str]:
    return f" {marked} CHAMBER ", "bold reverse cyan" if marked == "SIMULATED" else "bold reverse magenta"
