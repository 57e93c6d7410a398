"""The chamber drawn in text, as it was read back: vessel at the left, pumps, gas and gauges on its wall.

Drawn from the snapshot's kinds and roles alone: chambers differ in names and numbers of everything.
"""

from rich.text import Text
from textual.widgets import Static

from pvdctl.service.messages import Layer, Measured, Mimic, Snapshot, Supply, Switch
from pvdctl.tui import mimic_words
from pvdctl.tui.drawing import Line, fitted, short, text, width, wrapped
from pvdctl.tui.mimic_pipes import Branch, others, pipes
from pvdctl.tui.mimic_vessel import vessel
from pvdctl.tui.mimic_words import BAD_STYLE, DOUBT_STYLE, FORCED, OPEN_STYLE, power, pressure
from pvdctl.tui.view import View
from pvdctl.tui.words import number

LEAST_ROOM = 72
"""Below this many columns the pipes are drawn under the vessel."""
VESSEL = 40
"""Columns of the vessel with its walls: two sources side by side, and room for the words beside the pipes in 80."""

GAP = 2
"""Columns between two things in a line of several."""


class MimicDrawing(Static):
    """The drawing; keeps the lines it showed last, to draw only what has changed."""

    DEFAULT_CSS = """
    MimicDrawing { height: auto; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[Line] = []
        self.rows = 1

    def show(self, view: View, room: int) -> None:
        """Draw it in `room` columns."""
        snapshot = view.snapshot
        if snapshot is None:
            self.update(Text("The chamber is drawn here as soon as the service tells how it stands.", "dim"))
            return
        lines = drawn(snapshot.mimic, *film_now(snapshot), room)
        if lines == self._shown:
            return  # ages differ each time; what is drawn mostly does not
        self._shown = lines
        self.update(text(lines), layout=len(lines) != self.rows)
        self.rows = len(lines)


def film_now(snapshot: Snapshot) -> tuple[Layer | None, bool]:
    """The film in the making while a step makes one, and whether its rate is to be in band now."""
    job = snapshot.job
    if job is None or not job.running or not 1 <= job.step <= len(job.steps) or not job.steps[job.step - 1].film:
        return None, False
    return (job.layer, snapshot.state == "Execute") if job.layer.target_nm > 0.0 else (None, False)


def drawn(mimic: Mimic, layer: Layer | None, judged: bool, room: int) -> list[Line]:
    """All lines, each at most `room` columns."""
    beside = room >= LEAST_ROOM
    outer = VESSEL if beside else room
    inside = vessel(mimic, layer, judged, outer - 2)
    branches = pipes(mimic, room - outer if beside else room - 1)
    lines: list[Line] = []
    if beside:
        rows = max(len(inside), len(branches))
        branches += [Branch("│", [])] * (rows - len(branches))
        inside = _spread(inside, rows, outer - 2)
        for left, branch in zip(inside, branches, strict=True):
            wall = (branch.opening, OPEN_STYLE if branch.opening == "╞" else "")
            lines.append(fitted([("│", ""), *left, wall, *branch.line], room))
        lines = [_lid(mimic, outer), *lines, _floor(mimic, outer, "└")]
    else:
        lines = [_lid(mimic, outer), *([("│", ""), *left, ("│", "")] for left in inside)]
        lines.append(_floor(mimic, outer, "├"))
        lines += [fitted([(branch.opening, ""), *branch.line], room) for branch in branches]
    return lines + _below(mimic, room)


def _spread(inside: list[Line], rows: int, room: int) -> list[Line]:
    """Substrate stays on top, sources at the bottom: what room there is lies between."""
    spare = rows - len(inside)
    if spare <= 0:
        return inside
    gap: list[Line] = [[(" " * room, "")]] * spare
    return [*inside[:2], *gap, *inside[2:]]


def _lid(mimic: Mimic, outer: int) -> Line:
    """The upper wall with the chamber's pressure in it."""
    told, style = pressure(mimic.chamber_pressure)
    told = short(told, outer - 7)
    return [("┌── ", ""), (told, style), (" " + "─" * (outer - 6 - len(told)) + "┐", "")]


def _floor(mimic: Mimic, outer: int, corner: str) -> Line:
    """The lower wall with what may be opened above it: nothing, before the sources are cold."""
    told, style = ("", "")
    if mimic.sources:
        told, style = (" sources cold ", "") if mimic.sources_cold else (" sources not cold ", "bold yellow")
    return [(f"{corner}──", ""), (told, style), ("─" * (outer - 4 - len(told)) + "┘", "")]


def _below(mimic: Mimic, room: int) -> list[Line]:
    """Supplies, other valves, inputs that must be on, outputs."""
    lines = [line for one in mimic.supplies for line in wrapped(_supply(one), room, 2)]
    pieces: list[Line] = []
    for valve in others(mimic):
        told = mimic_words.valve(valve)
        pieces.append([(f"{told.shape} ", told.style), (f"{valve.name} ", ""), (told.word, told.style)])
    for pump in mimic.pumps:
        if sum(other.kind == pump.kind for other in mimic.pumps) > 1:
            pump_told = mimic_words.pump(pump)
            pieces.append([(f"{pump_told.shape} {pump.name} {pump_told.word}", pump_told.style)])
    pieces += _inputs([one for one in mimic.inputs if one.required is not None])
    pieces += [_output(one) for one in mimic.outputs]
    return lines + flowed(pieces, room)


def flowed(pieces: list[Line], room: int) -> list[Line]:
    """Pieces one after the other, in as many lines as it takes."""
    lines: list[Line] = []
    used = room + 1
    for piece in pieces:
        size = width(piece)
        if used + GAP + size > room:
            lines.append([])
            used = 0
        else:
            lines[-1].append((" " * GAP, ""))
            used += GAP
        lines[-1] += piece
        used += size
    return [fitted(line, room) for line in lines]


def _supply(one: Supply) -> Line:
    told = {True: ("● on", OPEN_STYLE), False: ("○ off", ""), None: ("? unknown", DOUBT_STYLE)}[one.on]
    forced: Line = [(f" {FORCED}", BAD_STYLE)] if one.forced_by else []
    current, voltage = _supplied(one.current, 1), _supplied(one.voltage, 2)
    line: Line = [
        (f"{one.name} ", ""), told, *forced,
        (f"  {current} of {number(one.asked_current_a, 1, 'A')} asked  {voltage}  {power(one.power_w)}", ""),
    ]  # fmt: skip
    if one.tripped is None:
        line.append(("  ? tripped or not", DOUBT_STYLE))
    elif one.tripped:
        line.append(("  ✗ TRIPPED", BAD_STYLE))
    return line


def _supplied(reading: Measured, digits: int) -> str:
    """Current or voltage as read back; without a number where it must not be trusted."""
    if reading.quality == "good":
        return number(reading.value, digits, reading.unit)
    return f"? {reading.unit} ({reading.quality})"


def _inputs(required: list[Switch]) -> list[Line]:
    """How many of water, air, doors are right. Those that are not are named in the notices, which are never hidden."""
    if not required:
        return []
    right = sum(one.on == one.required for one in required)
    if right == len(required):
        return [[(f"✓ {right} input{'s' * (right > 1)} right", "")]]
    return [[(f"✗ {len(required) - right} of {len(required)} inputs not right", BAD_STYLE)]]


def _output(one: Switch) -> Line:
    word = {True: "on", False: "off", None: "?"}[one.on]
    forced: Line = [(f" {FORCED}", BAD_STYLE)] if one.forced_by else []
    return [(f"{one.name} {word}", DOUBT_STYLE if one.on is None else ""), *forced]
