"""One run of a recipe on a simulated chamber, from Clear to its end, and what came of it as plain data."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import LoadedChamber
from pvdctl.cli.assemble import SimulatedChamber
from pvdctl.cli.conduct import LONGEST_S, Conductor
from pvdctl.clock import cpu_wall_s
from pvdctl.errors import RecordError
from pvdctl.links.worker import Worker
from pvdctl.process.controller import Controller, Order
from pvdctl.process.scan import ScanEngine
from pvdctl.process.unit_work import word
from pvdctl.recipe.load import LoadedRecipe
from pvdctl.record.record import Record

ACTOR = "simulation"


FACTS_WAIT_S = 5.0
"""Virtual seconds that events which announce nothing may wait for the next commit: a commit is a disk flush,
milliseconds of wall time in which thousands of virtual ones could pass."""


class Simulation(Conductor):
    """A recipe, a chamber and a seed; `run` does it once.

    faults: as `NAME@WHEN[:args]`. answers: prompt name to answer, for recipes that ask. on_scan: called after every
    scan with this object, for progress displays and for tests that watch every scan.
    """

    marked = True
    why = "headless simulation"

    def __init__(
        self,
        recipe: LoadedRecipe,
        chamber: LoadedChamber,
        *,
        seed: int,
        directory: Path,
        faults: Sequence[str] = (),
        answers: Mapping[str, str] | None = None,
        operator: str = ACTOR,
        speed: float | None = None,
        parameters: object | None = None,
        on_scan: Callable[["Simulation"], None] | None = None,
    ) -> None:
        super().__init__(recipe, chamber, answers=answers, operator=operator, on_scan=on_scan)
        self.seed = seed
        self.directory = directory
        self.simulated = SimulatedChamber(chamber.model, seed, faults, parameters)
        self.record = Record.open(directory, self.simulated.clock)
        self.controller = Controller(self.simulated.equipment, self.record)
        self.controller.facts_wait_s = FACTS_WAIT_S
        self.engine: ScanEngine = ScanEngine(self.controller, self.simulated.schedule, self.simulated.clock, speed)
        self.run_id = ""
        self._result: dict[str, Any] = {}
        self._wall_s = 0.0

    def interrupt(self) -> None:
        """See `Conductor.interrupt`; the second time as fast as it goes."""
        super().interrupt()
        if self.interrupts > 1:
            self.engine.speed = None

    @property
    def now_s(self) -> float:
        """Virtual seconds."""
        return self.simulated.clock.now_s

    @property
    def workers(self) -> list[Worker]:
        """The links' workers."""
        return self.simulated.workers

    def run(self) -> dict[str, Any]:
        """Clear, Reset, Start, and on until the run ends or nobody is there to resume it. Returns the result.

        The record is closed in any case; if it failed, record_sha256 is empty and end_reason says why.
        """
        controller = self.controller
        controller.load(Order(self.recipe.model, self._begin, self._end))
        wall_zero_s = cpu_wall_s()
        try:
            ready = self._to_execute()
            if ready:
                self.engine.run(self._over, at_most_s=LONGEST_S)
            if controller.running:
                controller.end_run(word(controller.unit.state), controller.reason or "nobody resumed the run")
            controller.flush()
            sha256 = self.record.run_sha256(self.run_id) if self.run_id else ""
        except RecordError as error:  # what came of the run is told even where it can no longer be written
            sha256 = ""
            controller.ended = (word(controller.unit.state), f"the record cannot be written: {error}")
        finally:
            self._wall_s = cpu_wall_s() - wall_zero_s
            self.record.close()
        return self._as_data(sha256)

    def _phase_changed(self, step: str, phase: str) -> None:
        """Faults may be waiting for it."""
        self.simulated.bench.phase(step, phase, self.now_s)

    # --- record ---------------------------------------------------------------------------------------------------
    def _begin(self, columns: tuple[tuple[str, str], ...]) -> None:
        self.run_id = self.record.begin_run(**self.begins(columns, self.seed))

    def _end(self, end_state: str, end_reason: str, result: dict[str, Any]) -> None:
        self._result = self._with_truth(result)
        self.record.end_run(end_state, end_reason, self._result)

    def _with_truth(self, result: dict[str, Any]) -> dict[str, Any]:
        """Beside what was read: what the plant knows, under names that say so."""
        truth = self.simulated.truth
        films = self.chamber.model.films
        made = truth.layers()
        layers = []
        for index, layer in enumerate(result["layers"]):
            material = films[layer["film"]].material
            true = made[index] if index < len(made) and made[index]["material"] == material else None
            layers.append({**layer, "true_nm": round(float(true["thickness_nm"]), 3) if true is not None else None})
        return {**result, "layers": layers, "predicted_films": truth.predicted_films()}

    # --- result ---------------------------------------------------------------------------------------------------
    def _as_data(self, sha256: str) -> dict[str, Any]:
        controller = self.controller
        end_state, end_reason = self.ends()
        duration_s = round(self.now_s, 3)
        return {
            **self.about(),
            "simulated": True,
            "seed": self.seed,
            "run": self.run_id,
            "end_state": end_state,
            "end_reason": end_reason,
            "duration_s": duration_s,
            "wall_s": round(self._wall_s, 3),
            "real_time_factor": round(duration_s / self._wall_s, 1) if self._wall_s else None,
            "scans": self.engine.scans,
            "exchanges": self.simulated.exchanges(),
            "layers": self._result.get("layers", []),
            "exposures": self._result.get("exposures", []),
            "predicted_films": self._result.get("predicted_films", []),
            "alarms": controller.alarms.listing(standing_only=False),
            "faults": [{"at_s": at_s, "fault": text} for at_s, text in self.simulated.bench.happened],
            "record": str(self.directory),
            "record_sha256": sha256,
        }
