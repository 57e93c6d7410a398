"""The snapshot of a scan, made from what the controller holds. On the control thread, a few times a second.

Made whole each time (0.3 ms): a screen that has missed any number of them needs only the newest.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from pvdctl.links.health import health
from pvdctl.links.worker import Worker
from pvdctl.process.controller import Controller
from pvdctl.process.states import Command, State
from pvdctl.process.steps.deposit import RunningDeposit
from pvdctl.service.lease import Lease
from pvdctl.service.messages import Alarm, Beat, Evidence, Happening, Holder, Job, Layer, Link, Question, Snapshot, Trip
from pvdctl.service.mimic import mimic
from pvdctl.service.runbook import RunBook

EVENTS_SHOWN = 30
"""Newest events in a snapshot: more than any screen shows beside the mimic."""
BY_PEOPLE = frozenset(Command) - {Command.SUSPEND, Command.UNSUSPEND}
"""Suspend and unsuspend are the program's own, for outside causes."""
WAITS_FOR_SAFE = frozenset(
    (State.CLEARING, State.RESETTING, State.STOPPING, State.COMPLETING, State.ABORTING, State.HOLDING,
     State.SUSPENDING)
)  # fmt: skip
AS_ASKED = frozenset((State.IDLE, State.STARTING, State.EXECUTE, State.COMPLETING, State.COMPLETE, State.RESETTING))
"""States that need no explanation; the controller's reason is then that of an earlier hold."""
_NEEDS_ACKNOWLEDGEMENT = frozenset(("unacknowledged", "returned-unacknowledged", "latched-unacknowledged"))


