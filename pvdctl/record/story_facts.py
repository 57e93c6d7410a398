"""The story of a run as plain data: what `pvdctl show --json` prints and the service hands out."""

from dataclasses import asdict

from pvdctl.record.event import Facts
from pvdctl.record.fingerprint import run_sha256
from pvdctl.record.proof import signatures_of
from pvdctl.record.reader import RecordReader, Run
from pvdctl.record.story import Story


def run_header(run: Run) -> Facts:
    """A run's facts, without the full texts."""
    facts = asdict(run)
    for key in ("start", "result", "first_seq", "last_seq"):
        del facts[key]
    return facts


def story_facts(reader: RecordReader, story: Story) -> Facts:
    """The whole story. Its `record_sha256` is null while the run has no end. Raises RecordError."""
    run = story.run
    facts = asdict(story)
    facts["run"] = run_header(run)
    facts["record_sha256"] = run_sha256(reader, run.run) if run.last_seq is not None else None
    facts["signatures"] = [
        {key: one[key] for key in ("who", "meaning", "utc", "reason")} for one in signatures_of(reader, run)
    ]
    for key in ("identities", "versions", "note"):
        facts[key] = run.start.get(key)
    facts["result"] = run.result
    return facts
