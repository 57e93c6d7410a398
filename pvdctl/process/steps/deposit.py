"""Deposit one film: the phases of a deposition controller, with pvdctl's own rate control on the supply's current.

crystal verify, initialise layer, ramp 1, soak 1, ramp 2, soak 2, shutter delay, deposit, (timed power), idle ramp: the
names and the order that INFICON's SQC-310 has (074-550-P1B p. 97). Here the source shutter opens at the
shutter delay and the substrate shutter waits for a good rate, because the chamber has both.
"""

from pvdctl.chamber.model import Film
from pvdctl.instrument.poll import DONE, FAILED, Act
from pvdctl.process.context import Context
from pvdctl.process.crystal import Crystal
from pvdctl.process.rate_control import RateControl
from pvdctl.process.steps.base import RunningStep
from pvdctl.process.steps.film_count import FilmCount
from pvdctl.process.steps.layer_report import LayerReport
from pvdctl.process.steps.source import PoweredSource
from pvdctl.recipe.model import Deposit

CONTROL_DELAY_S = 3.0
"""After the source shutter opens the loop waits this long: the first readings are shutter travel and the crystal's
thermal step. A guess; SQC-310 firmware has a phase "control delay" for the same reason (074-550-P1C p. 116)."""
LEAST_SETTLE_S = 10.0
"""The substrate shutter never opens sooner after the source shutter, whatever the chamber file says: the crystal's
thermal transient (time constant 2 to 20 s) reads low before."""
VERIFY_S = 5.0
"""A crystal must show a frequency, and one that moves by its noise, within this time: twenty readings at 0.25 s. With
0.03 Hz of noise and steps of 0.01 Hz two readings agree once in ten."""
LONGEST_STEP_S = 1.0
"""The loop never steps by more than four readings' time at once, however long the crystal was silent."""
AT_LIMIT_S = 15.0
"""Current at its maximum with the rate below band this long: the source gives no more (depleted). A guess, longer than
the boats' time constant of 12 to 17 s."""
DISAGREE_SHARE = 0.01
DISAGREE_NM = 0.5
"""Displayed and reckoned thickness may differ by 1 % and 0.5 nm: rounding of density to 0.01 g/cm3 is 0.75 % for
lithium (0.53 for 0.534), and the display steps by 0.1 nm."""


