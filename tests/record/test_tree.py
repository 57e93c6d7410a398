"""The hash tree, judged by RFC 6962's own definition and by published roots."""

import hashlib
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.record.tree import EMPTY, StoredTree, Tree, extends, leaf_hash, root_from, split

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Roots over the first 1 to 8 of LEAVES: the test data of Certificate Transparency's reference implementation
(google/certificate-transparency, merkle_tree_test)."""


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + by_definition(leaves[:k]) + by_definition(leaves[k:])).digest()


def grown(leaves: list[bytes]) -> tuple[Tree, StoredTree]:
    tree = Tree()
    rows = [tree.push(leaf) for leaf in leaves]
    return tree, StoredTree(lambda seq: rows[seq - 1])


MANY = [b"event %d" % number for number in range(70)]


def test_published_roots() -> None:
    tree = Tree()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.push(leaf)
        assert tree.root().hex() == root
    assert Tree().root() == EMPTY == hashlib.sha256().digest()


def test_every_size_has_the_root_of_the_definition() -> None:
    tree, stored = grown(MANY)
    for size in range(len(MANY) + 1):
        assert stored.root(size) == by_definition(MANY[:size])
        again = Tree(size, stored.edge(size))
        assert again.root() == stored.root(size)
        for leaf in MANY[size:]:
            again.push(leaf)
        assert again.root() == tree.root()


def test_a_row_keeps_the_subtrees_that_end_with_it() -> None:
    tree = Tree()
    rows = [tree.push(leaf) for leaf in MANY[:8]]
    assert [len(row) // 32 for row in rows] == [1, 2, 1, 3, 1, 2, 1, 4]
    assert rows[7][-32:] == by_definition(MANY[:8])
    assert rows[5][32:] == by_definition(MANY[4:6])


@pytest.mark.parametrize(("width", "left"), [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (1025, 1024)])
def test_split(width: int, left: int) -> None:
    assert split(width) == left


def test_consistency_of_all_pairs_of_sizes() -> None:
    _, stored = grown(MANY[:40])
    for new in range(41):
        for old in range(new + 1):
            proof = stored.consistency(old, new)
            old_root, new_root = by_definition(MANY[:old]), by_definition(MANY[:new])
            assert extends(old, old_root, new, new_root, proof)
            assert len(proof) <= 2 * new.bit_length()
            if 0 < old < new:
                assert not extends(old, bytes(32), new, new_root, proof)
                assert not extends(old, old_root, new, bytes(32), proof)
                assert not extends(old, old_root, new, new_root, [*proof, bytes(32)])
                assert not extends(old, old_root, new, new_root, proof[:-1])
                assert not extends(old, old_root, new, new_root, [bytes(32), *proof[1:]])


def test_a_log_that_shrank_or_was_rewritten_has_no_proof() -> None:
    _, stored = grown(MANY[:40])
    _, other = grown([b"another", *MANY[1:50]])
    assert not extends(40, stored.root(40), 30, stored.root(30), stored.consistency(30, 40))
    assert not extends(40, stored.root(40), 50, other.root(50), other.consistency(40, 50))
    assert not extends(40, stored.root(40), 40, other.root(40), [])
    assert not extends(40, stored.root(40), 50, other.root(50), [])
    assert not extends(-1, EMPTY, 3, EMPTY, [])
    assert not extends(3, EMPTY, 5, EMPTY, [b"short"])


def test_inclusion_of_every_set_of_leaves_of_small_trees() -> None:
    for size in range(1, 8):
        _, stored = grown(MANY[:size])
        for count in range(1, size + 1):
            for chosen in combinations(range(1, size + 1), count):
                proof = stored.inclusion(chosen, size)
                leaves = {place: leaf_hash(MANY[place - 1]) for place in chosen}
                assert root_from(leaves, proof, size) == by_definition(MANY[:size])


@given(st.integers(1, 70), st.data())
def test_an_event_that_is_not_there_has_no_proof(size: int, data: st.DataObject) -> None:
    _, stored = grown(MANY[:size])
    chosen = sorted(data.draw(st.sets(st.integers(1, size), min_size=1)))
    proof = stored.inclusion(chosen, size)
    leaves = {place: leaf_hash(MANY[place - 1]) for place in chosen}
    assert root_from(leaves, proof, size) == stored.root(size)
    victim = data.draw(st.sampled_from(chosen))
    assert root_from({**leaves, victim: leaf_hash(b"forged")}, proof, size) != stored.root(size)
    with pytest.raises(ValueError, match="too long"):
        root_from(leaves, [*proof, bytes(32)], size)
    if proof:
        with pytest.raises(ValueError, match="too short"):
            root_from(leaves, proof[:-1], size)
        place = data.draw(st.integers(0, len(proof) - 1))
        assert root_from(leaves, [*proof[:place], bytes(32), *proof[place + 1 :]], size) != stored.root(size)


def test_an_audit_path_is_that_of_the_rfc() -> None:
    """For one leaf, the hashes of RFC 6962's example of 7 leaves: PATH(0) = [b, h, l], here from left to right."""
    _, stored = grown(MANY[:7])
    h, last = by_definition(MANY[2:4]), by_definition(MANY[4:7])
    assert stored.inclusion([1], 7) == [leaf_hash(MANY[1]), h, last]
    assert stored.inclusion([7], 7) == [by_definition(MANY[:4]), by_definition(MANY[4:6])]
    assert len(stored.inclusion([3, 4], 7)) == 2


def test_places_beyond_the_tree() -> None:
    for leaves in ({}, {0: bytes(32)}, {9: bytes(32)}):
        with pytest.raises(ValueError, match="beyond"):
            root_from(leaves, [], 8)
