"""What is being made: the recipe that was started, how far it has come, how the one before ended."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pvdctl.chamber.load import LoadedChamber
from pvdctl.process.controller import Controller, Order
from pvdctl.recipe.load import LoadedRecipe
from pvdctl.recipe.plan import Plan
from pvdctl.service.library import planned_steps
from pvdctl.service.messages import Ended, RecipeStep

Facts = dict[str, Any]


class RunRecorder(Protocol):
    """What opens and closes a run's record: `Record`, or `RecordBehind`, which has the same methods."""

    @property
    def begin_run(self) -> Callable[..., object]:
        """See `Record.begin_run`."""

    def end_run(self, end_state: str, end_reason: str, result: Facts) -> None:
        """See `Record.end_run`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A start that was asked for."""

    plan: Plan
    operator: str
    sample_id: str
    note: str


class RunBook:
    """The present run and the last one. For the control thread.

    run_id: of the record's open run, empty if there is none. result: adds to a run's result what the station knows
    besides. ended: the last run.
    """

    def __init__(
        self,
        chamber: LoadedChamber,
        recorder: RunRecorder,
        run_id: Callable[[], str],
        result: Callable[[Facts], Facts],
        *,
        simulated: bool,
        seed: int | None,
    ) -> None:
        self._chamber = chamber
        self._recorder = recorder
        self.run_id = run_id
        self._result = result
        self._simulated = simulated
        self._seed = seed
        self._controller: Controller | None = None
        self.wish: Wish | None = None
        self.steps: list[RecipeStep] = []
        self.ended: Ended | None = None
        self.run = ""
        self.started_s = 0.0
        self.step_began_s = 0.0
        self.lasted_s = 0.0
        """Of the run that has ended."""
        self._index = 0

    def order(self, wish: Wish, controller: Controller) -> Order:
        """What the controller is to load for it."""
        self._controller = controller

        def begin(columns: tuple[tuple[str, str], ...]) -> None:
            self._begin(wish, controller, columns)

        return Order(wish.plan.recipe.model, begin, self._end)

    def _begin(self, wish: Wish, controller: Controller, columns: tuple[tuple[str, str], ...]) -> None:
        recipe: LoadedRecipe = wish.plan.recipe
        chamber = self._chamber
        self.wish, self.run = wish, ""
        self.steps = planned_steps(wish.plan)
        self.started_s = self.step_began_s = controller.context.now_s
        self._index = 0
        self._recorder.begin_run(
            recipe_name=recipe.model.recipe,
            recipe_version=recipe.model.version,
            recipe_text=recipe.text,
            recipe_sha256=recipe.sha256,
            chamber_name=chamber.model.chamber,
            chamber_text=chamber.text,
            chamber_sha256=chamber.sha256,
            seed=self._seed,
            simulated=self._simulated,
            operator=wish.operator,
            identities=controller.equipment.identities(),
            columns=columns,
            sample_id=wish.sample_id,
            note=wish.note,
        )

    def _end(self, end_state: str, end_reason: str, result: Facts) -> None:
        controller, wish = self._controller, self.wish
        assert controller is not None
        assert wish is not None
        self.run = self.run_id() or self.run
        self._recorder.end_run(end_state, end_reason, self._result(result))
        self.lasted_s = controller.context.now_s - self.started_s
        self._close_step(controller.context.now_s, "done" if end_state == "Complete" else "left")
        self._index = 0
        self.ended = Ended(self.run, wish.plan.recipe.model.recipe, end_state, end_reason)

    def scan(self, controller: Controller) -> None:
        """Note steps as they begin and end."""
        index = controller.context.step_index
        if index != self._index and controller.running:
            now_s = controller.context.now_s
            self._close_step(now_s, "done")
            self._index = index
            self.step_began_s = now_s
            if 0 < index <= len(self.steps):
                self.steps[index - 1] = replace(self.steps[index - 1], status="active")
        if not self.run and controller.running:
            self.run = self.run_id()

    def _close_step(self, now_s: float, status: Any) -> None:
        if 0 < self._index <= len(self.steps):
            step = self.steps[self._index - 1]
            self.steps[self._index - 1] = replace(step, status=status, lasted_s=round(now_s - self.step_began_s, 1))

    def active(self, index: int, now_s: float) -> RecipeStep:
        """The active step with the time it has taken so far."""
        return replace(self.steps[index - 1], status="active", lasted_s=round(now_s - self.step_began_s, 1))

    def remaining_s(self, now_s: float) -> float:
        """About, by the plan: the rest of this step, and those after it."""
        index = self._index
        if index == 0:
            return sum(step.expected_s for step in self.steps)
        here = self.steps[index - 1]
        rest_s = max(0.0, here.expected_s - (now_s - self.step_began_s))
        return rest_s + sum(step.expected_s for step in self.steps[index:])
