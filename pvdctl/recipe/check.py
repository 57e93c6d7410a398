"""The static check: whether this recipe can be made on this chamber, as far as the two files can tell.

The order of findings is that of the recipe's steps. Nothing is run; `pvdctl simulate` runs it.
"""

import math

from pvdctl.chamber.gas_flow import fill_rate_mbar_per_s
from pvdctl.chamber.load import LoadedChamber
from pvdctl.chamber.model import Gauge
from pvdctl.chamber.near import near_miss
from pvdctl.chamber.rules import ceilings_mbar
from pvdctl.quantities import show
from pvdctl.recipe import estimate
from pvdctl.recipe.deposit_check import DepositCheck
from pvdctl.recipe.findings import Finding, Findings
from pvdctl.recipe.load import LoadedRecipe
from pvdctl.recipe.model import Backfill, CoolDown, Deposit, Evacuate, Prompt, PumpDown, Step, Vent

VENTED, ROUGH, HIGH, GAS = "vented", "rough vacuum", "high vacuum", "gas in the chamber"
"""What the chamber holds, as far as the steps before tell. A recipe may begin with any; `unknown` until a step says."""
UNKNOWN = "unknown"


class Check:
    """One check of one recipe on one chamber."""

    def __init__(self, recipe: LoadedRecipe, chamber: LoadedChamber) -> None:
        self.recipe = recipe
        self.chamber = chamber.model
        self._findings = Findings(recipe)
        self._say = self._findings.say
        self._deposits = DepositCheck(self._findings, chamber)
        self._clock = estimate.Clock(self.chamber)
        self._vacuum = UNKNOWN
        self._base_mbar: float | None = None
        self._hot = ""
        """Name of the last deposit whose source may still be hot; empty after a cool_down."""
        self._cooled = False

    def run(self) -> list[Finding]:
        """All findings, in the order of the steps."""
        for index, step in enumerate(self.recipe.model.steps):
            self._findings.at(index)
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
        return self._findings.all

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
        self._deposits.judge(step)

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
