"""The process image: every reading with its quality and age, as of one moment.

Workers leave outcomes in their polls; `take` brings them into the tags once per scan, and judges age. Nothing else
writes polled tags, so a scan sees one consistent picture from its first line to its last.
"""

from collections import deque
from collections.abc import Iterable
from heapq import heappop, heappush, heapreplace

from pvdctl.errors import Bug, InstrumentError
from pvdctl.instrument.poll import Answer, Poll
from pvdctl.instrument.tag import BAD, GOOD, Flaw, Tag


class Image:
    """All polled tags by their chamber-wide name, and the derived tags that the process adds.

    `failed` lists the polls whose newest outcome was a failure in the last `take`. `changes` counts up whenever the
    value, quality or reason of any polled tag may have changed; while it stands still, none has.
    """

    def __init__(self, polls: Iterable[Poll]) -> None:
        self.polls = tuple(polls)
        self.now_s = 0.0
        self.failed: list[Poll] = []
        self.changes = 0
        self._limits: list[tuple[float, int]] = []
        """A heap of (no sooner too old than this, place of the poll): one entry for each poll that is not stale."""
        self._watched: set[int] = set()
        """Places of the polls that have an entry."""
        self._stale_from_s = float("inf")
        """No reading can be too old before this: ages are looked at only after it."""
        self._place = {poll: place for place, poll in enumerate(self.polls)}
        self._tags: dict[str, Tag] = {}
        self._news: deque[Poll] = deque()
        self._early: list[Poll] = []
        """Polls that have ended, but after the moment of the image."""
        for poll in self.polls:
            for tag in poll.tags:
                self.add(tag)
            poll.news = self._news
            if poll.latest is not None:
                self._news.append(poll)

    def add(self, tag: Tag, name: str | None = None) -> Tag:
        """Make a tag known under its own or another name."""
        key = name if name is not None else tag.name
        if self._tags.get(key, tag) is not tag:
            raise Bug(f"two readings are both named '{key}'")
        self._tags[key] = tag
        return tag

    def derived(self, name: str, unit: str) -> Tag:
        """A new tag that the process itself will set."""
        return self.add(Tag(name, unit))

    def __getitem__(self, name: str) -> Tag:
        return self._tags[name]

    def __contains__(self, name: object) -> bool:
        return name in self._tags

    def names(self) -> list[str]:
        """Every known reading."""
        return list(self._tags)

    def take(self, now_s: float) -> None:
        """Bring in what workers have finished by `now_s`, and spoil what has become too old."""
        self.now_s = now_s
        failed = self.failed
        if failed:
            failed.clear()
        news = self._news
        while news:
            poll = news.popleft()
            outcome = poll.latest
            if outcome is poll.taken or outcome is None:
                continue
            if outcome[0] > now_s:  # run inline, and ends after this scan: the one before it is today's news
                self._early.append(poll)
                outcome = poll.before
                if outcome is None or outcome is poll.taken or outcome[0] > now_s:
                    continue
            poll.taken = outcome
            at_s, values, error = outcome
            if values is None:
                self._fail(poll, error)
                continue
            poll.at_s = at_s
            if poll.stale:
                self._bring(poll, values)
                self._watch(poll)
            elif values is not poll.values:
                self._bring(poll, values)
        if self._early:
            news.extend(self._early)
            self._early.clear()
        if now_s > self._stale_from_s:
            self._judge_ages(now_s)

    def _bring(self, poll: Poll, values: Answer) -> None:
        """New values into a poll's tags."""
        self.changes += 1
        poll.values = values
        tags = poll.tags
        if len(values) != len(tags):
            raise Bug(f"{poll.name} brings {len(tags)} readings, its driver gave {len(values)} values")
        for tag, value in zip(tags, values):  # noqa: B905 - judged above; `strict` costs as much as a whole reading
            if type(value) is Flaw:
                tag.value = value.value
                tag.spoil(value.why, value.quality)
            else:
                tag.value = value
                tag.quality = GOOD

    def _watch(self, poll: Poll) -> None:
        """A poll has brought something after it was stale: from now on it may become so again."""
        poll.stale = False
        place = self._place[poll]
        if place not in self._watched:
            self._watched.add(place)
            heappush(self._limits, (poll.at_s + poll.stale_s, place))
            self._stale_from_s = self._limits[0][0]

    def _judge_ages(self, now_s: float) -> None:
        """Spoil what is too old, and find when the next reading may become so.

        Renewed readings do not move their limit: it is found passed once in `stale_s`, and then set anew.
        """
        limits, polls = self._limits, self.polls
        while limits and limits[0][0] < now_s:
            place = limits[0][1]
            poll = polls[place]
            limit_s = poll.at_s + poll.stale_s
            if limit_s >= now_s and not poll.stale:
                heapreplace(limits, (limit_s, place))
                continue
            heappop(limits)
            self._watched.remove(place)
            if not poll.stale:
                self._age(poll, now_s)
        self._stale_from_s = limits[0][0] if limits else float("inf")

    def _fail(self, poll: Poll, error: Exception | None) -> None:
        """A failed exchange lets its readings grow old; a refusing instrument spoils them at once."""
        poll.failures += 1
        self.failed.append(poll)
        if isinstance(error, InstrumentError):
            self.changes += 1
            poll.stale = True
            for tag in poll.tags:
                tag.spoil(str(error))

    def _age(self, poll: Poll, now_s: float) -> None:
        self.changes += 1
        poll.stale = True
        error = poll.taken[2] if isinstance(poll.taken, tuple) else None
        why = f"{poll.name}: no new reading for {now_s - poll.at_s:.1f} s (limit {poll.stale_s:g} s)"
        if error is not None:
            why += f": {error}"
        for tag in poll.tags:
            tag.spoil(why, BAD)
