"""The screens without a terminal, on a chamber that was recorded or on a service of its own."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Generator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from pvdctl.client import Chamber, Heard, Lost
from pvdctl.clock import Clock
from pvdctl.service.answers import Accepted, Me, Trend
from pvdctl.service.decode import decode
from pvdctl.service.messages import Snapshot
from pvdctl.tui.app import Screens

RECORDED = Path(__file__).parent / "recorded"
NAME = "tui@test:1"
SMALL, LARGE = (80, 24), (140, 45)
LOOK_S = 0.05
STILL = 3
"""Looks in a row at which nothing has changed."""
NO_TREND = Trend([], [], [], [], [], [], [], [])


@cache
def recorded(name: str) -> Snapshot:
    """A snapshot as a service really sent it (tests/tui/recorded/NAME.json, made by `python -m tests.tui.record`)."""
    return decode(Snapshot, json.loads((RECORDED / f"{name}.json").read_text()))


class RecordedChamber(Chamber):
    """In a service's place: gives out snapshots, notes what it is asked. `send` is what the service says next."""

    def __init__(self, *first: Heard) -> None:
        super().__init__("/nowhere", client=NAME)
        self.asked: list[tuple[Any, ...]] = []
        self.answers: dict[str, Any] = {}
        """By method: what it answers, or the error it raises."""
        self._next = threading.Condition()
        self._waiting: list[Heard] = list(first)

    def send(self, *heard: Heard) -> None:
        """Let the service say this."""
        with self._next:
            self._waiting += heard
            self._next.notify()

    def follow(self, *, every_s: float = 0.5, patience: bool = True) -> Generator[Heard, None, None]:
        while True:
            with self._next:
                while not self._waiting:
                    if not self._next.wait(20.0):
                        return
                heard = self._waiting.pop(0)
            yield heard

    def me(self) -> Me:
        return Me("anna", "operator", NAME, "unix")

    def trend(self, points: int = 600) -> Trend:
        return NO_TREND

    def _post(self, path: str, body: dict[str, Any]) -> Accepted:
        self.asked.append((path, body))
        answer = self.answers.get(path, Accepted(f"{path} done", "Idle", fence=7 if path == "/v1/lease" else None))
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Accepted)
        return answer


Holds = Callable[[Any], Awaitable[None]]
"""What holds an app's screen against a file, once it stands still."""
Story = Callable[[Pilot[None], Screens], Awaitable[None]]


def play(chamber: Chamber, story: Story, size: tuple[int, int] = SMALL, clock: Clock | None = None) -> None:
    """Open the screens at this size and let `story` act. clock: instead of the real one, such as a still one."""

    async def run() -> None:
        app = Screens(chamber, NAME, clock)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await story(pilot, app)

    asyncio.run(run())


async def until(pilot: Pilot[None], there: Callable[[], bool], within_s: float = 10.0) -> None:
    """Wait until something is so."""
    for _ in range(int(within_s / 0.02)):
        if there():
            await pilot.pause()
            return
        await pilot.pause(0.02)
    raise AssertionError(f"not within {within_s:g} s; on the screen:\n{text(pilot.app)}")


async def settled(app: Any, within_s: float = 10.0) -> None:
    """Wait until nothing on the screen changes any more: a busy machine draws what belongs together one by one."""
    before, still = "", 0
    for _ in range(int(within_s / LOOK_S)):
        await asyncio.sleep(LOOK_S)
        now = text(app)
        still = still + 1 if now == before else 0
        if still == STILL:
            return
        before = now
    raise AssertionError(f"the screen does not come to rest within {within_s:g} s:\n{before}")


def text(app: Any) -> str:
    """What stands on the screen, line by line, without colours."""
    return "\n".join(
        "".join(segment.text for segment in strip).rstrip() for strip in app.screen._compositor.render_strips()
    )


def lost(why: str = "the service does not answer.") -> Lost:
    """What a client hears when the service is gone."""
    return Lost(why)


def changed(snapshot: Snapshot, **fields: Any) -> Snapshot:
    """A later snapshot that differs in `fields`."""
    return replace(snapshot, seq=snapshot.seq + 1, at_s=snapshot.at_s + 0.5, **fields)
