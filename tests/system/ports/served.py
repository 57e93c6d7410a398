"""Starts the simulated chamber as a process of its own, and asks it what is true."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simulators.server.truth import ask

ROOT = Path(__file__).resolve().parents[3]
needs_ptys = pytest.mark.skipif(sys.platform == "win32", reason="the served chamber needs ptys, which Windows has not")


def environment() -> dict[str, str]:
    """As this process's, with this tree first and every warning an error."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


class Chamber:
    """A served chamber: its file, and its truth."""

    def __init__(self, file: Path, ready: dict[str, Any]) -> None:
        self.file = file
        self.ready = ready
        host, _, port = ready["truth"].rpartition(":")
        self.truth_at = (host, int(port))

    def ask(self, do: str, **asked: object) -> dict[str, Any]:
        """One request to the truth socket, see simulators.server.truth."""
        return ask(self.truth_at, {"do": do, **asked}, within_s=20.0)

    def truth(self) -> dict[str, Any]:
        return self.ask("truth")

    def fault(self, text: str) -> None:
        """As `mute@now:link=monitor`."""
        self.ask("fault", fault=text)


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Chamber]:
    """`pvdctl simulator serve` with these options; it must end by itself when it is told to."""
    file = folder / "served.yaml"
    command = [sys.executable, "-m", "pvdctl.cli.main", "simulator", "serve", "--write-chamber", str(file)]
    with (folder / "server.err").open("w") as err:
        process = subprocess.Popen(
            [*command, "--truth-port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            cwd=ROOT,
            env=environment(),
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("READY "), (folder / "server.err").read_text()
            yield Chamber(file, json.loads(line.removeprefix("READY ")))
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(20.0)
            process.stdout.close()
    assert code == 0, (folder / "server.err").read_text()


def pvdctl(*arguments: str, within_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "pvdctl.cli.main", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        timeout=within_s,
    )
