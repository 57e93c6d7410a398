"""The coupler's watchdog: armed by the first write to an output, fed or not fed, expired, and reset."""

from math import inf

RESET_WORDS = (0xBECF, 0xAFFE)
"""Written one after the other they reset an expired watchdog; handbook values, not checked."""


class Watchdog:
    """Keeps the time. `time_ms` 0 = off; what expiry does to the outputs is the coupler's business."""

    __slots__ = ("_reset_begun", "_span_s", "expired", "expires_s", "time_ms")

    def __init__(self, time_ms: int) -> None:
        self.set_time(time_ms)
        self.restart()

    def restart(self) -> None:
        """As after power-up: neither armed nor expired; the time is kept."""
        self.expires_s = inf
        """When it expires; inf while it does not run."""
        self.expired = False
        self._reset_begun = False

    def start(self, now_s: float) -> None:
        """Count from `now_s`: armed, or fed."""
        self.expires_s = now_s + self._span_s

    def set_time(self, time_ms: int) -> None:
        """Another time, from the next feeding on; 0 stops the watchdog at once."""
        self.time_ms = time_ms
        self._span_s = time_ms / 1000.0 if time_ms else inf
        if not time_ms:
            self.expires_s = inf

    def expire(self) -> float:
        """Its time is over; says when that was."""
        expired_s = self.expires_s
        self.expires_s = inf
        self.expired = True
        self._reset_begun = False
        return expired_s

    def reset(self, word: int) -> None:
        """One of the two reset words. Both in order take back an expiry; the next write to an output arms anew."""
        if word == RESET_WORDS[1] and self._reset_begun:
            self.restart()
        else:
            self._reset_begun = word == RESET_WORDS[0]

    @property
    def status(self) -> int:
        """0 off or not yet armed, 1 running, 2 expired."""
        return 2 if self.expired else int(self.expires_s != inf)

    def left_ms(self, now_s: float) -> int:
        """Time until it expires; 0 while it does not run."""
        return 0 if self.expires_s == inf else int(1000.0 * (self.expires_s - now_s))
