"""A recorded chamber that has recipes too (tests/tui/recorded/recipes.json)."""

import json
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from pvdctl.client import Declined, Heard
from pvdctl.errors import OperatorError
from pvdctl.service.answers import Accepted, Checked, Problem, RecipeEntry
from pvdctl.service.decode import decode
from pvdctl.service.messages import Snapshot
from pvdctl.tui.app import Screens
from pvdctl.tui.panes import PANES
from pvdctl.tui.recipe import Recipe
from pvdctl.tui.rows import Rows
from tests.tui.stage import LARGE, RECORDED, SMALL, changed, recorded, text, until
from tests.tui.talking import TalkingChamber

KEY = str([name for name, _ in PANES].index("Recipe") + 1)
SIZES = pytest.mark.parametrize("size", [SMALL, (120, 40), LARGE], ids=["80x24", "120x40", "140x45"])


@cache
def answers() -> dict[str, Any]:
    found = json.loads((RECORDED / "recipes.json").read_text())
    assert isinstance(found, dict)
    return found


def checked(name: str) -> Checked:
    return decode(Checked, answers()["checked"][name])


def simulated(name: str) -> dict[str, Any]:
    return dict(answers()["simulated"][name])


def idle() -> Snapshot:
    """Idle, and nobody in control."""
    return changed(recorded("idle"), lease=None)


class RecipeChamber(TalkingChamber):
    """Answers questions about recipes as recorded; `failing` is raised instead while it is set."""

    def __init__(self, *first: Heard) -> None:
        super().__init__(*(first or (idle(),)))
        self.failing: Exception | None = None
        self.library = [decode(RecipeEntry, entry) for entry in answers()["entries"]]
        self.texts = {name: checked(name) for name in answers()["checked"]}
        self.simulated: list[tuple[str | Path, dict[str, str]]] = []
        self.simulating = threading.Event()
        """Set: simulations end. They do at once unless a test clears it."""
        self.simulating.set()
        self.given_up = False
        self.answers["/v1/lease"] = Accepted("in control for 30 s.", "Idle", fence=7)
        self.answers["/v1/runs"] = Accepted("run 20261122-0001-lzln of recipe lzln has begun.", "Starting", run="r")

    def recipes(self) -> list[RecipeEntry]:
        if self.failing is not None:
            raise self.failing
        return list(self.library)

    def recipe(self, name: str) -> Checked:
        if self.failing is not None:
            raise self.failing
        return self.texts[name]

    def check(self, recipe: str | Path) -> Checked:
        if self.failing is not None:
            raise self.failing
        if isinstance(recipe, Path):
            if not recipe.exists():
                raise OperatorError(f"recipe {recipe} cannot be read: No such file or directory. Is the name right?")
            return self.texts[recipe.stem]
        return self.recipe(recipe)

    def simulate(self, recipe: str | Path, seed: int = 1, answers: Mapping[str, str] | None = None) -> dict[str, Any]:
        self.simulated.append((recipe, dict(answers or {})))
        assert self.simulating.wait(20.0)
        if self.failing is not None:
            raise self.failing
        if self.given_up:
            raise Declined(Problem("not_now", "the simulation was given up by anna (tui@test:1)."), 409)
        return simulated(recipe if isinstance(recipe, str) else recipe.stem)

    def give_up_simulation(self) -> Accepted:
        self.given_up = True
        self.simulating.set()
        return Accepted("the simulation is given up", "Idle")


async def at(pilot: Pilot[None], app: Screens, name: str) -> Recipe:
    """Open the screen and choose this recipe."""
    await until(pilot, lambda: app.view.snapshot is not None)
    await pilot.press(KEY)
    pane = app.pane
    assert isinstance(pane, Recipe)
    rows = pane.query_one(Rows)
    await until(pilot, lambda: rows.row_count > 0)
    rows.go_to(name)
    await until(pilot, lambda: rows.key == name and "being read" not in text(app))
    return pane


def shows(app: Screens, kind: type[Any]) -> bool:
    """Whether a dialog of this kind is on top."""
    return isinstance(app.screen, kind)


def flat(app: Screens) -> str:
    """What stands there, frames and breaks of lines left out."""
    return " ".join(text(app).replace("┃", " ").replace("│", " ").split())
