"""Whether a chamber file fits together: every name resolves, nothing is driven twice, limits lie within limits.

A chamber file that passes here can be wired; what only an instrument knows is checked when its driver is made.
"""

from collections.abc import Collection, Iterator

from pvdctl.chamber.checker import Checker, Way
from pvdctl.chamber.document import Document
from pvdctl.chamber.model import Chamber
from pvdctl.chamber.problems import Problem
from pvdctl.quantities import show

LEAST_SETTLE_S = 10.0
"""The substrate shutter never opens sooner after the source shutter: the crystal's thermal transient reads low then."""
BITS = 512
"""Inputs or outputs a Modbus coupler of this kind can have; more is a slip of the pen. A choice."""
MISSED_SCANS = 5
"""The watchdog must bear this many late scans without dropping a good run. A choice."""


class Wiring(Checker):
    """Instruments, I/O and everything that moves or holds gas.

    drivers: names of the drivers there are, if known.
    """

    def __init__(self, chamber: Chamber, doc: Document, drivers: Collection[str] | None) -> None:
        super().__init__(chamber, doc)
        self.drivers = drivers

    def check(self) -> list[Problem]:
        """Everything at once."""
        self._scan()
        self._instruments()
        self._polls()
        self._io()
        self._actuators()
        self._vacuum()
        self._gauges()
        self._gases()
        self._names()
        return self.problems

    # --- parts ----------------------------------------------------------------------------------------------------
    def _scan(self) -> None:
        scan, heartbeat = self.chamber.scan, self.chamber.io.heartbeat
        if heartbeat.watchdog_s < MISSED_SCANS * scan.period_s:
            wanted = f"at least {MISSED_SCANS} scan periods ({show(MISSED_SCANS * scan.period_s, 's')})"
            self.say(("io", "heartbeat", "watchdog"), wanted, show(heartbeat.watchdog_s, "s"))

    def _instruments(self) -> None:
        links = self.chamber.links
        used = set()
        for name, instrument in self.chamber.instruments.items():
            way: Way = ("instruments", name)
            if self.known((*way, "link"), instrument.link, "the name of a link", links):
                used.add(instrument.link)
            if self.drivers is not None:
                self.known((*way, "driver"), instrument.driver, "the name of a driver", self.drivers)
        for name in links:
            if name not in used:
                self.say(("links", name), "a link that an instrument uses", f"'{name}', which none does", key=True)

    def _polls(self) -> None:
        instruments = self.chamber.instruments
        seen: list[tuple[Way, object]] = []
        for name, group in self.chamber.poll_groups.items():
            for index, poll in enumerate(group.polls):
                way: Way = ("poll_groups", name, "polls", index)
                seen.append((way, poll))
                instrument, dot, what = poll.partition(".")
                if not (dot and what.isidentifier()):
                    self.say(way, "<instrument>.<poll>, such as monitor.sensors", f"'{poll}'")
                else:
                    self.known(way, instrument, "a poll of an instrument of this file", instruments)
            if group.stale_after_s <= group.every_s:
                wanted = f"more than the period of {show(group.every_s, 's')}"
                self.say(("poll_groups", name, "stale_after"), wanted, show(group.stale_after_s, "s"))
        self.once(seen, "each poll in one group")

    def _io(self) -> None:
        io = self.chamber.io
        self.known(("io", "instrument"), io.instrument, "the name of an instrument", self.chamber.instruments)
        self.known(("io", "supply_enable_output"), io.supply_enable_output, "the name of an output", io.outputs)
        self.known(("io", "supply_enabled_input"), io.supply_enabled_input, "the name of an input", io.inputs)
        self.known(("io", "local_input"), io.local_input, "the name of an input", io.inputs)
        for what, bits in (("outputs", io.outputs), ("inputs", io.inputs)):
            for name, bit in bits.items():
                if not 0 <= bit < BITS:
                    self.say(("io", what, name), f"a bit number from 0 to {BITS - 1}", f"{bit}")
        outputs: list[tuple[Way, object]] = [(("io", "outputs", name), bit) for name, bit in io.outputs.items()]
        self.once([*outputs, (("io", "heartbeat", "output"), io.heartbeat.output)], "each output bit once")
        self.once([(("io", "inputs", name), bit) for name, bit in io.inputs.items()], "each input bit once")

    def _actuators(self) -> None:
        io = self.chamber.io
        outputs: list[tuple[Way, object]] = [
            (("vacuum", "roughing_pump_output"), self.chamber.vacuum.roughing_pump_output)
        ]
        inputs: list[tuple[Way, object]] = []
        for name, actuator in self.chamber.actuators.items():
            way: Way = ("actuators", name)
            if self.known((*way, "output"), actuator.output, "the name of an output", io.outputs):
                outputs.append(((*way, "output"), actuator.output))
            for end, switch in (("opened", actuator.opened), ("closed", actuator.closed)):
                if self.known((*way, end), switch, "the name of an input", io.inputs):
                    inputs.append(((*way, end), switch))
            self.order((*way, "travel"), actuator.travel_s, actuator.deadline_s, "s", "its deadline")
            if name in io.outputs and name != actuator.output:
                wanted = "a name of its own, or that of its own output"
                self.say(way, wanted, f"the name of another output, '{name}'", key=True)
        self.once(outputs, "each output driven by one thing")
        self.once(inputs, "each end switch of one actuator")

    def _vacuum(self) -> None:
        chamber, vacuum = self.chamber, self.chamber.vacuum
        way: Way = ("vacuum",)
        self.known(
            (*way, "roughing_pump_output"), vacuum.roughing_pump_output, "the name of an output", chamber.io.outputs
        )
        self.known(
            (*way, "roughing_pump_running"), vacuum.roughing_pump_running, "the name of an input", chamber.io.inputs
        )
        valves = [name for name, actuator in chamber.actuators.items() if actuator.kind != "shutter"]
        for key in ("rough_valve", "fore_valve", "gate_valve"):
            self.known((*way, key), getattr(vacuum, key), "the name of a valve among the actuators", valves)
        self.once(
            [((*way, key), getattr(vacuum, key)) for key in ("rough_valve", "fore_valve", "gate_valve")], "three valves"
        )
        self.known((*way, "turbo"), vacuum.turbo, "the name of an instrument", chamber.instruments)
        self.order(
            (*way, "hand_over_low"), vacuum.hand_over_low_mbar, vacuum.hand_over_high_mbar, "mbar", "hand_over_high"
        )
        self.order((*way, "crossover"), vacuum.crossover_mbar, vacuum.atmosphere_mbar, "mbar", "atmosphere")
        pressure = chamber.limits.deposition_pressure_mbar
        self.order(("limits", "deposition_pressure"), pressure, vacuum.crossover_mbar, "mbar", "vacuum.crossover")
        if chamber.limits.shutter_settle_s < LEAST_SETTLE_S:
            found = show(chamber.limits.shutter_settle_s, "s")
            self.say(
                ("limits", "shutter_settle"), f"at least {LEAST_SETTLE_S:g} s (thermal transient of the crystal)", found
            )

    def _gauges(self) -> None:
        chamber, vacuum = self.chamber, self.chamber.vacuum
        for name, gauge in chamber.gauges.items():
            way: Way = ("gauges", name)
            self.known((*way, "instrument"), gauge.instrument, "the name of an instrument", chamber.instruments)
            self.order((*way, "from"), gauge.from_mbar, gauge.to_mbar, "mbar", "its upper end")
        channels = [
            (("gauges", name, "channel"), f"{gauge.instrument} channel {gauge.channel}")
            for name, gauge in chamber.gauges.items()
        ]
        self.once(channels, "each channel once")
        here = sorted((g.from_mbar, n, g) for n, g in chamber.gauges.items() if g.measures == "chamber")
        if len(here) not in (1, 2):
            self.say(("gauges",), "one or two gauges that measure the chamber", f"{len(here)}")
        if not any(gauge.measures == "foreline" for gauge in chamber.gauges.values()):
            self.say(("gauges",), "a gauge that measures the foreline", "none")
        if len(here) == 2:
            (_, low_name, low), (_, high_name, high) = here
            high_mbar, low_mbar = vacuum.hand_over_high_mbar, vacuum.hand_over_low_mbar
            self.order(("vacuum", "hand_over_high"), high_mbar, low.to_mbar, "mbar", f"the end of {low_name}", False)
            if high.from_mbar > low_mbar:
                found = show(high.from_mbar, "mbar")
                self.say(
                    ("gauges", high_name, "from"), f"at most vacuum.hand_over_low ({show(low_mbar, 'mbar')})", found
                )

    def _gases(self) -> None:
        chamber = self.chamber
        valves = [name for name, actuator in chamber.actuators.items() if actuator.kind == "valve"]
        for name, gas in chamber.gases.items():
            way: Way = ("gases", name)
            self.known((*way, "valve"), gas.valve, "the name of a valve among the actuators", valves)
            self.known((*way, "supply_ok"), gas.supply_ok, "the name of an input", chamber.io.inputs)
            self.known((*way, "flow_controller"), gas.flow_controller, "the name of an instrument", chamber.instruments)
            if (gas.flow_controller is None) != (gas.max_flow_sccm is None):
                self.say(way, "flow_controller and max_flow together, or neither", "one of them")
            if not gas.use:
                self.say((*way, "use"), "process, vent or both", "an empty list")
        self.once(
            [(("gases", name, "valve"), gas.valve) for name, gas in chamber.gases.items()], "each valve for one gas"
        )
        controllers = [(name, gas.flow_controller) for name, gas in chamber.gases.items()]
        self.once(
            [(("gases", name, "flow_controller"), found) for name, found in controllers if found is not None],
            "each flow controller for one gas",
        )

    def _names(self) -> None:
        """Interlocks, records and screens know a thing by one name: no name may mean two things."""
        self.once([(way, name) for way, name in self._named()], "a name that means one thing")

    def _named(self) -> Iterator[tuple[Way, str]]:
        chamber = self.chamber
        driven = {actuator.output for actuator in chamber.actuators.values()}
        for name in chamber.instruments:
            yield ("instruments", name), name
        for name in chamber.actuators:
            yield ("actuators", name), name
        for name in chamber.io.outputs:
            if name not in driven and name not in chamber.actuators:
                yield ("io", "outputs", name), name
        for name in chamber.io.inputs:
            yield ("io", "inputs", name), name
        for name in chamber.gauges:
            yield ("gauges", name), name
