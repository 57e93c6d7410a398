"""The invariants of a run, judged against the plant's truth after every scan.

Given to `Simulation(on_scan=...)`. A hazard may last as long as the chamber's reaction time to it (age limit of the
reading, delay of the rule, one scan, travel): the figures below, each with its sum.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from pvdctl.cli.simulation import Simulation
from pvdctl.process.states import STATE_COMPLETE, TRANSITIONS, State
from pvdctl.record.event import Event
from simulators.faults import parse
from simulators.world import ACTUATORS

POWER_A = 2.0
"""Current that counts as source power: ten times the supply's read-back noise."""
PRESSURE_S = 2.5
"""Reading too old 1.5 s, rule 0.3 s, scan 0.1 s, act and exchange 0.3 s, the gauge; with reserve."""
SWITCH_S = 1.5
"""Input too old 0.5 s, rule 0.3 s, scan 0.1 s, act and its exchange 0.3 s; with reserve."""
PLC_S = 2.6
"""The PLC's own watchdog of 2 s when it cannot be written, two scans, travel of a shutter."""
WRITE_S = 0.8
"""Scan 0.1 s, coil word with the next scan, travel of a shutter 0.3 s, grid of the plant 0.1 s; with reserve."""
TURBO_S = 8.0
"""Speed too old 4 s, rule 0.3 s, scan, travel of the gate 2 s; with reserve."""
FORELINE_S = 4.5
"""Pressure too old 1.5 s, rule 0.3 s, scan, travel of the gate 2 s; with reserve."""
COLD_K = 353.0
"""80 degC at gas: the chamber file's waiting times are made for 60 degC with a factor."""
SETTLE_S = 10.0
SLEW_A_PER_S = 5.0
RAMP_STEP_A = 1.0
"""A ramp asks for 1 A at a time."""
TRUE_BAND_PERCENT = 25.0
"""The band is 10 % of a filtered reading; flux noise of 2 % rms and the filter's lag come on top."""


_SPOIL_THE_RATE = ("crystal", "spit", "source", "boat", "supply")
"""Faults after which the true rate at the opening is the fault's, not the controller's, to answer for."""


class Watch:
    """A hazard that may last `allowed_s`."""

    def __init__(self, name: str, allowed_s: float) -> None:
        self.name = name
        self.allowed_s = allowed_s
        self._since_s: float | None = None
        self.told = False

    def judge(self, bad: bool, now_s: float) -> bool:
        """True once, when the hazard has lasted too long."""
        if not bad:
            self._since_s = None
            self.told = False
            return False
        if self._since_s is None:
            self._since_s = now_s
        if self.told or now_s - self._since_s <= self.allowed_s + 1e-6:
            return False
        self.told = True
        return True


class _Witness:
    """Between controller and record: remembers what was committed, so that commands can be held against it."""

    def __init__(self, recorder: Any) -> None:
        self._recorder = recorder
        self.intents: dict[str, object] = {}
        self.sample = recorder.sample
        self.settled = recorder.settled

    def append(self, events: Sequence[Event]) -> None:
        """Pass on; only what was committed counts."""
        self._recorder.append(events)
        for event in events:
            if event.kind == "output":
                self.intents[event.subject] = event.new


