"""What only the plant knows: for tests and for the `true_*` figures of a simulated run, never for the controller."""

from simulators.plant.chamber import Chamber
from simulators.plant.source import Source


class Truth:
    """A view of a plant as of its last grid point; it changes nothing."""

    __slots__ = ("_plant",)

    def __init__(self, plant: Chamber) -> None:
        self._plant = plant

    def _source(self, material: str) -> Source:
        for source in self._plant.sources:
            if source.material == material:
                return source
        known = ", ".join(source.material for source in self._plant.sources)
        raise ValueError(f"truth: no source holds {material!r}; there are: {known}")

    # --- film -----------------------------------------------------------------------------------------------------
    def layers(self) -> list[dict[str, str | float]]:
        """Metal on the substrate by order of deposition: material, areal_kg_per_m2, thickness_nm (bulk density).

        A new layer begins when the material changes, or when more lithium comes upon nitrided lithium.
        """
        return [
            {
                "material": layer.material,
                "areal_kg_per_m2": layer.areal_kg_per_m2,
                "thickness_nm": layer.thickness_nm,
            }
            for layer in self._plant.film.layers
        ]

    def thickness_nm(self, material: str) -> float:
        """All of one material on the substrate, nm of bulk metal."""
        return sum(layer.thickness_nm for layer in self._plant.film.layers if layer.material == material)

    def predicted_films(self) -> list[dict[str, str | float]]:
        """Films that should be found after nitridation and alloying: name, thickness_nm, basis."""
        return self._plant.film.predicted()

    @property
    def exposure_mbar_s(self) -> float:
        """Integral of the N2 pressure over the substrate since the start."""
        return self._plant.film.exposure_mbar_s

    def true_rate_nm_per_s(self, material: str) -> float:
        """What would arrive on the substrate if both shutters were open; mean of the last grid step."""
        source = self._source(material)
        return source.flux_kg_per_m2_s / source.parameters.material.density_kg_per_m3 * 1e9

    def substrate_rate_nm_per_s(self, material: str) -> float:
        """What really arrives there; mean of the last grid step."""
        source = self._source(material)
        return source.substrate_kg_per_m2_s / source.parameters.material.density_kg_per_m3 * 1e9

    # --- sources --------------------------------------------------------------------------------------------------
    def boat_k(self, material: str) -> float:
        """Temperature of the boat's centre."""
        return self._source(material).boat.boat_k

    def charge_k(self, material: str) -> float:
        """Temperature of the charge."""
        return self._source(material).boat.charge_k

    def charge_kg(self, material: str) -> float:
        """What is left of the charge."""
        return self._source(material).boat.mass_kg

    def evaporated_kg(self, material: str) -> float:
        """What has ever left the charge, shutters open or not."""
        return self._source(material).boat.evaporated_kg

    @property
    def supply_amps(self) -> float:
        """Current that really flows."""
        return self._plant.supply.amps

    @property
    def selected(self) -> int:
        """Boat on the supply, 1 or 2; 0 while the selector travels."""
        return self._plant.supply.selected

    # --- gas ------------------------------------------------------------------------------------------------------
    def pressures_mbar(self) -> dict[str, float]:
        """Partial pressures in the chamber, at the gas' temperature."""
        gas = self._plant.gas
        amount = gas.n2 + gas.argon + gas.water + gas.hydrogen
        warmth = gas.total / amount if amount else 1.0
        return {
            "N2": gas.n2 * warmth,
            "Ar": gas.argon * warmth,
            "H2O": gas.water * warmth,
            "H2": gas.hydrogen * warmth,
        }

    @property
    def pressure_mbar(self) -> float:
        """Total in the chamber."""
        return self._plant.gas.total

    @property
    def foreline_mbar(self) -> float:
        """Total in the foreline."""
        return self._plant.gas.foreline

    @property
    def turbo_speed(self) -> float:
        """Share of the nominal speed, 0..1."""
        return self._plant.gas.turbo.speed

    # --- things that travel, and inputs -----------------------------------------------------------------------------
    def position(self, actuator: str) -> float:
        """True position of one of `simulators.world.ACTUATORS`, 0 closed to 1 open."""
        return self._plant.actuators[actuator].position

    @property
    def door_closed(self) -> bool:
        """As the door switch has it."""
        return self._plant.signals["door_closed"]

    @property
    def water_ok(self) -> bool:
        """Cooling water flows."""
        return self._plant.signals["water_ok"]
