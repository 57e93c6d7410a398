"""Instruments that do not answer: an alarm for each link that stays lost."""

from collections.abc import Callable
from typing import Final, NamedTuple

from pvdctl.process.alarms import Alarms

LOST_AFTER_S: Final = 5.0
"""How long a link may be lost before a person is called. Our own choice: a disturbed exchange is set right within a
second and an instrument that was switched off and on within a few, and interlocks judge the readings that are missing
meanwhile by limits of their own."""
AGAIN_S: Final = 1.0
"""How often a lost link is looked at."""


class LostLink(NamedTuple):
    """A link whose instruments have not answered since `since_s` (control clock), and what was wrong then."""

    link: str
    since_s: float
    why: str


class LinkWatch:
    """due_s: when `look` is wanted next; infinite while all links answer, so that a scan only compares two numbers.

    lost: the links that do not answer now.
    """

    __slots__ = ("_alarms", "_lost", "_told", "due_s")

    def __init__(self, lost: Callable[[], list[LostLink]], alarms: Alarms) -> None:
        self.due_s = float("inf")
        self._lost = lost
        self._alarms = alarms
        self._told: dict[str, str] = {}
        """Alarm by link."""

    def look(self, now_s: float) -> None:
        """Raise the alarm of each link lost for `LOST_AFTER_S`, and clear those of links that are back."""
        lost = self._lost()
        for link, since_s, why in lost:
            if link not in self._told and now_s - since_s >= LOST_AFTER_S:
                text = f"{link} has not answered for {now_s - since_s:.0f} s: {why}"
                self._told[link] = self._alarms.announce("link_lost", text, now_s, about=link)
        away = {each.link for each in lost}
        for link in [link for link in self._told if link not in away]:
            self._alarms.clear(self._told.pop(link), now_s)
        self.due_s = now_s + AGAIN_S if lost else float("inf")
