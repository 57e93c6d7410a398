"""The screens over simulated days, without a terminal: `python -m tests.tui.soak NEWS` says what they hold in memory.

All panes are looked at in turn, runs are opened, help comes and goes, while news come as fast as they are taken: each
is ten simulated seconds later than the one before, as at 2 Hz and 20 times the pace of the clock.
"""

import asyncio
import gc
import random
import sys
from dataclasses import replace
from pathlib import Path

from pvdctl.service.messages import Happening, Snapshot
from pvdctl.tui.app import Screens
from pvdctl.tui.panes import PANES
from tests.tui.archive import ArchiveChamber
from tests.tui.stage import NAME, recorded

STATM = Path("/proc/self/statm")
MOMENTS = ("idle", "pump_down", "deposit", "held", "nitrogen", "complete", "water", "aborted")
STEP_S = 10.0
PER_MOMENT = 40
"""News of each moment in turn."""
PER_PANE = 15
SETTLED = 0.25
"""Part of the news after which memory must not grow: every pane has been seen, every list has its length."""
SIZE = (120, 40)
SEED = 1


def memory_mb() -> float:
    """What this process has in memory, after what is not needed is gone."""
    import resource

    gc.collect()
    return int(STATM.read_text().split()[1]) * resource.getpagesize() / 1e6


def news(number: int, chance: random.Random) -> tuple[Snapshot, Happening]:
    """The moment of this number, with readings of its own, and an event."""
    moment = recorded(MOMENTS[number // PER_MOMENT % len(MOMENTS)])
    at_s = 1000.0 + number * STEP_S
    mimic = moment.mimic
    pressure = replace(mimic.chamber_pressure, value=10.0 ** chance.uniform(-7.0, 3.0))
    sources = [replace(source, current_a=chance.uniform(0.0, 150.0)) for source in mimic.sources]
    job = moment.job
    if job is not None:
        layer = replace(job.layer, rate_nm_per_s=chance.gauss(0.5, 0.05), film_nm=chance.uniform(0.0, 300.0))
        job = replace(job, layer=layer, elapsed_s=float(number))
    happening = replace(moment.events[-1], seq=2 * number, at_s=at_s, text=f"event {number}")
    snapshot = replace(
        moment, boot="soak", seq=2 * number + 1, at_s=at_s, job=job, question=None,
        mimic=replace(mimic, chamber_pressure=pressure, sources=sources), events=[*moment.events[-39:], happening],
    )  # fmt: skip
    return snapshot, happening


async def standing(count: int) -> tuple[float, float]:
    """Megabytes when everything has settled, and at the end."""
    chance = random.Random(SEED)
    chamber = ArchiveChamber(news(0, chance)[0])
    app = Screens(chamber, NAME)
    settled_mb = 0.0
    async with app.run_test(size=SIZE) as pilot:
        for number in range(1, count + 1):
            snapshot, happening = news(number, chance)
            chamber.send(happening, snapshot)
            while app.view.snapshot is None or app.view.snapshot.at_s < snapshot.at_s:
                await pilot.pause(0.001)
            if number % PER_PANE == 0:
                turn = number // PER_PANE
                await pilot.press(str(turn % len(PANES) + 1))
                if turn % 4 == 0:
                    await pilot.press("question_mark")
                    await pilot.press("question_mark")
                elif PANES[turn % len(PANES)][0] == "Runs":
                    await pilot.press("enter")
                    await pilot.pause(0.05)
                    await pilot.press("escape")
            if number == int(SETTLED * count):
                settled_mb = memory_mb()
        return settled_mb, memory_mb()


if __name__ == "__main__":
    print(*asyncio.run(standing(int(sys.argv[1]))))
