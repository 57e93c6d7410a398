"""What is really on the substrate: metal by layer, and what nitrogen and neighbours make of it.

The metal is exact bookkeeping: areal mass that arrived while both shutters were really open. The compounds are a
calibration to doi:10.1039/d4ta06366j and say so in each `basis`:

    dx/dt = k (p_N2/500 mbar)^m / (1 + x/xd) * f_T * (1 - theta)        x = observed (porous) nitride thickness

for p above `least_mbar`, until the lithium is used up. On bare lithium the foil does not take part (a native layer
blocks it) and only the evaporated lithium reacts; through an alloy the foil feeds lithium without end. Zinc takes
lithium from the foil at once (the paper's alloy is there well within the deposition). Only the topmost layer meets gas.
Not modelled: reaction of the alloy itself with N2, the slow tail of alloying, oxides and hydroxides as films.
"""

from math import exp, sqrt

from simulators.plant.materials import GAS_CONSTANT, LITHIUM, MATERIALS, ZINC
from simulators.plant.params import FilmParameters

NITRIDE_M3_PER_MOL = 27.42e-6
"""Li3N, 1.27 g/cm3."""
ALLOY_M3_PER_MOL = 18.12e-6
"""LiZn, NaTl type, a = 6.221 Å (handbook)."""
NITROGEN_KG_PER_MOL = 14.007e-3
"""Of N atoms: 3 Li + N -> Li3N."""
CALIBRATED_K = 298.0
BASIS = "calibrated to doi:10.1039/d4ta06366j"


class Nitride:
    """Growth of Li3N on one lithium surface; thicknesses in nm as observed, pores included."""

    __slots__ = ("_growth", "_nm_per_mol", "_parameters", "limit_nm", "oxide", "thickness_nm")

    def __init__(self, parameters: FilmParameters) -> None:
        self._parameters = parameters
        self._nm_per_mol = 1e9 * NITRIDE_M3_PER_MOL / (1.0 - parameters.nitride_porosity)
        f_t = exp(-parameters.activation_j_per_mol / GAS_CONSTANT * (1.0 / parameters.substrate_k - 1.0 / CALIBRATED_K))
        self._growth = parameters.nitride_nm_per_s * f_t
        self.thickness_nm = 0.0
        self.limit_nm = 0.0
        """Thickness at which the lithium is used up."""
        self.oxide = 0.0
        """theta, share of the surface that no longer reacts."""

    def supply(self, lithium_kg_per_m2: float) -> None:
        """Fresh lithium on top: it can become this much more nitride, and its surface is clean."""
        self.limit_nm += lithium_kg_per_m2 / LITHIUM.molar_mass_kg / 3.0 * self._nm_per_mol
        self.oxide = 0.0

    def wait(self, water_mbar: float, dt: float) -> None:
        """Residual water takes the surface while it waits in vacuum."""
        self.oxide += (1.0 - self.oxide) * (1.0 - exp(-self._parameters.oxide_per_mbar_s * water_mbar * dt))

    def grow(self, n2_mbar: float, dt: float) -> float:
        """Expose to nitrogen; returns the nitrogen taken up, kg/m2. The law is integrated exactly over `dt`."""
        p = self._parameters
        before = self.thickness_nm
        if n2_mbar <= p.least_mbar or before >= self.limit_nm:
            return 0.0
        half = p.nitride_half_nm
        path = self._growth * (n2_mbar / 500.0) ** p.pressure_power * (1.0 - self.oxide) * dt
        linear = before + before * before / (2.0 * half) + path
        self.thickness_nm = min(half * (sqrt(1.0 + 2.0 * linear / half) - 1.0), self.limit_nm)
        return (self.thickness_nm - before) / self._nm_per_mol * NITROGEN_KG_PER_MOL


