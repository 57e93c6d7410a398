"""The roles the process knows: what it may read of an instrument and ask of it, whoever makes it.

All methods are asked from the control thread, queue an act and return at once; the act tells later what became of it.
Tags are read by the control thread only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from pvdctl.instrument.poll import Act, Poll
from pvdctl.instrument.tag import Tag


class Sensor(Protocol):
    """One crystal of a rate monitor, as tags."""

    frequency_hz: Tag
    """Crystal frequency to the monitor's full resolution; BAD when the crystal does not oscillate."""
    rate_nm_per_s: Tag
    """Rate as the monitor displays it."""
    thickness_nm: Tag
    """Thickness as the monitor displays it (0.1 nm steps on an SQC-310)."""


@runtime_checkable
class RateMonitor(Protocol):
    """A quartz-crystal monitor."""

    sensors: Mapping[int, Sensor]
    """By sensor number, from 1."""

    def set_film(
        self, slot: int, density_g_per_cm3: float, z_factor: float, tooling_percent: Mapping[int, float]
    ) -> Act:
        """Write density, Z-factor and per-sensor tooling into the monitor's film `slot` and make it the active one."""

    def zero_thickness(self) -> Act:
        """Set the displayed thickness to zero."""


@dataclass(frozen=True)
class ControlledLayer:
    """A layer for a deposition controller to heat by itself, power in % of its output's full scale.

    final_thickness_nm: where the controller ends the layer if nobody has ended it before.
    control_error: what the controller does when the rate stays off by more than control_error_percent.
    """

    rate_nm_per_s: float
    final_thickness_nm: float
    p_term: float
    i_term_s: float
    d_term_s: float
    ramp_1_percent: float
    ramp_1_s: float
    soak_1_s: float
    ramp_2_percent: float
    ramp_2_s: float
    soak_2_s: float
    control_error: Literal["ignore", "stop", "timed_power"]
    control_error_percent: float


@runtime_checkable
class RateController(RateMonitor, Protocol):
    """A monitor that can also control the rate: it runs a layer's phases and drives an analogue output.

    Its phases, in `phase`: stopped, initialise layer, ramp 1, soak 1, ramp 2, soak 2, soak hold, shutter delay, control
    delay, deposit, timed power, idle ramp, stop layer, manual power, crystal fail, crystal fail, halted, and others.
    """

    phase: Tag
    power_percent: Mapping[int, Tag]
    """By output, from 1: % of full scale."""
    deviation_percent: Mapping[int, Tag]
    """By output: rate off its target, as the controller reckons it."""
    supervision: tuple[Poll, ...]
    """The polls that bring these tags: their cadence is that of the supervision."""

    def set_layer(self, slot: int, layer: ControlledLayer) -> Act:
        """Write film and layer `slot`; possible only while stopped. Raises OperatorError for what it cannot hold."""

    def start_process(self) -> Act:
        """Start the chosen process at its first layer."""

    def stop_process(self) -> Act:
        """Stop everything; no power. A SAFE act."""

    def start_layer(self) -> Act:
        """Start the stopped layer again, from its first phase."""

    def stop_layer(self) -> Act:
        """Stop the layer: no power, the process waits. A SAFE act."""

    def hold_soak(self, on: bool) -> Act:
        """On: a layer waits after soak 2, at its power, in phase "soak hold". Off: it goes on from there."""


@runtime_checkable
class Supply(Protocol):
    """A DC supply that heats a boat at controlled current."""

    current_a: Tag
    voltage_v: Tag
    output_on: Tag
    """The output's state as the supply reports it, bool."""
    tripped: Tag
    """True when a protection of the supply has switched it off."""
    max_current_a: float
    max_voltage_v: float

    def set_current(self, current_a: float) -> Act:
        """Programme the current. Raises OperatorError outside 0 .. max_current_a; never clips."""

    def set_voltage_limit(self, voltage_v: float) -> Act:
        """Programme the voltage limit (compliance)."""

    def set_output(self, on: bool) -> Act:
        """Switch the output. Off is a SAFE act: it also sets the current to zero, output first."""

    def clear_trip(self) -> Act:
        """Clear a latched protection."""


@runtime_checkable
class GaugeController(Protocol):
    """A controller with one or more vacuum gauges."""

    pressures_mbar: Mapping[int, Tag]
    """By channel, from 1; always mbar, whatever the controller displays. BAD outside the gauge's range: `why` is then
    "underrange" or "overrange", which the process may use (see process.vacuum)."""

    def switch_gauge(self, channel: int, on: bool) -> Act:
        """Switch a gauge on or off where it can be (cold cathode, hot ion). Off is a SAFE act."""


@runtime_checkable
class Turbo(Protocol):
    """A turbomolecular pump's drive unit."""

    speed_hz: Tag
    nominal_hz: Tag
    running: Tag
    """True when the drive is switched on."""
    error: Tag
    """Empty text, or the drive's own error word."""

    def switch(self, on: bool) -> Act:
        """Start or stop the pump."""

    def acknowledge_error(self) -> Act:
        """Acknowledge a latched error."""


@runtime_checkable
class FlowController(Protocol):
    """A mass flow controller in front of a gas inlet valve.

    sccm: cm³/min of gas at 0 °C and 1013.25 mbar.
    """

    flow_sccm: Tag
    set_point_sccm: Tag
    """As the controller holds it."""
    max_flow_sccm: float

    def set_flow(self, flow_sccm: float) -> Act:
        """Set the flow; zero is a SAFE act. Raises OperatorError outside 0 .. max_flow_sccm; never clips."""


@runtime_checkable
class DigitalIO(Protocol):
    """The PLC or coupler that drives valves, shutters and pumps, and reads switches."""

    inputs: Mapping[str, Tag]
    """By the chamber file's names, bool."""
    outputs: Mapping[str, Tag]
    """Coils read back, by the chamber file's names, bool. The commanded state, not the position."""
    watchdog_tripped: Tag
    """True after the PLC dropped its outputs because the heartbeat stopped; latched until `rearm`."""

    def write(self, outputs: int, not_before_s: float = 0.0) -> Act:
        """Write all outputs at once (bit n = output n of the chamber file) together with a changed heartbeat.

        Called once per completed scan by the control loop, and by nobody else: this call IS the heartbeat.
        """

    def rearm(self) -> Act:
        """Re-arm a tripped watchdog; outputs stay off."""
