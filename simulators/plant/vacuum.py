"""Gas in the chamber and in the foreline: pumps, valves, walls, leak, inlets.

    V dp_i/dt = Q_inlet,i + Q_wall,i(t) + Q_leak,i + Q_source,i - S_i(p) p_i          for N2, Ar, H2O, H2

Partial pressures are amounts: what they would be at room temperature. The gas' own temperature rises while it is let in
(isentropic filling of a vessel) and falls while it is pumped, and relaxes to the walls; the total carries that factor.
Roughing pump, rough valve and fore valve meet in a manifold without volume, so with both valves open the chamber also
flows into the foreline. The foreline holds one pressure and its share of argon, for its gauge. Each update is the exact
exponential for coefficients held over the step: stable at any pressure and any step. Not modelled: getter action of
lithium, elastomers (the sqrt(t) law below 1e-6 mbar), desorption from a heated wall.
"""

from math import exp, inf

from simulators.plant.gases import ARGON, N2, Orifice
from simulators.plant.materials import ROOM_K
from simulators.plant.params import VacuumParameters
from simulators.plant.turbo import Turbo

RELIEF_PER_S = 2.0
"""How quickly the relief valve lets off what is above its pressure; guess."""
ARGON_SHARE = 0.97
"""Turbo's speed for argon over that for N2; the same for H2: 0.8."""
HYDROGEN_SHARE = 0.8
ADIABATIC = 0.4
"""gamma - 1 of N2, used for argon too: only the warmth of a fill hangs on it."""
LOOSE = 0.02
"""Above this share of the foreline flowing back in a step, both sides of the turbo are solved together."""
WARMTH_FROM_MBAR = 1.0
"""Thinner gas has the walls' temperature."""


