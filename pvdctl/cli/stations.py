"""A chamber for the service to own: simulated in memory, or on its own ports."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import LoadedChamber
from pvdctl.cli.assemble import SimulatedChamber
from pvdctl.cli.real import RealChamber
from pvdctl.clock import RealClock
from pvdctl.links.worker import Worker
from pvdctl.process.controller import Controller
from pvdctl.process.equipment import Equipment
from pvdctl.process.realtime import RealTimeEngine, calm
from pvdctl.process.scan import ScanEngine
from pvdctl.record.behind import RecordBehind
from pvdctl.record.record import Record
from pvdctl.record.run_events import Meaning
from pvdctl.service.messages import Beat

MEANINGS: tuple[Meaning, ...] = ("reviewed", "approved", "rejected")


class SimulatedStation:
    """A chamber file's instruments simulated in memory.

    speed: simulated seconds per second; None as fast as it goes, for tests. faults: as `NAME@WHEN[:args]`.
    """

    simulated = True

    def __init__(
        self, chamber: LoadedChamber, directory: Path, *, seed: int, speed: float | None, faults: Sequence[str] = ()
    ) -> None:
        self.chamber = chamber
        self.directory = str(directory)
        self.seed: int | None = seed
        self.speed = speed
        self._simulated = SimulatedChamber(chamber.model, seed, faults)
        self.equipment: Equipment = self._simulated.equipment
        self.workers: Sequence[Worker] = self._simulated.workers
        self.recorder = Record.open(directory, self._simulated.clock)
        self._engine: ScanEngine | None = None

    def engine(self, controller: Controller) -> ScanEngine:
        """Virtual time, held back to `speed`."""
        calm()
        self._engine = ScanEngine(controller, self._simulated.schedule, self._simulated.clock, self.speed)
        return self._engine

    def beat(self) -> Beat:
        """Scans are never late in virtual time."""
        return Beat(self._engine.scans if self._engine is not None else 0, 0, None, None, None, None)

    def utc(self) -> datetime:
        """Of the virtual clock."""
        return self._simulated.clock.utc()

    def run_id(self) -> str:
        """Of the open run."""
        return self.recorder.run

    def result(self, result: dict[str, Any]) -> dict[str, Any]:
        """With what the plant predicts."""
        return {**result, "predicted_films": self._simulated.truth.predicted_films()}

    def sign(self, run: str, meaning: str, reason: str, actor: str) -> str:
        """See `Record.sign`."""
        return self.recorder.sign(run, _meaning(meaning), reason, actor)

    def phase(self, step: str, phase: str) -> None:
        """Faults may be waiting for it."""
        self._simulated.bench.phase(step, phase, self._simulated.clock.now_s)

    def start(self) -> None:
        """The workers run inline."""

    def outputs_off(self) -> None:
        """There is nothing outside this process."""

    def stop(self) -> list[str]:
        """Close the record."""
        self.recorder.close()
        return []


class RealStation:
    """A chamber file's instruments on their ports, in real time. simulated: its ports lead to a simulated chamber."""

    speed: float | None = None
    seed: int | None = None

    def __init__(self, chamber: LoadedChamber, directory: Path) -> None:
        self.chamber = chamber
        self.directory = str(directory)
        self.simulated = chamber.model.simulated
        self._clock = RealClock()
        self._real = RealChamber(chamber.model, self._clock)
        self.equipment: Equipment = self._real.equipment
        self.workers: Sequence[Worker] = self._real.workers
        self._record = Record.open(directory, self._clock)
        self.recorder = RecordBehind(self._record, self._clock)
        self._engine: RealTimeEngine | None = None

    def engine(self, controller: Controller) -> RealTimeEngine:
        """The real beat."""
        calm()
        self._engine = RealTimeEngine(controller, self._clock, self._real.schedule.look)
        return self._engine

    def beat(self) -> Beat:
        """What the scans were like."""
        if self._engine is None:
            return Beat(0, 0, 0.0, 0.0, 0.0, 0.0)
        found = self._engine.figures()
        return Beat(
            int(found["scans"]), int(found["lost"]), found["late_p50_ms"], found["late_p99_ms"],
            found["late_worst_ms"], found["longest_ms"],
        )  # fmt: skip

    def utc(self) -> datetime:
        """The machine's calendar."""
        return self._clock.utc()

    def run_id(self) -> str:
        """Of the open run, once its beginning is on the disk."""
        return self._record.run

    def result(self, result: dict[str, Any]) -> dict[str, Any]:
        """With what scans and links were like."""
        timing = self._engine.figures() if self._engine is not None else {}
        timing["slowest_commit_ms"] = round(1000.0 * self.recorder.slowest_s, 1)
        return {**result, "timing": timing, "links": self._real.health()}

    def sign(self, run: str, meaning: str, reason: str, actor: str) -> str:
        """See `Record.sign`; after everything that waits has been written."""
        self.recorder.flush()
        return self._record.sign(run, _meaning(meaning), reason, actor)

    def phase(self, step: str, phase: str) -> None:
        """Nothing waits for phases here."""

    def start(self) -> None:
        """Begin polling."""
        self._real.schedule.start()

    def outputs_off(self) -> None:
        """See `RealChamber.outputs_off`; a supply that cannot be asked loses its contactor."""
        self._real.outputs_off()

    def stop(self) -> list[str]:
        """Close links, then the record."""
        left_behind = self._real.schedule.stop()
        self.recorder.close()
        return left_behind


def _meaning(word: str) -> Meaning:
    """One of the three words; the web server has let no other through."""
    return next(meaning for meaning in MEANINGS if meaning == word)
