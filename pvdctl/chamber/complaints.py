"""Pydantic's complaints in our words: where in the file, what was wanted, what was found, a near miss.

Runs only when something is wrong, so it may take its time: the type that was wanted at a place is found by walking
from the model along the place, not by keeping books while all is well.
"""

from collections.abc import Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from pvdctl.chamber.base import Model
from pvdctl.chamber.document import Document
from pvdctl.chamber.near import near_miss
from pvdctl.chamber.problems import Problem, describe
from pvdctl.quantities import NotAQuantity, split_name, wanted

NAME_WORDS = "a name (letters, digits and _, beginning with a letter, at most 40 characters)"

_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def problems(error: ValidationError, model: type[Model], document: Document) -> list[Problem]:
    """Every complaint of `error`, which arose in validating `document.data` as `model`."""
    found = []
    for item in error.errors(include_url=False):
        walk = _Walk(model, document, item["loc"])
        found.append(_translate(item, walk, document))
    blamed = {(p.line, p.column) for p in document.problems}
    return [p for p in found if (p.line, p.column) not in blamed]


class _Walk:
    """A walk from the model to the place of a complaint.

    path: the place in the file. key: the complaint is about the key itself. annotation: the type wanted there.
    name: the field's name inside, which says its unit. owner: the model whose key the last one is.
    """

    def __init__(self, model: type[Model], document: Document, loc: Sequence[str | int]) -> None:
        self.path: list[str | int] = []
        self.key = False
        self.name = ""
        self.owner: type[Model] | None = None
        self.annotation: Any = model
        rest = list(loc)
        while rest:
            part = rest.pop(0)
            value = document.value(self.path)
            if part == "[key]":
                self.key = True
                return
            self.owner = _model_in(self.annotation, value)
            if self.owner is not None:
                tag = _tag(self.owner)
                if part == tag and tag not in _keys(self.owner) and _is_union(self.annotation):
                    self.annotation = self.owner
                    self.name = ""
                    continue
                found = _keys(self.owner).get(str(part))
                if found is not None:
                    self.name, self.annotation = found[0], found[1].annotation
            else:
                self.annotation = _item_of(self.annotation)
            self.path.append(part)

    @property
    def unit(self) -> str | None:
        """The unit of a quantity field, from its name inside or, for the items of a mapping, its owner's."""
        return split_name(self.name)[1]


def _translate(item: Any, walk: _Walk, document: Document) -> Problem:
    kind, context = item["type"], item.get("ctx", {})
    value = document.value(walk.path)
    if kind == "missing":
        key = walk.path[-1]
        return document.problem(walk.path[:-1], f"the key '{key}': {_type_words(walk)}", "no such key")
    if kind == "extra_forbidden":
        key = str(walk.path[-1])
        present = document.value(walk.path[:-1])
        known = _keys(walk.owner) if walk.owner else {}
        left = [k for k in known if not (isinstance(present, dict) and k in present)]
        return document.problem(walk.path, "only keys that are known", f"'{key}'", near_miss(key, left), key=True)
    if kind == "invalid_key":
        return document.problem(walk.path, "a name as key", describe(walk.path[-1]), key=True)
    if kind == "value_error":
        raised = context.get("error")
        if isinstance(raised, NotAQuantity):
            return document.problem(walk.path, raised.wanted, raised.found, raised.hint)
        return document.problem(walk.path, str(raised), describe(value))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _wrong_kind(kind, walk, document)
    if walk.key:
        name = walk.path[-1] if walk.path else ""
        words = NAME_WORDS if "string" in kind else "a whole number as key"
        return document.problem(walk.path, words, f"'{name}'", key=True)
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        unit = walk.unit
        limit = f"{context[name]:g} {unit}" if unit else f"{context[name]:g}"
        return document.problem(walk.path, f"{words} {limit}", describe(value))
    if kind == "literal_error":
        choices = _choices(walk.annotation)
        words = f"one of {', '.join(choices)}" if len(choices) > 1 else f"'{choices[0]}'"
        return document.problem(walk.path, words, describe(value), near_miss(value, choices) if value else "")
    if kind == "too_short" or kind == "string_too_short":
        return document.problem(
            walk.path, f"at least {context.get('min_length', 1)} of them", "none" if not value else "fewer"
        )
    if kind in ("string_pattern_mismatch", "string_too_long"):
        return document.problem(walk.path, NAME_WORDS, describe(value))
    hint = ""
    if kind == "string_type" and value is not None and not isinstance(value, dict | list):
        hint = f'put it in quotes: "{str(value).lower() if isinstance(value, bool) else value}"'
    return document.problem(walk.path, _type_words(walk), describe(value), hint)