class View:
    """Looks at one controller.

    events: the newest happenings, filled by whoever hears of them. link_said: by instrument or link, what was last
    reported of it. evidence: how the record stands, as last reported.
    """

    def __init__(
        self,
        controller: Controller,
        runbook: RunBook,
        lease: Lease,
        workers: Sequence[Worker],
        beat: Callable[[], Beat],
        boot: str,
        *,
        simulated: bool,
        speed: float | None,
        directory: str,
    ) -> None:
        self._controller = controller
        self._runbook = runbook
        self._lease = lease
        self._workers = tuple(workers)
        self._beat = beat
        self._boot = boot
        self._simulated = simulated
        self._speed = speed
        self.events: deque[Happening] = deque(maxlen=EVENTS_SHOWN)
        self.link_said: dict[str, str] = {}
        self.evidence = Evidence(directory, "", 0, None)

    def snapshot(self, seq: int, utc: str, wall_s: float, *, manual: bool, local: bool) -> Snapshot:
        """The chamber as of the last scan. wall_s: the lease's clock. manual, local: as in the snapshot."""
        controller = self._controller
        context, unit = controller.context, controller.unit
        question = context.question
        evidence = self.evidence
        return Snapshot(
            seq=seq,
            boot=self._boot,
            at_s=round(context.now_s, 3),
            utc=utc,
            chamber=context.chamber.chamber,
            simulated=self._simulated,
            speed=self._speed,
            state=context.state_word,
            state_s=round(max(0.0, context.now_s - unit.since_s), 1),
            reason="" if unit.state in AS_ASKED else controller.reason,
            waiting_for=self._waiting_for(),
            legal=legal_words(controller),
            manual=manual,
            job=self._job(),
            ended=self._runbook.ended,
            lease=self._holder(wall_s),
            evidence=Evidence(
                evidence.directory, controller.record_failure, evidence.events, evidence.unwitnessed,
                evidence.oldest_unwitnessed_s,
            ),
            alarms=alarms(controller, standing_only=True),
            trips=[
                Trip(s.rule.name, s.why, s.rule.action, round(s.since_s, 1), [o.name for o in s.bound.forces])
                for s in controller.interlocks.tripped
            ],
            mimic=mimic(controller),
            question=Question(question[0], question[1], list(question[2])) if question is not None else None,
            links=[self._link(worker) for worker in self._workers],
            beat=self._beat(),
            events=list(self.events),
            local=local,
        )  # fmt: skip

    def _waiting_for(self) -> list[str]:
        controller = self._controller
        state = controller.unit.state
        if state in WAITS_FOR_SAFE:
            return controller.safe.unconfirmed(sources_off=state not in (State.HOLDING, State.SUSPENDING))
        if state is State.ABORTED and not controller.adopted:
            return ["the PLC's outputs and the pumps read for the first time"]
        if state is State.EXECUTE and controller.step is not None:
            words = controller.step.waiting_for()
            return [words] if words else []
        return []

    def _holder(self, wall_s: float) -> Holder | None:
        lease = self._lease
        holder = lease.holder
        if holder is None:
            return None
        wanted, passes_s = lease.wanted_by, lease.passes_in_s(wall_s)
        return Holder(
            holder.user, holder.name, lease.fence, round(lease.remaining_s(wall_s), 1),
            str(wanted) if wanted is not None else "", round(passes_s, 1) if passes_s is not None else None,
        )  # fmt: skip

    def _job(self) -> Job | None:
        book, controller = self._runbook, self._controller
        wish = book.wish
        if wish is None:
            return None
        context, running = controller.context, controller.running
        recipe = wish.plan.recipe
        step = controller.step
        rate_target = band = 0.0
        if running and isinstance(step, RunningDeposit):
            rate_target, band = step.step.rate_nm_per_s, step.step.tolerance_percent
        steps = list(book.steps)
        if running and 0 < context.step_index <= len(steps):
            steps[context.step_index - 1] = book.active(context.step_index, context.now_s)
        exposure = context.exposure
        return Job(
            recipe=recipe.model.recipe,
            version=recipe.model.version,
            title=recipe.model.title,
            sha256=recipe.sha256,
            run=book.run,
            running=running,
            operator=wish.operator,
            sample_id=wish.sample_id,
            note=wish.note,
            steps=steps,
            step=context.step_index,
            phase=context.phase if running else "",
            phase_s=round(context.now_s - context.phase_since_s, 1) if running else 0.0,
            elapsed_s=round(context.now_s - book.started_s if running else book.lasted_s, 1),
            remaining_s=round(book.remaining_s(context.now_s), 1) if running else None,
            layer=Layer(
                round(context.film_nm, 3), context.film_target_nm, round(context.rate_nm_per_s, 4),
                round(context.raw_rate_nm_per_s, 4), rate_target, band,
            ),
            dose_mbar_s=round(exposure.dose_mbar_s, 1) if exposure is not None else 0.0,
            layers=list(context.layers),
            exposures=list(context.exposures),
        )  # fmt: skip

    def _link(self, worker: Worker) -> Link:
        facts = health(worker, self._controller.context.now_s)
        trips = facts.pop("round_trip_ms", {})
        names = [worker.link.name, *facts["instruments"]]
        said = ""
        for name in self.link_said:
            if name.partition(".")[0] in names:
                said = self.link_said[name]
        return Link(
            **facts,
            identities={d.name: str(d.identity) if d.identity is not None else "" for d in worker.drivers},
            round_trip_p50_ms=trips.get("p50"),
            round_trip_p99_ms=trips.get("p99"),
            last_error=said,
            limits_s={poll.name: poll.stale_s for driver in worker.drivers for poll in driver.polls},
        )


def legal_words(controller: Controller) -> list[str]:
    """What people can ask of the unit now."""
    words = controller.unit.legal_words()
    return [command.name.lower() for command in Command if command in BY_PEOPLE and command.name.lower() in words]


def alarms(controller: Controller, *, standing_only: bool) -> list[Alarm]:
    """Alarms as messages, gravest first."""
    found: list[dict[str, Any]] = [*controller.alarms.listing(standing_only=standing_only)]
    return [Alarm(**each, needs_acknowledgement=each["state"] in _NEEDS_ACKNOWLEDGEMENT) for each in found]
