"""What the service tells: one snapshot holds everything a screen needs; happenings are the record's events.

Plain dataclasses: the web server publishes them (JSON and OpenAPI), `pvdctl.client` reads them back with
`service.decode`. A field is never taken away within `/v1`; a reader ignores fields it does not know. Numbers wear
their unit in the name; None means "not known now", never zero.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Quality = Literal["good", "uncertain", "bad"]
Position = Literal["open", "closed", "moving", "unknown", "both switches on"]

STATES = (
    "Clearing", "Stopped", "Starting", "Idle", "Suspended", "Execute", "Stopping", "Aborting", "Aborted", "Holding",
    "Held", "Unholding", "Suspending", "Unsuspending", "Resetting", "Completing", "Complete",
)  # fmt: skip
"""The unit's states in words, in the order of their PackML numbers from 1 (see process.states)."""


class Message:
    """Base of all: settings for whoever makes a schema of them."""

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = {"use_attribute_docstrings": True}


@dataclass(frozen=True, slots=True)
class Measured(Message):
    """A reading: a number is never just a number."""

    value: float | None
    """As last read, also where it must not be trusted; None while never read."""
    unit: str
    quality: Quality
    why: str = ""
    """Why it is not good."""
    age_s: float | None = None
    """Since it was taken; None for derived readings and while never read."""


@dataclass(frozen=True, slots=True)
class Valve(Message):
    """A valve, gate or shutter, as its end switches tell."""

    name: str
    kind: Literal["valve", "gate", "shutter"]
    position: Position
    asked_open: bool
    """What is asked of it now; differs from `position` while it moves or is stuck."""
    failure: str = ""
    """Why it is not where it was told to be, when its deadline is over."""
    forced_by: list[str] = field(default_factory=list)
    """Interlocks that hold it closed now."""
    role: Literal["", "rough", "fore", "gate", "gas", "source", "substrate"] = ""
    """What it closes: roughing line, foreline, the turbo's gate, a gas inlet, a source, the substrate; empty: other."""
    gas: str = ""
    """Of a gas inlet: the gas's name."""


@dataclass(frozen=True, slots=True)
class Pump(Message):
    """The roughing pump or the turbo."""

    name: str
    kind: Literal["roughing", "turbo"]
    asked_on: bool
    running: bool | None
    """As read back; None where that is not known."""
    speed_percent: float | None = None
    """Of the turbo's nominal speed."""
    forced_by: list[str] = field(default_factory=list)
    output: str = ""
    """Name for `set_output`."""


@dataclass(frozen=True, slots=True)
class Gauge(Message):
    """One gauge and what it says, mbar."""

    name: str
    measures: Literal["chamber", "foreline"]
    pressure: Measured
    ion: bool
    """Has a cold cathode or filament that can be switched off."""
    on: bool | None = None
    """Of an ion gauge: whether it is asked to be on."""
    output: str = ""
    """Name for `set_output`; empty where it cannot be switched."""
    forced_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Supply(Message):
    """A DC supply that heats boats, one at a time."""

    name: str
    on: bool | None
    """Output on, as read back."""
    current: Measured
    voltage: Measured
    asked_current_a: float
    power_w: float | None
    tripped: bool | None
    forced_by: list[str] = field(default_factory=list)
    asked_on: bool | None = None
    """Output on, as asked; None from a service that does not tell."""


@dataclass(frozen=True, slots=True)
class Flow(Message):
    """A mass flow controller in front of a gas inlet, sccm (cm³/min of gas at 0 °C and 1013.25 mbar)."""

    name: str
    gas: str
    valve: str
    """The inlet behind it."""
    flow: Measured
    asked_sccm: float
    max_sccm: float
    output: str
    """Name for `set_output`."""
    forced_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source(Message):
    """An evaporation source: boat and charge. `selected`: its supply is routed to it, as read back."""

    name: str
    material: str
    boat: str
    supply: str
    shutter: str
    selected: bool | None
    current_a: float | None
    """Through this boat: the supply's current where it is selected, else 0."""
    power_w: float | None
    max_current_a: float
    max_slew_a_per_s: float | None = None
    """The most by which its current changes; None from a service that does not tell."""


