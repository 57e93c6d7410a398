"""One boat with its charge: two lumps, Joule heat in, conduction, radiation and evaporation out.

    Cb dTb/dt  = I2 Rb(Tb) - eps sigma A (Tb^4 - T0^4) - (Gc + Ggas)(Tb - T0) - Gbm (Tb - Tm)
    m c dTm/dt = Gbm (Tb - Tm) - eps_m sigma Ae (Tm^4 - T0^4) - Lv mdot           (and a plateau at the melting point)

Rb is taken at the mean temperature of the strip, T0 + 2/3 (Tb - T0), the mean of a parabolic profile; Tb is its centre.
Clamps and walls stay at T0 (water-cooled). Not modelled: the slow drift of the feedthroughs, heat from the other boat.

Integration: one linearly implicit (Rosenbrock, gamma 1/2) step for both lumps, second order and stable at any step; the
faster eigen time constant is 0.3 s (lithium), so 0.1 s is ample (tests compare it with 0.001 s).
"""

from math import exp, inf, log, pi, sqrt

from simulators.plant.materials import BLEND_K, GAS_CONSTANT, LN10, ROOM_K, STEFAN_BOLTZMANN, ln_pressure_line
from simulators.plant.params import SourceParameters

EVAPORATES_ABOVE_PA = 1e-9
"""Vapour below this pressure is not reckoned: 2e-10 nm/s on the substrate."""
IDLE_WITHIN_K = 0.05
"""A boat without current and this near to room temperature is left alone."""
RESIDUE = 0.02
"""Share of the charge's heat capacity that crust and liner keep when all metal has gone; guess."""
GAS_W_PER_K = 0.024
"""Convection in gas of some mbar and more, 15 W/(m2 K) on the boat; half of it at 1 mbar; guess."""


def _parabola(
    points: tuple[tuple[float, float], tuple[float, float], tuple[float, float]],
) -> tuple[float, float, float]:
    """(c0, c1, c2) of the parabola through three points."""
    (x0, y0), (x1, y1), (x2, y2) = points
    d0 = y0 / ((x0 - x1) * (x0 - x2))
    d1 = y1 / ((x1 - x0) * (x1 - x2))
    d2 = y2 / ((x2 - x0) * (x2 - x1))
    return (
        d0 * x1 * x2 + d1 * x0 * x2 + d2 * x0 * x1,
        -(d0 * (x1 + x2) + d1 * (x0 + x2) + d2 * (x0 + x1)),
        d0 + d1 + d2,
    )


