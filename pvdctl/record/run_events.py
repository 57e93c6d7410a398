"""What must be right before a run begins, and the event of a signature under one that has ended."""

import hashlib
from collections.abc import Sequence
from typing import Literal

from pvdctl.errors import Bug
from pvdctl.record.event import Event
from pvdctl.record.reader import Run

Meaning = Literal["approved", "rejected", "reviewed"]
"""What a signature says about a run."""


def must_be_columns(columns: Sequence[tuple[str, str]]) -> list[str]:
    """The names of sample columns. Raises Bug if two are the same, or one is that of the clock seconds."""
    names = [name for name, _ in columns]
    if len({"at_s", *names}) != len(names) + 1:
        raise Bug(f"sample columns must have different names, and none may be 'at_s': {', '.join(names)}")
    return names


def must_be_the_text(what: str, text: str, sha256: str) -> None:
    """Raise Bug unless this SHA-256 is that of the text, so that the record holds what was really used."""
    found = hashlib.sha256(text.encode()).hexdigest()
    if found != sha256:
        raise Bug(f"the {what}'s text has SHA-256 {found}, but {sha256} was given: record the text that was read")


def signature_event(run: Run, meaning: Meaning, sha256: str, reason: str, actor: str, at_s: float) -> Event:
    """Who says what about which version of a run, and why. sha256: the run's fingerprint."""
    return Event(
        "signature",
        run.run,
        f"run {run.run} is {meaning} by {actor}",
        actor=actor,
        why=reason,
        data={
            "meaning": meaning,
            "record_sha256": sha256,
            "first_seq": run.first_seq,
            "last_seq": run.last_seq,
            "simulated": run.simulated,
        },
        at_s=at_s,
    )
