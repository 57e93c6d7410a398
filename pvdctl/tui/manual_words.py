"""What the screen for outputs by hand says: whether one can be set, what that will do, why it was refused."""

from rich.text import Text

from pvdctl.service.messages import Snapshot
from pvdctl.tui import words
from pvdctl.tui.manual_rows import Row
from pvdctl.tui.view import View

READY_FROM = ("Aborted", "Complete")
"""Wait states from which `g` leads to Idle, where outputs can be set."""


def may(view: View) -> Text:
    """Whether outputs can be set by hand now, and if not, what leads there."""
    snapshot = view.snapshot
    if snapshot is None:
        return Text(f"Nothing is known of the chamber yet. {view.lost}".strip(), "yellow")
    if view.stale:
        return Text("The service cannot be heard: what you see is old, and nothing can be set.", "bold yellow")
    if not snapshot.manual:
        return Text(not_now(snapshot), "bold yellow")
    lease = view.lease
    if lease is None:
        control = "Nobody is in control: the first act takes it."
    elif view.in_control:
        control = "You are in control."
    else:
        control = f"{lease.user} is in control: c asks for it."
    return Text.assemble((f"By hand, in {snapshot.state}: ", "bold green"), f"interlocks judge each act. {control}")


def not_now(snapshot: Snapshot) -> str:
    """Why nothing can be set, and which key leads to where it can."""
    if snapshot.local:
        return "The key switch at the plant stands at local: nothing is set from here until it is turned to remote."
    why = f"Nothing is set by hand in {snapshot.state}, only in Stopped and Idle."
    if snapshot.waiting_for:
        return f"{why} The unit waits for: {', '.join(snapshot.waiting_for)}."
    if snapshot.state in READY_FROM:
        return f"{why} g makes it ready: Clear, Reset, to Idle."
    if "stop" in snapshot.legal:
        return f"{why} s stops it, for good, and leads to Stopped."
    return f"{why} Wait until the unit is through with it."


def will(row: Row, value: float, snapshot: Snapshot) -> str:
    """What setting it will do, before it is done."""
    now = f"{row.name} is {words_of(row)} now, asked {row.asked}."
    if row.amount is not None:
        return f"{now} It goes to {value:g} {row.amount.unit}{row.amount.pace}."
    safe = " This is its safe side: no interlock is against it." if not value else ""
    if value:
        safe = " The interlocks are asked first; if one is against it, nothing is changed."
    where = "the simulated chamber" if snapshot.simulated else "the REAL chamber"
    return f"{now} It will be asked to be {words_to(row, value)}, in {where}.{safe}"


def words_of(row: Row) -> str:
    """What it is, without its shape."""
    shape, _, told = row.found.plain.partition(" ")
    return told if len(shape) == 1 else row.found.plain


def words_to(row: Row, value: float) -> str:
    """`open`, `off`."""
    if row.verbs[0] == "Open":
        return "open" if value else "closed"
    return "on" if value else "off"


def does(row: Row, value: float) -> str:
    """`opens it`, `switches it off`."""
    if row.verbs[0] == "Open":
        return "opens it" if value else "closes it"
    return "switches it on" if value else "switches it off"


def refusal(name: str, why: str) -> str:
    """The service's sentence, each interlock on a line of its own."""
    lines = why.replace(": interlock ", ":\n  · interlock ", 1).replace("; interlock ", ";\n  · interlock ")
    return f"✗ {lines}" if why.startswith(name) else f"✗ {name}: {lines}"


def about(row: Row, snapshot: Snapshot) -> Text:
    """More about one line: what Enter does, which interlock holds it, why it is stuck."""
    told = Text(row.name, "bold")
    if not row.output:
        told.append(f" is read only, it cannot be switched: {row.found.plain}, {row.note.plain}", "")
        return told
    if not snapshot.manual:
        asked = f", asked {row.asked}" if row.asked else ""
        told.append(f" is {words_of(row)}{asked}", "")
    elif row.amount is not None:
        amount = row.amount
        told.append(f": Enter asks for {amount.what}, 0 to {amount.most:g}; x takes it to 0 {amount.unit}", "")
    elif row.asked_on is None:
        told.append(f": o {does(row, 1.0)}, x {does(row, 0.0)}, each after a question", "")
    else:
        told.append(f": Enter {does(row, 0.0 if row.asked_on else 1.0)}, after a question", "")
    if row.failure:
        told.append(f"\n{words.PRIORITY_SHAPES['high']} {row.failure}", "bold red")
    for name in row.forced_by:
        why = next((trip.why for trip in snapshot.trips if trip.name == name), "")
        told.append(f"\nheld by interlock {name}{': ' if why else ''}{why}", "bold yellow")
    return told
