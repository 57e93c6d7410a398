"""Whether a chamber file fits together, second half: monitor, sources and their films."""

from collections.abc import Mapping

from pvdctl.chamber.checker import Checker, Way
from pvdctl.chamber.model import Source
from pvdctl.chamber.problems import Problem
from pvdctl.quantities import NotAQuantity, parse, show


class SourceWiring(Checker):
    """Sources, what heats them, what measures them, what is made from them."""

    def check(self) -> list[Problem]:
        """Everything at once."""
        self._monitor()
        self._sources()
        self._shared_supplies()
        self._films()
        self._programs()
        return self.problems

    def _monitor(self) -> None:
        chamber, monitor = self.chamber, self.chamber.monitor
        self.known(("monitor", "instrument"), monitor.instrument, "the name of an instrument", chamber.instruments)
        if not monitor.sensors:
            self.say(("monitor", "sensors"), "at least one sensor", "an empty list")
        self.once([(("monitor", "sensors", i), number) for i, number in enumerate(monitor.sensors)], "each sensor once")
        low, high = monitor.min_frequency_hz, monitor.max_frequency_hz
        self.order(("monitor", "min_frequency"), low, high, "Hz", "max_frequency")

    def _sources(self) -> None:
        chamber = self.chamber
        shutters = [name for name, actuator in chamber.actuators.items() if actuator.kind == "shutter"]
        self.known(
            ("substrate_shutter",), chamber.substrate_shutter, "the name of a shutter among the actuators", shutters
        )
        used: list[tuple[Way, object]] = [(("substrate_shutter",), chamber.substrate_shutter)]
        for name, source in chamber.sources.items():
            way: Way = ("sources", name)
            if self.known((*way, "supply"), source.supply, "the name of an instrument", chamber.instruments):
                self._rating(way, source)
            self.known((*way, "select_output"), source.select_output, "the name of an output", chamber.io.outputs)
            self.known((*way, "selected_input"), source.selected_input, "the name of an input", chamber.io.inputs)
            self.known((*way, "shutter"), source.shutter, "the name of a shutter among the actuators", shutters)
            used.append(((*way, "shutter"), source.shutter))
            self._currents(way, source)
        self.once(used, "a shutter of its own for each source and the substrate")

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
                self.say(("instruments", source.supply, "settings", key), error.wanted, error.found, error.hint)
                continue
            self.order((*way, key), limit, rating, unit, f"the rating of {source.supply}", False)

    def _currents(self, way: Way, source: Source) -> None:
        """Conditioning climbs, stays below the maximum and is not steeper than the slew limit."""
        steps = source.conditioning
        most, slew = source.max_current_a, source.max_slew_a_per_s
        self.order((*way, "standby_current"), source.standby_current_a, most, "A", "max_current")
        self.order((*way, "conditioning", "ramp_2_to"), steps.ramp_2_to_a, most, "A", "max_current")
        self.order((*way, "conditioning", "ramp_1_to"), steps.ramp_1_to_a, steps.ramp_2_to_a, "A", "ramp_2_to", False)
        ramps = (
            ("ramp_1", steps.ramp_1_s, steps.ramp_1_to_a),
            ("ramp_2", steps.ramp_2_s, steps.ramp_2_to_a - steps.ramp_1_to_a),
        )
        for key, time_s, climb_a in ramps:
            if climb_a > slew * time_s:
                wanted = (
                    f"at least {show(climb_a / slew, 's')} for {show(climb_a, 'A')} at max_slew ({show(slew, 'A/s')})"
                )
                self.say((*way, "conditioning", key), wanted, show(time_s, "s"))

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
                    self.say(("sources", name), wanted, "not both", key=True)
                else:
                    state = f"{source.select_output} {'on' if source.select_on else 'off'}"
                    states.append((("sources", name, "select_on"), state))
            self.once(states, f"another state of the selector for each boat on {supply}")

    def _programs(self) -> None:
        """What the monitor needs to heat a source by itself; complete where it is to do so."""
        chamber = self.chamber
        needed = "to be given, because control is sqc310"
        for name, source in chamber.sources.items():
            way: Way = ("sources", name)
            if source.program is not None:
                full_a = source.program.full_scale_a
                self.order((*way, "max_current"), source.max_current_a, full_a, "A", "program.full_scale", False)
            elif chamber.control == "sqc310":
                self.say((*way, "program"), needed, "nothing", key=True)
        for name, film in chamber.films.items():
            if film.monitor_control is None and chamber.control == "sqc310":
                self.say(("films", name, "monitor_control"), needed, "nothing", key=True)
        monitor = chamber.monitor
        every_s, stale_s = monitor.supervise_every_s, monitor.supervise_stale_after_s
        self.order(("monitor", "supervise_every"), every_s, stale_s, "s", "supervise_stale_after")

    def _films(self) -> None:
        chamber = self.chamber
        sensors = chamber.monitor.sensors
        for name, film in chamber.films.items():
            way: Way = ("films", name)
            if self.known((*way, "source"), film.source, "the name of a source", chamber.sources):
                material = chamber.sources[film.source].material
                if film.material != material:
                    self.say(
                        (*way, "material"), f"'{material}', which source {film.source} holds", f"'{film.material}'"
                    )
            for sensor in sensors:
                if sensor not in film.tooling_percent:
                    self.say((*way, "tooling"), f"the tooling of sensor {sensor}", "none")
            for sensor, percent in film.tooling_percent.items():
                if sensor not in sensors:
                    known = ", ".join(map(str, sensors))
                    self.say((*way, "tooling", sensor), f"a sensor of the monitor: {known}", f"'{sensor}'", key=True)
                elif percent <= 0.0:
                    self.say((*way, "tooling", sensor), "more than 0 %", show(percent, "%"))
        self.once([(("films", n, "monitor_slot"), f.monitor_slot) for n, f in chamber.films.items()], "each slot once")
