"""Commands that ask the service: status, alarms, hold and the like, and a run that is left to it."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from json import dumps
from pathlib import Path
from typing import TypeVar

from pvdctl.cli.answers import given_answers
from pvdctl.cli.exits import DONE, NOT_PASSED, WrongUsage, must_be_readable, say
from pvdctl.client import Chamber, Lost
from pvdctl.errors import OperatorError
from pvdctl.service.answers import Accepted
from pvdctl.service.dial import Declined, Unreachable
from pvdctl.service.encode import as_plain
from pvdctl.service.messages import Alarm, Snapshot

T = TypeVar("T")
LEASED = frozenset(("unhold", "clear", "reset"))
"""Commands that need the lease; it is taken for the moment."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which service, and how its answer is to be told."""

    service: str | None
    json: bool

    def chamber(self) -> Chamber:
        """The client. Raises WrongUsage for an address that is none."""
        try:
            return Chamber(self.service, client=f"pvdctl {sys.argv[1] if len(sys.argv) > 1 else ''}".strip())
        except OperatorError as error:
            raise WrongUsage(str(error)) from error


@dataclass(frozen=True, slots=True)
class RunWish:
    """A run that is left to the service.

    wait: follow it to its end. own: --record or --operator were given, which are the service's business.
    """

    recipe: Path
    sample_id: str
    note: str
    answers: Sequence[str]
    wait: bool
    own: bool


def status(reach: Reach) -> int:
    """Say what the chamber is doing; with json the whole snapshot."""
    chamber = reach.chamber()
    if reach.json:
        print(dumps(asked(chamber.status_json), ensure_ascii=False, indent=2))
        return DONE
    for line in _lines(asked(chamber.status)):
        print(line)
    return DONE


def alarms(reach: Reach, *, everything: bool) -> int:
    """List alarms, gravest first."""
    chamber = reach.chamber()
    found = asked(chamber.alarms)
    shown = [alarm for alarm in found if everything or alarm.state != "normal"]
    if reach.json:
        print(dumps({"alarms": [as_plain(alarm) for alarm in shown]}, ensure_ascii=False, indent=2))
        return DONE
    for alarm in shown:
        print("\n".join(_alarm_lines(alarm)))
    if not shown:
        print("no alarm stands")
    return DONE


def acknowledge(reach: Reach, names: Sequence[str]) -> int:
    """Acknowledge alarms by name; without a name all that wait for it."""
    chamber = reach.chamber()
    wanted = list(names) or [alarm.name for alarm in asked(chamber.alarms) if alarm.needs_acknowledgement]
    if not wanted and not reach.json:
        print("no alarm waits to be acknowledged")
    answers: list[Accepted] = []
    for name in wanted:
        given: Accepted = asked(partial(chamber.acknowledge, name))
        answers.append(given)
        if not reach.json:
            print(given.text)
    if reach.json:
        print(dumps({"answers": [as_plain(answer) for answer in answers]}, ensure_ascii=False, indent=2))
    return DONE


def command(reach: Reach, word: str, reason: str) -> int:
    """Give one command. Those that need the lease take it for the moment, where it is free."""
    chamber = reach.chamber()

    def give() -> Accepted:
        if word not in LEASED:
            return chamber.command(word, reason)
        with chamber.control(reason or word):
            return chamber.command(word, reason)

    answer = asked(give)
    print(dumps(as_plain(answer), ensure_ascii=False, indent=2) if reach.json else answer.text)
    return DONE


def run(reach: Reach, wish: RunWish) -> int:
    """Bring the unit to Idle, start the recipe, and with `wait` follow it; the exit code is the run's."""
    must_be_readable(wish.recipe, "recipe")
    if wish.own:
        raise WrongUsage(
            "--record and --operator go with --chamber; by the service the record and the user are its own"
        )
    chamber = reach.chamber()
    checked = asked(partial(chamber.check, wish.recipe))
    if not checked.passed:  # before the unit is brought to Idle for it
        raise OperatorError("\n".join(finding["text"] for finding in checked.findings))
    takes = {question.prompt: question.answers for question in checked.questions}
    answers = given_answers(wish.answers, takes, checked.name)

    def begin() -> Accepted:
        with chamber.control(f"run {wish.recipe}"):
            chamber.ready()
            return chamber.start(wish.recipe, sample_id=wish.sample_id, note=wish.note, answers=answers)

    started = asked(begin)
    if not wish.wait:
        print(dumps(as_plain(started), ensure_ascii=False, indent=2) if reach.json else started.text)
        return DONE
    if not reach.json:
        say(started.text)
    try:
        ended = asked(lambda: chamber.wait(started.run, _Progress().show))
    except KeyboardInterrupt:
        say(f"run {started.run} goes on; `pvdctl status` tells how, `pvdctl stop` ends it")
        return NOT_PASSED
    if reach.json:
        print(dumps(as_plain(ended), ensure_ascii=False, indent=2))
    else:
        print(f"run {ended.run}: {ended.state}: {ended.reason}")
    return DONE if ended.state == "Complete" else NOT_PASSED


