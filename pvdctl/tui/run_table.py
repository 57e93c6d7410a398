"""Runs as rows of a table, and which of them fit what was typed."""

from collections.abc import Iterable

from rich.text import Text

from pvdctl.service.answers import RunEntry
from pvdctl.tui import words
from pvdctl.tui.rows import Column
from pvdctl.tui.story_words import end, mark, when

WIDE = 110
"""From this many characters on there is room for when it began and why it ended."""
NARROW_COLUMNS = (
    Column("ended", 12), Column("run", 0), Column("sample", 8), Column("operator", 10), Column("took", 8, True),
    Column("", 9),
)  # fmt: skip
WIDE_COLUMNS = (
    Column("ended", 12), Column("run", 26), Column("began, UTC", 16), Column("sample", 12), Column("operator", 12),
    Column("took", 8, True), Column("", 9), Column("why", 0),
)  # fmt: skip


def columns(width: int) -> tuple[Column, ...]:
    """As many as there is room for."""
    return WIDE_COLUMNS if width >= WIDE else NARROW_COLUMNS


def row(entry: RunEntry, going_on: bool, width: int) -> tuple[Text, ...]:
    """The cells of a run."""
    ended = end(entry.end_state, going_on)
    took = "" if going_on else words.duration(entry.duration_s)
    run, sample, operator = Text(entry.run), Text(entry.sample_id), Text(entry.operator)
    if width < WIDE:
        return ended, run, sample, operator, Text(took), mark(entry.simulated)
    began = Text(when(entry.started_utc))
    return ended, run, began, sample, operator, Text(took), mark(entry.simulated), Text(entry.end_reason, "dim")


def fitting(entries: Iterable[RunEntry], typed: str) -> list[RunEntry]:
    """Those in which each typed word is found, whatever its case."""
    wanted = typed.lower().split()
    return [entry for entry in entries if all(word in _text(entry) for word in wanted)]


def _text(entry: RunEntry) -> str:
    said = (
        entry.run, entry.recipe, entry.operator, entry.sample_id, entry.end_state, entry.end_reason,
        when(entry.started_utc), "simulated" if entry.simulated else "real",
    )  # fmt: skip
    return " ".join(said).lower()
