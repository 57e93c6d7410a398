"""The film that is really there: calibration, spits, other crystals, no crystal, the end point, the dose's seconds."""

from pathlib import Path
from typing import Any

import pytest

from pvdctl.process.states import State
from tests.system.session import Session
from tests.system.small import RECIPE, recipe, small_chamber

ONLY_ZINC = """\
recipe: zinc
version: "1"
title: One film
steps:
  - {do: pump_down, name: pump_down, below: 2e-5 mbar, within: 5 min}
  - {do: deposit, name: zinc, film: Zn, thickness: 60 nm, rate: 0.5 nm/s, tolerance: 10 %, in_band_for: 5 s,
     qualify_within: 90 s, rate_error_after: 15 s, on_rate_error: hold, on_crystal_fail: switch_crystal,
     on_lost_reading: hold}
"""
ONLY_LITHIUM = ONLY_ZINC.replace("name: zinc", "name: lithium").replace("Zn", "Li")


def made(tmp_path: Path, text: str = ONLY_ZINC, **options: Any) -> tuple[dict[str, Any], Session]:
    session = Session(tmp_path, what=recipe(text), **options)
    session.finish()
    result = session.end()
    assert result["end_state"] == "Complete", result["end_reason"]
    (layer,) = result["layers"]
    return layer, session


@pytest.mark.parametrize(("text", "share"), [(ONLY_ZINC, 0.005), (ONLY_LITHIUM, 0.01)])
def test_calibrated_film_is_what_was_asked(text: str, share: float, tmp_path: Path) -> None:
    layer, _ = made(tmp_path, text)
    assert layer["true_nm"] == pytest.approx(60.0, rel=share)
    assert layer["read_nm"] == pytest.approx(60.0, abs=0.2)


@pytest.mark.parametrize(
    ("text", "old", "new", "factor"),
    [
        # 10 % too little tooling: the monitor believes in less film than there is, and goes on for too long. The unit
        # holds tooling in whole per cent.
        (ONLY_ZINC, "tooling: {1: 92 %, 2: 95 %}", "tooling: {1: 83 %, 2: 95 %}", 92.0 / 83.0),
        (ONLY_ZINC, "tooling: {1: 92 %, 2: 95 %}", "tooling: {1: 101 %, 2: 95 %}", 92.0 / 101.0),
        (ONLY_LITHIUM, "tooling: {1: 104 %, 2: 107 %}", "tooling: {1: 114 %, 2: 107 %}", 104.0 / 114.0),
        # density 10 % too high: the same mass counts as less thickness
        (ONLY_ZINC, "density: 7.14 g/cm3", "density: 7.854 g/cm3", 1.1),
        (ONLY_ZINC, "density: 7.14 g/cm3", "density: 6.426 g/cm3", 0.9),
    ],
    ids=["tooling -10 %", "tooling +10 %", "lithium tooling +10 %", "density +10 %", "density -10 %"],
)
def test_a_mis_set_calibration_is_exactly_the_film_error_it_should_be(
    text: str, old: str, new: str, factor: float, tmp_path: Path
) -> None:
    layer, _ = made(tmp_path, text, chamber=small_chamber((old, new)))
    assert layer["read_nm"] == pytest.approx(60.0, abs=0.2)
    assert layer["true_nm"] == pytest.approx(60.0 * factor, rel=0.01)


