"""Each fault of the menu has its effect, and goes when it is cleared; wrong words are told."""

import pytest

from simulators.plant.plant import FAULTS, Plant
from tests.simulators.plant.test_plant import STILL, hot

CASES: dict[str, dict[str, float | str]] = {
    "boat_open": {"source": 1},
    "source_depleted": {"source": "1"},
    "source_crusted": {"source": 1},
    "shutter_stuck_open": {"shutter": "substrate_shutter"},
    "shutter_stuck_closed": {"shutter": "substrate_shutter"},
    "valve_stuck": {"valve": "gate_valve"},
    "gauge_dead": {"gauge": "full_range"},
    "gauge_frozen": {"gauge": "full_range"},
    "gauge_wrong_range": {"gauge": "full_range"},
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_come_and_go(name: str) -> None:
    plant, t = hot()
    plant.inject(name, CASES.get(name, {}), t + 0.03)
    plant.advance(t + 3.0)
    plant.clear(name, t + 3.07)
    plant.advance(t + 6.0)
    assert all(plant.signals[signal] for signal in ("door_closed", "water_ok", "air_ok", "estop_ok", "n2_supply_ok"))
    assert FAULTS[name]


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("crystal_ded", {}, "did you mean crystal_dead"),
        ("crystal_jump", {"herz": 3.0}, "did you mean hz"),
        ("crystal_jump", {"hz": "many"}, "finite number"),
        ("crystal_jump", {"hz": float("nan")}, "finite number"),
        ("crystal_dead", {"sensor": 3.0}, "there are: 1, 2"),
        ("boat_open", {}, "source is missing"),
        ("shutter_stuck_open", {"shutter": "substrate"}, "did you mean substrate_shutter"),
        ("valve_stuck", {"valve": "zzz"}, "there are: rough_valve"),
        ("water_lost", {"x": 1.0}, "there are: none"),
    ],
)
def test_wrong_words(name: str, args: dict[str, float | str], words: str) -> None:
    plant = Plant(1)
    with pytest.raises(ValueError, match=words):
        plant.inject(name, args, 0.0)
    with pytest.raises(ValueError, match="did you mean leak"):
        plant.clear("leek", 0.0)


def test_crystal_faults() -> None:
    plant, t = hot()
    well = plant.crystal_hz(1, t)
    spare = plant.crystal_hz(2, t)
    plant.inject("crystal_dead", {}, t)
    assert plant.crystal_hz(1, t + 1.0) == 0.0
    assert plant.crystal_hz(2, t + 1.0) == spare
    plant.clear("crystal_dead", t + 1.0)
    assert plant.crystal_hz(1, t + 2.0) == well
    plant.inject("crystal_jump", {"hz": -500.0}, t + 2.0)
    assert plant.crystal_hz(1, t + 3.0) == pytest.approx(well - 500.0)
    plant.inject("crystal_mode_hop", {"sensor": 1}, t + 3.0)
    assert plant.crystal_hz(1, t + 4.0) == pytest.approx(well + 171_500.0)
    plant.clear("crystal_mode_hop", t + 4.0)
    assert plant.crystal_hz(1, t + 5.0) == pytest.approx(well - 500.0)
    plant.inject("crystal_frozen", {"sensor": "2"}, t + 5.0)
    plant.drive("source_1_shutter", True, t + 5.0)
    assert plant.crystal_hz(2, t + 15.0) == spare
    assert plant.crystal_hz(1, t + 15.0) < well - 700.0
    plant.clear("crystal_frozen", t + 15.0)
    assert plant.crystal_hz(2, t + 16.0) < spare - 200.0


def test_noisy_crystal_disturbs_nobody_else() -> None:
    noisy, t = hot(parameters=None)
    calm, _ = hot(parameters=None)
    noisy.inject("crystal_noisy", {"sensor": 1}, t)
    first = [(noisy.crystal_hz(1, t + k), calm.crystal_hz(1, t + k)) for k in range(1, 60)]
    second = [(noisy.crystal_hz(2, t + k), calm.crystal_hz(2, t + k)) for k in range(1, 60)]
    spread = [abs(a - b) for a, b in first]
    assert 0.3 < max(spread) < 5.0
    assert all(a == b for a, b in second)


