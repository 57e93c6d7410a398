"""YAML as recipes and chamber files use it: plain values, each with its line and column, and no tricks.

ruamel.yaml parses (YAML 1.2); the values are built here, straight from its events, which gives exact places and takes
half the time of its round-trip loader. Refused, because they hide what a file says: a key given twice, anchors and
aliases, tags, merge keys, several documents, tabs for indentation, invisible characters.
Words such as `on` and `no` stay text; `017` is not a number; nan and inf are not numbers.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
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

from pvdctl.chamber.problems import BadFile, Problem, describe, place_words

LARGEST_BYTES = 256 * 1024
"""A recipe is a page and a chamber file some twenty kilobytes; more is another kind of file. A choice."""
DEEPEST = 20
"""Levels of nesting; the chamber file needs six. A choice."""

Path_ = tuple[str | int, ...]
Place = tuple[int, int]

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufffe]"
)
_TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)


@dataclass(slots=True)
class Document:
    """A file's content and where each part of it stands.

    data: dicts, lists, text, numbers, yes/no, None. sha256: of the file's bytes. problems: found while reading; the
    data then lacks the offending parts, so that whoever goes on can find the others. places: by identity of a
    container, the places of key and value of each of its parts; ask `place` instead.
    """

    path: str
    text: str
    sha256: str
    data: Any = None
    problems: list[Problem] = field(default_factory=list)
    places: dict[int, dict[str | int, tuple[Place, Place]]] = field(default_factory=dict)
    start: Place = (1, 1)

    def place(self, path: Sequence[str | int], *, key: bool = False) -> Place:
        """Line and column, from 1, of the value at `path`, or of its key; of the nearest enclosing part if missing."""
        at, node = self.start, self.data
        for part in path:
            places = self.places.get(id(node))
            if places is None or part not in places:
                return at
            at = places[part][0 if key else 1]
            node = node[part]
        return at

    def problem(
        self, path: Sequence[str | int], wanted: str, found: str, hint: str = "", *, key: bool = False
    ) -> Problem:
        """A problem at `path`, placed."""
        line, column = self.place(path, key=key)
        return Problem(line, column, place_words(path), wanted, found, hint)

    def value(self, path: Sequence[str | int]) -> object:
        """The value at `path`; None if there is none."""
        node = self.data
        for part in path:
            try:
                node = node[part]
            except (KeyError, IndexError, TypeError):
                return None
        return node


def read(path: Path | str) -> Document:
    """Read a file. Raises BadFile if it cannot be read or is not YAML; lesser problems are left in the document."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadFile(str(path), [Problem(0, 0, "", "a readable file", error.strerror or str(error))]) from error
    return document(raw, str(path))


def document(raw: bytes, path: str) -> Document:
    """As `read`, for bytes that are at hand already; `path` is used in messages only."""
    if len(raw) > LARGEST_BYTES:
        raise BadFile(
            path, [Problem(0, 0, "", f"at most {LARGEST_BYTES // 1024} KiB", "more; is this the right file?")]
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = _line_of(before, len(before))
        found = f"the byte 0x{raw[error.start]:02x}"
        problem = Problem(line, column, "", "UTF-8 text", found, "save the file as UTF-8")
        raise BadFile(path, [problem]) from error
    made = Document(path, text, hashlib.sha256(raw).hexdigest())
    body = text.removeprefix("\ufeff")
    for match in _INVISIBLE.finditer(body):
        line, column = _line_of(body, match.start())
        found = f"the invisible character U+{ord(match.group()):04X}"
        made.problems.append(Problem(line, column, "", "visible text", found, "remove it"))
    for match in _TAB_INDENT.finditer(body):
        line, column = _line_of(body, match.end() - 1)
        made.problems.append(Problem(line, column, "", "spaces for indentation", "a tab", "replace it by spaces"))
    if made.problems:
        raise BadFile(path, made.problems)
    try:
        _Builder(made).build(body)
    except RecursionError as error:
        raise BadFile(path, [*made.problems, _too_deep(1, 1)]) from error
    except YAMLError as error:
        raise BadFile(path, [*made.problems, _yaml_problem(error)]) from error
    return made


def _line_of(text: str, index: int) -> Place:
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1


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
                value = _scalar(event)
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


def _scalar(event: ScalarEvent) -> str | int | float | bool | None:
    """Plain scalars are numbers, yes/no or nothing where they look so; quoted ones are always text."""
    text: str = event.value
    if event.style is not None and event.style != "":
        return text
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first in "+-.0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
