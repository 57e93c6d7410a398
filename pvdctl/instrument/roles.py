"""The roles the process knows: what it may read of an instrument and ask of it, whoever makes it.

All methods are asked from the control thread, queue an act and return at once; the act tells later what became of it.
Tags are read by the control thread only.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from pvdctl.instrument.poll import Act
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
