"""A thousand ways to falsify a record, and a thousand records that nobody touched.

The one who falsifies has every right on the machine: drops the triggers, reckons all hashes anew, tidies up behind
himself. `with_key`: he also has the record's private key and signs anew. What he cannot reach is the anchor.
"""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from pvdctl.clock import VirtualClock
from pvdctl.record.anchors import append_checkpoint, read_checkpoints
from pvdctl.record.event import Event
from pvdctl.record.keys import load_key
from pvdctl.record.log import newest_checkpoint
from pvdctl.record.note import Checkpoint, checkpoint_text
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.tree import Tree
from tests.record.made import WallClock, begin, leave_without_a_word, note, tampering

DAY = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Falsified:
    """A class of falsification: how it is done, and the words by which the verification must name it."""

    name: str
    do: Callable[["Scene", Path, random.Random], None]
    words: str


class Scene:
    """Two records, an older copy of the first, and its anchor, all to be copied before they are spoilt."""

    def __init__(self, directory: Path) -> None:
        self.mine, self.other, self.old = directory / "mine", directory / "other", directory / "old"
        self.anchor_file = directory / "anchors.jsonl"
        clock, wall = VirtualClock(DAY), WallClock()
        record = Record.open(self.mine, clock, wall_s=wall)
        self.runs = [_run(record, clock, 1300, 12)]
        record.close()
        shutil.copytree(self.mine, self.old)
        record = Record.open(self.mine, clock, wall_s=wall)
        self.runs.append(_run(record, clock, 700, 30))
        record.append([note(number) for number in range(300)])
        self.runs.append(_run(record, clock, 1900, 9))
        record.sign(self.runs[0], "approved", "looked at it", "marie")
        anchor = newest_checkpoint(record._log.connection)
        assert anchor is not None
        append_checkpoint(self.anchor_file, anchor, DAY)
        self.anchored = Checkpoint.read(anchor).size
        record.append([note(number) for number in range(20)])
        record.close()
        with Record.open(self.other, VirtualClock(DAY), wall_s=wall) as record:
            clock = VirtualClock(DAY)
            _run(record, clock, 1300, 12)
            _run(record, clock, 800, 12)
            record.append([note(number) for number in range(400)])

    @property
    def anchors(self) -> list[Checkpoint]:
        return read_checkpoints(self.anchor_file)


