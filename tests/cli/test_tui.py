"""`pvdctl tui --simulate` on a terminal of its own: what it starts, leaves running, ends, and says when it cannot."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvdctl.client import Chamber
from pvdctl.clock import RealClock, sleep_s
from pvdctl.errors import PvdctlError
from tests.service.inside import ROOT

pty = pytest.importorskip("pty", reason="this machine has no ptys")
WITHIN_S = 60.0
started: list["subprocess.Popen[bytes]"] = []
"""The screens of the test that is running."""


class Terminal:
    """`pvdctl tui` with a pty of 100 x 30 as its terminal."""

    def __init__(self, home: Path, *arguments: str) -> None:
        import fcntl
        import struct
        import termios

        self.socket = home / "run" / "api.sock"
        self.home = home
        self.seen = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        command = [sys.executable, "-m", "pvdctl.cli.main", "tui", "--service", str(self.socket), *arguments]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, start_new_session=True,
            env=os.environ | {"XDG_DATA_HOME": str(home), "TERM": "xterm-256color"},
        )  # fmt: skip
        os.close(slave)
        started.append(self.process)

    def until(self, word: str) -> None:
        """Read on until `word` was written, whatever stands between its letters' places on the screen."""
        clock = RealClock()
        while word.encode() not in self.seen:
            assert clock.now_s < WITHIN_S, self.seen[-4000:].decode(errors="replace")
            self.read()

    def read(self) -> bool:
        """What is there; False at the end."""
        if not select.select([self._master], [], [], 0.1)[0]:
            return self.process.poll() is None
        try:
            more = os.read(self._master, 65536)
        except OSError:  # Linux says EIO when the last program has closed its end
            return False
        self.seen += more
        return bool(more)

    def press(self, keys: str) -> None:
        """Type, and look only at what comes from now on."""
        self.seen = b""
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Its exit code, when it has ended by itself."""
        clock = RealClock()
        while self.process.poll() is None:
            assert clock.now_s < WITHIN_S, self.seen[-4000:].decode(errors="replace")
            self.read()
        while self.read():
            pass
        return self.process.returncode

    def hang_up(self) -> None:
        """The terminal is gone, as when ssh breaks."""
        os.close(self._master)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Nothing that was started in it outlives the test."""
    yield tmp_path
    for screens in started:
        screens.kill()
        screens.wait(WITHIN_S)
    started.clear()
    for process in _services(tmp_path):
        os.kill(process, signal.SIGKILL)


def _services(home: Path) -> list[int]:
    """Control processes that own a socket in this place."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"serve" in words and str(home).encode() in b" ".join(words):
                found.append(int(entry.name))
    return found


def _gone(home: Path) -> bool:
    clock = RealClock()
    while _services(home):
        if clock.now_s > WITHIN_S:
            return False
        sleep_s(0.05)
    return True


def test_a_simulated_service_is_started_and_ended_on_demand(home: Path) -> None:
    terminal = Terminal(home, "--simulate", "--speed", "60", "--record", str(home / "record"))
    terminal.until("SIMULATED")
    assert Chamber(terminal.socket, client="test").status().speed == 60.0
    terminal.press("q")
    terminal.until("Leave it running")
    terminal.press("y")
    assert terminal.end() == 0
    assert _gone(home)
    assert not terminal.socket.exists()


def test_a_lost_terminal_leaves_the_service_running_and_the_next_screens_find_it(home: Path) -> None:
    first = Terminal(home, "--simulate", "--record", str(home / "record"))
    first.until("SIMULATED")
    boot = Chamber(first.socket, client="test").status().boot
    first.hang_up()
    first.process.wait(WITHIN_S)
    second = Terminal(home, "--simulate")
    second.until("SIMULATED")
    assert Chamber(second.socket, client="test").status().boot == boot
    second.press("q")  # a service that was found, not started, is none of its business
    assert second.end() == 0
    assert Chamber(first.socket, client="test").status().boot == boot


def test_killed_screens_leave_the_service_running(home: Path) -> None:
    terminal = Terminal(home, "--simulate", "--record", str(home / "record"))
    terminal.until("SIMULATED")
    terminal.process.kill()
    terminal.process.wait(WITHIN_S)
    assert Chamber(terminal.socket, client="test").status().simulated


def test_another_speed_than_that_of_the_running_service_is_refused(home: Path) -> None:
    first = Terminal(home, "--simulate", "--record", str(home / "record"))
    first.until("SIMULATED")
    second = Terminal(home, "--simulate", "--speed", "5")
    assert second.end() == 2
    assert b"a simulated service answers on" in second.seen
    first.process.kill()
    first.process.wait(WITHIN_S)


def test_a_service_that_cannot_start_is_told_in_its_own_words(home: Path) -> None:
    terminal = Terminal(home, "--simulate", "--fault", "flood@10s", "--record", str(home / "record"))
    assert terminal.end() == 1
    assert b"flood" in terminal.seen
    assert b"the simulated service ended" in terminal.seen
    with pytest.raises(PvdctlError):
        Chamber(terminal.socket, client="test").status()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--speed", "5"], "are for --simulate"),
        (["--service", "ftp://x"], "wanted a socket's path or https://HOST:PORT, found ftp://"),
        (["--simulate", "--chamber", "nowhere.yaml"], "there is no nowhere.yaml (--chamber)"),
    ],
)
def test_wrong_usage_begins_nothing(home: Path, arguments: list[str], told: str) -> None:
    terminal = Terminal(home, *arguments)
    assert terminal.end() == 2
    assert told.encode() in terminal.seen
    assert not _services(home)


@pytest.mark.parametrize("lacking", ["input", "output", "stderr"])
def test_without_a_terminal_it_says_what_to_use_instead(home: Path, lacking: str) -> None:
    master, slave = pty.openpty()
    streams = {"output": slave, "stderr": slave} | {lacking: subprocess.PIPE}
    ended = subprocess.run(
        [sys.executable, "-m", "pvdctl.cli.main", "tui", "--service", str(home / "s")],
        stdin=subprocess.DEVNULL if lacking == "input" else slave, stdout=streams["output"],
        stderr=streams["stderr"], text=True, check=False, cwd=ROOT, timeout=WITHIN_S,
    )  # fmt: skip
    os.close(slave)
    told = ended.stderr if lacking == "stderr" else os.read(master, 4096).decode()
    os.close(master)
    assert ended.returncode == 2
    assert f"the screens need a terminal, and their {lacking} is none." in " ".join(told.split())
