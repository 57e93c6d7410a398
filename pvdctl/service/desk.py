"""The desk: where requests of people are judged and carried out, on the control thread, just before a scan.

Role, lease and the unit's state are looked at in one step, so nothing can change between them. Every command and
every refusal is an event that names user and client, and the answer leaves only when that event is on the disk.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from pvdctl.errors import Bug, PvdctlError, RecordError, Refused
from pvdctl.process.controller import Controller, Request
from pvdctl.process.states import Command, State
from pvdctl.service.answers import Accepted, AlarmList, Exchanges, Problem
from pvdctl.service.call import STATUS_OF, Call, Reply, Turned
from pvdctl.service.key_switch import KeySwitch
from pvdctl.service.lease import Lease, NotGranted
from pvdctl.service.lease_acts import LeaseActs
from pvdctl.service.listening import Listening
from pvdctl.service.manual import Manual
from pvdctl.service.messages import Evidence
from pvdctl.service.roles import RIGHTS
from pvdctl.service.runbook import RunBook, Wish
from pvdctl.service.signing import Signer, Signing
from pvdctl.service.view import View, alarms, legal_words

COMMANDS = {
    "reset": Command.RESET, "stop": Command.STOP, "hold": Command.HOLD, "unhold": Command.UNHOLD,
    "complete": Command.COMPLETE, "clear": Command.CLEAR,
}  # fmt: skip
"""Unit commands of people. Abort goes its own, shorter way; Start has an act of its own, because it brings a recipe."""
READS = frozenset(("alarms", "exchanges", "listen"))
"""Acts that change nothing: no right beyond being known, and no event."""
OWN = frozenset(("evidence", "turned_away"))
"""Acts of the web server itself."""
MOST_WAITING = 200
"""Calls that may wait for a scan; the web server lets through 10 commands a second of each client."""


class Desk:
    """Takes calls from other threads (`post`), does them on the control thread (`before_scan`, `after_scan`).

    wall_s: the lease's clock, seconds of this machine also in a simulation. settled: whether all events are on the
    disk; raises RecordError. reply: hands answers back; from the control thread.
    """

    def __init__(
        self,
        controller: Controller,
        runbook: RunBook,
        lease: Lease,
        view: View,
        *,
        wall_s: Callable[[], float],
        settled: Callable[[], bool],
        sign: Signer,
        listening: Listening,
        reply: Callable[[Reply], None],
    ) -> None:
        self._controller = controller
        self._runbook = runbook
        self._lease = lease
        self._view = view
        self._wall_s = wall_s
        self._settled = settled
        self._listening = listening
        self._reply = reply
        self.manual = Manual(controller)
        self._calls: deque[Call] = deque()
        self._aborts: deque[Call] = deque()
        self._answers: deque[tuple[Call, Accepted | Problem]] = deque()
        """Waiting for their events to be on the disk."""
        self._starting: Call | None = None
        self._aborting: list[tuple[Call, Request]] = []
        self.key = KeySwitch(controller)
        self._lease_acts = LeaseActs(controller, lease, self.manual, lambda: self._wall_s(), self._done)
        self._signing = Signing(sign, self._accept, self._done)
        self._acts: dict[str, Callable[[Call], Accepted | None]] = {
            **dict.fromkeys(COMMANDS, self._command),
            "start": self._start,
            "answer": self._answer,
            "note": self._note,
            "set_output": self._set_output,
            "acknowledge": self._acknowledge,
            "shelve": self._shelve,
            "unshelve": self._unshelve,
            "sign": self._sign_run,
            **self._lease_acts.acts,
        }

    # --- from other threads ---------------------------------------------------------------------------------------
    def post(self, call: Call) -> None:
        """Hand in a call for the next scan. Abort passes all others."""
        if call.act == "abort":
            self._aborts.append(call)
        elif len(self._calls) < MOST_WAITING:
            self._calls.append(call)
        else:
            problem = Problem("too_many", f"{MOST_WAITING} requests are waiting for the control loop already.")
            self._reply(Reply(call.number, STATUS_OF["too_many"], problem))

    # --- on the control thread ------------------------------------------------------------------------------------
    def before_scan(self, now_s: float) -> None:
        """Carry out what was asked since the last scan."""
        self._lease_acts.tick()
        if self.key.look():
            self.manual.nobody_in_control()
        if self._listening.until_s:
            self._listening.tick(self._wall_s())
        while self._aborts:
            self._abort(self._aborts.popleft())
        while self._calls:
            self._do(self._calls.popleft())
        self.manual.scan(now_s)

    def after_scan(self) -> None:
        """Give the answers whose events are on the disk."""
        starting = self._starting
        if starting is not None:
            self._look_at_start(starting)
        if self._aborting:
            for call, _ in self._aborting:
                self._accept(call, self._done(f"abort: the unit is in {self._controller.context.state_word}."))
            self._aborting.clear()
        if not self._answers:
            return
        failed = ""
        try:
            if not self._settled():
                return
        except RecordError as error:
            failed = f" It could not be recorded: {error}"
        while self._answers:
            call, message = self._answers.popleft()
            if failed and isinstance(message, Accepted):
                message = Accepted(message.text + failed, message.state, message.run, message.fence)
            self._give(call, message)

    # --- judging --------------------------------------------------------------------------------------------------
    def _do(self, call: Call) -> None:
        """One call, from right to result; whatever is wrong becomes its answer."""
        if call.act in OWN:
            try:
                self._own(call)
            except (KeyError, TypeError, ValueError) as error:
                self._controller.context.emit("note", "service", f"the web server said {call.act} wrongly: {error!r}")
            return
        if call.act in READS:
            self._look(call)
            return
        try:
            self._permitted(call)
            message = self._acts[call.act](call)
        except Turned as turned:
            self._refuse(call, turned.problem)
        except NotGranted as error:
            self._refuse(call, Turned(error.code, str(error)).problem)
        except Refused as error:  # the controller has made an event of it already
            self._refuse(call, Problem("not_now", str(error)), told=call.act in COMMANDS or call.act == "start")
        except PvdctlError as error:
            self._refuse(call, Problem("not_now", str(error)))
        except Exception as error:  # whatever a request holds, it ends no scan; it is told, and nothing more is done
            text = f"{call.act} was not understood: {type(error).__name__}: {error}. {Bug.__doc__}"
            self._refuse(call, Problem("bad_request", text))
        else:
            if message is not None:  # else it comes later
                self._accept(call, message)

    def _look(self, call: Call) -> None:
        """Answer at once: nothing of it goes on record."""
        message: AlarmList | Exchanges | Problem
        try:
            if call.act == "alarms":
                message = AlarmList(alarms(self._controller, standing_only=False))
            else:
                message = self._listen(call)
        except Turned as turned:
            message = turned.problem
        except (KeyError, TypeError, ValueError) as error:
            message = Problem("bad_request", f"{call.act} was not understood: {error!r}. {Bug.__doc__}")
        self._reply(Reply(call.number, STATUS_OF[message.code] if isinstance(message, Problem) else 200, message))

    def _listen(self, call: Call) -> Exchanges:
        """Raw exchanges of a link. It takes nothing from the process, so whoever may look may listen."""
        body, link, wall_s = call.body, str(call.body["link"]), self._wall_s()
        if call.act == "listen":
            return self._listening.listen(link, float(body["seconds"]), wall_s)
        after = None if body["after"] is None else int(body["after"])
        return self._listening.exchanges(link, after, int(body["limit"]), wall_s)

    def _permitted(self, call: Call) -> None:
        """Raises Turned or NotGranted unless this role, and this client, may do that."""
        right = RIGHTS.get(call.act)
        if right is None or call.act not in self._acts:
            raise Turned("not_found", f"there is no act '{call.act}'.")
        if call.role not in right.roles:
            allowed = " and ".join(sorted(right.roles)).replace("_", " ")
            raise Turned(
                "not_permitted",
                f"{call.act} is for {allowed}; {call.client.user} is {call.role.replace('_', ' ')} here.",
            )
        if call.problem is not None:
            raise Turned(call.problem.code, call.problem.text, findings=call.problem.findings)
        if right.lease:
            self.key.check(call.act)
            self._lease.check(call.client, call.fence, self._wall_s())

    def _accept(self, call: Call, message: Accepted | Problem) -> None:
        self._answers.append((call, message))

    def _refuse(self, call: Call, problem: Problem, *, told: bool = False) -> None:
        """Say no, with what is possible; an event, unless the controller has made one."""
        controller = self._controller
        if not told:
            controller.context.emit(
                "refusal", call.act, problem.text, actor=str(call.client), why=call.reason,
                data={"code": problem.code, "role": call.role},
            )  # fmt: skip
        legal = problem.legal or legal_words(controller)
        full = Problem(problem.code, problem.text, controller.context.state_word, legal, problem.findings)
        self._answers.append((call, full))

    def _give(self, call: Call, message: Accepted | Problem) -> None:
        status = 200 if isinstance(message, Accepted) else STATUS_OF[message.code]
        self._reply(Reply(call.number, status, message))

    def _done(self, text: str, **more: Any) -> Accepted:
        return Accepted(text, self._controller.context.state_word, **more)

    def _abort(self, call: Call) -> None:
        """Anybody's right, at any time. Taken inside the scan, where Abort is written first and recorded second."""
        actor, controller = str(call.client), self._controller
        if controller.unit.state in (State.ABORTING, State.ABORTED):
            text = f"{actor}: abort, which is under way or done already"
            controller.context.emit("command", "abort", text, actor=actor, why=call.reason)
        self._aborting.append((call, controller.request(Command.ABORT, actor, call.reason)))

    # --- the unit -------------------------------------------------------------------------------------------------
    def _command(self, call: Call) -> Accepted:
        """A unit command; what it needs beyond the state table is the controller's business."""
        command, controller = COMMANDS[call.act], self._controller
        if command in (Command.HOLD, Command.STOP) and not call.reason.strip():
            raise Turned("bad_request", f"{call.act} needs a reason, for the record; an abort may do without.")
        if command is Command.RESET:
            self._must_be_safe(call.act)
        controller.command(command, str(call.client), call.reason)
        return self._done(f"{call.act}: the unit is in {controller.context.state_word}.")

    def _start(self, call: Call) -> None:
        """Load the recipe and give Start; the answer waits for the run's id."""
        controller, body = self._controller, call.body
        if "start" not in controller.unit.legal_words():
            raise Turned("not_now", f"start refused: the unit is in {controller.context.state_word}, wanted Idle.")
        self._must_be_safe(call.act)
        wish = Wish(call.prepared, call.client.user, str(body.get("sample_id", "")), str(body.get("note", "")))
        controller.load(self._runbook.order(wish, controller))
        controller.command(Command.START, str(call.client), call.reason)
        controller.context.answers.clear()
        controller.context.answers.update(body.get("answers") or {})
        self._starting = call

    def _look_at_start(self, call: Call) -> None:
        """The run has an id, or has come to nothing."""
        run, controller = self._runbook.run, self._controller
        if controller.running and run:
            recipe = controller.order.recipe.recipe if controller.order is not None else ""
            self._accept(call, self._done(f"run {run} of recipe {recipe} has begun.", run=run))
        elif controller.record_failure or not (controller.running or controller.unit.state.name == "STARTING"):
            text = controller.record_failure or controller.reason or "the run came to its end before it had begun"
            self._refuse(call, Problem("not_now", f"start came to nothing: {text}"))
        else:
            return
        self._starting = None

    def _must_be_safe(self, act: str) -> None:
        """Nothing that was opened or heated by hand goes along into a run."""
        unsafe = self.manual.unsafe() if self.manual.possible else []
        if unsafe:
            raise Turned("not_now", f"{act} refused: first make it safe by hand: {', '.join(unsafe)}.")

    def _answer(self, call: Call) -> Accepted:
        prompt, answer = str(call.body.get("prompt", "")), str(call.body.get("answer", ""))
        self._controller.answer(prompt, answer, str(call.client))
        return self._done(f"prompt {prompt} is answered {answer}.")

    def _note(self, call: Call) -> Accepted:
        """A remark for the record, such as why Hold was pressed; changes nothing else."""
        text, about = str(call.body.get("text", "")).strip(), str(call.body.get("about", "")).strip()
        if not text:
            raise Turned("bad_request", "a note needs words.")
        self._controller.context.emit("note", about or "remark", text, actor=str(call.client))
        if self._controller.running:
            run = self._runbook.run  # empty until the run's beginning is on the disk
            return self._done(f"noted in run {run}." if run else "noted in the run that begins.", run=run)
        return self._done("noted; no run is open.")

    def _set_output(self, call: Call) -> Accepted:
        name = str(call.body.get("name", ""))
        return self._done(self.manual.set(name, float(call.body["value"]), str(call.client), call.reason))

    # --- alarms ---------------------------------------------------------------------------------------------------
    def _acknowledge(self, call: Call) -> Accepted:
        name = str(call.body.get("name", ""))
        self._controller.alarms.acknowledge(name, call.client.user, self._controller.context.now_s)
        return self._done(f"alarm {name} is acknowledged by {call.client.user}.")

    def _shelve(self, call: Call) -> Accepted:
        name, minutes = str(call.body.get("name", "")), float(call.body["minutes"])
        now_s = self._controller.context.now_s
        self._controller.alarms.shelve(name, call.client.user, call.reason, now_s + 60.0 * minutes, now_s)
        return self._done(f"alarm {name} is shelved for {minutes:g} min.")

    def _unshelve(self, call: Call) -> Accepted:
        name = str(call.body.get("name", ""))
        self._controller.alarms.unshelve(name, call.client.user, self._controller.context.now_s)
        return self._done(f"alarm {name} is back.")

    # --- the record -----------------------------------------------------------------------------------------------
    def _sign_run(self, call: Call) -> None:
        """The answer comes when it is done."""
        if self._controller.running:
            raise Turned("not_now", "a run is signed when no run is going on.")
        self._signing.begin(call)

    def _own(self, call: Call) -> None:
        """What the web server itself has to say: how the record stands, and whom it has turned away."""
        body, before = call.body, self._view.evidence
        if call.act == "turned_away":
            times = f" ({body['count']} times)" if int(body["count"]) > 1 else ""
            self._controller.context.emit(
                "refusal", "service", f"{body['text']}{times}", actor=call.client.name, data={"code": body["code"]}
            )
            return
        self._view.evidence = Evidence(
            before.directory, "", int(body["events"]), int(body["unwitnessed"]), float(body["oldest_s"])
        )
