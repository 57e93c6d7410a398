"""What a step of a recipe works with: this scan's readings, the outputs it may ask for, and its voice in the record.

Steps never touch an instrument's output: they ask (`ask`), look (`image`, `readings`, `actuators`) and say (`emit`,
`alarm`, `trouble`).
"""

from typing import Any

from pvdctl.chamber.model import Chamber
from pvdctl.instrument.tag import Value
from pvdctl.process.actuators import Actuators
from pvdctl.process.alarms import Alarms
from pvdctl.process.equipment import Equipment
from pvdctl.process.exposure import Exposure
from pvdctl.process.image import Image
from pvdctl.process.outputs import Outputs
from pvdctl.process.readings import Readings
from pvdctl.record.event import Event, Kind


class Context:
    """Shared by the controller and the active step; belongs to the control thread.

    now_s: the scan's time. pending: events of this scan, committed before anything is written.
    wish: (action, reason) that the step wants of the unit: hold, stop or abort; the worst of a scan wins.
    answers: prompt name to the operator's answer. layers, exposures: what has been made in this run so far.
    """

    def __init__(
        self,
        equipment: Equipment,
        image: Image,
        readings: Readings,
        outputs: Outputs,
        actuators: Actuators,
        alarms: Alarms,
    ) -> None:
        self.equipment = equipment
        self.chamber: Chamber = equipment.chamber
        self.image = image
        self.readings = readings
        self.outputs = outputs
        self.actuators = actuators
        self.alarms = alarms
        self.now_s = 0.0
        self.state_word = "Aborted"
        self.step_name = ""
        self.phase = ""
        self.step_index = 0
        self.phase_since_s = 0.0
        self.pending: list[Event] = []
        self.wish: tuple[str, str] | None = None
        self.answers: dict[str, str] = {}
        self.raised: list[str] = []
        """Alarms that this run has raised and nobody has cleared yet."""
        self.question: tuple[str, str, list[str]] | None = None
        """(step name, message, accepted answers) while a prompt waits."""
        self.layers: list[dict[str, Any]] = []
        self.exposures: list[dict[str, Any]] = []
        self.exposure: Exposure | None = None
        self.last_good_current_a: dict[str, float] = {}
        """By film: the mean current of the last deposit that was in band."""
        self.film_nm = 0.0
        self.film_target_nm = 0.0
        self.rate_nm_per_s = 0.0
        self.raw_rate_nm_per_s = 0.0
        self.rate_target_nm_per_s = 0.0

    def emit(
        self,
        kind: Kind,
        subject: str,
        text: str,
        *,
        actor: str = "system:process",
        old: Value | None = None,
        new: Value | None = None,
        unit: str = "",
        why: str = "",
        data: dict[str, Any] | None = None,
    ) -> None:
        """Say something in the record; committed at the end of this scan, before outputs are written."""
        self.pending.append(
            Event(
                kind=kind,
                subject=subject,
                text=text,
                actor=actor,
                old=old,
                new=new,
                unit=unit,
                why=why,
                state=self.state_word,
                step=self.step_name,
                phase=self.phase,
                data=data,
                at_s=self.now_s,
            )
        )

    def ask(self, name: str, value: float, why: str = "") -> None:
        """Ask for an output. A change is an event (currents, which change with every measurement, are samples)."""
        output = self.outputs[name]
        if output.asked == value:
            return
        if output.kind != "current":
            self.emit(
                "output",
                name,
                f"{name} asked {_word(output.kind, name, value, self)}",
                old=output.asked,
                new=value,
                why=why,
            )
        output.asked = value

    def set_phase(self, phase: str, why: str = "") -> None:
        """Enter a phase of the active step."""
        old, self.phase = self.phase, phase
        self.phase_since_s = self.now_s
        self.emit("phase", self.step_name, phase, old=old, new=phase, why=why)

    def want(self, action: str, reason: str) -> None:
        """Ask the unit to hold, stop or abort, for `reason`."""
        rank = ("none", "suspend", "hold", "stop", "abort")
        if self.wish is None or rank.index(action) > rank.index(self.wish[0]):
            self.wish = (action, reason)

    def alarm(self, name: str, text: str) -> None:
        """Raise one of the built-in alarms."""
        self.raised.append(self.alarms.announce(name, text, self.now_s))

    def clear_alarms(self) -> None:
        """The conditions behind the alarms of this run are over: a person has looked, or a new run begins."""
        for name in self.raised:
            self.alarms.clear(name, self.now_s)
        self.raised.clear()

    def start_run(self) -> None:
        """Nothing has been made yet."""
        self.layers, self.exposures = [], []
        self.exposure = None
        self.step_index = 0
        self.step_name = self.phase = ""
        self.film_nm = self.film_target_nm = self.rate_nm_per_s = self.raw_rate_nm_per_s = 0.0

    def end_exposure(self) -> None:
        """The gas is out, or the run is over: put the exposure into the record."""
        exposure = self.exposure
        if exposure is None:
            return
        self.exposure = None
        data = exposure.as_data()
        self.exposures.append(data)
        text = f"{data['gas']} {data['peak_mbar']:.0f} mbar at most, {data['dose_mbar_s']:.0f} mbar s"
        self.emit("exposure", exposure.name, text, data=data)

    def trouble(self, alarm: str, action: str, text: str) -> None:
        """Raise an alarm and ask the unit to act on it."""
        self.alarm(alarm, text)
        self.want(action, text)


def _word(kind: str, name: str, value: float, context: Context) -> str:
    if kind == "flow":
        return f"{value:g} sccm"
    if kind == "digital" and name in context.chamber.actuators:
        return "open" if value else "closed"
    return "on" if value else "off"
