"""A source: boat, its vapour's way to substrate and crystals, and what is not steady about it.

Substrate: J = mdot (n+1)/(2 pi d^2), a small source on the axis, times what survives the way through the gas. Sensor s
sees J x 100/tooling_s whenever the source shutter is open; the substrate only while its own shutter is open too.
Mass leaves the charge whether a shutter is open or not.
"""

from math import exp, pi

from simulators.plant.boat import Boat
from simulators.plant.film import Film
from simulators.plant.gases import escape, survival
from simulators.plant.materials import GAS_CONSTANT
from simulators.plant.noise import normal, ornstein_uhlenbeck, stream
from simulators.plant.params import SourceParameters

ATTEMPTS_PER_S = 1e13
"""nu of the desorption, the usual textbook value."""
SPIT_NM = (0.1, 1.0)
"""Each droplet adds a thickness in this range, evenly drawn, to each crystal on its own account."""
SPITS_FROM_NM_PER_S = 0.01
"""A source this slow does not spit; guess."""


class Source:
    """Source number 1 or 2 in the chamber."""

    __slots__ = (
        "_decay",
        "_dt",
        "_film",
        "_flux_noise",
        "_kick",
        "_per_kg",
        "_pools",
        "_spit",
        "_wander",
        "arrived_kg_per_m2",
        "boat",
        "crust",
        "flux_kg_per_m2_s",
        "hydrogen_mbar_l_per_s",
        "index",
        "material",
        "opening",
        "parameters",
        "spits_per_s",
        "spitted_nm",
        "substrate_kg_per_m2_s",
        "through",
        "water_mbar_l_per_s",
    )

    def __init__(self, index: int, parameters: SourceParameters, seed: int | str, step_s: float, film: Film) -> None:
        self.index = index
        self.parameters = parameters
        self.material = parameters.material.name
        self.boat = Boat(parameters, step_s)
        self._film = film
        self._dt = step_s
        n, d = parameters.cosine_power, parameters.throw_m
        self._per_kg = (n + 1.0) / (2.0 * pi * d * d)
        self._decay, self._kick = ornstein_uhlenbeck(parameters.flux_noise, parameters.flux_noise_tau_s, step_s)
        self._flux_noise = normal(seed, f"source {index + 1} flux")
        self._spit = stream(seed, f"source {index + 1} spits")
        self._wander = 0.0
        self._pools = [[pool.amount_mbar_l, pool.energy_j_per_mol, pool.gas == "H2O"] for pool in parameters.desorption]
        self.crust = 1.0
        """Evaporation coefficient of the charge's surface."""
        self.opening = 0.0
        """Source shutter's mean opening over the step to come."""
        self.through = 0.0
        """Mean of source shutter times substrate shutter over it."""
        self.flux_kg_per_m2_s = 0.0
        """At the substrate if both were open, kg m-2 s-1, mean of the last step."""
        self.substrate_kg_per_m2_s = 0.0
        """Really arriving there, the same."""
        self.arrived_kg_per_m2 = 0.0
        """Areal mass that a crystal of tooling 100 % has collected, kg/m2."""
        self.spits_per_s = parameters.spits_per_s
        self.spitted_nm: list[float] = [0.0, 0.0]
        """Thickness that droplets added to each crystal since it was last taken."""
        self.water_mbar_l_per_s = self.hydrogen_mbar_l_per_s = 0.0
        """Outgassing of the charge, mbar L/s."""

    def set_gas(self, pressure_mbar: float) -> None:
        """The chamber's pressure decides what crosses it, what leaves the boat, and how the boat is cooled."""
        survive = survival(pressure_mbar, self.parameters.throw_m)
        n, d = self.parameters.cosine_power, self.parameters.throw_m
        self._per_kg = (n + 1.0) / (2.0 * pi * d * d) * survive
        self.boat.activity = self.crust * escape(pressure_mbar)
        self.boat.set_gas(pressure_mbar)

    def step(self, amp2_s: float) -> None:
        """One grid step with the heat of the supply in it."""
        boat = self.boat
        if boat.evaporation_kg_per_s > 0.0:
            noise = self._flux_noise
            wander = self._wander = self._decay * self._wander + noise(self._kick)
            arriving = boat.step(amp2_s, 1.0 + wander) * self._per_kg
            dt = self._dt
            self.flux_kg_per_m2_s = arriving / dt
            opening = self.opening
            if opening > 0.0:
                self.arrived_kg_per_m2 += arriving * opening
                if self.spits_per_s:
                    self._maybe_spit()
                through = self.through
                if through > 0.0:
                    self._film.arrive(self.material, arriving * through)
                self.substrate_kg_per_m2_s = arriving * through / dt
            else:
                self.substrate_kg_per_m2_s = 0.0
            return
        boat.step(amp2_s, 1.0)
        self.flux_kg_per_m2_s = self.substrate_kg_per_m2_s = 0.0

    def rest(self) -> None:
        """Cold and without current: nothing leaves."""
        self.flux_kg_per_m2_s = self.substrate_kg_per_m2_s = self.water_mbar_l_per_s = self.hydrogen_mbar_l_per_s = 0.0

    def outgas(self, dt: float) -> None:
        """Let go what the charge's temperature drives out during `dt` seconds."""
        water = hydrogen = 0.0
        kelvin = self.boat.charge_k
        for pool in self._pools:
            held, energy, is_water = pool
            if held > 1e-7:
                gone = held * (1.0 - exp(-ATTEMPTS_PER_S * exp(-energy / (GAS_CONSTANT * kelvin)) * dt))
                pool[0] = held - gone
                if is_water:
                    water += gone
                else:
                    hydrogen += gone
        self.water_mbar_l_per_s, self.hydrogen_mbar_l_per_s = water / dt, hydrogen / dt

    def _maybe_spit(self) -> None:
        spit = self._spit
        if spit.random() < self.spits_per_s * self._dt:
            if self.flux_kg_per_m2_s < SPITS_FROM_NM_PER_S * 1e-9 * self.parameters.material.density_kg_per_m3:
                return
            self.spitted_nm[0] += spit.uniform(*SPIT_NM)
            self.spitted_nm[1] += spit.uniform(*SPIT_NM)
