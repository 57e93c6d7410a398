"""The control process: the scan loop, the desk in front of it, and the outlet to the web server behind it.

It ends by a signal: a run that is going on is stopped under control, or aborted when that takes too long, before the
links are closed. Nothing that happens to a web server, a client or a terminal ends it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pvdctl.clock import RealClock
from pvdctl.errors import Bug, Refused
from pvdctl.process.controller import Controller
from pvdctl.process.states import Command, State
from pvdctl.record.event import Event
from pvdctl.service.answers import Problem
from pvdctl.service.call import Call, Reply, Turned, read_call
from pvdctl.service.desk import Desk
from pvdctl.service.lease import Lease
from pvdctl.service.library import Library
from pvdctl.service.listening import Listening
from pvdctl.service.messages import Happening, Snapshot
from pvdctl.service.notify import Notify
from pvdctl.service.runbook import RunBook
from pvdctl.service.station import Station, StationRecorder
from pvdctl.service.view import View

FOREVER_S = 1e9
PUBLISH_EVERY_S = 0.2
"""Five snapshots a second: what a person sees as live. 0.3 ms each (see `View`) are 0.15 % of a core. A choice."""
STOP_WITHIN_S = 180.0
"""The longest controlled stop (process.timing gives Stopping 120 s), and a margin; then it is aborted."""
ABORT_WITHIN_S = 20.0
"""Aborting's own limit, and a margin; then the PLC's watchdog must do it."""
RESTING = frozenset((State.ABORTED, State.STOPPED, State.IDLE, State.COMPLETE))
SIGNALLED = "system:service"
LOGGED = frozenset(("command", "refusal", "state", "alarm", "interlock", "link", "note"))
"""Kinds of events that the administrator's log repeats."""


class Publisher(Protocol):
    """The way out to clients; see `Outlet`."""

    def start(self) -> None:
        """Begin."""

    def snapshot(self, snapshot: Snapshot) -> None:
        """Publish; replaces one that is still waiting."""

    def happening(self, happening: Happening) -> None:
        """Publish."""

    def reply(self, reply: Reply) -> None:
        """Give an answer back."""

    def stop(self) -> None:
        """Send what waits, and end."""


class Told:
    """A recorder that tells the outlet what it is given: events are on screens as soon as they are handed over."""

    def __init__(self, recorder: StationRecorder, tell: Callable[[Sequence[Event]], None]) -> None:
        self._recorder = recorder
        self._tell = tell
        self.settled = recorder.settled
        self.sample = recorder.sample

    def append(self, events: Sequence[Event]) -> None:
        """See `Recorder.append`."""
        self._recorder.append(events)
        self._tell(events)


class Served(Controller):
    """The controller with a desk: people are heard before each scan, and answered after it."""

    before: Callable[[float], None]
    after: Callable[[], None]

    def scan(self, now_s: float) -> None:
        """See `Controller.scan`."""
        self.context.now_s = now_s
        self.before(now_s)
        super().scan(now_s)
        self.after()


