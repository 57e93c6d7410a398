"""Hold and resume in every phase, against the plant's truth."""

from pathlib import Path

import pytest

from pvdctl.process.states import Command, State
from tests.system.matrix import PHASES
from tests.system.session import Session

PLACES = [f"{step}.{phase}" for step, phases in PHASES.items() for phase in phases]
SUITE = {
    "pump_down.rough", "pump_down.turbo run-up", "zinc.initialise layer", "zinc.soak 2", "zinc.shutter delay",
    "zinc.deposit", "zinc.close", "lithium.deposit", "nitrogen.fill", "evacuate.rough",
}  # fmt: skip
"""The suite takes these; `make soak` takes them all."""
LONG = ("zinc.ramp 1", "zinc.soak 2", "zinc.shutter delay", "zinc.deposit", "lithium.deposit", "nitrogen.dwell")


@pytest.mark.parametrize(
    "place", [pytest.param(p, marks=[] if p in SUITE else [pytest.mark.soak], id=p) for p in PLACES]
)
def test_a_hold_in_any_phase_ends_complete_with_the_film_that_was_asked(place: str, tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.to(place, 2.0 if place in LONG else 0.0)
    session.hold()
    held_a = session.asked_a
    step = place.partition(".")[0]
    if step in ("zinc", "lithium"):
        assert held_a <= session.controller.context.chamber.sources[step].standby_current_a
    film_nm = (session.true_nm("Zn"), session.true_nm("Li"))
    session.scan(20.0)
    assert (session.true_nm("Zn"), session.true_nm("Li")) == film_nm
    session.unhold()
    session.finish()
    result = session.end()
    assert result["end_state"] == "Complete", result["end_reason"]
    for layer in result["layers"]:
        assert layer["true_nm"] == pytest.approx(15.0, rel=0.02), (place, layer)
        assert layer["read_nm"] == pytest.approx(layer["true_nm"], rel=0.02)
    assert len(result["layers"]) == 2


def test_vapour_during_a_hold_is_no_film_and_the_rate_is_qualified_again(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.to("zinc.deposit", 10.0)
    session.hold()
    film_nm, counted_nm = session.true_nm("Zn"), session.context.film_nm
    evaporated_kg = session.truth.evaporated_kg("Zn")
    assert counted_nm == pytest.approx(film_nm, abs=0.1)
    session.unhold()
    session.to("zinc.shutter delay", 5.0)
    assert session.truth.evaporated_kg("Zn") > evaporated_kg
    assert session.true_nm("Zn") == film_nm
    session.to("zinc.deposit")
    session.finish()
    assert session.end()["end_state"] == "Complete"
    events = session.events()
    opened = [e.at_s for e in events if e.kind == "output" and e.subject == "substrate_shutter" and e.new == 1.0]
    sources = [e.at_s for e in events if e.kind == "output" and e.subject == "source_1_shutter" and e.new == 1.0]
    assert len(sources) == 2
    for source_s, substrate_s in zip(sources, opened[:2], strict=True):
        assert substrate_s - source_s >= 10.0


def test_shutters_close_before_the_current_falls(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.to("zinc.deposit", 5.0)
    before_a = session.asked_a
    session.command(Command.HOLD)
    session.scan(0.4)
    assert session.truth.position("substrate_shutter") == 0.0
    assert session.truth.position("source_1_shutter") == 0.0
    assert before_a - session.asked_a <= 5.0 * 0.6
    session.to_state(State.HELD)
    assert session.asked_a == session.context.chamber.sources["zinc"].standby_current_a
    assert session.end()["end_state"] == "Held"


def test_hold_while_unholding_is_taken(tmp_path: Path) -> None:
    """The second thought wins, in the very scan of the first."""
    session = Session(tmp_path)
    session.to("zinc.ramp 2", 1.0)
    session.hold()
    unhold = session.controller.request(Command.UNHOLD, "operator", "go on")
    hold = session.controller.request(Command.HOLD, "operator", "no, wait")
    session.scan()
    assert unhold.error is None
    assert hold.error is None
    assert session.state in (State.HOLDING, State.HELD)
    session.to_state(State.HELD)
    assert "no, wait" in session.controller.reason
    session.unhold()
    session.finish()
    assert session.end()["end_state"] == "Complete"


def test_a_hold_does_not_stop_chemistry(tmp_path: Path) -> None:
    """Held in the dose, the gas stays in and the exposure's clock goes on; the step ends when the time has passed."""
    session = Session(tmp_path)
    session.to("nitrogen.dwell", 2.0)
    exposure = session.context.exposure
    assert exposure is not None
    dose = exposure.dose_mbar_s
    session.hold()
    session.scan(30.0)
    assert exposure.dose_mbar_s > dose + 25.0 * 80.0
    assert session.truth.pressures_mbar()["N2"] > 80.0
    session.unhold()
    session.scan(1.0)
    assert session.context.step_name == "evacuate"
    session.finish()
    result = session.end()
    assert result["end_state"] == "Complete"
    (row,) = result["exposures"]
    assert row["hold_s"] == pytest.approx(33.0, abs=3.0)
    assert row["dose_mbar_s"] == pytest.approx(session.truth.exposure_mbar_s, rel=0.02)


def test_held_hot_for_too_long_alarms_first_and_then_stops(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.to("zinc.deposit", 2.0)
    session.hold()
    session.scan(62.0)
    assert "hold_too_long" in session.alarms()
    assert session.state is State.HELD
    assert session.truth.supply_amps > 70.0
    session.finish(200.0)
    result = session.end()
    assert result["end_state"] == "Stopped"
    assert "held hot" in result["end_reason"]


def test_a_cold_hold_may_last(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.to("cool_down.cool down", 5.0)
    session.hold()
    session.scan(300.0)
    assert session.state is State.HELD
    assert "hold_too_long" not in session.alarms()
    session.unhold()
    session.finish()
    assert session.end()["end_state"] == "Complete"
