"""Load on a service, from a process of its own: live streams as screens hold them, and one client that asks fast.

    python -m tests.service.load SOCKET SECONDS STREAMS REQUESTS_PER_S

It prints one JSON object when it has ended: what was asked, answered, turned away as too much, and heard.
"""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvdctl.client import Chamber, Declined
from pvdctl.clock import RealClock, sleep_s
from pvdctl.service.messages import Snapshot
from tests.service.inside import ROOT

REAL_TIME = ("chrt", "--rr", "20")
"""How the unit file lets systemd start the service (docs/systemd/pvdctl.service)."""
EVERY_S = 0.5
"""What screens ask for: two snapshots a second."""


def real_time_permitted() -> bool:
    """Whether this user may have it on this machine."""
    if shutil.which(REAL_TIME[0]) is None:
        return False
    return subprocess.run([*REAL_TIME, "true"], capture_output=True, check=False).returncode == 0


@dataclass
class Pressed:
    """What became of it. snapshots: by stream."""

    asked: int
    answered: int
    too_many: int
    took_s: float
    snapshots: list[int]

    @property
    def per_s(self) -> float:
        """Requests sent a second."""
        return self.asked / self.took_s


class _Screen(threading.Thread):
    """A live stream, decoded as a screen does."""

    def __init__(self, where: str) -> None:
        super().__init__(daemon=True)
        self.where = where
        self.heard = 0

    def run(self) -> None:
        for heard in Chamber(self.where, client="screen").follow(every_s=EVERY_S):
            self.heard += isinstance(heard, Snapshot)


def _press(where: str, seconds: float, streams: int, per_s: float) -> dict[str, Any]:
    screens = [_Screen(where) for _ in range(streams)]
    for screen in screens:
        screen.start()
    chamber, clock = Chamber(where, client="fast"), RealClock()
    asked = too_many = 0
    while (now_s := clock.now_s) < seconds:
        if per_s and asked < per_s * now_s:
            asked += 1
            try:
                chamber.status_json()
            except Declined as declined:
                if declined.problem.code != "too_many":
                    raise
                too_many += 1
        else:
            sleep_s(min(seconds - now_s, 1.0 / per_s if per_s else 1.0))
    return {
        "asked": asked,
        "answered": asked - too_many,
        "too_many": too_many,
        "took_s": clock.now_s,
        "snapshots": [screen.heard for screen in screens],
    }


def press(socket: Path, seconds: float, *, streams: int, per_s: float) -> Pressed:
    """For so many seconds."""
    done = subprocess.run(
        _command(socket, seconds, streams, per_s), capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return Pressed(**json.loads(done.stdout))


@contextmanager
def watched(socket: Path, streams: int) -> Iterator[None]:
    """Live streams while inside."""
    process = subprocess.Popen(_command(socket, 1e6, streams, 0.0), cwd=ROOT)
    try:
        yield
        assert process.poll() is None, "the streams must have gone on all the time"
    finally:
        process.kill()
        process.wait()


def _command(socket: Path, seconds: float, streams: int, per_s: float) -> list[str]:
    return [sys.executable, "-m", "tests.service.load", str(socket), str(seconds), str(streams), str(per_s)]


if __name__ == "__main__":
    print(json.dumps(_press(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))))
