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


def told(entries: list[RunEntry] | None, found: list[RunEntry], typed: str, failed: str, limit: int) -> Text:
    """The line above the table: how many there are, or why none.

    entries: all that were read, None before any; found: those that fit `typed`; failed: why they could not be read;
    limit: how many were asked for at most.
    """
    if failed:
        kept = "; below is what was read before" if entries else ""
        return Text(f"✗ the runs cannot be read: {failed}{kept}  (l tries again)", "bold yellow")
    if entries is None:
        return Text("reading the runs …", "dim")
    if not entries:
        return Text("No run is on record here yet. A recipe is started on the screen Recipe.")
    older = ", the newest of them; m reads older ones" if len(entries) >= limit else ""
    if typed.strip():
        return Text(f"{len(found)} of {len(entries)} runs have '{typed.strip()}'{older}; Esc shows all", "bold")
    return Text(f"{len(entries)} run{'s' if len(entries) != 1 else ''}, newest first{older}")


def _text(entry: RunEntry) -> str:
    said = (
        entry.run, entry.recipe, entry.operator, entry.sample_id, entry.end_state, entry.end_reason,
        when(entry.started_utc), "simulated" if entry.simulated else "real",
    )  # fmt: skip
    return " ".join(said).lower()
