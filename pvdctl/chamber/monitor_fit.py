"""Whether the rate monitor can hold what a chamber file says of its films, and of the layers it is to control.

The limits are the monitor's driver's (`instrument.monitor_limits`). Refused here, a number costs a minute at a desk;
refused when the film is written to the monitor, it costs a chamber that has been pumped down for hours.
"""

from pvdctl.chamber.checker import Checker, Way
from pvdctl.chamber.document import Document
from pvdctl.chamber.model import Chamber, Film, Source
from pvdctl.chamber.problems import Problem
from pvdctl.instrument.monitor_limits import MonitorLimits, Range

SHOWN_DIGITS = 6
"""Shown of a number that is a little off what can be held: enough to tell it from its neighbour."""


class MonitorFit(Checker):
    """Films, and with `control: sqc310` terms and conditioning, against what the monitor can hold."""

    def __init__(self, chamber: Chamber, doc: Document, limits: MonitorLimits) -> None:
        super().__init__(chamber, doc)
        self.limits = limits
        self._who = chamber.instruments[chamber.monitor.instrument].driver

    def check(self) -> list[Problem]:
        """Everything at once."""
        by_monitor = self.chamber.control == "sqc310"
        for name, film in self.chamber.films.items():
            way: Way = ("films", name)
            limits = self.limits
            self._hold((*way, "monitor_slot"), film.monitor_slot, limits.slot)
            self._hold((*way, "density"), film.density_g_per_cm3, limits.density_g_per_cm3)
            self._hold((*way, "z_factor"), film.z_factor, limits.z_factor)
            for sensor, percent in film.tooling_percent.items():
                if percent > 0.0:  # anything else is refused whatever the monitor
                    self._hold((*way, "tooling", sensor), percent, limits.tooling_percent)
            if by_monitor:
                self._terms(way, film)
        if by_monitor:
            used = {film.source for film in self.chamber.films.values()}
            for name, source in self.chamber.sources.items():
                if name in used:
                    self._conditioning(("sources", name, "conditioning"), source)
                    self._output(("sources", name, "program", "output"), source)
        return self.problems

    def _terms(self, way: Way, film: Film) -> None:
        terms = film.monitor_control
        if terms is None:
            return
        way = (*way, "monitor_control")
        self._layer((*way, "p_term"), terms.p_term, "p_term")
        self._layer((*way, "i_term"), terms.i_term_s, "i_term_s")
        self._layer((*way, "d_term"), terms.d_term_s, "d_term_s")
        self._layer((*way, "control_error_beyond"), terms.control_error_beyond_percent, "control_error_percent")

    def _conditioning(self, way: Way, source: Source) -> None:
        """Times; powers cannot be too large, because no current is above the program's full scale."""
        steps = source.conditioning
        self._layer((*way, "ramp_1"), steps.ramp_1_s, "ramp_1_s")
        self._layer((*way, "soak_1"), steps.soak_1_s, "soak_1_s")
        self._layer((*way, "ramp_2"), steps.ramp_2_s, "ramp_2_s")
        self._layer((*way, "soak_2"), steps.soak_2_s, "soak_2_s")

    def _output(self, way: Way, source: Source) -> None:
        outputs = self.limits.outputs
        if outputs and source.program is not None and source.program.output not in outputs:
            known = " or ".join(map(str, outputs))
            self.say(way, f"{known}, the outputs of {self._who}", f"{source.program.output}")

    def _layer(self, way: Way, value: float, key: str) -> None:
        if key in self.limits.layer:
            self._hold(way, value, self.limits.layer[key])

    def _hold(self, way: Way, value: float, limits: Range) -> None:
        """Complain if the monitor cannot hold `value`."""
        wanted = limits.wanted(value)
        if not wanted:
            return
        hint = ""
        if limits.least <= value <= limits.most:
            hint = f"write {limits.nearest(value):g} {limits.unit}".rstrip()
        found = f"{value:.{SHOWN_DIGITS}g} {limits.unit}".rstrip()
        self.say(way, f"{wanted}, which {self._who} can hold", found, hint)