class Layer:
    """Metal of one material that arrived without another in between."""

    __slots__ = ("areal_kg_per_m2", "fed", "material", "nitride")

    def __init__(self, material: str, nitride: Nitride | None, fed: bool) -> None:
        self.material = material
        self.areal_kg_per_m2 = 0.0
        self.nitride = nitride
        self.fed = fed
        """Lithium from the foil comes up through an alloy below."""

    @property
    def thickness_nm(self) -> float:
        """Areal mass over the plant's bulk density."""
        return self.areal_kg_per_m2 / MATERIALS[self.material].density_kg_per_m3 * 1e9


class Film:
    """The stack on the lithium foil, in order of deposition."""

    __slots__ = ("_parameters", "exposure_mbar_s", "layers")

    def __init__(self, parameters: FilmParameters) -> None:
        self._parameters = parameters
        self.layers: list[Layer] = []
        self.exposure_mbar_s = 0.0
        """Integral of the N2 pressure over the substrate's time in the chamber."""

    def arrive(self, material: str, areal_kg_per_m2: float) -> None:
        """Metal has condensed."""
        layers = self.layers
        if not layers or layers[-1].material != material:
            layer = self._begin(material)
        else:
            layer = layers[-1]
            if layer.nitride is not None and layer.nitride.thickness_nm > 0.0:
                layer = self._begin(material)
        layer.areal_kg_per_m2 += areal_kg_per_m2
        if layer.nitride is not None:
            layer.nitride.supply(areal_kg_per_m2)

    def _begin(self, material: str) -> Layer:
        nitride = Nitride(self._parameters) if material == LITHIUM.name else None
        fed = nitride is not None and bool(self.layers) and self.layers[-1].material == ZINC.name
        layer = Layer(material, nitride, fed)
        if nitride is not None and fed:
            nitride.supply(self._parameters.foil_m * LITHIUM.density_kg_per_m3)
        self.layers.append(layer)
        return layer

    def expose(self, n2_before_mbar: float, n2_mbar: float, water_mbar: float, dt: float) -> None:
        """Gas over the substrate for `dt` seconds, N2 rising or falling linearly."""
        mean = 0.5 * (n2_before_mbar + n2_mbar)
        self.exposure_mbar_s += mean * dt
        if self.layers:
            nitride = self.layers[-1].nitride
            if nitride is not None:
                # in nitrogen the two gases compete; the calibration of k holds for the outcome
                if mean > self._parameters.least_mbar:
                    nitride.grow(mean, dt)
                else:
                    nitride.wait(water_mbar, dt)

    def predicted(self) -> list[dict[str, str | float]]:
        """Films that should now be found: name, thickness_nm (pores included), basis."""
        films: list[dict[str, str | float]] = []
        for layer in self.layers:
            if layer.material == ZINC.name:
                mol = layer.areal_kg_per_m2 / ZINC.molar_mass_kg
                nm = mol * ALLOY_M3_PER_MOL / (1.0 - self._parameters.alloy_porosity) * 1e9
                how = f"{BASIS}: all zinc alloyed with the foil, {self._parameters.alloy_porosity:.0%} pores"
                films.append({"name": "LiZn", "thickness_nm": nm, "basis": how})
            elif layer.nitride is not None:
                films.extend(self._nitrided(layer, layer.nitride))
        return films

    def _nitrided(self, layer: Layer, nitride: Nitride) -> list[dict[str, str | float]]:
        below = "LiZn" if layer.fed else "Li"
        films: list[dict[str, str | float]] = []
        left = layer.thickness_nm
        if nitride.thickness_nm > 0.0:
            feed = "foil feeds lithium through the alloy" if layer.fed else "foil takes no part"
            how = f"{BASIS}: growth law with {self._parameters.nitride_porosity:.0%} pores, {feed}"
            films.append({"name": f"Li3N on {below}", "thickness_nm": nitride.thickness_nm, "basis": how})
            left = 0.0 if layer.fed else left * (1.0 - nitride.thickness_nm / nitride.limit_nm)
        if left > 0.0:
            films.append({"name": "Li", "thickness_nm": left, "basis": "areal mass over bulk density, not nitrided"})
        return films
