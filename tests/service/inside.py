"""A control process inside the test: a simulated chamber, the desk and the outlet's place, without a web server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import load_chamber
from pvdctl.cli.stations import SimulatedStation
from pvdctl.process.states import State
from pvdctl.record.event import Recorded
from pvdctl.record.reader import RecordReader
from pvdctl.service.answers import Accepted, Problem
from pvdctl.service.call import Reply
from pvdctl.service.control import Control
from pvdctl.service.library import Library
from pvdctl.service.messages import Happening, Snapshot
from pvdctl.service.notify import Notify

ROOT = Path(__file__).resolve().parents[2]
CHAMBER = ROOT / "simulators" / "provap.yaml"

BRIEF = """\
recipe: brief
version: "1"
title: A short wait with a question
steps:
  - {do: wait, name: rest, duration: 5 s}
  - do: prompt
    name: agree
    message: Go on?
    answers: [go, "leave"]
    within: 1 h
  - {do: wait, name: rest_again, duration: 5 s}
"""


class Heard:
    """In the outlet's place: keeps what the control process says."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.happenings: list[Happening] = []
        self.replies: dict[int, Reply] = {}
        self.newest_at_reply: dict[int, Snapshot | None] = {}

    def start(self) -> None:
        """Nothing to start."""

    def snapshot(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    def happening(self, happening: Happening) -> None:
        self.happenings.append(happening)

    def reply(self, reply: Reply) -> None:
        self.replies[reply.number] = reply
        self.newest_at_reply[reply.number] = self.snapshots[-1] if self.snapshots else None

    def stop(self) -> None:
        """Nothing to stop."""


class Inside:
    """Asks and looks. Time is virtual, the lease's clock is `wall_s`. chamber_file: of the simulated chamber."""

    def __init__(self, directory: Path, recipes: Path, chamber_file: Path = CHAMBER) -> None:
        self.directory = directory / "record"
        chamber = load_chamber(chamber_file)
        self.station = SimulatedStation(chamber, self.directory, seed=1, speed=None)
        self.log: list[tuple[str, int]] = []
        self.control = Control(self.station, Library(recipes, chamber), "boot", Notify({}), self._log)
        self.wall_s = 0.0
        self.control.desk._wall_s = lambda: self.wall_s
        self.heard = Heard()
        self.control.connect(self.heard)
        self.engine = self.station.engine(self.control.controller)
        self.number = 0
        self.closed = False
        self.fence: int | None = None
        self.scan()

    def _log(self, text: str, level: int) -> None:
        self.log.append((text, level))

    @property
    def state(self) -> State:
        return self.control.controller.unit.state

    def until(self, there: Callable[[], bool], at_most_s: float = 300.0) -> None:
        assert self.engine.run(there, at_most_s=at_most_s), f"not there: {self.state.name}"

    def scan(self, scans: int = 1) -> None:
        self.engine.run(lambda: False, at_most_s=0.1 * scans)

    def ask(self, act: str, role: str = "operator", user: str = "anna", client: str = "tui", **body: Any) -> Accepted:
        """Ask and wait for the answer; raises Said with what was refused."""
        self.number += 1
        number = self.number
        said = {"number": number, "act": act, "user": user, "client": client, "role": role, "body": body}
        self.control.heard(said)
        self.until(lambda: number in self.heard.replies)
        message = self.heard.replies[number].message
        if isinstance(message, Problem):
            raise Said(message)
        assert isinstance(message, Accepted)
        return message

    def lead(self, act: str, **body: Any) -> Accepted:
        """As `ask`, under the lease that `take` got."""
        return self.ask(act, fence=self.fence, **body)

    def take(self) -> int:
        """Get the lease."""
        self.fence = self.ask("lease.take").fence
        assert self.fence is not None
        return self.fence

    def ready(self) -> None:
        """To Idle, under the lease."""
        self.until(lambda: self.control.controller.adopted)
        self.take()
        self.lead("clear")
        self.until(lambda: self.state is State.STOPPED)
        self.lead("reset")
        self.until(lambda: self.state is State.IDLE)

    def seen(self) -> Snapshot:
        """The snapshot of the next scan."""
        self.control._publish_s = 0.0
        self.scan()
        return self.heard.snapshots[-1]

    def end(self) -> None:
        """End the service as a signal does."""
        self.control.interrupt()
        self.until(self.control._over)
        self.close()

    def close(self) -> None:
        """Close the record, once."""
        if not self.closed:
            self.closed = True
            self.station.stop()

    def events(self) -> list[Recorded]:
        """Every event of the record, in or out of runs."""
        from pvdctl.record.event import read
        from pvdctl.record.log import rows_from

        with RecordReader.open(self.directory) as reader:
            return [read(text) for _, text in rows_from(reader.event_file, 1, 2**62)]


class Said(Exception):
    """A refusal."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.text)
