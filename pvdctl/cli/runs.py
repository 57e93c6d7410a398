"""`pvdctl runs` and `pvdctl show`: what was made, and how."""

from collections.abc import Sequence
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pvdctl.record.event import Facts
from pvdctl.record.place import default_directory
from pvdctl.record.reader import RecordReader, Run
from pvdctl.record.story import Happening, Step, Story, tell
from pvdctl.record.verify import run_sha256

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDTH = 80
"""Columns of text: what a terminal has at least."""


def list_runs(
    directory: Path | None,
    json: bool = False,
    *,
    recipe: str | None = None,
    operator: str | None = None,
    state: str | None = None,
    since: str | None = None,
    until: str | None = None,
    simulated: bool | None = None,
) -> int:
    """Print the runs in a record, newest last; returns the exit code.

    directory: None for the user's own record. recipe, operator, state: exact, but for upper and lower case. since,
    until: UTC dates as 2026-11-22, both included. Raises RecordError if there is no record there.
    """
    with RecordReader.open(directory or default_directory()) as reader:
        runs = [
            run
            for run in reader.runs()
            if _same(run.recipe, recipe)
            and _same(run.operator, operator)
            and _same(run.end_state, state)
            and (simulated is None or run.simulated == simulated)
            and (since is None or run.started_utc[:10] >= since)
            and (until is None or run.started_utc[:10] <= until)
        ]
        where = reader.directory
    if json:
        print(dumps({"record": str(where), "runs": [_header(run) for run in runs]}, ensure_ascii=False, indent=2))
        return 0
    console = _console()
    if not runs:
        console.print(f"no such run in {where}")
        return 0
    table = _table(("run", "left"), ("started UTC", "left"), ("took", "right"), ("operator", "left"), ("end", "left"))
    for run in runs:
        name = f"{run.run} [yellow]SIMULATED[/]" if run.simulated else run.run
        table.add_row(
            name, run.started_utc[:16].replace("T", " "), _clock(run.duration_s), _plain(run.operator), _state(run)
        )
    console.print(table)
    return 0


def show_run(directory: Path | None, run: str, json: bool = False) -> int:
    """Print the story of one run; returns the exit code.

    run: an id, a part of one that fits one run only, or `last`. Raises OperatorError if there is no such run,
    RecordError if there is no record.
    """
    with RecordReader.open(directory or default_directory()) as reader:
        story = tell(reader, run)
        fingerprint = run_sha256(reader, story.run.run) if story.run.last_seq is not None else None
    if json:
        print(dumps(_as_json(story, fingerprint), ensure_ascii=False, indent=2))
    else:
        _print_story(_console(), story, fingerprint)
    return 0


def _same(found: str, wanted: str | None) -> bool:
    return wanted is None or found.lower() == wanted.lower()


def _header(run: Run) -> Facts:
    """A run's facts, without the full texts."""
    facts = asdict(run)
    for key in ("start", "result", "first_seq", "last_seq"):
        del facts[key]
    return facts


def _as_json(story: Story, fingerprint: str | None) -> Facts:
    facts = asdict(story)
    facts["run"] = _header(story.run)
    facts["record_sha256"] = fingerprint
    for key in ("identities", "versions", "note"):
        facts[key] = story.run.start.get(key)
    facts["result"] = story.run.result
    return facts


# -- the screen --------------------------------------------------------------------------------------------------


