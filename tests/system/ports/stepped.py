"""A run over real ports in step with the served chamber: every byte crosses a pty or a socket, time is virtual.

Workers, drivers, links and controller are those of a real run; only the clock is not. Between two scans the workers
do what is due, one after the other, and then the served chamber is told to let the time pass. So LZLN's hour takes
seconds, on a machine that may be busy with other things.

    python -m tests.system.ports.stepped RECIPE CHAMBER HOST:PORT RECORD

runs as a process of its own, to be killed: it says on stdout how many events are safely on the disk, a line per scan
that said something.
"""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pvdctl.chamber.load import LoadedChamber, load_chamber
from pvdctl.cli.conduct import LONGEST_S, Conductor
from pvdctl.cli.equip import make_drivers, make_equipment
from pvdctl.cli.real import make_workers
from pvdctl.cli.shipped import driver_names
from pvdctl.clock import RealClock, VirtualClock
from pvdctl.links.schedule import VirtualSchedule
from pvdctl.links.worker import Worker
from pvdctl.process.controller import Controller, Order
from pvdctl.process.scan import ScanEngine
from pvdctl.process.unit_work import word
from pvdctl.recipe.load import LoadedRecipe, load_recipe
from pvdctl.record.record import Record


class InStep:
    """The workers' schedule, and the chamber's time behind it."""

    def __init__(self, schedule: VirtualSchedule, truth_at: tuple[str, int]) -> None:
        self._run_until = schedule.run_until
        self._line = socket.create_connection(truth_at, 20.0)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._line.makefile("rb")

    def ask(self, **asked: object) -> dict[str, Any]:
        self._line.sendall(json.dumps(asked).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._answers.readline())
        assert answer.pop("ok"), answer
        return answer

    def run_until(self, until_s: float) -> None:
        self._run_until(until_s)
        self._line.sendall(b'{"do": "advance", "to_s": %.3f}\n' % until_s)
        assert self._answers.readline().startswith(b'{"ok": true')

    def close(self) -> None:
        self._answers.close()
        self._line.close()


class SteppedRun(Conductor):
    """A recipe on a served chamber (`--speed 0`), as fast as the ports go."""

    marked = True
    why = "run in step"
    acknowledges = True

    def __init__(
        self,
        recipe: LoadedRecipe,
        chamber: LoadedChamber,
        truth_at: tuple[str, int],
        directory: Path,
        on_scan: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__(recipe, chamber, answers=None, operator="test", on_scan=on_scan)
        self.clock = VirtualClock()
        drivers = make_drivers(chamber.model)
        self._workers = make_workers(chamber.model, drivers, RealClock())
        for worker in self._workers:
            worker.clock = self.clock  # cadences in the run's time; deadlines of the ports stay in the wall's
        self.schedule = InStep(VirtualSchedule(self._workers, self.clock), truth_at)
        self.clock.now_s = self.schedule.ask(do="truth")["time_s"]  # a second host finds the chamber's time going on
        self.record = Record.open(directory, self.clock)
        self.controller = Controller(make_equipment(chamber.model, drivers, self._workers), self.record)
        self.engine = ScanEngine(self.controller, self.schedule, self.clock)
        self.result: dict[str, Any] = {}
        self.run_id = ""

    @property
    def now_s(self) -> float:
        return self.clock.now_s

    @property
    def workers(self) -> list[Worker]:
        return self._workers

    def _phase_changed(self, step: str, phase: str) -> None:
        if step and phase:
            self.schedule.ask(do="phase", step=step, phase=phase)

    def run(self) -> tuple[str, str]:
        """To the end; the state and the reason."""
        controller = self.controller
        controller.load(Order(self.recipe.model, self._begin, self._end))
        try:
            if self._to_execute():
                self.engine.run(self._over, at_most_s=LONGEST_S)
            if controller.running:
                controller.end_run(word(controller.unit.state), controller.reason)
        finally:
            for worker in self._workers:
                worker.link.close()
            self.record.close()
            self.schedule.close()
        return self.ends()

    def _begin(self, columns: tuple[tuple[str, str], ...]) -> None:
        self.run_id = self.record.begin_run(**self.begins(columns, None))

    def _end(self, end_state: str, end_reason: str, result: dict[str, Any]) -> None:
        self.result = result
        self.record.end_run(end_state, end_reason, result)


def stepped(
    recipe: Path,
    chamber: Path,
    truth_at: tuple[str, int],
    directory: Path,
    on_scan: Callable[[Any], None] | None = None,
) -> SteppedRun:
    """Load both files and make the run ready."""
    return SteppedRun(load_recipe(recipe), load_chamber(chamber, driver_names()), truth_at, directory, on_scan)


class _Acknowledged:
    """Between controller and record: says on stdout what is on the disk, after it is."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self.sample = record.sample
        self.settled = record.settled

    def append(self, events: Any) -> None:
        self._record.append(events)
        print(json.dumps([self._record.clock.now_s, [[e.kind, e.subject, e.text] for e in events]]), flush=True)


def main() -> None:
    """See the module's text."""
    recipe, chamber, truth_at, directory = sys.argv[1:]
    host, _, port = truth_at.rpartition(":")
    run = stepped(Path(recipe), Path(chamber), (host, int(port)), Path(directory))
    run.controller.recorder = _Acknowledged(run.record)
    state, reason = run.run()
    print(json.dumps({"end_state": state, "end_reason": reason}), flush=True)


if __name__ == "__main__":
    main()
