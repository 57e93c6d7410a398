"""The plain part of YAML, read ten times faster than a whole YAML parser does it.

Recipes and chamber files are nearly always written in a small part of YAML: block mappings and lists, flow lists and
mappings, plain and simply quoted scalars, comments. Reading a chamber file takes ruamel.yaml some 60 ms and this
some 5, and `pvdctl check` may take 300 in all.

This is a short cut and no second opinion. Whatever is not plain, and whatever is wrong, is left to ruamel.yaml
(`NotPlain`), which alone judges and complains. A test holds both to the same values and the same places.
"""

import re
from typing import Any

DEEPEST = 20
"""Levels of nesting; the chamber file needs six. A choice."""

Place = tuple[int, int]
Places = dict[int, dict[str | int, tuple[Place, Place]]]
"""By identity of a container: line and column, from 1, of key and value of each of its parts."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}

_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*|0|[1-9][0-9]{0,8}):(?: +|$)")
_FIRST = r"(?:[A-Za-z0-9_./+°µÅ(]|-(?=[0-9.A-Za-z]))"
_SCALAR = re.compile(_FIRST)
_QUOTED = re.compile(r"\"([^\"\\\n]*)\"|'([^'\n]*)'(?!')")
_REST = re.compile(r" *(?: #.*)?$")
_FLOW_SCALAR = re.compile(_FIRST + r"[^\[\]{},:#\n\"'&*!|>@`?\\]*")


class NotPlain(Exception):
    """The text is not in the plain part of YAML, or is wrong; read it with ruamel.yaml."""


def scalar(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means: a number, yes or no, or nothing where it looks so; else text.

    Narrower than YAML: `017`, `0x1f`, `.nan`, `on` and `no` stay text.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-.0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text


class PlainReader:
    """Reads one text. places: filled by `read`."""

    def __init__(self, text: str) -> None:
        if "\t" in text or "\r" in text:
            raise NotPlain
        self.places: Places = {}
        self._lines = text.split("\n")
        self._rows: list[tuple[int, int, str]] = []
        """(line from 0, indentation, content) of each line that holds more than a comment."""
        for number, line in enumerate(self._lines):
            content = line.lstrip(" ")
            if content and content[0] != "#":
                self._rows.append((number, len(line) - len(content), content.rstrip(" ")))
        self._row = 0
        self._line = self._column = self._outside = 0

    def read(self) -> tuple[dict[str | int, Any], Place]:
        """The whole text, which must be a mapping, and where it begins. Raises NotPlain."""
        if not self._rows or self._rows[0][1] != 0:
            raise NotPlain
        data = self._mapping(0, 1)
        if self._row < len(self._rows):
            raise NotPlain
        return data, (self._rows[0][0] + 1, 1)

    # --- blocks ---------------------------------------------------------------------------------------------------
    def _mapping(self, indent: int, depth: int) -> dict[str | int, Any]:
        if depth > DEEPEST:
            raise NotPlain
        found: dict[str | int, Any] = {}
        places = self.places[id(found)] = {}
        rows = self._rows
        while self._row < len(rows):
            number, column, content = rows[self._row]
            if column < indent:
                break
            match = _KEY.match(content)
            if column > indent or match is None:
                raise NotPlain
            key = scalar(match.group(1))
            if not isinstance(key, str | int) or isinstance(key, bool) or key in found:
                raise NotPlain
            start = match.end()
            value, place = self._value(number, column + start, content[start:], indent, depth, indent)
            found[key] = value
            places[key] = ((number + 1, column + 1), place)
        return found

    def _sequence(self, indent: int, depth: int) -> list[Any]:
        if depth > DEEPEST:
            raise NotPlain
        found: list[Any] = []
        places = self.places[id(found)] = {}
        rows = self._rows
        while self._row < len(rows):
            number, column, content = rows[self._row]
            if column != indent or not content.startswith("- "):
                if column > indent:
                    raise NotPlain
                break
            rest = content[2:].lstrip(" ")
            start = column + len(content) - len(rest)
            if _KEY.match(rest):
                rows[self._row] = (number, start, rest)
                place = (number + 1, start + 1)
                value: Any = self._mapping(start, depth + 1)
            else:
                value, place = self._value(number, start, rest, indent, depth, indent + 1)
            places[len(found)] = (place, place)
            found.append(value)
        return found

    def _value(self, number: int, column: int, text: str, indent: int, depth: int, least: int) -> tuple[Any, Place]:
        """What stands at `column` of line `number`, or in the lines below if `text` is empty; moves on behind it.

        indent: of the container; a list as value may stand at `least` already.
        """
        if not text or text[0] == "#":
            return self._below(indent, depth, least)
        place = (number + 1, column + 1)
        first = text[0]
        if first in "[{":
            return self._flow_from(number, column, indent, depth), place
        self._row += 1
        if first in "\"'":
            match = _QUOTED.match(text)
            if match is None or _REST.match(text, match.end()) is None:
                raise NotPlain
            self._nothing_deeper(indent)
            return match.group(1) if first == '"' else match.group(2), place
        plain = self._plain(text)
        rows = self._rows
        while self._row < len(rows) and rows[self._row][1] > indent:
            if rows[self._row][0] != number + 1 or " #" in self._lines[number]:
                raise NotPlain
            number, _, more = rows[self._row]
            plain = f"{plain} {self._plain(more)}"
            self._row += 1
        return scalar(plain), place

    def _below(self, indent: int, depth: int, least: int) -> tuple[Any, Place]:
        self._row += 1
        if self._row >= len(self._rows):
            raise NotPlain
        number, column, content = self._rows[self._row]
        place = (number + 1, column + 1)
        if content.startswith("- ") and column >= least:
            return self._sequence(column, depth + 1), place
        if column <= indent:
            raise NotPlain
        return self._mapping(column, depth + 1), place

    def _plain(self, text: str) -> str:
        """An unquoted scalar's text in one line, without comment."""
        comment = text.find(" #")
        if comment >= 0:
            text = text[:comment].rstrip(" ")
        if _SCALAR.match(text) is None or ": " in text or text[-1] == ":":
            raise NotPlain
        return text

    def _nothing_deeper(self, indent: int) -> None:
        if self._row < len(self._rows) and self._rows[self._row][1] > indent:
            raise NotPlain

    # --- flow -----------------------------------------------------------------------------------------------------
    def _flow_from(self, number: int, column: int, indent: int, depth: int) -> Any:
        """The flow list or mapping that begins at `column` of line `number`, and nothing after it but a comment."""
        self._line, self._column, self._outside = number, column, indent
        value, _ = self._flow(depth)
        if _REST.match(self._lines[self._line], self._column) is None:
            raise NotPlain
        while self._row < len(self._rows) and self._rows[self._row][0] <= self._line:
            self._row += 1
        self._nothing_deeper(indent)
        return value

    def _skip(self) -> str:
        """Move over blanks, comments and line ends; the character that stands there."""
        while True:
            line, column = self._lines[self._line], self._column
            while column < len(line) and line[column] == " ":
                column += 1
            self._column = column
            if column < len(line) and (line[column] != "#" or (column and line[column - 1] != " ")):
                return line[column]
            self._line += 1
            if self._line >= len(self._lines):
                raise NotPlain
            line = self._lines[self._line]
            self._column = len(line) - len(line.lstrip(" "))
            if self._column <= self._outside and line.strip(" "):
                raise NotPlain

    def _flow(self, depth: int) -> tuple[Any, Place]:
        first = self._skip()
        line = self._lines[self._line]
        place = (self._line + 1, self._column + 1)
        if first == "[":
            return self._flow_sequence(depth + 1), place
        if first == "{":
            return self._flow_mapping(depth + 1), place
        if first in "\"'":
            match = _QUOTED.match(line, self._column)
            if match is None:
                raise NotPlain
            self._column = match.end()
            return match.group(1) if first == '"' else match.group(2), place
        match = _FLOW_SCALAR.match(line, self._column)
        if match is None:
            raise NotPlain
        self._column = match.end()
        return scalar(match.group().rstrip(" ")), place

    def _flow_sequence(self, depth: int) -> list[Any]:
        if depth > DEEPEST:
            raise NotPlain
        found: list[Any] = []
        places = self.places[id(found)] = {}
        self._column += 1
        if self._skip() == "]":
            self._column += 1
            return found
        while True:
            value, place = self._flow(depth)
            places[len(found)] = (place, place)
            found.append(value)
            if self._next("]"):
                return found

    def _flow_mapping(self, depth: int) -> dict[str | int, Any]:
        if depth > DEEPEST:
            raise NotPlain
        found: dict[str | int, Any] = {}
        places = self.places[id(found)] = {}
        self._column += 1
        if self._skip() == "}":
            self._column += 1
            return found
        while True:
            self._skip()
            match = _KEY.match(self._lines[self._line], self._column)
            if match is None or match.end() == len(self._lines[self._line]):
                raise NotPlain
            key = scalar(match.group(1))
            if not isinstance(key, str | int) or isinstance(key, bool) or key in found:
                raise NotPlain
            key_place = (self._line + 1, self._column + 1)
            self._column = match.end()
            value, place = self._flow(depth)
            found[key] = value
            places[key] = (key_place, place)
            if self._next("}"):
                return found

    def _next(self, end: str) -> bool:
        """Move over the comma or the end behind a value; whether it was the end."""
        found = self._skip()
        self._column += 1
        if found != end and found != ",":
            raise NotPlain
        return found == end
