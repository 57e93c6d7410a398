"""The story of a run in words and tables, from what `Chamber.story` tells."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pvdctl.service.answers import RunEntry
from pvdctl.tui import words

Facts = Mapping[str, Any]

UNFINISHED = "unfinished"
"""End state of a run that has none yet (record.reader)."""
END_SHAPES = {"Interrupted": "✗", UNFINISHED: "?"}
END_STYLES = {"Interrupted": "bold red"}
"""Besides the unit's states, which `words` knows."""


def end(state: str, going_on: bool) -> Text:
    """How a run ended, by shape and word."""
    if going_on:
        return Text("▶ going on", "bold green")
    if state in END_SHAPES:
        return Text(f"{END_SHAPES[state]} {state}", END_STYLES.get(state, "bold"))
    return words.state(state)


def mark(simulated: bool) -> Text:
    """SIMULATED or REAL."""
    return Text("SIMULATED", "cyan") if simulated else Text("REAL", "bold magenta")


def when(utc: str) -> str:
    """`2026-11-22 18:27`, UTC."""
    return utc[:16].replace("T", " ")


def head(entry: RunEntry, story: Facts | None, going_on: bool) -> Text:
    """Three lines that stay in sight: which run, how it ended, whether anybody has signed it."""
    text = Text.assemble((entry.run, "bold"), "  ", mark(entry.simulated), "  ", end(entry.end_state, going_on))
    if entry.end_reason:
        text.append(f": {entry.end_reason}")
    about = [f"sample {entry.sample_id or '-'}", f"by {entry.operator}", f"{when(entry.started_utc)} UTC"]
    if not going_on:
        about.append(f"took {words.duration(entry.duration_s)}")
    if story is not None and story.get("note"):
        about.append(f"note: {story['note']}")
    text.append("\n" + "  ".join(about))
    if story is not None:
        text.append("\n").append_text(signed(story["signatures"], ended=not going_on))
    return text


def brief(entry: RunEntry, going_on: bool) -> Text:
    """A run in two lines, below the table that cuts its cells."""
    told = Text.assemble(end(entry.end_state, going_on), f": {entry.end_reason}" if entry.end_reason else "")
    about = f"recipe {entry.recipe} {entry.recipe_version}, began {when(entry.started_utc)} UTC"
    return Text(f"{about}\n", "dim").append_text(told)


def signed(signatures: Iterable[Facts], *, ended: bool) -> Text:
    """Who put a name under it, in which meaning, and why."""
    told = [
        Text(f"✎ {one['meaning']} by {one['who']}, {when(one['utc'])} UTC: {one['reason']}", "bold")
        for one in signatures
    ]
    if not told:
        return Text("not signed by anybody" if ended else "can be signed when it has ended", "dim")
    return Text("\n").join(told)


def whole(story: Facts) -> RenderableType:
    """All of it, one part below the other."""
    parts: list[RenderableType] = [_title("Steps"), _steps(story["steps"])]
    if story["layers"]:
        parts += [_title("Layers"), _layers(story["layers"])]
    if story["exposures"]:
        parts += [_title("Gas"), _exposures(story["exposures"])]
    if story["predicted_films"]:
        parts += [_title("Predicted films"), _films(story["predicted_films"])]
    parts += [_title("Alarms and troubles"), _happenings(story["troubles"], "none")]
    parts += [_title("Who did what"), _happenings(story["interventions"], "nobody stepped in")]
    run = story["run"]
    made_with = [("recipe", f"{run['recipe']} {run['recipe_version']}, sha256 {run['recipe_sha256'][:16]}…")]
    made_with += [("chamber", run["chamber"])]
    made_with += sorted((story.get("identities") or {}).items())
    made_with += [(name, version) for name, version in (story.get("versions") or {}).items()]
    parts += [_title("Made with"), _pairs(made_with)]
    if story.get("record_sha256"):
        parts += [_title("Fingerprint of its record"), Text(story["record_sha256"])]
    return Group(*parts)


def _title(text: str) -> Text:
    return Text(f"\n{text}", "bold underline")


def _table(*columns: tuple[str, bool]) -> Table:
    """Columns: title, and whether its numbers stand at the right."""
    made = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", show_header=any(title for title, _ in columns))
    for title, right in columns:
        made.add_column(title, justify="right" if right else "left", overflow="fold")
    return made


def _steps(steps: Iterable[Facts]) -> RenderableType:
    made = _table(("at", True), ("took", True), ("step", False), ("phases", False))
    for step in steps:
        phases = " · ".join(f"{p['name']} {words.duration(p['lasted_s'])}" for p in step["phases"])
        made.add_row(_time(step), words.duration(step["lasted_s"]), Text(step["name"], "bold"), Text(phases, "dim"))
    return made if made.row_count else Text("no step was begun", "dim")


def _layers(layers: Iterable[Facts]) -> Table:
    made = _table(
        ("layer", False), ("film", False), ("target\nnm", True), ("read\nnm", True), ("rate\nnm/s", True),
        ("sd\nnm/s", True), ("in band\nafter s", True), ("over\n%", True), ("ended", False),
    )  # fmt: skip
    for layer in layers:
        made.add_row(
            str(layer.get("name", "")), str(layer.get("film", "")), words.number(layer.get("target_nm")),
            words.number(layer.get("read_nm")), words.number(layer.get("rate_mean_nm_s"), 3),
            words.number(layer.get("rate_sd_nm_s"), 3), words.number(layer.get("time_to_band_s")),
            words.number(layer.get("overshoot_percent")), str(layer.get("ended", "")),
        )  # fmt: skip
    return made


def _exposures(exposures: Iterable[Facts]) -> Table:
    made = _table(
        ("step", False),
        ("gas", False),
        ("target\nmbar", True),
        ("peak\nmbar", True),
        ("held", True),
        ("dose\nmbar s", True),
    )
    for one in exposures:
        made.add_row(
            str(one.get("name", "")), str(one.get("gas", "")), words.number(one.get("target_mbar")),
            words.number(one.get("peak_mbar")), words.duration(one.get("hold_s")),
            words.number(one.get("dose_mbar_s"), 0),
        )  # fmt: skip
    return made


def _films(films: Iterable[Facts]) -> Table:
    made = _table(("film", False), ("nm", True), ("basis", False))
    for film in films:
        made.add_row(
            str(film["name"]), words.number(film.get("thickness_nm"), 0), Text(str(film.get("basis", "")), "dim")
        )
    return made


def _happenings(happenings: Iterable[Facts], none: str) -> RenderableType:
    made = _table(("", True), ("", False), ("", False))
    for one in happenings:
        text = Text(f"{one['who']}: " if one["who"] else "", "cyan")
        text.append(one["text"], "default")
        if one["why"]:
            text.append(f" (because {one['why']})", "default")
        made.add_row(_time(one), f"{one['what']} {one['subject']}", text)
    return made if made.row_count else Text(none, "dim")


def _pairs(pairs: Iterable[tuple[str, str]]) -> Table:
    made = _table(("", False), ("", False))
    for name, told in pairs:
        made.add_row(Text(str(name), "dim"), str(told))
    return made


def _time(one: Facts) -> str:
    """Since the run's begin."""
    return words.duration(one["at_s"])
