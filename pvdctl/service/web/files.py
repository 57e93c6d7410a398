"""Routes about recipes and past runs: read from files, in threads, beside the control process."""

import json
from asyncio import to_thread
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from pvdctl.service.answers import Accepted, Checked, RecipeList, RunList, Samples, Verdict
from pvdctl.service.web import bodies
from pvdctl.service.web.house import Commanding, Looking, TheHouse, answer

router = APIRouter()
Name = Annotated[str, Path(min_length=1, max_length=200)]


@router.get("/v1/recipes", response_model=RecipeList)
async def recipes(who: Looking, house: TheHouse) -> Response:
    """The library, each recipe checked on this chamber."""
    return answer(200, RecipeList(await to_thread(house.library.entries)))


@router.get("/v1/recipes/{name}", response_model=Checked)
async def recipe(name: Name, who: Looking, house: TheHouse) -> Response:
    """One recipe's text and the static check's result."""
    return answer(200, await to_thread(house.library.checked, {"recipe": name}))


@router.post("/v1/check", response_model=Checked)
async def check(body: bodies.RecipeAsk, who: Looking, house: TheHouse) -> Response:
    """The static check of a text, or of a recipe of the library. Changes nothing."""
    return answer(200, await to_thread(house.library.checked, body.model_dump()))


@router.post("/v1/simulations", response_model=dict[str, Any])
async def simulate(body: bodies.SimulationAsk, who: Commanding, house: TheHouse, request: Request) -> Response:
    """Make the recipe on a simulated copy of the chamber; the result as `pvdctl simulate --json`. One at a time."""
    path, raw = await to_thread(house.library.read, body.model_dump())
    return JSONResponse(await house.simulating.run(path, raw, body.seed, body.answers, request.is_disconnected))


@router.post("/v1/simulations/give-up", response_model=Accepted)
async def give_up(body: bodies.Nothing, who: Commanding, house: TheHouse) -> Response:
    """End the simulation that is going on, whoever asked for it. Touches nothing else: it runs beside the process."""
    house.simulating.give_up(f"{who.user} ({who.client})")
    return answer(200, Accepted("the simulation is given up", str(json.loads(house.newest())["state"])))


@router.get("/v1/runs", response_model=RunList)
async def runs(who: Looking, house: TheHouse, limit: Annotated[int, Query(ge=1, le=10_000)] = 100) -> Response:
    """Past runs and the present one, newest first."""
    return answer(200, RunList(await to_thread(house.archive.runs, limit)))


@router.get("/v1/runs/{run}", response_model=dict[str, Any])
async def story(run: Name, who: Looking, house: TheHouse) -> Response:
    """The story of a run: id, part of one, or `last`."""
    return answer(200, await to_thread(house.archive.story, run))


@router.get("/v1/runs/{run}/samples", response_model=Samples)
async def samples(
    run: Name,
    who: Looking,
    house: TheHouse,
    column: Annotated[list[str] | None, Query(description="Names of columns; none for the usual ones.")] = None,
    points: Annotated[int, Query(ge=2, le=200_000)] = 600,
) -> Response:
    """Samples of a run, evenly thinned."""
    return answer(200, await to_thread(house.archive.samples, run, column or [], points))


@router.get("/v1/record/verdict", response_model=Verdict)
async def verdict(who: Looking, house: TheHouse) -> Response:
    """Check the whole record: whether it is what was written. Takes 2 s for a million events."""
    return answer(200, await to_thread(house.archive.verdict))
