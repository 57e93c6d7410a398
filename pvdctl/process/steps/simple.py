"""Cool down, wait and prompt."""

from pvdctl.process.context import Context
from pvdctl.process.steps.base import RunningStep
from pvdctl.recipe.model import CoolDown, Prompt, Wait


class RunningCoolDown(RunningStep):
    """Sources off and shutters closed until every source counts as cold."""

    def __init__(self, context: Context, step: CoolDown) -> None:
        super().__init__(context, step.name, "cool_down", step.within_s)
        self._at_least_s = step.at_least_s

    def begin(self) -> None:
        """Everything that heats or lets vapour through goes off."""
        self._ask()
        self.context.set_phase("cool down")

    def resume(self) -> None:
        """Cooling never stopped."""
        self.pick_up()
        self._ask()

    def _ask(self) -> None:
        context = self.context
        for source in context.chamber.sources.values():
            context.ask(source.shutter, 0.0, "cool down")
            context.ask(f"{source.supply}.current", 0.0, "cool down")
            context.ask(f"{source.supply}.output", 0.0, "cool down")
        context.ask(context.chamber.substrate_shutter, 0.0, "cool down")

    def scan(self) -> bool:
        """Done when cold, and not before the recipe's own least time."""
        self.hurry()
        context = self.context
        contactor = context.chamber.io.supply_enable_output
        if contactor is not None and context.readings.sources_off.number():
            # Not under load. Read back open, it proves the sources off even if a supply stops answering.
            context.ask(contactor, 0.0, "sources are off")
        return bool(context.readings.sources_cold.number()) and self.in_phase_s() >= self._at_least_s


class RunningWait(RunningStep):
    """Time passes in Execute; a hold does not count."""

    def __init__(self, context: Context, step: Wait) -> None:
        super().__init__(context, step.name, "wait", step.duration_s + 60.0)
        self._duration_s = step.duration_s

    def begin(self) -> None:
        """One phase only."""
        self.context.set_phase("wait")

    def resume(self) -> None:
        """The rest of the time."""
        self.pick_up()

    def scan(self) -> bool:
        """Done after the time in Execute."""
        self.hurry()
        return self.spent_s >= self._duration_s


class RunningPrompt(RunningStep):
    """A question to the operator. Only the first accepted answer lets the recipe go on; another one stops it."""

    def __init__(self, context: Context, step: Prompt) -> None:
        super().__init__(context, step.name, "prompt", step.within_s)
        self._step = step

    def begin(self) -> None:
        """Ask; an answer given beforehand counts."""
        self.context.set_phase("prompt")
        self.context.emit("prompt", self.name, self._step.message, data={"answers": self._step.answers})

    def resume(self) -> None:
        """Ask again."""
        self.pick_up()

    def leave(self) -> None:
        """Nobody is asked while the recipe does not run."""
        self.context.question = None

    def scan(self) -> bool:
        """Done with the first answer."""
        self.hurry()
        context, step = self.context, self._step
        answer = context.answers.pop(self.name, None)
        if answer is None:
            context.question = (self.name, step.message, step.answers)
            return False
        context.question = None
        context.emit("prompt", self.name, f"answered: {answer}", new=answer)
        if answer == step.answers[0]:
            return True
        context.want("stop", f"prompt {self.name} was answered '{answer}'")
        return False
