"""A terminal of its own for a program: tmux types into it and reads what stands there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pvdctl.clock import RealClock, sleep_s

LOOK_S = 0.1
ENDED = "ended with exit code"
TELL = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, [])
print("{ENDED}", subprocess.call(sys.argv[1:]), flush=True)
time.sleep(600.0)
"""
"""Tells the program's end on its own screen. tmux may not learn of it: below some test runners it is started with
SIGCHLD blocked, and so would the program be."""
SIZES = ("COLUMNS", "LINES")
"""Of somebody else's terminal: programs believe them before they ask their own."""


def needed() -> None:
    """Skip without tmux; in CI, which installs it, that is a failure."""
    if shutil.which("tmux") is None:
        why = "tmux is not installed (Debian: apt install tmux)"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)


class Tmux:
    """A server, a session and a window of its own, with `command` in it."""

    def __init__(self, folder: Path, command: list[str], environment: dict[str, str], size: tuple[int, int]) -> None:
        self._socket = folder / "tmux.sock"
        width, height = size
        configuration = folder / "tmux.conf"
        configuration.write_text(
            "set -g escape-time 0\nset -g remain-on-exit on\nset -g default-terminal screen-256color\n"
        )
        subprocess.run(
            [
                "tmux", "-S", str(self._socket), "-f", str(configuration), "new-session", "-d",
                "-x", str(width), "-y", str(height), sys.executable, "-c", TELL, *command,
            ],
            check=True, env={k: v for k, v in environment.items() if k not in SIZES}, cwd=folder,
        )  # fmt: skip

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words], capture_output=True, text=True, check=True, timeout=20.0
        )
        return done.stdout

    def screen(self) -> str:
        """What stands on it."""
        return self._tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: Enter, Escape, F9, or a character."""
        self._tmux("send-keys", *keys)

    def write(self, text: str) -> None:
        """Type a text."""
        self._tmux("send-keys", "-l", text)

    def until(self, *words: str, within_s: float = 30.0) -> str:
        """Wait until all of `words` stand on the screen; the screen."""
        clock = RealClock()
        while True:
            shown = self.screen()
            flat = " ".join(shown.split())
            if all(word in flat for word in words):
                return shown
            assert clock.now_s < within_s, f"{words} did not come within {within_s:g} s:\n{shown}"
            sleep_s(LOOK_S)

    def ended(self, within_s: float = 30.0) -> int:
        """The program's exit code, when it has ended."""
        shown = self.until(ENDED, within_s=within_s)
        return int(shown.split(ENDED)[1].split()[0])

    def close(self) -> None:
        """The terminal is gone, with what runs in it."""
        subprocess.run(["tmux", "-S", str(self._socket), "kill-server"], capture_output=True, check=False)


def screens(*arguments: str) -> list[str]:
    """The command line of `pvdctl tui`."""
    return [sys.executable, "-m", "pvdctl.cli.main", "tui", *arguments]
