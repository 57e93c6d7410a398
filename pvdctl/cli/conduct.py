"""How a recipe is run without a person at the screen: Clear, Reset, Start, and on to its end. Simulated or real.

Shared by `simulation` (virtual time, instruments in memory) and `real_run` (real ports, real time), so that a dry run
exercises what a real run does.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from pvdctl.chamber.load import LoadedChamber
from pvdctl.errors import PvdctlError
from pvdctl.links.worker import Worker
from pvdctl.process.controller import Controller, Request
from pvdctl.process.states import Command, State
from pvdctl.process.unit_work import word
from pvdctl.recipe.load import LoadedRecipe
from pvdctl.recipe.model import Prompt

_EXECUTE = State.EXECUTE
READY_WITHIN_S = 120.0
"""Time in which the unit must have come from Aborted to Execute."""
LONGEST_S = 48 * 3600.0
"""Time after which a run is given up, whatever it does."""
STUCK_AFTER_S = 60.0
"""Aborting for longer than this, six times its limit, will not confirm the safe state any more."""
INTERRUPTED = "interrupted from outside (Ctrl-C or a signal)"


class Engine(Protocol):
    """Runs the controller's scans."""

    scans: int

    def run(self, until: Callable[[], bool], *, at_most_s: float) -> bool:
        """Scan until `until()` is true after a scan; False when `at_most_s` passed before."""


class Conductor(ABC):
    """Brings a controller through one run of a recipe. A subclass gives it instruments, time and a record.

    answers: prompt name to answer, for recipes that ask. on_scan: called after every scan with this object, for
    progress displays and for tests that watch every scan. marked: SIMULATED is written on everything.
    """

    controller: Controller
    engine: Engine
    marked: bool
    why = "headless run"
    acknowledges = False
    """Whether starting the run acknowledges critical alarms whose cause has gone before it, in the operator's name."""

    def __init__(
        self,
        recipe: LoadedRecipe,
        chamber: LoadedChamber,
        *,
        answers: Mapping[str, str] | None,
        operator: str,
        on_scan: Callable[[Any], None] | None,
    ) -> None:
        self.recipe = recipe
        self.chamber = chamber
        self.answers = dict(answers or {})
        self.operator = operator
        self.on_scan = on_scan
        self.started_s = 0.0
        self.interrupts = 0
        self._told = ("", "")
        self._asked_to_end: Request | None = None

    @property
    @abstractmethod
    def now_s(self) -> float:
        """Seconds of the run's clock."""

    @property
    @abstractmethod
    def workers(self) -> list[Worker]:
        """The links' workers."""

    def interrupt(self) -> None:
        """End the run: the first time by a controlled Stop, the second time by Abort.

        Does nothing but leave word, so a signal handler may call it; the next scan obeys.
        """
        self.interrupts += 1

    def _phase_changed(self, step: str, phase: str) -> None:  # noqa: B027 - most have nothing to do then
        """A step or phase has begun."""

    def _over_when_held(self) -> bool:
        """Held, and nobody there to resume: whether the run is to be left so."""
        return True

    def _to_execute(self) -> bool:
        """From wherever the unit is to Execute; False if it could not be brought there."""
        controller, unit = self.controller, self.controller.unit
        if not self.engine.run(self._adopted, at_most_s=READY_WITHIN_S):
            controller.reason = "the chamber could not be read: " + "; ".join(
                f"{w.link.name} does not answer" for w in self.workers if not w.up
            )
            return False
        for command, goal in (
            (Command.CLEAR, State.STOPPED),
            (Command.RESET, State.IDLE),
            (Command.START, State.EXECUTE),
        ):
            if command is Command.RESET and self.acknowledges:
                self._acknowledge_what_is_over()
            request = controller.request(command, self.operator, self.why)
            self.engine.run(partial(self._arrived, request, goal), at_most_s=READY_WITHIN_S)
            if self.interrupts and not controller.running:
                controller.reason = INTERRUPTED
                return False
            if unit.state is not goal:
                error: PvdctlError | None = request.error
                if error is not None:
                    controller.reason = str(error)
                return False
        self.started_s = self.now_s
        return True

    def _acknowledge_what_is_over(self) -> None:
        """The last program's end tripped the PLC's watchdog, as it must: whoever starts a run has seen to that."""
        controller = self.controller
        for name in controller.alarms.unacknowledged_critical():
            alarm = controller.alarms.get(name)
            if alarm is not None and not alarm.active:
                controller.alarms.acknowledge(name, self.operator, controller.context.now_s)

    def _arrived(self, request: Request, goal: State) -> bool:
        """The request was refused, or has brought the unit to `goal` or to where it cannot go on."""
        self._after_scan()
        state, controller = self.controller.unit.state, self.controller
        if controller.ended is not None or (self.interrupts and not controller.running):
            return True
        return request.done and (request.error is not None or state in (goal, State.ABORTED, State.HELD))

    def _adopted(self) -> bool:
        self._after_scan()
        return self.controller.adopted or self.interrupts > 0

    def _over(self) -> bool:
        """The run has ended, or rests where only a person could bring it on."""
        self._after_scan()
        controller = self.controller
        asked = self._asked_to_end
        if asked is None and controller.ended is None and controller.unit.state is _EXECUTE:
            return False  # as nearly always
        return (
            controller.ended is not None
            or (controller.unit.state is State.HELD and asked is None and self._over_when_held())
            or self._stuck()
            or (asked is not None and asked.error is not None)
        )

    def _stuck(self) -> bool:
        """Aborting that cannot confirm the safe state stays Aborting; nothing more will come of it."""
        controller = self.controller
        unit = controller.unit
        return unit.state is State.ABORTING and self.now_s - unit.since_s > STUCK_AFTER_S

    def _after_scan(self) -> None:
        context = self.controller.context
        told = (context.step_name, context.phase)
        if told != self._told:
            self._told = told
            self._phase_changed(*told)
        if context.question is not None:
            self._answer(context.question)
        if self.interrupts:
            self._obey_interrupt()
        if self.on_scan is not None:
            self.on_scan(self)

    def _obey_interrupt(self) -> None:
        """Stop at the first word, abort at the second; each is asked once."""
        command = Command.STOP if self.interrupts == 1 else Command.ABORT
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

    def about(self) -> dict[str, Any]:
        """Which recipe on which chamber, as the result tells it."""
        recipe, chamber = self.recipe, self.chamber
        return {
            "recipe": {"name": recipe.model.recipe, "version": recipe.model.version, "sha256": recipe.sha256},
            "chamber": chamber.model.chamber,
            "chamber_sha256": chamber.sha256,
            "control": chamber.model.control,
        }

    def begins(self, columns: tuple[tuple[str, str], ...], seed: int | None) -> dict[str, Any]:
        """What the record of the run begins with, as `Record.begin_run` takes it."""
        recipe, chamber = self.recipe, self.chamber
        return {
            "recipe_name": recipe.model.recipe,
            "recipe_version": recipe.model.version,
            "recipe_text": recipe.text,
            "recipe_sha256": recipe.sha256,
            "chamber_name": chamber.model.chamber,
            "chamber_text": chamber.text,
            "chamber_sha256": chamber.sha256,
            "seed": seed,
            "simulated": self.marked,
            "operator": self.operator,
            "identities": self.controller.equipment.identities(),
            "columns": columns,
        }

    def ends(self) -> tuple[str, str]:
        """End state and reason, as far as it has come."""
        controller = self.controller
        return controller.ended or (word(controller.unit.state), controller.reason)
