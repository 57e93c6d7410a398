"""Deposit one film: the phases of a deposition controller, whoever steers the source's power.

crystal verify, initialise layer, ramp 1, soak 1, ramp 2, soak 2, shutter delay, deposit, (timed power), idle ramp: the
names and the order that INFICON's SQC-310 has (074-550-P1B p. 97). Here the source shutter opens at the
shutter delay and the substrate shutter waits for a good rate, because the chamber has both. Who heats the source is
the authority's business; what is counted and when shutters move is decided here in either case.
"""

from pvdctl.chamber.model import Film
from pvdctl.process.context import Context
from pvdctl.process.steps.authority import RateAuthority
from pvdctl.process.steps.band import Band
from pvdctl.process.steps.base import RunningStep
from pvdctl.process.steps.host_authority import HostAuthority
from pvdctl.process.steps.layer import Layer
from pvdctl.process.steps.preparation import Preparation
from pvdctl.process.steps.reactions import Reactions
from pvdctl.process.steps.source import PoweredSource
from pvdctl.process.steps.sqc_authority import SqcAuthority
from pvdctl.recipe.model import Deposit

CONTROL_DELAY_S = 3.0
"""After the source shutter opens the loop waits this long: the first readings are shutter travel and the crystal's
thermal step. A guess; SQC-310 firmware has a phase "control delay" for the same reason (074-550-P1C p. 116)."""
LEAST_SETTLE_S = 10.0
"""The substrate shutter never opens sooner after the source shutter, whatever the chamber file says: the crystal's
thermal transient (time constant 2 to 20 s) reads low before."""
LONGEST_STEP_S = 1.0
"""The loop never steps by more than four readings' time at once, however long the crystal was silent."""
AT_LIMIT_S = 15.0
"""Current at its maximum with the rate below band this long: the source gives no more (depleted). A guess, longer than
the boats' time constant of 12 to 17 s."""
_WITHOUT_POWER = ("crystal verify", "initialise layer", "close", "idle ramp")


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
        self.source = source
        chamber = context.chamber
        self.substrate = context.actuators[chamber.substrate_shutter]
        self.shutter = context.actuators[source.facts.shutter]
        self.layer = Layer(context, step, film)
        self.authority: RateAuthority = (
            HostAuthority(context, film, source)
            if context.equipment.rate_controller is None
            else SqcAuthority(context, film, source, self.layer, step)
        )
        self._band = Band()
        self._reactions = Reactions(context, step, self.layer, self.authority, self._band)
        self._preparation = Preparation(context, step.name, source, self.authority)
        # Taken out of chamber file and recipe once: they are looked at in every scan.
        self._half_scan_s = 0.5 * chamber.scan.period_s
        self._thickness_nm = step.thickness_nm
        self._target_nm_per_s = step.rate_nm_per_s
        self._tolerance_percent = step.tolerance_percent
        self._rate_error_after_s = step.rate_error_after_s
        self._settle_s = max(LEAST_SETTLE_S, chamber.limits.shutter_settle_s)
        self._stepped_s = 0.0
        self._conditioned = False
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
        elif self.authority.condition(phase):
            self._conditioned = True
            self._open_source()
        if phase not in _WITHOUT_POWER:
            trouble = self.authority.watch()
            if trouble is not None:
                self._reactions.to(trouble)
        return False

    def _crystal_verify(self) -> None:
        why_not = self.layer.verify(self.in_phase_s())
        if why_not:
            self._reactions.crystal_failed(why_not)
        elif why_not is not None:
            self.context.set_phase("initialise layer")

    def _initialise(self) -> None:
        """Everything ready; then conditioning begins."""
        if not self._preparation.scan():
            return
        if self._conditioned and self.authority.recounts:
            self.layer.display_counts = False
        self.authority.start(again=self._conditioned, good_a=self.layer.good_current_a)

    def _open_source(self) -> None:
        """Source shutter open; the rate may now be read."""
        context = self.context
        why_not = self.layer.begin_reading()
        if why_not:
            self._reactions.crystal_failed(why_not)
            if context.wish is not None:
                return
        context.ask(self.shutter.name, 1.0, "qualify the rate")
        self.authority.take_over()
        self._band.clear()
        context.set_phase("shutter delay")

    def _follow(self) -> None:
        """Read the crystal, have the power steered, judge the band; react to a crystal that cannot be used."""
        context, crystal, step = self.context, self.layer.crystal, self.step
        crystal.update(context.now_s)
        if crystal.failure:
            self._reactions.crystal_failed(crystal.failure)
            return
        if crystal.lost:
            self._reactions.react(step.on_lost_reading, "lost_reading", f"crystal {crystal.number}: {crystal.lost}")
            return
        if self._band.source_open_s is None:
            if self.shutter.is_open:
                self._band.source_open_s = context.now_s
                if self.layer.report.source_opened_s is None:
                    self.layer.report.source_opened_s = context.now_s
            return
        if not crystal.new:
            return
        rate = crystal.rate_nm_per_s
        context.rate_nm_per_s = rate
        context.raw_rate_nm_per_s = crystal.raw_rate_nm_per_s
        now_s = context.now_s
        if now_s - self._band.source_open_s < CONTROL_DELAY_S:
            self._stepped_s = now_s
            return
        elapsed_s = now_s - self._stepped_s
        if elapsed_s > LONGEST_STEP_S:
            elapsed_s = LONGEST_STEP_S
        self.authority.step(self._target_nm_per_s, rate, elapsed_s)
        self._stepped_s = now_s
        self._judge(rate, now_s)

    def _judge(self, rate: float, now_s: float) -> None:
        """In band or not, and since when; at the limit or not."""
        step = self.step
        off_percent = 100.0 * (rate / self._target_nm_per_s - 1.0)
        if self._band.judge(off_percent, self._tolerance_percent, now_s):
            self.layer.note_good(rate, self.authority.current_a)
        limited = off_percent < -self._tolerance_percent and self.authority.at_limit
        if self._band.limited_for(limited, AT_LIMIT_S, now_s):
            self._reactions.react(
                step.on_rate_error,
                "source_depleted",
                f"{self.source.name}: {self.source.facts.max_current_a:g} A (maximum) give only {rate:.3f} nm/s; "
                f"wanted {step.rate_nm_per_s:g} nm/s. Is the charge used up?",
            )

    def _shutter_delay(self) -> None:
        """Wait until the rate is good; then the substrate shutter."""
        context, step, layer = self.context, self.step, self.layer
        now_s = context.now_s
        if self._band.source_open_s is None:
            return
        waited_s = now_s - self._band.source_open_s
        since_s = self._band.in_since_s
        if since_s is not None and now_s - since_s >= step.in_band_for_s and waited_s >= self._settle_s:
            report = layer.report
            if report.in_band_s is None:
                report.in_band_s = since_s
            if report.substrate_opened_s is None:
                report.substrate_opened_s = now_s
            context.ask(self.substrate.name, 1.0, f"rate in band for {now_s - since_s:.1f} s")
            layer.count.open(layer.crystal, now_s)
            context.set_phase("deposit")
        elif waited_s > step.qualify_within_s:
            self._band.source_open_s = now_s
            self._reactions.react(
                step.on_rate_error,
                "rate_error",
                f"{self.source.name}: rate {layer.crystal.rate_nm_per_s:.3f} nm/s did not stay within "
                f"{step.tolerance_percent:g} % of {step.rate_nm_per_s:g} nm/s in {waited_s:.0f} s",
            )

    def _deposit(self) -> None:
        """Count the film; close when it will be thick enough once the shutter has closed."""
        context, step, layer = self.context, self.step, self.layer
        crystal = layer.crystal
        now_s = context.now_s
        film_nm = layer.count.now_nm(crystal, now_s)
        context.film_nm = film_nm
        if crystal.new and self.substrate.is_open:
            layer.report.note_rate(crystal.rate_nm_per_s)
        ahead_nm = self._half_scan_s * crystal.rate_nm_per_s
        if film_nm + ahead_nm >= self._thickness_nm:
            layer.count.close(crystal, now_s)
            self._shut("thickness reached")
        elif self._band.out_for(self._rate_error_after_s, now_s):
            self._reactions.react(
                step.on_rate_error,
                "rate_error",
                f"{self.source.name}: rate {crystal.rate_nm_per_s:.3f} nm/s was out of {step.tolerance_percent:g} % "
                f"around {step.rate_nm_per_s:g} nm/s for {step.rate_error_after_s:g} s",
            )

    def _timed_power(self) -> None:
        """No crystal: the last good current, counted by time at the last good rate."""
        context = self.context
        context.film_nm = self.layer.timed_nm()
        if context.film_nm >= self.step.thickness_nm:
            self.layer.end_timed()
            self._shut("thickness reached by time")

    def _shut(self, why: str) -> None:
        self.context.ask(self.substrate.name, 0.0, why)
        self.context.set_phase("close", why)

    def _close(self) -> None:
        """Substrate shutter confirmed closed before the source is let go."""
        context, layer = self.context, self.layer
        if not self.substrate.is_closed:
            return
        context.ask(self.shutter.name, 0.0, "layer done")
        context.film_nm = layer.count.total_nm
        layer.compare_display()
        context.last_good_current_a[self.step.film] = layer.good_current_a
        self.finish("complete")
        context.rate_nm_per_s = context.raw_rate_nm_per_s = 0.0  # no vapour reaches the crystal any more
        self.authority.stop()
        context.set_phase("idle ramp")

    def _idle_ramp(self) -> bool:
        """Power to zero, output off, both read back."""
        context = self.context
        if not self.authority.stopped():
            return False
        context.ask(f"{self.source.facts.supply}.output", 0.0, "layer done")
        return bool(context.readings.sources_off.number()) and self.shutter.is_closed

    # --- leaving and coming back ----------------------------------------------------------------------------------
    def leave(self) -> None:
        """The unit closes the shutters now: what has arrived so far counts."""
        context, layer = self.context, self.layer
        if context.phase == "timed power":
            layer.end_timed()
        elif layer.count.is_open:
            layer.count.close(layer.crystal, context.now_s)
        context.film_nm = layer.count.total_nm
        context.rate_nm_per_s = context.raw_rate_nm_per_s = 0.0
        self._preparation.forget()
        self.authority.leave()

    def resume(self) -> None:
        """Back to a good rate first, whatever it was before the hold; film so far is kept."""
        self.pick_up()
        context, layer = self.context, self.layer
        if layer.count.total_nm >= self.step.thickness_nm or context.phase in ("close", "idle ramp"):
            self._shut("nothing is left to deposit")
        elif layer.crystal.failure or layer.crystal.lost:
            layer.after_a_hold()
            context.set_phase("crystal verify", "after a hold")
        else:
            context.set_phase("initialise layer" if not self._conditioned else "crystal verify", "after a hold")

    def finish(self, ended: str) -> None:
        """Put the layer into the record."""
        self.layer.finish(ended)
