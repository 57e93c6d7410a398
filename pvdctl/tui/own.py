"""The service that these screens started themselves, for practising: what they must know of it."""

from typing import Protocol


class OwnService(Protocol):
    """A simulated service in a process of its own. It goes on when the screens are left, unless they end it."""

    def failure(self) -> str:
        """Why it ended by itself; empty while it runs."""

    def end(self) -> None:
        """Ask it to end: a run is stopped under control first. Does not wait."""
