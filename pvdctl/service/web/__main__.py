"""`python -m pvdctl.service.web IN OUT`: the web server, started by the control process with two sockets."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from pvdctl.chamber.load import parse_chamber
from pvdctl.clock import RealClock
from pvdctl.service.library import Library
from pvdctl.service.tokens import Tokens
from pvdctl.service.web.app import make_app
from pvdctl.service.web.archive import Archive
from pvdctl.service.web.guard import Guard
from pvdctl.service.web.house import House
from pvdctl.service.web.identity import Directory, Who
from pvdctl.service.web.inlet import LARGEST_LINE, Inlet
from pvdctl.service.web.live import STREAMS
from pvdctl.service.web.peer import PeerProtocol
from pvdctl.service.web.simulating import Simulating

EVIDENCE_EVERY_S = 10.0
"""How often it is looked up how far the record is anchored. A choice: evidence.md warns from 5 minutes on."""
FLUSH_EVERY_S = 1.0
"""How often refusals are looked at that wait to be told (at most once in `turned_away.EVERY_S`). A choice."""
OWN = Who("system:web", "viewer", "web", "unix", "")
CONNECTIONS = 5 * STREAMS
"""At a time, all together, before new ones are turned away: live streams leave most of them to commands. A choice."""


class Server(uvicorn.Server):
    """A server that leaves signals to whoever runs several of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve(hear: socket.socket, say: socket.socket) -> None:
    """Until the control process has gone, or says so."""
    reader, kept_writer = await asyncio.open_unix_connection(sock=hear, limit=LARGEST_LINE)
    kept_reader, writer = await asyncio.open_unix_connection(sock=say)
    inlet = Inlet(reader, writer)
    settings = await inlet.settings()
    house = make_house(inlet, settings)
    app = Guard(make_app(house), settings["hosts"], house.turned_away.add)
    inlet.here_i_am()
    servers = [Server(_config(app, settings if listening["tls"] else None)) for listening in settings["listening"]]
    sockets = [socket.socket(fileno=listening["fd"]) for listening in settings["listening"]]
    loop = asyncio.get_running_loop()
    hearing = asyncio.ensure_future(inlet.hear())
    beside = [asyncio.ensure_future(_evidence(house)), asyncio.ensure_future(_turned_away(house))]

    def end() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    hearing.add_done_callback(lambda _: end())
    try:
        await asyncio.gather(*(server.serve([each]) for server, each in zip(servers, sockets, strict=True)))
    finally:
        for each in (kept_writer, writer):  # both halves of a stream live as long as one of them is used
            each.close()
        kept_reader.feed_eof()
        for task in (*beside, hearing):
            task.cancel()
        for done in await asyncio.gather(*beside, hearing, return_exceptions=True):
            if isinstance(done, Exception):
                logging.getLogger("pvdctl").error("the web server ends: %r", done)


def make_house(inlet: Inlet, settings: dict[str, Any]) -> House:
    """Everything the routes need, from what the control process has told."""
    chamber = parse_chamber(settings["chamber"].encode(), settings["chamber_path"])
    tokens = Tokens(Path(settings["tokens"]), lambda: datetime.now(UTC)) if settings["tokens"] else None
    clock = RealClock()
    return House(
        inlet=inlet,
        directory=Directory(settings["roles"], tokens),
        library=Library(Path(settings["recipes"]), chamber),
        archive=Archive(Path(settings["record"])),
        simulating=Simulating(settings["simulate"], settings["chamber"]),
        now_s=lambda: clock.now_s,
    )


def _config(app: Any, tls: dict[str, Any] | None) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=PeerProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=1,
        limit_concurrency=CONNECTIONS,
        ssl_certfile=tls["certificate"] if tls is not None else None,
        ssl_keyfile=tls["key"] if tls is not None else None,
    )
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return config


async def _evidence(house: House) -> None:
    """Look up now and then how far the record is anchored elsewhere, and say so to the control process."""
    while True:
        found = await asyncio.to_thread(house.archive.standing, lambda: datetime.now(UTC))
        if found is not None:
            house.inlet.tell("evidence", OWN, found)
        await asyncio.sleep(EVIDENCE_EVERY_S)


async def _turned_away(house: House) -> None:
    """Refusals wait for their time to be told, not for the next one."""
    while True:
        house.turned_away.flush()
        await asyncio.sleep(FLUSH_EVERY_S)


def step_back() -> None:
    """Let the control process go first: real-time rights to the processor are inherited from it."""
    if hasattr(os, "sched_setscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def main() -> None:
    """Entry point."""
    step_back()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    hear, say = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    for each in (hear, say):
        os.set_inheritable(each.fileno(), False)
    asyncio.run(serve(hear, say))


if __name__ == "__main__":
    main()