@dataclass(frozen=True, slots=True)
class Crystal(Message):
    """One sensor of the rate monitor."""

    number: int
    frequency: Measured
    life_percent: float | None
    """100 at the monitor's maximum frequency, 0 at its minimum (SQC-310 system settings)."""
    displayed_rate_nm_per_s: float | None
    displayed_thickness_nm: float | None


@dataclass(frozen=True, slots=True)
class Switch(Message):
    """Any other PLC output or input, by the chamber file's name."""

    name: str
    on: bool | None
    forced_by: list[str] = field(default_factory=list)
    required: bool | None = None
    """Of an input: the level that interlocks want of it (water, air, doors); None where its level is no matter of
    right or wrong, such as an end switch."""
    asked_on: bool | None = None
    """Of an output: what is asked of it; None of an input."""


@dataclass(frozen=True, slots=True)
class Mimic(Message):
    """The chamber as it stands: what a drawing of it shows."""

    chamber_pressure: Measured
    foreline_pressure: Measured
    sources_cold: bool
    substrate_shutter: str
    """Name of the one among `valves`."""
    valves: list[Valve]
    pumps: list[Pump]
    gauges: list[Gauge]
    supplies: list[Supply]
    sources: list[Source]
    crystals: list[Crystal]
    inputs: list[Switch]
    outputs: list[Switch]
    """PLC outputs that are no valve, shutter or pump (contactor, source select)."""
    flows: list[Flow] = field(default_factory=list)
    """Gas flow controllers; none from a service that does not tell."""


@dataclass(frozen=True, slots=True)
class RecipeStep(Message):
    """A step of the loaded recipe."""

    index: int
    """From 1."""
    name: str
    do: str
    """deposit, pump_down and so on."""
    expected_s: float
    """About how long it takes; an estimate of the plan."""
    film: str = ""
    thickness_nm: float | None = None
    rate_nm_per_s: float | None = None
    status: Literal["waiting", "active", "done", "left"] = "waiting"
    """left: the run ended in the middle of it."""
    lasted_s: float | None = None
    """Of a done or active step."""


@dataclass(frozen=True, slots=True)
class Layer(Message):
    """The film in the making, or the one made last, and the rate.

    Zero targets where there are none: of the rate while no layer is under way, of the film before the first.
    """

    film_nm: float
    target_nm: float
    rate_nm_per_s: float
    """Filtered, what the control steers by."""
    raw_rate_nm_per_s: float
    rate_target_nm_per_s: float
    band_percent: float
    """Rate within +- this of its target is in band; 0 while nothing is deposited."""


@dataclass(frozen=True, slots=True)
class Job(Message):
    """What is loaded, and how far the run has come."""

    recipe: str
    version: str
    title: str
    sha256: str
    run: str
    """Id of the open run; empty before Start."""
    running: bool
    """A run's record is open."""
    operator: str
    sample_id: str
    note: str
    steps: list[RecipeStep]
    step: int
    """The active step's index, from 1; 0 before the first."""
    phase: str
    phase_s: float
    elapsed_s: float
    """Since the run began; of the finished run after its end."""
    remaining_s: float | None
    """About, by the plan's estimates; None once it has ended."""
    layer: Layer
    dose_mbar_s: float
    """Of a gas exposure going on, so far."""
    layers: list[dict[str, Any]]
    """Finished layers, as in the run's result."""
    exposures: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Ended(Message):
    """How the last run of this service ended."""

    run: str
    recipe: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Holder(Message):
    """Who is in control. A lost lease never stops a run."""

    user: str
    client: str
    fence: int
    """Grows with each grant; travels with every command."""
    remaining_s: float
    wanted_by: str = ""
    """Somebody asks for it: it passes to them after `wanted_in_s`."""
    wanted_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence(Message):
    """The record of what happens here."""

    directory: str
    failed: str
    """Empty, or why nothing can be recorded: nothing new is started then."""
    events: int
    """In the log."""
    unwitnessed: int | None
    """Events that nobody outside vouches for; None while not known."""
    oldest_unwitnessed_s: float | None = None


