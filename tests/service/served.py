"""A service of its own processes on a simulated chamber, as a user starts it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pvdctl.client import Chamber, Declined, Unreachable
from pvdctl.clock import RealClock, sleep_s
from pvdctl.service.dial import UnixConnection
from tests.service.inside import ROOT

UP_WITHIN_S = 60.0


class Served:
    """The service, until `end`. chamber: file of a chamber on real ports; None: simulated in memory, at `speed`.

    under: a command that starts it, such as `chrt`.
    """

    def __init__(
        self,
        directory: Path,
        recipes: Path,
        *more: str,
        speed: float = 60.0,
        chamber: Path | None = None,
        under: Sequence[str] = (),
    ) -> None:
        which = ["--chamber", str(chamber)] if chamber is not None else ["--simulate", "--speed", str(speed)]
        self.socket = directory / "api.sock"
        self.record = directory / "record"
        self.log_path = directory / "log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *under, sys.executable, "-m", "pvdctl.cli.main", "serve", *which,
                    "--socket", str(self.socket), "--record", str(self.record), "--recipes", str(recipes), *more,
                ],
                stdout=log, stderr=log, cwd=ROOT,
            )  # fmt: skip
        try:
            self.wait_up()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def chamber(self, client: str = "test") -> Chamber:
        return Chamber(self.socket, client=client)

    def wait_up(self) -> None:
        """Until it answers."""
        clock = RealClock()
        while clock.now_s < UP_WITHIN_S:
            assert self.process.poll() is None, self.log
            try:
                self.chamber().status()
            except (Unreachable, Declined):
                sleep_s(0.05)
            else:
                return
        raise AssertionError(f"the service did not come up: {self.log}")

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def web_pid(self) -> int:
        """Of the web server."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            children += (task / "children").read_text().split()
        for child in children:
            if b"pvdctl.service.web" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        raise AssertionError("there is no web server")

    def raw(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, Any]:
        """Status and JSON (or text) of a request as it stands."""
        connection = UnixConnection(str(self.socket), 10.0)
        try:
            connection.request(method, path, body, headers or {})
            return read(connection.getresponse())
        finally:
            connection.close()

    def connected(self) -> socket.socket:
        """A bare connection."""
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.connect(str(self.socket))
        return made

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal; its exit code."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        try:
            return self.process.wait(60.0)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()


def read(answer: http.client.HTTPResponse) -> tuple[int, Any]:
    """Status and JSON or text."""
    text = answer.read()
    if answer.getheader("Content-Type", "").startswith("application/json"):
        return answer.status, json.loads(text)
    return answer.status, text.decode()
