"""Messages as JSON."""

from dataclasses import fields, is_dataclass
from functools import cache
from json import JSONEncoder
from typing import Any


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _shallow(message: Any) -> dict[str, Any]:
    if is_dataclass(message) and not isinstance(message, type):
        return {name: getattr(message, name) for name in _names(type(message))}
    raise TypeError(f"{type(message).__name__} is no message")


_ENCODER = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_shallow)


def as_json(message: Any) -> str:
    """A message, or plain data with messages in it, as one line of JSON. Raises ValueError for nan and inf."""
    return _ENCODER.encode(message)


def as_plain(message: Any) -> Any:
    """The same as lists and dicts, for `json.dumps` with other settings."""
    if isinstance(message, list):
        return [as_plain(part) for part in message]
    if isinstance(message, dict):
        return {key: as_plain(part) for key, part in message.items()}
    return as_plain(_shallow(message)) if is_dataclass(message) and not isinstance(message, type) else message
