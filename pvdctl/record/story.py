"""The story of a run, told from its events: steps and phases, what was made, what went wrong, who stepped in."""

from dataclasses import dataclass, field

from pvdctl.record.event import Facts, Recorded
from pvdctl.record.reader import RecordReader, Run

_TROUBLE = ("alarm", "interlock", "link", "refusal")
_NORMAL = "normal"
"""State of an alarm that is not there (ISA-18.2); leaving it is what is told."""

_ASIDE = ("Holding", "Held", "Suspending", "Suspended", "Stopping", "Stopped", "Aborting", "Aborted")
"""Unit states (PackML) that a good run does not pass through before its end."""


@dataclass(slots=True)
class Phase:
    """A phase of a step. at_s: seconds since the run's start. lasted_s: until the next phase, or the step's end."""

    name: str
    at_s: float
    lasted_s: float


@dataclass(slots=True)
class Step:
    """A step of the recipe, with its phases. Times as in `Phase`."""

    name: str
    at_s: float
    lasted_s: float
    phases: list[Phase] = field(default_factory=list)


@dataclass(slots=True)
class Happening:
    """Something worth telling. what: `alarm`, `command` and so on. who is empty for the process itself."""

    at_s: float
    what: str
    subject: str
    text: str
    who: str
    why: str


@dataclass(slots=True)
class Story:
    """One run, ready to be shown. troubles: alarms, trips, lost links, refusals, and the unit leaving its way.

    interventions: what people did, with their reasons. layers, exposures, predicted_films: as in the run's result.
    """

    run: Run
    steps: list[Step]
    layers: list[Facts]
    exposures: list[Facts]
    predicted_films: list[Facts]
    troubles: list[Happening]
    interventions: list[Happening]


def tell(reader: RecordReader, run_id: str) -> Story:
    """The story of a run, also of one that has not ended. Raises OperatorError if there is no such run, RecordError."""
    run = reader.run(run_id)
    events = reader.events(run.run)
    began_s, now_s = events[0].at_s, max(event.at_s for event in events)
    return Story(
        run=run,
        steps=_steps(events, began_s, now_s),
        layers=reader.layers(run.run),
        exposures=reader.exposures(run.run),
        predicted_films=list(run.result.get("predicted_films", ())),
        troubles=[_happening(event, began_s) for event in events if _is_trouble(event)],
        interventions=[_happening(event, began_s) for event in events if _is_intervention(event)],
    )


def _steps(events: list[Recorded], began_s: float, now_s: float) -> list[Step]:
    """Steps and phases; each lasts until the next one, the step's end, or the end of what is known."""
    steps: list[Step] = []
    open_step: Step | None = None
    open_phase: Phase | None = None

    def close(at_s: float, step_too: bool) -> None:
        nonlocal open_step, open_phase
        if open_phase is not None:
            open_phase.lasted_s = at_s - open_phase.at_s
            open_phase = None
        if step_too and open_step is not None:
            open_step.lasted_s = at_s - open_step.at_s
            open_step = None

    for event in events:
        at_s = event.at_s - began_s
        if event.kind == "step":
            close(at_s, step_too=True)
            if event.new is not None:  # its beginning; its end carries no number
                open_step = Step(event.subject, at_s, 0.0)
                steps.append(open_step)
        elif event.kind == "phase" and open_step is not None:
            close(at_s, step_too=False)
            if event.phase:
                open_phase = Phase(event.phase, at_s, 0.0)
                open_step.phases.append(open_phase)
    close(now_s - began_s, step_too=True)
    return steps


def _is_trouble(event: Recorded) -> bool:
    if event.kind == "alarm":
        return event.old == _NORMAL and not event.subject.startswith("interlock.")  # the trip itself is told
    if event.kind == "interlock":
        return event.text.startswith("tripped")
    if event.kind == "state":
        return event.new in _ASIDE and not _by_a_person(event)
    return event.kind in _TROUBLE


def _by_a_person(event: Recorded) -> bool:
    return not event.actor.startswith("system:")


def _is_intervention(event: Recorded) -> bool:
    return _by_a_person(event) and event.kind not in ("run_start", "run_end", "refusal")


def _happening(event: Recorded, began_s: float) -> Happening:
    who = event.actor if _by_a_person(event) else ""
    text = event.text.removeprefix(f"{event.actor}: ")  # commands name who gave them; that is told apart
    return Happening(event.at_s - began_s, event.kind, event.subject, text, who, event.why)