class _Progress:
    """One line for each phase that begins, each state the unit leaves its way to, and each question."""

    def __init__(self) -> None:
        self._told: tuple[str, ...] = ()

    def show(self, heard: Snapshot | Lost) -> None:
        """Say a line if something has changed."""
        if isinstance(heard, Lost):
            self._say(("lost",), f"{heard.why} The run goes on; waiting for the service.")
            return
        job = heard.job
        if job is None or not job.running:
            return
        question = heard.question
        told = (heard.state, str(job.step), job.phase, question.prompt if question is not None else "")
        name = job.steps[job.step - 1].name if job.step else "start"
        mark = "SIMULATED " if heard.simulated else ""
        state = "" if heard.state == "Execute" else f" [{heard.state}{': ' + heard.reason if heard.reason else ''}]"
        line = f"{mark}{job.elapsed_s:8.1f} s  step {job.step} of {len(job.steps)}, {name}: {job.phase}{state}"
        if question is not None:
            line += f"\n{question.message} ({' / '.join(question.answers)}): pvdctl answer {question.prompt} ANSWER"
        self._say(told, line)

    def _say(self, told: tuple[str, ...], line: str) -> None:
        if told != self._told:
            self._told = told
            say(line)


def answer(reach: Reach, prompt: str, given: str) -> int:
    """Answer the recipe's question; the lease is taken for the moment."""
    chamber = reach.chamber()

    def give() -> Accepted:
        with chamber.control(f"answer {prompt}"):
            return chamber.answer(prompt, given)

    answered = asked(give)
    print(dumps(as_plain(answered), ensure_ascii=False, indent=2) if reach.json else answered.text)
    return DONE


def note(reach: Reach, text: str, about: str) -> int:
    """Put a remark on record."""
    chamber = reach.chamber()
    noted = asked(lambda: chamber.note(text, about))
    print(dumps(as_plain(noted), ensure_ascii=False, indent=2) if reach.json else noted.text)
    return DONE


def asked(ask: Callable[[], T]) -> T:
    """What the service answers. A service that is not there is wrong usage, what it refuses is told with findings."""
    try:
        return ask()
    except Unreachable as error:
        raise WrongUsage(str(error)) from error
    except Declined as error:
        if error.problem.code == "not_found":
            raise WrongUsage(str(error)) from error
        problem = error.problem
        if problem.code == "not_now" and problem.legal and "You can" not in problem.text:
            raise OperatorError(f"{problem.text.rstrip('.')}. You can: {', '.join(problem.legal)}.") from error
        raise


def _lines(found: Snapshot) -> list[str]:
    """A snapshot in a few lines."""
    job, mimic, lease = found.job, found.mimic, found.lease
    lines = [f"{found.marked} chamber {found.chamber}: {found.state}" + (f" ({found.reason})" if found.reason else "")]
    if job is not None and job.running:
        name = job.steps[job.step - 1].name if job.step else "start"
        left = f", about {job.remaining_s / 60.0:.0f} min left" if job.remaining_s is not None else ""
        lines.append(
            f"run      {job.run}, {job.recipe}: step {job.step} of {len(job.steps)}, {name}, {job.phase}; "
            f"{job.elapsed_s / 60.0:.0f} min{left}"
        )
        layer = job.layer
        if layer.rate_target_nm_per_s:
            lines.append(
                f"layer    {layer.film_nm:.1f} of {layer.target_nm:g} nm at {layer.rate_nm_per_s:.3f} of "
                f"{layer.rate_target_nm_per_s:g} nm/s"
            )
    elif found.ended is not None:
        lines.append(f"last run {found.ended.run}: {found.ended.state}: {found.ended.reason}")
    pressure = mimic.chamber_pressure
    shown = f"{pressure.value:.2e} mbar" if pressure.value is not None and pressure.quality == "good" else pressure.why
    lines.append(f"pressure {shown}")
    moving = [f"{valve.name} {valve.position}" for valve in mimic.valves if valve.position != "closed"]
    lines.append(f"valves   {', '.join(moving) or 'all closed'}")
    lines.append(f"control  {f'{lease.user} ({lease.client})' if lease is not None else 'nobody'}")
    if found.local:
        lines.append("key      stands at local: commands are given at the chamber, and only abort, hold and stop here")
    lines += [f"alarm    {alarm.priority} {alarm.name}: {alarm.text}" for alarm in found.alarms]
    if found.question is not None:
        lines.append(f"question {found.question.message} ({' / '.join(found.question.answers)})")
    if found.evidence.failed:
        lines.append(f"record   {found.evidence.failed}")
    lines.append(f"you can  {', '.join(found.legal)}")
    return lines


def _alarm_lines(alarm: Alarm) -> list[str]:
    first = " (first)" if alarm.first_out else ""
    waits = "; to be acknowledged" if alarm.needs_acknowledgement else ""
    return [
        f"{alarm.priority} {alarm.name}{first}: {alarm.state}{waits}",
        f"    {alarm.text}",
        f"    do: {alarm.response}",
    ]