class Invariants:
    """The judge. `broken` lists (time, sentence); empty at the end of a good run."""

    def __init__(self, faults: Iterable[str] = ()) -> None:
        self.broken: list[tuple[float, str]] = []
        self.scans = 0
        self.states: list[State] = []
        self._faults = [parse(text) for text in faults]
        self._ready = False
        slow_plc = any(f.link == "plc" for f in self._faults)
        self._shutters_s = PLC_S + 0.8 if slow_plc else WRITE_S
        self._watches: dict[str, Watch] = {}
        self._asked: deque[tuple[float, float]] = deque()
        self._amps: deque[tuple[float, float]] = deque()
        self._source_open_since: float | None = None
        self._substrate = 0.0

    # --- set-up ---------------------------------------------------------------------------------------------------
    def _begin(self, simulation: Simulation) -> None:
        self._ready = True
        simulated = simulation.simulated
        self._plant: Any = simulated.bench.plant
        self._truth = simulated.truth
        self._coupler: Any = simulated.bench.port("plc")
        self._controller = simulation.controller
        self._witness = _Witness(self._controller.recorder)
        self._controller.recorder = self._witness
        self._chamber = simulation.chamber.model
        self._shutters = [name for name in ACTUATORS if name.endswith("shutter")]
        self._stuck = {str(f.args.get("valve", f.args.get("shutter"))) for f in self._faults if "stuck" in f.name}
        self._currents = [n for n in self._controller.outputs.names() if n.endswith(".current")]
        self._most_a = {
            1: self._chamber.sources["zinc"].max_current_a,
            2: self._chamber.sources["lithium"].max_current_a,
        }
        self._wrap("turbo_drive", lambda on, now_s: ("turbo.run", on))
        self._wrap("supply_set", lambda supply, volts, amps, on, now_s: ("boat_supply.output", on))
        self._wrap("gauge_switch", lambda name, on, now_s: (f"{name}.on", on))
        self._wrap("drive", lambda name, on, now_s: (name, on))

    def _wrap(self, method: str, meaning: Any) -> None:
        """Hold every command that reaches the plant and switches something on against the committed intents."""
        real = getattr(self._plant, method)
        before: dict[str, bool] = {}

        def judged(*args: Any) -> None:
            name, on = meaning(*args)
            if on and not before.get(name, True):
                intent = self._witness.intents.get(name)
                if intent != 1.0:
                    self._break(args[-1], f"{name} was switched on; the last committed intent is {intent}")
            before[name] = on
            real(*args)

        setattr(self._plant, method, judged)
        if method == "drive":
            # the coupler has bound nothing: it looks `drive` up at its world each time
            assert self._coupler._world is self._plant

    def _break(self, now_s: float, text: str) -> None:
        if len(self.broken) < 50:
            self.broken.append((round(now_s, 3), text))

    def _watch(self, name: str, allowed_s: float, bad: bool, now_s: float, text: str = "") -> None:
        watch = self._watches.get(name)
        if watch is None:
            watch = self._watches[name] = Watch(name, allowed_s)
        if watch.judge(bad, now_s):
            self._break(now_s, f"{name} for more than {watch.allowed_s:g} s {text}")

    # --- every scan -----------------------------------------------------------------------------------------------
    def __call__(self, simulation: Simulation) -> None:
        """Judge this scan."""
        if not self._ready:
            self._begin(simulation)
        self.scans += 1
        now_s = simulation.now_s
        self._power(now_s)
        self._gas(now_s)
        self._vacuum(now_s)
        self._shutter(now_s)
        self._current(now_s)
        self._unit(now_s)

    def _power(self, now_s: float) -> None:
        """1: source power only with vacuum, water, door, contactor and heartbeat."""
        plant = self._plant
        amps = plant.supply.amps
        on = amps > POWER_A
        signals = plant.signals
        watch = self._watch
        pressure = plant.gas.total
        watch("source power above 1.5e-4 mbar", PRESSURE_S, on and pressure > 1.5e-4, now_s, f"({pressure:.1e} mbar)")
        watch("source power without water", SWITCH_S, on and not signals["water_ok"], now_s)
        watch("source power with the door open", SWITCH_S, on and not signals["door_closed"], now_s)
        watch("source power with the emergency stop pressed", 0.3, on and not signals["estop_ok"], now_s)
        watch("source power with the contactor open", 0.3, on and not plant.supply.enabled, now_s)
        watch("source power after the PLC's watchdog", 0.4, on and self._coupler._watchdog.expired, now_s)
        most = self._most_a.get(plant.supply.selected)
        if most is not None:
            watch(f"more than {most:g} A in boat {plant.supply.selected}", 0.0, amps > most + 0.3, now_s)

    def _gas(self, now_s: float) -> None:
        """2: gas only with everything off, cold and closed."""
        actuators = self._plant.actuators
        n2, argon = actuators["n2_valve"].position, actuators["ar_valve"].position
        flows = n2 > 0.0 or argon > 0.0
        if not flows:
            self._watch("gas with the ion gauge on", 2.5, False, now_s)
            return
        truth = self._truth
        if self._plant.supply.amps > POWER_A:
            self._break(now_s, f"gas valve open at {self._plant.supply.amps:.1f} A")
        for material in ("Zn", "Li"):
            hot = max(truth.boat_k(material), truth.charge_k(material))
            if hot > COLD_K:
                self._break(now_s, f"gas valve open with {material} at {hot:.0f} K")
        for name in ("gate_valve", "rough_valve"):
            if actuators[name].position > 0.0:
                self._break(now_s, f"gas valve open while {name} is {actuators[name].position:.2f} open")
        if n2 > 0.0 and argon > 0.0:
            self._break(now_s, "both gas valves open")
        self._watch("gas with the ion gauge on", 2.5, self._plant.heads["full_range"].on, now_s)
        pressure = self._plant.gas.total
        over = pressure > 1020.0 and "n2_valve" not in self._stuck  # a valve stuck open ends at the relief valve
        self._watch("gas valve open above 1020 mbar", 0.0, over, now_s, f"({pressure:.0f} mbar)")

    def _vacuum(self, now_s: float) -> None:
        """3: never rough and gate together; the gate only with a turbo at speed and a good foreline."""
        actuators, gas = self._plant.actuators, self._plant.gas
        gate, rough = actuators["gate_valve"].position, actuators["rough_valve"].position
        if gate > 0.0 and rough > 0.0:
            self._break(now_s, f"gate {gate:.2f} and rough valve {rough:.2f} open together")
        if "gate_valve" in self._stuck:
            return
        more_s = 2.0 if any(f.link == "plc" for f in self._faults) else 0.0
        slow = gate > 0.05 and gas.turbo.speed < 0.785
        self._watch("gate open with a slow turbo", TURBO_S + more_s, slow, now_s, f"({gas.turbo.speed:.2f})")
        bad = gate > 0.05 and gas.foreline > 2.3
        self._watch("gate open with a bad foreline", FORELINE_S + more_s, bad, now_s, f"({gas.foreline:.1f} mbar)")

    def _shutter(self, now_s: float) -> None:
        """4: shutters open only in Execute; the substrate's only over a settled, qualified source."""
        actuators = self._plant.actuators
        executing = self._controller.unit.state is State.EXECUTE
        for name in self._shutters:
            if name not in self._stuck:
                is_open = actuators[name].position > 0.0 and not executing
                self._watch(f"{name} open outside Execute", self._shutters_s, is_open, now_s)
        selected = self._plant.supply.selected
        source = actuators[f"source_{selected}_shutter"].position if selected else 0.0
        if source < 1.0:
            self._source_open_since = None
        elif self._source_open_since is None:
            self._source_open_since = now_s
        substrate = actuators["substrate_shutter"].position
        if self._substrate == 0.0 and substrate > 0.0:
            self._opens(now_s, selected)
        self._substrate = substrate

    def _opens(self, now_s: float, selected: int) -> None:
        since = self._source_open_since
        if since is None:
            self._break(now_s, "substrate shutter opens while the source shutter is not open")
            return
        if now_s - since < SETTLE_S - 0.05:
            self._break(now_s, f"substrate shutter opens {now_s - since:.1f} s after the source shutter")
        if any(f.name.startswith(_SPOIL_THE_RATE) or f.link == "monitor" for f in self._faults):
            return
        material = ("Zn", "Li")[selected - 1]
        rate = self._truth.true_rate_nm_per_s(material)
        target = self._controller.context.rate_target_nm_per_s
        if abs(rate / target - 1.0) * 100.0 > TRUE_BAND_PERCENT:
            self._break(now_s, f"substrate shutter opens at a true {rate:.3f} nm/s of {material}; asked {target:g}")

    def _current(self, now_s: float) -> None:
        """The asked current never rises or is steered faster than the slew, never above the source's maximum."""
        controller = self._controller
        asked = max(controller.outputs[name].asked for name in self._currents)
        self._rise(self._asked, asked, now_s, "asked current")
        if not any(f.link == "boat_supply" for f in self._faults):  # after a gap the supply catches up with the ramp
            self._rise(self._amps, self._plant.supply.amps, now_s, "true current")

    def _rise(self, window: deque[tuple[float, float]], value: float, now_s: float, what: str) -> None:
        window.append((now_s, value))
        while now_s - window[0][0] > 1.05:
            window.popleft()
        least = min(v for _, v in window)
        if value - least > SLEW_A_PER_S * 1.05 + RAMP_STEP_A + 0.3:
            self._break(now_s, f"{what} rose from {least:.1f} to {value:.1f} A within a second")
            window.clear()
            window.append((now_s, value))

    def _unit(self, now_s: float) -> None:
        """5: a resting state is what its read-back says."""
        state = self._controller.unit.state
        at_rest = state in (State.ABORTED, State.STOPPED, State.COMPLETE)
        powered = at_rest and self._plant.supply.amps > POWER_A
        self._watch("source power in Aborted, Stopped or Complete", 0.3, powered, now_s, f"({state.name})")
        if self.states and self.states[-1] is state:
            return
        self.states.append(state)
        if at_rest and len(self.states) > 1:
            standing = [str(alarm["name"]) for alarm in self._controller.alarms.listing()]
            alarmed = any(name.startswith(("safe_state", "actuator")) for name in standing)
            for name in (*self._shutters, "n2_valve", "ar_valve"):
                if self._plant.actuators[name].position > 0.0 and name not in self._stuck and not alarmed:
                    self._break(now_s, f"{state.name} entered with {name} not closed")


