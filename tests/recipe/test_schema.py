"""The shipped JSON schema is the one the model makes, and it judges as the model does."""

import json
import re

from pvdctl.recipe.load import load_recipe
from pvdctl.recipe.model import Recipe
from pvdctl.recipe.schema import schema, text
from tests.recipe.files import RECIPES, ROOT


def test_the_shipped_schema_is_the_models() -> None:
    shipped = (ROOT / "recipes" / "recipe.schema.json").read_text()
    assert shipped == text(), "run: python -m pvdctl.recipe.schema > recipes/recipe.schema.json"


def test_quantities_are_text_with_a_unit_that_fits() -> None:
    properties = schema()["$defs"]["Deposit"]["properties"]
    pattern = re.compile(properties["thickness"]["pattern"])
    assert pattern.match("300 nm")
    assert pattern.match("3e-1µm")
    for wrong in ("300", "300 s", "-300 nm", "nan nm", "nm"):
        assert not pattern.match(wrong)
    assert "must stay in band this long" in properties["in_band_for"]["description"]
    assert "such as '3 min'" in properties["in_band_for"]["description"]


def test_every_quantity_of_the_shipped_recipes_fits_its_pattern() -> None:
    parts = schema()["$defs"]
    seen = 0
    for path in RECIPES:
        for step in load_recipe(path).document.data["steps"]:
            kind = "".join(word.capitalize() for word in step["do"].split("_"))
            for key, value in step.items():
                pattern = parts[kind]["properties"][key].get("pattern")
                if pattern is not None:
                    seen += 1
                    assert re.match(pattern, value), (path.name, key, value)
    assert seen > 50


def test_schema_knows_no_other_keys_and_all_of_them() -> None:
    made = json.loads(text())
    assert made["additionalProperties"] is False
    assert set(made["properties"]) == {field.alias for field in Recipe.model_fields.values()}
    assert all(part["additionalProperties"] is False for part in made["$defs"].values())
