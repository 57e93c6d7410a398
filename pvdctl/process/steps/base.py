"""What every step is: phases inside Execute, with a deadline that a hold does not eat."""

from abc import ABC, abstractmethod

from pvdctl.process.context import Context


class RunningStep(ABC):
    """One step of the running recipe.

    `scan` is called in every scan while the unit is in Execute and returns True when the step is done. `leave` is
    called once when the unit leaves Execute in the middle of it (hold, suspend, stop, abort), `resume` when it comes
    back. Neither waits for anything.
    """

    def __init__(self, context: Context, name: str, kind: str, within_s: float) -> None:
        self.context = context
        self.name = name
        self.kind = kind
        self.within_s = within_s
        self.spent_s = 0.0
        self._last_s = context.now_s
        self._late = False

    @abstractmethod
    def begin(self) -> None:
        """Enter the first phase."""

    @abstractmethod
    def scan(self) -> bool:
        """Do one scan's work; True when the step is done."""

    def leave(self) -> None:  # noqa: B027 - many steps have nothing to do in this one and the next two
        """The unit leaves Execute; outputs are the unit's business now."""

    def resume(self) -> None:  # noqa: B027
        """The unit is back in Execute, with the machine's real state read anew."""

    def finish(self, ended: str) -> None:  # noqa: B027
        """The run is over (`ended`: Complete, Stopped, Aborted ...) or the step is done: report what was made."""

    def hurry(self) -> None:
        """Count time in Execute against the deadline; a late step asks for a hold, once."""
        context = self.context
        self.spent_s += context.now_s - self._last_s
        self._last_s = context.now_s
        if self.spent_s > self.within_s and not self._late:
            self._late = True
            missing = self.waiting_for()
            text = f"step {self.name} ({self.kind}, phase {context.phase}) is not done after {self.spent_s:.0f} s; "
            text += f"the recipe allows {self.within_s:.0f} s"
            context.trouble("step_deadline", "hold", f"{text}; waiting for: {missing}" if missing else text)

    def waiting_for(self) -> str:
        """What the step is waiting for, in words; empty where the phase's name says it."""
        return ""

    def pick_up(self) -> None:
        """Restart the clocks after a hold; the deadline is extended by what was allowed once more."""
        self._last_s = self.context.now_s
        if self._late:
            self._late = False
            self.spent_s = 0.0

    def in_phase_s(self) -> float:
        """Seconds in the present phase."""
        return self.context.now_s - self.context.phase_since_s
