"""Recipes: the service's folder of them, read and checked against the chamber, by name or as a text that was sent."""

import difflib
import os
import re
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import LoadedChamber
from pvdctl.chamber.problems import BadFile
from pvdctl.recipe.check import check
from pvdctl.recipe.facts import of_check, of_file
from pvdctl.recipe.findings import errors
from pvdctl.recipe.load import LoadedRecipe, parse_recipe
from pvdctl.recipe.model import Deposit, Prompt
from pvdctl.recipe.plan import Plan, plan
from pvdctl.service.answers import Checked, RecipeEntry
from pvdctl.service.call import Turned
from pvdctl.service.messages import Question, RecipeStep

LARGEST_RECIPE = 1_000_000
"""Bytes; the shipped ones have 3,000. A text beyond this is not meant as a recipe."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Library:
    """A directory of recipe files on one chamber. From any thread."""

    def __init__(self, directory: Path, chamber: LoadedChamber) -> None:
        self.directory = directory
        self._chamber = chamber

    def names(self) -> list[str]:
        """File names without .yaml."""
        return sorted(path.stem for path in self.directory.glob("*.yaml"))

    def entries(self) -> list[RecipeEntry]:
        """Every recipe with the result of its check, by name."""
        return [self._entry(self.checked({"recipe": name})) for name in self.names()]

    @staticmethod
    def _entry(found: Checked) -> RecipeEntry:
        grave = sum(finding["severity"] == "error" for finding in found.findings)
        return RecipeEntry(
            found.name, found.title, found.version, found.sha256, found.passed, found.expected_s, grave,
            len(found.findings) - grave,
        )  # fmt: skip

    def read(self, body: dict[str, Any]) -> tuple[str, bytes]:
        """Path and bytes of the recipe that a request names or brings. Raises Turned."""
        name, text = body.get("recipe"), body.get("text")
        if (name is None) == (text is None):
            raise Turned("bad_request", "a recipe is named (`recipe`) or sent (`text`), one of the two.")
        if text is not None:
            raw = str(text).encode()
            if len(raw) > LARGEST_RECIPE:
                raise Turned("bad_request", f"the recipe has {len(raw)} bytes; {LARGEST_RECIPE} are allowed.")
            return str(body.get("path") or "recipe.yaml"), raw
        name = str(name)
        names = self.names()
        if not _NAME.fullmatch(name) or name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names) or 'none'}."
            raise Turned("not_found", f"there is no recipe '{name[:100]}' in {self.directory}. {hint}")
        path = self.directory / f"{name}.yaml"
        try:
            return os.fspath(path), path.read_bytes()
        except OSError as error:
            raise Turned("not_found", f"recipe {path} cannot be read: {error.strerror or error}.") from error

    def plan(self, body: dict[str, Any]) -> Plan:
        """The recipe of a request, planned on the chamber. Raises Turned with every finding."""
        path, raw = self.read(body)
        try:
            recipe = parse_recipe(raw, path)
        except BadFile as error:
            raise Turned("bad_recipe", str(error), findings=of_file(error)) from error
        findings = check(recipe, self._chamber)
        if errors(findings):
            text = "\n".join(finding.line(path) for finding in findings)
            raise Turned("bad_recipe", text, findings=of_check(path, findings))
        return plan(recipe, self._chamber)

    def checked(self, body: dict[str, Any]) -> Checked:
        """The recipe's text beside the result of its check; raises Turned only if there is no such recipe."""
        path, raw = self.read(body)
        text = raw.decode(errors="replace")
        name = Path(path).stem
        try:
            recipe = parse_recipe(raw, path)
        except BadFile as error:
            return Checked(name, "", "", "", text, False, None, {}, [], of_file(error))
        findings = check(recipe, self._chamber)
        passed = not errors(findings)
        planned = plan(recipe, self._chamber) if passed else None
        model = recipe.model
        return Checked(
            name, model.title, model.version, recipe.sha256, text, passed,
            round(planned.expected_s, 1) if planned is not None else None,
            {source: round(mg, 1) for source, mg in planned.uses_mg.items()} if planned is not None else {},
            planned_steps(planned) if planned is not None else _bare_steps(recipe),
            of_check(path, findings),
            [Question(step.name, step.message, step.answers) for step in model.steps if isinstance(step, Prompt)],
        )  # fmt: skip


def planned_steps(planned: Plan) -> list[RecipeStep]:
    """The plan's steps as screens show them."""
    steps = []
    for index, each in enumerate(planned.steps, start=1):
        step = each.step
        more: dict[str, Any] = {}
        if isinstance(step, Deposit):
            more = {"film": step.film, "thickness_nm": step.thickness_nm, "rate_nm_per_s": step.rate_nm_per_s}
        steps.append(RecipeStep(index, step.name, step.do, round(each.expected_s, 1), **more))
    return steps


def _bare_steps(recipe: LoadedRecipe) -> list[RecipeStep]:
    return [RecipeStep(index, step.name, step.do, 0.0) for index, step in enumerate(recipe.model.steps, start=1)]
