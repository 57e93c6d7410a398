"""What is wrong in a file: one sentence each, with its place, and all of them at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pvdctl.errors import OperatorError

MOST_SHOWN = 100
"""More problems than this are counted, not listed: the file is then of another kind, and the first lines tell."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file.

    line, column: from 1; 0 where the file as a whole is meant. at: the place in words, such as `steps[1].thickness`;
    empty for the whole file. hint: what to do next, often a near miss; may be empty.
    """

    line: int
    column: int
    at: str
    wanted: str
    found: str
    hint: str = ""

    def sentence(self) -> str:
        """Everything but the file's name and the line."""
        where = f"at {self.at}: " if self.at else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{where}wanted {self.wanted}, found {self.found}{hint}"


class BadFile(OperatorError):
    """A file that cannot be used. `str(error)` has one line per problem: `file:line:column: at place: sentence`."""

    def __init__(self, path: str, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda p: (p.line, p.column, p.at, p.wanted)))
        super().__init__("\n".join(_lines(path, self.problems)))


def _lines(path: str, problems: Sequence[Problem]) -> list[str]:
    lines = []
    for problem in problems[:MOST_SHOWN]:
        place = f"{path}:{problem.line}:{problem.column}" if problem.line else path
        lines.append(f"{place}: {problem.sentence()}")
    if len(problems) > MOST_SHOWN:
        lines.append(f"{path}: and {len(problems) - MOST_SHOWN} more problems. Is this the right file?")
    return lines


def describe(value: object) -> str:
    """A value of a file, as `found` names it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"'{str(value).lower()}'"
    if isinstance(value, int | float):
        return f"the bare number {value!r}"
    if isinstance(value, str):
        shown = value if len(value) <= 60 else f"{value[:57]}..."
        return f"'{shown}'"
    if isinstance(value, dict):
        return "a mapping (key: value)"
    return "a list"


def place_words(path: Sequence[str | int]) -> str:
    """`("steps", 1, "thickness")` as `steps[1].thickness`."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += f".{part}" if words else part
    return words