class Boat:
    """Thermal state of one boat and its charge; temperatures in K, masses in kg, powers in W."""

    __slots__ = (
        "_a",
        "_b",
        "_c0",
        "_c1",
        "_c2",
        "_charge_radiation",
        "_cold_k",
        "_contact",
        "_dt",
        "_fusion_j_per_kg",
        "_heat",
        "_heat_per_kg",
        "_line_from_k",
        "_line_to_k",
        "_ln_rate",
        "_melting_k",
        "_radiation",
        "_residue_j_per_k",
        "_room4",
        "_shrinks_below_kg",
        "_vaporisation",
        "activity",
        "boat_k",
        "broken",
        "charge_k",
        "conduction_w_per_k",
        "evaporated_kg",
        "evaporation_kg_per_s",
        "fresh_kg",
        "mass_kg",
        "melted",
        "parameters",
    )

    def __init__(self, parameters: SourceParameters, step_s: float) -> None:
        self.parameters = parameters
        metal = parameters.material
        self._dt = step_s
        lengths = parameters.strip_length_m / parameters.strip_area_m2
        at_300, at_700, at_1000 = (rho * lengths for rho in parameters.resistivity_ohm_m)
        # in terms of the centre's temperature: mean = T0/3 + 2/3 Tb
        centre = [(k - ROOM_K / 3.0) * 1.5 for k in (300.0, 700.0, 1000.0)]
        self._c0, self._c1, self._c2 = _parabola(((centre[0], at_300), (centre[1], at_700), (centre[2], at_1000)))
        self._radiation = parameters.emissivity * STEFAN_BOLTZMANN * parameters.radiating_m2
        self._charge_radiation = parameters.charge_emissivity * STEFAN_BOLTZMANN * parameters.evaporating_m2
        self._room4 = ROOM_K**4
        self._heat = parameters.heat_capacity_j_per_k
        self._heat_per_kg = metal.heat_j_per_kg_k
        self._residue_j_per_k = RESIDUE * parameters.charge_kg * metal.heat_j_per_kg_k
        self._contact = parameters.contact_w_per_k
        self._vaporisation = metal.vaporisation_j_per_kg
        self._fusion_j_per_kg = metal.fusion_j_per_kg
        self._melting_k = metal.melting_k
        # mdot = area share x activity x exp(a - b/T) / sqrt(T), a with ln_rate in it
        self._ln_rate = log(parameters.evaporating_m2 * sqrt(metal.molar_mass_kg / (2.0 * pi * GAS_CONSTANT)))
        a, b = metal.solid
        self._a = self._b = 0.0
        self._line_from_k = self._line_to_k = 0.0
        self._cold_k = b * LN10 / (a * LN10 - log(EVAPORATES_ABOVE_PA))
        self._shrinks_below_kg = parameters.full_area_down_to * parameters.charge_kg
        self.conduction_w_per_k = parameters.clamp_w_per_k
        """To the clamps and, in gas, to the gas."""
        self.fresh_kg = parameters.charge_kg
        self.mass_kg = parameters.charge_kg
        self.evaporated_kg = 0.0
        """All that ever left the charge."""
        self.boat_k = ROOM_K
        self.charge_k = ROOM_K
        self.melted = 0.0
        """Molten share of the charge, 0..1."""
        self.activity = 1.0
        """Evaporation coefficient: 1 clean metal, 0.05-0.5 under a crust; less in gas."""
        self.evaporation_kg_per_s = 0.0
        """Of the charge now, without the flux noise."""
        self.broken = False
        """An open strip: no current, and nothing else changes."""

    @property
    def idle(self) -> bool:
        """Cold enough to be left alone while no current flows."""
        return abs(self.boat_k - ROOM_K) < IDLE_WITHIN_K and abs(self.charge_k - ROOM_K) < IDLE_WITHIN_K

    def resistance_ohm(self) -> float:
        """Of the strip now, without leads."""
        kelvin = self.boat_k
        return self._c0 + kelvin * (self._c1 + kelvin * self._c2)

    def set_gas(self, pressure_mbar: float) -> None:
        """Tell the boat how much gas cools it."""
        gas = GAS_W_PER_K * pressure_mbar / (pressure_mbar + 1.0)
        self.conduction_w_per_k = self.parameters.clamp_w_per_k + gas

    def deplete(self) -> None:
        """The charge is gone at once; boat and residue stay as hot as they are."""
        self.mass_kg = 0.0
        self.evaporation_kg_per_s = 0.0

    def step(self, amp2_s: float, noise: float) -> float:
        """One grid step with the integral of I^2 over it; returns the mass that left, kg (`noise` x the mean flux)."""
        dt = self._dt
        tb = self.boat_k
        tm = self.charge_k
        joule = amp2_s / dt
        contact = self._contact
        loss = self.conduction_w_per_k
        radiation = self._radiation
        tb3 = tb * tb * tb
        boat_w = (
            joule * (self._c0 + tb * (self._c1 + tb * self._c2))
            - radiation * (tb3 * tb - self._room4)
            - loss * (tb - ROOM_K)
            - contact * (tb - tm)
        )
        half = 0.5 * dt
        a11 = self._heat - half * (joule * (self._c1 + 2.0 * tb * self._c2) - 4.0 * radiation * tb3 - loss - contact)
        if 0.0 < self.melted < 1.0 and self.mass_kg > 0.0:
            return self._melting_step(boat_w * dt / a11, noise)
        before = self.evaporation_kg_per_s
        tm3 = tm * tm * tm
        glow = self._charge_radiation
        charge_w = contact * (tb - tm) - glow * (tm3 * tm - self._room4) - self._vaporisation * before
        slope = -contact - 4.0 * glow * tm3
        if before > 0.0:
            slope -= self._vaporisation * before * (self._b / tm - 0.5) / tm
        a22 = self.mass_kg * self._heat_per_kg + self._residue_j_per_k - half * slope
        a12 = -half * contact
        scale = dt / (a11 * a22 - a12 * a12)
        self.boat_k = tb + scale * (boat_w * a22 - charge_w * a12)
        new = tm + scale * (charge_w * a11 - boat_w * a12)
        melting = self._melting_k
        if (tm < melting) if new >= melting else (tm >= melting and self.melted > 0.0):
            new = self._cross_melting(new)
        self.charge_k = new
        return self._evaporate(new, before, noise)

    def _find_line(self, kelvin: float) -> None:
        """ln(rate sqrt(T)) = a - b/T for this temperature, and from where to where it holds."""
        a, self._b = ln_pressure_line(self.parameters.material, kelvin)
        self._a = self._ln_rate + a
        if kelvin < self._melting_k - BLEND_K:
            self._line_from_k, self._line_to_k = 0.0, self._melting_k - BLEND_K
        elif kelvin > self._melting_k + BLEND_K:
            self._line_from_k, self._line_to_k = self._melting_k + BLEND_K, inf
        else:
            self._line_from_k = self._line_to_k = kelvin  # nowhere: blended anew at each temperature

    def _evaporate(self, kelvin: float, before: float, noise: float) -> float:
        if kelvin > self._cold_k and self.mass_kg > 0.0:
            if not self._line_from_k < kelvin < self._line_to_k:
                self._find_line(kelvin)
            now = self.activity * exp(self._a - self._b / kelvin) / sqrt(kelvin)
            mass = self.mass_kg
            if mass < self._shrinks_below_kg:
                now *= (mass / self._shrinks_below_kg) ** (2.0 / 3.0)
            self.evaporation_kg_per_s = now
            lost = 0.5 * self._dt * (before + now) * noise
            if lost > mass:
                lost = mass
            self.mass_kg = mass - lost
            self.evaporated_kg += lost
            return lost
        self.evaporation_kg_per_s = 0.0
        return 0.0

    def _cross_melting(self, kelvin: float) -> float:
        """The step carried the charge through its melting point: the surplus heat goes into (or comes from) fusion."""
        heat_per_k = self.mass_kg * self._heat_per_kg + self._residue_j_per_k
        latent_j = self.mass_kg * self._fusion_j_per_kg
        if latent_j <= 0.0:
            return kelvin
        melted = self.melted + (kelvin - self._melting_k) * heat_per_k / latent_j
        return self._settle_melt(melted, latent_j, heat_per_k)

    def _settle_melt(self, melted: float, latent_j: float, heat_per_k: float) -> float:
        self.melted = min(max(melted, 0.0), 1.0)
        return self._melting_k + (melted - self.melted) * latent_j / heat_per_k

    def _melting_step(self, boat_rise_k: float, noise: float) -> float:
        """Charge on its plateau: all heat from the boat melts it (or freezing feeds the boat)."""
        tb = self.boat_k
        tm = self._melting_k
        self.boat_k = tb + boat_rise_k
        heat_w = (
            self._contact * (tb + 0.5 * boat_rise_k - tm)
            - self._charge_radiation * (tm**4 - self._room4)
            - self._vaporisation * self.evaporation_kg_per_s
        )
        heat_per_k = self.mass_kg * self._heat_per_kg + self._residue_j_per_k
        latent_j = self.mass_kg * self._fusion_j_per_kg
        melted = self.melted + heat_w * self._dt / latent_j
        self.charge_k = self._settle_melt(melted, latent_j, heat_per_k)
        return self._evaporate(self.charge_k, self.evaporation_kg_per_s, noise)
