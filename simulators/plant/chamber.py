"""The chamber's parts put together and integrated on one grid.

The grid step is 0.1 s (`PlantParameters.step_s`); `advance` runs whole steps up to the time given, so what can be read
lags by less than one step. A command takes effect at its own time: travel of shutters and valves, the supply's current
and the selector are integrated exactly within the step. End switches and gauges show the state at the last grid point.

Slow parts are updated less often where that changes nothing: gas every 0.5 s when it is quiet (see `Vacuum.quiet`) and
no command came within `AWAKE_S`, crystals at their 0.25 s samples, cold boats not at all.
"""

from math import inf

from simulators.plant.actuators import Actuator, product_integral
from simulators.plant.electrics import Supply
from simulators.plant.film import Film
from simulators.plant.gauges import Capacitance, FullRange, Head, Pirani
from simulators.plant.params import PlantParameters
from simulators.plant.sensors import Sensors
from simulators.plant.source import Source
from simulators.plant.vacuum import Vacuum
from simulators.world import ACTUATORS, SIGNALS, Signals

AWAKE_S = 2.0
"""For this long after a command the gas is integrated at every grid step."""
QUIET_S = 0.5
"""Step of quiet gas."""
OUTGASES_FROM_K = 340.0
"""A colder charge lets go of less than 1e-4 of its gas in a second."""
EARLY_S = 1e-9
"""Grid points are a hair early, so that "now = n x 0.1" in anyone's floating point reaches grid point n."""
AT_START_OFF = ("roughing_pump_running", "supply_enabled", "source_2_selected", "local")


