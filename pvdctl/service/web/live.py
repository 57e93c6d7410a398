"""The live stream: server-sent events. A client that does not keep up is dropped, never waited for."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pvdctl.service.web.inlet import Inlet, Subscriber

STREAMS = 100
"""At a time; far above what a laboratory has. They last, and must not take the places that an abort needs. A choice."""
SLOW_S = 5.0
"""A client that takes nothing for this long is dropped. A choice."""
BREATH_S = 1.0
"""Something is sent at least this often, so that a client knows of a lost connection within seconds."""


class Live(Response):
    """One client's stream, until it goes or is dropped.

    every_s: least time between two snapshots. after: number of the last thing heard from this control process, if the
    client comes back: happenings since then come first. dropped: called when the client is dropped.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        inlet: Inlet,
        *,
        every_s: float,
        after: int | None,
        now_s: Callable[[], float],
        dropped: Callable[[], None],
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]  # it has no end
        self._inlet = inlet
        self._every_s = every_s
        self._after = after
        self._now_s = now_s
        self._dropped = dropped

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it."""
        subscriber = Subscriber()
        if self._after is not None:
            subscriber.happenings.extend(each for each in self._inlet.kept if each[0] > self._after)
        subscriber.snapshot = self._inlet.snapshot
        subscriber.wake.set()
        self._inlet.subscribers.add(subscriber)
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._serve(subscriber, send, gone)
        except TimeoutError:
            self._dropped()
            scope["state"]["transport"].abort()  # closing would wait for what the client does not take
        finally:
            gone.cancel()
            self._inlet.subscribers.discard(subscriber)

    async def _serve(self, subscriber: Subscriber, send: Send, gone: "asyncio.Future[None]") -> None:
        next_s = 0.0
        while not gone.done():
            if subscriber.overrun:
                raise TimeoutError
            text, next_s = self._gather(subscriber, next_s)
            if text:
                await asyncio.wait_for(send(_body(text)), SLOW_S)
            pending = subscriber.snapshot is not None  # it waits for its time
            wait_s = max(0.01, min(next_s - self._now_s(), BREATH_S)) if pending else BREATH_S
            try:
                await asyncio.wait_for(subscriber.wake.wait(), wait_s)
            except TimeoutError:
                if not pending:
                    await asyncio.wait_for(send(_body(": \n\n")), SLOW_S)

    def _gather(self, subscriber: Subscriber, next_s: float) -> tuple[str, float]:
        """What there is to send now, and when the next snapshot may follow."""
        subscriber.wake.clear()
        parts = []
        while subscriber.happenings:
            number, text = subscriber.happenings.popleft()
            parts.append(f"id: {number}\nevent: happening\ndata: {text}\n\n")
        now_s = self._now_s()
        if subscriber.snapshot is not None and now_s >= next_s:
            number, text = subscriber.snapshot
            subscriber.snapshot = None
            next_s = now_s + self._every_s
            parts.append(f"id: {number}\nevent: snapshot\ndata: {text}\n\n")
        return "".join(parts), next_s


def _body(text: str) -> dict[str, Any]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