def judge_events(events: Sequence[Event]) -> list[str]:
    """What the record itself must show: only tabled transitions, and a result for every output that was asked."""
    wrong: list[str] = []
    allowed = {(here.name.capitalize(), to.name.capitalize()) for (here, _), to in TRANSITIONS.items()}
    allowed |= {(here.name.capitalize(), to.name.capitalize()) for here, to in STATE_COMPLETE.items()}
    last: object = None
    open_: dict[str, Event] = {}
    for event in events:
        if event.kind == "state":
            if (event.old, event.new) not in allowed:
                wrong.append(f"{event.at_s:.1f} s: no such transition: {event.old} -> {event.new}")
            if last is not None and event.old != last:
                wrong.append(f"{event.at_s:.1f} s: transition from {event.old}, but the unit was in {last}")
            last = event.new
        elif event.kind == "output":
            before = open_.pop(event.subject, None)
            # Asked and taken back within one scan: nothing was granted, and nothing was sent.
            if before is None or before.at_s != event.at_s or before.old != event.new:
                open_[event.subject] = event
        elif event.kind in ("actuator", "result"):
            open_.pop(event.subject, None)
    end_s = events[-1].at_s if events else 0.0
    wrong += [
        f"{event.at_s:.1f} s: {event.text}: no result followed"
        for event in open_.values()
        if end_s - event.at_s > RESULT_S and not event.subject.endswith(".current")
    ]
    return wrong


RESULT_S = 12.0
"""Longest deadline of an actuator is 6 s (gate); a supply that does not answer fails after some seconds."""