@dataclass(frozen=True, slots=True)
class Alarm(Message):
    """One alarm, standing or shelved; `state` in the words of ISA-18.2 (see process.alarms)."""

    name: str
    state: str
    active: bool
    priority: Literal["low", "medium", "high", "critical"]
    text: str
    cause: str
    consequence: str
    response: str
    raised_s: float
    since_s: float
    count: int
    first_out: bool
    chattering: bool = False
    needs_acknowledgement: bool = False
    acknowledged_by: str = ""
    shelved_by: str = ""
    shelved_why: str = ""
    shelved_until_s: float | None = None


@dataclass(frozen=True, slots=True)
class Trip(Message):
    """An interlock that is tripped now."""

    name: str
    why: str
    action: str
    since_s: float
    forces: list[str]


@dataclass(frozen=True, slots=True)
class Question(Message):
    """A prompt of the recipe that waits for an answer. The first answer lets the recipe go on."""

    prompt: str
    message: str
    answers: list[str]


@dataclass(frozen=True, slots=True)
class Link(Message):
    """How one link is doing. round_trip_*: of the newest exchanges; None on links that do not measure."""

    link: str
    instruments: list[str]
    identities: dict[str, str]
    up: bool
    exchanges: int
    answers: int
    time_outs: int
    bad_frames: int
    refusals: int
    reconnects: int
    ages_s: dict[str, float | None]
    """By poll; None while never read."""
    round_trip_p50_ms: float | None = None
    round_trip_p99_ms: float | None = None
    last_error: str = ""
    limits_s: dict[str, float] = field(default_factory=dict)
    """By poll: its readings are bad when they are older."""


@dataclass(frozen=True, slots=True)
class Beat(Message):
    """What the control loop is like. Lateness None under virtual time."""

    scans: int
    lost: int
    late_p50_ms: float | None
    late_p99_ms: float | None
    late_worst_ms: float | None
    longest_ms: float | None


@dataclass(frozen=True, slots=True)
class Happening(Message):
    """One event of the record, as soon as it is handed over."""

    seq: int
    """In the live stream, not in the log."""
    at_s: float
    utc: str
    kind: str
    subject: str
    text: str
    actor: str
    why: str = ""
    state: str = ""
    step: str = ""
    phase: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot(Message):
    """The whole chamber at one scan."""

    seq: int
    """Number in the live stream; grows, shared with happenings."""
    boot: str
    """Differs for each start of the control process; `seq` and `at_s` begin anew with it."""
    at_s: float
    """Control clock of the scan, seconds; virtual in a simulation."""
    utc: str
    chamber: str
    simulated: bool
    speed: float | None
    """Simulated seconds per second; None for a real chamber."""
    state: str
    """One of STATES."""
    state_s: float
    """How long the unit has been in it."""
    reason: str
    """Why the unit is where it is; empty when all is as asked."""
    waiting_for: list[str]
    """What Clear, a ramp down or a stop still waits for to be read back."""
    legal: list[str]
    """Commands the unit takes now: reset, start, stop, hold, unhold, complete, abort, clear."""
    manual: bool
    """Outputs may be set by hand now (Stopped or Idle)."""
    job: Job | None
    ended: Ended | None
    lease: Holder | None
    evidence: Evidence
    alarms: list[Alarm]
    """Standing ones, gravest first."""
    trips: list[Trip]
    mimic: Mimic
    question: Question | None
    links: list[Link]
    beat: Beat
    events: list[Happening]
    """The newest, oldest first; the live stream brings each of them as well."""
    local: bool = False
    """The key switch at the plant stands at local: no client commands, whoever holds the lease, but for abort, hold
    and stop."""

    @property
    def marked(self) -> str:
        """SIMULATED or REAL, as every screen says it."""
        return "SIMULATED" if self.simulated else "REAL"
