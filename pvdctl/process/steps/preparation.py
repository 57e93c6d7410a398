"""Before a layer: boat selected, instruments told what the layer is, supply on at no power."""

from pvdctl.errors import LinkError
from pvdctl.instrument.poll import DONE, FAILED, Act
from pvdctl.process.context import Context
from pvdctl.process.steps.authority import RateAuthority
from pvdctl.process.steps.source import PoweredSource

READY_S = 15.0
"""Boat selected, instruments told, supply on: each takes a second or two. A guess."""
RETRY_S = 5.0
"""A damaged or lost answer is no reason to hold: all that is told here may be told again, and is, this long. A guess:
a link that is drained and identified anew takes one second."""
SELECT_GRACE_S = 5.0
"""The supply must be read back off before the selector moves. A guess."""


class Preparation:
    """Makes one source ready, once per layer and again after a hold."""

    def __init__(self, context: Context, name: str, source: PoweredSource, authority: RateAuthority) -> None:
        self._context = context
        self._name = name
        self._source = source
        self._authority = authority
        self._acts: list[Act] = []

    def forget(self) -> None:
        """The unit leaves Execute: what was asked is asked again."""
        self._acts = []

    def scan(self) -> bool:
        """One scan of it; True when the source can be heated. Holds when it takes too long."""
        context, source = self._context, self._source
        waited_s = context.now_s - context.phase_since_s
        if not source.select():
            if waited_s > source.facts.select_deadline_s + SELECT_GRACE_S:
                text = f"the supply was not switched to boat {source.name} within {waited_s:.0f} s"
                context.trouble("actuator_failed", "hold", text)
            return False
        if not self._acts:
            self._acts = self._authority.prepare()
        failed = next((act for act in self._acts if act.state == FAILED), None)
        if failed is not None:
            self._acts = []
            if not isinstance(failed.error, LinkError) or waited_s > RETRY_S:
                text = f"preparing layer {self._name}: {failed.name}: {failed.error}"
                context.trouble("lost_reading", "hold", text)
            return False
        waiting = "the instruments to be told the layer"
        if all(act.state == DONE for act in self._acts):
            waiting = self._authority.energise()
        if not waiting:
            self._acts = []
            return True
        if waited_s > READY_S:
            text = f"layer {self._name} is not ready after {READY_S:g} s; waiting for {waiting}"
            context.trouble("supply_mismatch", "hold", text)
        return False
