"""What the simulated instruments may know of the plant, and may do to it: their cables and flanges, nothing more.

The plant (simulators.plant) implements this; the instruments (simulators.instruments) use only this. Times are the
caller's seconds; the plant integrates on its own fixed grid and catches up lazily in `advance`. A command is given
with its time and takes effect from then on, also inside a step that has not been integrated yet (shutter travel is
integrated exactly, not to the grid).
"""

from collections.abc import Mapping
from typing import Protocol

ACTUATORS = (
    "rough_valve",
    "gate_valve",
    "fore_valve",
    "n2_valve",
    "ar_valve",
    "source_1_shutter",
    "source_2_shutter",
    "substrate_shutter",
)
"""Things that travel and have two end switches each, `<name>_opened` and `<name>_closed`."""

SWITCHED = ("roughing_pump", "supply_enable", "source_select")
"""Other things a PLC output drives. `source_select` off = boat 1, on = boat 2."""

SIGNALS = (
    "door_closed",
    "water_ok",
    "air_ok",
    "estop_ok",
    "n2_supply_ok",
    "glovebox_ok",
    "roughing_pump_running",
    "supply_enabled",
    "source_1_selected",
    "source_2_selected",
    "local",
)
"""Plain inputs beside the end switches. `local` is a key switch, on at local; a chamber may do without."""


class Signals(dict[str, bool]):
    """All inputs by name. `changes` counts up with every one that is set: who looks at all can see that none was."""

    __slots__ = ("changes",)

    def __init__(self, signals: Mapping[str, bool]) -> None:
        super().__init__(signals)
        self.changes = 0

    def __setitem__(self, name: str, on: bool) -> None:
        """Set one input; the only way to."""
        super().__setitem__(name, on)
        self.changes += 1


class GaugeSignal(Protocol):
    """What a gauge head gives its controller now."""

    status: int
    """0 ok, 1 underrange, 2 overrange, 3 sensor error, 4 sensor off, 5 no sensor (Pfeiffer/INFICON status digits)."""
    pressure_mbar: float
    """As the gauge believes it: its noise, gas factor and faults included."""


class World(Protocol):
    """The plant, as far as cables reach."""

    def advance(self, now_s: float) -> None:
        """Integrate up to `now_s`; a time already passed does nothing."""

    # --- PLC wiring -------------------------------------------------------------------------------------------
    def drive(self, name: str, on: bool, now_s: float) -> None:
        """Energise (True) or release one of ACTUATORS or SWITCHED at `now_s`. Released = closed / off / boat 1."""

    def signal(self, name: str) -> bool:
        """State of an input: one of SIGNALS or `<actuator>_opened` / `<actuator>_closed`."""

    @property
    def signals(self) -> Mapping[str, bool]:
        """All inputs by name, the same and always up-to-date mapping: for who reads all of them ten times a second.

        If it is a `Signals`, its count tells when there is nothing new.
        """

    # --- supply -----------------------------------------------------------------------------------------------
    def supply_set(self, supply: str, volts: float, amps: float, on: bool, now_s: float) -> None:
        """Programme the supply feeding the boats: limits for constant voltage / constant current, output on or off."""

    def supply_terminals(self, supply: str) -> tuple[float, float, bool]:
        """True volts and amps at the terminals now, and whether the supply is in constant voltage."""

    # --- gauges -----------------------------------------------------------------------------------------------
    def gauge(self, name: str) -> GaugeSignal:
        """One of `full_range`, `capacitance` (both on the chamber), `foreline`."""

    def gauge_switch(self, name: str, on: bool, now_s: float) -> None:
        """Switch a gauge head on or off where its controller can (the full-range gauge's high-vacuum part)."""

    # --- turbo ------------------------------------------------------------------------------------------------
    def turbo_drive(self, on: bool, now_s: float) -> None:
        """The turbo controller's motor switch."""

    def turbo_speed_hz(self) -> float:
        """Actual rotor speed; nominal 1000 Hz."""

    def turbo_error(self) -> str:
        """`000000`, or the error the drive electronics would latch (`Err001` ...)."""

    def turbo_acknowledge(self, now_s: float) -> None:
        """Error acknowledged at the controller; it goes only if its cause has."""

    # --- crystals ---------------------------------------------------------------------------------------------
    def crystal_hz(self, sensor: int, now_s: float) -> float:
        """Frequency that the monitor measures on sensor 1 or 2 in the 0.25 s period holding `now_s`.

        Its noise included; the same value for the whole period; 0.0 when the crystal does not oscillate.
        """

    # --- gas flow ---------------------------------------------------------------------------------------------
    def gas_limit(self, gas: str, mbar_l_per_s: float, now_s: float) -> None:
        """A flow controller in the line of `gas` (`n2`) lets through this much at most, at room temperature.

        Unlimited while no controller is fitted.
        """

    def gas_flow(self, gas: str) -> float:
        """What really flows through that line into the chamber now, mbar L/s at room temperature."""
