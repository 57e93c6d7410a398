"""What the control process tells the web server, in which order."""

import sys
from pathlib import Path

from pvdctl.clock import RealClock, sleep_s
from pvdctl.service.answers import Accepted
from pvdctl.service.call import Reply
from pvdctl.service.outlet import Outlet
from tests.service.inside import Inside

LISTENER = """\
import socket, sys
hear, say = (socket.socket(fileno=int(number)) for number in sys.argv[2:4])
with open(sys.argv[1], "w") as kept, hear.makefile() as lines:
    kept.write(next(lines).split(" ")[0] + "\\n")
    say.sendall(b"{}\\n")
    for line in lines:
        kept.write(" ".join(line.split(" ")[:2]) + "\\n")
        kept.flush()
"""


def test_happenings_then_the_snapshot_then_the_replies(inside: Inside, tmp_path: Path) -> None:
    """Who is answered must find in the newest snapshot what the answer says."""
    kept, clock = tmp_path / "kept", RealClock()
    inside.until(lambda: inside.control.controller.adopted)
    snapshot, happening = inside.seen(), inside.heard.happenings[0]
    said: list[str] = []
    outlet = Outlet([sys.executable, "-c", LISTENER, str(kept)], [], {}, lambda line: None, said.append, lambda: 0.0)
    with outlet._something:  # all of it waits together
        outlet._waiting.append(Reply(7, 200, Accepted("done", "Idle")))
        outlet._snapshot = outlet._newest = snapshot
    outlet.happening(happening)
    outlet.start()
    try:
        while not kept.exists() or kept.read_text().count("\n") < 4:
            assert clock.now_s < 30.0, said
            sleep_s(0.02)
    finally:
        outlet.stop()
    assert kept.read_text().splitlines() == [
        "settings", f"happening {happening.seq}", f"snapshot {snapshot.seq}", "reply 7"
    ]  # fmt: skip