def test_boat_breaks() -> None:
    plant, t = hot()
    plant.inject("boat_open", {"source": 1}, t)
    plant.advance(t + 0.1)
    assert plant.supply_terminals("supply") == (6.0, 0.0, True)
    rate = plant.truth.true_rate_nm_per_s("Zn")
    plant.advance(t + 30.0)
    assert plant.truth.true_rate_nm_per_s("Zn") < 0.05 * rate


def test_supply_trips_until_programmed_off() -> None:
    plant, t = hot()
    plant.inject("supply_trip", {}, t)
    plant.supply_set("supply", 6.0, 100.0, True, t + 1.0)
    plant.advance(t + 2.0)
    assert plant.supply_terminals("supply") == (0.0, 0.0, False)
    plant.supply_set("supply", 6.0, 100.0, False, t + 2.0)
    plant.supply_set("supply", 6.0, 100.0, True, t + 3.0)
    plant.advance(t + 4.0)
    assert plant.supply_terminals("supply")[1] == 100.0


def test_source_faults() -> None:
    plant, t = hot()
    rate = plant.truth.true_rate_nm_per_s("Zn")
    plant.inject("source_crusted", {"source": 1, "factor": 0.25}, t)
    plant.advance(t + 0.5)
    assert plant.truth.true_rate_nm_per_s("Zn") == pytest.approx(0.25 * rate, rel=0.05)
    plant.clear("source_crusted", t + 0.5)
    plant.inject("source_depleted", {"source": 1}, t + 1.0)
    plant.advance(t + 2.0)
    assert plant.truth.true_rate_nm_per_s("Zn") == 0.0
    assert plant.truth.charge_kg("Zn") == 0.0


def test_spit_burst_hits_crystals_not_the_film() -> None:
    plant, t = hot()
    calm, _ = hot()
    for p in (plant, calm):
        p.drive("source_1_shutter", True, t)
        p.drive("substrate_shutter", True, t)
    plant.inject("spit_burst", {"rate_per_s": 2.0, "duration_s": 10.0}, t + 1.0)
    plant.advance(t + 30.0)
    calm.advance(t + 30.0)
    extra_hz = plant.crystal_hz(1, t + 30.0) - calm.crystal_hz(1, t + 30.0)
    other_hz = plant.crystal_hz(2, t + 30.0) - calm.crystal_hz(2, t + 30.0)
    # about 20 droplets of 0.55 nm at 58 Hz per nm
    assert -1300.0 < extra_hz < -200.0
    assert extra_hz != other_hz
    assert plant.truth.thickness_nm("Zn") == pytest.approx(calm.truth.thickness_nm("Zn"), rel=1e-8)
    late = plant.crystal_hz(1, t + 60.0) - calm.crystal_hz(1, t + 60.0)
    assert late == pytest.approx(extra_hz, abs=1.0)  # the burst has ended


def test_shutters_stick_either_way() -> None:
    plant = Plant(1, STILL, "pumped")
    plant.inject("shutter_stuck_closed", {"shutter": "source_1_shutter"}, 0.0)
    plant.drive("source_1_shutter", True, 1.0)
    plant.advance(3.0)
    assert plant.signal("source_1_shutter_closed")
    plant.clear("shutter_stuck_closed", 3.0)
    plant.advance(4.0)
    assert plant.signal("source_1_shutter_opened")
    plant.inject("shutter_stuck_open", {"shutter": "source_1_shutter"}, 4.0)
    plant.drive("source_1_shutter", False, 5.0)
    plant.advance(7.0)
    assert plant.signal("source_1_shutter_opened")
    plant.drive("source_2_shutter", True, 7.0)
    plant.inject("valve_stuck", {"valve": "source_2_shutter"}, 7.1)
    plant.advance(9.0)
    assert plant.truth.position("source_2_shutter") == pytest.approx(1.0 / 3.0)
    assert not plant.signal("source_2_shutter_opened")
    assert not plant.signal("source_2_shutter_closed")


