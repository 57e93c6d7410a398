"""How much one client may ask: a bucket of tokens for reading, one for commanding. Abort is never limited."""

from collections import OrderedDict
from typing import Final

READS_PER_S: Final = 50.0
COMMANDS_PER_S: Final = 10.0
"""Decisions: ten times what a screen does, and far below what would disturb anybody."""
BURST_S: Final = 2.0
"""A client that was quiet may ask for this many seconds' worth at once."""
MOST_CLIENTS: Final = 1000


class Bucket:
    """Refills with time; each request takes one."""

    __slots__ = ("_at_s", "_left", "_per_s")

    def __init__(self, per_s: float, now_s: float) -> None:
        self._per_s = per_s
        self._left = per_s * BURST_S
        self._at_s = now_s

    def take(self, now_s: float) -> bool:
        """Whether there was one left."""
        self._left = min(self._per_s * BURST_S, self._left + self._per_s * (now_s - self._at_s))
        self._at_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Limits:
    """One pair of buckets per client; the ones not heard of for longest are forgotten."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, bool], Bucket] = OrderedDict()
        self.refused = 0
        """Requests turned away so far, for the metrics."""

    def allow(self, key: str, now_s: float, *, command: bool) -> bool:
        """Whether this client may ask now."""
        place = (key, command)
        bucket = self._buckets.get(place)
        if bucket is None:
            bucket = self._buckets[place] = Bucket(COMMANDS_PER_S if command else READS_PER_S, now_s)
            if len(self._buckets) > MOST_CLIENTS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(place)
        allowed = bucket.take(now_s)
        self.refused += not allowed
        return allowed
