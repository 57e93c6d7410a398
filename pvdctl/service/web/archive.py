"""The record as the web server reads it: beside its writer, never through the control process.

Everything here may take a second, so it is called in a thread; each call opens the files anew.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.anchoring import standing
from pvdctl.record.reader import RecordReader
from pvdctl.record.story import tell
from pvdctl.record.story_facts import story_facts
from pvdctl.record.verify import verify
from pvdctl.service.answers import RunEntry, Samples, Verdict
from pvdctl.service.call import Turned

USUAL = ("at_s", "rate", "film", "chamber_pressure")
"""Columns of the usual plots, besides the supplies' currents."""


class Archive:
    """One record directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def runs(self, limit: int) -> list[RunEntry]:
        """Newest first. Raises Turned."""
        with self._open() as reader:
            found = reader.runs()[::-1][:limit]
        return [
            RunEntry(
                run.run, run.recipe, run.recipe_version, run.operator, run.sample_id, run.simulated, run.started_utc,
                run.ended_utc, run.duration_s, run.end_state, run.end_reason,
            )
            for run in found
        ]  # fmt: skip

    def story(self, run: str) -> dict[str, Any]:
        """As `pvdctl show --json`. Raises Turned."""
        with self._open() as reader:
            try:
                return story_facts(reader, tell(reader, run))
            except (OperatorError, RecordError) as error:
                raise Turned("not_found", str(error)) from error

    def samples(self, run: str, columns: Collection[str], points: int) -> Samples:
        """Evenly thinned. Raises Turned."""
        with self._open() as reader:
            try:
                found = reader.run(run)
                names = [name for name, _ in found.columns]
                wanted = list(columns) or [n for n in names if n in USUAL or n.endswith("_current")]
                if "at_s" not in wanted:
                    wanted.insert(0, "at_s")
                taken = reader.samples(found.run, wanted)
            except (OperatorError, RecordError) as error:
                raise Turned("not_found", str(error)) from error
        count = len(taken["at_s"])
        every = max(1, -(-count // points))
        thinned = {
            name: [value if isfinite(value) else None for value in column[::every]] for name, column in taken.items()
        }
        return Samples(found.run, thinned)

    def verdict(self) -> Verdict:
        """Check the whole record. Raises Turned if there is none."""
        with self._open() as reader:
            found = verify(reader)
        if found.good:
            text = f"{found.events} events and {found.chunks} blocks of samples are what was written."
        else:
            text = " ".join(found.problems)
        return Verdict(found.good, text)

    def standing(self, now: Callable[[], datetime]) -> dict[str, float] | None:
        """How far the record is anchored elsewhere; None while it cannot be read."""
        try:
            with RecordReader.open(self.directory) as reader:
                found = standing(reader)
        except (RecordError, OSError):  # its writer is in the middle of something: looked at again soon
            return None
        return {
            "events": found.events,
            "unwitnessed": found.open_events,
            "oldest_s": round(found.open_s(now()), 1),
        }

    def _open(self) -> RecordReader:
        try:
            return RecordReader.open(self.directory)
        except RecordError as error:
            raise Turned("not_found", str(error)) from error