def test_gauge_faults() -> None:
    plant = Plant(1, STILL, "pumped")
    plant.advance(1.0)
    truth = plant.truth.pressure_mbar
    plant.inject("gauge_wrong_range", {"gauge": "full_range", "factor": 0.001}, 1.0)
    assert plant.gauge("full_range").pressure_mbar == pytest.approx(truth * 1e-3, rel=0.15)
    plant.inject("gauge_dead", {"gauge": "full_range"}, 2.0)
    assert plant.gauge("full_range").status == 3
    plant.clear("gauge_dead", 3.0)
    assert plant.gauge("full_range").status == 0
    assert plant.gauge("full_range").pressure_mbar < 0.01 * truth  # clearing one fault leaves the other
    plant.clear("gauge_wrong_range", 3.0)
    plant.inject("gauge_frozen", {"gauge": "full_range"}, 3.0)
    value = plant.gauge("full_range").pressure_mbar
    plant.drive("gate_valve", False, 3.0)
    plant.drive("n2_valve", True, 6.0)
    plant.advance(10.0)
    assert plant.gauge("full_range").pressure_mbar == value
    assert plant.gauge("capacitance").pressure_mbar > 30.0


@pytest.mark.parametrize(
    ("name", "signal"),
    [
        ("water_lost", "water_ok"),
        ("door_open", "door_closed"),
        ("n2_supply_empty", "n2_supply_ok"),
        ("air_lost", "air_ok"),
        ("estop", "estop_ok"),
        ("glovebox_lost", "glovebox_ok"),
    ],
)
def test_inputs_tell(name: str, signal: str) -> None:
    plant = Plant(1)
    plant.inject(name, {}, 1.0)
    assert not plant.signal(signal)
    plant.clear(name, 2.0)
    assert plant.signal(signal)


def test_services_and_what_hangs_on_them() -> None:
    plant, t = hot()
    plant.inject("air_lost", {}, t)
    plant.advance(t + 3.0)
    assert plant.signal("gate_valve_closed")
    plant.clear("air_lost", t + 3.0)
    plant.advance(t + 6.0)
    assert plant.signal("gate_valve_opened")
    plant.inject("estop", {}, t + 6.0)
    plant.drive("supply_enable", True, t + 6.5)
    plant.advance(t + 7.0)
    assert plant.supply_terminals("supply") == (0.0, 0.0, False)
    plant.clear("estop", t + 7.0)
    plant.advance(t + 8.0)
    assert not plant.signal("supply_enabled")  # it must be enabled anew
    plant.drive("gate_valve", False, t + 8.0)
    plant.inject("n2_supply_empty", {}, t + 11.0)
    plant.drive("n2_valve", True, t + 11.0)
    plant.advance(t + 20.0)
    assert plant.truth.pressure_mbar < 1e-3


def test_leak_and_turbo_trip() -> None:
    plant = Plant(1, STILL, "pumped")
    plant.advance(10.0)
    base = plant.truth.pressure_mbar
    plant.inject("leak", {"mbar_l_per_s": 0.01}, 10.0)
    plant.advance(20.0)
    assert plant.truth.pressure_mbar - base == pytest.approx(0.01 / 260.0, rel=0.03)
    plant.clear("leak", 20.0)
    plant.inject("turbo_trip", {}, 30.0)
    plant.advance(60.0)
    assert plant.turbo_error() == "Err001"
    assert plant.turbo_speed_hz() < 980.0
    plant.turbo_acknowledge(60.0)
    assert plant.turbo_error() == "Err001"
    plant.clear("turbo_trip", 60.0)
    plant.turbo_acknowledge(61.0)
    assert plant.turbo_error() == "000000"
    speed = plant.turbo_speed_hz()
    plant.advance(64.0)
    assert plant.turbo_speed_hz() > speed
