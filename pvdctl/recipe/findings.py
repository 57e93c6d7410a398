"""What the static check has to say about a recipe on a chamber."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pvdctl.chamber.problems import Problem
from pvdctl.recipe.load import LoadedRecipe

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.

    severity: an error keeps the recipe from being run; a warning is for the author to judge. step: name of the step;
    empty where the whole recipe is meant.
    """

    severity: Severity
    step: str
    problem: Problem

    def line(self, path: str) -> str:
        """`file:line:column: error: step zinc, at steps[1].film: wanted ..., found ...; hint`."""
        place = f"{path}:{self.problem.line}:{self.problem.column}"
        step = f"step {self.step}, " if self.step else ""
        return f"{place}: {self.severity}: {step}{self.problem.sentence()}"


class Findings:
    """Collects what is found in one recipe, step by step."""

    def __init__(self, recipe: LoadedRecipe) -> None:
        self.all: list[Finding] = []
        self._recipe = recipe
        self._index = 0

    def at(self, index: int) -> None:
        """The step that is looked at from now on, from 0."""
        self._index = index

    def say(self, key: str, wanted: str, found: str, hint: str = "", severity: Severity = "error") -> None:
        """Complain about `key` of the step; about the step as a whole if it is empty."""
        path = ("steps", self._index, key) if key else ("steps", self._index)
        step = self._recipe.model.steps[self._index].name
        self.all.append(Finding(severity, step, self._recipe.document.problem(path, wanted, found, hint)))


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those that keep the recipe from being run."""
    return [finding for finding in findings if finding.severity == "error"]
