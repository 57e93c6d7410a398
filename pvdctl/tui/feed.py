"""Listening to the service, in a thread of its own, so that a screen never waits for it."""

import threading
from collections.abc import Callable

from textual.message import Message

from pvdctl.client import Chamber, Lost
from pvdctl.errors import PvdctlError
from pvdctl.service.answers import Me, Trend
from pvdctl.service.messages import Happening, Snapshot

EVERY_S = 0.5
"""Snapshots at 2 Hz: what an eye can follow, at a tenth of a core (measured, docs/benchmarks.md)."""


class Heard(Message):
    """Something came from the service."""

    def __init__(self, what: Snapshot | Happening | Lost | Me | Trend) -> None:
        self.what = what
        super().__init__()


class Feed:
    """The thread. `post` hands a message to the app and may be called from any thread."""

    def __init__(self, chamber: Chamber, post: Callable[[Message], bool]) -> None:
        self._chamber = chamber
        self._post = post
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Hand over nothing more. The thread ends with the next thing it hears, at the latest when the program does."""
        self._over.set()

    def _listen(self) -> None:
        known = False
        for heard in self._chamber.follow(every_s=EVERY_S):
            if self._over.is_set():
                return
            self._post(Heard(heard))
            if isinstance(heard, Lost):
                known = False
            elif not known:
                known = self._introduce()

    def _introduce(self) -> bool:
        """Who we are to the service, and what it remembers; again after each time it was lost."""
        try:
            self._post(Heard(self._chamber.me()))
            self._post(Heard(self._chamber.trend()))
        except PvdctlError:
            return False  # tried again with the next snapshot; `follow` tells when the service is gone
        return True
