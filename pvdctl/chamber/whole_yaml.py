"""The whole of YAML, by ruamel.yaml: for what `plain_yaml` leaves alone, and for every complaint.

The values are built straight from the parser's events, which gives exact places and takes half the time of the
round-trip loader.
"""

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from pvdctl.chamber.document import Document
from pvdctl.chamber.plain_yaml import DEEPEST, Place, scalar
from pvdctl.chamber.problems import BadFile, Problem, describe, place_words


def build(text: str, made: Document) -> None:
    """Fill `made` from `text`. Raises BadFile for what is not YAML; lesser problems are left in the document."""
    try:
        _Builder(made).build(text)
    except RecursionError as error:
        raise BadFile(made.path, [*made.problems, _too_deep(1, 1)]) from error
    except YAMLError as error:
        raise BadFile(made.path, [*made.problems, _yaml_problem(error)]) from error


def _short(tag: object) -> str:
    """A tag as people write it."""
    return str(tag).replace("tag:yaml.org,2002:", "!!")


def _too_deep(line: int, column: int) -> Problem:
    return Problem(line, column, "", f"at most {DEEPEST} levels of nesting", "more", "is this the right file?")


def _yaml_problem(error: YAMLError) -> Problem:
    """What ruamel.yaml complains of, in our form."""
    line = column = 0
    said = str(error)
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        if mark is not None:
            line, column = mark.line + 1, mark.column + 1
        said = " ".join(part for part in (error.context, error.problem) if part)
    hint = "check indentation, colons and quotes here and in the line before"
    return Problem(line, column, "", "valid YAML", f"something else ({said})", hint)


class _Builder:
    """Turns events into values and remembers places. Not recursive; a stack of open containers."""

    def __init__(self, made: Document) -> None:
        self._made = made
        self._problems = made.problems

    def build(self, text: str) -> None:
        made = self._made
        stack: list[_Open] = []
        top: _Open | None = None
        documents = 0
        value: Any
        for event in YAML(typ="safe", pure=True).parse(text):
            if isinstance(event, MappingEndEvent | SequenceEndEvent):
                stack.pop()
                top = stack[-1] if stack else None
                continue
            if isinstance(event, ScalarEvent):
                value = event.value if event.style else scalar(event.value)
            elif isinstance(event, MappingStartEvent):
                value = {}
            elif isinstance(event, SequenceStartEvent):
                value = []
            elif isinstance(event, AliasEvent):
                value = None
            else:
                if isinstance(event, DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self._complain(event, [], "one document", "a second one ('---')", "make it a file of its own")
                        raise BadFile(made.path, self._problems)
                continue
            mark = event.start_mark
            place = (mark.line + 1, mark.column + 1)
            if event.anchor is not None or (event.tag is not None and event.tag != "!"):
                value = self._refuse_tricks(event, value, stack)
            if (
                value is None
                and event.__class__ is ScalarEvent
                and not event.value
                and top is not None
                and top.key_place[0]
            ):
                place = (
                    top.key_place
                )  # an empty value stands nowhere (ruamel says: at the next token): its key shows where
            if top is None:
                made.data = value
                made.start = place
            else:
                top.add(value, place, self)
            if value.__class__ is dict or value.__class__ is list:
                top = _Open(value, stack)
                made.places[id(value)] = top.places
                stack.append(top)
                if len(stack) > DEEPEST:
                    self._problems.append(_too_deep(*place))
                    raise BadFile(made.path, self._problems)

    def _refuse_tricks(self, event: Any, value: Any, stack: "list[_Open]") -> Any:
        """Anchors, aliases and tags say one thing in two places, or something unseen: refused, and left out."""
        if isinstance(event, AliasEvent):
            self._complain(event, stack, "the value itself", f"the alias '*{event.anchor}'", "write the value out")
            return None
        if event.anchor is not None:
            self._complain(event, stack, "no anchors", f"'&{event.anchor}'", "write the value out where it is needed")
        if event.tag is not None and event.tag != "!":
            self._complain(event, stack, "no tags", f"'{_short(event.tag)}'", "remove it")
        return value

    def _complain(self, event: Any, stack: "list[_Open]", wanted: str, found: str, hint: str) -> None:
        mark = event.start_mark
        at = place_words(stack[-1].path(inside=True)) if stack else ""
        self._problems.append(Problem(mark.line + 1, mark.column + 1, at, wanted, found, hint))

    def bad_key(self, opened: "_Open", key: object, place: Place) -> None:
        """A key that is neither text nor a whole number."""
        self._problems.append(Problem(*place, place_words(opened.path()), "a name as key", describe(key)))

    def second_key(self, opened: "_Open", key: str | int, place: Place) -> None:
        """A key given twice: the first stands, the second is a problem."""
        line, _ = opened.places[key][0]
        at = place_words([*opened.path(), key])
        found = f"'{key}' a second time (first in line {line})"
        self._problems.append(Problem(*place, at, "each key once", found, "remove one of them"))


class _Open:
    """A mapping or list still being filled."""

    __slots__ = ("container", "key", "key_place", "parents", "places", "skip", "wants_key")

    def __init__(self, container: Any, parents: "list[_Open]") -> None:
        self.container = container
        self.parents = tuple(parents)
        self.places: dict[str | int, tuple[Place, Place]] = {}
        self.wants_key = container.__class__ is dict
        self.key: str | int | None = None
        self.key_place: Place = (0, 0)
        self.skip = False

    def add(self, value: Any, place: Place, builder: _Builder) -> None:
        """Take the next key or value."""
        container = self.container
        if container.__class__ is list:
            self.places[len(container)] = (place, place)
            container.append(value)
        elif self.wants_key:
            self.wants_key = False
            self.key_place = place
            self.skip = True
            if value.__class__ is not str and value.__class__ is not int:
                builder.bad_key(self, value, place)
            elif value in container:
                builder.second_key(self, value, place)
            else:
                self.skip = False
                self.key = value
        else:
            self.wants_key = True
            if not self.skip and self.key is not None:
                container[self.key] = value
                self.places[self.key] = (self.key_place, place)

    def path(self, inside: bool = False) -> list[str | int]:
        """Where this container stands; with `inside`, where the next value in it will stand."""
        parts: list[str | int] = []
        for opened in self.parents:
            if opened.container.__class__ is list:
                parts.append(len(opened.container) - 1)
            elif opened.key is not None:
                parts.append(opened.key)
        if inside:
            if self.container.__class__ is list:
                parts.append(len(self.container))
            elif not self.wants_key and self.key is not None:
                parts.append(self.key)
        return parts
