"""The chamber file as typed data: what the plant is, from links to interlocks.

Written by the integrator, once per chamber. Every quantity is text with its unit in the file (see `Model`).
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pvdctl.chamber.base import (
    Amps,
    AmpsPerS,
    GramPerCm3,
    Hz,
    Litres,
    LitresPerS,
    Mbar,
    MbarLitresPerS,
    MbarPerS,
    MgPerNm,
    Milligrams,
    Model,
    Name,
    NmPerS,
    PerAmp,
    Percent,
    Sccm,
    Seconds,
    Volts,
)


class SerialLine(Model):
    """A serial port. `device` is a path, a pty or a pyserial URL (socket://, rfc2217://)."""

    kind: Literal["serial"]
    device: str
    baud: int = Field(ge=300, le=921600)


class TcpLine(Model):
    """A raw TCP socket."""

    kind: Literal["tcp"]
    host: str
    port: int = Field(ge=1, le=65535)


class VisaLine(Model):
    """A VISA resource as its owner names it."""

    kind: Literal["visa"]
    resource: str


class ModbusLine(Model):
    """Modbus TCP."""

    kind: Literal["modbus_tcp"]
    host: str
    port: int = Field(default=502, ge=1, le=65535)


Line = Annotated[SerialLine | TcpLine | VisaLine | ModbusLine, Field(discriminator="kind")]


class Instrument(Model):
    """One instrument: which driver speaks to it, over which link, with which settings (documented by the driver)."""

    driver: str
    link: Name
    settings: dict[str, Any] = Field(default_factory=dict)


class PollGroup(Model):
    """A cadence: these polls run with this period, and their readings are BAD when older than `stale_after`."""

    polls: list[str]
    every_s: Seconds = Field(gt=0)
    stale_after_s: Seconds = Field(gt=0)


class Scan(Model):
    """The control loop."""

    period_s: Seconds = Field(gt=0)


class Heartbeat(Model):
    """The dead-man signal to the PLC: a coil that changes with each completed scan."""

    output: int = Field(ge=0)
    watchdog_s: Seconds = Field(gt=0, le=60)


class Io(Model):
    """The PLC's map: names to bits. Names are free; actuators, sources and interlocks refer to them."""

    instrument: Name
    outputs: dict[Name, int]
    inputs: dict[Name, int]
    heartbeat: Heartbeat
    supply_enable_output: Name | None = None
    """Output of the contactor in front of the supplies, and the input that says it is closed, where there is one."""
    supply_enabled_input: Name | None = None
    local_input: Name | None = None
    """Input of a key switch that is on at local: clients of the service then command nothing but abort, hold, stop."""


class Actuator(Model):
    """A valve or shutter: the output that opens it, the switches that confirm it, the time it may take."""

    kind: Literal["valve", "gate", "shutter"]
    output: Name
    opened: Name
    closed: Name
    travel_s: Seconds = Field(gt=0)
    """Time from command to end switch when all is well; half of it counts as open time of a shutter."""
    deadline_s: Seconds = Field(gt=0)
    """After this without the right switches the actuator has failed."""


class Conditioning(Model):
    """How a source is brought to its rate: current ramps and soaks, in the deposition controller's order."""

    ramp_1_s: Seconds = Field(ge=0)
    ramp_1_to_a: Amps = Field(ge=0)
    soak_1_s: Seconds = Field(ge=0)
    ramp_2_s: Seconds = Field(ge=0)
    ramp_2_to_a: Amps = Field(ge=0)
    soak_2_s: Seconds = Field(ge=0)


class Program(Model):
    """The cable on which the rate monitor heats a source where it controls the rate (`control: sqc310`)."""

    output: int = Field(ge=1, le=4)
    """Analogue output of the monitor that lies on the supply's program input."""
    full_scale_a: Amps = Field(gt=0)
    """Current that the supply gives at 100 % of that output."""


class Source(Model):
    """An evaporation source: boat, charge, supply, limits."""

    boat: str
    material: str
    charge_mg: Milligrams = Field(gt=0)
    consumption_mg_per_nm: MgPerNm = Field(gt=0)
    """Charge used per nanometre of film on the substrate; depends on distance, direction and density."""
    supply: Name
    select_output: Name | None = None
    """PLC output that routes a shared supply to this boat, with the state that means this boat."""
    select_on: bool = False
    selected_input: Name | None = None
    select_deadline_s: Seconds = 2.0
    shutter: Name
    max_current_a: Amps = Field(gt=0)
    max_voltage_v: Volts = Field(gt=0)
    """Voltage limit programmed into the supply while this source is driven; an open boat sits there."""
    max_slew_a_per_s: AmpsPerS = Field(gt=0)
    standby_current_a: Amps = Field(ge=0)
    """Where a hold brings the source: warm, hardly evaporating."""
    conditioning: Conditioning
    cold_after_s: Seconds = Field(gt=0)
    """Time after the output is off until the boat counts as cold (below 60 °C)."""
    max_hold_s: Seconds = Field(gt=0)
    """Longest time at standby in Held or Suspended before an alarm, and then the recipe's choice."""
    program: Program | None = None
    """Needed with `control: sqc310`."""


class RateControl(Model):
    """Host control of the rate on the supply's current: PI on the error in ln(rate).

    gain_per_a: dln(rate)/dI at the deposition rate, 1/A. time_constant, dead_time: of the rate after a current step.
    closed_loop: wanted time constant of the closed loop (lambda of IMC tuning).
    """

    gain_per_a: PerAmp = Field(gt=0)
    time_constant_s: Seconds = Field(gt=0)
    dead_time_s: Seconds = Field(ge=0)
    closed_loop_s: Seconds = Field(gt=0)
    at_rate_nm_per_s: NmPerS = Field(gt=0)
    at_current_a: Amps = Field(gt=0)
    """Where gain, time constant and dead time were measured; serves the static check of other rates."""
    filter_alpha: float = Field(gt=0, le=1)
    """Weight of a new raw rate in the filtered one (1 = no filter)."""


class MonitorControl(Model):
    """Control of the rate by the monitor itself: its terms for this film, in its own units.

    control_error: what it does when the rate stays off by more than control_error_beyond; its own last resort, wider
    than a recipe's tolerance, and in force also where the host is gone.
    """

    p_term: float = Field(gt=0)
    i_term_s: Seconds = Field(ge=0)
    d_term_s: Seconds = Field(ge=0)
    control_error: Literal["ignore", "stop", "timed_power"]
    control_error_beyond_percent: Percent = Field(gt=0, le=99)


class Film(Model):
    """A film as the monitor must know it, and how its rate is controlled."""

    source: Name
    material: str
    density_g_per_cm3: GramPerCm3 = Field(gt=0)
    z_factor: float = Field(gt=0)
    tooling_percent: dict[int, Percent]
    """By sensor number: film on the substrate / film on that crystal."""
    monitor_slot: int = Field(ge=1)
    """Film number used in the monitor for this film."""
    control: RateControl
    monitor_control: MonitorControl | None = None
    """Needed with `control: sqc310`."""


class Monitor(Model):
    """The rate monitor and its crystals."""

    instrument: Name
    sensors: list[int]
    """In order of use: the first is used until it fails, then the next where the recipe says switch_crystal."""
    period_s: Seconds = Field(gt=0)
    """Measuring period of the monitor."""
    min_frequency_hz: Hz = Field(gt=0)
    max_frequency_hz: Hz = Field(gt=0)
    """Crystal life: 0 % at min, 100 % at max (SQC-310 system settings)."""
    noise_hz: Hz = Field(gt=0)
    """Expected rms noise of one frequency reading; spit and failure limits are multiples of it."""
    max_jump_hz: Hz = Field(gt=0)
    """A single step of the frequency beyond this is a crystal failure (mode hop, contact loss), not a spit."""
    min_life_percent: Percent = Field(ge=0, le=100)
    """A deposit does not start on a crystal with less life left than this after its own film."""
    supervise_every_s: Seconds = Field(default=0.5, gt=0)
    """How often its phase, power and deviation are read while it controls the rate itself."""
    supervise_stale_after_s: Seconds = Field(default=2.0, gt=0)


class Gauge(Model):
    """A gauge: where it sits and the range in which it speaks."""

    instrument: Name
    channel: int = Field(ge=1)
    measures: Literal["chamber", "foreline"]
    from_mbar: Mbar = Field(gt=0)
    to_mbar: Mbar = Field(gt=0)
    ion: bool = False
    """Has a cold cathode or filament that must be off before gas is let in."""
    gas_dependent: bool = False


class Gas(Model):
    """A gas inlet."""

    valve: Name
    supply_ok: Name | None = None
    """Input that says the supply pressure is there."""
    use: list[Literal["process", "vent"]]
    fill_rate_mbar_per_s: MbarPerS = Field(gt=0)
    """Rise of the chamber pressure with the valve open, far from the supply pressure; used only for estimates."""
    flow_controller: Name | None = None
    """Mass flow controller upstream of the valve, where there is one, and its flow at 100 %: both or neither."""
    max_flow_sccm: Sccm | None = Field(default=None, gt=0)


class Vacuum(Model):
    """The pumping system and its limits."""

    volume_l: Litres = Field(gt=0)
    roughing_pump_output: Name
    roughing_pump_running: Name
    rough_valve: Name
    fore_valve: Name
    gate_valve: Name
    turbo: Name
    crossover_mbar: Mbar = Field(gt=0)
    """Chamber pressure below which roughing ends and the gate may open."""
    foreline_max_mbar: Mbar = Field(gt=0)
    """Foreline pressure above which the turbo may not run with an open gate, nor be started."""
    turbo_ready_percent: Percent = Field(gt=0, le=100)
    turbo_run_up_s: Seconds = Field(gt=0)
    """Deadline for the run-up."""
    turbo_run_up_typical_s: Seconds = Field(gt=0)
    """Time to turbo_ready when all is well; serves estimates."""
    hand_over_low_mbar: Mbar = Field(gt=0)
    hand_over_high_mbar: Mbar = Field(gt=0)
    """Chamber gauges change over with hysteresis: below `low` the full-range gauge speaks, above `high` the
    capacitance gauge."""
    atmosphere_mbar: Mbar = Field(gt=0)
    """Above this the chamber counts as vented."""
    roughing_speed_l_per_s: LitresPerS = Field(gt=0)
    turbo_speed_l_per_s: LitresPerS = Field(gt=0)
    gas_load_1h_mbar_l_per_s: MbarLitresPerS = Field(gt=0)
    """Outgassing one hour after the chamber was opened, falling as 1/t. With the two pumping speeds it serves
    estimates of a recipe's duration and nothing else."""


class Limits(Model):
    """Chamber-wide limits that phases and interlocks share."""

    deposition_pressure_mbar: Mbar = Field(gt=0)
    """Sources may be heated only below this."""
    source_off_current_a: Amps = Field(gt=0)
    """Read-back below this counts as no current."""
    shutter_settle_s: Seconds = Field(ge=0)
    """Least time the source shutter is open before the substrate shutter may open (thermal transient of the
    crystal); never below 10 s."""


def _a_level(value: object) -> object:
    if isinstance(value, bool) or value in ("open", "closed", "on", "off"):
        return value
    raise ValueError("open, closed, on, off, true or false")


Unary = Annotated[bool | Literal["open", "closed", "on", "off"], BeforeValidator(_a_level)]


class Condition(Model):
    """One testable statement. Exactly one of `reading` and `asked`.

    `reading` names an input, a gauge or a derived reading; with `below` or `above` (text with unit) or `is`.
    `asked` names an output, actuator or supply that something asks for; with `is` open, closed, on or off.
    """

    reading: Name | None = None
    asked: Name | None = None
    below: str | None = None
    above: str | None = None
    is_: Unary | None = Field(default=None, alias="is")


class Rule(Model):
    """An interlock: whenever all of `applies_when` hold, all of `require` must hold; else it is tripped.

    A requirement that cannot be evaluated (reading bad, uncertain or stale) counts as not met; an `applies_when` that
    cannot be evaluated counts as met.
    force: outputs, actuators and supplies forced to their safe value while tripped.
    action: what the unit does besides: nothing, hold, suspend, stop or abort.
    """

    name: Name
    applies_when: list[Condition] = Field(default_factory=list)
    require: list[Condition]
    for_s: Seconds = 0.0
    """The requirement must be unmet this long (on-delay)."""
    force: list[Name] = Field(default_factory=list)
    action: Literal["none", "hold", "suspend", "stop", "abort"] = "none"
    cause: str
    consequence: str
    response: str
    priority: Literal["low", "medium", "high", "critical"] = "high"


class Chamber(Model):
    """A whole chamber file."""

    chamber: Name
    version: str
    description: str = ""
    simulated: bool = False
    """Its links lead to a simulated chamber (written by `pvdctl simulator serve`): everything made there says so."""
    control: Literal["host", "sqc310"] = "host"
    """Who controls the rate: pvdctl on the supply's current, or the rate monitor on its own output, with pvdctl
    writing the layer, starting and stopping it, watching it, and moving the shutters."""
    scan: Scan
    links: dict[Name, Line]
    instruments: dict[Name, Instrument]
    poll_groups: dict[Name, PollGroup]
    io: Io
    actuators: dict[Name, Actuator]
    vacuum: Vacuum
    gauges: dict[Name, Gauge]
    gases: dict[Name, Gas]
    monitor: Monitor
    substrate_shutter: Name
    sources: dict[Name, Source]
    films: dict[Name, Film]
    limits: Limits
    interlocks: list[Rule]
