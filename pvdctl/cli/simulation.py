"""One run of a recipe on a simulated chamber, from Clear to its end, and what came of it as plain data."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import LoadedChamber
from pvdctl.cli.assemble import SimulatedChamber
from pvdctl.clock import cpu_wall_s
from pvdctl.errors import PvdctlError, RecordError
from pvdctl.process.controller import Controller, Order, Request
from pvdctl.process.scan import ScanEngine
from pvdctl.process.states import Command, State
from pvdctl.process.unit_work import word
from pvdctl.recipe.load import LoadedRecipe
from pvdctl.recipe.model import Prompt
from pvdctl.record.record import Record

READY_WITHIN_S = 120.0
"""Virtual time in which the unit must have come from Aborted to Execute."""
LONGEST_S = 48 * 3600.0
"""Virtual time after which a simulation is given up, whatever it does."""
ACTOR = "simulation"
INTERRUPTED = "interrupted from outside (Ctrl-C or a signal)"


class Simulation:
    """A recipe, a chamber and a seed; `run` does it once.

    faults: as `NAME@WHEN[:args]`. answers: prompt name to answer, for recipes that ask. on_scan: called after every
    scan with this object, for progress displays and for tests that watch every scan.
    """

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
        self.recipe = recipe
        self.chamber = chamber
        self.seed = seed
        self.directory = directory
        self.answers = dict(answers or {})
        self.operator = operator
        self.on_scan = on_scan
        self.simulated = SimulatedChamber(chamber.model, seed, faults, parameters)
        self.record = Record.open(directory, self.simulated.clock)
        self.controller = Controller(self.simulated.equipment, self.record)
        self.engine = ScanEngine(self.controller, self.simulated.schedule, self.simulated.clock, speed)
        self.run_id = ""
        self.started_s = 0.0
        self._told = ("", "")
        self._result: dict[str, Any] = {}
        self._wall_s = 0.0
        self._interrupts = 0
        self._asked_to_end: Request | None = None

    def interrupt(self) -> None:
        """End the run: the first time by a controlled Stop, the second time by Abort, and as fast as it goes.

        Does nothing but leave word, so a signal handler may call it; the next scan obeys.
        """
        self._interrupts += 1
        if self._interrupts > 1:
            self.engine.speed = None

    @property
    def now_s(self) -> float:
        """Virtual seconds."""
        return self.simulated.clock.now_s

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
            sha256 = self.record.run_sha256(self.run_id) if self.run_id else ""
        except RecordError as error:  # what came of the run is told even where it can no longer be written
            sha256 = ""
            controller.ended = (word(controller.unit.state), f"the record cannot be written: {error}")
        finally:
            self._wall_s = cpu_wall_s() - wall_zero_s
            self.record.close()
        return self._as_data(sha256)

    def _to_execute(self) -> bool:
        """From wherever the unit is to Execute; False if it could not be brought there."""
        controller, unit = self.controller, self.controller.unit
        if not self.engine.run(self._adopted, at_most_s=READY_WITHIN_S):
            controller.reason = "the chamber could not be read: " + "; ".join(
                f"{w.link.name} does not answer" for w in self.simulated.workers if not w.up
            )
            return False
        for command, goal in (
            (Command.CLEAR, State.STOPPED),
            (Command.RESET, State.IDLE),
            (Command.START, State.EXECUTE),
        ):
            request = controller.request(command, self.operator, "headless simulation")
            self.engine.run(partial(self._arrived, request, goal), at_most_s=READY_WITHIN_S)
            if self._interrupts and not controller.running:
                controller.reason = INTERRUPTED
                return False
            if unit.state is not goal:
                error: PvdctlError | None = request.error
                if error is not None:
                    controller.reason = str(error)
                return False
        self.started_s = self.now_s
        return True

    def _arrived(self, request: Request, goal: State) -> bool:
        """The request was refused, or has brought the unit to `goal` or to where it cannot go on."""
        self._after_scan()
        state, controller = self.controller.unit.state, self.controller
        if controller.ended is not None or (self._interrupts and not controller.running):
            return True
        return request.done and (request.error is not None or state in (goal, State.ABORTED, State.HELD))

    def _adopted(self) -> bool:
        self._after_scan()
        return self.controller.adopted or self._interrupts > 0

    def _over(self) -> bool:
        """The run has ended, or rests where only a person could bring it on."""
        self._after_scan()
        controller = self.controller
        asked = self._asked_to_end
        return (
            controller.ended is not None
            or (controller.unit.state is State.HELD and asked is None)
            or self._stuck()
            or (asked is not None and asked.error is not None)
        )

    def _stuck(self) -> bool:
        """Aborting that cannot confirm the safe state stays Aborting; nothing more will come of it."""
        controller = self.controller
        unit = controller.unit
        return unit.state is State.ABORTING and self.now_s - unit.since_s > 60.0

    def _after_scan(self) -> None:
        context = self.controller.context
        told = (context.step_name, context.phase)
        if told != self._told:
            self._told = told
            self.simulated.bench.phase(told[0], told[1], self.now_s)
        if context.question is not None:
            self._answer(context.question)
        if self._interrupts:
            self._obey_interrupt()
        if self.on_scan is not None:
            self.on_scan(self)

    def _obey_interrupt(self) -> None:
        """Stop at the first word, abort at the second; each is asked once."""
        command = Command.STOP if self._interrupts == 1 else Command.ABORT
        asked = self._asked_to_end
        if self.controller.running and (asked is None or asked.command is not command):
            self._asked_to_end = self.controller.request(command, self.operator, INTERRUPTED)

    def _answer(self, question: tuple[str, str, list[str]]) -> None:
        """A headless run never waits for a person."""
        prompt, message, _ = question
        answer = self.answers.get(prompt)
        if answer is None:
            self.controller.request(Command.STOP, self.operator, f"prompt {prompt} ('{message}') has no answer")
            self.controller.context.question = None
        else:
            self.controller.answer(prompt, answer, self.operator)

    def unanswered(self) -> list[str]:
        """Prompts of the recipe for which no answer was given beforehand."""
        return [s.name for s in self.recipe.model.steps if isinstance(s, Prompt) and s.name not in self.answers]

    # --- record ---------------------------------------------------------------------------------------------------
    def _begin(self, columns: tuple[tuple[str, str], ...]) -> None:
        recipe, chamber = self.recipe, self.chamber
        self.run_id = self.record.begin_run(
            recipe_name=recipe.model.recipe,
            recipe_version=recipe.model.version,
            recipe_text=recipe.text,
            recipe_sha256=recipe.sha256,
            chamber_name=chamber.model.chamber,
            chamber_text=chamber.text,
            chamber_sha256=chamber.sha256,
            seed=self.seed,
            simulated=True,
            operator=self.operator,
            identities=self.simulated.equipment.identities(),
            columns=columns,
        )

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
        end_state, end_reason = controller.ended or (word(controller.unit.state), controller.reason)
        duration_s = round(self.now_s, 3)
        recipe = self.recipe
        return {
            "recipe": {"name": recipe.model.recipe, "version": recipe.model.version, "sha256": recipe.sha256},
            "chamber": self.chamber.model.chamber,
            "chamber_sha256": self.chamber.sha256,
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
