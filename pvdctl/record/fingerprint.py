"""The fingerprint of a run, and whether its samples are those that the log vouches for."""

import hashlib
import sqlite3

from pvdctl.errors import RecordError
from pvdctl.record.database import explain
from pvdctl.record.event import Facts, core_of
from pvdctl.record.reader import RecordReader, Run


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
    vouched: dict[int, Facts] = {
        event.data["number"]: event.data for event in reader.events(run.run, ("sample_chunk",)) if event.data
    }
    problems = []
    try:
        blocks = reader.sample_file.execute(
            "SELECT number, rows, first_at_s, last_at_s, sha256, data FROM chunk WHERE run = ? ORDER BY number",
            (run.run,),
        )
        for number, rows, first_at_s, last_at_s, kept, data in blocks:
            wanted = vouched.pop(number, None)
            digest = hashlib.sha256(data).digest()
            if wanted is None:
                if run.last_seq is not None:  # else its event may be on the way
                    problems.append(f"samples {number} of run {run.run} are not in the log: they were added later.")
            elif digest.hex() != wanted["sha256"] or kept != digest:
                problems.append(
                    f"samples {number} of run {run.run} do not fit their hash in the log: they were changed."
                )
            elif (rows, first_at_s, last_at_s) != (wanted["rows"], wanted["first_at_s"], wanted["last_at_s"]):
                problems.append(
                    f"samples {number} of run {run.run} are filed under other times than the log says: {rows} rows, "
                    f"{first_at_s:g} s to {last_at_s:g} s. They were changed."
                )
    except sqlite3.Error as error:
        return [f"samples in {reader.directory} cannot be read: {explain(error)}"]
    problems += [f"samples {number} of run {run.run} are missing: they were deleted." for number in vouched]
    return problems
