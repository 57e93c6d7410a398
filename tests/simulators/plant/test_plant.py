"""The plant as a whole: commands in time, film and crystals, chance, what instruments see."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.plant.crystal import areal_mass_kg_per_m2
from simulators.plant.params import TANTALUM_LITHIUM, TUNGSTEN_ZINC, CrystalParameters, PlantParameters
from simulators.plant.plant import Plant
from simulators.world import ACTUATORS, SIGNALS, World

STILL = PlantParameters(
    source_1=replace(TUNGSTEN_ZINC, flux_noise=0.0),
    source_2=replace(TANTALUM_LITHIUM, flux_noise=0.0),
    crystal=CrystalParameters(noise_hz=0.0, thermal_hz=0.0),
)
HALF_NM_AMPS = {1: 117.1, 2: 53.6}


def hot(source: int = 1, parameters: PlantParameters | None = STILL, seed: int = 1) -> tuple[Plant, float]:
    """A plant whose source has come to about 0.5 nm/s; and the time."""
    plant = Plant(seed, parameters, "pumped")
    plant.drive("source_select", source == 2, 0.0)
    plant.drive("supply_enable", True, 0.0)
    plant.supply_set("supply", 6.0, HALF_NM_AMPS[source], True, 0.5)
    plant.advance(250.0)
    return plant, 250.0


def test_it_is_a_world() -> None:
    world: World = Plant(1)
    assert all(
        isinstance(world.signal(name), bool)
        for name in (*SIGNALS, *(f"{a}_{end}" for a in ACTUATORS for end in ("opened", "closed")))
    )
    assert world.turbo_error() == "000000"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: p.drive("gate_vale", True, 0.0), "did you mean gate_valve"),
        (lambda p: p.signal("door_close"), "did you mean door_closed"),
        (lambda p: p.gauge("ful_range"), "did you mean full_range"),
        (lambda p: p.gauge_switch("x", True, 0.0), "full_range, capacitance, foreline"),
        (lambda p: p.supply_set("psu", 1.0, 1.0, True, 0.0), "supply"),
        (lambda p: p.supply_terminals("psu"), "supply"),
        (lambda p: p.supply_set("supply", float("nan"), 1.0, True, 0.0), "finite"),
        (lambda p: p.crystal_hz(0, 1.0), "sensors 1 and 2"),
        (lambda p: Plant(1, None, "open"), "'vented' or 'pumped'"),
        (lambda p: PlantParameters(step_s=0.5), "step_s"),
    ],
)
def test_wrong_names_are_told(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=words):
        call(Plant(1))


@pytest.mark.parametrize(("source", "material"), [(1, "Zn"), (2, "Li")])
def test_tooling_relates_substrate_and_crystals(source: int, material: str) -> None:
    plant, t = hot(source)
    plant.drive(f"source_{source}_shutter", True, t)
    plant.drive("substrate_shutter", True, t)
    t += 2.0
    start = [plant.crystal_hz(sensor, t) for sensor in (1, 2)]
    before = plant.truth.thickness_nm(material)
    t += 100.0
    end = [plant.crystal_hz(sensor, t) for sensor in (1, 2)]
    film_nm = plant.truth.thickness_nm(material) - before
    metal = (STILL.source_1, STILL.source_2)[source - 1]
    for k in (0, 1):
        areal = areal_mass_kg_per_m2(end[k], metal.material.z) - areal_mass_kg_per_m2(start[k], metal.material.z)
        read_nm = areal / metal.material.density_kg_per_m3 * 1e9 * metal.tooling_percent[k] / 100.0
        assert read_nm == pytest.approx(film_nm, rel=0.001)
    assert film_nm == pytest.approx(50.0, rel=0.05)


def test_crystal_sees_past_the_substrate_shutter_only() -> None:
    plant, t = hot()
    still = plant.crystal_hz(1, t)
    assert plant.crystal_hz(1, t + 20.0) == still  # source shutter closed
    plant.drive("substrate_shutter", True, t + 20.0)
    assert plant.crystal_hz(1, t + 30.0) == still
    assert plant.truth.layers() == []
    plant.drive("substrate_shutter", False, t + 30.0)
    plant.drive("source_1_shutter", True, t + 31.0)
    assert plant.crystal_hz(1, t + 41.0) < still - 200.0
    assert plant.truth.layers() == []
    assert plant.truth.true_rate_nm_per_s("Zn") > 0.4
    assert plant.truth.substrate_rate_nm_per_s("Zn") == 0.0
    plant.drive("substrate_shutter", True, t + 41.0)
    plant.advance(t + 51.0)
    assert plant.truth.substrate_rate_nm_per_s("Zn") == plant.truth.true_rate_nm_per_s("Zn")
    assert [layer["material"] for layer in plant.truth.layers()] == ["Zn"]


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(0.35, 3.0))
def test_shutter_travel_counts_to_the_millisecond(start_s: float, open_s: float) -> None:
    """Opening and closing cut off as much: the film is rate x commanded time, off the grid too."""
    plant, t = WARM
    parameters = plant.parameters
    begin = plant.now_s + 0.4 + start_s
    before = plant.truth.thickness_nm("Zn")
    plant.drive("source_1_shutter", True, begin - 0.4)
    plant.drive("substrate_shutter", True, begin)
    plant.drive("substrate_shutter", False, begin + open_s)
    plant.advance(begin + open_s + parameters.shutter_s + 0.2)
    assert t <= begin
    film_nm = plant.truth.thickness_nm("Zn") - before
    assert film_nm == pytest.approx(plant.truth.true_rate_nm_per_s("Zn") * open_s, rel=2e-3)


WARM = hot()
"""Kept at a steady rate by the test above; examples follow each other in time."""


@pytest.mark.parametrize("step_s", [0.05, 0.01])
def test_film_does_not_depend_on_the_grid(step_s: float) -> None:
    films = []
    for step in (0.1, step_s):
        plant = Plant(1, replace(STILL, step_s=step), "pumped")
        plant.drive("supply_enable", True, 0.0)
        plant.supply_set("supply", 6.0, 122.0, True, 0.03)
        plant.supply_set("supply", 6.0, 117.0, True, 70.07)
        plant.drive("source_1_shutter", True, 80.02)
        plant.drive("substrate_shutter", True, 90.04)
        plant.drive("source_1_shutter", False, 100.41)
        plant.drive("substrate_shutter", False, 100.55)
        plant.advance(102.0)
        films.append((plant.truth.thickness_nm("Zn"), plant.crystal_hz(1, 102.0)))
    assert films[0][0] == pytest.approx(films[1][0], rel=0.002)
    assert films[0][1] == pytest.approx(films[1][1], abs=0.3)
    assert films[0][0] > 2.0


def test_evaporated_mass_is_where_it_went() -> None:
    plant, t = hot(parameters=None)
    start_kg = plant.truth.evaporated_kg("Zn")
    plant.drive("source_1_shutter", True, t)
    plant.drive("substrate_shutter", True, t)
    plant.advance(t + 1.0)
    film_kg = float(plant.truth.layers()[0]["areal_kg_per_m2"])
    start_kg = plant.truth.evaporated_kg("Zn")
    plant.advance(t + 201.0)
    per_kg = 2.0 / (2.0 * 3.14159265 * 0.25**2)
    arrived = float(plant.truth.layers()[0]["areal_kg_per_m2"]) - film_kg
    # nothing but scattering in 2e-7 mbar of gas is lost on the way
    assert arrived == pytest.approx((plant.truth.evaporated_kg("Zn") - start_kg) * per_kg, rel=0.001)
    assert plant.truth.charge_kg("Zn") + plant.truth.evaporated_kg("Zn") == pytest.approx(3.0e-3, rel=1e-9)


def test_same_seed_same_plant_and_asking_changes_nothing() -> None:
    def story(seed: int, curious: bool) -> tuple[list[float], list[float]]:
        plant, t = hot(parameters=None, seed=seed)
        plant.drive("source_1_shutter", True, t + 0.033)
        heard, seen = [], []
        for k in range(1, 301):
            now = t + 0.1 * k
            if curious:
                for g in ("full_range", "capacitance", "foreline"):
                    plant.gauge(g)
                plant.supply_terminals("supply")
                plant.crystal_hz(2, now)
                plant.crystal_hz(1, now - 0.04)
            if k % 5 == 0:
                heard.append(plant.crystal_hz(1, now))
                seen.append(plant.gauge("full_range").pressure_mbar)
        return heard, seen

    assert story(5, False) == story(5, True)
    assert story(5, False) != story(6, False)


def test_crystal_changes_only_with_its_period_and_lags_one() -> None:
    plant, t = hot(parameters=replace(STILL, crystal=CrystalParameters(thermal_hz=0.0)))
    plant.drive("source_1_shutter", True, t)
    values = [plant.crystal_hz(1, t + 5.0 + 0.01 * k) for k in range(100)]
    assert len(set(values)) == 4
    quiet, t = hot()
    quiet.drive("source_1_shutter", True, t)
    quiet.advance(t + 6.0)
    per_s = quiet.crystal_hz(1, t + 6.0) - quiet.crystal_hz(1, t + 5.0)
    # in period k stands what was at its predecessor's middle: 0.125 s ago when it begins
    fell = quiet.crystal_hz(1, t + 7.0) - 5_985_000.0
    assert fell / per_s == pytest.approx(7.0 - 0.125 - 0.15, rel=0.02)


def test_thermal_step_at_opening_and_its_reverse() -> None:
    parameters = replace(STILL, crystal=CrystalParameters(noise_hz=0.0))
    plain, t = hot(2)
    warmed, _ = hot(2, parameters)
    shifts = {}
    for plant in (plain, warmed):
        plant.drive("source_2_shutter", True, t)
        plant.advance(t + 60.0)
    for after in (60.0,):
        shifts[after] = warmed.crystal_hz(1, t + after) - plain.crystal_hz(1, t + after)
    assert shifts[60.0] == pytest.approx(3.0, abs=0.1)
    for plant in (plain, warmed):
        plant.drive("source_2_shutter", False, t + 60.0)
    early, late = (warmed.crystal_hz(1, t + s) - plain.crystal_hz(1, t + s) for s in (68.0, 130.0))
    assert early == pytest.approx(3.0 * 0.368, abs=0.25)
    assert late == pytest.approx(0.0, abs=0.01)


def test_flux_noise_has_its_size_and_memory() -> None:
    plant, t = hot(parameters=replace(STILL, source_1=TUNGSTEN_ZINC))
    calm, _ = hot()
    ratios = []
    for k in range(1, 8001):
        for p in (plant, calm):
            p.advance(t + 0.1 * k)
        ratios.append(plant.truth.true_rate_nm_per_s("Zn") / calm.truth.true_rate_nm_per_s("Zn") - 1.0)
    mean = sum(ratios) / len(ratios)
    sd = (sum((r - mean) ** 2 for r in ratios) / len(ratios)) ** 0.5
    assert sd == pytest.approx(0.02, rel=0.25)
    later = sum((a - mean) * (b - mean) for a, b in zip(ratios, ratios[50:], strict=False)) / len(ratios) / sd**2
    assert later == pytest.approx(0.37, abs=0.2)


def test_supply_lag_constant_voltage_and_selector() -> None:
    plant = Plant(1, STILL, "pumped")
    plant.drive("supply_enable", True, 0.0)
    plant.supply_set("supply", 6.0, 100.0, True, 1.0)
    plant.advance(1.1)
    assert plant.supply_terminals("supply")[1] == pytest.approx(100.0 * (1.0 - 2.718281828 ** (-0.1 / 0.03)), rel=0.01)
    plant.advance(2.0)
    volts, amps, limited = plant.supply_terminals("supply")
    assert (amps, limited) == (100.0, False)
    assert volts == pytest.approx(100.0 * 0.004, rel=0.1)  # cold boat and 3 mohm of leads
    plant.supply_set("supply", 0.2, 100.0, True, 2.0)
    plant.advance(3.0)
    volts, amps, limited = plant.supply_terminals("supply")
    assert limited
    assert volts == pytest.approx(0.2, rel=0.01)
    plant.drive("source_select", True, 3.0)
    assert not plant.signal("source_1_selected")
    assert not plant.signal("source_2_selected")
    assert plant.supply_terminals("supply") == (0.2, 0.0, True)
    plant.advance(3.3)
    assert plant.signal("source_2_selected")
    plant.advance(4.0)
    assert plant.truth.boat_k("Li") > 293.3
    plant.drive("supply_enable", False, 4.0)
    plant.advance(5.0)
    assert plant.supply_terminals("supply") == pytest.approx((0.0, 0.0, False), abs=1e-3)
    assert not plant.signal("supply_enabled")


def test_voltage_limit_settles_where_ohm_says() -> None:
    plant = Plant(1, STILL, "pumped")
    plant.drive("supply_enable", True, 0.0)
    plant.supply_set("supply", 0.5788, 200.0, True, 0.0)
    plant.advance(400.0)
    assert plant.supply_terminals("supply")[1] == pytest.approx(117.1, rel=0.005)
    assert plant.truth.true_rate_nm_per_s("Zn") == pytest.approx(0.5, rel=0.05)


def test_end_switches_follow_the_travel() -> None:
    plant = Plant(1, STILL, "pumped")
    plant.drive("gate_valve", False, 1.04)
    assert not plant.signal("gate_valve_opened")
    assert not plant.signal("gate_valve_closed")
    plant.advance(3.0)
    assert not plant.signal("gate_valve_closed")
    assert 0.0 < plant.truth.position("gate_valve") < 0.1
    plant.advance(3.1)
    assert plant.signal("gate_valve_closed")
    plant.drive("substrate_shutter", True, 4.0)
    plant.advance(4.2)
    assert not plant.signal("substrate_shutter_opened")
    plant.advance(4.3)
    assert plant.signal("substrate_shutter_opened")


def test_whole_vacuum_cycle_by_commands() -> None:
    plant = Plant(1)
    assert plant.truth.pressures_mbar()["Ar"] == pytest.approx(1000.0)
    plant.drive("roughing_pump", True, 0.0)
    assert not plant.signal("roughing_pump_running")
    plant.drive("rough_valve", True, 2.0)
    plant.advance(175.0)
    assert plant.signal("roughing_pump_running")
    assert plant.truth.pressure_mbar < 0.1
    plant.drive("rough_valve", False, 175.0)
    plant.drive("fore_valve", True, 176.0)
    plant.turbo_drive(True, 180.0)
    plant.advance(380.0)
    assert plant.turbo_speed_hz() > 900.0
    plant.drive("gate_valve", True, 380.0)
    plant.advance(440.0)
    assert plant.gauge("full_range").pressure_mbar < 5e-6
    plant.gauge_switch("full_range", False, 440.0)
    assert plant.gauge("full_range").status == 4
    plant.drive("gate_valve", False, 440.0)
    plant.drive("n2_valve", True, 443.0)
    plant.advance(487.0)
    plant.drive("n2_valve", False, 487.0)
    plant.advance(560.0)
    assert plant.gauge("capacitance").pressure_mbar == pytest.approx(480.0, abs=15.0)
    assert plant.truth.exposure_mbar_s == pytest.approx(44 * 250.0 + 73 * 482.0, rel=0.03)
    # two faces, sqrt law: -6 Hz x sqrt(480/500)
    assert plant.crystal_hz(1, 560.0) - 5_985_000.0 == pytest.approx(-5.9, abs=0.2)
    assert plant.turbo_error() == "000000"


def test_gate_opened_into_gas_trips_the_turbo() -> None:
    plant = Plant(1, STILL, "pumped")
    plant.drive("gate_valve", False, 0.0)
    plant.drive("n2_valve", True, 3.0)
    plant.drive("n2_valve", False, 8.0)
    plant.drive("gate_valve", True, 10.0)
    plant.advance(20.0)
    assert plant.turbo_error() == "Err006"
    speed = plant.turbo_speed_hz()
    plant.advance(30.0)
    assert plant.turbo_speed_hz() < speed


def test_lithium_on_the_crystal_takes_up_nitrogen() -> None:
    plant, t = hot(2)
    plant.drive("source_2_shutter", True, t)
    t += 200.0
    plant.supply_set("supply", 6.0, 0.0, False, t)
    plant.drive("source_2_shutter", False, t)
    t += 200.0
    before = plant.crystal_hz(1, t)
    areal = areal_mass_kg_per_m2(before, 5.9) - areal_mass_kg_per_m2(5_985_000.0, 5.9)
    plant.drive("gate_valve", False, t)
    plant.drive("n2_valve", True, t + 3.0)
    plant.drive("n2_valve", False, t + 47.0)
    plant.advance(t + 300.0)
    plant.drive("fore_valve", False, t + 300.0)
    plant.drive("rough_valve", True, t + 301.0)
    shift = plant.crystal_hz(1, t + 500.0) - before
    assert shift == pytest.approx(-293.0 * areal / 53.4e-6, rel=0.02)


def test_a_fresh_charge_outgasses_and_a_used_one_does_not() -> None:
    peaks = []
    plant = Plant(1, STILL, "pumped")
    base = plant.truth.pressure_mbar
    t = 0.0
    for _ in range(2):
        plant.drive("supply_enable", True, t)
        plant.supply_set("supply", 6.0, 117.0, True, t)
        peak = 0.0
        for k in range(1, 1500):
            plant.advance(t + 0.1 * k)
            peak = max(peak, plant.truth.pressure_mbar)
        peaks.append(peak)
        t += 150.0
        plant.supply_set("supply", 6.0, 0.0, False, t)
        t += 200.0
        plant.advance(t)
    assert 5e-6 < peaks[0] < 2e-4
    assert peaks[1] < 1.5 * base


def test_gas_stops_vapour_and_cools_boats() -> None:
    plant, t = hot()
    rate = plant.truth.true_rate_nm_per_s("Zn")
    plant.drive("gate_valve", False, t)
    plant.drive("n2_valve", True, t + 2.5)
    plant.drive("n2_valve", False, t + 3.5)
    plant.advance(t + 5.0)
    assert plant.truth.true_rate_nm_per_s("Zn") < 1e-6 * rate
    warm = plant.truth.boat_k("Zn")
    plant.advance(t + 60.0)
    assert plant.truth.boat_k("Zn") < warm - 10.0


def test_time_already_passed_does_nothing() -> None:
    plant, t = hot()
    state = (plant.index, plant.truth.boat_k("Zn"), plant.truth.pressure_mbar)
    plant.advance(t - 20.0)
    plant.advance(t)
    assert (plant.index, plant.truth.boat_k("Zn"), plant.truth.pressure_mbar) == state
    assert plant.index == 2500
