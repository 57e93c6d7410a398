"""What an event is, and its form on disk.

An event's body is one canonical JSON text (RFC 8785), so that the same facts always give the same bytes:

    {"event":{actor, at_s, data, kind, new, old, phase, state, step, subject, text, unit, why},
     "stamp":{boot, run, schema, seq, utc, wall}}

`event` is what happened; the same seed gives the same bytes. `stamp` is where and when it was written down: the place
in the log and everything taken from a wall clock. Fields without content are left out.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import rfc8785

from pvdctl.errors import Bug, RecordError
from pvdctl.instrument.tag import Value

SCHEMA = "pvdctl.event/1"
"""Named in every stamp, so that a later reader knows what the fields mean."""

WALL_CLOCK_FIELDS = ("utc", "wall_s", "real_time_factor")
"""Taken from a wall clock, and so different each time: kept in the stamp, outside `record_sha256`."""

PLACE_FIELDS = ("boot", "record", "record_sha256", "run", "seq")
"""Where a run was written down: kept in the stamp (or not at all), outside `record_sha256`."""

Kind = Literal[
    "actuator",  # a valve or shutter was confirmed in a position, or was not
    "alarm",  # an alarm changed its state
    "boot",  # a program opened the record for writing
    "clock",  # the calendar jumped against the monotonic clock
    "command",  # an operator or the recipe asked for something; recorded before it is done
    "configuration",  # a setting that later events rest on was changed
    "crystal",  # the crystal in use was changed
    "export",  # a run was handed out in another form; data says which, with its SHA-256
    "exposure",  # a gas dose ended; data is the row of exposures[]
    "interlock",  # a rule tripped or cleared
    "layer",  # a layer ended; data is the row of layers[]
    "link",  # a link was lost or came back
    "note",  # somebody wrote something down
    "output",  # an output was asked or granted
    "phase",  # a phase of a step began
    "plan",  # what the recipe will do, as worked out before the start
    "prompt",  # the operator was asked, or answered
    "result",  # what became of a command to an instrument, where it failed
    "refusal",  # a command was not possible
    "result",  # what came of an act that was recorded before
    "run_end",
    "run_start",
    "sample_chunk",  # a minute of samples was stored; carries their SHA-256
    "signature",  # a person reviewed, approved or rejected a run
    "shutdown",  # the program closed the record in good order
    "state",  # the unit changed its state
    "step",  # a step of the recipe began or ended
]

Facts = dict[str, Any]
"""A JSON object: text keys; None, bool, int, float, str, lists and further objects as values."""


@dataclass(slots=True)
class Event:
    """One thing that happened.

    kind: one of `Kind`. subject: what it is about (`substrate_shutter`, `unit`, an alarm's name).
    text: a sentence for people. actor: an operator's name, or `system:<component>`.
    old, new: the value before and after, in `unit`. why: the reason given. state, step, phase: where the unit was.
    data: further facts as a JSON object. at_s: clock seconds (monotonic or virtual), never the calendar.
    """

    kind: Kind
    subject: str
    text: str
    actor: str = "system:process"
    old: Value | None = None
    new: Value | None = None
    unit: str = ""
    why: str = ""
    state: str = ""
    step: str = ""
    phase: str = ""
    data: Facts | None = None
    at_s: float = field(kw_only=True)


@dataclass(slots=True)
class Recorded(Event):
    """An event as it was read back, with its stamp.

    seq: place in the log, from 1 without holes. utc: calendar time of writing, ISO 8601. run: run id or empty.
    boot: `seq` of the boot event of the program that wrote it. wall: wall-clock figures given with it.
    """

    seq: int = field(kw_only=True)
    utc: str = field(kw_only=True)
    run: str = field(kw_only=True)
    boot: int = field(kw_only=True)
    wall: Facts = field(kw_only=True)


def core(event: Event) -> bytes:
    """The canonical bytes of what happened, without the stamp. Raises Bug if `data` holds something JSON cannot."""
    facts: Facts = {
        "actor": event.actor,
        "at_s": event.at_s,
        "kind": event.kind,
        "subject": event.subject,
        "text": event.text,
    }
    if event.old is not None:
        facts["old"] = event.old
    if event.new is not None:
        facts["new"] = event.new
    if event.unit:
        facts["unit"] = event.unit
    if event.why:
        facts["why"] = event.why
    if event.state:
        facts["state"] = event.state
    if event.step:
        facts["step"] = event.step
    if event.phase:
        facts["phase"] = event.phase
    if event.data:
        facts["data"] = event.data
    return canonical(facts, f"event {event.kind} of {event.subject}")


def canonical(facts: Mapping[str, Any], what: str) -> bytes:
    """RFC 8785 bytes of `facts`.

    What JSON numbers cannot carry is written as text rather than lost: "nan", "inf", "-inf", and integers beyond
    2^53. Raises Bug naming `what` for anything else that is not JSON.
    """
    try:
        return rfc8785.dumps(facts)
    except (rfc8785.FloatDomainError, rfc8785.IntegerDomainError):
        return canonical(_as_text(facts), what)
    except rfc8785.CanonicalizationError as error:
        raise Bug(
            f"{what} cannot be recorded: {error}. Events carry numbers, texts, lists and text-keyed maps."
        ) from error


def _as_text(value: Any) -> Any:
    """`value` with each number outside JSON's range replaced by its text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(float(value))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return str(int(value))
    if isinstance(value, Mapping):
        return {key: _as_text(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(part) for part in value]
    return value


_MIDDLE = b',"stamp":'
"""Cannot occur later than the stamp itself: inside a JSON text its quotes would be escaped, and no stamp holds one."""


def body(core_bytes: bytes, stamp: bytes) -> bytes:
    """The whole body. Canonical because both parts are, and because `event` sorts before `stamp`."""
    return b'{"event":' + core_bytes + _MIDDLE + stamp + b"}"


def core_of(body_bytes: bytes) -> bytes:
    """The canonical bytes of what happened, out of a whole body. Raises RecordError where there is no such body."""
    middle = body_bytes.rfind(_MIDDLE)
    if not body_bytes.startswith(b'{"event":') or middle < 0:
        raise RecordError(f"an event's text is not of the form {SCHEMA}: {body_bytes[:60]!r}. Run the verification.")
    return body_bytes[9:middle]


def read(text: str) -> Recorded:
    """The event in a body. Raises RecordError if the text is not one."""
    try:
        whole = json.loads(text)
        facts, stamp = whole["event"], whole["stamp"]
        schema = stamp["schema"]
        if schema != SCHEMA:
            raise RecordError(f"an event is of the form '{schema}', this pvdctl reads '{SCHEMA}'. Use a newer pvdctl.")
        return Recorded(
            **facts,
            seq=stamp["seq"],
            utc=stamp["utc"],
            run=stamp.get("run", ""),
            boot=stamp["boot"],
            wall=stamp.get("wall", {}),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(
            f"an event's text is not of the form {SCHEMA} ({error!r}): {text[:60]!r}. Verify the record: was it edited?"
        ) from error
