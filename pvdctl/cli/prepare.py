"""What `simulate` and `run` share around a run: files loaded and checked, prompts answered, signals obeyed."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from pvdctl.chamber.load import LoadedChamber, with_control
from pvdctl.chamber.problems import BadFile
from pvdctl.cli.answers import given_answers
from pvdctl.cli.chambers import chamber_from
from pvdctl.cli.exits import WrongUsage, must_be_readable, say
from pvdctl.errors import OperatorError
from pvdctl.recipe.check import check
from pvdctl.recipe.facts import of_check, of_file
from pvdctl.recipe.findings import errors
from pvdctl.recipe.load import LoadedRecipe, load_recipe
from pvdctl.recipe.model import Prompt
from pvdctl.recipe.plan import Plan, plan

Facts = dict[str, Any]
LAST_SIGNAL = 2
"""Signals that are obeyed in order; the next one ends the program where it stands."""
REFUSED = "Refused"
"""End state told in JSON of a run that was not begun, because recipe or chamber file did not pass the check."""


class Interruptible(Protocol):
    """What a signal is passed on to."""

    def interrupt(self) -> None:
        """Leave word that the run is to end."""


class NotPassed(OperatorError):
    """The static check has found errors. findings: as JSON."""

    def __init__(self, text: str, findings: list[Facts]) -> None:
        super().__init__(text)
        self.findings = findings


def planned_on(recipe: Path, chamber: Path, control: str | None = None) -> Plan:
    """Load both files and plan the one on the other; warnings are said.

    control: who controls the rate, `host` or `sqc310`, whatever the chamber file says; None: as it says.
    Raises WrongUsage for a file that cannot be read or for another `control`, BadFile and NotPassed for a file that is
    not in order.
    """
    must_be_readable(recipe, "recipe")
    must_be_readable(chamber, "chamber file")
    loaded = chamber_from(chamber)
    if control == "host":
        loaded = with_control(loaded, "host")
    elif control == "sqc310":
        loaded = with_control(loaded, "sqc310")
    elif control is not None:
        raise WrongUsage(f"--control wants host or sqc310, found '{control}'")
    return _plan(load_recipe(recipe), loaded)


def _plan(recipe: LoadedRecipe, chamber: LoadedChamber) -> Plan:
    """The recipe planned on the chamber; warnings are said, errors raised."""
    findings = check(recipe, chamber)
    wrong = errors(findings)
    if wrong:
        text = "\n".join(finding.line(recipe.path) for finding in findings)
        raise NotPassed(text, of_check(recipe.path, findings))
    for finding in findings:
        say(finding.line(recipe.path))
    return plan(recipe, chamber)


def refusal(error: BadFile | NotPassed, recipe: Path) -> Facts:
    """Say why nothing was begun; the facts are for JSON."""
    say(f"{error}\n{recipe} was not run: mend what is listed above.")
    findings = error.findings if isinstance(error, NotPassed) else of_file(error)
    return {
        "recipe": {"path": str(recipe)},
        "end_state": REFUSED,
        "end_reason": str(error),
        "findings": findings,
    }


def answers_for(recipe: LoadedRecipe, texts: Sequence[str]) -> dict[str, str]:
    """Answers by prompt. Raises WrongUsage for one that fits no prompt, and for a prompt without one."""
    prompts = {step.name: step for step in recipe.model.steps if isinstance(step, Prompt)}
    takes = {name: step.answers for name, step in prompts.items()}
    answers = given_answers(texts, takes, recipe.model.recipe)
    missing = [step for name, step in prompts.items() if name not in answers]
    if missing:
        wanted = "\n".join(
            f"  --answer {step.name}={step.answers[0]}   ({step.message} {' / '.join(step.answers)})"
            for step in missing
        )
        raise WrongUsage(
            f"recipe {recipe.model.recipe} asks the operator, and nobody is asked here; say beforehand:\n{wanted}"
        )
    return answers


@contextmanager
def interruptible(run: Interruptible) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run in order: Stop, then Abort; a third one leaves at once, as Python does."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heard = 0

    def obey(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        heard += 1
        run.interrupt()
        if heard == LAST_SIGNAL:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in before:
        signal.signal(number, obey)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
