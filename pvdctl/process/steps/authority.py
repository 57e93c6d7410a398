"""Who steers a source's power: the seam between a deposit and the two ways to control its rate.

A deposit knows what film is wanted and judges it; an authority heats the source. `host_authority` steers the supply's
current itself; `sqc_authority` lets the deposition controller do it and watches. Both open no shutter.
"""

from typing import NamedTuple, Protocol

from pvdctl.instrument.poll import Act


class Trouble(NamedTuple):
    """Something is wrong with the source or with who heats it.

    alarm: name in the alarm table. reaction: hold or stop, or what the recipe says about `rate_error`,
    `crystal_fail` or `lost_reading`, by that word. text: a sentence part.
    """

    alarm: str
    reaction: str
    text: str


class RateAuthority(Protocol):
    """One source on its way to a rate, at the rate, and off again. Nothing here waits."""

    @property
    def current_a(self) -> float:
        """Current through the source now: asked for, or measured where somebody else asks."""

    @property
    def at_limit(self) -> bool:
        """The source is driven as hard as it may be."""

    def prepare(self) -> list[Act]:
        """Acts that must be done before the source is switched on; begun once."""

    def energise(self) -> str:
        """Bring the source to where it can be heated, at no power; empty once read back, else what is waited for."""

    @property
    def recounts(self) -> bool:
        """Starting again after a hold sets the monitor's displayed thickness back to zero."""

    def start(self, *, again: bool, good_a: float) -> None:
        """Begin the conditioning, and say its first phase.

        again: after a hold. good_a: mean current while the rate was good; 0 while it never was.
        """

    def condition(self, phase: str) -> bool:
        """One scan of the conditioning; True when the source shutter may open."""

    def take_over(self) -> None:
        """The source shutter has been told to open: from here on the rate is to be controlled."""

    def step(self, target_nm_per_s: float, rate_nm_per_s: float, elapsed_s: float) -> None:
        """A new measurement of the rate has come."""

    def go_on(self, reaction: str, current_a: float) -> str:
        """The crystal in use has failed: `timed_power` at the current that was good, or `switch_crystal`.

        Empty, or why that is not possible.
        """

    def watch(self) -> Trouble | None:
        """Why the source does not do what it should; called in every scan under power."""

    def stop(self) -> None:
        """The layer is thick enough and the shutters are closed: power down."""

    def stopped(self) -> bool:
        """One scan on the way down; True when no more is asked of the source."""

    def leave(self) -> None:
        """The unit leaves Execute: outputs are the unit's business now."""
