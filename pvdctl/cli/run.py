"""`pvdctl run`: one recipe on a chamber's own ports, in real time, with progress, and what came of it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Any

from pvdctl.chamber.problems import BadFile
from pvdctl.cli.exits import DONE, NOT_PASSED, say
from pvdctl.cli.prepare import NotPassed, answers_for, interruptible, planned_on, refusal
from pvdctl.cli.progress import Watcher, watch
from pvdctl.cli.real_run import RealRun
from pvdctl.recipe.plan import Plan
from pvdctl.record.host import os_user
from pvdctl.record.place import default_directory

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, as on the command line. record, operator: None for the default (the login's name)."""

    recipe: Path
    chamber: Path
    answers: Sequence[str]
    json: bool
    record: Path | None
    operator: str | None


def run_recipe(wish: Wish) -> int:
    """Carry out the wish; returns the exit code.

    With json, an exit code of 0 or 1 means exactly one object on stdout, also for a recipe that was refused; with 2
    stdout stays empty. Raises WrongUsage, RecordError (no record can be kept there), OperatorError.
    """
    try:
        planned = planned_on(wish.recipe, wish.chamber)
    except (BadFile, NotPassed) as error:
        facts = refusal(error, wish.recipe)
        if wish.json:
            print(dumps(facts, ensure_ascii=False, indent=2))
        return NOT_PASSED
    return _make(wish, planned, answers_for(planned.recipe, wish.answers))


def _make(wish: Wish, planned: Plan, answers: dict[str, str]) -> int:
    """Run it, and tell."""
    watcher = watch(planned, None, sys.stderr, quiet=wish.json)
    run = RealRun(
        planned.recipe,
        planned.chamber,
        directory=wish.record or default_directory(),
        answers=answers,
        operator=wish.operator or os_user(),
        on_scan=watcher.scan if watcher is not None else None,
    )
    for earlier in run.record.interrupted:
        say(f"pvdctl: run {earlier} had not ended when the program did; it is closed as interrupted")
    with interruptible(run):
        result = _run(run, watcher)
    if wish.json:
        print(dumps(result, ensure_ascii=False, indent=2))
    else:
        from pvdctl.cli.outcome import print_outcome

        print_outcome(result)
    for link in result["left_behind"]:
        say(f"pvdctl: the port of {link} hung and was left as it is; unplug and plug it in before the next run")
    return DONE if result["end_state"] == "Complete" else NOT_PASSED


def _run(run: RealRun, watcher: Watcher | None) -> Facts:
    """The run, with its progress shown around it."""
    if watcher is None:
        return run.run()
    with watcher:
        return run.run()