class Vacuum:
    """Gas in chamber and foreline; all pressures in mbar, flows in mbar L/s at room temperature."""

    __slots__ = (
        "_argon_inlet",
        "_n2_inlet",
        "_parameters",
        "argon",
        "argon_valve",
        "fore_valve",
        "foreline",
        "foreline_argon",
        "gate_valve",
        "hydrogen",
        "leak",
        "n2",
        "n2_flow",
        "n2_limit",
        "n2_supply",
        "n2_valve",
        "pumping",
        "rough_valve",
        "total",
        "turbo",
        "wall_age_s",
        "warmth_k",
        "water",
    )

    def __init__(self, parameters: VacuumParameters) -> None:
        p = parameters
        self._parameters = p
        self._n2_inlet = Orifice(N2, p.inlet_mm, p.inlet_discharge, p.inlet_mbar)
        self._argon_inlet = Orifice(ARGON, p.inlet_mm, p.inlet_discharge, p.inlet_mbar)
        self.turbo = Turbo(p)
        self.n2 = self.argon = self.water = self.hydrogen = 0.0
        self.total = 0.0
        """In the chamber, at the gas' temperature."""
        self.warmth_k = 0.0
        """Gas temperature above room temperature."""
        self.foreline = 0.0
        self.foreline_argon = 0.0
        """Argon's share of the foreline's gas, 0..1."""
        self.wall_age_s = p.wall_age_s
        self.leak = p.leak_mbar_l_per_s
        self.n2_limit = inf
        """What a flow controller in the nitrogen line lets through at most, mbar L/s."""
        self.n2_flow = 0.0
        """What came through that line in the last step, mbar L/s."""
        self.n2_supply = True
        self.pumping = False
        """The roughing pump runs."""
        self.rough_valve = self.gate_valve = self.fore_valve = 0.0
        self.n2_valve = self.argon_valve = 0.0
        """Mean openings over the step to come, 0..1."""

    @property
    def inlet_mbar(self) -> float:
        """Pressure at the turbo's flange."""
        return self.total if self.gate_valve > 0.0 else 0.0

    @property
    def quiet(self) -> bool:
        """Whether long steps will do: no inlet open, and high vacuum, or an isolated chamber at one temperature.

        In high vacuum the update is exact but for the fall of the walls' outgassing, 0.5 s in minutes.
        """
        if self.n2_valve or self.argon_valve or self.rough_valve:
            return False
        if self.total < 1e-3:
            return True
        return self.gate_valve == 0.0 and abs(self.warmth_k) < 0.02 and self.total < self._parameters.relief_mbar

    def start_vented(self, argon_mbar: float) -> None:
        """Argon of a dry glovebox (0.1 ppm water) in the chamber, air in the foreline."""
        self.argon = argon_mbar
        self.water = argon_mbar * 1e-7
        self.total = argon_mbar
        self.foreline = 1000.0

    def start_pumped(self, age_s: float) -> None:
        """At rest in high vacuum, pumped for `age_s`, turbo at speed, gate open."""
        p = self._parameters
        self.turbo.speed = 1.0
        self.turbo.driven = True
        self.pumping = True
        self.gate_valve = self.fore_valve = 1.0
        self.wall_age_s = age_s
        self.foreline = p.rough_ultimate_mbar
        for _ in range(600):  # 60 s: the chamber's time constant at speed is 0.3 s
            self.step(0.1, 0.0, 0.0)
        self.wall_age_s = age_s

    def step(self, dt: float, source_water: float, source_hydrogen: float) -> None:
        """Integrate `dt` seconds; the sources' outgassing is given as flow."""
        p = self._parameters
        volume = p.volume_l
        n2, argon, water, hydrogen = self.n2, self.argon, self.water, self.hydrogen
        amount = n2 + argon + water + hydrogen
        total = self.total
        foreline = self.foreline
        # --- manifold of the roughing pump
        to_line = into_chamber = 0.0
        g_rough, g_fore, manifold = self._manifold(total, foreline)
        if g_rough:
            to_line = g_rough * (total - manifold)
            if to_line < 0.0:
                into_chamber, to_line = -to_line, 0.0
        rough_rate = to_line / (total * volume) if to_line else 0.0
        # --- turbo
        turbo_rate = back = passed_before = 0.0
        gate = self.gate_valve
        if gate:
            speed = self.turbo.speed
            pull = p.turbo_l_per_s * speed / (1.0 + total / p.turbo_soft_mbar) + p.turbo_still_l_per_s * (1.0 - speed)
            turbo_rate = gate * pull / volume
            back_rate = gate * pull * exp(-speed * p.turbo_compression_ln) / p.foreline_l
            fall = back_rate * dt
            if fall > LOOSE:
                # a slow rotor is a mere hole: both sides at once, or the small volume overshoots the large one
                passed_before = turbo_rate * volume * amount
                rest_mbar = passed_before / (back_rate * p.foreline_l)
                self.foreline = rest_mbar + (foreline - rest_mbar) * exp(-fall)
                back = (foreline - self.foreline) * p.foreline_l / dt + passed_before
            else:
                self.foreline = foreline * (1.0 - fall)
                back = foreline * back_rate * p.foreline_l
        # --- flows in
        wall = p.wall_mbar_l_per_s * 3600.0 / self.wall_age_s
        argon_back = self.foreline_argon * (back + into_chamber)
        n2_in = 0.99 * self.leak + back + into_chamber - argon_back
        argon_in = argon_back
        if self.n2_valve and self.n2_supply:
            flow = self.n2_valve * self._n2_inlet.flow_mbar_l_per_s(total)
            self.n2_flow = flow = flow if flow < self.n2_limit else self.n2_limit
            n2_in += flow
        else:
            self.n2_flow = 0.0
        if self.argon_valve:
            argon_in += self.argon_valve * self._argon_inlet.flow_mbar_l_per_s(total)
        water_in = 0.01 * self.leak + (1.0 - p.wall_hydrogen) * wall + source_water
        hydrogen_in = p.wall_hydrogen * wall + source_hydrogen
        relief = 0.0
        if total > p.relief_mbar:
            relief = RELIEF_PER_S * (1.0 - p.relief_mbar / total)
        # --- chamber
        rest = rough_rate + relief
        rate = turbo_rate + rest
        argon_rate = ARGON_SHARE * turbo_rate + rest
        hydrogen_rate = HYDROGEN_SHARE * turbo_rate + rest
        if rate:
            keep, argon_keep, hydrogen_keep = exp(-rate * dt), exp(-argon_rate * dt), exp(-hydrogen_rate * dt)
            stay = (1.0 - keep) / (rate * volume)
            self.n2 = n2 * keep + n2_in * stay
            self.water = water * keep + water_in * stay
            self.argon = argon * argon_keep + argon_in * (1.0 - argon_keep) / (argon_rate * volume)
            self.hydrogen = hydrogen * hydrogen_keep + hydrogen_in * (1.0 - hydrogen_keep) / (hydrogen_rate * volume)
        else:
            share = dt / volume
            self.n2 = n2 + n2_in * share
            self.water = water + water_in * share
            self.argon = argon + argon_in * share
            self.hydrogen = hydrogen + hydrogen_in * share
        now = self.n2 + self.argon + self.water + self.hydrogen
        inflow = n2_in + argon_in + water_in + hydrogen_in
        outflow = (amount - now) * volume / dt + inflow
        self._warm(dt, amount, now, inflow, outflow)
        # --- foreline: what the turbo passes on, less what the roughing pump takes
        passed = outflow * turbo_rate / rate - passed_before if rate else 0.0
        self._foreline(dt, passed, g_rough, g_fore, argon / amount if amount else 0.0)
        self._age(dt)
        self.turbo.step(dt, self.inlet_mbar, self.foreline)

    def _manifold(self, total: float, foreline: float) -> tuple[float, float, float]:
        """Conductances of rough and fore line, and the pressure where they meet at the pump."""
        p = self._parameters
        pull = p.rough_l_per_s if self.pumping else 0.0
        viscous = 0.5 * p.line_viscous_l_per_s_mbar
        g_rough = self.rough_valve and self.rough_valve * (p.line_molecular_l_per_s + viscous * total)
        g_fore = self.fore_valve and self.fore_valve * (p.line_molecular_l_per_s + viscous * foreline)
        every = g_rough + g_fore + pull
        if not every:
            return 0.0, 0.0, 0.0
        return g_rough, g_fore, (g_rough * total + g_fore * foreline + pull * p.rough_ultimate_mbar) / every

    def _warm(self, dt: float, before: float, now: float, inflow: float, outflow: float) -> None:
        """Temperature of the gas and the total pressure that it makes."""
        if now < WARMTH_FROM_MBAR:
            self.warmth_k = 0.0
            self.total = now
            return
        turnover = self._parameters.volume_l * 0.5 * (before + now)
        warmed = ADIABATIC * (ROOM_K * (inflow - outflow) - self.warmth_k * outflow) / turnover
        loss = inflow / turnover + 500.0 / (self._parameters.gas_heat_s * 0.5 * (before + now))
        rest_k = warmed / loss
        self.warmth_k = rest_k + (self.warmth_k - rest_k) * exp(-loss * dt)
        self.total = now * (1.0 + self.warmth_k / ROOM_K)

    def _foreline(self, dt: float, passed: float, g_rough: float, g_fore: float, argon_share: float) -> None:
        p = self._parameters
        pull = p.rough_l_per_s if self.pumping else 0.0
        before = self.foreline
        inflow = passed
        away = 0.0
        if g_fore:
            every = g_rough + g_fore + pull
            away = g_fore * (g_rough + pull) / every
            inflow += g_fore * (g_rough * self.total + pull * p.rough_ultimate_mbar) / every
        if away:
            rest = inflow / away
            self.foreline = rest + (before - rest) * exp(-away * dt / p.foreline_l)
        else:
            self.foreline = max(before + inflow * dt / p.foreline_l, 0.0)
        fresh = max(inflow, 0.0) * dt
        held = before * p.foreline_l
        if fresh + held > 0.0:
            self.foreline_argon = (self.foreline_argon * held + argon_share * fresh) / (held + fresh)

    def _age(self, dt: float) -> None:
        """The walls' clock: it runs in vacuum, and gas turns it back."""
        p = self._parameters
        if self.total < 100.0:
            self.wall_age_s += dt
        else:
            self.wall_age_s = p.wall_age_s + (self.wall_age_s - p.wall_age_s) * exp(-dt / p.wall_reset_s)
