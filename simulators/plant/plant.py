"""The simulated plant as its instruments meet it: `Plant` implements `simulators.world.World`.

The physics is in the modules beside this one, its integration in `chamber`, its numbers in `params`.
"""

from difflib import get_close_matches
from math import inf

from simulators.plant.chamber import Chamber
from simulators.plant.faults import FAULTS, clear_fault, inject_fault
from simulators.plant.gauges import FullRange, Head
from simulators.plant.params import PlantParameters
from simulators.plant.sensors import period_of
from simulators.plant.truth import Truth
from simulators.plant.turbo import NOMINAL_HZ
from simulators.world import ACTUATORS, SWITCHED

__all__ = ["FAULTS", "SUPPLY", "Plant", "PlantParameters"]

SUPPLY = "supply"
"""The one supply there is; the selector puts it on boat 1 or 2."""
FLOW_CONTROLLED = "n2"
"""The gas whose line can have a flow controller."""


class Plant(Chamber):
    """The simulated chamber. `start` is `vented` (argon, all off and cold) or `pumped`, see `Chamber`."""

    def __init__(self, seed: int | str, parameters: PlantParameters | None = None, start: str = "vented") -> None:
        super().__init__(seed, parameters, start)
        self.truth = Truth(self)

    # --- PLC wiring -----------------------------------------------------------------------------------------------
    def drive(self, name: str, on: bool, now_s: float) -> None:
        """See `World.drive`. A repeated order changes nothing and costs next to nothing."""
        actuator = self.actuators.get(name)
        if actuator is not None:
            if actuator.ordered != on:
                self.stir(actuator, now_s)
                actuator.ordered = on
                if actuator.goal != actuator.position:  # it leaves its end switch at once
                    self.signals[name + "_opened"] = self.signals[name + "_closed"] = False
        elif name == "roughing_pump":
            if on != self.gas.pumping:
                self.wake(now_s)
                self.gas.pumping = on
                self.pump_ready_s = now_s + self.parameters.vacuum.pump_start_s if on else now_s
                self.plan()
        elif name == "supply_enable":
            if on != self.supply.enabled:
                self.enable_supply(on, now_s)
        elif name == "source_select":
            boat = 2 if on else 1
            if boat != self.supply.wanted:
                self.run_supply(now_s)
                self.supply.select(boat, now_s)
                self.signals["source_1_selected"] = self.signals["source_2_selected"] = False
                self.plan()
        else:
            raise ValueError(_unknown("output", name, (*ACTUATORS, *SWITCHED)))

    def signal(self, name: str) -> bool:
        """See `World.signal`."""
        try:
            return self.signals[name]
        except KeyError:
            raise ValueError(_unknown("input", name, tuple(self.signals))) from None

    # --- supply ---------------------------------------------------------------------------------------------------
    def supply_set(self, supply: str, volts: float, amps: float, on: bool, now_s: float) -> None:
        """See `World.supply_set`."""
        if supply != SUPPLY:
            raise ValueError(_unknown("supply", supply, (SUPPLY,)))
        if not (0.0 <= volts < inf and 0.0 <= amps < inf):
            raise ValueError(f"plant: supply limits are finite and not negative, found {volts!r} V, {amps!r} A")
        self.run_supply(now_s)
        self.supply.programme(volts, amps, on)
        self.reckon_hot()

    def supply_terminals(self, supply: str) -> tuple[float, float, bool]:
        """See `World.supply_terminals`."""
        if supply != SUPPLY:
            raise ValueError(_unknown("supply", supply, (SUPPLY,)))
        return self.supply.terminals(self.load_ohm())

    # --- gauges ---------------------------------------------------------------------------------------------------
    def gauge(self, name: str) -> Head:
        """See `World.gauge`; the same object each time, overwritten by the next reading."""
        if name not in self.heads:
            raise ValueError(_unknown("gauge", name, tuple(self.heads)))
        return self.look(name)

    def gauge_switch(self, name: str, on: bool, now_s: float) -> None:
        """See `World.gauge_switch`; only the full-range head can be switched, the others ignore it."""
        head = self.gauge(name)
        if isinstance(head, FullRange) and head.on != on:
            self.advance(now_s)
            head.on = on
            head.at_step = -1
            head.follow(self.gas, now_s)

    # --- turbo ----------------------------------------------------------------------------------------------------
    def turbo_drive(self, on: bool, now_s: float) -> None:
        """See `World.turbo_drive`."""
        if on != self.gas.turbo.driven:
            self.wake(now_s)
            self.gas.turbo.driven = on

    def turbo_speed_hz(self) -> float:
        """See `World.turbo_speed_hz`."""
        return self.gas.turbo.speed * NOMINAL_HZ

    def turbo_error(self) -> str:
        """See `World.turbo_error`."""
        return self.gas.turbo.error

    def turbo_acknowledge(self, now_s: float) -> None:
        """See `World.turbo_acknowledge`."""
        self.wake(now_s)
        self.gas.turbo.acknowledge(self.gas.inlet_mbar, self.gas.foreline)

    # --- gas flow -------------------------------------------------------------------------------------------------
    def gas_limit(self, gas: str, mbar_l_per_s: float, now_s: float) -> None:
        """See `World.gas_limit`; it holds from the next grid point on."""
        if gas != FLOW_CONTROLLED:
            raise ValueError(_unknown("gas line with a flow controller", gas, (FLOW_CONTROLLED,)))
        if not mbar_l_per_s >= 0.0:
            raise ValueError(f"plant: a flow limit is not negative, found {mbar_l_per_s!r} mbar L/s")
        self.gas.n2_limit = mbar_l_per_s

    def gas_flow(self, gas: str) -> float:
        """See `World.gas_flow`."""
        if gas != FLOW_CONTROLLED:
            raise ValueError(_unknown("gas line with a flow controller", gas, (FLOW_CONTROLLED,)))
        return self.gas.n2_flow

    # --- crystals -------------------------------------------------------------------------------------------------
    def crystal_hz(self, sensor: int, now_s: float) -> float:
        """See `World.crystal_hz`."""
        if sensor != 1 and sensor != 2:
            raise ValueError(f"plant: there are sensors 1 and 2, found {sensor!r}")
        if now_s >= self._next_s:
            self.advance(now_s)
        return self.sensors.crystals[sensor - 1].read_hz(period_of(now_s))

    # --- faults ---------------------------------------------------------------------------------------------------
    def inject(self, name: str, args: dict[str, float | str], now_s: float) -> None:
        """Make the fault `name` of `FAULTS` happen. Raises ValueError for an unknown name, argument or value."""
        inject_fault(self, name, args, now_s)

    def clear(self, name: str, now_s: float) -> None:
        """Take the fault away again, whatever its arguments were; what it has done stays done."""
        clear_fault(self, name, now_s)


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=2)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; there are: {', '.join(known)}"
    return f"plant: no {kind} is called {name!r}{hint}"
