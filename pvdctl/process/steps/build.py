"""From a step of the recipe file to the step that runs."""

from pvdctl.process.context import Context
from pvdctl.process.steps.base import RunningStep
from pvdctl.process.steps.deposit import RunningDeposit
from pvdctl.process.steps.gas import RunningBackfill, RunningVent
from pvdctl.process.steps.pumping import RunningEvacuate, RunningPumpDown
from pvdctl.process.steps.simple import RunningCoolDown, RunningPrompt, RunningWait
from pvdctl.recipe.model import Backfill, CoolDown, Deposit, Evacuate, Prompt, PumpDown, Step, Vent, Wait


def build_step(context: Context, model: Step) -> RunningStep:
    """The running form of one recipe step."""
    match model:
        case PumpDown():
            return RunningPumpDown(context, model)
        case Deposit():
            return RunningDeposit(context, model)
        case CoolDown():
            return RunningCoolDown(context, model)
        case Backfill():
            return RunningBackfill(context, model)
        case Evacuate():
            return RunningEvacuate(context, model)
        case Vent():
            return RunningVent(context, model)
        case Wait():
            return RunningWait(context, model)
        case Prompt():
            return RunningPrompt(context, model)
