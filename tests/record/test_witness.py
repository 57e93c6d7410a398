"""Witnesses and files of checkpoints: nothing that was shown once can be forgotten or rewritten."""

import http.client
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pvdctl.clock import VirtualClock
from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.anchoring import WITNESSED_FILE, anchor, standing
from pvdctl.record.anchors import NotAnchored, append_checkpoint, ask, fetch_anchors, read_checkpoints
from pvdctl.record.keys import read_public
from pvdctl.record.log import newest_checkpoint
from pvdctl.record.note import Checkpoint, PrivateKey, checkpoint_text
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.tree import StoredTree, Tree
from pvdctl.record.verify import verify
from pvdctl.record.witness import Witness, request_body
from pvdctl.record.witness_http import serve
from tests.record.made import note
from tests.record.tampering import bodies_of, rewrite

Opened = Callable[..., Record]
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Log:
    """A log in memory, with its key."""

    def __init__(self, name: str = "pvdctl/x", mark: bytes = b"") -> None:
        self.key = PrivateKey.make(name)
        self.tree, self.rows = Tree(), list[bytes]()
        self.mark = mark
        self.stored = StoredTree(lambda seq: self.rows[seq - 1])

    def grow(self, size: int) -> Checkpoint:
        while self.tree.size < size:
            self.rows.append(self.tree.push(self.mark + b"event %d" % self.tree.size))
        return Checkpoint.read(self.key.sign(checkpoint_text(self.key.public.name, size, self.stored.root(size))))

    def request(self, old: int, size: int) -> bytes:
        checkpoint = self.grow(size)
        return request_body(old, self.stored.consistency(old, size), checkpoint)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    made = Witness(tmp_path / "witness", "w.example", lambda: NOW)
    yield made
    made.close()


@pytest.fixture
def url(witness: Witness) -> Iterator[str]:
    server = serve(witness, ("127.0.0.1", 0), lambda line: None)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(timeout=5.0)
    server.server_close()


def test_a_log_that_grows_is_cosigned(witness: Witness, tmp_path: Path) -> None:
    log = Log()
    witness.trust([log.key.public])
    old = 0
    for size in (1, 5, 6, 200):
        status, line = witness.add(log.request(old, size))
        assert status == 200
        found = Checkpoint.read(log.grow(size).note + line)
        assert found.seen_by(witness.key.public) == int(NOW.timestamp())
        assert found.signed_by(log.key.public)
        old = size
    assert [kept.size for kept in read_checkpoints(witness.path("pvdctl/x"))] == [1, 5, 6, 200]
    assert read_public(tmp_path / "witness" / "witness.pub") == [witness.key.public]
    assert witness.add(log.request(200, 200))[0] == 200
    assert len(read_checkpoints(witness.path("pvdctl/x"))) == 4


def test_what_a_witness_refuses(witness: Witness) -> None:
    log, stranger, forger = Log(), Log("pvdctl/stranger"), Log(mark=b"other ")
    witness.trust([log.key.public])
    assert witness.add(log.request(0, 10))[0] == 200
    assert witness.add(stranger.request(0, 5))[0] == 404
    assert witness.add(forger.request(0, 12))[0] == 403
    rewritten = Log(mark=b"rewritten ")
    rewritten.key = log.key
    assert witness.add(rewritten.request(10, 12))[0] == 422
    assert witness.add(rewritten.request(10, 10)) == (409, "10\n")
    assert witness.add(log.request(0, 12)) == (409, "10\n")
    assert witness.add(log.request(0, 5)) == (409, "10\n")
    assert witness.add(request_body(10, [], log.grow(5)))[0] == 400
    assert witness.add(request_body(10, [bytes(32)] * 64, log.grow(12)))[0] == 400
    assert witness.add(request_body(10, [b"short"], log.grow(12)))[0] == 400
    for body in (b"", b"old 0\n", b"old x\n\n", b"old 00\n\nx", b"\xff" * 10, b"x" * 20_000, b"old 0\n\nno note\n"):
        assert witness.add(body)[0] == 400, body[:20]
    assert witness.add(log.request(10, 12))[0] == 200
    assert [kept.size for kept in read_checkpoints(witness.path("pvdctl/x"))] == [10, 12]


def test_a_witness_remembers_across_its_restarts(tmp_path: Path) -> None:
    log = Log()
    for old, size, status in ((0, 4, 200), (0, 2, 409), (4, 9, 200)):
        witness = Witness(tmp_path / "w", "w", lambda: NOW)
        witness.trust([log.key.public])
        assert witness.add(log.request(old, size))[0] == status
        witness.close()
    path = witness.path("pvdctl/x")
    torn = path.read_bytes() + b'{"seen_utc":"2026'  # the power went while the line was written
    path.write_bytes(torn)
    witness = Witness(tmp_path / "w", "w", lambda: NOW)
    assert witness.add(log.request(9, 20))[0] == 200
    assert [kept.size for kept in read_checkpoints(path)] == [4, 9, 20]
    with pytest.raises(RecordError, match="another witness works in"):
        Witness(tmp_path / "w", "w", lambda: NOW)
    with pytest.raises(RecordError, match="a record keeps its key for life"):
        witness.trust([Log().key.public])
    witness.close()


def test_two_that_extend_at_once_cannot_part_the_log(witness: Witness) -> None:
    """The same old size, two different continuations: one is taken, the other is told to catch up."""
    one = Log()
    witness.trust([one.key.public])
    one.grow(8)
    for _ in range(20):
        size = witness.last("pvdctl/x")
        old = size.size if size else 0
        requests = [one.request(old, old + step) for step in range(1, 9)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(witness.add, requests))
        assert [status for status, _ in answers].count(200) == 1
        assert {status for status, _ in answers} == {200, 409}
    sizes = [kept.size for kept in read_checkpoints(witness.path("pvdctl/x"))]
    assert sizes == sorted(set(sizes))


