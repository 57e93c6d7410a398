"""A terminal of our own for a program, as an operator has one: a pty whose other end is read here."""

import os
import select
import struct
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path


class Terminal:
    """`pvdctl tui` on a pty of `columns` x `rows`, on the service at `socket`.

    A thread reads all that is written, with its time by the wall clock, so that the program never waits for us.
    """

    def __init__(self, socket: Path, columns: int = 120, rows: int = 40) -> None:
        import fcntl  # not on every system
        import pty
        import termios

        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        pvdctl = str(Path(sys.executable).with_name("pvdctl"))
        self._heard = threading.Condition()
        self._seen: list[tuple[float, bytes]] = []
        self.began_s = time.perf_counter()
        self.process = subprocess.Popen(
            [pvdctl, "tui", "--service", str(socket)], stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, env=os.environ | {"TERM": "xterm-256color"},
        )  # fmt: skip
        os.close(slave)
        self._thread = threading.Thread(target=self._listen, name="terminal", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                if not select.select([self._master], [], [], 0.2)[0]:
                    if self.process.poll() is not None:
                        return
                    continue
                more = os.read(self._master, 1 << 16)
            except (OSError, ValueError):  # Linux says EIO when the last program has closed its end
                return
            if not more:
                return
            with self._heard:
                self._seen.append((time.perf_counter(), more))
                self._heard.notify_all()

    def until(self, word: str, within_s: float = 30.0) -> float:
        """When `word` had been written, seconds of time.perf_counter; raises TimeoutError."""
        wanted, found = word.encode(), b""
        end_s = time.perf_counter() + within_s
        taken = 0
        with self._heard:
            while True:
                while taken < len(self._seen):
                    at_s, more = self._seen[taken]
                    taken += 1
                    found = found[-len(wanted) :] + more
                    if wanted in found:
                        return at_s
                if not self._heard.wait(max(0.0, end_s - time.perf_counter())):
                    raise TimeoutError(f"'{word}' was not written within {within_s:g} s")

    def press(self, keys: str) -> float:
        """Type, and forget what was written before; when."""
        with self._heard:
            self._seen.clear()
        at_s = time.perf_counter()
        os.write(self._master, keys.encode())
        return at_s

    def bursts(self, since_s: float) -> int:
        """How often something was drawn: pieces of output with at least 0.2 s of silence before them."""
        with self._heard:
            times_s = [at_s for at_s, _ in self._seen if at_s >= since_s]
        return sum(after - before > 0.2 for before, after in pairwise(times_s)) + bool(times_s)

    @property
    def cpu_s(self) -> float:
        """Time of a core that the program has had so far (/proc/PID/stat, fields 14 and 15)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory_mb(self) -> float:
        """What it has in memory (/proc/PID/statm, resident pages)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def end(self) -> None:
        """Leave the screens."""
        if self.process.poll() is None:
            self.press("q")
            try:
                self.process.wait(5.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._thread.join(2.0)
        os.close(self._master)
