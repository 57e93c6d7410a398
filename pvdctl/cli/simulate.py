"""`pvdctl simulate`: one recipe on one simulated chamber, with progress, and what came of it."""

import gc
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from json import dumps
from pathlib import Path
from types import FrameType
from typing import Any

from pvdctl.chamber.load import LoadedChamber, load_chamber
from pvdctl.chamber.problems import BadFile
from pvdctl.cli import findings as found
from pvdctl.cli.assemble import fault_form, fault_menu, judge_fault
from pvdctl.cli.exits import DONE, NOT_PASSED, WrongUsage, must_be_readable, say
from pvdctl.cli.progress import Watcher, watch
from pvdctl.cli.shipped import chamber_file, driver_names
from pvdctl.cli.simulation import Simulation
from pvdctl.errors import OperatorError
from pvdctl.recipe.check import check
from pvdctl.recipe.findings import errors
from pvdctl.recipe.load import LoadedRecipe, load_recipe
from pvdctl.recipe.model import Prompt
from pvdctl.recipe.plan import Plan, plan
from pvdctl.record.place import default_directory

Facts = dict[str, Any]
LAST_SIGNAL = 2
"""Signals that are obeyed in order; the next one ends the program where it stands."""
SLOWEST = 0.1
"""Simulated seconds per second: a scan then takes a second, which is how long a signal may wait to be obeyed."""
REFUSED = "Refused"
"""End state told in JSON of a run that was not begun, because recipe or chamber file did not pass the check."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, as on the command line.

    chamber, record: None for the default. speed: simulated seconds per second at most; None: as fast as it goes.
    """

    recipe: Path
    chamber: Path | None
    seed: int
    faults: Sequence[str]
    answers: Sequence[str]
    speed: float | None
    json: bool
    record: Path | None


def list_faults() -> int:
    """Print what can go wrong in a simulated chamber; returns the exit code."""
    from pvdctl.cli import screen

    table = screen.table(("fault", "left"), ("what it does, and its arguments", "left"))
    for name, text in sorted(fault_menu().items()):
        table.add_row(name, screen.plain(text))
    console = screen.console()
    console.print(table)
    console.print(screen.plain(f"--fault {fault_form()}"))
    return DONE


def simulate(wish: Wish) -> int:
    """Carry out the wish; returns the exit code.

    With json, an exit code of 0 or 1 means exactly one object on stdout, also for a recipe that was refused; with 2
    stdout stays empty. Raises WrongUsage, RecordError (no record can be kept there), OperatorError.
    """
    if wish.speed is not None and not wish.speed >= SLOWEST:
        raise WrongUsage(f"--speed wants at least {SLOWEST:g} simulated seconds per second, found {wish.speed:g}")
    chamber_path = wish.chamber or chamber_file()
    must_be_readable(wish.recipe, "recipe")
    must_be_readable(chamber_path, "chamber file")
    try:
        chamber = load_chamber(chamber_path, driver_names())
        planned = _plan(load_recipe(wish.recipe), chamber)
    except (BadFile, _NotPassed) as error:
        return _refused(wish, error)
    answers = _answers(planned.recipe, wish)
    steps = [step.name for step in planned.recipe.model.steps]
    try:
        for fault in wish.faults:
            judge_fault(fault, list(chamber.model.instruments), steps)
    except OperatorError as error:
        raise WrongUsage(f"{error}\n`pvdctl simulate --list-faults` lists what can go wrong") from error
    return _make(wish, planned, answers)


class _NotPassed(OperatorError):
    """The static check has found errors. findings: as JSON."""

    def __init__(self, text: str, findings: list[Facts]) -> None:
        super().__init__(text)
        self.findings = findings


def _plan(recipe: LoadedRecipe, chamber: LoadedChamber) -> Plan:
    """The recipe planned on the chamber; warnings are said, errors raised."""
    findings = check(recipe, chamber)
    wrong = errors(findings)
    if wrong:
        text = "\n".join(finding.line(recipe.path) for finding in findings)
        raise _NotPassed(text, found.of_check(recipe.path, findings))
    for finding in findings:
        say(finding.line(recipe.path))
    return plan(recipe, chamber)


