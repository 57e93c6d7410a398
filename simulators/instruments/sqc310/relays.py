"""The SQC-310's relays as the host may switch them: override (GD) and remote control (GE), P1B p. 90-91, P1C p. 105."""

from simulators.instruments.sqc310.setup import RefusedError, within


class Relays:
    """`greatest` relays. No relay does anything in the plant, and no input is wired."""

    def __init__(self, greatest: int) -> None:
        self._greatest = greatest
        self._overridden: set[int] = set()
        self._remote: set[int] = set()

    def restart(self) -> None:
        """As after power-up: all off."""
        self._overridden.clear()
        self._remote.clear()

    def process_starts(self) -> None:
        """Overrides end at the next process start."""
        self._overridden.clear()

    def state(self, relay: int, number: int) -> int:
        """GC: 1 the relay's state, 2 the input's. Raises RefusedError."""
        within(relay, 1, self._greatest)
        within(number, 1, 2)
        return int(number == 1 and (relay in self._overridden or relay in self._remote))

    def switch(self, word: str, relay: int, action: int, running: bool) -> None:
        """GD 1 on, 2 off, only while stopped; GE 1 on, 2 off, 3 unlock and off. Raises RefusedError."""
        within(relay, 1, self._greatest)
        within(action, 1, 2 if word == "GD" else 3)
        if word == "GD" and running:
            raise RefusedError("E")
        switched = self._overridden if word == "GD" else self._remote
        if action == 1:
            switched.add(relay)
        else:
            switched.discard(relay)
