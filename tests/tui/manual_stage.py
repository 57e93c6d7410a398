"""The screen Manual for tests: a chamber in Idle, the way to a line, what stands on it."""

from dataclasses import replace
from typing import Any

from textual.pilot import Pilot

from pvdctl.service.messages import Mimic, Snapshot, Valve
from pvdctl.tui.app import Screens
from pvdctl.tui.manual import Manual
from pvdctl.tui.panes import PANES
from pvdctl.tui.rows import Rows
from tests.tui.stage import changed, recorded, text, until

KEY = str([name for name, _ in PANES].index("Manual") + 1)


def idle() -> Snapshot:
    """Idle, and nobody in control."""
    return changed(recorded("idle"), lease=None)


def with_mimic(snapshot: Snapshot, **parts: Any) -> Snapshot:
    return changed(snapshot, mimic=replace(snapshot.mimic, **parts))


def valves(mimic: Mimic, name: str, **fields: Any) -> list[Valve]:
    return [replace(valve, **fields) if valve.name == name else valve for valve in mimic.valves]


async def at(pilot: Pilot[None], app: Screens, name: str) -> Manual:
    """Open the screen and put the cursor on this line."""
    await until(pilot, lambda: app.view.snapshot is not None)
    await pilot.press(KEY)
    await pilot.pause()
    pane = app.pane
    assert isinstance(pane, Manual)
    table = pane.query_one(Rows)
    table.go_to(name)
    await pilot.pause()
    assert table.key == name
    return pane


def shows(app: Screens, kind: type[Any]) -> bool:
    """Whether a dialog of this kind is on top."""
    return isinstance(app.screen, kind)


def line(app: Screens, name: str) -> str:
    """The table's line of this output; empty while it is not there."""
    table = text(app).partition("─────")[0].split("\n")
    found = [each for each in table if f" {name} " in each]
    return " ".join(found[0].split()) if len(found) == 1 else ""