def test_a_calibration_the_monitor_cannot_hold_is_a_hold_and_no_crash(tmp_path: Path) -> None:
    """The driver refuses 82.8 %; the run is held with its words, and the control loop lives on."""
    session = Session(
        tmp_path, what=recipe(ONLY_ZINC), chamber=small_chamber(("{1: 92 %, 2: 95 %}", "{1: 82.8 %, 2: 95 %}"))
    )
    session.to_state(State.HELD)
    session.scan(5.0)
    result = session.end()
    assert result["end_state"] == "Held"
    assert "82.8 %" in result["end_reason"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_spits_do_not_disturb_the_film(seed: int, tmp_path: Path) -> None:
    layer, _ = made(
        tmp_path, faults=["spit_burst@zinc.deposit+10s:rate_per_s=0.5,duration_s=60"], seed=seed,
        text=ONLY_ZINC.replace("60 nm", "100 nm"),
    )  # fmt: skip
    assert layer["outliers"] > 5
    assert layer["true_nm"] == pytest.approx(100.0, rel=0.003)


def test_the_other_crystal_takes_over_in_the_middle(tmp_path: Path) -> None:
    layer, session = made(tmp_path, faults=["crystal_dead@zinc.deposit+30s:sensor=1"])
    assert layer["crystal"] == 2
    assert layer["true_nm"] == pytest.approx(60.0, rel=0.01)
    assert "crystal_fail" in session.alarms()


def test_timed_power_finishes_the_film(tmp_path: Path) -> None:
    """Without any crystal the last good current goes on for the time that is left: a few per cent of what is left."""
    text = ONLY_ZINC.replace("on_crystal_fail: switch_crystal", "on_crystal_fail: timed_power")
    layer, session = made(tmp_path, text, faults=["crystal_dead@zinc.deposit+60s:sensor=1"])
    assert layer["true_nm"] == pytest.approx(60.0, rel=0.03)
    assert layer["read_nm"] == pytest.approx(60.0, abs=0.2)
    assert any(e.kind == "phase" and e.new == "timed power" for e in session.events())


def test_timed_power_when_the_monitor_is_silent(tmp_path: Path) -> None:
    text = ONLY_ZINC.replace("on_lost_reading: hold", "on_lost_reading: timed_power")
    layer, _ = made(tmp_path, text, faults=["mute@zinc.deposit+60s:link=monitor"])
    assert layer["true_nm"] == pytest.approx(60.0, rel=0.03)


def test_a_short_silence_costs_no_film(tmp_path: Path) -> None:
    """The monitor's cable is out for 0.3 s: less than a reading's age limit; nothing happens to the run."""
    layer, session = made(tmp_path, faults=["mute@zinc.deposit+30s:link=monitor,for=300ms"])
    assert layer["true_nm"] == pytest.approx(60.0, rel=0.006)
    assert session.alarms() == []


def test_the_end_point_lies_between_scans(tmp_path: Path) -> None:
    """Over several seeds the mean end error is far below what one scan (0.05 nm) would bias it by."""
    errors = []
    for seed in range(1, 5):
        layer, _ = made(tmp_path / str(seed), ONLY_ZINC.replace("60 nm", "20 nm"), seed=seed)
        errors.append(layer["read_nm"] - 20.0)
    assert all(abs(error) < 0.06 for error in errors)
    assert abs(sum(errors) / len(errors)) < 0.03


@pytest.mark.parametrize(("starts", "gas_s"), [("at_pressure", 19.0), ("at_first_gas", 15.0)])
def test_when_the_dose_begins(starts: str, gas_s: float, tmp_path: Path) -> None:
    text = RECIPE.replace("duration_starts: at_pressure", f"duration_starts: {starts}")
    no_films = "\n".join(
        line for line in text.splitlines() if not line.startswith(("  - {do: deposit", "     qualify", "     on_lost"))
    )
    session = Session(tmp_path, what=recipe(no_films))
    session.to("nitrogen.fill")
    first_s = session.now_s
    session.until(lambda: session.context.step_name == "evacuate")
    assert session.now_s - first_s == pytest.approx(gas_s, abs=2.5)
    session.finish()
    result = session.end()
    assert result["end_state"] == "Complete"
    (row,) = result["exposures"]
    assert row["dose_mbar_s"] == pytest.approx(session.truth.exposure_mbar_s, rel=0.03)
    assert row["peak_mbar"] == pytest.approx(100.0, abs=3.0)
