"""The outputs: what is asked, what is granted. One writer.

Phases, unit states and operators *ask*; interlocks *force*; the arbiter grants. A force always wins, and what was
asked is set to the safe value at the same time, so that nothing reopens by itself when the force goes.
Values are floats throughout: 1.0 open/on, 0.0 closed/off, amps for currents, sccm for
flows; plain numbers, as this runs each scan.
"""

from collections.abc import Iterable

from pvdctl.errors import Bug
from pvdctl.process.written_out import row_of


class Output:
    """One thing that can be driven.

    name: an actuator, a PLC output, `<supply>.current`, `<supply>.output`, `<turbo>.run`, `<gauge>.on`
    or `<flow controller>.flow`.
    kind: `digital`, `current`, `supply`, `turbo`, `gauge`, `flow`. safe: the value that makes it safe.
    asked: what the process wants. granted: what is written. forced_by: names of the rules holding it safe, or empty.
    """

    __slots__ = ("asked", "forced_by", "granted", "kind", "name", "safe")

    def __init__(self, name: str, kind: str, safe: float = 0.0) -> None:
        self.name = name
        self.kind = kind
        self.safe = safe
        self.asked = safe
        self.granted = safe
        self.forced_by: tuple[str, ...] = ()


class Outputs:
    """All outputs by name, in a fixed order."""

    def __init__(self, outputs: Iterable[Output]) -> None:
        self.all = tuple(outputs)
        self._by_name = {output.name: output for output in self.all}
        if len(self._by_name) != len(self.all):
            raise Bug("two outputs have the same name")
        parts = [(f"{{}}.{word}", output) for output in self.all for word in ("asked", "forced_by")]
        self._look = row_of(parts, {}, "outputs")
        self._seen: tuple[object, ...] = ()
        """All that is asked and forced, as it was when everything asked was granted."""

    def __getitem__(self, name: str) -> Output:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def names(self) -> list[str]:
        """Every output's name."""
        return list(self._by_name)

    def ask(self, name: str, value: float) -> None:
        """Ask for `value`; it stays asked until something else is."""
        self._by_name[name].asked = value

    def grant(self) -> bool:
        """Give each output what is asked of it, or its safe value where a rule forces it; True if anything changed."""
        look = self._look
        if look() == self._seen:  # nothing was asked or forced since: as in nearly every scan
            return False
        changed = False
        for output in self.all:
            if output.forced_by:
                output.asked = output.safe
            if output.granted != output.asked:
                output.granted = output.asked
                changed = True
        self._seen = look()
        return changed
