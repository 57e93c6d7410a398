"""What the routes reach for, and the two doors: looking and commanding."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from pvdctl.errors import OperatorError
from pvdctl.service.answers import Problem
from pvdctl.service.call import STATUS_OF, Turned
from pvdctl.service.encode import as_json
from pvdctl.service.lease import Client
from pvdctl.service.library import Library
from pvdctl.service.web.archive import Archive
from pvdctl.service.web.identity import Directory, Who, cleaned
from pvdctl.service.web.inlet import Inlet
from pvdctl.service.web.limits import Limits
from pvdctl.service.web.simulating import Simulating
from pvdctl.service.web.trends import Trends
from pvdctl.service.web.turned_away import TurnedAway


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
    turned_away: TurnedAway = field(init=False)

    def __post_init__(self) -> None:
        self.turned_away = TurnedAway(self.now_s, self._tell_turned_away)

    def _tell_turned_away(self, client: str, code: str, text: str, count: int) -> None:
        who = Who("unknown", "viewer", client, "unix", "")
        self.inlet.tell("turned_away", who, {"code": code, "text": text, "count": count})

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


async def house_of(request: Request) -> House:
    """The one of this application."""
    house = request.app.state.house
    assert isinstance(house, House)
    return house


async def _who(request: Request, house: House) -> Who:
    """Looked up in a thread, since the system's users may be asked of a server far away; the rest is the event loop's.

    Raises Turned. That the tokens' file is not in order is for the administrator to know, not for somebody unknown.
    """
    client = request.headers.get("pvdctl-client", "")
    peer = getattr(request.state, "peer", None)
    if peer is not None:
        return await run_in_threadpool(house.directory.by_peer, peer, client)
    try:
        return await run_in_threadpool(house.directory.by_token, request.headers.get("authorization", ""), client)
    except Turned as turned:
        house.turned_away.add(_address(request, client), turned.problem.code, turned.problem.text)
        raise
    except OperatorError as error:
        house.turned_away.add(_address(request, client), "not_authenticated", str(error))
        text = "the service cannot look at its tokens now; its administrator finds the reason in its log."
        raise Turned("not_authenticated", text) from error


def _address(request: Request, client: str) -> str:
    """Of somebody who is not known: where from, and what they call themselves."""
    host = request.client.host if request.client is not None else "nowhere"
    return cleaned(f"{client} from {host}".strip())


def _within(house: House, who: Who, *, command: bool) -> None:
    """Raise Turned for one who asks too often."""
    if not house.limits.allow(who.key, house.now_s(), command=command):
        what = "commands" if command else "requests"
        text = f"too many {what} from this client; wait a second."
        house.turned_away.add(str(Client(who.user, who.client)), "too_many", text)
        raise Turned("too_many", text)


async def _looking(request: Request) -> Who:
    """Known, and not asking too often."""
    house = await house_of(request)
    who = await _who(request, house)
    _within(house, who, command=False)
    return who


async def _commanding(request: Request) -> Who:
    """Known, and not asking too often; abort is never too often."""
    house = await house_of(request)
    who = request.state.who = await _who(request, house)
    if request.url.path != "/v1/commands/abort":
        _within(house, who, command=True)
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
