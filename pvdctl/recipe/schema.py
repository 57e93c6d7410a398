"""JSON schema of the recipe file, for editors and other programs; made from the model, never by hand.

`python -m pvdctl.recipe.schema > recipes/recipe.schema.json` writes the shipped file; a test compares the two.
"""

import ast
import inspect
import json
import re
import sys
import textwrap
from typing import Any

from pvdctl.chamber.base import Model
from pvdctl.quantities import UNITS, split_name, wanted
from pvdctl.recipe import model as models
from pvdctl.recipe.model import Recipe

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema as plain values. Quantities are text with a unit, as in the file, with the units that fit."""
    made = Recipe.model_json_schema(by_alias=True)
    parts: dict[str, Any] = made["$defs"]
    for name, part in [*parts.items(), ("Recipe", made)]:
        _speak_as_the_file(getattr(models, name), part)
    return {"$schema": DIALECT, **made}


def text() -> str:
    """The schema file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _speak_as_the_file(model: type[Model], part: dict[str, Any]) -> None:
    """Numbers become text with a unit; docstrings of fields become descriptions."""
    said = _field_docstrings(model)
    for name, field in model.model_fields.items():
        entry = part["properties"][field.alias or name]
        unit = split_name(name)[1]
        if unit is not None:
            bounds = {key for form in (entry, *entry.get("anyOf", ())) for key in form}  # anyOf: of optional fields
            sign = "" if {"exclusiveMinimum", "minimum", "gt", "ge"} & bounds else "[-+]?"
            entry.clear()
            fitting = [u for u, (dimension, _, _) in UNITS.items() if dimension == UNITS[unit][0]]
            entry |= {"type": "string", "pattern": _pattern(sign, fitting), "description": f"Wanted: {wanted(unit)}."}
        if name in said:
            entry["description"] = " ".join(filter(None, (said[name], entry.get("description", ""))))


def _pattern(sign: str, units: list[str]) -> str:
    choices = "|".join(re.escape(u) for u in units)
    return f"^\\s*{sign}(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?\\s*({choices})\\s*$"


def _field_docstrings(model: type[Model]) -> dict[str, str]:
    """The texts that stand below the fields of a model in its source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    found: dict[str, str] = {}
    if not isinstance(body, ast.ClassDef):
        return found
    for field, below in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found[field.target.id] = " ".join(below.value.value.split())
    return found


if __name__ == "__main__":
    sys.stdout.write(text())