class RunningDeposit(RunningStep):
    """One film on the substrate."""

    def __init__(self, context: Context, step: Deposit) -> None:
        film: Film = context.chamber.films[step.film]
        source = PoweredSource(context, film.source)
        conditioning = source.facts.conditioning
        least_s = step.thickness_nm / step.rate_nm_per_s
        allowed_s = (
            2.0 * least_s
            + step.qualify_within_s
            + 600.0
            + 2.0 * (conditioning.ramp_1_s + conditioning.soak_1_s + conditioning.ramp_2_s + conditioning.soak_2_s)
        )
        super().__init__(context, step.name, "deposit", allowed_s)
        self.step = step
        self.film = film
        self.source = source
        chamber = context.chamber
        self.substrate = context.actuators[chamber.substrate_shutter]
        self.shutter = context.actuators[source.facts.shutter]
        self._crystals = [
            Crystal(n, context.equipment.monitor.sensors[n], film, chamber.monitor)
            for n in chamber.monitor.sensors
            if n in film.tooling_percent
        ]
        self.crystal = self._crystals[0]
        self._spare = self._crystals[1:]
        self.control = RateControl(film.control, source.facts.max_current_a, source.facts.max_slew_a_per_s)
        self.count = FilmCount(self.substrate.facts.travel_s)
        self.report = LayerReport(step)
        self._acts: list[Act] = []
        self._settle_s = max(LEAST_SETTLE_S, chamber.limits.shutter_settle_s)
        self._source_open_s: float | None = None
        self._in_band_since_s: float | None = None
        self._out_since_s: float | None = None
        self._limit_since_s: float | None = None
        self._stepped_s = 0.0
        self._verified_hz = 0.0
        self._last_good_rate = 0.0
        self._last_good_current = 0.0
        self._timed_s = 0.0
        self._conditioned = False
        self._reported = False
        context.film_nm = 0.0
        context.film_target_nm = step.thickness_nm
        context.rate_target_nm_per_s = step.rate_nm_per_s

    # --- phases ---------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Check the crystal first."""
        self.context.set_phase("crystal verify")

    def scan(self) -> bool:
        """One scan of the present phase."""
        self.hurry()
        context = self.context
        phase = context.phase
        if phase in ("shutter delay", "deposit"):
            self._follow()
            if context.phase == phase:
                if phase == "deposit":
                    self._deposit()
                else:
                    self._shutter_delay()
        elif phase == "timed power":
            self._timed_power()
        elif phase == "crystal verify":
            self._crystal_verify()
        elif phase == "initialise layer":
            self._initialise()
        elif phase == "close":
            self._close()
        elif phase == "idle ramp":
            return self._idle_ramp()
        else:
            self._condition(phase)
        if phase not in ("crystal verify", "initialise layer", "close", "idle ramp"):
            trouble = self.source.watch()
            if trouble:
                context.trouble("boat_open" if "open" in trouble else "supply_mismatch", "stop", trouble)
        return False

    def _crystal_verify(self) -> None:
        context, monitor = self.context, self.context.chamber.monitor
        tag = context.equipment.monitor.sensors[self.crystal.number].frequency_hz
        frequency_hz = tag.number()
        if frequency_hz is None:
            if self.in_phase_s() > VERIFY_S:
                self._crystal_failed(f"crystal {self.crystal.number}: {tag.why}")
            return
        if self._verified_hz == 0.0:
            self._verified_hz = frequency_hz
        if frequency_hz > monitor.max_frequency_hz:
            self._crystal_failed(
                f"crystal {self.crystal.number} oscillates at {frequency_hz:.0f} Hz, above the "
                f"{monitor.max_frequency_hz:.0f} Hz of a fresh one: another mode, or another kind of crystal"
            )
            return
        life = 100.0 * (frequency_hz - monitor.min_frequency_hz) / (monitor.max_frequency_hz - monitor.min_frequency_hz)
        if life < monitor.min_life_percent:
            text = f"crystal {self.crystal.number} has {life:.0f} % of its life left; wanted at least "
            text += f"{monitor.min_life_percent:.0f} %"
            context.alarm("crystal_life", text)
            self._crystal_failed(text)
            return
        if frequency_hz != self._verified_hz:
            self._verified_hz = frequency_hz
            context.set_phase("initialise layer")
        elif self.in_phase_s() > VERIFY_S:
            self._verified_hz = 0.0
            self._crystal_failed(f"crystal {self.crystal.number}: frequency has not changed for {VERIFY_S:g} s")

    def _initialise(self) -> None:
        """Boat selected, monitor told the film, supply on at zero current."""
        context, film = self.context, self.film
        if not self.source.select():
            if self.in_phase_s() > self.source.facts.select_deadline_s + 5.0:
                context.trouble(
                    "actuator_failed",
                    "hold",
                    f"the supply was not switched to boat {self.source.name} within {self.in_phase_s():.0f} s",
                )
            return
        if not self._acts:
            monitor = context.equipment.monitor
            self._acts = [
                monitor.set_film(film.monitor_slot, film.density_g_per_cm3, film.z_factor, film.tooling_percent),
                monitor.zero_thickness(),
                self.source.supply.set_voltage_limit(self.source.facts.max_voltage_v),
            ]
        failed = next((a for a in self._acts if a.state == FAILED), None)
        if failed is not None:
            context.trouble("lost_reading", "hold", f"preparing layer {self.name}: {failed.error}")
            self._acts = []
            return
        if all(a.state == DONE for a in self._acts) and self.source.energise():
            self._acts = []
            self._start_conditioning()
        elif self.in_phase_s() > 15.0:
            context.trouble(
                "supply_mismatch", "hold", f"the supply for {self.source.name} was not read back on within 15 s"
            )

    def _start_conditioning(self) -> None:
        """Ramp 1 on a fresh start; after a hold straight to ramp 2, towards the current that was good."""
        conditioning = self.source.facts.conditioning
        if self._conditioned:
            to_a = self._last_good_current or conditioning.ramp_2_to_a
            self.source.start_ramp(to_a, conditioning.ramp_2_s)
            self.context.set_phase("ramp 2", f"to {to_a:.1f} A, again after a hold")
        else:
            self.source.start_ramp(conditioning.ramp_1_to_a, conditioning.ramp_1_s)
            self.context.set_phase("ramp 1", f"to {conditioning.ramp_1_to_a:g} A")

    def _condition(self, phase: str) -> None:
        conditioning = self.source.facts.conditioning
        if phase == "ramp 1":
            if self.source.ramp():
                self.context.set_phase("soak 1")
        elif phase == "soak 1":
            if self.in_phase_s() >= conditioning.soak_1_s:
                self.source.start_ramp(conditioning.ramp_2_to_a, conditioning.ramp_2_s)
                self.context.set_phase("ramp 2", f"to {conditioning.ramp_2_to_a:g} A")
        elif phase == "ramp 2":
            if self.source.ramp():
                self.context.set_phase("soak 2")
        elif self.in_phase_s() >= conditioning.soak_2_s:
            self._conditioned = True
            self._open_source()

    def _open_source(self) -> None:
        """Source shutter open; the rate may now be read."""
        context = self.context
        crystal = self.crystal
        if crystal.start_hz == 0.0:
            crystal.start(context.now_s)
            self.report.start_hz = crystal.start_hz
            moved_hz = crystal.start_hz - self._verified_hz
            if crystal.start_hz and abs(moved_hz) > context.chamber.monitor.max_jump_hz:
                self._crystal_failed(
                    f"crystal {crystal.number}: frequency has moved by {moved_hz:+.0f} Hz behind the closed shutter "
                    "since it was verified"
                )
                if self.context.wish is not None:
                    return
        else:
            crystal.resettle(context.now_s)
        context.ask(self.shutter.name, 1.0, "qualify the rate")
        self.control.start(self.source.current_a)
        self._source_open_s = None
        self._in_band_since_s = self._out_since_s = self._limit_since_s = None
        context.set_phase("shutter delay")

    def _follow(self) -> None:
        """Read the crystal, steer the current, judge the band; react to a crystal that cannot be used."""
        context, crystal, step = self.context, self.crystal, self.step
        crystal.update(context.now_s)
        if crystal.failure:
            self._crystal_failed(crystal.failure)
            return
        if crystal.lost:
            self._react(step.on_lost_reading, "lost_reading", f"crystal {crystal.number}: {crystal.lost}")
            return
        if self._source_open_s is None:
            if self.shutter.is_open:
                self._source_open_s = context.now_s
                if self.report.source_opened_s is None:
                    self.report.source_opened_s = context.now_s
            return
        if not crystal.new:
            return
        rate = crystal.rate_nm_per_s
        context.rate_nm_per_s = rate
        context.raw_rate_nm_per_s = crystal.raw_rate_nm_per_s
        now_s = context.now_s
        if now_s - self._source_open_s < CONTROL_DELAY_S:
            self._stepped_s = now_s
            return
        elapsed_s = now_s - self._stepped_s
        if elapsed_s > LONGEST_STEP_S:
            elapsed_s = LONGEST_STEP_S
        self.source.ask_current(self.control.step(step.rate_nm_per_s, rate, elapsed_s))
        self._stepped_s = now_s
        self._judge(rate, now_s)

    def _judge(self, rate: float, now_s: float) -> None:
        """In band or not, and since when."""
        off_percent = 100.0 * (rate / self.step.rate_nm_per_s - 1.0)
        tolerance = self.step.tolerance_percent
        if -tolerance <= off_percent <= tolerance:
            if self._in_band_since_s is None:
                self._in_band_since_s = now_s
            self._out_since_s = None
            weight = 0.02
            good = self._last_good_rate
            self._last_good_rate = good + weight * (rate - good) if good else rate
            current = self._last_good_current
            asked = self.source.current_a
            self._last_good_current = current + weight * (asked - current) if current else asked
        else:
            self._in_band_since_s = None
            if self._out_since_s is None:
                self._out_since_s = now_s
        if self.control.at_limit and off_percent < -tolerance:
            if self._limit_since_s is None:
                self._limit_since_s = now_s
            elif now_s - self._limit_since_s > AT_LIMIT_S:
                self._limit_since_s = now_s
                self._react(
                    self.step.on_rate_error,
                    "source_depleted",
                    f"{self.source.name}: {self.source.facts.max_current_a:g} A (maximum) give only {rate:.3f} nm/s; "
                    f"wanted {self.step.rate_nm_per_s:g} nm/s. Is the charge used up?",
                )
        else:
            self._limit_since_s = None

    def _shutter_delay(self) -> None:
        """Wait until the rate is good; then the substrate shutter."""
        context, step = self.context, self.step
        now_s = context.now_s
        if self._source_open_s is None:
            return
        waited_s = now_s - self._source_open_s
        since_s = self._in_band_since_s
        if since_s is not None and now_s - since_s >= step.in_band_for_s and waited_s >= self._settle_s:
            if self.report.in_band_s is None:
                self.report.in_band_s = since_s
            if self.report.substrate_opened_s is None:
                self.report.substrate_opened_s = now_s
            context.ask(self.substrate.name, 1.0, f"rate in band for {now_s - since_s:.1f} s")
            self.count.open(self.crystal, now_s)
            context.set_phase("deposit")
        elif waited_s > step.qualify_within_s:
            self._source_open_s = now_s
            self._react(
                step.on_rate_error,
                "rate_error",
                f"{self.source.name}: rate {self.crystal.rate_nm_per_s:.3f} nm/s did not stay within "
                f"{step.tolerance_percent:g} % of {step.rate_nm_per_s:g} nm/s in {waited_s:.0f} s",
            )

    def _deposit(self) -> None:
        """Count the film; close when it will be thick enough once the shutter has closed."""
        context, step, crystal = self.context, self.step, self.crystal
        now_s = context.now_s
        film_nm = self.count.now_nm(crystal, now_s)
        context.film_nm = film_nm
        if crystal.new and self.substrate.is_open:
            self.report.note_rate(crystal.rate_nm_per_s)
        ahead_nm = 0.5 * context.chamber.scan.period_s * crystal.rate_nm_per_s
        if film_nm + ahead_nm >= step.thickness_nm:
            self._end_layer()
        elif self._out_since_s is not None and now_s - self._out_since_s > step.rate_error_after_s:
            self._out_since_s = None
            self._react(
                step.on_rate_error,
                "rate_error",
                f"{self.source.name}: rate {crystal.rate_nm_per_s:.3f} nm/s was out of {step.tolerance_percent:g} % "
                f"around {step.rate_nm_per_s:g} nm/s for {step.rate_error_after_s:g} s",
            )

    def _timed_power(self) -> None:
        """No crystal: the last good current, counted by time at the last good rate."""
        context = self.context
        self._timed_s = context.now_s - self.crystal.measured_s
        estimate_nm = self.count.total_nm + self._last_good_rate * self._timed_s
        context.film_nm = estimate_nm
        if estimate_nm >= self.step.thickness_nm:
            self._finish_timed()
            self._shut("thickness reached by time")

    def _finish_timed(self) -> None:
        self.count.total_nm += self._last_good_rate * self._timed_s
        self.count.open_s += self._timed_s
        self._timed_s = 0.0

    def _end_layer(self) -> None:
        self.count.close(self.crystal, self.context.now_s)
        self._shut("thickness reached")

    def _shut(self, why: str) -> None:
        self.context.ask(self.substrate.name, 0.0, why)
        self.context.set_phase("close", why)

    def _close(self) -> None:
        """Substrate shutter confirmed closed before the source is let go."""
        context = self.context
        if not self.substrate.is_closed:
            return
        context.ask(self.shutter.name, 0.0, "layer done")
        context.film_nm = self.count.total_nm
        self._compare_display()
        self.context.last_good_current_a[self.step.film] = self._last_good_current
        self.finish("complete")
        self.source.start_ramp(0.0, 0.0)
        context.set_phase("idle ramp")

    def _idle_ramp(self) -> bool:
        """Current to zero, output off, both read back."""
        context = self.context
        if not self.source.ramp():
            return False
        context.ask(f"{self.source.facts.supply}.output", 0.0, "layer done")
        context.rate_nm_per_s = context.raw_rate_nm_per_s = 0.0
        return bool(context.readings.sources_off.number()) and self.shutter.is_closed

    def _compare_display(self) -> None:
        """The monitor's own thickness beside ours: they must agree."""
        displayed = self.context.equipment.monitor.sensors[self.crystal.number].thickness_nm.number()
        self.report.displayed_nm = displayed
        ours = self.crystal.total_nm()
        if displayed is None or self.crystal.failure or self.crystal is not self._crystals[0]:
            return
        if abs(displayed - ours) > DISAGREE_NM + DISAGREE_SHARE * abs(ours):
            self.context.alarm(
                "readings_disagree",
                f"layer {self.name}: the monitor displays {displayed:.1f} nm on crystal "
                f"{self.crystal.number}, its frequency gives {ours:.1f} nm; check density, Z-factor and tooling",
            )

    # --- what can go wrong ----------------------------------------------------------------------------------------
    def _crystal_failed(self, text: str) -> None:
        self._react(self.step.on_crystal_fail, "crystal_fail", text)

    def _react(self, reaction: str, alarm: str, text: str) -> None:
        """Do what the recipe says about a failure."""
        context = self.context
        if reaction == "switch_crystal":
            if self._spare:
                context.alarm(alarm, text)
                self._switch_crystal(text)
                return
            text += "; no further crystal is left"
            reaction = "hold"
        if reaction == "timed_power":
            if context.phase == "deposit" and self._last_good_rate > 0.0:
                context.alarm(alarm, text)
                self.count.total_nm = self.count.now_nm(self.crystal, self.crystal.measured_s)
                self.count.stop_at(self.crystal.measured_s)
                self.source.ask_current(self._last_good_current)
                context.set_phase("timed power", text)
                return
            text += "; timed power is possible only while depositing at a good rate"
            reaction = "hold"
        context.trouble(alarm, reaction, text)

    def _switch_crystal(self, why: str) -> None:
        """Go on with the next crystal; the film goes on being counted."""
        context = self.context
        old, new = self.crystal, self._spare.pop(0)
        new.start(context.now_s)
        if new.lost:
            context.trouble("crystal_fail", "hold", f"{why}; crystal {new.number}: {new.lost}")
            return
        self.crystal = new
        if self.count.is_open:
            new.rate_nm_per_s = self._last_good_rate
            self.count.change(old, new, context.now_s, self._last_good_rate or old.rate_nm_per_s)
        elif self._source_open_s is not None:
            self._source_open_s = context.now_s  # this crystal's rate has to settle and qualify from the beginning
            self._in_band_since_s = None
        if context.phase == "crystal verify":
            self._verified_hz = 0.0
            context.set_phase("crystal verify", f"crystal {new.number}")
        context.emit(
            "crystal",
            self.name,
            f"crystal {old.number} given up, going on with crystal {new.number}",
            why=why,
            old=old.number,
            new=new.number,
        )

    # --- leaving and coming back ----------------------------------------------------------------------------------
    def leave(self) -> None:
        """The unit closes the shutters now: what has arrived so far counts."""
        context = self.context
        if context.phase == "timed power":
            self._timed_s = context.now_s - self.crystal.measured_s
            self._finish_timed()
        elif self.count.is_open:
            self.count.close(self.crystal, context.now_s)
        context.film_nm = self.count.total_nm
        context.rate_nm_per_s = context.raw_rate_nm_per_s = 0.0
        self._acts = []

    def resume(self) -> None:
        """Back to a good rate first, whatever it was before the hold; film so far is kept."""
        self.pick_up()
        context = self.context
        if self.count.total_nm >= self.step.thickness_nm or context.phase in ("close", "idle ramp"):
            self._shut("nothing is left to deposit")
        elif self.crystal.failure or self.crystal.lost:
            if self._spare:
                self.crystal = self._spare.pop(0)
            else:
                self.crystal.start_hz = 0.0
                self.crystal.failure = ""
            context.set_phase("crystal verify", "after a hold")
        else:
            context.set_phase("initialise layer" if not self._conditioned else "crystal verify", "after a hold")

    def finish(self, ended: str) -> None:
        """Put the layer into the record, once; a layer that never began is not one."""
        if self._reported or (self.report.source_opened_s is None and ended != "complete"):
            return
        self._reported = True
        data = self.report.as_data(self.count.total_nm, self.count.open_s, ended)
        data["crystal"] = self.crystal.number
        data["outliers"] = self.crystal.outliers
        self.context.layers.append(data)
        self.context.emit(
            "layer",
            self.name,
            f"{data['film']} {data['read_nm']:.1f} nm of {data['target_nm']:g} nm, {ended}",
            data=data,
        )
