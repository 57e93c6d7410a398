"""The same seed makes the same record, byte for byte; another seed another one. And several seeds all make the film."""

from pathlib import Path
from typing import Any

import pytest

from pvdctl.cli.simulation import Simulation
from tests.benchmarks.seeds import OVERSHOOT_PERCENT, RATE_SD_PERCENT, films_of, watch
from tests.system.invariants import Invariants
from tests.system.small import recipe, shipped_chamber, shipped_recipe, small_chamber, small_plant

FAULTS: tuple[tuple[str, ...], ...] = (
    (),
    ("garbled@zinc.deposit:link=monitor,for=2s", "spit_burst@lithium.deposit"),
    ("crystal_dead@zinc.deposit+5s:sensor=1", "late_answer@100s:link=boat_supply,for=3s"),
)


def run(directory: Path, seed: int, faults: tuple[str, ...]) -> dict[str, Any]:
    return Simulation(
        recipe(), small_chamber(), seed=seed, directory=directory, faults=faults, parameters=small_plant()
    ).run()


@pytest.mark.parametrize("faults", FAULTS, ids=["no fault", "garbled and spits", "dead and late"])
def test_the_same_seed_gives_the_same_record(faults: tuple[str, ...], tmp_path: Path) -> None:
    first, again = (run(tmp_path / name, 7, faults) for name in ("first", "again"))
    assert first["record_sha256"] == again["record_sha256"]
    assert first["scans"] == again["scans"]
    assert first["exchanges"] == again["exchanges"]
    other = run(tmp_path / "other", 8, faults)
    assert other["record_sha256"] != first["record_sha256"]


def _lzln(seed: int, directory: Path) -> None:
    judge, chamber, recipe = Invariants(), shipped_chamber(), shipped_recipe("lzln")
    films = films_of(recipe, chamber)

    def look(simulation: Simulation) -> None:
        judge(simulation)
        watch(films, simulation)

    simulation = Simulation(recipe, chamber, seed=seed, directory=directory, on_scan=look)
    result = simulation.run()
    assert judge.broken == []
    assert result["end_state"] == "Complete", result["end_reason"]
    assert result["alarms"] == []
    zinc, lithium = result["layers"]
    assert zinc["true_nm"] == pytest.approx(300.0, rel=0.005)
    assert lithium["true_nm"] == pytest.approx(100.0, rel=0.01)
    for layer in (zinc, lithium):
        assert layer["time_to_band_s"] <= 30.0
        assert films[layer["film"]].overshoot_percent <= OVERSHOOT_PERCENT  # of the truth: readings have noise
        assert films[layer["film"]].sd_percent <= RATE_SD_PERCENT[layer["film"]]
        assert films[layer["film"]].opened_after_s >= 10.0
        assert layer["read_nm"] == pytest.approx(layer["target_nm"], abs=0.1)
    (dose,) = result["exposures"]
    assert dose["peak_mbar"] == pytest.approx(500.0, abs=5.0)
    assert dose["hold_s"] == pytest.approx(180.0, abs=2.0)


@pytest.mark.parametrize("seed", [1, 2])
def test_lzln_as_shipped(seed: int, tmp_path: Path) -> None:
    _lzln(seed, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3, 51))
def test_lzln_over_the_seeds(seed: int, tmp_path: Path) -> None:
    _lzln(seed, tmp_path)
