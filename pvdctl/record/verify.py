"""Whether a record is still what was written: log, samples, signatures."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from pvdctl.errors import RecordError
from pvdctl.record.check import check_log
from pvdctl.record.database import explain
from pvdctl.record.fingerprint import run_sha256, sample_problems
from pvdctl.record.keys import PUBLIC_FILE, read_public, record_id_of
from pvdctl.record.note import Checkpoint, PublicKey
from pvdctl.record.reader import RecordReader

__all__ = ["Verdict", "run_sha256", "sample_problems", "verify"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found.

    events: checked. chunks: blocks of samples checked. problems: sentences, none if good. bad_seq: the first event
    that does not fit, or None. covered: events under the last signed checkpoint. anchored: events under the last
    anchor kept elsewhere.
    """

    events: int
    chunks: int
    problems: tuple[str, ...]
    bad_seq: int | None = None
    covered: int = 0
    anchored: int = 0

    @property
    def good(self) -> bool:
        """Nothing was found."""
        return not self.problems


def verify(reader: RecordReader, anchors: Iterable[Checkpoint] = (), key: PublicKey | None = None) -> Verdict:
    """Check everything: all events against tree, checkpoints and anchors; all samples and signatures against the log.

    anchors: checkpoints of this record that were kept elsewhere. key: the record's public key from elsewhere; without
    it the one beside the record is believed.
    """
    try:
        key = key or key_of(reader)
        found = check_log(reader.event_file, key, anchors)
        problem = found.problem or _wrong_record(reader, key)
        if problem:
            return Verdict(found.events, 0, (problem,), found.bad_seq, found.covered, found.anchored)
        runs = reader.runs()
        problems = [problem for run in runs for problem in sample_problems(reader, run)]
        counted = dict(reader.sample_file.execute("SELECT run, count(*) FROM chunk GROUP BY run").fetchall())
        problems += _signature_problems(reader)
    except sqlite3.Error as error:
        return Verdict(0, 0, (f"record {reader.directory} cannot be read: {explain(error)}",))
    except RecordError as error:
        return Verdict(0, 0, (str(error),))
    stray = sorted(counted.keys() - {run.run for run in runs})
    problems += [f"samples of run {run} exist, but the log knows no such run." for run in stray]
    return Verdict(found.events, sum(counted.values()), tuple(problems), None, found.covered, found.anchored)


def key_of(reader: RecordReader) -> PublicKey:
    """The public key that lies beside the record. Raises RecordError if there is none."""
    keys = read_public(reader.directory / PUBLIC_FILE)
    if len(keys) != 1:
        raise RecordError(f"{reader.directory / PUBLIC_FILE} holds {len(keys)} keys, wanted one. Was it edited?")
    return keys[0]


def _wrong_record(reader: RecordReader, key: PublicKey) -> str:
    """Whether the log's first event says that it is the record of this key; empty if so, or if it has no event."""
    record_id = reader.record_id()
    if record_id is None or record_id == record_id_of(key):
        return ""
    return (
        f"the first event says record {record_id}, the key is that of {key.name}: files of two records were exchanged."
    )


def _signature_problems(reader: RecordReader) -> list[str]:
    """Signatures whose run is no longer what was signed."""
    problems = []
    for event in reader.signatures():
        facts = event.data or {}
        try:
            found = run_sha256(reader, event.subject)
        except RecordError:
            continue  # told already, with the samples
        if found != facts.get("record_sha256"):
            problems.append(f"the signature at event {event.seq} is not that of run {event.subject} as it is now.")
    return problems
