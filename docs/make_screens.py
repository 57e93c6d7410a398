"""Draws docs/screen-overview.svg and docs/screen-alarms.svg, the screens in the README, from services that really ran.

Run from the clone: `.venv/bin/python docs/make_screens.py`; it takes about two minutes.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pvdctl.client import Chamber, Unreachable
from pvdctl.clock import RealClock, sleep_s
from pvdctl.service.messages import Snapshot
from pvdctl.tui.app import Screens

HERE = Path(__file__).parent
SPEED = 30.0
SETTLE_S = 1.0
"""Between the moment and the picture: the next snapshot has come, the next picture is drawn."""
WITHIN_S = 200.0
FONTS = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace'


def main() -> None:
    """Lithium in the making, watched from the start; and the loss of the water."""
    _picture("screen-overview.svg", (132, 40), (), "", _lithium)
    _picture("screen-alarms.svg", (100, 28), ("--fault", "water_lost@zinc.deposit+200s"), "4", _aborted)


def _lithium(snapshot: Snapshot) -> bool:
    job = snapshot.job
    return (
        job is not None
        and job.phase == "deposit"
        and job.steps[job.step - 1].name == "lithium"
        and (job.layer.film_nm > 60.0)
    )


def _aborted(snapshot: Snapshot) -> bool:
    return snapshot.state == "Aborted" and any(alarm.priority == "critical" for alarm in snapshot.alarms)


def _picture(
    name: str, size: tuple[int, int], more: tuple[str, ...], keys: str, there: Callable[[Snapshot], bool]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        socket = Path(directory) / "api.sock"
        command = [
            sys.executable, "-m", "pvdctl.cli.main", "serve", "--simulate", "--speed", f"{SPEED:g}",
            "--socket", os.fspath(socket), "--record", os.fspath(Path(directory) / "record"), *more,
        ]  # fmt: skip
        service = subprocess.Popen(command, cwd=HERE.parent)  # noqa: S603 - this very program
        try:
            chamber = Chamber(socket, client="tui@control-room:1")
            _wait_for(chamber)
            svg = asyncio.run(_seen(chamber, size, keys, there))
        finally:
            service.terminate()
            service.wait(60.0)
    (HERE / name).write_text(_without_network(svg), encoding="utf-8")


def _wait_for(chamber: Chamber) -> None:
    clock = RealClock()
    while True:
        try:
            chamber.status()
        except Unreachable:
            if clock.now_s > WITHIN_S:
                raise
            sleep_s(0.1)
        else:
            return


async def _seen(chamber: Chamber, size: tuple[int, int], keys: str, there: Callable[[Snapshot], bool]) -> str:
    """Open the screens, start the recipe, wait for the moment."""
    app = Screens(chamber, "tui@control-room:1")
    clock = RealClock()
    async with app.run_test(size=size) as pilot:
        await asyncio.to_thread(_begin, chamber)
        while app.view.snapshot is None or not there(app.view.snapshot):
            if clock.now_s > WITHIN_S:
                raise RuntimeError(f"the moment did not come: {app.view.snapshot}")
            await pilot.pause(0.1)
        for key in keys:
            await pilot.press(key)
        await pilot.pause(SETTLE_S)
        return app.export_screenshot(title=f"pvdctl tui, {size[0]} × {size[1]}")


def _begin(chamber: Chamber) -> None:
    chamber.take_control("a picture")
    chamber.ready()
    chamber.start("lzln", sample_id="A17", note="lithium foil, lot 12")


def _without_network(svg: str) -> str:
    """Rich's picture without the fonts that it fetches, in the reader's own."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: (Fira Code, monospace|arial);?", f"font-family: {FONTS};", svg)
    return re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    main()
