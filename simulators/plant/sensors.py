"""The two crystals in their places: what reaches them, when the monitor samples, heat and gas on their faces."""

from math import exp

from simulators.plant.crystal import PERIOD_S, Crystal
from simulators.plant.film import Nitride
from simulators.plant.gases import crystal_drag_hz
from simulators.plant.materials import LITHIUM
from simulators.plant.params import PlantParameters
from simulators.plant.source import Source
from simulators.plant.vacuum import Vacuum

NITROGEN = 2
"""Index of nitrogen in the crystals' z-factors (0 and 1 are the sources'); taken with z = 1 (Sauerbrey), a guess."""


class Sensors:
    """Both crystals; they always face the sources and see them through the source shutters alone."""

    __slots__ = (
        "_drag_hz",
        "_nitrides",
        "_parameters",
        "_per_tooling",
        "_period",
        "_taken",
        "_thermal_hz",
        "_thermal_keep",
        "crystals",
        "sample_s",
    )

    def __init__(self, seed: int | str, parameters: PlantParameters) -> None:
        c = self._parameters = parameters.crystal
        both = (parameters.source_1, parameters.source_2)
        zs = (both[0].material.z, both[1].material.z, 1.0)
        self.crystals = (
            Crystal(1, seed, c.start_hz[0], c.noise_hz, zs),
            Crystal(2, seed, c.start_hz[1], c.noise_hz, zs),
        )
        self._nitrides = (Nitride(parameters.film), Nitride(parameters.film))
        self._per_tooling = tuple(tuple(100.0 / source.tooling_percent[i] for source in both) for i in (0, 1))
        self._taken = [0.0, 0.0]
        self._period = 1
        self._thermal_hz = 0.0
        self._thermal_keep = exp(-PERIOD_S / c.thermal_tau_s)
        self._drag_hz = 0.0
        self.sample_s = 0.5 * PERIOD_S
        """Time of the next sample, the middle of a measuring period."""

    def begin(self, gas: Vacuum) -> None:
        """Set the sample that period 0 shows."""
        self.feel(gas)
        for crystal in self.crystals:
            crystal.sample(0, self._drag_hz)

    def feel(self, gas: Vacuum) -> None:
        """The gas on the faces has changed."""
        c = self._parameters
        self._drag_hz = crystal_drag_hz(gas.n2, gas.argon, c.viscous_hz, c.viscous_faces)

    def nitride(self, n2_mbar: float, dt: float) -> None:
        """Nitrogen over the lithium on the crystals for `dt` seconds."""
        for crystal, nitride in zip(self.crystals, self._nitrides, strict=True):
            nitrogen = nitride.grow(n2_mbar, dt)
            if nitrogen > 0.0:
                crystal.load(NITROGEN, nitrogen)

    def sample(self, hot: list[Source], before: tuple[float, float], share: float) -> None:
        """Take the sample that lies `share` of the way through a step begun with `before` arrived from each source."""
        heating = 0.0
        taken = self._taken
        for source in hot:
            k = source.index
            if source.opening > 0.0:
                # radiation and condensation follow the boat's temperature, about as its fourth power
                warmth = source.boat.boat_k / source.parameters.reference_k
                heating += source.opening * warmth * warmth * warmth * warmth
            now = before[k] + share * (source.arrived_kg_per_m2 - before[k])
            fresh = now - taken[k]
            if fresh > 0.0:
                taken[k] = now
                self._collect(source, fresh)
        target = heating * self._parameters.thermal_hz
        self._thermal_hz = target + (self._thermal_hz - target) * self._thermal_keep
        shift = self._thermal_hz + self._drag_hz
        first, second = self.crystals
        first.sample(self._period, shift)
        second.sample(self._period, shift)
        self._period += 1
        self.sample_s = (self._period - 0.5) * PERIOD_S

    def _collect(self, source: Source, fresh: float) -> None:
        k = source.index
        lithium = source.material == LITHIUM.name
        for i in (0, 1):
            crystal = self.crystals[i]
            mass = fresh * self._per_tooling[i][k]
            if source.spitted_nm[i] > 0.0:
                mass += source.spitted_nm[i] * 1e-9 * source.parameters.material.density_kg_per_m3
                source.spitted_nm[i] = 0.0
            crystal.load(k, mass)
            nitride = self._nitrides[i]
            if lithium:
                nitride.supply(mass)
            else:
                nitride.limit_nm = nitride.thickness_nm  # covered lithium meets no gas any more


def period_of(now_s: float) -> int:
    """Number of the monitor's measuring period that holds `now_s`."""
    return int(now_s / PERIOD_S + 1e-9)
