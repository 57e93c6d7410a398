"""Routes that ask for something. The control process judges every one of them: role, lease, state, interlocks."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from starlette.responses import Response

from pvdctl.service.answers import Accepted
from pvdctl.service.web import bodies
from pvdctl.service.web.house import Commanding, TheHouse

router = APIRouter()
Word = Literal["reset", "stop", "hold", "unhold", "complete", "abort", "clear"]
Name = Annotated[str, Path(min_length=1, max_length=200)]


@router.post("/v1/commands/{command}", response_model=Accepted)
async def command(command: Word, body: bodies.Command, who: Commanding, house: TheHouse) -> Response:
    """A command to the unit. Abort needs no lease and no role; stop and hold need no lease."""
    return await house.ask(command, who, body.model_dump())


@router.post("/v1/runs", response_model=Accepted)
async def start(body: bodies.Start, who: Commanding, house: TheHouse) -> Response:
    """Start a recipe; `run` of the answer is the new run's id. From Idle, under the lease."""
    return await house.ask("start", who, body.model_dump())


@router.post("/v1/answers", response_model=Accepted)
async def answer(body: bodies.Answer, who: Commanding, house: TheHouse) -> Response:
    """Answer the recipe's question."""
    return await house.ask("answer", who, body.model_dump())


@router.post("/v1/notes", response_model=Accepted)
async def note(body: bodies.Note, who: Commanding, house: TheHouse) -> Response:
    """Put a remark on record: an event, of the open run where one is open. Needs no lease."""
    return await house.ask("note", who, body.model_dump())


@router.post("/v1/outputs/{name}", response_model=Accepted)
async def set_output(name: Name, body: bodies.SetOutput, who: Commanding, house: TheHouse) -> Response:
    """Set one output by hand: in Stopped and Idle, within the interlocks, under the lease."""
    return await house.ask("set_output", who, {"name": name, **body.model_dump()})


@router.post("/v1/alarms/{name}/acknowledge", response_model=Accepted)
async def acknowledge(name: Name, body: bodies.Nothing, who: Commanding, house: TheHouse) -> Response:
    """Say that you have seen it."""
    return await house.ask("acknowledge", who, {"name": name})


@router.post("/v1/alarms/{name}/shelve", response_model=Accepted)
async def shelve(name: Name, body: bodies.Shelving, who: Commanding, house: TheHouse) -> Response:
    """Put it out of sight, an hour at most."""
    return await house.ask("shelve", who, {"name": name, **body.model_dump()})


@router.post("/v1/alarms/{name}/unshelve", response_model=Accepted)
async def unshelve(name: Name, body: bodies.Nothing, who: Commanding, house: TheHouse) -> Response:
    """Bring it back before its time."""
    return await house.ask("unshelve", who, {"name": name})


@router.post("/v1/lease", response_model=Accepted)
async def take(body: bodies.LeaseAsk, who: Commanding, house: TheHouse) -> Response:
    """Take control: granted for 30 s while nobody else has it. `fence` of the answer goes with every command."""
    return await house.ask("lease.take", who, body.model_dump())


@router.post("/v1/lease/renew", response_model=Accepted)
async def renew(body: bodies.LeaseKept, who: Commanding, house: TheHouse) -> Response:
    """Keep control for another 30 s."""
    return await house.ask("lease.renew", who, body.model_dump())


@router.post("/v1/lease/release", response_model=Accepted)
async def release(body: bodies.LeaseKept, who: Commanding, house: TheHouse) -> Response:
    """Give control back."""
    return await house.ask("lease.release", who, body.model_dump())


@router.post("/v1/lease/request", response_model=Accepted)
async def request_lease(body: bodies.LeaseAsk, who: Commanding, house: TheHouse) -> Response:
    """Ask the holder: control passes after 15 s; take it then."""
    return await house.ask("lease.request", who, body.model_dump())


@router.post("/v1/lease/keep", response_model=Accepted)
async def keep(body: bodies.LeaseKept, who: Commanding, house: TheHouse) -> Response:
    """Say no to whoever asks for control; for its holder."""
    return await house.ask("lease.keep", who, body.model_dump())


@router.post("/v1/lease/break", response_model=Accepted)
async def break_lease(body: bodies.LeaseAsk, who: Commanding, house: TheHouse) -> Response:
    """Take control from its holder at once; a process engineer's right, with a reason."""
    return await house.ask("lease.break", who, body.model_dump())


@router.post("/v1/runs/{run}/signatures", response_model=Accepted)
async def sign(run: Name, body: bodies.Signature, who: Commanding, house: TheHouse) -> Response:
    """Sign a run that has ended; not while one is going on."""
    return await house.ask("sign", who, {"run": run, **body.model_dump()})
