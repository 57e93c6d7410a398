"""What the routes reach for, and the two doors: looking and commanding."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from pvdctl.service.answers import Problem
from pvdctl.service.call import STATUS_OF, Turned
from pvdctl.service.encode import as_json
from pvdctl.service.library import Library
from pvdctl.service.web.archive import Archive
from pvdctl.service.web.identity import Directory, Who
from pvdctl.service.web.inlet import Inlet
from pvdctl.service.web.limits import Limits
from pvdctl.service.web.simulating import Simulating
from pvdctl.service.web.trends import Trends


@dataclass
class House:
    """Made once per web server. now_s: monotonic seconds. dropped: live streams dropped because they were slow."""

    inlet: Inlet
    directory: Directory
    library: Library
    archive: Archive
    simulating: Simulating
    now_s: Callable[[], float]
    trends: Trends = field(default_factory=Trends)
    limits: Limits = field(default_factory=Limits)
    dropped: int = 0

    def drop(self) -> None:
        """Count one."""
        self.dropped += 1

    def newest(self) -> str:
        """The newest snapshot's JSON. Raises Turned while there is none."""
        if self.inlet.snapshot is None:
            raise Turned("not_running", "the control process has not said anything yet; try again in a second.")
        return self.inlet.snapshot[1]

    async def ask(self, act: str, who: Who, body: dict[str, Any]) -> Response:
        """Let the control process judge and do it; its answer."""
        found = await self.inlet.ask(act, who, body)
        if found is None:
            raise Turned(
                "timed_out",
                f"the control process has not answered; whether {act} was done is not known. Look at the status.",
            )
        status, text = found
        return Response(text, status, media_type="application/json")


def house_of(request: Request) -> House:
    """The one of this application."""
    house = request.app.state.house
    assert isinstance(house, House)
    return house


def _who(request: Request, house: House) -> Who:
    client = request.headers.get("pvdctl-client", "")
    peer = getattr(request.state, "peer", None)
    if peer is not None:
        return house.directory.by_peer(peer, client)
    return house.directory.by_token(request.headers.get("authorization", ""), client)


def _looking(request: Request) -> Who:
    """Known, and not asking too often."""
    house = house_of(request)
    who = _who(request, house)
    if not house.limits.allow(who.key, house.now_s(), command=False):
        raise Turned("too_many", "too many requests from this client; wait a second.")
    return who


def _commanding(request: Request) -> Who:
    """Known, and not asking too often; abort is never too often."""
    house = house_of(request)
    who = _who(request, house)
    if request.url.path != "/v1/commands/abort" and not house.limits.allow(who.key, house.now_s(), command=True):
        raise Turned("too_many", "too many commands from this client; wait a second.")
    return who


Looking = Annotated[Who, Depends(_looking)]
Commanding = Annotated[Who, Depends(_commanding)]
TheHouse = Annotated[House, Depends(house_of)]


def answer(status: int, message: Any) -> Response:
    """A message as JSON."""
    return Response(as_json(message), status, media_type="application/json")


def problem(refused: Problem) -> Response:
    """A refusal as JSON, under its own status."""
    return answer(STATUS_OF[refused.code], refused)
