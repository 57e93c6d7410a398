"""Whether the event log is what was written: rows against the tree, the tree against checkpoints and anchors.

An anchor is a checkpoint that was kept elsewhere. Up to the last anchor nothing can be changed without being found,
whoever tries; after it, up to the last checkpoint, not without the record's private key. See docs/evidence.md.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pvdctl.errors import RecordError
from pvdctl.record.event import read
from pvdctl.record.log import CHECKPOINT_AT, CHECKPOINT_EVENTS, LANDMARKS, rows_from, stored_tree
from pvdctl.record.note import Checkpoint, PublicKey
from pvdctl.record.tree import Tree

_MOST_UNCOVERED = 2 * CHECKPOINT_EVENTS
"""More events than this after the last checkpoint cannot be: one is due after CHECKPOINT_EVENTS, and a commit holds
far fewer events than the other half."""

_KIND = b'"kind":"'
_LANDMARKS = frozenset((b"run_", b"sign"))
"""How the kinds begin that the index holds."""


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """What a check of the log found.

    events: rows that are good, from the first looked at. root: of the tree over them. covered: events under the last
    good checkpoint. anchored: events under the last good anchor. bad_seq: the first bad event as far as can be told,
    or None. problem: a sentence, empty if all is well.
    """

    events: int
    root: bytes
    covered: int = 0
    anchored: int = 0
    bad_seq: int | None = None
    problem: str = ""


def check_log(
    connection: sqlite3.Connection, key: PublicKey, anchors: Iterable[Checkpoint] = (), after_seq: int = 0
) -> LogVerdict:
    """Check all rows after `after_seq` (0: all of the log), up to the first thing that does not fit.

    key: the record's; whoever has it from outside the record proves more. Raises RecordError if a checkpoint cannot
    be parsed, sqlite3.Error if the file cannot be read.
    """
    return _Check(connection, key, after_seq).run(list(anchors))


class _Check:
    """One pass over the rows, stopping at each size of which a root is known."""

    def __init__(self, connection: sqlite3.Connection, key: PublicKey, after_seq: int) -> None:
        self._connection = connection
        self._key = key
        self._after = after_seq
        self._tree = Tree()
        self._covered = self._anchored = 0

    def run(self, anchors: list[Checkpoint]) -> LogVerdict:
        """See `check_log`."""
        newest = self._connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
        roots: dict[int, list[tuple[Checkpoint, bool]]] = {}
        for anchor in anchors:
            problem = self._foreign(anchor, "an anchor")
            if problem:
                return self._bad(1, problem)
            roots.setdefault(anchor.size, []).append((anchor, True))
        # From the newest one before the first row that is looked at: a check of the newest rows must not take longer
        # with each year of use.
        for size, note in self._connection.execute(
            "SELECT size, note FROM checkpoint WHERE size >= "
            "(SELECT coalesce(max(size), 0) FROM checkpoint WHERE size <= ?) ORDER BY size",
            (self._after,),
        ).fetchall():
            checkpoint = Checkpoint.read(note)
            problem = self._foreign(checkpoint, f"the checkpoint at event {size}")
            if not problem and checkpoint.size != size:
                problem = f"the checkpoint filed at event {size} is that of event {checkpoint.size}: it was moved."
            if problem:
                return self._bad(size, problem)
            roots.setdefault(size, []).append((checkpoint, False))
        try:
            self._tree = Tree(self._after, stored_tree(self._connection).edge(self._after))
        except RecordError as error:
            return self._bad(self._after, str(error))
        return self._rows(roots) or self._end(roots, newest)

    def _foreign(self, checkpoint: Checkpoint, what: str) -> str:
        """Why a checkpoint is not this record's; empty if it is."""
        if checkpoint.origin != self._key.name:
            return (
                f"{what} is of record {checkpoint.origin}, this key is of {self._key.name}: "
                "files of two records were exchanged, or one was replaced by the other."
            )
        if not checkpoint.signed_by(self._key):
            return f"{what} does not bear the signature of key {self._key.key_id.hex()}: it was edited or forged."
        return ""

    def _rows(self, roots: dict[int, list[tuple[Checkpoint, bool]]]) -> LogVerdict | None:
        """Every row in turn; None if all are good."""
        tree, push = self._tree, self._tree.push
        before = [size for size in roots if size <= tree.size]
        self._covered = max((size for size in before if not all(outside for _, outside in roots[size])), default=0)
        stops = iter(sorted(size for size in roots if size >= tree.size))
        stop = next(stops, 0)
        if stop and stop == tree.size:
            found = self._stop(roots[stop])
            if found is not None:
                return found
            stop = next(stops, 0)
        seq = self._after
        landmarks: list[tuple[int, bytes]] = []
        rows = self._connection.execute(
            "SELECT seq, CAST(body AS BLOB), tree FROM event WHERE seq > ? ORDER BY seq", (self._after,)
        )
        for found_seq, body, completed in rows:
            seq += 1
            if found_seq != seq:
                return self._bad(seq, f"event {seq} is missing: the next one found is {found_seq}. It was deleted.")
            if push(body) != completed:
                return self._bad(
                    seq,
                    f"event {seq} does not fit its hashes: it was edited, inserted, moved, or an event before it was "
                    "taken away.",
                )
            kind_at = body.rfind(_KIND)  # quotes in texts are escaped, and `data` comes before: no later one can be
            if body.find(b'"seq":%d,"utc"' % seq, kind_at) < 0:
                return self._bad(seq, f"event {seq} says that it is another event: it was moved.")
            if body[kind_at + 8 : kind_at + 12] in _LANDMARKS:
                landmarks.append((seq, body))
            if seq == stop:
                found = self._stop(roots[stop])
                if found is not None:
                    return found
                stop = next(stops, 0)
        return self._index(landmarks)

    def _index(self, likely: list[tuple[int, bytes]]) -> LogVerdict | None:
        """The index finds what is there: else a run could be hidden from every list without touching an event."""
        there = {seq for seq, body in likely if read(body.decode()).kind in ("run_start", "run_end", "signature")}
        found = {
            seq
            for (seq,) in self._connection.execute(
                f"SELECT seq FROM event INDEXED BY landmark WHERE {LANDMARKS}"  # noqa: S608 - a constant
            )
            if seq > self._after
        }
        wrong = sorted(there ^ found)
        if not wrong:
            return None
        return self._bad(
            wrong[0], f"event {wrong[0]} is not found by the index of runs and signatures: the index was altered."
        )

    def _stop(self, known: Sequence[tuple[Checkpoint, bool]]) -> LogVerdict | None:
        """Compare the tree with what was signed at its size."""
        size, root = self._tree.size, self._tree.root()
        for checkpoint, outside in known:
            if checkpoint.root != root:
                since = max(self._covered, self._anchored) + 1
                what = "anchor kept elsewhere" if outside else "signed checkpoint"
                return self._bad(
                    since,
                    f"events {since} to {size} are not those of the {what} at event {size}: at least one of them was "
                    "changed, added or taken away, and the hashes were reckoned anew.",
                )
        if any(outside for _, outside in known):
            self._anchored = size
        if not all(outside for _, outside in known):
            self._covered = size
        return None

    def _end(self, roots: dict[int, list[tuple[Checkpoint, bool]]], newest: int) -> LogVerdict:
        """All rows are good: see that none is missing behind them."""
        beyond = [size for size in roots if size > newest]
        if beyond:
            most = max(beyond)
            outside = any(outside for size in beyond for _, outside in roots[size])
            what = "an anchor kept elsewhere" if outside else "a checkpoint"
            return self._bad(
                newest + 1,
                f"events {newest + 1} to {most} are missing, {what} covers them: the end was cut off, or an older copy "
                "was put in place.",
            )
        size, first = self._tree.size, max(self._covered, self._after) + 1
        wants_one = size if size - self._covered > _MOST_UNCOVERED else 0
        for seq, text in rows_from(self._connection, first, first + _MOST_UNCOVERED):
            if read(text).kind in CHECKPOINT_AT:
                wants_one = seq
        if wants_one:
            return self._bad(
                self._covered + 1,
                f"no checkpoint covers events {self._covered + 1} to {size}, though one is written with event "
                f"{wants_one} at the latest: checkpoints were taken away.",
            )
        return LogVerdict(size - self._after, self._tree.root(), self._covered, self._anchored)

    def _bad(self, seq: int, problem: str) -> LogVerdict:
        """A verdict against the log."""
        good = max(0, min(seq - 1, self._tree.size) - self._after)
        return LogVerdict(good, b"", self._covered, self._anchored, seq, problem)
