"""--json: one object on stdout and nothing else, with the keys that programs rely on."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import BRIEF, LI3N, LZLN, Told, pvdctl

RESULT = {
    "recipe", "chamber", "chamber_sha256", "control", "simulated", "seed", "run", "end_state", "end_reason",
    "duration_s", "wall_s", "real_time_factor", "scans", "exchanges", "layers", "exposures", "predicted_films",
    "alarms", "faults", "record", "record_sha256",
}  # fmt: skip
LAYER = {
    "name", "film", "target_nm", "read_nm", "true_nm", "rate_target_nm_s",
    "rate_tolerance_percent", "rate_mean_nm_s", "rate_sd_nm_s", "time_to_band_s", "overshoot_percent", "open_s",
}  # fmt: skip
EXPOSURE = {"gas", "target_mbar", "peak_mbar", "hold_s", "dose_mbar_s"}


def one_object(told: Told) -> dict[str, Any]:
    """The object on stdout; fails if anything else is there."""
    found, end = json.JSONDecoder().raw_decode(told.out)
    assert told.out[end:] == "\n"
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def lzln(tmp_path_factory: pytest.TempPathFactory) -> Told:
    directory = tmp_path_factory.mktemp("lzln")
    return pvdctl(directory, "simulate", LZLN, "--seed", "3", "--json", "--record", directory / "record")


def test_a_result_has_the_promised_shape(lzln: Told) -> None:
    told = lzln
    assert told.code == 0
    assert told.err == ""
    result = one_object(told)
    assert set(result) == RESULT
    assert set(result["recipe"]) == {"name", "version", "sha256"}
    assert result["recipe"]["name"] == "lzln"
    assert result["chamber"] == "provap"
    assert result["simulated"] is True
    assert (result["seed"], result["end_state"]) == (3, "Complete")
    assert set(result["exchanges"]) == {"monitor", "boat_supply", "gauges", "turbo", "plc"}
    assert all(count > 0 for count in result["exchanges"].values())
    assert [layer["film"] for layer in result["layers"]] == ["Zn", "Li"]
    for layer in result["layers"]:
        assert set(layer) >= LAYER
        assert abs(layer["read_nm"] / layer["target_nm"] - 1.0) < 0.005
        assert abs(layer["true_nm"] / layer["target_nm"] - 1.0) < 0.01
    (exposure,) = result["exposures"]
    assert set(exposure) >= EXPOSURE
    assert exposure["gas"] == "n2"
    assert exposure["hold_s"] >= 180.0
    assert all(set(film) == {"name", "thickness_nm", "basis"} for film in result["predicted_films"])
    assert {film["name"] for film in result["predicted_films"]} == {"LiZn", "Li3N on LiZn"}
    assert all("10.1039/d4ta06366j" in film["basis"] for film in result["predicted_films"])
    assert result["scans"] == pytest.approx(result["duration_s"] * 10.0, abs=2)
    assert result["wall_s"] > 0.0
    assert len(result["record_sha256"]) == 64


def test_the_same_seed_gives_the_same_record_wherever_it_is_kept(tmp_path: Path) -> None:
    recipe = tmp_path / "brief.yaml"
    recipe.write_text(BRIEF)
    first, second, other = (
        one_object(pvdctl(tmp_path, "simulate", recipe, "--seed", seed, "--json", "--record", tmp_path / place))
        for seed, place in (("3", "here"), ("3", "there"), ("4", "elsewhere"))
    )
    for result in (first, second):
        del result["wall_s"], result["real_time_factor"]  # of the wall clock
    assert first.pop("record") != second.pop("record")
    assert first == second
    assert other["record_sha256"] != first["record_sha256"]


def test_the_story_of_that_run_is_json_too(lzln: Told, tmp_path: Path) -> None:
    result = one_object(lzln)
    story = one_object(pvdctl(tmp_path, "show", result["run"], "--json", "--record", result["record"]))
    assert story["record_sha256"] == result["record_sha256"]
    assert [step["name"] for step in story["steps"]][:2] == ["pump_down", "zinc"]
    runs = one_object(pvdctl(tmp_path, "runs", "--json", "--record", result["record"]))
    assert [run["run"] for run in runs["runs"]] == [result["run"]]


def test_a_refused_recipe_is_one_object_too(tmp_path: Path) -> None:
    recipe = tmp_path / "bare.yaml"
    recipe.write_text(LI3N.read_text().replace("thickness: 100 nm", "thickness: 100"))
    told = pvdctl(tmp_path, "simulate", recipe, "--json")
    assert told.code == 1
    result = one_object(told)
    assert result["end_state"] == "Refused"
    (finding,) = result["findings"]
    assert finding["severity"] == "error"
    assert finding["at"] == "steps[1].thickness"
    assert finding["found"] == "the bare number 100"
    assert finding["text"] in told.err
    assert recipe.read_text().splitlines()[finding["line"] - 1].strip().startswith("thickness: 100")


def test_check_tells_programs_what_it_tells_people(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(LZLN.read_text().replace("gas: n2", "gas: n3"))
    told = pvdctl(tmp_path, "check", LZLN, bad, "--json")
    assert told.code == 1
    result = one_object(told)
    assert result["passed"] is False
    assert result["chamber"]["name"] == "provap"
    good, wrong = result["recipes"]
    assert (good["passed"], wrong["passed"]) == (True, False)
    assert good["findings"] == []
    assert [step["do"] for step in good["steps"]] == [
        "pump_down", "deposit", "deposit", "cool_down", "backfill", "evacuate",
    ]  # fmt: skip
    assert good["expected_s"] == pytest.approx(sum(step["expected_s"] for step in good["steps"]), abs=0.5)
    assert set(good["uses_mg"]) == {"zinc", "lithium"}
    (finding,) = wrong["findings"]
    assert (finding["step"], finding["found"]) == ("nitrogen", "'n3'")


def test_a_bad_chamber_file_is_told_before_any_recipe(tmp_path: Path) -> None:
    chamber = tmp_path / "chamber.yaml"
    chamber.write_text(
        (LZLN.parents[1] / "simulators" / "provap.yaml").read_text().replace("inficon_sqc310", "inficon_sqc")
    )
    told = pvdctl(tmp_path, "check", LZLN, "--chamber", chamber, "--json")
    assert told.code == 1
    result = one_object(told)
    assert result["recipes"] == []
    assert any("inficon_sqc310" in finding["text"] for finding in result["chamber"]["findings"])
