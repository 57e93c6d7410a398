#!/usr/bin/env python3
"""Checks a bundle of pvdctl without pvdctl: standard library and `cryptography` only. One file, to be read in full.

    python verify_standalone.py BUNDLE.zip [--key LINE_OR_FILE]... [--anchor FILE]...

What is proved, in this order:
  1. the checkpoint is signed by the record's key (Ed25519 over its text)
  2. the events in the bundle are leaves of the tree whose root the checkpoint names (RFC 6962 hashes)
  3. they are all events of the run from its first to its last, none missing between
  4. every block of samples has the SHA-256 that an event gives it
  5. every signature under the run names the fingerprint of these events
  6. cosignatures: a witness had seen the checkpoint at that time; anchors: a copy kept elsewhere says the same
Without --key the key in the bundle is believed, and all that is proved is that nothing was changed by somebody who
does not have the record's private key. Exit code 0: all holds. 1: it does not. 2: not a bundle.
"""

import argparse
import base64
import hashlib
import json
import lzma
import sys
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOT_A_BUNDLE = (
    OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError,  # from zipfile, also if encrypted
    KeyError, ValueError, TypeError, AttributeError, IndexError,  # contents of another shape
)  # fmt: skip


class Wrong(Exception):
    """Something does not hold; the text says what."""


def need(condition: object, text: str) -> None:
    """Raise Wrong unless the condition holds."""
    if not condition:
        raise Wrong(text)


# -- keys and signed notes: c2sp.org/signed-note, c2sp.org/tlog-cosignature --------------------------------------------


def read_key(line: str) -> tuple[str, bytes, int, bytes]:
    """`name+id+base64(type || key)` as name, id, type, key; the id is that of the key."""
    name, key_id, coded = line.strip().split("+", 2)
    raw = base64.b64decode(coded, validate=True)
    found = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    need(found.hex() == key_id, f"key of {name}: its id {key_id} should be {found.hex()}")
    return name, found, raw[0], raw[1:]


