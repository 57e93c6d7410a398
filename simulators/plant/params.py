"""Every number of the simulated plant, with its unit and its origin.

"Default" marks a figure chosen within a usual range, "guess" one without a source. Nothing here is measured on a real
chamber: doi:10.1039/d4ta06366j names the tool (MBraun ProVap, W and Ta boats, 6 MHz crystals) but no such number.
"""

from dataclasses import dataclass, field

from simulators.plant.materials import LITHIUM, ZINC, Material


@dataclass(frozen=True, slots=True)
class Desorption:
    """A pool of gas in a fresh charge, let go by first-order desorption, nu exp(-E/RT) with nu = 1e13 /s."""

    gas: str
    """`H2O` or `H2`."""
    amount_mbar_l: float
    """What the pool holds after loading, at 20 C. Default, so that the gauge shows 1e-5..1e-4 mbar for 10-40 s."""
    energy_j_per_mol: float
    """Chosen (Redhead's rule at 5 K/s) to put water at 150-250 C and hydride hydrogen above 400 C."""


@dataclass(frozen=True, slots=True)
class SourceParameters:
    """One boat, its charge and its way to substrate and crystals.

    Boat and charge are two lumps; strip dimensions and the usual handbook k, cp and resistivities give the defaults.
    """

    material: Material
    strip_length_m: float
    strip_area_m2: float
    """Cross-section, width times thickness."""
    resistivity_ohm_m: tuple[float, float, float]
    """At 300, 700 and 1000 K, handbook; a parabola runs through them, entered with the strip's mean temperature."""
    heat_capacity_j_per_k: float
    """Of the hot part of the strip (two thirds of its mass)."""
    clamp_w_per_k: float
    """Conduction to both clamps, 8 k A/L of a uniformly heated strip."""
    contact_w_per_k: float
    """Boat to charge."""
    charge_kg: float
    """Fresh charge."""
    tooling_percent: tuple[float, float]
    """True tooling of sensor 1 and 2: 100 x rate on the substrate / rate on the crystal. Defaults (50-200 is usual)."""
    reference_k: float
    """Boat temperature at 0.5 nm/s: there the crystal's thermal step has its nominal size."""
    desorption: tuple[Desorption, ...]
    emissivity: float = 0.15
    """Clean W or Ta; handbook."""
    radiating_m2: float = 16e-4
    """Boat's radiating area."""
    charge_emissivity: float = 0.1
    """Bright metal; guess, worth 0.2 W at most."""
    evaporating_m2: float = 2e-4
    """Emitting area of the charge."""
    throw_m: float = 0.25
    """Boat to substrate."""
    cosine_power: float = 1.0
    """n of cos^n: 1 is a flat boat."""
    lead_ohm: float = 3e-3
    """Contacts, cables and feedthrough."""
    full_area_down_to: float = 0.3
    """Share of the charge above which the emitting area is constant; below it shrinks as (m/m_30%)^(2/3)."""
    flux_noise: float = 0.02
    """Relative standard deviation of the slow flux noise; 1-5 % is usual."""
    flux_noise_tau_s: float = 5.0
    """Its correlation time; 3-10 s is usual."""
    spits_per_s: float = 0.0
    """Droplets that hit the crystals. Off by default; 0.003-0.02 /s is usual after a fresh load."""


TUNGSTEN_ZINC = SourceParameters(
    material=ZINC,
    strip_length_m=80e-3,
    strip_area_m2=15e-3 * 0.30e-3,
    resistivity_ohm_m=(5.4e-8, 15.7e-8, 24.4e-8),
    heat_capacity_j_per_k=0.64,
    clamp_w_per_k=0.067,
    # 0.15 W/K per gram of loose pellets: three times the pellets touch the boat in three times the places, so the
    # charge keeps its own time constant of 2.9 s.
    contact_w_per_k=0.45,
    # Four dual layers (4 x 0.48 g with soaks) leave more than the 30 % where the emitting area begins to shrink.
    charge_kg=3.0e-3,
    tooling_percent=(92.0, 95.0),
    reference_k=636.0,
    desorption=(Desorption("H2O", 0.10, 112e3), Desorption("H2O", 0.06, 124e3)),
)
"""W boat 80 x 15 x 0.30 mm with zinc pellets."""

