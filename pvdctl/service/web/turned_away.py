"""Requests that the web server itself turns away: they are told to the control process, which puts them on record.

One who knocks a thousand times a second must not fill the log: the first is told at once, the others are counted and
told together every few seconds.
"""

from collections.abc import Callable
from typing import Final

EVERY_S: Final = 5.0
"""Between two tellings."""
MOST_KINDS: Final = 100
"""Different ones that wait at a time; those beyond are counted together. Both numbers are choices."""
_REST: Final = ("others", "too_many", f"requests of more than {MOST_KINDS} kinds were turned away")


class TurnedAway:
    """Counts refusals by their sentence. tell: takes client, code, sentence and how often."""

    def __init__(self, now_s: Callable[[], float], tell: Callable[[str, str, str, int], None]) -> None:
        self._now_s = now_s
        self._tell = tell
        self._told_s = float("-inf")
        self._waiting: dict[tuple[str, str, str], int] = {}

    def add(self, client: str, code: str, text: str) -> None:
        """One was turned away."""
        key = (client, code, text)
        if key not in self._waiting and len(self._waiting) >= MOST_KINDS:
            key = _REST
        self._waiting[key] = self._waiting.get(key, 0) + 1
        self.flush()

    def flush(self) -> None:
        """Tell what has waited long enough; to be called now and then."""
        now_s = self._now_s()
        if self._waiting and now_s - self._told_s >= EVERY_S:
            self._told_s = now_s
            waiting, self._waiting = self._waiting, {}
            for (client, code, text), count in waiting.items():
                self._tell(client, code, text, count)
