"""Valves and shutters: commanded, and confirmed by their end switches.

A coil read back is the command, not the position. An actuator is open or closed when exactly the right switch says so;
after its deadline without that it has failed.
"""

from pvdctl.chamber.model import Actuator as Facts
from pvdctl.instrument.tag import GOOD, Tag
from pvdctl.process.image import Image
from pvdctl.process.outputs import Output, Outputs
from pvdctl.process.written_out import row_of

UNKNOWN, CLOSED, MOVING, OPEN, CONTRADICTION = range(5)
POSITION_WORDS = ("unknown", "closed", "moving", "open", "both switches on")


class Actuator:
    """One valve or shutter.

    position: as the switches say. failure: empty, or the sentence part that says what did not happen.
    """

    __slots__ = (
        "_since_s",
        "_wanted",
        "closed",
        "facts",
        "failure",
        "name",
        "opened",
        "output",
        "position",
        "settled",
    )

    def __init__(self, name: str, facts: Facts, opened: Tag, closed: Tag, output: Output) -> None:
        self.name = name
        self.facts = facts
        self.output = output
        self.opened = opened
        self.closed = closed
        self._wanted = -1.0
        self._since_s = 0.0
        self.position = UNKNOWN
        self.failure = ""
        self.settled = False
        """Where it was told to be, by its switches."""

    def update(self, now_s: float) -> bool:
        """Judge the switches; True if position or failure changed."""
        opened, closed = self.opened, self.closed
        if opened.quality != GOOD or closed.quality != GOOD:
            position = UNKNOWN
        elif opened.value:
            position = CONTRADICTION if closed.value else OPEN
        else:
            position = CLOSED if closed.value else MOVING
        wanted = self.output.granted
        if wanted != self._wanted:
            self._wanted = wanted
            self._since_s = now_s
            self.settled = False
            self.failure = ""
        elif self.settled and position == self.position:
            return False
        changed = position != self.position
        self.position = position
        right = position == (OPEN if wanted else CLOSED)
        if right:
            if self.settled and not self.failure:
                return changed
            self.settled = True
            self.failure = ""
            return True
        if self.settled:
            self.settled = False
            self._since_s = now_s
            return True
        if not self.failure and now_s - self._since_s > self.facts.deadline_s:
            self.failure = (
                f"{self.name} was told to {'open' if wanted else 'close'} and is {POSITION_WORDS[position]} "
                f"after {now_s - self._since_s:.1f} s"
            )
            if position == UNKNOWN:
                self.failure += f" ({(opened if opened.quality != GOOD else closed).why})"
            return True
        return changed

    @property
    def is_open(self) -> bool:
        """Read back fully open."""
        return self.position == OPEN

    @property
    def is_closed(self) -> bool:
        """Read back fully closed."""
        return self.position == CLOSED


class Actuators:
    """All of them by name."""

    def __init__(self, facts: dict[str, Facts], image: Image, outputs: Outputs) -> None:
        self.by_name = {
            name: Actuator(name, one, image[one.opened], image[one.closed], outputs[name])
            for name, one in facts.items()
        }
        self._all = tuple(self.by_name.values())
        polls = {a.source for one in self._all for a in (one.opened, one.closed)}
        (poll,) = polls
        assert poll is not None
        self._poll = poll
        """All switches are inputs of one PLC and come in one poll."""
        self._seen: object = None
        self._at_rest = False
        self._granted = row_of([("{}.granted", one.output) for one in self._all], {}, "actuators")
        self._obeyed: tuple[float, ...] = ()
        """What the actuators were told when they were last judged."""
        self.told = True
        """Set by whoever grants outputs: an actuator may have been told to move."""
        self.changed: list[Actuator] = []

    def __getitem__(self, name: str) -> Actuator:
        return self.by_name[name]

    def update(self, now_s: float) -> list[Actuator]:
        """Judge all; the ones whose position or failure changed in this scan.

        While all are where they were told to be and neither switches nor commands have changed, nothing is judged.
        """
        changed = self.changed
        if changed:
            changed.clear()
        poll = self._poll
        if self._at_rest and poll.values is self._seen and not poll.stale:
            if not self.told:
                return changed
            if self._granted() == self._obeyed:  # another output was granted, such as a current
                self.told = False
                return changed
        self._seen, self.told, self._obeyed = poll.values, False, self._granted()
        at_rest = not poll.stale
        for actuator in self._all:
            if actuator.update(now_s):
                changed.append(actuator)
            if not actuator.settled:
                at_rest = False
        self._at_rest = at_rest
        return changed

    def failures(self) -> list[str]:
        """What has failed, as sentence parts."""
        return [a.failure for a in self._all if a.failure]
