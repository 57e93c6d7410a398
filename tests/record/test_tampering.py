"""Every falsification at or before the last anchor is found and named, and no clean record is suspected."""

import random
import re
import shutil
from pathlib import Path

import pytest

from pvdctl.record.reader import RecordReader
from pvdctl.record.verify import key_of, verify
from tests.record.made import tampering
from tests.record.tampering import CLASSES, Falsified, Scene, bodies_of, rewrite, untouched


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"))


def found(scene: Scene, where: Path, *, anchored: bool = True) -> str:
    """What the verification says, one sentence after the other; empty if it finds nothing."""
    with RecordReader.open(scene.mine) as reader:
        key = key_of(reader)  # the public key was given to the verifier before; the anchors bear the record's name
    with RecordReader.open(where) as reader:
        return " ".join(verify(reader, scene.anchors if anchored else (), key if anchored else None).problems)


def falsify(scene: Scene, where: Path, how: Falsified, seed: int) -> str:
    shutil.copytree(scene.mine, where)
    how.do(scene, where, random.Random(seed))
    said = found(scene, where)
    shutil.rmtree(where)
    return said


def judge(scene: Scene, directory: Path, count: int) -> None:
    assert found(scene, scene.mine) == ""
    for number in range(count):
        how = CLASSES[number % len(CLASSES)]
        said = falsify(scene, directory / f"{number}", how, number)
        assert re.search(how.words, said), f"{how.name}, seed {number}: found {said!r}"


def test_falsifications_before_the_anchor(scene: Scene, tmp_path: Path) -> None:
    judge(scene, tmp_path, 3 * len(CLASSES))


@pytest.mark.soak
def test_a_thousand_falsifications_before_the_anchor(scene: Scene, tmp_path: Path) -> None:
    judge(scene, tmp_path, max(1008, 42 * len(CLASSES)))


def test_what_an_anchor_is_for(scene: Scene, tmp_path: Path) -> None:
    """The limits, as docs/evidence.md states them: without an anchor, and after the last one."""
    without = {
        "edited and signed anew", "deleted and signed anew", "inserted and signed anew", "exchanged and signed anew",
        "the end is cut off", "the end is cut off and signed", "an older copy is put in place",
        "another record altogether", "edited and signed with a new key",
    }  # fmt: skip
    missed = set()
    for number, how in enumerate(CLASSES):
        where = tmp_path / f"{number}"
        shutil.copytree(scene.mine, where)
        how.do(scene, where, random.Random(7))
        if not found(scene, where, anchored=False):
            missed.add(how.name)
    assert missed <= without
    assert missed >= {"edited and signed anew", "an older copy is put in place", "another record altogether"}


def test_after_the_last_anchor_the_key_can_rewrite(scene: Scene, tmp_path: Path) -> None:
    where = tmp_path / "after"
    shutil.copytree(scene.mine, where)
    bodies = bodies_of(where)
    assert len(bodies) > scene.anchored + 5
    bodies[scene.anchored + 2] = bodies[scene.anchored + 2].replace("note", "nope")
    rewrite(where, bodies, with_key=True)
    assert found(scene, where) == ""
    rewrite(where, bodies[: scene.anchored], with_key=True)
    assert found(scene, where) == ""
    shutil.rmtree(where)
    shutil.copytree(scene.mine, where)
    rewrite(where, bodies, with_key=False)
    assert "hashes were reckoned anew" in found(scene, where)


def test_checkpoints_taken_away_are_missed(scene: Scene, tmp_path: Path) -> None:
    where = tmp_path / "bare"
    shutil.copytree(scene.mine, where)
    with tampering(where) as connection:
        connection.execute("DELETE FROM checkpoint")
    assert "checkpoints were taken away" in found(scene, where, anchored=False)
    assert "checkpoints were taken away" in found(scene, where)


def test_a_run_cannot_be_hidden_behind_the_index(scene: Scene, tmp_path: Path) -> None:
    """No event is touched; only what finds the runs is exchanged, and one is no longer listed."""
    where = tmp_path / "hidden"
    shutil.copytree(scene.mine, where)
    with RecordReader.open(where) as reader:
        victim = reader.runs()[1]
    with tampering(where) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        (statement,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'landmark'").fetchone()
        other = statement.replace("INDEX landmark", "INDEX other") + f" AND seq <> {victim.first_seq}"
        connection.execute(other)
        connection.execute(
            "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'other') "
            "WHERE name = 'landmark'"
        )
        connection.execute("DELETE FROM sqlite_master WHERE name = 'other'")
    with RecordReader.open(where) as reader:
        assert victim.run not in [run.run for run in reader.runs()]
    assert f"event {victim.first_seq} is not found by the index" in found(scene, where, anchored=False)


def clean(directory: Path, count: int) -> None:
    for seed in range(count):
        where = directory / f"{seed}"
        anchors = untouched(where, random.Random(seed))
        with RecordReader.open(where) as reader:
            assert verify(reader, anchors, key_of(reader)).problems == (), f"seed {seed}"
        shutil.rmtree(where)


def test_clean_records_are_not_suspected(tmp_path: Path) -> None:
    clean(tmp_path, 15)


@pytest.mark.soak
def test_a_thousand_clean_records_are_not_suspected(tmp_path: Path) -> None:
    clean(tmp_path, 1000)