TANTALUM_LITHIUM = SourceParameters(
    material=LITHIUM,
    strip_length_m=80e-3,
    strip_area_m2=15e-3 * 0.25e-3,
    resistivity_ohm_m=(13.5e-8, 31.8e-8, 44.1e-8),
    heat_capacity_j_per_k=0.49,
    clamp_w_per_k=0.022,
    contact_w_per_k=1.0,
    charge_kg=0.15e-3,  # four films of 10.5 mg with their soaks need about 70 mg
    tooling_percent=(104.0, 107.0),
    reference_k=784.0,
    desorption=(Desorption("H2O", 0.08, 115e3), Desorption("H2", 0.10, 175e3), Desorption("H2", 0.05, 188e3)),
)
"""Ta boat 80 x 15 x 0.25 mm with lithium, wetted."""


@dataclass(frozen=True, slots=True)
class VacuumParameters:
    """Chamber, pumps, valves, gas inlets."""

    volume_l: float = 70.0
    """Chamber; default of a 50-100 L class."""
    foreline_l: float = 2.0
    """Between turbo outlet and fore valve; guess."""
    wall_mbar_l_per_s: float = 1e-4
    """Outgassing of all surfaces one hour after pumping began: 2 m2 at 5e-9 mbar L/(s cm2), opened only to dry argon.
    It falls as 1/t (Pfeiffer Vacuum Technology Book, 1.3.3). Clean steel: 1e-3; vented to humid air: 5.4e-3."""
    wall_age_s: float = 36.0
    """Where t begins after venting: the time that rough pumping takes down to 100 mbar."""
    wall_reset_s: float = 120.0
    """Gas above 100 mbar makes the walls young again with this time constant; guess."""
    wall_hydrogen: float = 0.15
    """Share of H2 in it, the rest is H2O; guess."""
    leak_mbar_l_per_s: float = 2e-6
    """Air, taken as 99 % N2 and 1 % H2O."""
    rough_l_per_s: float = 4.2
    """Roughing pump, 15 m3/h."""
    rough_ultimate_mbar: float = 0.02
    line_molecular_l_per_s: float = 7.7
    """Rough and fore line, DN 40 x 1 m: 12.1 d3/l (cm), Pfeiffer Vacuum Technology Book 1.2.8."""
    line_viscous_l_per_s_mbar: float = 346.0
    """The same line, laminar: 135 d4/l per mbar of mean pressure."""
    pump_start_s: float = 1.0
    """Roughing pump on to `running`; guess."""
    turbo_l_per_s: float = 260.0
    """For N2 at full speed (300 L/s class); Ar x 0.97, H2 x 0.8."""
    turbo_soft_mbar: float = 2e-3
    """Its speed falls as 1/(1 + p/this)."""
    turbo_run_up_s: float = 210.0
    """0 to 100 %, linear (2-4 min class)."""
    turbo_coast_s: float = 600.0
    """Time constant of coasting down in vacuum."""
    turbo_coast_gas_s: float = 300.0
    """The same with gas in it."""
    turbo_inlet_trip_mbar: float = 1.0
    """More than this at the inlet at speed is a trip."""
    turbo_foreline_trip_mbar: float = 7.0
    """Foreline stall; 5-10 mbar is usual."""
    turbo_trip_after_s: float = 2.0
    """How long the drive bears it; guess."""
    turbo_run_up_limit_s: float = 480.0
    """Run-up time error, 8 min as the drives of the class are delivered (parameter 700)."""
    turbo_compression_ln: float = 20.0
    """ln of the compression at full speed for N2 and Ar; guess for an 1e8..1e9 class."""
    turbo_still_l_per_s: float = 30.0
    """Conductance of the rotor at rest; guess."""
    inlet_mm: float = 2.0
    """Orifice of both gas inlets: with 1.5 bar 42 slm, 46 s to 500 mbar."""
    inlet_discharge: float = 0.8
    """Cd of a sharp edge, choked: with it 2 mm at 1.5 bar give 760 mbar L/s."""
    inlet_mbar: float = 1500.0
    """Upstream, absolute."""
    relief_mbar: float = 1030.0
    """Above this the relief valve of the chamber blows off into the glovebox; guess."""
    gas_heat_s: float = 6.0
    """Time constant of the gas' heat exchange with the walls at 500 mbar, proportional to its density. Chosen so that
    a fill to 500 mbar ends some 14 K warm and the pressure sags 4-5 % afterwards (2-6 % is what operators see)."""


