"""What vouches for a run: checked now, and written into every report and export of it.

The run's events are hashed anew and led through the log's tree to its newest signed checkpoint, the samples are
compared with the hashes in those events, the signatures with the run's fingerprint. Only this run is read, so it takes
as long for the thousandth run of a record as for the first; `pvdctl audit verify` checks the whole record.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from pvdctl.errors import RecordError
from pvdctl.record.anchoring import WITNESSED_FILE
from pvdctl.record.anchors import read_checkpoints
from pvdctl.record.cosigned import cosignatures
from pvdctl.record.database import Transaction, explain
from pvdctl.record.event import Facts, Recorded
from pvdctl.record.fingerprint import run_sha256, sample_problems
from pvdctl.record.keys import record_id_of
from pvdctl.record.log import newest_checkpoint, rows_from, stored_tree
from pvdctl.record.note import Checkpoint, PublicKey, encode
from pvdctl.record.reader import RecordReader, Run
from pvdctl.record.tree import leaf_hash, root_from
from pvdctl.record.verify import key_of


def proof_of(reader: RecordReader, run: Run, witness_keys: Sequence[PublicKey] = ()) -> Facts:
    """The proof of a run's integrity, as plain facts. witness_keys: with which cosignatures are checked.

    verified: true, false, or null while the run has no end. problems: sentences, none if it holds. record_sha256: the
    run's fingerprint, empty where it has none. first_seq, last_seq, events: its place in the log. record, key: whose
    log, and the public key. checkpoint: the signed note, over `size` events; inclusion: the hashes (base64) that lead
    from the run's events to its root. cosigned: for each witness that vouches for the whole run its name, the events
    under its checkpoint and the Unix time at which it saw them, null where its key was not given and so nothing was
    checked. awaited: witnesses whose keys were given and who have not cosigned the run.
    """
    facts: Facts = {
        "verified": None,
        "problems": [],
        "record_sha256": "",
        "first_seq": run.first_seq,
        "last_seq": run.last_seq,
    }
    try:
        with Transaction(reader.event_file, "DEFERRED"):  # everything as of one moment
            problems = sample_problems(reader, run)
            if run.last_seq is not None:
                problems += _in_log(reader, run, run.last_seq, facts, witness_keys)
        if run.last_seq is not None and not problems:
            facts["record_sha256"] = run_sha256(reader, run.run)
            problems += _signature_problems(reader, run, facts["record_sha256"])
    except sqlite3.Error as error:
        problems = [f"record {reader.directory} cannot be read: {explain(error)}"]
    except RecordError as error:
        problems = [str(error)]
    facts["problems"] = problems
    if problems:
        facts["verified"] = False
    elif run.last_seq is not None:
        facts["verified"] = True
    return facts


def signatures_of(reader: RecordReader, run: Run) -> list[Facts]:
    """Who has signed the run, oldest first: `who`, `meaning`, `utc`, `reason`, `seq`."""
    return [_signature(event) for event in reader.signatures(run.run)]


def _signature(event: Recorded) -> Facts:
    meaning = (event.data or {}).get("meaning", "")
    return {"who": event.actor, "meaning": meaning, "utc": event.utc, "reason": event.why, "seq": event.seq}


def _in_log(
    reader: RecordReader, run: Run, last_seq: int, facts: Facts, witness_keys: Sequence[PublicKey]
) -> list[str]:
    """Lead the run's events to the newest checkpoint; adds to `facts` what somebody needs to do the same."""
    key = key_of(reader)
    note = newest_checkpoint(reader.event_file, last_seq)
    if note is None:
        return [f"no checkpoint covers event {last_seq}: the end of the run is not signed."]
    checkpoint = Checkpoint.read(note)
    leaves = {seq: leaf_hash(body.encode()) for seq, body in rows_from(reader.event_file, run.first_seq, last_seq)}
    if len(leaves) != last_seq - run.first_seq + 1:
        return [f"events of run {run.run} are missing: they were deleted."]
    tree = stored_tree(reader.event_file)
    inclusion = tree.inclusion(sorted(leaves), checkpoint.size)
    kept = read_checkpoints(reader.directory / WITNESSED_FILE)
    cosigned, problems = cosignatures(kept, checkpoint, last_seq, witness_keys, tree)
    facts |= {
        "events": len(leaves),
        "record": checkpoint.origin,
        "key": str(key),
        "checkpoint": note,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "inclusion": [encode(part) for part in inclusion],
        "cosigned": [asdict(one) for one in cosigned],
        "awaited": sorted({each.name for each in witness_keys} - {one.witness for one in cosigned}),
    }
    return problems + _checkpoint_problems(reader, checkpoint, key, root_from(leaves, inclusion, checkpoint.size))


def _checkpoint_problems(reader: RecordReader, checkpoint: Checkpoint, key: PublicKey, root: bytes) -> list[str]:
    problems = []
    if not checkpoint.signed_by(key):
        problems.append(
            f"the checkpoint at event {checkpoint.size} does not bear the signature of key {key.key_id.hex()}."
        )
    if root != checkpoint.root:
        problems.append(
            f"the events are not those under the checkpoint at event {checkpoint.size}: at least one was changed, "
            "added or taken away."
        )
    if reader.record_id() != record_id_of(key):
        problems.append("the log is not that of the key beside it: files of two records were exchanged.")
    return problems


def _signature_problems(reader: RecordReader, run: Run, fingerprint: str) -> list[str]:
    return [
        f"the signature of {event.actor} at event {event.seq} is that of another version of the run."
        for event in reader.signatures(run.run)
        if (event.data or {}).get("record_sha256") != fingerprint
    ]
