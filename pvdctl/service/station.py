"""What the control process is given: a chamber's instruments, its time and its record, real or simulated."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from pvdctl.chamber.load import LoadedChamber
from pvdctl.links.worker import Worker
from pvdctl.process.controller import Controller, Recorder
from pvdctl.process.equipment import Equipment
from pvdctl.service.messages import Beat
from pvdctl.service.runbook import RunRecorder


class Engine(Protocol):
    """Runs the controller's scans on their beat."""

    def run(self, until: Any, *, at_most_s: float) -> bool:
        """Scan until `until()` is true after a scan."""


class StationRecorder(Recorder, RunRecorder, Protocol):
    """Events, samples and runs."""


class Station(Protocol):
    """Made by whoever wires the rooms together.

    simulated: nothing made here has touched a chamber. speed: simulated seconds per second, None where time is real.
    seed: of a simulation.
    """

    chamber: LoadedChamber
    simulated: bool
    speed: float | None
    seed: int | None
    directory: str
    """Of the record."""
    equipment: Equipment
    workers: Sequence[Worker]

    @property
    def recorder(self) -> StationRecorder:
        """Keeps events, samples and runs."""

    def engine(self, controller: Controller) -> Engine:
        """The beat for this controller."""

    def beat(self) -> Beat:
        """What the scans were like so far."""

    def utc(self) -> datetime:
        """Calendar time, as the record's stamps have it."""

    def run_id(self) -> str:
        """Of the open run; empty while there is none, or it is not on the disk yet."""

    def result(self, result: dict[str, Any]) -> dict[str, Any]:
        """A run's result with what the station knows besides (timing, links; of a simulation what is true)."""

    def sign(self, run: str, meaning: str, reason: str, actor: str) -> str:
        """See `Record.sign`."""

    def phase(self, step: str, phase: str) -> None:
        """A phase has begun: faults of a simulation may wait for it."""

    def start(self) -> None:
        """Begin to talk to the instruments."""

    def outputs_off(self) -> None:
        """The control loop has failed: what can be switched off is switched off without it."""

    def stop(self) -> list[str]:
        """Close links and record; the links that hung and were left behind."""