def _plain(text: object) -> str:
    """Text as it is: no markup in it is obeyed, and nothing in it reaches the terminal as a control character."""
    from rich.markup import escape

    return escape("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(text)))


def _console() -> "Console":
    from rich.console import Console

    console = Console(highlight=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


def _table(*columns: tuple[str, Any], title: str = "") -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        title=title or None,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        padding=(0, 1),
    )
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold")
    return table


def _print_story(console: "Console", story: Story, fingerprint: str | None) -> None:
    run = story.run
    if run.simulated:
        console.print("[black on yellow] SIMULATED [/] no real chamber was touched")
    console.print(
        f"[bold]{run.run}[/]  recipe {_plain(run.recipe)} {_plain(run.recipe_version)} ({run.recipe_sha256[:12]}) in "
        f"{_plain(run.chamber)}"
    )
    about = [
        f"by {_plain(run.operator)}",
        f"{run.started_utc[:19].replace('T', ' ')} UTC",
        f"took {_clock(run.duration_s)}",
    ]
    if run.sample_id:
        about.insert(0, f"sample {_plain(run.sample_id)}")
    if run.seed is not None:
        about.append(f"seed {run.seed}")
    console.print("  ".join(about))
    console.print(f"{_state(run)}  {_plain(run.end_reason)}")
    if story.steps:
        console.print(_steps_table(story.steps))
    if story.layers:
        console.print(_layers_table(story.layers))
    if story.exposures:
        console.print(_exposures_table(story.exposures))
    if story.predicted_films:
        console.print(_films_table(story.predicted_films))
    for title, happenings in (("alarms and troubles", story.troubles), ("interventions", story.interventions)):
        if happenings:
            console.print(_happenings_table(title, happenings))
        else:
            console.print(f"[bold]{title}[/]: none")
    if fingerprint:
        console.print(f"fingerprint {fingerprint}")


def _steps_table(steps: Sequence[Step]) -> "Table":
    table = _table(("step", "left"), ("at", "right"), ("took", "right"), ("phases", "left"))
    for step in steps:
        phases = " · ".join(f"{phase.name} {_clock(phase.lasted_s)}" for phase in step.phases)
        table.add_row(_plain(step.name), _clock(step.at_s), _clock(step.lasted_s), _plain(phases))
    return table


def _layers_table(layers: Sequence[Facts]) -> "Table":
    """True thicknesses are those of a simulated plant; a real chamber cannot tell, so the column is not there."""
    true = any(layer.get("true_nm") is not None for layer in layers)
    table = _table(
        ("layer", "left"),
        ("film", "left"),
        ("target nm", "right"),
        ("read nm", "right"),
        *((("true nm", "right"),) if true else ()),
        ("nm/s", "right"),
        ("± sd", "right"),
        ("in band s", "right"),
        ("over %", "right"),
    )
    for layer in layers:
        table.add_row(
            _plain(layer.get("name", "")),
            _plain(layer.get("film", "")),
            _number(layer.get("target_nm"), 1),
            _number(layer.get("read_nm"), 1),
            *((_number(layer.get("true_nm"), 1),) if true else ()),
            _number(layer.get("rate_mean_nm_s"), 3),
            _number(layer.get("rate_sd_nm_s"), 3),
            _number(layer.get("time_to_band_s"), 0),
            _number(layer.get("overshoot_percent"), 1),
        )
    return table


def _exposures_table(exposures: Sequence[Facts]) -> "Table":
    table = _table(
        ("gas", "left"), ("target mbar", "right"), ("peak mbar", "right"), ("held s", "right"), ("dose mbar s", "right")
    )
    for exposure in exposures:
        table.add_row(
            _plain(exposure.get("gas", "")),
            _number(exposure.get("target_mbar"), 1),
            _number(exposure.get("peak_mbar"), 1),
            _number(exposure.get("hold_s"), 0),
            _number(exposure.get("dose_mbar_s"), 0),
        )
    return table


def _films_table(films: Sequence[Facts]) -> "Table":
    table = _table(("predicted film", "left"), ("nm", "right"), ("basis", "left"))
    for film in films:
        table.add_row(_plain(film.get("name", "")), _number(film.get("thickness_nm"), 0), _plain(film.get("basis", "")))
    return table


def _happenings_table(title: str, happenings: Sequence[Happening]) -> "Table":
    table = _table(("at", "right"), ("what", "left"), ("", "left"), title=title)
    for happening in happenings:
        text = " ".join(part for part in (f"{happening.who}:" if happening.who else "", happening.text) if part)
        if happening.why:
            text += f" (because {happening.why})"
        table.add_row(_clock(happening.at_s), _plain(f"{happening.what} {happening.subject}"), _plain(text))
    return table


def _state(run: Run) -> str:
    colour = {"Complete": "green", "unfinished": "cyan", "Held": "yellow", "Stopped": "yellow"}.get(
        run.end_state, "red"
    )
    return f"[{colour}]{run.end_state}[/]"


def _number(value: object, digits: int) -> str:
    """A figure, or a dash where there is none."""
    return f"{value:.{digits}f}" if isinstance(value, int | float) and not isinstance(value, bool) else "-"


def _clock(seconds: float | None) -> str:
    """Seconds as 7.5 s, 3:20 or 1:02:03; a dash for none."""
    if seconds is None:
        return "-"
    if seconds < 60.0:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
