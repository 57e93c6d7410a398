"""`pvdctl simulate`: one recipe on one simulated chamber, with progress, and what came of it."""

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Any

from pvdctl.chamber.problems import BadFile
from pvdctl.cli.assemble import fault_form, fault_menu, judge_fault
from pvdctl.cli.exits import DONE, NOT_PASSED, WrongUsage, say
from pvdctl.cli.prepare import NotPassed, answers_for, interruptible, planned_on, refusal
from pvdctl.cli.progress import Watcher, watch
from pvdctl.cli.shipped import chamber_file
from pvdctl.cli.simulation import Simulation
from pvdctl.errors import OperatorError
from pvdctl.recipe.plan import Plan
from pvdctl.record.place import default_directory

Facts = dict[str, Any]
SLOWEST = 0.1
"""Simulated seconds per second: a scan then takes a second, which is how long a signal may wait to be obeyed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, as on the command line.

    chamber, record, control: None for the default. speed: simulated seconds per second at most; None: as fast as it
    goes.
    """

    recipe: Path
    chamber: Path | None
    seed: int
    faults: Sequence[str]
    answers: Sequence[str]
    speed: float | None
    json: bool
    record: Path | None
    control: str | None = None


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
    try:
        planned = planned_on(wish.recipe, wish.chamber or chamber_file(), wish.control)
    except (BadFile, NotPassed) as error:
        facts = refusal(error, wish.recipe)
        if wish.json:
            print(dumps({**facts, "simulated": True, "seed": wish.seed}, ensure_ascii=False, indent=2))
        return NOT_PASSED
    answers = answers_for(planned.recipe, wish.answers)
    steps = [step.name for step in planned.recipe.model.steps]
    try:
        for fault in wish.faults:
            judge_fault(fault, list(planned.chamber.model.instruments), steps)
    except OperatorError as error:
        raise WrongUsage(f"{error}\n`pvdctl simulate --list-faults` lists what can go wrong") from error
    return _make(wish, planned, answers)


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
    with interruptible(simulation):
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


def _never_happened(wish: Wish, result: Facts) -> list[str]:
    """Faults that were asked for and did not come: a test that rests on one has tested nothing."""
    happened = [entry["fault"] for entry in result["faults"]]
    return [fault for fault in wish.faults if fault not in happened]
