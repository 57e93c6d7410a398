"""A file's content with the places of its parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pvdctl.chamber.plain_yaml import Place, Places
from pvdctl.chamber.problems import Problem, place_words


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
    places: Places = field(default_factory=dict)
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
