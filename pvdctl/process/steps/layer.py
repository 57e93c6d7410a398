"""One film in the making: the crystal that measures it, what has been counted, and at what rate it was good."""

from pvdctl.chamber.model import Film
from pvdctl.process.context import Context
from pvdctl.process.crystal import Crystal
from pvdctl.process.steps.film_count import FilmCount
from pvdctl.process.steps.layer_report import LayerReport
from pvdctl.recipe.model import Deposit

VERIFY_S = 5.0
"""A crystal must show a frequency, and one that moves by its noise, within this time: twenty readings at 0.25 s. With
0.03 Hz of noise and steps of 0.01 Hz two readings agree once in ten."""
GOOD_WEIGHT = 0.02
"""Weight of a new rate and current in the means kept of good ones: half a minute's worth at 0.25 s. A choice."""
DISAGREE_SHARE = 0.01
DISAGREE_NM = 0.5
"""Displayed and reckoned thickness may differ by 1 % and 0.5 nm: rounding of density to 0.01 g/cm3 is 0.75 % for
lithium (0.53 for 0.534), and the display steps by 0.1 nm."""


class Layer:
    """What a deposit knows of its film; asks for no output.

    crystal: the one in use. good_rate, good_current: means while the rate was in band; 0 before.
    display_counts: the monitor's display has counted from where `crystal` began.
    """

    def __init__(self, context: Context, step: Deposit, film: Film) -> None:
        self._context = context
        self._step = step
        chamber = context.chamber
        monitor = chamber.monitor
        self._crystals = [
            Crystal(n, context.equipment.monitor.sensors[n], film, monitor)
            for n in monitor.sensors
            if n in film.tooling_percent
        ]
        self.crystal = self._crystals[0]
        self.spares = self._crystals[1:]
        self.count = FilmCount(chamber.actuators[chamber.substrate_shutter].travel_s)
        self.report = LayerReport(step)
        self.good_rate_nm_per_s = 0.0
        self.good_current_a = 0.0
        self.display_counts = True
        self._verified_hz = 0.0
        self._timed_s = 0.0
        self._reported = False

    # --- the crystal ----------------------------------------------------------------------------------------------
    def verify(self, waited_s: float) -> str | None:
        """Look at the crystal before a layer: None while it is not known yet, empty when it is good, else why not."""
        context, monitor, crystal = self._context, self._context.chamber.monitor, self.crystal
        tag = context.equipment.monitor.sensors[crystal.number].frequency_hz
        frequency_hz = tag.number()
        if frequency_hz is None:
            return f"crystal {crystal.number}: {tag.why}" if waited_s > VERIFY_S else None
        if self._verified_hz == 0.0:
            self._verified_hz = frequency_hz
        if frequency_hz > monitor.max_frequency_hz:
            return (
                f"crystal {crystal.number} oscillates at {frequency_hz:.0f} Hz, above the "
                f"{monitor.max_frequency_hz:.0f} Hz of a fresh one: another mode, or another kind of crystal"
            )
        life = 100.0 * (frequency_hz - monitor.min_frequency_hz) / (monitor.max_frequency_hz - monitor.min_frequency_hz)
        if life < monitor.min_life_percent:
            text = f"crystal {crystal.number} has {life:.0f} % of its life left; wanted at least "
            text += f"{monitor.min_life_percent:.0f} %"
            context.alarm("crystal_life", text)
            return text
        if frequency_hz != self._verified_hz:
            self._verified_hz = frequency_hz
            return ""
        if waited_s > VERIFY_S:
            self._verified_hz = 0.0
            return f"crystal {crystal.number}: frequency has not changed for {VERIFY_S:g} s"
        return None

    def verify_anew(self) -> None:
        """Another crystal is to be looked at."""
        self._verified_hz = 0.0

    def begin_reading(self) -> str:
        """The source shutter opens: count from here; why the crystal cannot be used, or empty.

        The display counts from here too: what a crystal drifts before, still warm from the last source, is no film.
        """
        context, crystal = self._context, self.crystal
        if crystal.start_hz != 0.0:
            crystal.resettle(context.now_s)
            return ""
        crystal.start(context.now_s)
        context.equipment.monitor.zero_thickness()
        self.report.start_hz = crystal.start_hz
        moved_hz = crystal.start_hz - self._verified_hz
        if crystal.start_hz and abs(moved_hz) > context.chamber.monitor.max_jump_hz:
            return (
                f"crystal {crystal.number}: frequency has moved by {moved_hz:+.0f} Hz behind the closed shutter "
                "since it was verified"
            )
        return ""

    def another_crystal(self) -> Crystal:
        """Take the next spare into use, the film going on being counted; returns the old one. Needs a spare.

        The new one's `lost` says why it cannot be used; then the old one stays, and the new one is given up too.
        """
        now_s, old, new = self._context.now_s, self.crystal, self.spares.pop(0)
        new.start(now_s)
        if new.lost:
            return old
        self.crystal = new
        if self.count.is_open:
            new.rate_nm_per_s = self.good_rate_nm_per_s
            self.count.change(old, new, now_s, self.good_rate_nm_per_s or old.rate_nm_per_s)
        return old

    def after_a_hold(self) -> None:
        """A crystal that failed before the hold gives way to the next, or is tried once more."""
        if self.spares:
            self.crystal = self.spares.pop(0)
        else:
            self.crystal.start_hz = 0.0
            self.crystal.failure = ""

    def note_good(self, rate_nm_per_s: float, current_a: float) -> None:
        """One more rate in band, and the current that gave it."""
        good = self.good_rate_nm_per_s
        self.good_rate_nm_per_s = good + GOOD_WEIGHT * (rate_nm_per_s - good) if good else rate_nm_per_s
        current = self.good_current_a
        self.good_current_a = current + GOOD_WEIGHT * (current_a - current) if current else current_a

    # --- without a crystal ----------------------------------------------------------------------------------------
    def begin_timed(self) -> None:
        """Go on at the good rate from the last good reading; what the crystal counted until then stays."""
        measured_s = self.crystal.measured_s
        self.count.total_nm = self.count.now_nm(self.crystal, measured_s)
        self.count.stop_at(measured_s)

    def timed_nm(self) -> float:
        """Film so far, reckoned by time."""
        self._timed_s = self._context.now_s - self.crystal.measured_s
        return self.count.total_nm + self.good_rate_nm_per_s * self._timed_s

    def end_timed(self) -> None:
        """The substrate shutter is told to close."""
        self.timed_nm()
        self.count.total_nm += self.good_rate_nm_per_s * self._timed_s
        self.count.open_s += self._timed_s

    # --- the end --------------------------------------------------------------------------------------------------
    def compare_display(self) -> None:
        """The monitor's own thickness beside ours: they must agree."""
        crystal, context = self.crystal, self._context
        displayed = context.equipment.monitor.sensors[crystal.number].thickness_nm.number()
        self.report.displayed_nm = displayed
        ours = crystal.total_nm()
        if displayed is None or crystal.failure or crystal is not self._crystals[0] or not self.display_counts:
            return
        if abs(displayed - ours) > DISAGREE_NM + DISAGREE_SHARE * abs(ours):
            context.alarm(
                "readings_disagree",
                f"layer {self._step.name}: the monitor displays {displayed:.1f} nm on crystal "
                f"{crystal.number}, its frequency gives {ours:.1f} nm; check density, Z-factor and tooling",
            )

    def finish(self, ended: str) -> None:
        """Put the layer into the record, once; a layer that never began is not one."""
        if self._reported or (self.report.source_opened_s is None and ended != "complete"):
            return
        self._reported = True
        data = self.report.as_data(self.count.total_nm, self.count.open_s, ended, by_time=self._timed_s > 0.0)
        data["crystal"] = self.crystal.number
        data["outliers"] = self.crystal.outliers
        self._context.layers.append(data)
        text = f"{data['film']} {data['read_nm']:.1f} nm of {data['target_nm']:g} nm, {ended}"
        if data["in_tolerance"] is False:
            text += f", out of tolerance (±{data['thickness_tolerance_percent']:g} %)"
        self._context.emit("layer", self._step.name, text, data=data)
