"""The hash tree over the event log, after RFC 6962 section 2.1.

    leaf of an event   SHA-256(0x00 || body)
    node               SHA-256(0x01 || left || right)

A tree over n leaves is split at the largest power of two below n. One root, 32 bytes, stands for all events up to a
place and for their order; a tree of 1,000,000 events proves that one of them is in it with 20 hashes.

With each event its row keeps the hashes of all complete subtrees that end with it, the leaf first. So any node is one
look into one row: event n ends the subtrees of 1, 2, 4, ... events as long as they divide n.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

HASH_BYTES = 32

EMPTY = hashlib.sha256(b"").digest()
"""Root of a tree without leaves (RFC 6962 section 2.1)."""

_sha256 = hashlib.sha256


def leaf_hash(body: bytes) -> bytes:
    """Of one event's body."""
    return _sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of two subtrees side by side."""
    return _sha256(b"\x01" + left + right).digest()


class Tree:
    """The right edge of a growing tree: all that is needed to add leaves and to tell the root.

    size: leaves so far. edge: hashes of the complete subtrees that make up the tree, largest first, one for each one
    in the binary form of `size`.
    """

    __slots__ = ("edge", "size")

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        self.size = size
        self.edge = list(edge)

    def push(self, body: bytes) -> bytes:
        """Add an event; returns the hashes of the complete subtrees that end with it, one after the other."""
        new = completed = _sha256(b"\x00" + body).digest()
        edge, size = self.edge, self.size
        while size & 1:
            new = _sha256(b"\x01" + edge.pop() + new).digest()
            completed += new
            size >>= 1
        edge.append(new)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Of all leaves so far."""
        if not self.edge:
            return EMPTY
        root = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            root = node_hash(left, root)
        return root


class StoredTree:
    """Questions to the tree of a log whose rows are kept. completed: what `Tree.push` returned for event n (from 1)."""

    def __init__(self, completed: Callable[[int], bytes]) -> None:
        self._completed = completed

    def edge(self, size: int) -> list[bytes]:
        """As `Tree.edge`, of the tree over the first `size` events."""
        edge, begin = [], 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                begin += 1 << level
                edge.append(self._node(level, begin))
        return edge

    def root(self, size: int) -> bytes:
        """Of the tree over the first `size` events."""
        return Tree(size, self.edge(size)).root()

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the tree over `new` events begins with the one over `old` (RFC 6962 section 2.1.2)."""
        return list(self._subproof(old, 0, new, True)) if 0 < old < new else []

    def inclusion(self, events: Sequence[int], size: int) -> list[bytes]:
        """What is missing to reckon the root over `size` events from these events alone, see `root_from`.

        events: places from 1, ascending.
        """
        return list(self._outside(sorted(event - 1 for event in events), 0, size))

    def _node(self, level: int, last: int) -> bytes:
        """Hash of the complete subtree of 2^level events that ends with event `last`."""
        completed = self._completed(last)
        return completed[HASH_BYTES * level : HASH_BYTES * (level + 1)]

    def _subtree(self, begin: int, end: int) -> bytes:
        """Hash of the leaves from `begin` up to, not including, `end`, counted from 0."""
        width = end - begin
        if not width & (width - 1):
            return self._node(width.bit_length() - 1, end)
        middle = begin + split(width)
        return node_hash(self._subtree(begin, middle), self._subtree(middle, end))

    def _subproof(self, old: int, begin: int, end: int, known: bool) -> Iterator[bytes]:
        """SUBPROOF of RFC 6962: `old` leaves from `begin` on; `known`: their hash is the root that the asker has."""
        if old == end - begin:
            if not known:
                yield self._subtree(begin, end)
            return
        middle = begin + split(end - begin)
        if old <= middle - begin:
            yield from self._subproof(old, begin, middle, known)
            yield self._subtree(middle, end)
        else:
            yield from self._subproof(old - (middle - begin), middle, end, False)
            yield self._subtree(begin, middle)

    def _outside(self, leaves: Sequence[int], begin: int, end: int) -> Iterator[bytes]:
        """Hashes of the largest subtrees without one of `leaves`, left to right."""
        if bisect_left(leaves, begin) == bisect_left(leaves, end):
            yield self._subtree(begin, end)
        elif end - begin > 1:
            middle = begin + split(end - begin)
            yield from self._outside(leaves, begin, middle)
            yield from self._outside(leaves, middle, end)


def split(width: int) -> int:
    """The largest power of two below `width` (at least 2): where RFC 6962 cuts a tree in two."""
    return 1 << (width - 1).bit_length() - 1


def root_from(leaves: dict[int, bytes], proof: Sequence[bytes], size: int) -> bytes:
    """The root over `size` events, from the leaf hashes of some (by place, from 1) and the proof for exactly those.

    The proof holds the hashes of the largest subtrees that contain none of them, left to right: for one event those of
    its RFC 6962 audit path, for a run of neighbours not more. Raises ValueError if the proof does not fit.
    """
    places = sorted(place - 1 for place in leaves)
    if not places or not 0 <= places[0] <= places[-1] < size:
        raise ValueError(f"no events, or events beyond the {size} of the tree")
    left = iter(proof)

    def node(begin: int, end: int) -> bytes:
        if bisect_left(places, begin) == bisect_left(places, end):
            found = next(left, None)
            if found is None or len(found) != HASH_BYTES:
                raise ValueError("the proof is too short")
            return found
        if end - begin == 1:
            return leaves[end]
        middle = begin + split(end - begin)
        return node_hash(node(begin, middle), node(middle, end))

    root = node(0, size)
    if next(left, None) is not None:
        raise ValueError("the proof is too long")
    return root


def extends(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `new` events begins with that of `old` (RFC 9162 section 2.1.4.2)."""
    if not 0 <= old <= new or any(len(part) != HASH_BYTES for part in proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    path = list(proof)
    if not old & (old - 1):
        path.insert(0, old_root)
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    from_old = from_new = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            from_old, from_new = node_hash(part, from_old), node_hash(part, from_new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            from_new = node_hash(from_new, part)
        place, last = place >> 1, last >> 1
    return from_old == old_root and from_new == new_root and last == 0
