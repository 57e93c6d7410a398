"""The static check: whether this recipe can be made on this chamber, as far as the two files can tell.

The order of findings is that of the recipe's steps. Nothing is run; `pvdctl simulate` runs it.
"""

import math

from pvdctl.chamber.gas_flow import fill_rate_mbar_per_s
from pvdctl.chamber.load import LoadedChamber
from pvdctl.chamber.model import Film, Gauge, Source
from pvdctl.chamber.near import near_miss
from pvdctl.chamber.rules import ceilings_mbar
from pvdctl.quantities import show
from pvdctl.recipe import estimate
from pvdctl.recipe.findings import Finding, Severity
from pvdctl.recipe.load import LoadedRecipe
from pvdctl.recipe.model import Backfill, CoolDown, Deposit, Evacuate, Prompt, PumpDown, Step, Vent

VENTED, ROUGH, HIGH, GAS = "vented", "rough vacuum", "high vacuum", "gas in the chamber"
"""What the chamber holds, as far as the steps before tell. A recipe may begin with any; `unknown` until a step says."""
UNKNOWN = "unknown"

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


class Check:
    """One check of one recipe on one chamber."""

    def __init__(self, recipe: LoadedRecipe, chamber: LoadedChamber) -> None:
        self.recipe = recipe
        self.chamber = chamber.model
        self.findings: list[Finding] = []
        self._index = 0
        self._clock = estimate.Clock(self.chamber)
        self._vacuum = UNKNOWN
        self._base_mbar: float | None = None
        self._hot = ""
        """Name of the last deposit whose source may still be hot; empty after a cool_down."""
        self._cooled = False
        self._used_mg: dict[str, float] = {}
        self._used_hz: dict[int, float] = {}

    def run(self) -> list[Finding]:
        """All findings, in the order of the steps."""
        for index, step in enumerate(self.recipe.model.steps):
            self._index = index
            match step:
                case PumpDown():
                    self._pump_down(step)
                case Deposit():
                    self._deposit(step)
                case CoolDown():
                    self._cool_down(step)
                case Backfill():
                    self._backfill(step)
                case Evacuate():
                    self._evacuate(step)
                case Vent():
                    self._vent(step)
                case Prompt():
                    self._prompt(step)
                case _:
                    pass
            self._time(step)
        self._end()
        return self.findings

    def _say(self, key: str, wanted: str, found: str, hint: str = "", severity: Severity = "error") -> None:
        path = ("steps", self._index, key) if key else ("steps", self._index)
        step = self.recipe.model.steps[self._index].name
        self.findings.append(Finding(severity, step, self.recipe.document.problem(path, wanted, found, hint)))

    # --- steps ----------------------------------------------------------------------------------------------------
    def _pump_down(self, step: PumpDown) -> None:
        low = min((gauge.from_mbar for gauge in self._gauges()), default=0.0)
        vacuum = self.chamber.vacuum
        if step.below_mbar < low:
            self._say(
                "below", f"at least {show(low, 'mbar')}, the least a gauge can show", show(step.below_mbar, "mbar")
            )
        if step.below_mbar >= vacuum.crossover_mbar:
            wanted = f"less than the crossover pressure ({show(vacuum.crossover_mbar, 'mbar')})"
            self._say("below", wanted, show(step.below_mbar, "mbar"), "for rough vacuum use evacuate")
        if self._hot and self._vacuum == GAS:
            self._say("do", "a cool_down before", f"sources hot since '{self._hot}'")
        self._vacuum = HIGH
        self._base_mbar = step.below_mbar

    def _deposit(self, step: Deposit) -> None:
        if self._vacuum != HIGH:
            self._say("do", "a pump_down before (high vacuum)", self._vacuum)
        limit = self.chamber.limits.deposition_pressure_mbar
        if self._base_mbar is not None and self._vacuum == HIGH and self._base_mbar > limit:
            found = f"a pump_down to {show(self._base_mbar, 'mbar')} only"
            self._say(
                "do", f"less than {show(limit, 'mbar')} before a source is heated (limits.deposition_pressure)", found
            )
        self._hot = step.name
        self._cooled = False
        film = self.chamber.films.get(step.film)
        if film is None:
            self._say("film", "a film of the chamber file", f"'{step.film}'", near_miss(step.film, self.chamber.films))
            return
        source = self.chamber.sources[film.source]
        self._rate(step, film, source)
        self._qualify(step)
        self._charge(step, film, source)
        self._crystals(step, film)
        if self.chamber.control == "sqc310" and step.on_crystal_fail in ("switch_crystal", "timed_power"):
            wanted = "hold or stop, because the monitor controls the rate and steers by its own crystal"
            hint = "what the unit does without one is set at the unit; the run is held"
            self._say("on_crystal_fail", wanted, step.on_crystal_fail, hint, "warning")

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

    def _cool_down(self, step: CoolDown) -> None:
        self._hot = ""
        self._cooled = True
        needed_s = max(step.at_least_s, self._clock.cold_at_s - self._clock.now_s)
        if step.within_s < needed_s:
            self._say(
                "within",
                f"at least {show(needed_s, 's')}, when the last source counts as cold",
                show(step.within_s, "s"),
            )

    def _backfill(self, step: Backfill) -> None:
        vacuum = self.chamber.vacuum
        if self._hot:
            self._say("do", "a cool_down before gas", f"sources hot since '{self._hot}'")
        if self._vacuum in (VENTED, GAS):
            self._say("do", "an evacuate or pump_down before, so that the gas is pure", self._vacuum)
        self._gas(step.gas, "process")
        self._flow(step)
        if step.pressure_mbar >= vacuum.atmosphere_mbar:
            wanted = f"less than atmosphere ({show(vacuum.atmosphere_mbar, 'mbar')})"
            self._say("pressure", wanted, show(step.pressure_mbar, "mbar"), "to open the chamber use vent")
        else:
            self._measured("pressure", step.pressure_mbar, step.pressure_mbar + step.tolerance_mbar)
            self._forbidden(step)
        self._vacuum = GAS

    def _flow(self, step: Backfill) -> None:
        """A flow needs a controller, which can give it."""
        gas = self.chamber.gases.get(step.gas)
        if step.flow_sccm is None or gas is None:
            return
        if gas.max_flow_sccm is None:
            wanted = f"no flow: {step.gas} has no flow_controller in the chamber file"
            self._say("flow", wanted, show(step.flow_sccm, "sccm"))
        elif step.flow_sccm > gas.max_flow_sccm:
            self._say("flow", f"at most {gas.max_flow_sccm / 1e3:g} slm", f"{step.flow_sccm / 1e3:g} slm")

    def _forbidden(self, step: Backfill) -> None:
        """Interlocks that close the gas valve above a pressure: the fill must stay below."""
        gas = self.chamber.gases.get(step.gas)
        if gas is None:
            return
        top = step.pressure_mbar + step.tolerance_mbar
        for rule, limit in ceilings_mbar(self.chamber, gas.valve):
            if top >= limit:
                wanted = (
                    f"pressure and tolerance below {show(limit, 'mbar')}, where interlock {rule} closes {gas.valve}"
                )
                self._say("pressure", wanted, show(top, "mbar"))

    def _evacuate(self, step: Evacuate) -> None:
        if self._vacuum == HIGH:
            self._say("do", "gas to pump out", "high vacuum already", "remove the step", "warning")
        crossover = self.chamber.vacuum.crossover_mbar
        if step.below_mbar < crossover:
            wanted = f"at least the crossover pressure ({show(crossover, 'mbar')}): the roughing pump works alone"
            self._say("below", wanted, show(step.below_mbar, "mbar"), "for less use pump_down")
        self._measured("below", step.below_mbar, step.below_mbar)
        self._vacuum = ROUGH

    def _vent(self, step: Vent) -> None:
        if not self._cooled:
            found = f"sources hot since '{self._hot}'" if self._hot else "none"
            self._say("do", "a cool_down before venting", found)
        self._gas(step.gas, "vent")
        atmosphere = self.chamber.vacuum.atmosphere_mbar
        if step.to_mbar < atmosphere:
            wanted = f"at least atmosphere ({show(atmosphere, 'mbar')})"
            self._say("to", wanted, show(step.to_mbar, "mbar"), "to fill with less use backfill")
        self._measured("to", step.to_mbar, step.to_mbar)
        self._vacuum = VENTED

    def _prompt(self, step: Prompt) -> None:
        if len(set(step.answers)) < len(step.answers):
            self._say("answers", "different answers", ", ".join(step.answers))
        if not step.message.strip():
            self._say("message", "a question", "blanks")

    # --- shared ---------------------------------------------------------------------------------------------------
    def _gauges(self) -> list[Gauge]:
        return [gauge for gauge in self.chamber.gauges.values() if gauge.measures == "chamber"]

    def _gas(self, name: str, use: str) -> None:
        """The gas is there, and is for this use."""
        gas = self.chamber.gases.get(name)
        fitting = [n for n, g in self.chamber.gases.items() if use in g.use]
        if gas is None:
            self._say("gas", "a gas of the chamber file", f"'{name}'", near_miss(name, self.chamber.gases))
        elif use not in gas.use:
            hint = f"there are: {', '.join(fitting)}" if fitting else "there is none"
            self._say("gas", f"a gas for {use}", f"'{name}', which is for {' and '.join(gas.use)} only", hint)

    def _measured(self, key: str, low_mbar: float, high_mbar: float) -> None:
        """Some gauge on the chamber shows this range."""
        if not any(gauge.from_mbar <= low_mbar and high_mbar <= gauge.to_mbar for gauge in self._gauges()):
            ranges = ", ".join(f"{show(g.from_mbar, 'mbar')} to {show(g.to_mbar, 'mbar')}" for g in self._gauges())
            shown = show(low_mbar, "mbar") if low_mbar == high_mbar else f"{low_mbar:g} to {show(high_mbar, 'mbar')}"
            self._say(key, f"a pressure within the range of a gauge ({ranges})", shown)

    def _time(self, step: Step) -> None:
        """The estimate against the step's own deadline. Cooling was judged above; a dose is not in its deadline."""
        took_s = self._clock.step(step)
        match step:
            case PumpDown() | Evacuate() | Vent():
                allowed_s = step.within_s
            case Backfill():
                allowed_s = step.within_s
                known = step.gas in self.chamber.gases
                rate = fill_rate_mbar_per_s(self.chamber, step.gas, step.flow_sccm) if known else math.inf
                took_s = step.pressure_mbar / rate
            case _:
                return
        if took_s > allowed_s:
            self._say("within", f"about {show(took_s, 's')} or more", show(allowed_s, "s"), severity="warning")

    def _end(self) -> None:
        if self._vacuum == GAS:
            wanted = "an evacuate after the last backfill"
            self._say("do", wanted, "the end of the recipe", "the exposure ends only when somebody pumps", "warning")


def check(recipe: LoadedRecipe, chamber: LoadedChamber) -> list[Finding]:
    """Everything that can be found wrong or doubtful without running the recipe."""
    return Check(recipe, chamber).run()
