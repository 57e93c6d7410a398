"""Who outside vouches for a run: the cosignatures of witnesses, as far as they can be checked where this is asked.

They are read from beside the record, so a name alone proves nothing; with the witness's public key from elsewhere its
cosignature does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pvdctl.record.note import Checkpoint, PublicKey
from pvdctl.record.tree import StoredTree, extends


@dataclass(frozen=True, slots=True)
class Cosignature:
    """Of one witness. size: events under the checkpoint it cosigned. unix_s: when; None where its key was not given."""

    witness: str
    size: int
    unix_s: int | None


def cosignatures(
    kept: Sequence[Checkpoint], newest: Checkpoint, last_seq: int, keys: Sequence[PublicKey], tree: StoredTree
) -> tuple[list[Cosignature], list[str]]:
    """The newest cosignature of each witness that covers event `last_seq`, and sentences on those that do not hold.

    kept: checkpoints known to be cosigned, oldest first. newest: the record's own, whose events have been checked.
    keys: of witnesses, from elsewhere.
    """
    by_witness: dict[str, Checkpoint] = {}
    for checkpoint in kept:
        if checkpoint.origin == newest.origin and checkpoint.size >= last_seq:
            by_witness.update(dict.fromkeys(set(checkpoint.signers) - {newest.origin}, checkpoint))
    given = {key.name: key for key in keys}
    found: list[Cosignature] = []
    problems: list[str] = []
    for name, checkpoint in sorted(by_witness.items()):
        key = given.get(name)
        if key is None:
            found.append(Cosignature(name, checkpoint.size, None))
            continue
        unix_s = checkpoint.seen_by(key)
        if unix_s is None:
            problems.append(
                f"the cosignature of {name} at event {checkpoint.size} is not that of the key you gave "
                f"({key.key_id.hex()})."
            )
        elif not _begins_with(newest, checkpoint, tree):
            problems.append(
                f"witness {name} has seen other events up to {checkpoint.size} than this record holds: it was "
                "rewritten, or its end was cut off."
            )
        else:
            found.append(Cosignature(name, checkpoint.size, unix_s))
    return found, problems


def _begins_with(newest: Checkpoint, checkpoint: Checkpoint, tree: StoredTree) -> bool:
    """Whether the log under `newest` begins with the one under `checkpoint`."""
    if checkpoint.size > newest.size:
        return False
    proof = tree.consistency(checkpoint.size, newest.size)
    return extends(checkpoint.size, checkpoint.root, newest.size, newest.root, proof)