def good(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the Ed25519 signature is right."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def read_note(note: str) -> tuple[str, str, int, bytes, list[tuple[str, bytes]]]:
    """A checkpoint as signed text, origin, size, root, and signatures as (name, bytes)."""
    at = note.rindex("\n\n")
    text, below = note[: at + 1], note[at + 2 :]
    origin, size, root = text.split("\n")[:3]
    lines = [line.removeprefix("\N{EM DASH} ").rpartition(" ") for line in below.splitlines()]
    signatures = [(name, base64.b64decode(coded, validate=True)) for name, _, coded in lines]
    return text, origin, int(size), base64.b64decode(root, validate=True), signatures


def check_signatures(note: str, keys: list[tuple[str, bytes, int, bytes]]) -> tuple[bool, list[str]]:
    """Whether the log's own signature is there and right; and which witnesses had seen the note, when."""
    text, origin, _, _, signatures = read_note(note)
    own, seen = False, []
    for name, key_id, kind, key in keys:
        for signer, raw in signatures:
            if signer != name or raw[:4] != key_id:
                continue
            if kind == 1 and name == origin and good(key, raw[4:], text.encode()):
                own = True
            if kind == 4 and len(raw) == 4 + 8 + 64:
                unix_s = int.from_bytes(raw[4:12], "big")
                if good(key, raw[12:], f"cosignature/v1\ntime {unix_s}\n{text}".encode()):
                    seen.append(f"{name} at {datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S} UTC")
    return own, seen


# -- the tree: RFC 6962 section 2.1 ----------------------------------------------------------------------------------


def root_of(leaves: dict[int, bytes], proof: list[bytes], size: int) -> bytes:
    """Root over `size` events. leaves: hashes of those we have, by place from 0. proof: all other subtrees, from left.

    A subtree that holds none of our events is one hash of the proof; one that holds some is cut at the largest power
    of two below its size.
    """
    wanted = iter(proof)

    def node(begin: int, end: int, inside: list[int]) -> bytes:
        if not inside:
            return next(wanted)
        if end - begin == 1:
            return leaves[begin]
        middle = begin + 1
        while middle - begin < (end - begin + 1) // 2:
            middle += middle - begin
        left = node(begin, middle, [place for place in inside if place < middle])
        right = node(middle, end, [place for place in inside if place >= middle])
        return hashlib.sha256(b"\x01" + left + right).digest()

    try:
        root = node(0, size, sorted(leaves))
    except StopIteration:
        raise Wrong("the proof has too few hashes") from None
    need(next(wanted, None) is None, "the proof has too many hashes")
    return root


# -- the bundle ------------------------------------------------------------------------------------------------------


def check(path: Path, given: list[str], anchors: list[Path]) -> list[str]:
    """Everything; returns what can be said of the bundle. Raises Wrong."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        need(len(names) == len(set(names)), "two files of one name")
        files = {name: archive.read(name) for name in names}
    facts = json.loads(files["bundle.json"])
    need(facts["format"] == "pvdctl.bundle/1", f"format {facts['format']} is not known here")
    keys = [read_key(line) for line in given]
    known = {key[0] for key in keys}
    keys += [key for key in map(read_key, files["keys.txt"].decode().splitlines()) if key[0] not in known]
    note = files["checkpoint.txt"].decode()
    _, origin, size, root, _ = read_note(note)
    own, seen = check_signatures(note, keys)
    need(own, f"the checkpoint is not signed by the key of {origin}")

    bodies = files["events.jsonl"].split(b"\n")[:-1]
    events = [json.loads(body) for body in bodies]
    places = [event["stamp"]["seq"] for event in events]
    need(places == sorted(set(places)) and places[0] >= 1 and places[-1] <= size, "events twice or out of order")
    leaves = {seq - 1: hashlib.sha256(b"\x00" + body).digest() for seq, body in zip(places, bodies, strict=True)}
    proof = [base64.b64decode(part, validate=True) for part in facts["proof"]]
    need(all(len(part) == 32 for part in proof), "a hash of the proof is not 32 bytes long")
    need(root_of(leaves, proof, size) == root, f"the events are not those under the checkpoint at event {size}")

    run, first, last = facts["run"], facts["first_seq"], facts["last_seq"]
    by_place = dict(zip(places, events, strict=True))
    need(set(range(first, last + 1)) <= by_place.keys(), "events of the run are missing")
    need(1 in by_place and f"pvdctl/{by_place[1]['event']['data']['record_id']}" == origin, "another record's event 1")
    for place, kind in ((first, "run_start"), (last, "run_end")):
        event = by_place[place]
        need(event["event"]["kind"] == kind and event["stamp"].get("run") == run, f"event {place} is not its {kind}")

    fingerprint, blocks = hashlib.sha256(), {}
    for seq, body in zip(places, bodies, strict=True):
        event = by_place[seq]["event"]
        if first <= seq <= last and by_place[seq]["stamp"].get("run") == run:
            fingerprint.update(body[len(b'{"event":') : body.rindex(b',"stamp":')] + b"\n")
            if event["kind"] == "sample_chunk":
                blocks[f"samples/{event['data']['number']:06d}.bin"] = event["data"]["sha256"]
    stored = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name.startswith("samples/")}
    for name in sorted(stored.keys() | blocks.keys()):
        need(stored.get(name) == blocks.get(name), f"{name} is not the one that the events vouch for")
    need(fingerprint.hexdigest() == facts["record_sha256"], "the fingerprint in bundle.json is not that of the events")

    start = by_place[first]["event"]["data"]
    said = [
        f"run {run}{' SIMULATED' if start['simulated'] else ''}, recipe {start['recipe']['name']}, "
        f"by {start['operator']}, ended {by_place[last]['event']['data']['end_state']}",
        f"events {first} to {last} of record {origin}, {len(blocks)} blocks of samples, checkpoint at event {size}",
        f"fingerprint {fingerprint.hexdigest()}",
    ]
    for event in events:
        what = event["event"]
        if what["kind"] == "signature" and what["subject"] == run:
            need(what["data"]["record_sha256"] == fingerprint.hexdigest(), "a signature is not under these events")
            said.append(f"{what['data']['meaning']} by {what['actor']} at {event['stamp']['utc']}: {what['why']}")
    said += [f"cosigned by {line}" for line in seen] or ["no witness has cosigned the checkpoint"]
    for anchor in anchors:
        said.append(f"{anchor}: {check_anchor(anchor, origin, size, root)}")
    for name, key_id, _, _ in keys:
        said.append(
            f"key {key_id.hex()} of {name}: {'given' if name in known else 'believed, it came with the bundle'}"
        )
    return said


def check_anchor(path: Path, origin: str, size: int, root: bytes) -> str:
    """Compare with checkpoints kept in a file, one JSON object per line."""
    same = 0
    for line in path.read_text().splitlines():
        _, other, at, kept, _ = read_note(json.loads(line)["note"])
        if (other, at) == (origin, size):
            need(kept == root, f"{path} keeps another root for event {size}: the record was rewritten")
            same += 1
    return f"keeps the same checkpoint at event {size}" if same else f"keeps no checkpoint at event {size}"


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Check a bundle of pvdctl.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", action="append", default=[], help="public key you trust: the line, or a file of lines")
    parser.add_argument("--anchor", action="append", default=[], type=Path, help="file of checkpoints kept elsewhere")
    wish = parser.parse_args()
    try:
        given = [
            line
            for key in wish.key
            for line in (Path(key).read_text().splitlines() if "+" not in key else [key])
            if line.strip()
        ]
        for line in check(wish.bundle, given, wish.anchor):
            print("".join(sign if sign.isprintable() else "?" for sign in line))
    except Wrong as error:
        print(f"DOES NOT HOLD: {error}")
        return 1
    except NOT_A_BUNDLE as error:
        print(f"{wish.bundle} is not a bundle, or a damaged one: {error!r}")
        return 2
    print("HOLDS")
    return 0


if __name__ == "__main__":
    sys.exit(main())
