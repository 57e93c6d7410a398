"""The static check of one deposit: whether its film can be grown at its rate, from its charge, on its crystals."""

from pvdctl.chamber.load import LoadedChamber
from pvdctl.chamber.model import Film, Source
from pvdctl.chamber.near import near_miss
from pvdctl.quantities import show
from pvdctl.recipe import estimate
from pvdctl.recipe.findings import Findings
from pvdctl.recipe.model import Deposit

DEPLETED_SHARE = 0.7
"""Beyond this share of its charge a boat's emitting area shrinks and the rate falls (model of the simulated plant)."""
CURRENT_MARGIN = 0.95
"""A rate that needs more than this share of the maximum current leaves the rate control no room. A choice."""
TUNED_RATIO = 5.0
"""Control parameters are taken to hold within this factor of the rate they were measured at: the error in ln(rate)
takes care of the gain, not of dead times. A guess."""
SHORTEST_S = 10.0
"""A film thinner than this time of deposition is mostly shutter travel and end-point error. A guess."""
CRYSTAL_SHARE = 50.0
"""Per cent of a crystal's life that a recipe may use without a word. A choice."""


class DepositCheck:
    """Checks the deposits of one recipe in their order: charges and crystals are used up from one to the next."""

    def __init__(self, findings: Findings, chamber: LoadedChamber) -> None:
        self.chamber = chamber.model
        self._limits = chamber.limits
        self._say = findings.say
        self._used_mg: dict[str, float] = {}
        self._used_hz: dict[int, float] = {}

    def judge(self, step: Deposit) -> None:
        """Say what is wrong or doubtful about the next deposit."""
        film = self.chamber.films.get(step.film)
        if film is None:
            self._say("film", "a film of the chamber file", f"'{step.film}'", near_miss(step.film, self.chamber.films))
            return
        source = self.chamber.sources[film.source]
        self._rate(step, film, source)
        self._qualify(step)
        self._charge(step, film, source)
        self._crystals(step, film)
        if self.chamber.control == "sqc310":
            self._by_monitor(step)

    def _by_monitor(self, step: Deposit) -> None:
        """What the monitor cannot do or hold where it controls the rate."""
        if step.on_crystal_fail in ("switch_crystal", "timed_power"):
            wanted = "hold or stop, because the monitor controls the rate and steers by its own crystal"
            hint = "what the unit does without one is set at the unit; the run is held"
            self._say("on_crystal_fail", wanted, step.on_crystal_fail, hint, "warning")
        limits = self._limits.layer.get("rate_nm_per_s") if self._limits is not None else None
        wanted = limits.wanted(step.rate_nm_per_s) if limits is not None else ""
        if wanted:
            driver = self.chamber.instruments[self.chamber.monitor.instrument].driver
            self._say("rate", f"{wanted}, which {driver} can hold", show(step.rate_nm_per_s, "nm/s"))

    def _rate(self, step: Deposit, film: Film, source: Source) -> None:
        needed_a, most_a = estimate.current_for(film, step.rate_nm_per_s), source.max_current_a
        if needed_a > most_a:
            reached = estimate.rate_at(film, most_a)
            wanted = f"a rate below about {show(reached, 'nm/s', 2)}, which the maximum current of {film.source} "
            self._say("rate", f"{wanted}({show(most_a, 'A')}) gives", show(step.rate_nm_per_s, "nm/s"))
            return
        if needed_a > CURRENT_MARGIN * most_a:
            wanted = f"some room below the maximum current of {film.source} ({show(most_a, 'A')})"
            self._say("rate", wanted, f"a rate that needs about {show(needed_a, 'A', 3)}", severity="warning")
        ratio = step.rate_nm_per_s / film.control.at_rate_nm_per_s
        if not 1.0 / TUNED_RATIO <= ratio <= TUNED_RATIO:
            wanted = f"a rate near {show(film.control.at_rate_nm_per_s, 'nm/s')}, where the control was tuned"
            self._say("rate", wanted, show(step.rate_nm_per_s, "nm/s"), "tune the film for this rate", "warning")
        soak_a = source.conditioning.ramp_2_to_a
        soak_rate = estimate.rate_at(film, soak_a)
        if soak_rate > 2.0 * step.rate_nm_per_s:
            wanted = f"conditioning of {film.source} that ends near the rate"
            found = f"ramp_2_to {show(soak_a, 'A')}, which gives about {show(soak_rate, 'nm/s', 2)}"
            self._say("rate", wanted, found, "charge is wasted, and the rate comes down from above", "warning")
        noise = estimate.rate_noise_percent(film, step.rate_nm_per_s, self.chamber)
        if step.tolerance_percent < 2.0 * noise:
            wanted = f"at least {show(2.0 * noise, '%', 2)}, twice the crystal's noise at this rate"
            self._say(
                "tolerance", wanted, show(step.tolerance_percent, "%"), "the rate would seldom be in band", "warning"
            )

    def _qualify(self, step: Deposit) -> None:
        settle_s = self.chamber.limits.shutter_settle_s
        least_s = max(settle_s, step.in_band_for_s)
        if step.qualify_within_s <= least_s:
            wanted = f"more than {show(least_s, 's')} (in_band_for, and limits.shutter_settle of the chamber)"
            self._say("qualify_within", wanted, show(step.qualify_within_s, "s"))
        film_s = step.thickness_nm / step.rate_nm_per_s
        if film_s < SHORTEST_S:
            wanted = f"a film of at least {show(SHORTEST_S, 's')} at its rate"
            self._say("thickness", wanted, show(film_s, "s", 2), "choose a lower rate", "warning")
        step_nm = step.rate_nm_per_s * self.chamber.monitor.period_s
        allowed = step.thickness_tolerance_percent
        if allowed is not None and allowed / 100.0 * step.thickness_nm < step_nm:
            least = 100.0 * step_nm / step.thickness_nm
            wanted = f"at least {show(least, '%', 2)}, the film that grows in one measuring period of the monitor"
            self._say(
                "thickness_tolerance", wanted, show(allowed, "%"), "the end point is no finer than that", "warning"
            )
        spare = len(self.chamber.monitor.sensors) > 1
        if step.on_crystal_fail == "switch_crystal" and not spare:
            self._say(
                "on_crystal_fail", "a second crystal in the chamber", "one sensor", "choose hold, stop or timed_power"
            )

    def _charge(self, step: Deposit, film: Film, source: Source) -> None:
        before = self._used_mg.get(film.source, 0.0)
        after = self._used_mg[film.source] = before + estimate.consumption_mg(step, self.chamber, source)
        found = f"about {show(after, 'mg', 3)} up to this step"
        if after > source.charge_mg >= before:
            self._say("thickness", f"at most the charge of {film.source} ({show(source.charge_mg, 'mg')})", found)
        elif after > DEPLETED_SHARE * source.charge_mg >= before:
            wanted = f"at most {DEPLETED_SHARE:.0%} of the charge of {film.source} ({show(source.charge_mg, 'mg')})"
            self._say("thickness", wanted, found, "the rate falls as the boat empties", "warning")

    def _crystals(self, step: Deposit, film: Film) -> None:
        monitor = self.chamber.monitor
        sensor = monitor.sensors[0]
        life_hz = monitor.max_frequency_hz - monitor.min_frequency_hz
        before = 100.0 * self._used_hz.get(sensor, 0.0) / life_hz
        self._used_hz[sensor] = self._used_hz.get(sensor, 0.0) + estimate.crystal_hz(film, step.thickness_nm, sensor)
        after = 100.0 * self._used_hz[sensor] / life_hz
        most = 100.0 - monitor.min_life_percent
        if after > most >= before:
            found = f"about {show(after, '%', 3)} up to this step"
            self._say("thickness", f"at most {show(most, '%')} of a new crystal's life", found, "split the recipe")
        elif after > CRYSTAL_SHARE >= before:
            found = f"about {show(after, '%', 3)} of it up to this step"
            self._say("thickness", "little of a crystal's life", found, "begin with new crystals", "warning")
