"""What is kept of things that are gone, and letting go of it where no key waits for an answer."""

import gc
import sys

from textual._styles_cache import StylesCache

QUIET_S = 3.0
"""So long without a key means that nobody waits for one to be answered; a choice."""
EVERY_S = 60.0
"""How often there is something worth letting go of."""
LATEST_S = 300.0
"""Where somebody types all the time, a key waits once in so long."""
LOOK_S = 1.0
YOUNG = 5000
"""New objects before the newest are looked over: a picture makes some thousand, and with Python's 700 each was stopped
for twice (0.3 ms) and, every tenth time, for the middle-aged too (2 to 4 ms)."""
NEVER = 1 << 30
"""So many lesser collections of garbage before a whole one: more than there will be."""
SWITCH_S = 0.001
"""After this time a thread that computes lets another one on. Python's 5 ms is what a finished picture waited for, as a
thread of its own writes it to the terminal (docs/benchmarks.md: key to screen)."""


def prompt() -> None:
    """Let this process answer keys without delay: call it when everything is loaded.

    What was loaded stays, and is not looked over again. Python's own whole collections (12 to 60 ms wherever they fall)
    are off: `Tidying` has them done where no key waits.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, 10, NEVER)
    gc.enable()
    sys.setswitchinterval(SWITCH_S)


class Tidying:
    """When to let go. Times in seconds of one clock, whichever."""

    __slots__ = ("_done_s", "_pressed_s")

    def __init__(self, now_s: float) -> None:
        self._done_s = self._pressed_s = now_s

    def pressed(self, now_s: float) -> None:
        """A key or the mouse."""
        self._pressed_s = now_s

    def look(self, now_s: float) -> bool:
        """Let go if there may be something and nobody waits, or if it cannot be put off; whether it was done."""
        since_s = now_s - self._done_s
        if since_s < EVERY_S or (now_s - self._pressed_s < QUIET_S and since_s < LATEST_S):
            return False
        self._done_s = now_s
        let_go()
        return True


def let_go() -> None:
    """Collect all garbage, and forget the closed widgets that Textual 8.2.8 holds on to.

    `StylesCache.get_inner_outer` remembers its last 1,024 calls together with the widget's cache they were made on, and
    with that all lines it has drawn: some 100 kB for each dialog or help that was opened (18 MB after 180
    of them in tests/tui/soak.py). What it remembers is made again in microseconds.
    """
    StylesCache.get_inner_outer.cache_clear()
    gc.collect()
