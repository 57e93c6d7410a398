"""Routes that only look: what the chamber is doing."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from pvdctl.service.answers import AlarmList, Exchanges, Me, Trend
from pvdctl.service.call import Turned
from pvdctl.service.messages import Snapshot
from pvdctl.service.web import bodies
from pvdctl.service.web.house import Commanding, Looking, TheHouse, answer
from pvdctl.service.web.live import STREAMS, Live
from pvdctl.service.web.metrics import CONTENT_TYPE, metrics

router = APIRouter()
Link = Annotated[str, Path(min_length=1, max_length=200)]


@router.get("/v1/status", response_model=Snapshot)
async def status(who: Looking, house: TheHouse) -> Response:
    """Everything a screen needs, as of the newest published scan."""
    return Response(house.newest(), media_type="application/json")


@router.get("/v1/me", response_model=Me)
async def me(who: Looking) -> Response:
    """Who the service takes you for, and in which role."""
    return answer(200, Me(who.user, who.role, who.client, who.via))


@router.get("/v1/live", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def live(
    who: Looking,
    house: TheHouse,
    every_s: Annotated[float, Query(ge=0.1, le=60.0, description="Least time between two snapshots.")] = 0.5,
    boot: Annotated[str, Query(max_length=64, description="`boot` of the last snapshot heard.")] = "",
    after: Annotated[int | None, Query(ge=0, description="Its `seq`: happenings since then come first.")] = None,
) -> Response:
    """Server-sent events: `snapshot` (a Snapshot) and `happening` (a Happening), numbered. Slow clients are dropped."""
    if len(house.inlet.subscribers) >= STREAMS:
        raise Turned("too_many", f"{STREAMS} live streams are open, which is all there may be; close some of them.")
    same = house.inlet.boot() == boot
    return Live(house.inlet, every_s=every_s, after=after if same else None, now_s=house.now_s, dropped=house.drop)


@router.get("/v1/alarms", response_model=AlarmList)
async def alarms(who: Looking, house: TheHouse) -> Response:
    """All alarms since the control process started, those that are over too."""
    return await house.ask("alarms", who, {})


@router.post("/v1/links/{link}/listen", response_model=Exchanges)
async def listen(link: Link, body: bodies.Listen, who: Commanding, house: TheHouse) -> Response:
    """Keep the newest exchanges of a link from now on, for so many seconds; asked again, for as many more.

    It ends by itself. The process does not notice, and everybody who may look may listen.
    """
    return await house.ask("listen", who, {"link": link, **body.model_dump()})


@router.get("/v1/links/{link}/exchanges", response_model=Exchanges)
async def exchanges(
    link: Link,
    who: Looking,
    house: TheHouse,
    after: Annotated[int | None, Query(ge=0, description="Later ones than this number; none: the newest.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Response:
    """Raw exchanges of a link that is listened to: bytes asked and answered, in hex and in print."""
    return await house.ask("exchanges", who, {"link": link, "after": after, "limit": limit})


@router.get("/v1/trend", response_model=Trend)
async def trend(who: Looking, house: TheHouse, points: Annotated[int, Query(ge=2, le=20_000)] = 600) -> Response:
    """The last hours, evenly thinned."""
    return answer(200, house.trends.thinned(points))


@router.get("/metrics", response_class=PlainTextResponse)
async def prometheus(who: Looking, house: TheHouse) -> Response:
    """For Prometheus."""
    newest = house.inlet.snapshot
    text = metrics(
        newest[1] if newest is not None else None,
        subscribers=len(house.inlet.subscribers),
        dropped=house.dropped,
        limited=house.limits.refused,
    )
    return Response(text, media_type=CONTENT_TYPE)


@router.get("/v1/openapi.json", response_class=JSONResponse, include_in_schema=False)
async def openapi(who: Looking, request: Request) -> Response:
    """The description of this API (OpenAPI)."""
    return JSONResponse(request.app.openapi())