class Chamber:
    """Everything behind the cables. `start` is `vented` (argon, all off and cold) or `pumped`.

    `pumped` finds the chamber in high vacuum with turbo at speed, gate and fore valve open and their outputs, the
    roughing pump's too, energised.
    """

    def __init__(self, seed: int | str, parameters: PlantParameters | None = None, start: str = "vented") -> None:
        p = self.parameters = parameters if parameters is not None else PlantParameters()
        self.step_s = p.step_s
        self.index = 0
        """Grid steps done."""
        self.now_s = 0.0
        """Time of the last grid point."""
        self._next_s = p.step_s - EARLY_S
        self._due_s = inf
        self._awake_until_s = 0.0
        self.pump_ready_s = inf
        """When the roughing pump reports its new state."""
        self.spits_until_s = inf
        """When a burst of spits ends."""
        self.film = Film(p.film)
        self.sources = (
            Source(0, p.source_1, seed, p.step_s, self.film),
            Source(1, p.source_2, seed, p.step_s, self.film),
        )
        self._hot: list[Source] = []
        self.sensors = Sensors(seed, p)
        self.supply = Supply(p.supply_lag_s, p.select_s)
        self.gas = Vacuum(p.vacuum)
        self._gas_seen_mbar = -1.0
        self._pending = 0
        self._stride = 1
        self._quiet_stride = max(1, round(QUIET_S / p.step_s))
        self.actuators = {name: Actuator(name, _travel_s(name, p)) for name in ACTUATORS}
        self._moving: list[Actuator] = []
        full_range = FullRange("full_range", seed)
        self.heads: dict[str, Head] = {
            head.name: head for head in (full_range, Capacitance("capacitance", seed), Pirani("foreline", seed))
        }
        self.signals = Signals({name: name not in AT_START_OFF for name in SIGNALS})
        """Every input by name, end switches too."""
        if start == "vented":
            self.gas.start_vented(p.vented_mbar)
        elif start == "pumped":
            self.gas.start_pumped(p.pumped_age_s)
            full_range.light()
            self.signals["roughing_pump_running"] = True
            for name in ("gate_valve", "fore_valve"):
                self.actuators[name].place(1.0)
        else:
            raise ValueError(f"plant: start is 'vented' or 'pumped', found {start!r}")
        for actuator in self.actuators.values():
            self._show(actuator)
        self.sensors.begin(self.gas)

    # --- time -----------------------------------------------------------------------------------------------------
    def advance(self, now_s: float) -> None:
        """Integrate up to `now_s`; a time already passed does nothing."""
        while now_s >= self._next_s:
            self._step()

    def _step(self) -> None:
        index = self.index + 1
        end_s = index * self.step_s
        if self._moving:
            self._travel(end_s)
        if end_s >= self._due_s:
            self._happen(end_s)
        supply = self.supply
        if supply.on or supply.amps:
            supply.run(end_s, self.load_ohm())
        sensors = self.sensors
        hot = self._hot
        sample_s = sensors.sample_s
        if hot:
            first, second = self.sources
            before = (first.arrived_kg_per_m2, second.arrived_kg_per_m2)
            heat = supply.amp2_s
            for source in hot:
                k = source.index + 1
                source.step(heat[k])
                heat[k] = 0.0
            if end_s >= sample_s:
                sensors.sample(hot, before, (sample_s - self.now_s) / self.step_s)
        elif end_s >= sample_s:
            sensors.sample(hot, (0.0, 0.0), 0.0)
        self.index = index
        self.now_s = end_s
        self._next_s = end_s + self.step_s - EARLY_S
        self._pending += 1
        if self._pending >= self._stride:
            self._flow()

    def _happen(self, end_s: float) -> None:
        """Things that were to happen by themselves up to `end_s`."""
        supply = self.supply
        if supply.selected_at_s <= end_s:
            supply.run(supply.selected_at_s, inf)
            supply.arrive()
            self.reckon_hot()
            for boat in (1, 2):
                self.signals[f"source_{boat}_selected"] = supply.selected == boat
        if self.pump_ready_s <= end_s:
            self.pump_ready_s = inf
            self.signals["roughing_pump_running"] = self.gas.pumping
        if self.spits_until_s <= end_s:
            self.spits_until_s = inf
            for source in self.sources:
                source.spits_per_s = source.parameters.spits_per_s
        self.plan()

    def plan(self) -> None:
        """Find out when the next thing happens by itself."""
        self._due_s = min(self.supply.selected_at_s, self.pump_ready_s, self.spits_until_s)

    # --- supply and boats -----------------------------------------------------------------------------------------
    def load_ohm(self) -> float:
        """What the supply drives now: boat and leads, inf when the circuit is open."""
        selected = self.supply.selected
        if selected == 0:
            return inf
        source = self.sources[selected - 1]
        boat = source.boat
        return inf if boat.broken else boat.resistance_ohm() + source.parameters.lead_ohm

    def run_supply(self, now_s: float) -> None:
        """Carry the current on to `now_s`, before the programme or the circuit changes."""
        self.advance(now_s)
        self.supply.run(now_s, self.load_ohm())

    def enable_supply(self, on: bool, now_s: float) -> None:
        """The PLC's contactor; an emergency stop holds it open."""
        self.run_supply(now_s)
        self.supply.enabled = on and self.signals["estop_ok"]
        self.signals["supply_enabled"] = self.supply.enabled
        self.reckon_hot()

    def reckon_hot(self) -> None:
        """Find the boats that must be integrated: warm ones, and the one that the supply may heat."""
        supply = self.supply
        fed = supply.selected if supply.live or supply.amps else 0
        hot = []
        for source in self.sources:
            if fed == source.index + 1 or not source.boat.idle:
                source.set_gas(self.gas.total)
                hot.append(source)
            else:
                source.rest()
        self._hot = hot

    # --- things that travel ---------------------------------------------------------------------------------------
    def stir(self, actuator: Actuator, now_s: float) -> None:
        """Carry an actuator on to `now_s`, before what it is to do (or cannot do) changes."""
        self.wake(now_s)
        if actuator not in self._moving:
            actuator.begin(self.now_s)
            self._moving.append(actuator)
        actuator.move(now_s)

    def _travel(self, end_s: float) -> None:
        actuators = self.actuators
        moving = self._moving
        for actuator in moving:
            actuator.move(end_s)
            actuator.finish()
            self._show(actuator)
        substrate = actuators["substrate_shutter"]
        for source, name in zip(self.sources, ("source_1_shutter", "source_2_shutter"), strict=True):
            shutter = actuators[name]
            source.opening = shutter.mean
            if shutter in moving and substrate in moving:
                source.through = product_integral(shutter.path, substrate.path) / self.step_s
            else:
                source.through = shutter.mean * substrate.mean
        gas = self.gas
        gas.rough_valve = actuators["rough_valve"].mean
        gas.gate_valve = actuators["gate_valve"].mean
        gas.fore_valve = actuators["fore_valve"].mean
        gas.n2_valve = actuators["n2_valve"].mean
        gas.argon_valve = actuators["ar_valve"].mean
        # one that has arrived stays for one more step, in which its mean becomes its place of rest
        self._moving = [a for a in moving if a.position != a.goal or a.mean != a.position]
        for actuator in self._moving:
            actuator.begin(end_s)

    def _show(self, actuator: Actuator) -> None:
        self.signals[actuator.name + "_opened"] = actuator.position >= 1.0
        self.signals[actuator.name + "_closed"] = actuator.position <= 0.0

    # --- gas and what hangs on it ---------------------------------------------------------------------------------
    def wake(self, now_s: float) -> None:
        """Bring everything up to the grid point before `now_s`, and the gas to short steps for a while."""
        self.advance(now_s)
        if self._pending:
            self._flow()
        self._stride = 1
        self._awake_until_s = self.now_s + AWAKE_S

    def _flow(self) -> None:
        dt = self._pending * self.step_s
        self._pending = 0
        gas = self.gas
        water = hydrogen = 0.0
        for source in self._hot:
            if source.boat.charge_k > OUTGASES_FROM_K:
                source.outgas(dt)
                water += source.water_mbar_l_per_s
                hydrogen += source.hydrogen_mbar_l_per_s
        n2_before = gas.n2
        gas.step(dt, water, hydrogen)
        n2 = gas.n2
        self.film.expose(n2_before, n2, gas.water, dt)
        if n2 > self.parameters.film.least_mbar:
            self.sensors.nitride(0.5 * (n2_before + n2), dt)
        for head in self.heads.values():
            head.follow(gas, self.now_s)
        total = gas.total
        seen = self._gas_seen_mbar
        if abs(total - seen) > 1e-3 * seen:
            self.feel_gas()
        if self._hot and not self.supply.on:
            self.reckon_hot()
        awake = self.now_s < self._awake_until_s or self._moving
        self._stride = 1 if awake or not gas.quiet else self._quiet_stride

    def feel_gas(self) -> None:
        """Tell crystals and sources of the pressure (they need not hear of changes below 0.1 %)."""
        self._gas_seen_mbar = self.gas.total
        self.sensors.feel(self.gas)
        for source in self._hot:
            source.set_gas(self.gas.total)

    def look(self, name: str) -> Head:
        """The gauge head of that name with its reading of the last grid point."""
        head = self.heads[name]
        if head.at_step != self.index:
            head.read(self.gas, self.index)
        return head


def _travel_s(name: str, parameters: PlantParameters) -> float:
    if name.endswith("shutter"):
        return parameters.shutter_s
    return parameters.gate_s if name == "gate_valve" else parameters.valve_s
