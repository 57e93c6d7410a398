"""From a recipe file to a recipe, or to every reason why not."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from pvdctl.chamber.document import Document
from pvdctl.chamber.problems import BadFile, Problem
from pvdctl.chamber.yaml_text import document, read
from pvdctl.recipe.model import Recipe


@dataclass(frozen=True, slots=True)
class LoadedRecipe:
    """A recipe with the very text it came from.

    text: the whole file. sha256: of the file's bytes, in hexadecimal. document: where each part stands.
    """

    model: Recipe
    text: str
    sha256: str
    path: str
    document: Document = field(repr=False, compare=False)


def load_recipe(path: Path | str) -> LoadedRecipe:
    """Read and validate a recipe file. Raises BadFile naming every problem with file, line and column."""
    return _validate(read(path))


def parse_recipe(raw: bytes, path: str) -> LoadedRecipe:
    """As `load_recipe`, for bytes at hand; `path` is used in messages only."""
    return _validate(document(raw, path))


def _validate(doc: Document) -> LoadedRecipe:
    try:
        model = Recipe.model_validate(doc.data)
    except ValidationError as error:
        from pvdctl.chamber import complaints  # needed only when something is wrong

        raise BadFile(doc.path, [*doc.problems, *complaints.problems(error, Recipe, doc)]) from error
    problems = [*doc.problems, *_names(model, doc)]
    if problems:
        raise BadFile(doc.path, problems)
    return LoadedRecipe(model, doc.text, doc.sha256, doc.path, doc)


def _names(recipe: Recipe, doc: Document) -> list[Problem]:
    """Step names are how people and records speak of steps: each once."""
    first: dict[str, int] = {}
    problems = []
    for index, step in enumerate(recipe.steps):
        if step.name in first:
            line, _ = doc.place(("steps", first[step.name], "name"))
            found = f"'{step.name}' a second time (first in line {line})"
            problems.append(doc.problem(("steps", index, "name"), "each step name once", found, "rename one of them"))
        else:
            first[step.name] = index
    return problems