class Control:
    """One service's control process. `run` returns when it has been ended in order.

    boot: differs for each start. outlet: made by `connect`, since it needs `heard`. log: says a sentence to the
    administrator, with its syslog level (4 warning, 6 information).
    """

    def __init__(
        self, station: Station, library: Library, boot: str, notify: Notify, log: Callable[[str, int], None]
    ) -> None:
        self._station = station
        self._library = library
        self._notify = notify
        self._log = log
        self._wall = RealClock()
        self._seq = 0
        self._publish_s = 0.0
        self._alive_s = 0.0
        self._shown = (-1, "", "", "")
        self._state_word = ""
        self._blind = ""
        """Why a scan could not be shown, as last said."""
        self.interrupts = 0
        self._ending: tuple[Command, float] | None = None
        self.lease = Lease(int(station.utc().timestamp()))  # numbers of an earlier start never come again
        self.controller = Served(station.equipment, Told(station.recorder, self._tell))
        self.runbook = RunBook(
            station.chamber, station.recorder, station.run_id, station.result,
            simulated=station.simulated, seed=station.seed,
        )  # fmt: skip
        self.view = View(
            self.controller, self.runbook, self.lease, station.workers, station.beat, boot,
            simulated=station.simulated, speed=station.speed, directory=station.directory,
        )  # fmt: skip
        self.outlet: Publisher | None = None
        self.desk = Desk(
            self.controller, self.runbook, self.lease, self.view,
            wall_s=self._now_s, settled=station.recorder.settled, sign=station.sign,
            listening=Listening(station.workers, station.utc), reply=self._reply,
        )  # fmt: skip
        self.controller.before = self.desk.before_scan
        self.controller.after = self._after_scan

    def connect(self, outlet: Publisher) -> None:
        """The web server's side."""
        self.outlet = outlet

    def interrupt(self) -> None:
        """End the service: a run is stopped first; at the second word aborted. A signal handler may call this."""
        self.interrupts += 1

    # --- from the outlet's thread ---------------------------------------------------------------------------------
    def heard(self, said: dict[str, Any]) -> None:
        """A request: what takes long, reading a recipe, is done here, before the control thread looks at it."""
        call = read_call(said)
        if call.act == "start":
            self._prepare(call)
        self.desk.post(call)

    def _prepare(self, call: Call) -> None:
        try:
            call.prepared = self._library.plan(call.body)
        except Turned as turned:
            call.problem = turned.problem
        except Exception as error:  # a recipe must not bring the outlet down, whatever it holds
            call.problem = Problem("bad_recipe", f"the recipe cannot be read: {type(error).__name__}: {error}")

    # --- the loop -------------------------------------------------------------------------------------------------
    def run(self) -> list[str]:
        """Until it is ended; names of links that hung at the end."""
        station, notify = self._station, self._notify
        engine = station.engine(self.controller)
        station.start()
        if self.outlet is not None:
            self.outlet.start()
        notify.ready(f"{self._station.chamber.model.chamber}: starting")
        try:
            engine.run(self._over, at_most_s=FOREVER_S)
        except BaseException:  # whatever it was: off first, without the loop, then it goes on its way
            station.outputs_off()
            raise
        finally:
            notify.stopping()
            try:
                if self.controller.running:
                    self.controller.end_run(
                        self.controller.context.state_word, self.controller.reason or "service ended"
                    )
            finally:
                if self.outlet is not None:
                    self.outlet.stop()
                left_behind = station.stop()
                notify.close()
        return left_behind

    def _after_scan(self) -> None:
        """Publish, and tell systemd that a scan has been completed."""
        controller, context = self.controller, self.controller.context
        self.runbook.scan(controller)
        shown = (controller.unit.enter_count, context.step_name, context.phase, self.runbook.run)
        now_s = self._wall.now_s
        if shown != self._shown:
            if shown[1:3] != self._shown[1:3]:
                self._station.phase(context.step_name, context.phase)
            self._shown = shown
            self._publish_s = 0.0
        if now_s >= self._publish_s:
            self._publish_s = now_s + PUBLISH_EVERY_S
            self._publish(now_s)
        self.desk.after_scan()  # last: who hears that a run has begun finds it in the newest snapshot
        every_s = self._notify.every_s
        if every_s is not None and now_s >= self._alive_s:
            self._alive_s = now_s + 0.5 * every_s
            self._notify.alive()

    def _publish(self, now_s: float) -> None:
        word = self.controller.context.state_word
        if word != self._state_word:
            self._state_word = word
            self._notify.status(f"{self._station.chamber.model.chamber}: {word}")
        if self.outlet is not None:
            self._seq += 1
            utc = self._station.utc().isoformat(timespec="milliseconds")
            try:
                local = self.desk.key.local
                manual = self.desk.manual.possible and not local
                snapshot = self.view.snapshot(self._seq, utc, now_s, manual=manual, local=local)
            except Exception as error:  # screens go without; the process in the chamber must not
                self._say_blind(f"{type(error).__name__}: {error}")
                return
            self.outlet.snapshot(snapshot)

    def _say_blind(self, why: str) -> None:
        if why != self._blind:
            self._blind = why
            self._log(f"this scan cannot be shown: {why}. The process goes on. {Bug.__doc__}", 3)

    def _tell(self, events: Sequence[Event]) -> None:
        """Events of this scan, to screens and to the administrator's log."""
        utc = self._station.utc().isoformat(timespec="milliseconds")
        for event in events:
            self._seq += 1
            happening = Happening(
                self._seq, round(event.at_s, 3), utc, event.kind, event.subject, event.text, event.actor, event.why,
                event.state, event.step, event.phase, self.runbook.run if self.controller.running else "",
            )  # fmt: skip
            self.view.events.append(happening)
            if event.kind == "link":
                self.view.link_said.pop(event.subject, None)  # the newest last, which a link of several units shows
                self.view.link_said[event.subject] = event.text
            if self.outlet is not None:
                self.outlet.happening(happening)
            if event.kind in LOGGED:
                level = 4 if event.kind in ("refusal", "alarm", "interlock", "link") else 6
                self._log(
                    f"{event.kind} {event.subject}: {event.text}" + (f" ({event.why})" if event.why else ""), level
                )

    def _reply(self, reply: Reply) -> None:
        if self.outlet is not None:
            self.outlet.reply(reply)

    def _now_s(self) -> float:
        return self._wall.now_s

    # --- the end --------------------------------------------------------------------------------------------------
    def _over(self) -> bool:
        """After each scan: whether the service may end now. Asks for what must happen before."""
        if not self.interrupts:
            return False
        controller, now_s = self.controller, self._wall.now_s
        state = controller.unit.state
        if not controller.adopted:
            return True  # nothing has been driven
        if state in RESTING and not self.desk.manual.unsafe():
            return True
        wanted = Command.STOP if self.interrupts == 1 and state not in RESTING else Command.ABORT
        if self._ending is None:
            self._end_by(wanted, now_s)
        else:
            asked, since_s = self._ending
            if asked is Command.STOP and (wanted is Command.ABORT or now_s - since_s > STOP_WITHIN_S):
                self._end_by(Command.ABORT, now_s)
            elif asked is Command.ABORT and now_s - since_s > ABORT_WITHIN_S:
                self._log("the safe state was not confirmed in time; the PLC's watchdog ends what is left", 3)
                return True
        return False

    def _end_by(self, command: Command, now_s: float) -> None:
        self._ending = (command, now_s)
        try:
            self.controller.command(command, SIGNALLED, "the service is ended")
        except Refused as error:
            self._log(f"{error}; aborting", 4)
            self._ending = (Command.ABORT, now_s)
            self.controller.command(Command.ABORT, SIGNALLED, "the service is ended")