def test_a_witness_that_cannot_write_does_not_sign(witness: Witness) -> None:
    log = Log()
    witness.trust([log.key.public])
    witness.path("pvdctl/x").mkdir()
    status, text = witness.add(log.request(0, 3))
    assert status == 500
    assert "\N{EM DASH}" not in text


def test_over_http(url: str, witness: Witness, opened: Opened) -> None:
    record = opened()
    record.append([note(number) for number in range(5)])
    record.close()
    witness.trust(read_public(record.directory / "checkpoint.pub"))
    with RecordReader.open(record.directory) as reader:
        before = standing(reader)
        assert (before.events, before.signed, before.anchored, before.open_events) == (7, 7, 0, 7)
        assert before.open_s(datetime(2026, 11, 22, 8, 10, tzinfo=UTC)) == 600.0
        kept = anchor(reader, url, lambda: NOW)
        assert kept.size == 7
        assert kept.seen_by(witness.key.public) is not None
        assert standing(reader).open_events == 0
        assert anchor(reader, url, lambda: NOW).size == 7
        assert len(read_checkpoints(record.directory / WITNESSED_FILE)) == 1
    record = opened()
    record.append([note(number) for number in range(300)])
    record.close()
    with RecordReader.open(record.directory) as reader:
        assert standing(reader).open_events == 302
        assert anchor(reader, url, lambda: NOW).size == 309
        (record.directory / WITNESSED_FILE).unlink()  # forgotten: then the witness says how far it is
        assert anchor(reader, url, lambda: NOW).size == 309
        anchors = fetch_anchors([url], kept.origin)
        assert [each.size for each in anchors] == [7, 309]
        assert verify(reader, anchors).anchored == 309


def test_http_says_no_to_the_rest(url: str) -> None:
    assert ask(url, "POST", "/elsewhere", b"x")[0] == 404
    assert ask(url, "GET", "/checkpoints/pvdctl%2Fnobody")[0] == 404
    assert ask(url, "GET", "/")[0] == 404
    assert ask(url, "POST", "/add-checkpoint", b"x" * 20_000)[0] == 400
    with pytest.raises(NotAnchored, match="keeps no checkpoint of pvdctl/x"):
        fetch_anchors([url], "pvdctl/x")
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5.0)
    connection.putrequest("POST", "/add-checkpoint")
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


@pytest.mark.parametrize("place", ["http", "file"])
def test_a_rewritten_or_shorter_record_is_an_alarm(
    place: str, url: str, witness: Witness, opened: Opened, tmp_path: Path
) -> None:
    record = opened()
    record.append([note(number) for number in range(20)])
    record.close()
    witness.trust(read_public(record.directory / "checkpoint.pub"))
    where = url if place == "http" else str(tmp_path / "anchors.jsonl")
    with RecordReader.open(record.directory) as reader:
        anchor(reader, where, lambda: NOW)
    bodies = bodies_of(record.directory)
    rewrite(record.directory, bodies[:10], with_key=True)
    with RecordReader.open(record.directory) as reader, pytest.raises(RecordError, match="has seen 22 events of"):
        anchor(reader, where, lambda: NOW)
    bodies[4] = bodies[4].replace("note", "nope")
    for extra in (0, 3):
        rewrite(record.directory, bodies + bodies[-1:] * extra, with_key=True)
        with RecordReader.open(record.directory) as reader:
            with pytest.raises(RecordError, match="has seen other events"):
                anchor(reader, where, lambda: NOW)
            assert not verify(reader, fetch_anchors([where], reader_origin(reader))).good


def reader_origin(reader: RecordReader) -> str:
    return read_public(reader.directory / "checkpoint.pub")[0].name


def test_a_witness_that_is_not_there(opened: Opened) -> None:
    opened().close()
    record = opened()
    with pytest.raises(OperatorError, match=r"does not answer.*Is it running"):
        anchor(record._reader, "http://127.0.0.1:9", lambda: NOW)
    with pytest.raises(OperatorError, match="does not answer"):
        anchor(record._reader, "http://127.0.0.1:no", lambda: NOW)
    record.close()


def test_files_of_checkpoints(tmp_path: Path) -> None:
    log, path = Log(), tmp_path / "a.jsonl"
    assert read_checkpoints(path) == []
    append_checkpoint(path, log.grow(3).note, NOW)
    path.write_bytes(path.read_bytes() + b"x" * 5000)
    append_checkpoint(path, log.grow(4).note, NOW)
    assert [kept.size for kept in read_checkpoints(path)] == [3, 4]
    path.write_text(path.read_text().replace("note", "noot", 1))
    with pytest.raises(RecordError, match="line 1 is no checkpoint"):
        read_checkpoints(path)
    with pytest.raises(RecordError, match="there is no file of checkpoints"):
        fetch_anchors([str(tmp_path / "none")], "pvdctl/x")
    with pytest.raises(RecordError, match="cannot be added"):
        append_checkpoint(tmp_path / "no" / "a", "x", NOW)


def test_an_empty_log_has_nothing_to_anchor(tmp_path: Path) -> None:
    with Record.open(tmp_path, VirtualClock()) as record:
        note_text = newest_checkpoint(record._log.connection)
        assert note_text is not None
        assert Checkpoint.read(note_text).size == 1
        assert newest_checkpoint(record._log.connection, 99) is None
