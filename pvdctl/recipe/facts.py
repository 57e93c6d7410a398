"""What is wrong with a recipe or a chamber file, as JSON: the same facts as the sentences that people read.

The command line and the service tell them alike.
"""

from typing import Any

from pvdctl.chamber.problems import BadFile, Problem
from pvdctl.recipe.findings import Finding

Facts = dict[str, Any]


def as_json(path: str, problem: Problem, text: str, severity: str = "error", step: str = "") -> Facts:
    """One problem; `text` is the whole line that people read."""
    return {
        "severity": severity,
        "file": path,
        "line": problem.line,
        "column": problem.column,
        "step": step,
        "at": problem.at,
        "wanted": problem.wanted,
        "found": problem.found,
        "hint": problem.hint,
        "text": text,
    }


def of_file(error: BadFile) -> list[Facts]:
    """Every problem of a file that cannot be used."""
    return [
        as_json(error.path, problem, line)
        for problem, line in zip(error.problems, str(error).splitlines(), strict=False)
    ]


def of_check(path: str, findings: list[Finding]) -> list[Facts]:
    """Every finding of the static check."""
    return [as_json(path, finding.problem, finding.line(path), finding.severity, finding.step) for finding in findings]