def _run(record: Record, clock: VirtualClock, rows: int, events: int) -> str:
    run = begin(record)
    for number in range(rows):
        record.sample(clock.now_s, (number * 0.05, 0.0, 6))
        clock.now_s += 0.1
        if number % (rows // events) == 0:
            record.append([note(number, clock.now_s)])
    record.end_run("Complete", "as asked", {"scans": rows})
    clock.now_s += 10.0
    return run


# -- what the falsifier can do ---------------------------------------------------------------------------------------


def rewrite(directory: Path, bodies: list[str], with_key: bool) -> None:
    """Put other events in place of all there are, hashes and places reckoned anew; signed anew if he can."""
    key = load_key(directory / "checkpoint.key")
    tree = Tree()
    with tampering(directory) as connection:
        sizes = [size for (size,) in connection.execute("SELECT size FROM checkpoint ORDER BY size")]
        connection.execute("BEGIN")
        connection.execute("DELETE FROM event")
        for seq, body in enumerate(bodies, start=1):
            text = _renumbered(body, seq)
            connection.execute("INSERT INTO event VALUES (?, ?, ?)", (seq, text, tree.push(text.encode())))
            if with_key and (seq in sizes or seq == len(bodies)):
                note = key.sign(checkpoint_text(key.public.name, seq, tree.root()))
                connection.execute("INSERT OR REPLACE INTO checkpoint VALUES (?, ?)", (seq, note))
        if with_key:
            connection.execute("DELETE FROM checkpoint WHERE size > ?", (len(bodies),))
        connection.execute("COMMIT")


def _renumbered(body: str, seq: int) -> str:
    at = body.rindex('"seq":')
    return f'{body[:at]}"seq":{seq}{body[body.index(",", at) :]}'


def bodies_of(directory: Path) -> list[str]:
    with RecordReader.open(directory) as reader:
        return [body for (body,) in reader.event_file.execute("SELECT body FROM event ORDER BY seq")]


def _edited(body: str, chance: random.Random) -> str:
    """Another letter or digit somewhere in what happened, so that the text is still an event."""
    end = body.rindex(',"stamp":')
    at = body.index('"text":"') + len('"text":"')
    place = chance.randrange(at, min(end, body.index('"', at) + 1) - 1)
    return body[:place] + chance.choice("abcxyz7".replace(body[place], "")) + body[place + 1 :]


def _pick(scene: Scene, chance: random.Random) -> int:
    """An event at or before the anchor."""
    return chance.randint(1, scene.anchored)


def edit_row(scene: Scene, where: Path, chance: random.Random) -> None:
    seq = _pick(scene, chance)
    body = _edited(bodies_of(where)[seq - 1], chance)
    with tampering(where) as connection:
        assert connection.execute("UPDATE event SET body = ? WHERE seq = ?", (body, seq)).rowcount == 1


def flip_byte(scene: Scene, where: Path, chance: random.Random) -> None:
    """In the file itself, below SQLite: any bit of a body."""
    body = bodies_of(where)[_pick(scene, chance) - 1].encode()
    raw = bytearray((where / "audit.db").read_bytes())
    at = raw.find(body[:40])
    while at < 0:  # its beginning lies across two pages
        body = bodies_of(where)[_pick(scene, chance) - 1].encode()
        at = raw.find(body[:40])
    raw[at + chance.randrange(40)] ^= 1 << chance.randrange(8)
    (where / "audit.db").write_bytes(raw)


def edit_tree(scene: Scene, where: Path, chance: random.Random) -> None:
    with tampering(where) as connection:
        connection.execute("UPDATE event SET tree = randomblob(length(tree)) WHERE seq = ?", (_pick(scene, chance),))


def delete_row(scene: Scene, where: Path, chance: random.Random) -> None:
    with tampering(where) as connection:
        connection.execute("DELETE FROM event WHERE seq = ?", (_pick(scene, chance),))


def _rewritten(change: Callable[[list[str], Scene, random.Random], None], with_key: bool) -> Callable[..., None]:
    def do(scene: Scene, where: Path, chance: random.Random) -> None:
        bodies = bodies_of(where)
        change(bodies, scene, chance)
        rewrite(where, bodies, with_key)

    return do


def _edit(bodies: list[str], scene: Scene, chance: random.Random) -> None:
    seq = _pick(scene, chance)
    bodies[seq - 1] = _edited(bodies[seq - 1], chance)


def _delete(bodies: list[str], scene: Scene, chance: random.Random) -> None:
    at = _pick(scene, chance) - 1
    del bodies[at : min(scene.anchored, at + chance.randint(1, 3))]


def _insert(bodies: list[str], scene: Scene, chance: random.Random) -> None:
    bodies.insert(chance.randrange(1, scene.anchored), bodies[_pick(scene, chance) - 1])


def _exchange(bodies: list[str], scene: Scene, chance: random.Random) -> None:
    one = chance.randrange(1, scene.anchored)
    bodies[one - 1], bodies[one] = bodies[one], bodies[one - 1]


def cut_tail(scene: Scene, where: Path, chance: random.Random) -> None:
    """The end is gone, with the checkpoints over it."""
    last = chance.randint(1, scene.anchored - 1)
    with tampering(where) as connection:
        connection.execute("DELETE FROM event WHERE seq > ?", (last,))
        connection.execute("DELETE FROM checkpoint WHERE size > ?", (last,))
    _forget_samples(where)


def cut_tail_and_sign(scene: Scene, where: Path, chance: random.Random) -> None:
    rewrite(where, bodies_of(where)[: chance.randint(1, scene.anchored - 1)], with_key=True)
    _forget_samples(where)


def _forget_samples(where: Path) -> None:
    """Those of runs that the log no longer knows."""
    with RecordReader.open(where) as reader:
        known = [run.run for run in reader.runs()]
    with tampering(where, "samples.db") as connection:
        connection.execute(f"DELETE FROM chunk WHERE run NOT IN ({','.join('?' * len(known))})", known)


def roll_back(scene: Scene, where: Path, chance: random.Random) -> None:
    shutil.rmtree(where)
    shutil.copytree(scene.old, where)


def swap_log(scene: Scene, where: Path, chance: random.Random) -> None:
    shutil.copyfile(scene.other / "audit.db", where / "audit.db")


def swap_all(scene: Scene, where: Path, chance: random.Random) -> None:
    shutil.rmtree(where)
    shutil.copytree(scene.other, where)


def swap_samples(scene: Scene, where: Path, chance: random.Random) -> None:
    shutil.copyfile(scene.other / "samples.db", where / "samples.db")


def edit_samples(scene: Scene, where: Path, chance: random.Random) -> None:
    with tampering(where, "samples.db") as connection:
        run, number, data = chance.choice(connection.execute("SELECT run, number, data FROM chunk").fetchall())
        raw = bytearray(data)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        connection.execute(
            "UPDATE chunk SET data = ?, sha256 = ? WHERE run = ? AND number = ?",
            (bytes(raw), sha256(raw).digest(), run, number),
        )


def refile_samples(scene: Scene, where: Path, chance: random.Random) -> None:
    column = chance.choice(["rows = rows + 1", "first_at_s = first_at_s + 1", "last_at_s = 0"])
    with tampering(where, "samples.db") as connection:
        connection.execute(f"UPDATE chunk SET {column} WHERE run = ? AND number = 1", (chance.choice(scene.runs),))


def delete_samples(scene: Scene, where: Path, chance: random.Random) -> None:
    with tampering(where, "samples.db") as connection:
        connection.execute("DELETE FROM chunk WHERE run = ? AND number = 1", (chance.choice(scene.runs),))


def forge_checkpoint(scene: Scene, where: Path, chance: random.Random) -> None:
    """Another root, under the old signature or one by another key."""
    key = load_key(where / "checkpoint.key") if chance.random() < 0.5 else load_key(scene.other / "checkpoint.key")
    with tampering(where) as connection:
        size, text = chance.choice(
            connection.execute("SELECT size, note FROM checkpoint WHERE size <= ?", (scene.anchored,)).fetchall()
        )
        found = Checkpoint.read(text)
        forged = checkpoint_text(found.origin, size, bytes(chance.randbytes(32)))
        line = found.lines[0] if key.public.name == found.origin else key.signature_line(forged.encode()).strip()
        connection.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (f"{forged}\n{line}\n", size))


