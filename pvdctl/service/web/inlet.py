"""The web server's side of the control process: what it last said, and questions to it."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from pvdctl.service.web.identity import Who

ANSWER_WITHIN_S = 8.0
"""A scan and a commit take well below 2 s; beyond this the control process is not there."""
LARGEST_LINE = 16 * 1024 * 1024
"""Bytes: a thousand snapshots' worth. A choice."""
KEPT = 500
"""Happenings: as many as the control process keeps (`outlet.KEPT_HAPPENINGS`). A stream that falls that far behind is
dropped."""


class Subscriber:
    """One live stream: happenings in order, and the newest snapshot. overrun: it is too slow and will be dropped."""

    __slots__ = ("happenings", "overrun", "snapshot", "wake")

    def __init__(self) -> None:
        self.happenings: deque[tuple[int, str]] = deque()
        self.snapshot: tuple[int, str] | None = None
        self.overrun = False
        self.wake = asyncio.Event()


class Inlet:
    """Hears and asks the control process. Belongs to the event loop.

    settings: the first thing it said. snapshot: (number, JSON) of the newest; None before the first. kept: happenings
    for clients that come back. on_snapshot: called with the JSON of each.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.snapshot: tuple[int, str] | None = None
        self.kept: deque[tuple[int, str]] = deque(maxlen=KEPT)
        self.subscribers: set[Subscriber] = set()
        self.on_snapshot: Callable[[str], None] | None = None
        self._asked: dict[int, asyncio.Future[tuple[int, str]]] = {}
        self._number = 0

    async def settings(self) -> dict[str, Any]:
        """The first line."""
        line = (await self._reader.readline()).decode()
        kind, _, text = line.partition(" ")
        if kind != "settings":
            raise ValueError(f"the control process began with '{kind[:20]}', wanted 'settings'")
        found = json.loads(text)
        assert isinstance(found, dict)
        return found

    def here_i_am(self) -> None:
        """The first word to the control process: from now on all that it says is heard."""
        self._writer.write(b"{}\n")

    def boot(self) -> str:
        """Of the control process, as its newest snapshot says; empty before the first."""
        return str(json.loads(self.snapshot[1])["boot"]) if self.snapshot is not None else ""

    async def hear(self) -> None:
        """Until the control process has gone."""
        while line := await self._reader.readline():
            kind, number, rest = line.decode().rstrip("\n").split(" ", 2)
            if kind == "snapshot":
                self._snapshot(int(number), rest)
            elif kind == "happening":
                self._happening(int(number), rest)
            elif kind == "reply":
                status, _, text = rest.partition(" ")
                future = self._asked.pop(int(number), None)
                if future is not None and not future.done():
                    future.set_result((int(status), text))

    async def ask(self, act: str, who: Who, body: dict[str, Any]) -> tuple[int, str] | None:
        """Status and JSON of the answer; None if none came in time."""
        self._number += 1
        number = self._number
        future: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._asked[number] = future
        self.tell(act, who, body, number)
        try:
            return await asyncio.wait_for(future, ANSWER_WITHIN_S)
        except TimeoutError:
            return None
        finally:
            self._asked.pop(number, None)

    def tell(self, act: str, who: Who, body: dict[str, Any], number: int = 0) -> None:
        """Say something that needs no answer."""
        said = {"number": number, "act": act, "user": who.user, "client": who.client, "role": who.role, "body": body}
        self._writer.write(json.dumps(said).encode() + b"\n")

    def _snapshot(self, number: int, text: str) -> None:
        self.snapshot = (number, text)
        for subscriber in self.subscribers:
            subscriber.snapshot = self.snapshot
            subscriber.wake.set()
        if self.on_snapshot is not None:
            self.on_snapshot(text)

    def _happening(self, number: int, text: str) -> None:
        self.kept.append((number, text))
        for subscriber in self.subscribers:
            if len(subscriber.happenings) >= KEPT:
                subscriber.overrun = True
            else:
                subscriber.happenings.append((number, text))
            subscriber.wake.set()
