"""A recipe resolved on a chamber: every name followed to what it means, with estimates.

What the controller is given.
"""

from dataclasses import dataclass

from pvdctl.chamber.load import LoadedChamber
from pvdctl.chamber.model import Film, Gas, Source
from pvdctl.chamber.problems import BadFile
from pvdctl.recipe import estimate
from pvdctl.recipe.check import check
from pvdctl.recipe.findings import Finding, errors
from pvdctl.recipe.load import LoadedRecipe
from pvdctl.recipe.model import Backfill, Deposit, Step, Vent


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step with what its names mean.

    film_name, film, source_name, source: of a deposit. gas_name, gas: of a backfill or vent. Else empty and None.
    expected_s: about how long it will take. uses_mg: about how much of the source's charge.
    """

    index: int
    step: Step
    expected_s: float
    film_name: str = ""
    film: Film | None = None
    source_name: str = ""
    source: Source | None = None
    gas_name: str = ""
    gas: Gas | None = None
    uses_mg: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A recipe that can be run on its chamber, as far as a static check can tell. warnings: of that check."""

    recipe: LoadedRecipe
    chamber: LoadedChamber
    steps: tuple[PlannedStep, ...]
    warnings: tuple[Finding, ...]

    @property
    def expected_s(self) -> float:
        """About how long the run will take, from atmosphere and without questions to the operator."""
        return sum(step.expected_s for step in self.steps)

    @property
    def uses_mg(self) -> dict[str, float]:
        """About how much of each source's charge the run will use, in the chamber file's order."""
        used = dict.fromkeys(self.chamber.model.sources, 0.0)
        for step in self.steps:
            if step.source_name:
                used[step.source_name] += step.uses_mg
        return used


def plan(recipe: LoadedRecipe, chamber: LoadedChamber) -> Plan:
    """Resolve `recipe` on `chamber`. Raises BadFile with every error of the static check."""
    findings = check(recipe, chamber)
    wrong = errors(findings)
    if wrong:
        raise BadFile(recipe.path, [finding.problem for finding in wrong])
    clock = estimate.Clock(chamber.model)
    steps = tuple(_resolve(index, step, clock) for index, step in enumerate(recipe.model.steps))
    return Plan(recipe, chamber, steps, tuple(findings))


def _resolve(index: int, step: Step, clock: estimate.Clock) -> PlannedStep:
    chamber = clock.chamber
    expected_s = clock.step(step)
    if isinstance(step, Deposit):
        film = chamber.films[step.film]
        source = chamber.sources[film.source]
        return PlannedStep(
            index,
            step,
            expected_s,
            film_name=step.film,
            film=film,
            source_name=film.source,
            source=source,
            uses_mg=estimate.consumption_mg(step, chamber, source),
        )
    if isinstance(step, Backfill | Vent):
        return PlannedStep(index, step, expected_s, gas_name=step.gas, gas=chamber.gases[step.gas])
    return PlannedStep(index, step, expected_s)