def move_checkpoint(scene: Scene, where: Path, chance: random.Random) -> None:
    with tampering(where) as connection:
        sizes = [size for (size,) in connection.execute("SELECT size FROM checkpoint")]
        free = [size for size in range(2, scene.anchored) if size not in sizes]
        moved = chance.choice([size for size in sizes if size <= scene.anchored])
        connection.execute("UPDATE checkpoint SET size = ? WHERE size = ?", (chance.choice(free), moved))


def other_key(scene: Scene, where: Path, chance: random.Random) -> None:
    """Everything edited and signed with a new key of the same name, its public half put beside."""
    from pvdctl.record.keys import make_key
    from pvdctl.record.note import ED25519

    name = load_key(where / "checkpoint.key").public.name
    (where / "checkpoint.key").unlink()
    (where / "checkpoint.pub").unlink()
    make_key(where / "checkpoint.key", name, ED25519, where / "checkpoint.pub")
    bodies = bodies_of(where)
    _edit(bodies, scene, chance)
    rewrite(where, bodies, with_key=True)


CLASSES = [
    Falsified("an event is edited", edit_row, "does not fit its hashes"),
    Falsified("a bit in the file is flipped", flip_byte, "does not fit its hashes|not of the form|read"),
    Falsified("kept hashes are edited", edit_tree, "does not fit its hashes"),
    Falsified("an event is deleted", delete_row, "is missing: the next one found is|beyond|are missing"),
    Falsified("edited, hashes reckoned anew", _rewritten(_edit, False), "hashes were reckoned anew"),
    Falsified("deleted, hashes reckoned anew", _rewritten(_delete, False), "hashes were reckoned anew|are missing"),
    Falsified("inserted, hashes reckoned anew", _rewritten(_insert, False), "hashes were reckoned anew"),
    Falsified("exchanged, hashes reckoned anew", _rewritten(_exchange, False), "hashes were reckoned anew"),
    Falsified("edited and signed anew", _rewritten(_edit, True), "anchor kept elsewhere"),
    Falsified("deleted and signed anew", _rewritten(_delete, True), "anchor kept elsewhere|are missing, an anchor"),
    Falsified("inserted and signed anew", _rewritten(_insert, True), "anchor kept elsewhere"),
    Falsified("exchanged and signed anew", _rewritten(_exchange, True), "anchor kept elsewhere"),
    Falsified("the end is cut off", cut_tail, "are missing, an anchor kept elsewhere covers them"),
    Falsified("the end is cut off and signed", cut_tail_and_sign, "are missing, an anchor kept elsewhere covers them"),
    Falsified("an older copy is put in place", roll_back, "are missing, an anchor kept elsewhere covers them"),
    Falsified("the log of another record", swap_log, "files of two records were exchanged"),
    Falsified("another record altogether", swap_all, "files of two records were exchanged"),
    Falsified("the samples of another record", swap_samples, "samples"),
    Falsified("samples are edited", edit_samples, "do not fit their hash in the log: they were changed"),
    Falsified("samples are filed elsewhere", refile_samples, "filed under other times"),
    Falsified("samples are deleted", delete_samples, "are missing: they were deleted"),
    Falsified("a checkpoint is forged", forge_checkpoint, "not bear the signature"),
    Falsified("a checkpoint is moved", move_checkpoint, "it was moved"),
    Falsified("edited and signed with a new key", other_key, "not bear the signature"),
]