def _wrong_kind(kind: str, walk: _Walk, document: Document) -> Problem:
    """A step or link whose `do` or `kind` is missing or unknown."""
    members = _members(walk.annotation)
    key = _tag_key(members[0])
    known = [str(_tag(member)) for member in members]
    if kind == "union_tag_not_found":
        value = document.value(walk.path)
        found = "no such key" if isinstance(value, dict) else describe(value)
        return document.problem(walk.path, f"the key '{key}': one of {', '.join(known)}", found)
    value = document.value([*walk.path, key])
    hint = near_miss(value, known) if isinstance(value, str) else ""
    return document.problem([*walk.path, key], f"one of {', '.join(known)}", describe(value), hint)


def _type_words(walk: _Walk) -> str:
    """What a value of the wanted type is, in words."""
    annotation = _bare(walk.annotation)
    if annotation is float:
        unit = walk.unit
        return wanted(unit) if unit else "a number"
    if get_origin(annotation) is Literal:
        choices = _choices(annotation)
        return f"one of {', '.join(choices)}" if len(choices) > 1 else f"'{choices[0]}'"
    if _is_union(annotation):
        members = [a for a in get_args(annotation) if a is not type(None)]
        if len(members) > 1 and all(_model_in(m, {}) for m in members):
            return "a mapping (key: value)"
        walk.annotation = members[0]
        return _type_words(walk)
    if get_origin(annotation) is list:
        return "a list"
    if get_origin(annotation) is dict or _model_in(annotation, {}) is not None:
        return "a mapping (key: value)"
    words: dict[Any, str] = {str: "text", int: "a whole number", bool: "true or false"}
    return words.get(annotation, "something else")


def _bare(annotation: Any) -> Any:
    """Without Annotated."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(_bare(annotation)) in (Union, UnionType)


def _members(annotation: Any) -> list[type[Model]]:
    """The models of a union, or the one model."""
    annotation = _bare(annotation)
    if _is_union(annotation):
        return [member for arg in get_args(annotation) for member in _members(arg)]
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, Model) else []


def _model_in(annotation: Any, value: object) -> type[Model] | None:
    """The model wanted; in a union the one whose tag `value` carries."""
    members = _members(annotation)
    if len(members) > 1 and isinstance(value, dict):
        for member in members:
            if value.get(_tag_key(member)) == _tag(member):
                return member
    return members[0] if members else None


def _item_of(annotation: Any) -> Any:
    """Type of a list's items or a mapping's values."""
    annotation = _bare(annotation)
    arguments = get_args(annotation)
    if get_origin(annotation) in (list, dict):
        return arguments[-1]
    return Any


def _keys(model: type[Model]) -> dict[str, tuple[str, FieldInfo]]:
    """A model's keys as written in files, with name and field."""
    return {field.alias or name: (name, field) for name, field in model.model_fields.items()}


def _tag_key(model: type[Model]) -> str:
    """The key that tells which member of a union this is: the first that allows one word only."""
    for key, (_, field) in _keys(model).items():
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
            return key
    return ""


def _tag(model: type[Model]) -> object:
    key = _tag_key(model)
    return get_args(_keys(model)[key][1].annotation)[0] if key else None


def _choices(annotation: Any) -> list[str]:
    """The words that a Literal allows."""
    annotation = _bare(annotation)
    if get_origin(annotation) is Literal:
        return [str(a) for a in get_args(annotation)]
    return [word for arg in get_args(annotation) for word in _choices(arg)]
