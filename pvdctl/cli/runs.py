"""`pvdctl runs` and `pvdctl show`: what was made, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

from pvdctl.cli import screen
from pvdctl.cli.exits import DONE, WrongUsage
from pvdctl.cli.made import exposures_table, films_table, layers_table
from pvdctl.cli.screen import duration, plain, state_word
from pvdctl.errors import OperatorError
from pvdctl.record.event import Facts
from pvdctl.record.place import default_directory
from pvdctl.record.reader import INTERRUPTED, UNFINISHED, RecordReader, Run
from pvdctl.record.story import Happening, Step, Story, tell
from pvdctl.record.story_facts import run_header, story_facts

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

END_STATES = ("Complete", "Held", "Stopped", "Aborted", INTERRUPTED, UNFINISHED)
"""As runs end; others are taken where the record has them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs to list; what is None or empty does not matter.

    recipe, operator, sample, states: exact, but for upper and lower case. since, until: UTC dates as 2026-11-22, both
    included. last: the newest so many of those that fit.
    """

    recipe: str | None = None
    operator: str | None = None
    sample: str | None = None
    states: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    simulated: bool | None = None
    last: int | None = None

    def check(self, runs: Sequence[Run]) -> None:
        """Raise WrongUsage for what is no date, and for an end state that neither exists nor was ever recorded."""
        for day in (self.since, self.until):
            _must_be_a_date(day)
        known = {state.lower(): state for state in (*END_STATES, *(run.end_state for run in runs))}
        for state in self.states:
            if state.lower() not in known:
                near = get_close_matches(state.lower(), known, 1, 0.5)
                hint = f" Did you mean {known[near[0]]}?" if near else ""
                raise WrongUsage(f"no run ends '{state}'. Runs end {', '.join(sorted(known.values()))}.{hint}")

    def fits(self, run: Run) -> bool:
        """Whether a run is wanted, `last` apart."""
        return (
            _same(run.recipe, self.recipe)
            and _same(run.operator, self.operator)
            and _same(run.sample_id, self.sample)
            and (not self.states or any(_same(run.end_state, state) for state in self.states))
            and (self.simulated is None or run.simulated == self.simulated)
            and (self.since is None or run.started_utc[:10] >= self.since)
            and (self.until is None or run.started_utc[:10] <= self.until)
        )


def list_runs(directory: Path | None, wanted: Wanted = Wanted(), json: bool = False) -> int:
    """Print the wanted runs of a record, newest last; returns the exit code.

    directory: None for the user's own record. Raises RecordError if there is no record there, WrongUsage for a filter
    that cannot be meant.
    """
    with RecordReader.open(directory or default_directory()) as reader:
        every = reader.runs()
        wanted.check(every)
        runs = [run for run in every if wanted.fits(run)]
        where = reader.directory
    if wanted.last is not None:
        runs = runs[-wanted.last :]
    if json:
        print(dumps({"record": str(where), "runs": [run_header(run) for run in runs]}, ensure_ascii=False, indent=2))
        return DONE
    console = screen.console()
    if not runs:
        console.print(f"no such run in {where}, which holds {len(every)}" if every else f"no run in {where} yet")
        return DONE
    samples = any(run.sample_id for run in runs)  # most simulated ones have none
    table = screen.table(
        ("run", "left"),
        *((("sample", "left"),) if samples else ()),
        ("started UTC", "left"),
        ("took", "right"),
        ("operator", "left"),
        ("end", "left"),
    )
    for run in runs:
        name = f"{run.run} [yellow]SIMULATED[/]" if run.simulated else run.run
        table.add_row(
            name,
            *((plain(run.sample_id),) if samples else ()),
            run.started_utc[:16].replace("T", " "),
            duration(run.duration_s),
            plain(run.operator),
            state_word(run.end_state),
        )
    console.print(table)
    return DONE


def show_run(directory: Path | None, run: str, json: bool = False) -> int:
    """Print the story of one run; returns the exit code.

    run: an id, a part of one that fits one run only, or `last`. Raises WrongUsage if there is no such run,
    RecordError if there is no record.
    """
    with RecordReader.open(directory or default_directory()) as reader:
        try:
            story = tell(reader, run)
        except OperatorError as error:
            raise WrongUsage(str(error)) from error
        facts = story_facts(reader, story)
    if json:
        print(dumps(facts, ensure_ascii=False, indent=2))
    else:
        _print_story(screen.console(), story, facts["record_sha256"], facts["signatures"])
    return DONE


def _must_be_a_date(text: str | None) -> None:
    try:
        if text is None or date.fromisoformat(text).isoformat() == text:
            return
    except ValueError:
        pass
    raise WrongUsage(f"wanted a UTC date such as 2026-11-22, found '{text}'")


def _same(found: str, wanted: str | None) -> bool:
    return wanted is None or found.lower() == wanted.lower()


# -- the screen --------------------------------------------------------------------------------------------------


def _print_story(console: "Console", story: Story, fingerprint: str | None, signatures: Sequence[Facts]) -> None:
    run = story.run
    if run.simulated:
        console.print(f"{screen.SIMULATED} no real chamber was touched")
    console.print(
        f"[bold]{run.run}[/]  recipe {plain(run.recipe)} {plain(run.recipe_version)} ({run.recipe_sha256[:12]}) in "
        f"{plain(run.chamber)}"
    )
    about = [
        f"by {plain(run.operator)}",
        f"{run.started_utc[:19].replace('T', ' ')} UTC",
        f"took {duration(run.duration_s)}",
    ]
    if run.sample_id:
        about.insert(0, f"sample {plain(run.sample_id)}")
    if run.seed is not None:
        about.append(f"seed {run.seed}")
    console.print("  ".join(about))
    console.print(f"{state_word(run.end_state)}  {plain(run.end_reason)}")
    if story.steps:
        console.print(_steps_table(story.steps))
    if story.layers:
        console.print(layers_table(story.layers))
    if story.exposures:
        console.print(exposures_table(story.exposures))
    if story.predicted_films:
        console.print(films_table(story.predicted_films))
    for title, happenings in (("alarms and troubles", story.troubles), ("interventions", story.interventions)):
        if happenings:
            console.print(_happenings_table(title, happenings))
        else:
            console.print(f"[bold]{title}[/]: none")
    for one in signatures:
        console.print(
            f"[bold]{plain(one['meaning'])}[/] by {plain(one['who'])}, {one['utc'][:16].replace('T', ' ')} UTC: "
            f"{plain(one['reason'])}"
        )
    if fingerprint:
        console.print(f"fingerprint {fingerprint}")


def _steps_table(steps: Sequence[Step]) -> "Table":
    table = screen.table(("step", "left"), ("at", "right"), ("took", "right"), ("phases", "left"))
    for step in steps:
        phases = " · ".join(f"{phase.name} {duration(phase.lasted_s)}" for phase in step.phases)
        table.add_row(plain(step.name), duration(step.at_s), duration(step.lasted_s), plain(phases))
    return table


def _happenings_table(title: str, happenings: Sequence[Happening]) -> "Table":
    table = screen.table(("at", "right"), ("what", "left"), ("", "left"), title=title)
    for happening in happenings:
        text = " ".join(part for part in (f"{happening.who}:" if happening.who else "", happening.text) if part)
        if happening.why:
            text += f" (because {happening.why})"
        table.add_row(duration(happening.at_s), plain(f"{happening.what} {happening.subject}"), plain(text))
    return table
