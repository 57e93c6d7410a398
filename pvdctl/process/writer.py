"""Carries what was granted to the instruments: a coil word with the heartbeat each scan, and acts where values changed.

The only place that drives outputs. An act that fails is asked again; what failed is said once.
"""

from pvdctl.errors import PvdctlError
from pvdctl.instrument.poll import DONE, FAILED, WAITING, Act
from pvdctl.process.equipment import Equipment
from pvdctl.process.outputs import Output, Outputs

RETRY_S = 0.5
"""Time between attempts at an output whose act failed. A choice: five scans, so that a mute instrument's link is not
kept busy with commands alone."""


class _Driven:
    """One output that is written only when it changes."""

    __slots__ = ("act", "failed_s", "name", "output", "sent", "told", "written")

    def __init__(self, output: Output) -> None:
        self.output = output
        self.name = output.name
        self.written: float | None = None
        self.sent = output.safe
        self.act: Act | None = None
        self.failed_s = float("-inf")
        self.told = False
        """That it fails has been said, and it has not succeeded since."""


class Writer:
    """Writes granted outputs; `write` once per completed scan.

    failures: (output name, error) of acts that failed since last looked at; the controller empties it.
    results: (output name, value) acknowledged by the instrument since then; likewise. Actuators are not among them:
    their end switches tell more. Nor are currents, which change with every measurement.
    """

    def __init__(self, equipment: Equipment, outputs: Outputs) -> None:
        self._equipment = equipment
        self._beat = equipment.io.write
        bit_of = dict(equipment.chamber.io.outputs)
        driven = {a.output: name for name, a in equipment.chamber.actuators.items()}
        self._digital = tuple((outputs[driven.get(name, name)], 1 << bit) for name, bit in bit_of.items())
        # Where the monitor controls the rate, the supply's current is the monitor's: it is read and never written.
        not_ours = ("digital",) if equipment.rate_controller is None else ("digital", "current")
        self._others = tuple(_Driven(o) for o in outputs.all if o.kind not in not_ours)
        self._word = 0
        self._busy = True
        """Something beside the coils is still to be sent or answered."""
        self.failures: list[tuple[str, PvdctlError]] = []
        self.results: list[tuple[str, float]] = []
        switchless = {name for name in bit_of if name not in driven}
        self._plain = tuple((output, bit) for output, bit in self._digital if output.name in switchless)
        self._carried: list[tuple[str, float]] = []
        self._io_act: Act | None = None

    def adopt(self, name: str, value: float) -> None:
        """Take over an output as it was found at start: granted and written are `value`, nothing is sent."""
        for driven in self._others:
            if driven.name == name:
                driven.written = value
                driven.output.asked = driven.output.granted = value

    def write(self, now_s: float, changed: bool) -> None:
        """Send everything that was granted. `changed`: outputs were granted anew in this scan."""
        if changed:
            word = 0
            for output, bit in self._digital:
                if output.granted:
                    word |= bit
            if word != self._word:
                self._note_plain(word)
            self._word = word
        act = self._io_act
        if self._carried and act is not None and act.state == DONE:
            self.results += self._carried
            self._carried.clear()
        beat = self._beat
        self._io_act = beat(self._word)
        if not changed and not self._busy:
            return
        self._busy = False
        for driven in self._others:
            act = driven.act
            if act is not None and act.state != WAITING:
                driven.act = None
                if act.state == DONE:
                    driven.told = False
                    if driven.output.kind != "current":
                        self.results.append((driven.name, driven.sent))
                if act.state == FAILED:
                    driven.failed_s = now_s
                    driven.written = None
                    error = act.error
                    if isinstance(error, PvdctlError) and not driven.told:
                        driven.told = True
                        self.failures.append((driven.name, error))
            if driven.written != driven.output.granted:
                self._busy = True
                if now_s - driven.failed_s >= RETRY_S:
                    driven.written = driven.sent = driven.output.granted
                    driven.act = self._send(driven.output)
            elif driven.act is not None:
                self._busy = True

    def _note_plain(self, word: int) -> None:
        """Outputs of the PLC without switches of their own that the new word changes: the coupler's answer tells."""
        for output, bit in self._plain:
            if (word ^ self._word) & bit:
                self._carried = [one for one in self._carried if one[0] != output.name]
                self._carried.append((output.name, output.granted))
        self._io_act = None

    def _send(self, output: Output) -> Act:
        """Post the act that brings one output to its granted value."""
        equipment = self._equipment
        owner = output.name.rpartition(".")[0]
        if output.kind == "current":
            return equipment.supplies[owner].set_current(output.granted)
        if output.kind == "supply":
            return equipment.supplies[owner].set_output(output.granted != 0.0)
        if output.kind == "turbo":
            return equipment.turbo.switch(output.granted != 0.0)
        if output.kind == "flow":
            return equipment.flow_controllers[owner].set_flow(output.granted)
        gauge = equipment.chamber.gauges[owner]
        return equipment.gauge_controllers[gauge.instrument].switch_gauge(gauge.channel, output.granted != 0.0)

    def pending(self) -> list[str]:
        """Outputs whose newest value has not been acknowledged yet."""
        return [d.name for d in self._others if d.act is not None and d.act.state != DONE]
