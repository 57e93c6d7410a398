"""From JSON back to messages: plain dataclasses, without a validation library (its import costs 90 ms).

The service is trusted to say what it promises; what is missing or of the wrong kind is an error of one sentence,
unknown fields are ignored, so that an older client can speak with a newer service.
"""

from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pvdctl.errors import LinkError

T = TypeVar("T")


def decode(kind: type[T], data: object) -> T:
    """`data`, parsed JSON, as a message of `kind`. Raises LinkError if it is not one."""
    try:
        made = _make(kind, data, kind.__name__)
    except (KeyError, TypeError, ValueError) as error:
        raise LinkError(
            f"the service's answer is no {kind.__name__}: {error}. Are service and client of versions that fit?"
        ) from error
    assert isinstance(made, kind)
    return made


@cache
def _shape(kind: type[Any]) -> tuple[tuple[str, Any, bool], ...]:
    """Field name, its type, and whether it must be there."""
    hints = get_type_hints(kind)
    return tuple(
        (each.name, hints[each.name], each.default is MISSING and each.default_factory is MISSING)
        for each in fields(kind)
    )


def _make(kind: Any, data: object, where: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(data, dict):
            raise TypeError(f"{where} is {type(data).__name__}, wanted an object")
        made = {}
        for name, hint, needed in _shape(kind):
            if name in data:
                made[name] = _make(hint, data[name], f"{where}.{name}")
            elif needed:
                raise KeyError(f"{where}.{name} is missing")
        return kind(**made)
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        choices = [choice for choice in get_args(kind) if choice is not NoneType]
        return None if data is None else _make(choices[0], data, where)
    if origin is list and isinstance(data, list):
        (inner,) = get_args(kind)
        return [_make(inner, part, where) for part in data]
    if origin is dict and isinstance(data, dict):
        _, inner = get_args(kind)
        return {key: _make(inner, part, f"{where}[{key}]") for key, part in data.items()}
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    if kind is Any or origin is Literal or (isinstance(kind, type) and isinstance(data, kind)):
        return data
    raise TypeError(f"{where} is {data!r:.40}")
