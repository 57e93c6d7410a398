"""What the checks of a chamber file share: how to complain, and the three questions asked most."""

from collections.abc import Collection, Sequence

from pvdctl.chamber.document import Document
from pvdctl.chamber.model import Chamber
from pvdctl.chamber.near import near_miss
from pvdctl.chamber.problems import Problem, place_words
from pvdctl.quantities import show

Way = tuple[str | int, ...]
"""Where in the file: keys and indices from the top."""


class Checker:
    """Collects the problems of one chamber file."""

    def __init__(self, chamber: Chamber, doc: Document) -> None:
        self.chamber = chamber
        self.doc = doc
        self.problems: list[Problem] = []

    def say(self, way: Way, wanted: str, found: str, hint: str = "", *, key: bool = False) -> None:
        """Complain about what stands at `way`, or with `key` about the key itself."""
        self.problems.append(self.doc.problem(way, wanted, found, hint, key=key))

    def known(self, way: Way, name: str | None, what: str, known: Collection[str]) -> bool:
        """Whether `name` is one of `known`; complains if not. None is fine: the key is optional."""
        if name is None or name in known:
            return True
        self.say(way, what, f"'{name}'", near_miss(name, known))
        return False

    def once(self, pairs: Sequence[tuple[Way, object]], what: str) -> None:
        """Each value once."""
        first: dict[object, Way] = {}
        for way, value in pairs:
            if value in first:
                line, _ = self.doc.place(first[value])
                self.say(way, what, f"'{value}' a second time (first at {place_words(first[value])}, line {line})")
            else:
                first[value] = way

    def order(self, way: Way, less: float, more: float, unit: str, other: str, strict: bool = True) -> None:
        """`less`, which stands at `way`, must be less than `more`, which is called `other`."""
        if less > more or (strict and less == more):
            word = "less than" if strict else "at most"
            self.say(way, f"{word} {other} ({show(more, unit)})", show(less, unit))