# -- records that nobody touched -------------------------------------------------------------------------------------


def untouched(directory: Path, chance: random.Random) -> list[Checkpoint]:
    """A record as life makes them: openings, runs, crashes, signatures, jumps of the clock. Returns its anchors."""
    anchors: list[Checkpoint] = []
    wall, day = WallClock(), DAY
    for _ in range(chance.randint(1, 3)):
        clock = VirtualClock(day)
        record = Record.open(directory, clock, wall_s=wall)
        done: list[str] = []
        for _ in range(chance.randint(0, 4)):
            _a_while(record, clock, wall, chance, done)
            kept = newest_checkpoint(record._log.connection)
            if kept is not None and chance.random() < 0.5:
                anchors.append(Checkpoint.read(kept))
        day += timedelta(seconds=clock.now_s + chance.choice([1.0, 1e5]))
        if chance.random() < 0.4:
            if chance.random() < 0.5 and not record.run:
                begin(record)
                record.sample(clock.now_s, (1.0, 0.0, 6))
            leave_without_a_word(record)
        else:
            record.close()
    return anchors


def _a_while(record: Record, clock: VirtualClock, wall: WallClock, chance: random.Random, done: list[str]) -> None:
    what = chance.randrange(5)
    if what == 0:
        record.append([note(number, clock.now_s) for number in range(chance.choice([0, 1, 3, 300]))])
    elif what == 1 and done:
        record.sign(chance.choice(done), "reviewed", "looked at", "irene")
    elif what == 2:
        clock.started_utc += timedelta(seconds=chance.choice([-5.0, 0.5, 3600.0]))
        record.append(
            [Event("note", "x", 'text "seq":1, "kind":"boot" \n ümlaut', data={"seq": 1, "kind": "boot"}, at_s=0.0)]
        )
    elif what == 3:
        wall.now_s += 61.0
        record.keep()
    else:
        begin(record, recipe_name=chance.choice(["LZLN", "Zn"]))
        for _ in range(chance.choice([0, 10, 700])):
            record.sample(clock.now_s, (chance.random(), None, 6))
            clock.now_s += 0.1
            wall.now_s += chance.choice([0.0, 0.1])
        run = record.run
        record.end_run(chance.choice(["Complete", "Aborted"]), "", {})
        done.append(run)
