"""The HTTP API put together: routes, and how everything that goes wrong is told."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.responses import Response

import pvdctl
from pvdctl.errors import RecordError
from pvdctl.service.answers import Problem
from pvdctl.service.call import Turned
from pvdctl.service.lease import Client
from pvdctl.service.web import acting, files, looking
from pvdctl.service.web.house import House, answer, house_of, problem

REFUSALS = {
    400: "Not understood.",
    401: "Not authenticated.",
    403: "Not permitted in this role, or from this origin.",
    404: "There is no such thing.",
    409: "Not now: the unit's state, an interlock or the lease is against it.",
    413: "Too large.",
    415: "Not JSON.",
    421: "The service does not go by this name.",
    422: "Not in order.",
    429: "Too many requests.",
    503: "The control process has not said anything yet.",
    504: "The control process has not answered.",
}
"""Statuses other than 200, each with a Problem."""
LONGEST_TOLD = 500
"""Characters of a request not in order that go on record: the names of its fields are the asker's own. A choice."""

_A_PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


class Api(FastAPI):
    """FastAPI, with refusals described by reference.

    A model per status and route would cost a second of start-up for the same words.
    """

    def openapi(self) -> dict[str, Any]:
        """The description of all routes; made once."""
        if not self.openapi_schema:
            schema = super().openapi()
            schema["components"]["schemas"]["Problem"] = TypeAdapter(Problem).json_schema()
        assert self.openapi_schema is not None
        return self.openapi_schema


def make_app(house: House) -> FastAPI:
    """The application, ready to answer: schemas are made now, not with the first request."""
    app = Api(
        title="pvdctl",
        version=pvdctl.__version__,
        summary="One thermal-evaporation chamber: what it is doing, and what is asked of it.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        responses={status: {"description": text, "content": _A_PROBLEM} for status, text in REFUSALS.items()},
    )
    app.state.house = house
    for part in (looking, acting, files):
        app.include_router(part.router)
    app.add_exception_handler(Turned, _turned)
    app.add_exception_handler(RecordError, _unreadable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _other)
    house.inlet.on_snapshot = house.trends.add
    app.openapi()
    return app


async def _turned(request: Request, error: Exception) -> Response:
    assert isinstance(error, Turned)
    return problem(error.problem)


async def _unreadable(request: Request, error: Exception) -> Response:
    """A record that was found and cannot be read on, such as one whose file is damaged."""
    return problem(Problem("not_found", str(error)))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    parts = [f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors()]
    text = "; ".join(parts)
    if request.method == "POST":  # a refusal like any other: it goes on record
        told = f"{request.url.path} refused: {text}"
        (await house_of(request)).turned_away.add(_asker(request), "bad_request", told[:LONGEST_TOLD])
    return problem(Problem("bad_request", text))


def _asker(request: Request) -> str:
    """User and client; of a body that was no JSON, which is found before anybody is asked who they are, less."""
    who, peer = getattr(request.state, "who", None), getattr(request.state, "peer", None)
    if who is not None:
        return str(Client(who.user, who.client))
    return peer.user if peer is not None else request.client.host if request.client is not None else "nowhere"


async def _other(request: Request, error: Exception) -> Response:
    """No such route, no such method."""
    assert isinstance(error, HTTPException)
    code: Any = "not_found" if error.status_code == 404 else "bad_request"
    made = answer(error.status_code, Problem(code, str(error.detail)))
    made.headers.update(error.headers or {})
    return made
