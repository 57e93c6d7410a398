"""A simulated service for `pvdctl tui --simulate`: a process of its own, which outlives screens and terminal."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pvdctl.cli.exits import WrongUsage
from pvdctl.clock import RealClock, sleep_s
from pvdctl.errors import OperatorError

TOLD_CHARACTERS = 2_000
"""Of what a service said before it ended: enough for its last sentences."""


class SimulatedService:
    """Start it; `arguments` are those of `pvdctl serve` after `--simulate`. Raises OperatorError if it cannot be begun.

    It has a session of its own, so that neither Ctrl-C in the screens nor a closed terminal reaches it; what it says
    goes to a file beside its socket.
    """

    def __init__(self, socket: Path, arguments: Sequence[str]) -> None:
        self.socket = socket
        self.log = socket.with_suffix(".log")
        command = [
            sys.executable, "-m", "pvdctl.cli.main", "serve", "--simulate", "--socket", os.fspath(socket), *arguments,
        ]  # fmt: skip
        try:
            socket.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            with self.log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 - this very program, no shell
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
        except OSError as error:
            raise OperatorError(f"the simulated service cannot be started: {error}. Is the disk full?") from error

    @property
    def pid(self) -> int:
        """Of its control process."""
        return self._process.pid

    def failure(self) -> str:
        """Why it ended by itself; empty while it runs."""
        code = self._process.poll()
        if code is None:
            return ""
        said = self.log.read_text(encoding="utf-8", errors="replace").strip()[-TOLD_CHARACTERS:]
        return said or f"the simulated service ended with exit code {code} and said nothing; see {self.log}"

    def end(self) -> None:
        """SIGTERM: a run is stopped under control first, then it ends."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def gone(self, within_s: float) -> bool:
        """Wait for its end; whether it came."""
        clock = RealClock()
        while self._process.poll() is None:
            if clock.now_s > within_s:
                return False
            sleep_s(0.05)
        return True


def service_arguments(
    chamber: Path | None, speed: float, seed: int, faults: Sequence[str], record: Path | None, recipes: Path | None
) -> list[str]:
    """As `pvdctl serve` wants them. Raises WrongUsage where a file or folder is not there."""
    arguments = ["--speed", f"{speed:g}", "--seed", str(seed)]
    for fault in faults:
        arguments += ["--fault", fault]
    for name, path in (("chamber", chamber), ("recipes", recipes)):
        if path is not None:
            if not path.exists():
                raise WrongUsage(f"there is no {path} (--{name}). Is the name right?")
            arguments += [f"--{name}", os.fspath(path)]
    if record is not None:
        arguments += ["--record", os.fspath(record)]
    return arguments
