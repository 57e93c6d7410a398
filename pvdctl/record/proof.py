"""What vouches for a run: checked now, and written into every report and export of it."""

from pvdctl.errors import RecordError
from pvdctl.record.event import Facts
from pvdctl.record.reader import RecordReader, Run
from pvdctl.record.verify import run_sha256, sample_problems


def proof_of(reader: RecordReader, run: Run) -> tuple[Facts, list[Facts]]:
    """The proof of a run's integrity, and its signatures.

    The proof holds `verified` (true, false), `problems` (sentences), `record_sha256` (the run's fingerprint, empty
    while it goes on or where it does not hold) and the place in the log.
    """
    problems = sample_problems(reader, run)
    fingerprint = ""
    if run.last_seq is not None and not problems:
        try:
            fingerprint = run_sha256(reader, run.run)
        except RecordError as error:
            problems.append(str(error))
    facts: Facts = {
        "verified": not problems,
        "problems": problems,
        "record_sha256": fingerprint,
        "first_seq": run.first_seq,
        "last_seq": run.last_seq,
    }
    return facts, []
