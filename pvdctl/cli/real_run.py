"""One run of a recipe on real ports in real time, from Clear until its end state is read back."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import LoadedChamber
from pvdctl.cli.conduct import INTERRUPTED, LONGEST_S, Conductor
from pvdctl.cli.real import RealChamber
from pvdctl.clock import RealClock
from pvdctl.errors import RecordError
from pvdctl.links.worker import Worker
from pvdctl.process.controller import Controller, Order
from pvdctl.process.realtime import RealTimeEngine, calm
from pvdctl.process.states import Command, State
from pvdctl.process.unit_work import word
from pvdctl.recipe.load import LoadedRecipe
from pvdctl.record.behind import RecordBehind
from pvdctl.record.record import Record

SAFE_WITHIN_S = 15.0
"""Time to bring the chamber to a safe end when something breaks off a run: Aborting's own limit (process.timing) and a
few seconds for a link that has to be opened anew."""
RESTING = (State.ABORTED, State.STOPPED, State.COMPLETE, State.IDLE)
"""States whose outputs are read back safe."""


class RealRun(Conductor):
    """A recipe on a chamber's own ports; `run` does it once.

    directory: of the record. A run that is held ends by a controlled Stop, because nobody is there to resume it.
    """

    acknowledges = True

    def __init__(
        self,
        recipe: LoadedRecipe,
        chamber: LoadedChamber,
        *,
        directory: Path,
        answers: Mapping[str, str] | None = None,
        operator: str,
        on_scan: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__(recipe, chamber, answers=answers, operator=operator, on_scan=on_scan)
        self.directory = directory
        self.marked = chamber.model.simulated
        self.clock = RealClock()
        self.real = RealChamber(chamber.model, self.clock)
        self.record = Record.open(directory, self.clock)
        self.recorder = RecordBehind(self.record, self.clock)
        self.controller = Controller(self.real.equipment, self.recorder)
        self.engine: RealTimeEngine = RealTimeEngine(self.controller, self.clock, self.real.schedule.look)
        self.run_id = ""
        self._result: dict[str, Any] = {}
        self._ended_s = 0.0
        self.left_behind: list[str] = []
        """Links whose threads hung at the end."""

    @property
    def now_s(self) -> float:
        """Seconds since this program began."""
        return self.clock.now_s

    @property
    def workers(self) -> list[Worker]:
        """The links' workers."""
        return self.real.workers

    def run(self) -> dict[str, Any]:
        """Clear, Reset, Start, and on until the end state is read back. Returns the result.

        Whatever happens, the outputs are made safe first, then the links are closed, then the record.
        """
        controller = self.controller
        controller.load(Order(self.recipe.model, self._begin, self._end))
        calm()
        self.real.schedule.start()
        sha256 = ""
        try:
            try:
                if self._to_execute():
                    self.engine.run(self._over, at_most_s=LONGEST_S)
                self._come_to_rest()
            except BaseException:  # whatever it was, Ctrl-C too: off first, without the loop, then it goes on its way
                for refusal in self.real.outputs_off():
                    controller.reason += f"; {refusal}"
                raise
            self._ended_s = self.now_s
            if controller.running:
                controller.end_run(word(controller.unit.state), controller.reason or "nobody resumed the run")
            if self.recorder.flush() and self.run_id:
                sha256 = self.record.run_sha256(self.run_id)
        except RecordError as error:  # what came of the run is told even where it can no longer be written
            controller.ended = (word(controller.unit.state), f"the record cannot be written: {error}")
        finally:
            self.left_behind = self.real.schedule.stop()
            self.recorder.close()
        return self._as_data(sha256)

    # --- ways to an end -------------------------------------------------------------------------------------------
    def _over_when_held(self) -> bool:
        """Nobody can resume: a controlled Stop, and on until that is read back."""
        reason = f"{self.controller.reason or 'held'}; nobody is there to resume the run"
        self._asked_to_end = self.controller.request(Command.STOP, self.operator, reason)
        return False

    def _come_to_rest(self) -> None:
        """A run that did not begin or was given up leaves a unit that rests in a safe state, read back."""
        controller = self.controller
        if not controller.adopted or controller.unit.state in RESTING or self._stuck():
            return
        reason = INTERRUPTED if self.interrupts else controller.reason or "the run was given up"
        controller.request(Command.ABORT, self.operator, reason)
        self.engine.run(lambda: controller.unit.state in RESTING, at_most_s=SAFE_WITHIN_S)

    # --- record ---------------------------------------------------------------------------------------------------
    def _begin(self, columns: tuple[tuple[str, str], ...]) -> None:
        self.recorder.begin_run(**self.begins(columns, None))

    def _end(self, end_state: str, end_reason: str, result: dict[str, Any]) -> None:
        self.run_id = self.record.run
        self._result = {**result, "timing": self._timing(), "links": self.real.health()}
        self.recorder.end_run(end_state, end_reason, self._result)

    def _timing(self) -> dict[str, Any]:
        return {
            **self.engine.figures(),
            "slowest_commit_ms": round(1000.0 * self.recorder.slowest_s, 1),
        }

    def _as_data(self, sha256: str) -> dict[str, Any]:
        """The result as plain data, with the keys of a simulation's where they mean the same."""
        end_state, end_reason = self.ends()
        duration_s = round(self._ended_s, 3)
        return {
            **self.about(),
            "simulated": self.marked,
            "seed": None,
            "run": self.run_id,
            "end_state": end_state,
            "end_reason": end_reason,
            "duration_s": duration_s,
            "wall_s": duration_s,
            "real_time_factor": 1.0,
            "scans": self.engine.scans,
            "exchanges": self.real.exchanges(),
            "layers": self._result.get("layers", []),
            "exposures": self._result.get("exposures", []),
            "predicted_films": [],
            "alarms": self.controller.alarms.listing(standing_only=False),
            "faults": [],
            "timing": self._timing(),
            "links": self.real.health(),
            "left_behind": self.left_behind,
            "record": str(self.directory),
            "record_sha256": sha256,
        }
