"""Does a chamber file fit together? Every name resolves, no output is driven twice, every limit is within its limits.

A chamber file that passes here can be wired; what only an instrument knows is checked when its driver is made.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from pvdctl.chamber.document import Document
from pvdctl.chamber.model import Chamber, Source
from pvdctl.chamber.near import near_miss
from pvdctl.chamber.problems import Problem, place_words
from pvdctl.quantities import NotAQuantity, parse, show

LEAST_SETTLE_S = 10.0
"""The substrate shutter never opens sooner after the source shutter: the crystal's thermal transient reads low then."""
BITS = 512
"""Inputs or outputs a Modbus coupler of this kind can have; more is a slip of the pen. A choice."""
MISSED_SCANS = 5
"""The watchdog must bear this many late scans without dropping a good run. A choice."""

Way = tuple[str | int, ...]


class Wiring:
    """Collects the problems of one chamber file."""

    def __init__(self, chamber: Chamber, doc: Document, drivers: Collection[str] | None) -> None:
        self.chamber = chamber
        self.doc = doc
        self.drivers = drivers
        self.problems: list[Problem] = []

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
        self._monitor()
        self._sources()
        self._shared_supplies()
        self._films()
        self._names()
        return self.problems

    # --- words ----------------------------------------------------------------------------------------------------
    def _say(self, way: Way, wanted: str, found: str, hint: str = "", *, key: bool = False) -> None:
        self.problems.append(self.doc.problem(way, wanted, found, hint, key=key))

    def _known(self, way: Way, name: str | None, what: str, known: Collection[str]) -> bool:
        """Whether `name` is one of `known`; complains if not. None is fine: the key is optional."""
        if name is None or name in known:
            return True
        self._say(way, what, f"'{name}'", near_miss(name, known))
        return False

    def _once(self, pairs: Sequence[tuple[Way, object]], what: str) -> None:
        """Each value once."""
        first: dict[object, Way] = {}
        for way, value in pairs:
            if value in first:
                line, _ = self.doc.place(first[value])
                self._say(way, what, f"'{value}' a second time (first at {place_words(first[value])}, line {line})")
            else:
                first[value] = way

    def _order(self, way: Way, less: float, more: float, unit: str, other: str, strict: bool = True) -> None:
        """`less`, which stands at `way`, must be less than `more`, which is called `other`."""
        if less > more or (strict and less == more):
            word = "less than" if strict else "at most"
            self._say(way, f"{word} {other} ({show(more, unit)})", show(less, unit))

    # --- parts ----------------------------------------------------------------------------------------------------
    def _scan(self) -> None:
        scan, heartbeat = self.chamber.scan, self.chamber.io.heartbeat
        if heartbeat.watchdog_s < MISSED_SCANS * scan.period_s:
            wanted = f"at least {MISSED_SCANS} scan periods ({show(MISSED_SCANS * scan.period_s, 's')})"
            self._say(("io", "heartbeat", "watchdog"), wanted, show(heartbeat.watchdog_s, "s"))

    def _instruments(self) -> None:
        links = self.chamber.links
        used = set()
        for name, instrument in self.chamber.instruments.items():
            way: Way = ("instruments", name)
            if self._known((*way, "link"), instrument.link, "the name of a link", links):
                used.add(instrument.link)
            if self.drivers is not None:
                self._known((*way, "driver"), instrument.driver, "the name of a driver", self.drivers)
        for name in links:
            if name not in used:
                self._say(("links", name), "a link that an instrument uses", f"'{name}', which none does", key=True)

    def _polls(self) -> None:
        instruments = self.chamber.instruments
        seen: list[tuple[Way, object]] = []
        for name, group in self.chamber.poll_groups.items():
            for index, poll in enumerate(group.polls):
                way: Way = ("poll_groups", name, "polls", index)
                seen.append((way, poll))
                instrument, dot, what = poll.partition(".")
                if not (dot and what.isidentifier()):
                    self._say(way, "<instrument>.<poll>, such as monitor.sensors", f"'{poll}'")
                else:
                    self._known(way, instrument, "a poll of an instrument of this file", instruments)
            if group.stale_after_s <= group.every_s:
                wanted = f"more than the period of {show(group.every_s, 's')}"
                self._say(("poll_groups", name, "stale_after"), wanted, show(group.stale_after_s, "s"))
        self._once(seen, "each poll in one group")

    def _io(self) -> None:
        io = self.chamber.io
        self._known(("io", "instrument"), io.instrument, "the name of an instrument", self.chamber.instruments)
        self._known(("io", "supply_enable_output"), io.supply_enable_output, "the name of an output", io.outputs)
        self._known(("io", "supply_enabled_input"), io.supply_enabled_input, "the name of an input", io.inputs)
        for what, bits in (("outputs", io.outputs), ("inputs", io.inputs)):
            for name, bit in bits.items():
                if not 0 <= bit < BITS:
                    self._say(("io", what, name), f"a bit number from 0 to {BITS - 1}", f"{bit}")
        outputs: list[tuple[Way, object]] = [(("io", "outputs", name), bit) for name, bit in io.outputs.items()]
        self._once([*outputs, (("io", "heartbeat", "output"), io.heartbeat.output)], "each output bit once")
        self._once([(("io", "inputs", name), bit) for name, bit in io.inputs.items()], "each input bit once")

    def _actuators(self) -> None:
        io = self.chamber.io
        outputs: list[tuple[Way, object]] = [
            (("vacuum", "roughing_pump_output"), self.chamber.vacuum.roughing_pump_output)
        ]
        inputs: list[tuple[Way, object]] = []
        for name, actuator in self.chamber.actuators.items():
            way: Way = ("actuators", name)
            if self._known((*way, "output"), actuator.output, "the name of an output", io.outputs):
                outputs.append(((*way, "output"), actuator.output))
            for end, switch in (("opened", actuator.opened), ("closed", actuator.closed)):
                if self._known((*way, end), switch, "the name of an input", io.inputs):
                    inputs.append(((*way, end), switch))
            self._order((*way, "travel"), actuator.travel_s, actuator.deadline_s, "s", "its deadline")
            if name in io.outputs and name != actuator.output:
                wanted = "a name of its own, or that of its own output"
                self._say(way, wanted, f"the name of another output, '{name}'", key=True)
        self._once(outputs, "each output driven by one thing")
        self._once(inputs, "each end switch of one actuator")

    def _vacuum(self) -> None:
        chamber, vacuum = self.chamber, self.chamber.vacuum
        way: Way = ("vacuum",)
        self._known(
            (*way, "roughing_pump_output"), vacuum.roughing_pump_output, "the name of an output", chamber.io.outputs
        )
        self._known(
            (*way, "roughing_pump_running"), vacuum.roughing_pump_running, "the name of an input", chamber.io.inputs
        )
        valves = [name for name, actuator in chamber.actuators.items() if actuator.kind != "shutter"]
        for key in ("rough_valve", "fore_valve", "gate_valve"):
            self._known((*way, key), getattr(vacuum, key), "the name of a valve among the actuators", valves)
        self._once(
            [((*way, key), getattr(vacuum, key)) for key in ("rough_valve", "fore_valve", "gate_valve")], "three valves"
        )
        self._known((*way, "turbo"), vacuum.turbo, "the name of an instrument", chamber.instruments)
        self._order(
            (*way, "hand_over_low"), vacuum.hand_over_low_mbar, vacuum.hand_over_high_mbar, "mbar", "hand_over_high"
        )
        self._order((*way, "crossover"), vacuum.crossover_mbar, vacuum.atmosphere_mbar, "mbar", "atmosphere")
        pressure = chamber.limits.deposition_pressure_mbar
        self._order(("limits", "deposition_pressure"), pressure, vacuum.crossover_mbar, "mbar", "vacuum.crossover")
        if chamber.limits.shutter_settle_s < LEAST_SETTLE_S:
            found = show(chamber.limits.shutter_settle_s, "s")
            self._say(
                ("limits", "shutter_settle"), f"at least {LEAST_SETTLE_S:g} s (thermal transient of the crystal)", found
            )

    def _gauges(self) -> None:
        chamber, vacuum = self.chamber, self.chamber.vacuum
        for name, gauge in chamber.gauges.items():
            way: Way = ("gauges", name)
            self._known((*way, "instrument"), gauge.instrument, "the name of an instrument", chamber.instruments)
            self._order((*way, "from"), gauge.from_mbar, gauge.to_mbar, "mbar", "its upper end")
        channels = [
            (("gauges", name, "channel"), f"{gauge.instrument} channel {gauge.channel}")
            for name, gauge in chamber.gauges.items()
        ]
        self._once(channels, "each channel once")
        here = sorted((g.from_mbar, n, g) for n, g in chamber.gauges.items() if g.measures == "chamber")
        if len(here) not in (1, 2):
            self._say(("gauges",), "one or two gauges that measure the chamber", f"{len(here)}")
        if not any(gauge.measures == "foreline" for gauge in chamber.gauges.values()):
            self._say(("gauges",), "a gauge that measures the foreline", "none")
        if len(here) == 2:
            (_, low_name, low), (_, high_name, high) = here
            high_mbar, low_mbar = vacuum.hand_over_high_mbar, vacuum.hand_over_low_mbar
            self._order(("vacuum", "hand_over_high"), high_mbar, low.to_mbar, "mbar", f"the end of {low_name}", False)
            if high.from_mbar > low_mbar:
                found = show(high.from_mbar, "mbar")
                self._say(
                    ("gauges", high_name, "from"), f"at most vacuum.hand_over_low ({show(low_mbar, 'mbar')})", found
                )

    def _gases(self) -> None:
        chamber = self.chamber
        valves = [name for name, actuator in chamber.actuators.items() if actuator.kind == "valve"]
        for name, gas in chamber.gases.items():
            way: Way = ("gases", name)
            self._known((*way, "valve"), gas.valve, "the name of a valve among the actuators", valves)
            self._known((*way, "supply_ok"), gas.supply_ok, "the name of an input", chamber.io.inputs)
            if not gas.use:
                self._say((*way, "use"), "process, vent or both", "an empty list")
        self._once(
            [(("gases", name, "valve"), gas.valve) for name, gas in chamber.gases.items()], "each valve for one gas"
        )

    def _monitor(self) -> None:
        chamber, monitor = self.chamber, self.chamber.monitor
        self._known(("monitor", "instrument"), monitor.instrument, "the name of an instrument", chamber.instruments)
        if not monitor.sensors:
            self._say(("monitor", "sensors"), "at least one sensor", "an empty list")
        self._once(
            [(("monitor", "sensors", i), number) for i, number in enumerate(monitor.sensors)], "each sensor once"
        )
        low, high = monitor.min_frequency_hz, monitor.max_frequency_hz
        self._order(("monitor", "min_frequency"), low, high, "Hz", "max_frequency")

    def _sources(self) -> None:
        chamber = self.chamber
        shutters = [name for name, actuator in chamber.actuators.items() if actuator.kind == "shutter"]
        self._known(
            ("substrate_shutter",), chamber.substrate_shutter, "the name of a shutter among the actuators", shutters
        )
        used: list[tuple[Way, object]] = [(("substrate_shutter",), chamber.substrate_shutter)]
        for name, source in chamber.sources.items():
            way: Way = ("sources", name)
            if self._known((*way, "supply"), source.supply, "the name of an instrument", chamber.instruments):
                self._rating(way, source)
            self._known((*way, "select_output"), source.select_output, "the name of an output", chamber.io.outputs)
            self._known((*way, "selected_input"), source.selected_input, "the name of an input", chamber.io.inputs)
            self._known((*way, "shutter"), source.shutter, "the name of a shutter among the actuators", shutters)
            used.append(((*way, "shutter"), source.shutter))
            self._currents(way, source)
        self._once(used, "a shutter of its own for each source and the substrate")

    def _rating(self, way: Way, source: Source) -> None:
        """The boat's limits must be within what its supply can give, where the file says that."""
        settings: Mapping[str, object] = self.chamber.instruments[source.supply].settings
        for key, unit, limit in (
            ("max_current", "A", source.max_current_a),
            ("max_voltage", "V", source.max_voltage_v),
        ):
            if key not in settings:
                continue
            try:
                rating = parse(settings[key], unit)
            except NotAQuantity as error:
                self._say(("instruments", source.supply, "settings", key), error.wanted, error.found, error.hint)
                continue
            self._order((*way, key), limit, rating, unit, f"the rating of {source.supply}", False)

    def _currents(self, way: Way, source: Source) -> None:
        """Conditioning climbs, stays below the maximum and is not steeper than the slew limit."""
        steps = source.conditioning
        most, slew = source.max_current_a, source.max_slew_a_per_s
        self._order((*way, "standby_current"), source.standby_current_a, most, "A", "max_current")
        self._order((*way, "conditioning", "ramp_2_to"), steps.ramp_2_to_a, most, "A", "max_current")
        self._order((*way, "conditioning", "ramp_1_to"), steps.ramp_1_to_a, steps.ramp_2_to_a, "A", "ramp_2_to", False)
        ramps = (
            ("ramp_1", steps.ramp_1_s, steps.ramp_1_to_a),
            ("ramp_2", steps.ramp_2_s, steps.ramp_2_to_a - steps.ramp_1_to_a),
        )
        for key, time_s, climb_a in ramps:
            if climb_a > slew * time_s:
                wanted = (
                    f"at least {show(climb_a / slew, 's')} for {show(climb_a, 'A')} at max_slew ({show(slew, 'A/s')})"
                )
                self._say((*way, "conditioning", key), wanted, show(time_s, "s"))

    def _shared_supplies(self) -> None:
        """Boats on one supply are told apart by an output, and never by the same state of it."""
        by_supply: dict[str, list[str]] = {}
        for name, source in self.chamber.sources.items():
            by_supply.setdefault(source.supply, []).append(name)
        for supply, names in by_supply.items():
            if len(names) < 2:
                continue
            states: list[tuple[Way, object]] = []
            for name in names:
                source = self.chamber.sources[name]
                if source.select_output is None or source.selected_input is None:
                    wanted = f"select_output and selected_input, because {', '.join(names)} share {supply}"
                    self._say(("sources", name), wanted, "not both", key=True)
                else:
                    state = f"{source.select_output} {'on' if source.select_on else 'off'}"
                    states.append((("sources", name, "select_on"), state))
            self._once(states, f"another state of the selector for each boat on {supply}")

    def _films(self) -> None:
        chamber = self.chamber
        sensors = chamber.monitor.sensors
        for name, film in chamber.films.items():
            way: Way = ("films", name)
            if self._known((*way, "source"), film.source, "the name of a source", chamber.sources):
                material = chamber.sources[film.source].material
                if film.material != material:
                    self._say(
                        (*way, "material"), f"'{material}', which source {film.source} holds", f"'{film.material}'"
                    )
            for sensor in sensors:
                if sensor not in film.tooling_percent:
                    self._say((*way, "tooling"), f"the tooling of sensor {sensor}", "none")
            for sensor, percent in film.tooling_percent.items():
                if sensor not in sensors:
                    known = ", ".join(map(str, sensors))
                    self._say((*way, "tooling", sensor), f"a sensor of the monitor: {known}", f"'{sensor}'", key=True)
                elif percent <= 0.0:
                    self._say((*way, "tooling", sensor), "more than 0 %", show(percent, "%"))
        self._once([(("films", n, "monitor_slot"), f.monitor_slot) for n, f in chamber.films.items()], "each slot once")

    def _names(self) -> None:
        """Interlocks, records and screens know a thing by one name: no name may mean two things."""
        self._once([(way, name) for way, name in self._named()], "a name that means one thing")

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