def _refused(wish: Wish, error: BadFile | _NotPassed) -> int:
    """Say why nothing was begun."""
    say(f"{error}\n{wish.recipe} was not run: mend what is listed above.")
    if wish.json:
        findings = error.findings if isinstance(error, _NotPassed) else found.of_file(error)
        facts = {
            "recipe": {"path": str(wish.recipe)},
            "simulated": True,
            "seed": wish.seed,
            "end_state": REFUSED,
            "end_reason": str(error),
            "findings": findings,
        }
        print(dumps(facts, ensure_ascii=False, indent=2))
    return NOT_PASSED


def _answers(recipe: LoadedRecipe, wish: Wish) -> dict[str, str]:
    """Answers by prompt. Raises WrongUsage for one that fits no prompt, and for a prompt without one."""
    prompts = {step.name: step for step in recipe.model.steps if isinstance(step, Prompt)}
    answers: dict[str, str] = {}
    for text in wish.answers:
        name, equals, answer = text.partition("=")
        if not equals:
            raise WrongUsage(f"--answer wants PROMPT=ANSWER, found '{text}'")
        if name not in prompts:
            near = get_close_matches(name, prompts, 1)
            hint = f"did you mean {near[0]}?" if near else f"its prompts are: {', '.join(prompts) or 'none'}"
            raise WrongUsage(f"--answer {text}: recipe {recipe.model.recipe} has no prompt '{name}'; {hint}")
        if answer not in prompts[name].answers:
            accepted = " or ".join(f"{name}={word}" for word in prompts[name].answers)
            raise WrongUsage(f"--answer {text}: that prompt takes {accepted}")
        if answers.setdefault(name, answer) != answer:
            raise WrongUsage(f"--answer {text}: prompt '{name}' is answered '{answers[name]}' already; give one answer")
    missing = [step for name, step in prompts.items() if name not in answers]
    if missing:
        wanted = "\n".join(
            f"  --answer {step.name}={step.answers[0]}   ({step.message} {' / '.join(step.answers)})"
            for step in missing
        )
        raise WrongUsage(
            f"recipe {recipe.model.recipe} asks the operator, and a simulation has none; say beforehand:\n{wanted}"
        )
    return answers


def _make(wish: Wish, planned: Plan, answers: dict[str, str]) -> int:
    """Run it, and tell."""
    directory = wish.record or default_directory()
    watcher = watch(planned, wish.seed, sys.stderr, quiet=wish.json)
    simulation = Simulation(
        planned.recipe,
        planned.chamber,
        seed=wish.seed,
        directory=directory,
        faults=wish.faults,
        answers=answers,
        speed=wish.speed,
        on_scan=watcher.scan if watcher is not None else None,
    )
    gc.freeze()  # what was loaded stays for the whole run; looking it over again and again costs scans
    gc.enable()
    with _interruptible(simulation):
        result = _run(simulation, watcher)
    never = _never_happened(wish, result)
    if wish.json:
        print(dumps(result, ensure_ascii=False, indent=2))
    else:
        from pvdctl.cli.outcome import print_outcome

        print_outcome(result)
    for fault in never:
        say(f"pvdctl: fault {fault} did not happen: its time or phase never came")
    return DONE if result["end_state"] == "Complete" else NOT_PASSED


def _run(simulation: Simulation, watcher: Watcher | None) -> Facts:
    """The run, with its progress shown around it."""
    if watcher is None:
        return simulation.run()
    with watcher:
        return simulation.run()


@contextmanager
def _interruptible(simulation: Simulation) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run in order: Stop, then Abort; a third one leaves at once, as Python does."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heard = 0

    def obey(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        heard += 1
        simulation.interrupt()
        if heard == LAST_SIGNAL:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in before:
        signal.signal(number, obey)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _never_happened(wish: Wish, result: Facts) -> list[str]:
    """Faults that were asked for and did not come: a test that rests on one has tested nothing."""
    happened = [entry["fault"] for entry in result["faults"]]
    return [fault for fault in wish.faults if fault not in happened]
