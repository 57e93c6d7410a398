"""Whether a record is still what was written, and the fingerprint of a run."""

import hashlib
import sqlite3
from dataclasses import dataclass

from pvdctl.errors import RecordError
from pvdctl.record.database import explain
from pvdctl.record.event import core_of
from pvdctl.record.log import verify_chain
from pvdctl.record.reader import RecordReader, Run


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. events: checked. chunks: blocks of samples checked. problems: sentences, none if good.

    bad_seq: the first event that does not fit, or None.
    """

    events: int
    chunks: int
    problems: tuple[str, ...]
    bad_seq: int | None = None

    @property
    def good(self) -> bool:
        """Nothing was found."""
        return not self.problems


def verify(reader: RecordReader) -> Verdict:
    """Check everything: the chain over all events, and all blocks of samples against the events vouching for them."""
    try:
        chain = verify_chain(reader.event_file)
        if chain.problem:
            return Verdict(chain.events, 0, (chain.problem,), chain.bad_seq)
        runs = reader.runs()
        problems = [problem for run in runs for problem in sample_problems(reader, run)]
        counted = dict(reader.sample_file.execute("SELECT run, count(*) FROM chunk GROUP BY run").fetchall())
    except sqlite3.Error as error:
        return Verdict(0, 0, (f"record {reader.directory} cannot be read: {explain(error)}",))
    stray = sorted(counted.keys() - {run.run for run in runs})
    problems += [f"samples of run {run} exist, but the log knows no such run." for run in stray]
    return Verdict(chain.events, sum(counted.values()), tuple(problems))


def run_sha256(reader: RecordReader, run_id: str) -> str:
    """The run's fingerprint: SHA-256 over what happened in it, one canonical event per line. Same seed, same value.

    The samples are in it by the hashes of their blocks, and the blocks are read back and compared. Outside of it:
    `WALL_CLOCK_FIELDS` and `PLACE_FIELDS`. Raises RecordError if the run has not ended or a block does not fit.
    """
    run = reader.run(run_id)
    if run.last_seq is None:
        raise RecordError(f"run {run.run} has not ended: its fingerprint exists once it has.")
    whole = hashlib.sha256()
    for text in reader.bodies(run):
        whole.update(core_of(text.encode()) + b"\n")
    problems = sample_problems(reader, run)
    if problems:
        raise RecordError(f"run {run.run} has no fingerprint: {problems[0]}")
    return whole.hexdigest()


def sample_problems(reader: RecordReader, run: Run) -> list[str]:
    """What does not fit between a run's blocks of samples and the log: sentences, none if all is well."""
    vouched = {
        event.data["number"]: event.data["sha256"] for event in reader.events(run.run, ("sample_chunk",)) if event.data
    }
    problems = []
    try:
        blocks = reader.sample_file.execute("SELECT number, data FROM chunk WHERE run = ? ORDER BY number", (run.run,))
        for number, data in blocks:
            wanted = vouched.pop(number, None)
            if wanted is None:
                if run.last_seq is not None:  # else its event may be on the way
                    problems.append(f"samples {number} of run {run.run} are not in the log: they were added later.")
            elif hashlib.sha256(data).hexdigest() != wanted:
                problems.append(
                    f"samples {number} of run {run.run} do not fit their hash in the log: they were changed."
                )
    except sqlite3.Error as error:
        return [f"samples in {reader.directory} cannot be read: {explain(error)}"]
    problems += [f"samples {number} of run {run.run} are missing: they were deleted." for number in vouched]
    return problems
