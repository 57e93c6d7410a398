"""`pvdctl check`: whether recipes can be made on a chamber, as far as files tell. Loads no instrument."""

from collections.abc import Sequence
from json import dumps
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import LoadedChamber
from pvdctl.chamber.problems import BadFile
from pvdctl.cli.chambers import chamber_from
from pvdctl.cli.exits import DONE, NOT_PASSED, must_be_readable, say
from pvdctl.cli.screen import duration
from pvdctl.cli.shipped import chamber_file
from pvdctl.quantities import show
from pvdctl.recipe.check import check
from pvdctl.recipe.facts import of_check, of_file
from pvdctl.recipe.findings import errors
from pvdctl.recipe.load import load_recipe
from pvdctl.recipe.plan import Plan, plan

Facts = dict[str, Any]


def check_recipes(paths: Sequence[Path], chamber_path: Path | None = None, *, json: bool = False) -> int:
    """Check each recipe on the chamber and say what was found: findings on stderr, verdicts on stdout.

    Returns 0 if every recipe passed (warnings do not count), else 1. json: one object on stdout instead of verdicts.
    Raises WrongUsage for a file that cannot be read, before anything is checked.
    """
    where = chamber_path or chamber_file()
    must_be_readable(where, "chamber file")
    for path in paths:
        must_be_readable(path, "recipe")
    chamber_facts: Facts = {"path": str(where), "name": None, "version": None, "sha256": None, "findings": []}
    try:
        chamber = chamber_from(where)
    except BadFile as error:
        say(str(error))
        chamber_facts["findings"] = of_file(error)
        _print(json, {"passed": False, "chamber": chamber_facts, "recipes": []})
        return NOT_PASSED
    model = chamber.model
    chamber_facts.update(name=model.chamber, version=model.version, sha256=chamber.sha256)
    recipes = [_check(path, chamber, json) for path in paths]
    passed = all(recipe["passed"] for recipe in recipes)
    _print(json, {"passed": passed, "chamber": chamber_facts, "recipes": recipes})
    return DONE if passed else NOT_PASSED


def _check(path: Path, chamber: LoadedChamber, json: bool) -> Facts:
    """Check one recipe and say so; the facts are for JSON."""
    facts: Facts = {"path": str(path), "name": None, "version": None, "sha256": None, "passed": False, "findings": []}
    try:
        recipe = load_recipe(path)
    except BadFile as error:
        say(str(error))
        facts["findings"] = of_file(error)
        return facts
    facts.update(name=recipe.model.recipe, version=recipe.model.version, sha256=recipe.sha256)
    findings = check(recipe, chamber)
    for finding in findings:
        say(finding.line(str(path)))
    facts["findings"] = of_check(str(path), findings)
    wrong = errors(findings)
    if wrong:
        if not json:
            count = "1 error" if len(wrong) == 1 else f"{len(wrong)} errors"
            print(f"{path}: {recipe.model.recipe} cannot be made on {chamber.model.chamber}: {count}")
        return facts
    planned = plan(recipe, chamber)
    facts["passed"] = True
    facts["expected_s"] = round(planned.expected_s, 1)
    facts["uses_mg"] = {name: round(used, 3) for name, used in planned.uses_mg.items()}
    facts["steps"] = [
        {"name": step.step.name, "do": step.step.do, "expected_s": round(step.expected_s, 1)} for step in planned.steps
    ]
    if not json:
        print(_verdict(path, planned))
    return facts


def _verdict(path: Path, planned: Plan) -> str:
    """One line: how long, and what of which charge."""
    chamber, model = planned.chamber.model, planned.recipe.model
    uses = ", ".join(
        f"{show(round(used, 1), 'mg')} of {show(chamber.sources[name].charge_mg, 'mg')} in {name}"
        for name, used in planned.uses_mg.items()
        if used
    )
    steps = "1 step" if len(planned.steps) == 1 else f"{len(planned.steps)} steps"
    line = f"{path}: {model.recipe} can be made on {chamber.chamber}: {steps}, about {duration(planned.expected_s)}"
    return f"{line}, uses {uses}" if uses else line


def _print(json: bool, facts: Facts) -> None:
    if json:
        print(dumps(facts, ensure_ascii=False, indent=2))
