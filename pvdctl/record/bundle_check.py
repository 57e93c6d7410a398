"""Checks a bundle: events under the checkpoint, samples and signatures under the events.

Written apart from `verify_standalone.py`, which does the same without pvdctl: two that agree are worth more than one.
"""

import base64
import hashlib
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pvdctl.errors import RecordError
from pvdctl.record.bundle import FORMAT
from pvdctl.record.event import Recorded, core_of, read
from pvdctl.record.keys import record_id_of
from pvdctl.record.note import ED25519, Checkpoint, PublicKey
from pvdctl.record.tree import leaf_hash, root_from

MOST_BYTES = 2 * 2**30
"""Unpacked, more than this is no run: 75 minutes are 10 MB, a day at 10 Hz is 200 MB."""

UNREADABLE = (
    OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError,
    KeyError, ValueError, TypeError, AttributeError,
)  # fmt: skip
"""What a file that is no such archive, or a damaged one, comes to. The first row is zipfile's: damaged contents raise
what their way of packing raises (OSError, EOFError, zlib.error, LZMAError), an encrypted member a RuntimeError, and a
way of packing that it does not know the NotImplementedError below that. JSON nested beyond reason is a RecursionError,
a RuntimeError too. The second row is JSON of another shape."""


@dataclass(frozen=True, slots=True)
class BundleVerdict:
    """What was found. seen: witness and Unix seconds of each good cosignature. problems: sentences, none if good."""

    run: str
    origin: str
    key: str
    record_sha256: str
    size: int
    events: int
    blocks: int
    signatures: tuple[str, ...]
    seen: tuple[tuple[str, int], ...]
    problems: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Nothing was found."""
        return not self.problems


def check_bundle(path: Path, keys: Iterable[PublicKey] = (), anchors: Iterable[Checkpoint] = ()) -> BundleVerdict:
    """Check a bundle. Raises RecordError if the file is none.

    keys: of record and witnesses from elsewhere; those in the bundle are believed where none is given. anchors:
    checkpoints kept elsewhere.
    """
    return check_archive(path, str(path), keys, anchors)


def check_archive(
    archived: Path | BinaryIO, called: str, keys: Iterable[PublicKey], anchors: Iterable[Checkpoint]
) -> BundleVerdict:
    """`check_bundle` for one that may lie in another file. called: its name in messages."""
    try:
        with zipfile.ZipFile(archived) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if len(set(names)) != len(names):
                raise RecordError(f"{called} has two members of one name: it is no bundle of pvdctl.")
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise RecordError(f"{called} unpacks to more than {MOST_BYTES} bytes: it is no bundle of pvdctl.")
            files = {name: archive.read(name) for name in names}
        facts: dict[str, Any] = json.loads(files["bundle.json"])
        if facts["format"] != FORMAT:
            raise RecordError(f"{called} is of the form '{facts['format']}', this pvdctl reads '{FORMAT}'.")
        return _Check(files, facts, list(keys), list(anchors)).run()
    except UNREADABLE as error:
        raise RecordError(f"{called} is no bundle of pvdctl, or a damaged one: {error!r}.") from error


class _Check:
    """One bundle, unpacked."""

    def __init__(
        self, files: dict[str, bytes], facts: dict[str, Any], keys: list[PublicKey], anchors: list[Checkpoint]
    ) -> None:
        self._files, self._facts, self._anchors = files, facts, anchors
        self._checkpoint = Checkpoint.read(files["checkpoint.txt"].decode())
        enclosed = [PublicKey.read(line) for line in files["keys.txt"].decode().splitlines()]
        self._keys = keys + [key for key in enclosed if key.name not in {known.name for known in keys}]
        self._bodies = files["events.jsonl"].split(b"\n")[:-1]
        self._events = [read(body.decode()) for body in self._bodies]
        self._problems: list[str] = []

    def run(self) -> BundleVerdict:
        """See `check_bundle`."""
        facts, checkpoint = self._facts, self._checkpoint
        key = next((key for key in self._keys if key.kind == ED25519 and key.name == checkpoint.origin), None)
        if key is None:
            self._problems.append(f"no public key of {checkpoint.origin} is known.")
        elif not checkpoint.signed_by(key):
            self._problems.append(f"the checkpoint does not bear the signature of key {key.key_id.hex()}.")
        self._tree()
        self._own_words()
        inside = [event for event in self._events if facts["first_seq"] <= event.seq <= facts["last_seq"]]
        found = self._fingerprint(inside)
        blocks = self._samples(inside)
        signatures = self._signatures(found)
        seen = [(other.name, unix_s) for other in self._keys if (unix_s := checkpoint.seen_by(other)) is not None]
        return BundleVerdict(
            run=facts["run"],
            origin=checkpoint.origin,
            key=str(key) if key else "",
            record_sha256=found,
            size=checkpoint.size,
            events=len(self._events),
            blocks=blocks,
            signatures=tuple(signatures),
            seen=tuple(seen),
            problems=tuple(self._problems),
        )

    def _tree(self) -> None:
        """The events lead to the checkpoint's root, and anchors do not say otherwise."""
        checkpoint = self._checkpoint
        leaves = {event.seq: leaf_hash(body) for event, body in zip(self._events, self._bodies, strict=True)}
        if len(leaves) != len(self._events) or sorted(leaves) != [event.seq for event in self._events]:
            self._problems.append("events stand twice or out of order.")
        try:
            proof = [_hash(text) for text in self._facts["proof"]]
            if root_from(leaves, proof, checkpoint.size) != checkpoint.root:
                self._problems.append(
                    f"the events are not those under the checkpoint at event {checkpoint.size}: at least one was "
                    "changed, added or taken away."
                )
        except ValueError as error:
            self._problems.append(f"the proof does not lead to the checkpoint at event {checkpoint.size}: {error}.")
        for anchor in self._anchors:
            if anchor.origin != checkpoint.origin:
                self._problems.append(f"an anchor is of {anchor.origin}, the bundle of {checkpoint.origin}.")
            elif anchor.size == checkpoint.size and anchor.root != checkpoint.root:
                self._problems.append(f"the anchor at event {anchor.size} is of another log: this one was rewritten.")

    def _own_words(self) -> None:
        """What bundle.json says is what the events say."""
        facts, by_seq = self._facts, {event.seq: event for event in self._events}
        first, last, zero = by_seq.get(facts["first_seq"]), by_seq.get(facts["last_seq"]), by_seq.get(1)
        if zero is None or (zero.data or {}).get("record_id") != record_id_of_name(self._checkpoint.origin):
            self._problems.append("the record's first event is not here, or is another record's.")
        if first is None or (first.kind, first.run) != ("run_start", facts["run"]):
            self._problems.append(f"event {facts['first_seq']} is not the beginning of run {facts['run']}.")
        if last is None or (last.kind, last.run) != ("run_end", facts["run"]):
            self._problems.append(f"event {facts['last_seq']} is not the end of run {facts['run']}.")
        missing = [seq for seq in range(facts["first_seq"], facts["last_seq"] + 1) if seq not in by_seq]
        if missing:
            self._problems.append(f"event {missing[0]} of the run is missing, and {len(missing) - 1} more.")

    def _fingerprint(self, inside: list[Recorded]) -> str:
        whole = hashlib.sha256()
        mine = {event.seq for event in inside if event.run == self._facts["run"]}
        for event, body in zip(self._events, self._bodies, strict=True):
            if event.seq in mine:
                whole.update(core_of(body) + b"\n")
        if whole.hexdigest() != self._facts["record_sha256"]:
            self._problems.append("the fingerprint in bundle.json is not that of the events.")
        return whole.hexdigest()

    def _samples(self, inside: list[Recorded]) -> int:
        """Every block is vouched for, and every block vouched for is here."""
        left = {name: data for name, data in self._files.items() if name.startswith("samples/")}
        count = 0
        for event in inside:
            if event.kind != "sample_chunk" or event.run != self._facts["run"] or not event.data:
                continue
            name = f"samples/{event.data['number']:06d}.bin"
            data = left.pop(name, None)
            count += 1
            if data is None:
                self._problems.append(f"{name} is missing.")
            elif hashlib.sha256(data).hexdigest() != event.data["sha256"]:
                self._problems.append(f"{name} is not what event {event.seq} vouches for: it was changed.")
        self._problems += [f"{name} is not vouched for by any event: it was added." for name in left]
        return count

    def _signatures(self, found: str) -> list[str]:
        """Signatures under the run, as sentences."""
        signatures = []
        for event in self._events:
            if event.kind != "signature" or event.subject != self._facts["run"]:
                continue
            data = event.data or {}
            if data.get("record_sha256") != found:
                self._problems.append(f"the signature at event {event.seq} is that of another version of the run.")
            signatures.append(f"{data.get('meaning')} by {event.actor} at {event.utc}: {event.why}")
        return signatures


def record_id_of_name(origin: str) -> str:
    """The record's id in a checkpoint's origin."""
    return record_id_of(PublicKey(origin, ED25519, bytes(32)))


def _hash(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("a hash of the proof is no text")
    return base64.b64decode(text, validate=True)
