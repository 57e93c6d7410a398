"""The key switch at the plant, local or remote: at local it beats every lease.

Whoever stands at the chamber and has turned the key must not have valves moved by somebody at a screen. A run that is
going on goes on, as when a lease is lost; abort, hold and stop stay everybody's.
"""

from pvdctl.instrument.tag import GOOD
from pvdctl.process.controller import Controller
from pvdctl.service.call import Turned

STAYS = ("abort", "hold", "stop")
"""Commands towards safe, which need no lease."""


class KeySwitch:
    """The input that the chamber file names as `io.local_input`; without one it always stands at remote."""

    def __init__(self, controller: Controller) -> None:
        name = controller.context.chamber.io.local_input
        self._controller = controller
        self._name = name or ""
        self._reading = controller.image[name] if name is not None else None
        self.local = False
        """It is read to stand at local."""

    def look(self) -> bool:
        """Before each scan; whether it has just been turned to local. Each turn is an event."""
        reading = self._reading
        if reading is None or reading.quality != GOOD or bool(reading.value) == self.local:
            return False
        self.local = not self.local
        text = "turned to local: no client is in control" if self.local else "turned to remote"
        self._controller.context.emit(
            "note", self._name, f"the key switch is {text}", actor="system:service", new=self.local
        )
        return self.local

    def check(self, act: str) -> None:
        """Raise Turned for an act that needs the lease, unless the switch stands at remote."""
        reading = self._reading
        if self.local:
            where = "stands at local: the chamber is in the hands of whoever is there. Turn it to remote"
        elif reading is not None and reading.quality != GOOD:
            where = f"cannot be read ({reading.why}). Look at the PLC's link"
        else:
            return
        can = tuple(word for word in self._controller.unit.legal_words() if word in STAYS)
        raise Turned("not_now", f"{act} refused: the key switch {where}.", can)
