"""The whole story on the screens, against a service of its own processes: from looking to vouching.

Open, get ready, check, start, hold during zinc with a reason, resume, finish, read the story, verify.
"""

from pathlib import Path

from textual.pilot import Pilot

from pvdctl.client import Chamber
from pvdctl.record.event import read
from pvdctl.record.log import rows_from
from pvdctl.record.reader import RecordReader
from pvdctl.tui.app import Screens
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.stage import NAME, play, text, until

SPEED = 100.0
SIZE = (120, 40)
LONG_S = 90.0
"""Wall seconds for half a run at SPEED, on a busy machine."""


def test_from_looking_to_vouching(tmp_path: Path) -> None:
    served = Served(tmp_path, ROOT / "recipes", speed=SPEED)
    try:
        play(Chamber(served.socket, client=NAME), _story, SIZE)
    finally:
        assert served.end() == 0, served.log
    with RecordReader.open(served.record) as reader:
        events = [read(row) for _, row in rows_from(reader.event_file, 1, 2**62)]
    told = [str(event) for event in events]
    assert any("the foil slipped" in event for event in told)
    assert any("A17" in event and "lot 12" in event for event in told)


async def _story(pilot: Pilot[None], app: Screens) -> None:
    def state() -> str:
        return app.view.snapshot.state if app.view.snapshot is not None else ""

    def phase() -> tuple[str, str]:
        job = app.view.snapshot.job if app.view.snapshot is not None else None
        return (job.steps[job.step - 1].name, job.phase) if job is not None and job.step else ("", "")

    # Open: nothing has happened since the start of the service, and the screen says so.
    await until(pilot, lambda: state() == "Aborted")
    assert "✗ Aborted" in text(app)
    await until(pilot, lambda: app.view.snapshot is not None and not app.view.snapshot.waiting_for)
    await pilot.press("g", "y")
    await until(pilot, lambda: "○ Idle" in text(app), LONG_S)
    assert "in control: you" in text(app)

    # Check: the recipe with its text and what the check says.
    await pilot.press("2")
    await until(pilot, lambda: "lzln" in text(app))
    await pilot.press("down", "down")
    await until(pilot, lambda: "Dual layer Li3N on LiZn" in text(app) and "300 nm" in text(app))

    # Start: says what will happen, wants a deliberate yes.
    await pilot.press("enter")
    await until(pilot, lambda: "Start lzln on provap?" in text(app))
    await pilot.press(*"A17", "enter", *"foil, lot 12", "enter")
    assert state() == "Idle"
    await pilot.press("y")
    await until(pilot, lambda: "▶ Execute" in text(app), LONG_S)

    # Hold in the middle of the zinc: at once, and why afterwards.
    await until(pilot, lambda: phase() == ("zinc", "deposit"), LONG_S)
    await pilot.press("h")
    await until(pilot, lambda: "Hold: why?" in text(app))
    await pilot.press(*"the foil slipped", "enter")
    await until(pilot, lambda: "‖ Held" in text(app), LONG_S)
    snapshot = app.view.snapshot
    assert snapshot is not None
    assert all(valve.position == "closed" for valve in snapshot.mimic.valves if valve.kind == "shutter")

    # Resume and finish.
    await pilot.press("r")
    await until(pilot, lambda: "▶ Execute" in text(app), LONG_S)
    await until(pilot, lambda: "✓ Complete" in text(app), LONG_S)

    # Read the story, and verify the record.
    await pilot.press("5")
    await until(pilot, lambda: "A17" in text(app) and "Complete" in text(app))
    await pilot.press("enter")
    await until(pilot, lambda: "zinc" in text(app) and "nitrogen" in text(app))
    await pilot.press("V")
    await until(pilot, lambda: "✓ INTACT" in text(app), LONG_S)
