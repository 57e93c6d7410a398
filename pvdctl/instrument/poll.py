"""Polls and acts: the two kinds of work a link's worker does for a driver.

A `Poll` is repeated with a period and brings tags. An `Act` is done once, at somebody's request. Both are given the
link when they run; neither is ever called by the control thread.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from pvdctl.instrument.tag import Flaw, Tag, Value

Answer = tuple[Value | Flaw, ...]
Outcome = tuple[float, Answer | None, Exception | None]
"""(when, values, None) after an answer; (when, None, error) after a failure."""

SAFE, COMMAND = 0, 1
"""Priorities of acts: SAFE acts (outputs towards safe) pass COMMAND acts; both pass polls."""

WAITING, DONE, FAILED = 0, 1, 2
"""States of an act."""


class Poll:
    """One repeated exchange (or a few that belong together) and the tags it brings.

    name: `<instrument>.<what>`, such as `monitor.sensors`; the chamber file sets cadences by it.
    do: run by the worker with the link; returns one value or Flaw per tag; raises LinkError or InstrumentError.
        Returning the very same tuple object as last time means "nothing changed" and is cheap.
    every_s: period. stale_s: a value older than this is BAD for every interlock.

    The worker tells what came of it with `ended`; the control thread takes that (see process.image). `at_s` and the
    tags belong to the control thread.
    """

    __slots__ = (
        "at_s",
        "before",
        "do",
        "every_s",
        "failures",
        "latest",
        "name",
        "news",
        "stale",
        "stale_s",
        "tags",
        "taken",
        "values",
    )

    def __init__(self, name: str, tags: tuple[Tag, ...], do: Callable[[Any], Answer], every_s: float = 1.0) -> None:
        self.name = name
        self.tags = tags
        self.do = do
        self.every_s = every_s
        self.stale_s = max(3.0 * every_s, 0.5)
        self.news: deque[Poll] = deque(maxlen=1)
        """Where a poll puts itself when it has ended; whoever takes the outcomes gives all polls one deque."""
        self.latest: Outcome | None = None
        """What came of it the last time; None while it has not been done. Set by `ended`."""
        self.before: Outcome | None = None
        """The outcome before that one. An exchange that a worker runs inline may end after the scan that comes next;
        what that scan sees is this one."""
        self.taken: object = None
        self.values: Answer | None = None
        self.at_s = float("-inf")
        self.stale = True
        self.failures = 0
        for tag in tags:
            tag.source = self

    @property
    def outcome(self) -> Outcome | None:
        """`latest`. Setting it tells whoever takes the outcomes."""
        return self.latest

    @outcome.setter
    def outcome(self, outcome: Outcome) -> None:
        self.latest = outcome
        self.news.append(self)

    def ended(self, at_s: float, values: Answer | None, error: Exception | None) -> None:
        """It was done, with this outcome. By the worker, on its thread."""
        self.before = self.latest
        self.latest = (at_s, values, error)
        self.news.append(self)  # last: whoever finds it there finds the outcome too


class Act:
    """One thing to be done on a link, and what became of it.

    name: what it does, for people and for the queue: a newer act of the same name replaces one still waiting.
    not_before_s: earliest start, clock seconds; when it is posted, that moment at the least. within_s: an act not begun
    this long after its earliest start fails.
    state, error, done_s: written by the worker, `state` last.
    """

    __slots__ = ("asked_s", "do", "done_s", "error", "name", "not_before_s", "priority", "state", "within_s")

    def __init__(
        self,
        name: str,
        do: Callable[[Any], None],
        *,
        priority: int = COMMAND,
        not_before_s: float = 0.0,
        within_s: float = 1.0,
    ) -> None:
        self.name = name
        self.do = do
        self.priority = priority
        self.not_before_s = not_before_s
        self.within_s = within_s
        self.asked_s = 0.0
        self.done_s = 0.0
        self.state = WAITING
        self.error: Exception | None = None