@dataclass(frozen=True, slots=True)
class CrystalParameters:
    """The two 6 MHz sensors. Both always face the sources (no sensor shutter)."""

    start_hz: tuple[float, float] = (5_985_000.0, 5_988_000.0)
    """New crystals lie a little below 6 MHz (INFICON SQM-242 manual p. 9-3 shows 5.981 MHz); the values are guesses."""
    noise_hz: float = 0.03
    """White, rms per 0.25 s sample. 0.1 is a bad cable."""
    thermal_hz: float = 3.0
    """Shift while a source at 0.5 nm/s heats the face. Default in a range of 0-10 Hz."""
    thermal_tau_s: float = 8.0
    viscous_hz: float = -3.0
    """Per face in N2 at 500 mbar, from Kanazawa's law (f^1.5 sqrt(rho eta / (pi rho_q mu_q)))."""
    viscous_faces: int = 2
    """Gas reaches front and back; guess for an open sensor head."""


@dataclass(frozen=True, slots=True)
class FilmParameters:
    """Nitridation and alloying: a calibration to doi:10.1039/d4ta06366j, not physics.

    No rate constant of fresh lithium films of some nm was found in print; these numbers reproduce the paper's 110, 800
    and 700 nm and say nothing about any other film.
    """

    nitride_nm_per_s: float = 5.0
    """k of dx/dt = k (p/500 mbar)^m / (1 + x/xd), calibrated with this plant's fill (44 s), 180 s from when 500 mbar is
    reached, and rough-out: 702 nm on LiZn. 4.8 does it for a fill of 60 s, 6.3 if the 3 min begin with the fill."""
    nitride_half_nm: float = 500.0
    """xd, where transport through the nitride begins to count."""
    pressure_power: float = 0.5
    """m; a guess."""
    least_mbar: float = 0.02
    """No nitride at or below 10 mTorr N2 (J. Am. Chem. Soc. 2025, PMC12593374)."""
    activation_j_per_mol: float = 40e3
    """Placeholder."""
    substrate_k: float = 298.15
    nitride_porosity: float = 0.36
    alloy_porosity: float = 0.26
    oxide_per_mbar_s: float = 1e4 / 60.0
    """A waiting lithium surface loses this share of its reactivity per mbar s of H2O: 0.01 a minute at 1e-6 mbar."""
    foil_m: float = 130e-6
    """Lithium foil substrate, as in the paper."""


@dataclass(frozen=True, slots=True)
class PlantParameters:
    """The whole plant. `dataclasses.replace` makes variants."""

    step_s: float = 0.1
    """Grid of the integration; 0.001 to 0.2."""
    source_1: SourceParameters = TUNGSTEN_ZINC
    source_2: SourceParameters = TANTALUM_LITHIUM
    vacuum: VacuumParameters = field(default_factory=VacuumParameters)
    crystal: CrystalParameters = field(default_factory=CrystalParameters)
    film: FilmParameters = field(default_factory=FilmParameters)
    shutter_s: float = 0.3
    """Travel of each shutter, end to end; default."""
    gate_s: float = 2.0
    """Gate valve; 1-3 s is usual."""
    valve_s: float = 0.1
    """Other valves."""
    select_s: float = 0.2
    """The source selector has no boat connected for this long."""
    supply_lag_s: float = 0.03
    """Programme to output of the supply; 20-50 ms is usual."""
    vented_mbar: float = 1000.0
    """Argon at the start, glovebox side."""
    pumped_age_s: float = 7200.0
    """How long the chamber has been pumped when started as `pumped`; gives some 3e-7 mbar."""

    def __post_init__(self) -> None:
        if not 0.0 < self.step_s <= 0.2:
            raise ValueError(f"plant parameters: step_s must be above 0 and at most 0.2 s, found {self.step_s!r}")
