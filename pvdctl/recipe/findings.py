"""What the static check has to say about a recipe on a chamber."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pvdctl.chamber.problems import Problem

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


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those that keep the recipe from being run."""
    return [finding for finding in findings if finding.severity == "error"]
