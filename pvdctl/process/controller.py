"""The controller: every scan, in a fixed order, from the image to the record.

take the image, derive, interlocks, unit state, active step, permissions, grant, record, write. One thread, nothing that
waits. What the unit does in each state is in `unit_work`; this module keeps the order and the run.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pvdctl.errors import OperatorError, PvdctlError, RecordError, Refused
from pvdctl.process.actuators import POSITION_WORDS, Actuators
from pvdctl.process.alarms import NORMAL, Alarms
from pvdctl.process.context import Context
from pvdctl.process.equipment import Equipment
from pvdctl.process.image import Image
from pvdctl.process.interlocks import Interlocks, RuleState
from pvdctl.process.link_watch import LinkWatch
from pvdctl.process.readings import Readings
from pvdctl.process.safety import SafeOutputs
from pvdctl.process.sampling import Sampling
from pvdctl.process.states import Command, State
from pvdctl.process.steps.base import RunningStep
from pvdctl.process.timing import EVENTS_GRACE_S
from pvdctl.process.unit import Unit
from pvdctl.process.unit_work import UnitWork
from pvdctl.process.writer import Writer
from pvdctl.recipe.model import Recipe
from pvdctl.record.event import Event


class Recorder(Protocol):
    """Where events and samples go. All raise RecordError when something cannot be kept."""

    def append(self, events: Sequence[Event]) -> None:
        """Take events; `settled` says when they are on the disk."""

    def settled(self) -> bool:
        """Whether everything taken is on the disk. False: not yet, so the acts of this scan have to wait."""

    def sample(self, at_s: float, row: tuple[Any, ...]) -> None:
        """Keep one row of figures of the run."""


class Request:
    """A command from outside: operator, service or headless run. `done` is set in the scan that takes it."""

    __slots__ = ("actor", "command", "done", "error", "reason")

    def __init__(self, command: Command, actor: str, reason: str) -> None:
        self.command = command
        self.actor = actor
        self.reason = reason
        self.done = False
        self.error: PvdctlError | None = None


@dataclass
class Order:
    """What is to be run at the next Start, and how its record is opened and closed.

    begin: opens the run's record, given the sample columns. end: closes it, given state, reason and result.
    """

    recipe: Recipe
    begin: Callable[[tuple[tuple[str, str], ...]], None]
    end: Callable[[str, str, dict[str, Any]], None]


class Controller:
    """One chamber. Made once; `scan` is called at every beat by one thread."""

    def __init__(self, equipment: Equipment, recorder: Recorder) -> None:
        self.equipment = equipment
        self.recorder = recorder
        chamber = equipment.chamber
        self.image = Image(equipment.polls)
        self.readings = Readings(equipment, self.image)
        self.outputs = equipment.make_outputs()
        self.actuators = Actuators(chamber.actuators, self.image, self.outputs)
        self.interlocks = Interlocks(chamber.interlocks, self.image, self.outputs)
        self.alarms = Alarms()
        self.links = LinkWatch(equipment.lost_links, self.alarms)
        self.context = Context(equipment, self.image, self.readings, self.outputs, self.actuators, self.alarms)
        self.writer = Writer(equipment, self.outputs)
        self.unit = Unit()
        self.safe = SafeOutputs(self.context)
        self.order: Order | None = None
        self.step: RunningStep | None = None
        self.running = False
        """A run's record is open."""
        self.reason = "host_start"
        """Why the unit is where it is: the first cause of the last departure from Execute."""
        self.ended: tuple[str, str] | None = None
        """(state, reason) in which the last run ended."""
        self.suspended_by: RuleState | None = None
        """The rule behind the last suspension: it ends when what that rule requires is there again."""
        self.adopted = False
        self.scans = 0
        self.record_failure = ""
        self.sampling = Sampling(self.context, self.unit)
        self.facts_wait_s = 0.0
        """How long events that announce nothing (FACTS) may wait for the commit of one that does; clock seconds."""
        self._requests: deque[Request] = deque()
        self._work = UnitWork(self)
        self.judging = False
        """Interlocks are judged: from EVENTS_GRACE_S after the start of the program on."""
        self._unreleased = False
        """Outputs were granted anew in a scan whose events are not on the disk yet."""

    # --- from outside ---------------------------------------------------------------------------------------------
    def load(self, order: Order) -> None:
        """Say what the next Start will run. Raises Refused while a run is open."""
        if self.running:
            raise Refused("loading a recipe", "a run is not finished", self.unit.legal_words())
        self.order = order

    def request(self, command: Command, actor: str, reason: str = "") -> Request:
        """Post a command; it is taken in the next scan. Safe to call from any thread."""
        request = Request(command, actor, reason)
        self._requests.append(request)
        return request

    def answer(self, prompt: str, answer: str, actor: str) -> None:
        """Answer a prompt. Raises OperatorError if that prompt is not being asked, or does not take this answer."""
        question = self.context.question
        if question is None or question[0] != prompt:
            raise OperatorError(f"nobody is asking '{prompt}' now")
        if answer not in question[2]:
            raise OperatorError(f"prompt '{prompt}' takes {' or '.join(question[2])}, not '{answer}'")
        self.context.emit("command", prompt, f"{actor} answers {answer}", actor=actor, new=answer)
        self.context.answers[prompt] = answer

    def end_run(self, end_state: str, end_reason: str) -> None:
        """Close the run's record where nobody will bring the run to an end of its own (a headless run that is held)."""
        self._work.end_run(end_state, end_reason)
        try:
            self.flush()
        except RecordError as error:
            self.record_failed(error)

    # --- the scan -------------------------------------------------------------------------------------------------
    def scan(self, now_s: float) -> None:
        """One beat. Never raises for anything an instrument, a file or an operator can do."""
        context = self.context
        context.now_s = now_s
        self.scans += 1
        self.image.take(now_s)
        self.readings.update(now_s)
        if self.actuators.update(now_s):
            self._tell_actuators()
        if context.exposure is not None:
            context.exposure.update(self.readings.chamber_pressure, now_s)
        if self.judging:
            if self.interlocks.evaluate(now_s):
                self._tell_interlocks()
        else:
            self.judging = self.adopted and now_s >= EVENTS_GRACE_S
        state = self.unit.state
        if self._requests:
            self._take_requests()
        if self.judging and self.interlocks.acting:
            self._obey_interlocks()
        self._work.scan()
        if context.wish is not None:
            self._obey_wish()
        if self.judging and self.interlocks.permit(now_s):
            self._tell_interlocks()
            self._obey_interlocks()
        changed = self.outputs.grant()
        if changed:
            self.actuators.told = True
            self.readings.moved(now_s)
        self._finish_scan(now_s, changed, aborting=state is not _ABORTING and self.unit.state is _ABORTING)

    def _finish_scan(self, now_s: float, changed: bool, *, aborting: bool) -> None:
        """Record, then write; the other way round for Abort and for the hold that a failed record forces.

        A scan whose events are not on the disk yet writes nothing, not even the heartbeat: the next one does.
        """
        told = self.equipment.notices
        notices = told()
        if notices:
            for at_s, who, text in notices:
                self.context.emit("link", who, text, data={"at_s": at_s})
            self.links.due_s = now_s
        if now_s >= self.links.due_s:
            self.links.look(now_s)
        alarms, writer = self.alarms, self.writer
        if alarms.changes:
            self._tell_alarms()
        alarms.tick(now_s)
        changed = changed or self._unreleased
        first = aborting or self.record_failure != ""
        if first:
            self._write(now_s, changed)
        if not self._record() and not first:
            self._unreleased = changed
            return
        self._unreleased = False
        if not first:
            self._write(now_s, changed)
        if writer.failures:
            for name, error in writer.failures:
                self.context.emit("result", name, f"{name} was not written: {error}")
            writer.failures.clear()
        if writer.results:
            for name, value in writer.results:
                self.context.emit("result", name, f"{name} is written {'on' if value else 'off'}", new=value)
            writer.results.clear()

    def _write(self, now_s: float, changed: bool) -> None:
        """Carry the outputs to the workers, and let pass what steps have asked of instruments besides."""
        if self.adopted:
            self.writer.write(now_s, changed)
        release = self.equipment.release
        release()

    def _record(self) -> bool:
        """Record this scan's events, then its sample; False if that failed or is not on the disk yet."""
        context = self.context
        if self.record_failure:
            context.pending.clear()
            return True
        try:
            pending = context.pending
            if pending and (
                context.now_s - pending[0].at_s >= self.facts_wait_s or any(e.kind not in FACTS for e in pending)
            ):
                self.flush()
            recorder = self.recorder
            if self.running:
                sample, row = recorder.sample, self.sampling.row
                sample(context.now_s, row())
            return recorder.settled()
        except RecordError as error:
            context.pending.clear()
            self.record_failed(error)
            return False

    def flush(self) -> None:
        """Commit what is waiting to be recorded. Raises RecordError."""
        pending = self.context.pending
        if pending:
            self.recorder.append(pending)
            pending.clear()

    def record_failed(self, error: RecordError) -> None:
        """Nothing can be recorded any more: nothing new is started, and what runs is held."""
        self.record_failure = str(error)
        text = f"the record cannot be written: {error}"
        self.alarms.announce("record_failed", text, self.context.now_s)
        self.context.want("hold", text)

    # --- commands -------------------------------------------------------------------------------------------------
    def command(self, command: Command, actor: str, reason: str) -> None:
        """Carry out one command on the unit; raises Refused. Every change and every refusal is an event."""
        context, now_s = self.context, self.context.now_s
        state = self.unit.state
        try:
            self._guard(command)
            self.unit.command(command, now_s)
        except Refused as error:
            context.emit("refusal", command.name.lower(), str(error), actor=actor, why=reason)
            raise
        if self.unit.state is state:
            return
        context.emit("command", command.name.lower(), f"{actor}: {command.name.lower()}", actor=actor, why=reason)
        if command in (Command.ABORT, Command.STOP, Command.HOLD, Command.SUSPEND):
            if state in _ON_THE_WAY_DOWN and self.reason and self.reason != reason:
                reason = f"{self.reason}; then {reason}" if reason else self.reason
            self.reason = reason
        elif state is State.EXECUTE:
            self.reason = reason
        self._work.entered(state, reason)

    def complete(self, reason: str = "") -> None:
        """The acting state's work is done and read back."""
        state = self.unit.state
        self.unit.complete(self.context.now_s)
        self._work.entered(state, reason)

    def _guard(self, command: Command) -> None:
        """Reasons beyond the state table why a command is not possible now."""
        what, legal = command.name.lower(), self.unit.legal_words()
        if command is Command.RESET:
            critical = self.alarms.unacknowledged_critical()
            if critical:
                raise Refused(what, f"critical alarms are not acknowledged: {', '.join(critical)}", legal)
        if command in (Command.START, Command.UNHOLD, Command.UNSUSPEND):
            if command is Command.START and self.order is None:
                raise Refused(what, "no recipe is loaded", legal)
            if self.record_failure:
                raise Refused(what, self.record_failure, legal)
            blocking = [s.why for s in self.interlocks.tripped if s.rule.action != "none"]
            if blocking:
                raise Refused(what, "; ".join(blocking), legal)

    def _take_requests(self) -> None:
        while self._requests:
            request = self._requests.popleft()
            try:
                self.command(request.command, request.actor, request.reason)
            except PvdctlError as error:
                request.error = error
            request.done = True

    def _obey_interlocks(self) -> None:
        action, rule = self.interlocks.worst_action()
        if rule is not None and action != "none":
            if action == "suspend":
                self.suspended_by = rule
            self.do(action, f"interlock {rule.rule.name}: {rule.why}", "system:interlock")

    def _obey_wish(self) -> None:
        wish, self.context.wish = self.context.wish, None
        if wish is not None:
            self.do(wish[0], wish[1], "system:process")

    def do(self, action: str, reason: str, actor: str) -> None:
        """Hold, suspend, stop or abort the unit if it is in a state where that changes anything."""
        state = self.unit.state
        if action == "abort":
            if state not in (State.ABORTING, State.ABORTED, State.CLEARING):  # Clear waits for the rule, see unit_work
                self.command(Command.ABORT, actor, reason)
        elif action == "stop":
            if state in _CAN_STOP:
                self.command(Command.STOP, actor, reason)
        elif action == "suspend":
            if state is State.EXECUTE:
                self.command(Command.SUSPEND, actor, reason)
        elif state in _CAN_HOLD:
            self.command(Command.HOLD, actor, reason)

    # --- telling --------------------------------------------------------------------------------------------------
    def _tell_actuators(self) -> None:
        for actuator in self.actuators.changed:
            if actuator.failure:
                text = f"{actuator.failure}; {actuator.facts.deadline_s:g} s are allowed"
                self.context.emit("actuator", actuator.name, text)
                self.context.raised.append(
                    self.alarms.announce("actuator_failed", text, self.context.now_s, about=actuator.name)
                )
                if self.unit.state is State.EXECUTE:
                    self.context.want("hold", text)
            elif actuator.settled:
                self.context.emit("actuator", actuator.name, f"{actuator.name} is {POSITION_WORDS[actuator.position]}")

    def _tell_interlocks(self) -> None:
        for rule in self.interlocks.changed:
            facts = rule.rule
            if rule.tripped:
                self.context.emit("interlock", facts.name, f"tripped: {rule.why}", data={"action": facts.action})
                if facts.action != "none" or not facts.force:  # a rule that only forces permits, and alarms nobody
                    self.alarms.raise_(
                        f"interlock.{facts.name}", rule.why, facts.priority, facts.cause, facts.consequence,
                        facts.response, self.context.now_s, trip=facts.action != "none",
                    )  # fmt: skip
            else:
                self.context.emit("interlock", facts.name, "cleared")
                self.alarms.clear(f"interlock.{facts.name}", self.context.now_s)

    def _tell_alarms(self) -> None:
        changes = self.alarms.changes
        while changes:
            change = changes.popleft()
            alarm = self.alarms.get(change.name) if change.old == NORMAL else None
            facts = {key: getattr(alarm, key) for key in _TOLD_OF_ALARMS} if alarm is not None else None
            self.context.emit(
                "alarm", change.name, change.text, actor=change.who, old=change.old, new=change.new, data=facts
            )


_ABORTING = State.ABORTING
"""Looked at in every scan; a member of an enumeration costs ten times as much where it is taken from its class."""

_TOLD_OF_ALARMS = ("cause", "consequence", "priority", "response")
"""Recorded when an alarm comes: the record must tell what it meant without the program that raised it."""

FACTS = frozenset(("actuator", "alarm", "crystal", "exposure", "interlock", "layer", "link", "note", "result"))
"""Kinds of events that tell what has happened. All others announce an act, and are on the disk before it is done."""

_CAN_STOP = frozenset(
    (State.STARTING, State.EXECUTE, State.HOLDING, State.HELD, State.UNHOLDING, State.SUSPENDING, State.SUSPENDED,
     State.UNSUSPENDING)
)  # fmt: skip
_CAN_HOLD = frozenset(
    (State.STARTING, State.EXECUTE, State.UNHOLDING, State.SUSPENDING, State.SUSPENDED, State.UNSUSPENDING)
)
_ON_THE_WAY_DOWN = frozenset(
    (State.HOLDING, State.HELD, State.SUSPENDING, State.SUSPENDED, State.STOPPING, State.UNHOLDING, State.UNSUSPENDING)
)
"""States with a cause already: a graver command does not make it forgotten."""
