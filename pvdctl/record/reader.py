"""Reading a record: runs, events, samples.

Works beside a writer and after a crash; writes nothing, so it never disturbs the one or hides the other.
"""

import difflib
import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pvdctl.errors import OperatorError, RecordError
from pvdctl.record import log, samples
from pvdctl.record.chunk import Column, by_column, unpack
from pvdctl.record.database import Transaction, explain, open_reader
from pvdctl.record.event import Facts, Recorded, read
from pvdctl.record.log import rows_from

UNFINISHED = "unfinished"
"""End state shown for a run that has none: it is going on, or its program ended without a word."""

INTERRUPTED = "Interrupted"
"""End state given, when the record is next opened, to a run whose program ended without a word."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run in a list of runs.

    started_utc, ended_utc: ISO 8601; ended_utc is empty while unfinished. duration_s: of clock seconds (virtual ones
    in a simulation), None while unfinished. first_seq, last_seq: its place in the log (last None while unfinished).
    start, result: the data of its first event and what `end_run` was given.
    """

    run: str
    recipe: str
    recipe_version: str
    recipe_sha256: str
    chamber: str
    operator: str
    sample_id: str
    simulated: bool
    seed: int | None
    started_utc: str
    ended_utc: str
    duration_s: float | None
    end_state: str
    end_reason: str
    first_seq: int
    last_seq: int | None
    start: Facts
    result: Facts

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Name and unit of each sample column, `at_s` first."""
        return [("at_s", "s"), *((str(name), str(unit)) for name, unit in self.start["columns"])]


class RecordReader:
    """Questions to a record directory."""

    def __init__(self, events: sqlite3.Connection, sampled: sqlite3.Connection, directory: Path) -> None:
        """For the record's writer, which lends its connections; everybody else calls `open`."""
        self.directory = directory
        self.event_file = events
        self.sample_file = sampled

    @classmethod
    def open(cls, directory: Path) -> "RecordReader":
        """Open for reading. Raises RecordError if there is no record or it cannot be read."""
        events = open_reader(directory / log.FILE, log.SHAPE)
        try:
            return cls(events, open_reader(directory / samples.FILE, samples.SHAPE), directory)
        except RecordError:
            events.close()
            raise

    def close(self) -> None:
        """Close both files."""
        self.event_file.close()
        self.sample_file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    # -- runs ----------------------------------------------------------------------------------------------------

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        ends = {end.run: end for end in self._edges("run_end")}
        return [_run(start, ends.get(start.run)) for start in self._edges("run_start")]

    def run(self, name: str) -> Run:
        """The run with this id; `last` is the newest, and a part of an id will do if it fits one run only.

        Raises OperatorError naming what there is.
        """
        runs = self.runs()
        if not runs:
            raise OperatorError(f"there is no run in {self.directory} yet.")
        if name == "last":
            return runs[-1]
        fitting = [run for run in runs if run.run == name] or [run for run in runs if name in run.run]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise OperatorError(
                f"'{name}' fits {len(fitting)} runs: {', '.join(run.run for run in fitting[-5:])}. Name one."
            )
        names = [run.run for run in runs]
        near = difflib.get_close_matches(name, names, 3, 0.5) or names[-3:]
        raise OperatorError(f"there is no run '{name}' in {self.directory}. There is: {', '.join(near)}.")

    def _edges(self, kind: str) -> Iterator[Recorded]:
        """First or last events of runs, or signatures."""
        rows = self._ask(
            f"SELECT body FROM event WHERE {log.LANDMARKS}"  # noqa: S608 - a constant
            " AND json_extract(body, '$.event.kind') = ? ORDER BY seq",
            (kind,),
        )
        return (read(text) for (text,) in rows)

    def _ask(self, question: str, values: Sequence[object]) -> list[tuple[str]]:
        try:
            return self.event_file.execute(question, values).fetchall()
        except sqlite3.Error as error:
            raise RecordError(f"record {self.directory} cannot be read: {explain(error)}") from error

    # -- events --------------------------------------------------------------------------------------------------

    def events(self, run: str, kinds: Sequence[str] = ()) -> list[Recorded]:
        """The events of a run in order, all or of some kinds."""
        bodies = self.bodies(self.run(run))
        if not kinds:
            return [read(text) for text in bodies]
        marks = [f'"kind":"{kind}"' for kind in kinds]  # reading every text costs 5 us, looking for a word 0.2
        likely = (read(text) for text in bodies if any(mark in text for mark in marks))
        return [event for event in likely if event.kind in kinds]

    def signatures(self, run: str = "") -> list[Recorded]:
        """Signatures in order, all or those given to one run."""
        return [event for event in self._edges("signature") if not run or event.subject == run]

    def record_id(self) -> str | None:
        """The record's own name, from its first event; None while there is no event."""
        rows = self._ask("SELECT body FROM event WHERE seq = ?", (1,))
        return str((read(rows[0][0]).data or {}).get("record_id", "")) if rows else None

    def bodies(self, run: Run) -> Iterator[str]:
        """The events of a run as they were written, in order. Raises RecordError."""
        last = run.last_seq if run.last_seq is not None else 2**62
        mark = f'"run":"{run.run}"'
        try:
            for _, text in rows_from(self.event_file, run.first_seq, last):
                if mark in text:  # what the chamber did besides, such as a boot, is no part of the run
                    yield text
        except sqlite3.Error as error:
            raise RecordError(f"record {self.directory} cannot be read: {explain(error)}") from error

    def layers(self, run: str) -> list[Facts]:
        """The layers made: from the result if there is one (with what only a simulation knows), else as they ended."""
        return self._rows(run, "layers", "layer")

    def exposures(self, run: str) -> list[Facts]:
        """The gas doses given, as `layers`."""
        return self._rows(run, "exposures", "exposure")

    def _rows(self, run: str, key: str, kind: str) -> list[Facts]:
        in_result = self.run(run).result.get(key)
        if in_result:
            return list(in_result)
        return [event.data for event in self.events(run, (kind,)) if event.data]

    # -- samples -------------------------------------------------------------------------------------------------

    def samples(self, run: str, columns: Sequence[str] | None = None) -> dict[str, Column]:
        """The samples of a run by column, `at_s` included; NaN where nothing was known.

        Of a run going on, up to about a second ago. Raises OperatorError for a column the run does not have,
        RecordError if the samples are damaged.
        """
        found = self.run(run)
        names = [name for name, _ in found.columns]
        wanted = list(columns) if columns is not None else names
        for name in wanted:
            if name not in names:
                near = difflib.get_close_matches(name, names, 3, 0.5) or names
                raise OperatorError(f"run {found.run} has no column '{name}'. There is: {', '.join(near)}.")
        numbers = [names.index(name) for name in wanted]
        result = [array("d") for _ in numbers]
        try:
            with Transaction(self.sample_file, "DEFERRED"):  # blocks and tail as of one moment
                blocks = self.sample_file.execute("SELECT data FROM chunk WHERE run = ? ORDER BY number", (found.run,))
                for (block,) in blocks:
                    for column, part in zip(result, unpack(block, numbers), strict=True):
                        column.extend(part)
                tail = self.sample_file.execute(
                    "SELECT data FROM tail WHERE run = ? ORDER BY id", (found.run,)
                ).fetchall()
        except sqlite3.Error as error:
            raise RecordError(f"samples in {self.directory} cannot be read: {explain(error)}") from error
        rows = b"".join(data for (data,) in tail)
        for column, part in zip(result, by_column(rows, len(names), numbers), strict=True):
            column.extend(part)
        return dict(zip(wanted, result, strict=True))


def _run(start: Recorded, end: Recorded | None) -> Run:
    facts = start.data or {}
    ended: Facts = (end.data or {}) if end else {}
    return Run(
        run=start.run,
        recipe=facts["recipe"]["name"],
        recipe_version=facts["recipe"]["version"],
        recipe_sha256=facts["recipe"]["sha256"],
        chamber=facts["chamber"]["name"],
        operator=facts["operator"],
        sample_id=facts.get("sample_id", ""),
        simulated=facts["simulated"],
        seed=facts.get("seed"),
        started_utc=start.utc,
        ended_utc=end.utc if end else "",
        duration_s=end.at_s - start.at_s if end else None,
        end_state=ended.get("end_state", UNFINISHED),
        end_reason=ended.get("end_reason", ""),
        first_seq=start.seq,
        last_seq=end.seq if end else None,
        start=facts,
        result={**ended.get("result", {}), **(end.wall if end else {})},
    )
