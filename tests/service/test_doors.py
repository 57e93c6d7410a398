"""The doors of the web server: who asks is looked up in a thread, everything else is done on the event loop."""

import asyncio
import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from pvdctl.chamber.load import load_chamber
from pvdctl.errors import RecordError
from pvdctl.service.library import Library
from pvdctl.service.web.app import make_app
from pvdctl.service.web.archive import Archive
from pvdctl.service.web.house import House
from pvdctl.service.web.identity import Directory
from pvdctl.service.web.limits import COMMANDS_PER_S
from pvdctl.service.web.peer import Peer
from pvdctl.service.web.simulating import Simulating
from tests.service.inside import CHAMBER, ROOT


class Pipe:
    """In the inlet's place: keeps what is told, and by which thread."""

    def __init__(self) -> None:
        self.snapshot = None
        self.on_snapshot = None
        self.told: list[tuple[str, dict[str, Any], int]] = []

    def tell(self, act: str, who: object, body: dict[str, Any], number: int = 0) -> None:
        """Keep it."""
        self.told.append((act, body, threading.get_ident()))

    async def ask(self, act: str, who: object, body: dict[str, Any]) -> tuple[int, str]:
        """Done at once."""
        return 200, "{}"


class Asked(Directory):
    """Notes which thread looks users up."""

    looked: set[int]

    def by_peer(self, peer: Peer, client: str) -> Any:
        """See `Directory.by_peer`."""
        self.looked.add(threading.get_ident())
        return super().by_peer(peer, client)


async def ask(app: Any, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """Status and body of one request over the Unix socket."""
    given = [{"type": "http.request", "body": body, "more_body": False}]
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": headers, "client": None, "server": None, "scheme": "http", "root_path": "",
        "state": {"peer": Peer(1, 0, 0)},
    }  # fmt: skip
    await app(scope, receive, send)
    return int(said[0]["status"]), b"".join(each.get("body", b"") for each in said[1:])


def house(directory: Directory) -> House:
    """With a pipe that only keeps what it is told."""
    pipe: Any = Pipe()
    return House(
        inlet=pipe, directory=directory, library=Library(ROOT / "recipes", load_chamber(CHAMBER)),
        archive=Archive(ROOT), simulating=Simulating([], ""), now_s=lambda: 0.0,
    )  # fmt: skip


def test_what_is_told_to_the_control_process_is_told_by_the_event_loop() -> None:
    directory = Asked({}, None)
    directory.looked = set()
    home = house(directory)
    app = make_app(home)
    loop = SimpleNamespace(thread=0)

    async def hold() -> list[int]:
        loop.thread = threading.get_ident()
        hold = "/v1/commands/hold"
        found = [(await ask(app, "POST", hold, b"{}"))[0] for _ in range(int(3 * COMMANDS_PER_S))]
        return [*found, (await ask(app, "POST", hold, json.dumps({"reasn": "x"}).encode()))[0]]

    statuses = asyncio.run(hold())
    assert statuses.count(429) == COMMANDS_PER_S + 1
    pipe: Any = home.inlet
    assert [(act, body["code"]) for act, body, _ in pipe.told] == [("turned_away", "too_many")]
    assert {thread for _, _, thread in pipe.told} == {loop.thread}
    assert loop.thread not in directory.looked


def test_a_record_that_cannot_be_read_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(self: Archive, limit: int) -> None:
        raise RecordError("record x cannot be read: database disk image is malformed")

    monkeypatch.setattr(Archive, "runs", damaged)
    status, body = asyncio.run(ask(make_app(house(Directory({}, None))), "GET", "/v1/runs"))
    assert status == 404
    assert json.loads(body)["text"] == "record x cannot be read: database disk image is malformed"
