"""Stop, abort, suspend, a record that fails, prompts: every way in which a run can end, against the plant's truth."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pvdctl.errors import OperatorError, RecordError
from pvdctl.process.states import Command, State
from pvdctl.record.event import Event
from tests.system.session import Session
from tests.system.small import RECIPE, recipe, small_chamber

DURING = ["pump_down.turbo run-up", "zinc.soak 2", "zinc.shutter delay", "zinc.deposit", "nitrogen.fill"]


@pytest.mark.parametrize("place", DURING)
def test_stop_ramps_down_and_ends_stopped(place: str, tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.to(place, 0.5)
    before_a = session.truth.supply_amps
    assert session.command(Command.STOP, "enough").error is None
    assert session.state in (State.STOPPING, State.STOPPED)
    if before_a > 20.0:
        session.scan(1.0)
        assert session.truth.supply_amps > before_a - 8.0  # a ramp, not a switch
    session.finish(120.0)
    assert session.truth.supply_amps < 1.0
    result = session.end()
    assert (result["end_state"], result["end_reason"]) == ("Stopped", "enough")


@pytest.mark.parametrize("place", DURING)
def test_abort_is_off_within_a_scan_and_ends_aborted(place: str, tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.to(place, 0.5)
    assert session.command(Command.ABORT, "no").error is None
    assert session.state in (State.ABORTING, State.ABORTED)
    session.scan(0.5)
    assert session.truth.supply_amps < 1.0
    assert not session.plant.supply.enabled
    for name in ("substrate_shutter", "source_1_shutter", "n2_valve"):
        assert session.truth.position(name) == 0.0
    session.finish(20.0)
    result = session.end()
    assert (result["end_state"], result["end_reason"]) == ("Aborted", "no")


def test_a_partial_layer_is_reported_as_it_is(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.to("zinc.deposit", 12.0)
    session.command(Command.STOP, "enough")
    session.finish(120.0)
    true_nm = session.true_nm("Zn")
    (layer,) = session.end()["layers"]
    assert layer["ended"] == "stopped"
    assert layer["read_nm"] == pytest.approx(true_nm, abs=0.15)
    assert 4.0 < true_nm < 8.0


# --- a record that cannot be written ------------------------------------------------------------------------------
class Full:
    """A disk that is full from a moment on."""

    def __init__(self, recorder: Any) -> None:
        self._recorder = recorder
        self.full = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recorder, name)

    def append(self, events: Sequence[Event]) -> None:
        if self.full:
            raise RecordError("no space is left on the device")
        self._recorder.append(events)

    def sample(self, at_s: float, row: tuple[Any, ...]) -> None:
        if self.full:
            raise RecordError("no space is left on the device")
        self._recorder.sample(at_s, row)


def disk_of(session: Session) -> Full:
    disk = Full(session.controller.recorder)
    session.controller.recorder = disk
    return disk


def test_a_failing_record_holds_the_run(tmp_path: Path) -> None:
    """Act first: the shutters close although nothing can be recorded, and Unhold is refused with the reason."""
    session = Session(tmp_path)
    session.to("zinc.deposit", 3.0)
    disk = disk_of(session)
    disk.full = True
    session.scan(1.0)
    assert session.state in (State.HOLDING, State.HELD)
    assert session.truth.position("substrate_shutter") == 0.0
    session.to_state(State.HELD, at_most_s=60.0)
    assert "record" in session.controller.reason
    assert "record_failed" in session.alarms()
    refusal = session.command(Command.UNHOLD).error
    assert refusal is not None
    assert "no space" in str(refusal)
    assert session.judge.broken == []
    session.simulation.record.close()


def test_abort_works_without_a_record(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.to("zinc.deposit", 3.0)
    disk = disk_of(session)
    disk.full = True
    session.command(Command.ABORT, "fire")
    session.scan(0.5)
    assert session.truth.supply_amps < 1.0
    session.to_state(State.ABORTED, at_most_s=20.0)
    assert session.judge.broken == []
    session.simulation.record.close()


def test_nothing_is_started_without_a_record(tmp_path: Path) -> None:
    session = Session(tmp_path, execute=False)
    session.until(lambda: session.controller.adopted)
    for command, state in ((Command.CLEAR, State.STOPPED), (Command.RESET, State.IDLE)):
        session.command(command)
        session.to_state(state)
    disk_of(session).full = True
    session.command(Command.START)
    session.scan(2.0)
    assert session.state is not State.EXECUTE
    assert not session.plant.gas.pumping
    session.simulation.record.close()


# --- suspend ------------------------------------------------------------------------------------------------------
SUSPENDS = (
    "for: 0.5 s\n    force: [n2_valve]\n    action: hold",
    "for: 0.5 s\n    force: [n2_valve]\n    action: suspend",
)


@pytest.mark.parametrize(("allowed", "ends"), [("60 s", "Complete"), ("1 s", "Held")])
def test_nitrogen_that_comes_back_resumes_if_the_recipe_says_so(allowed: str, ends: str, tmp_path: Path) -> None:
    text = RECIPE.replace("steps:", f"auto_resume_within: {allowed}\nsteps:")
    session = Session(
        tmp_path,
        what=recipe(text),
        chamber=small_chamber(SUSPENDS),
        faults=["n2_supply_empty@nitrogen.fill+1s:for=20s"],
    )
    session.to("nitrogen.fill")
    session.to_state(State.SUSPENDED)
    assert session.truth.position("n2_valve") == 0.0
    if ends == "Complete":
        session.finish()
        result = session.end()
        assert result["end_state"] == "Complete"
        assert result["exposures"][0]["peak_mbar"] == pytest.approx(100.0, abs=5.0)
    else:
        session.to_state(State.HELD, at_most_s=30.0)
        assert "n2" in session.controller.reason
        session.end()


# --- prompts and the other steps ----------------------------------------------------------------------------------
ASKS = """\
recipe: asks
version: "1"
title: Every kind of step that LZLN does not have
steps:
  - {do: pump_down, name: pump_down, below: 2e-5 mbar, within: 5 min}
  - {do: wait, name: wait, duration: 20 s}
  - {do: prompt, name: ready, message: Is the glovebox ready?, answers: ["yes", "no"], within: 2 min}
  - {do: cool_down, name: cool_down, within: 10 min}
  - {do: vent, name: vent, gas: ar, to: 900 mbar, within: 10 min}
"""


def test_vent_wait_and_prompt(tmp_path: Path) -> None:
    session = Session(tmp_path, what=recipe(ASKS), answers={"ready": "yes"})
    session.to("wait.wait")
    begun_s = session.now_s
    session.until(lambda: session.context.step_name != "wait")
    assert session.now_s - begun_s == pytest.approx(20.0, abs=0.3)
    session.finish()
    assert session.truth.pressure_mbar == pytest.approx(900.0, abs=15.0)
    assert session.truth.position("ar_valve") == 0.0
    assert session.end()["end_state"] == "Complete"


def test_a_hold_does_not_eat_a_wait(tmp_path: Path) -> None:
    session = Session(tmp_path, what=recipe(ASKS), answers={"ready": "yes"})
    session.to("wait.wait", 5.0)
    session.hold()
    session.scan(60.0)
    session.unhold()
    begun_s = session.now_s
    session.until(lambda: session.context.step_name != "wait")
    assert session.now_s - begun_s == pytest.approx(15.0, abs=0.5)
    session.end()


def test_the_other_answer_stops(tmp_path: Path) -> None:
    session = Session(tmp_path, what=recipe(ASKS), answers={"ready": "no"})
    session.finish()
    result = session.end()
    assert result["end_state"] == "Stopped"
    assert "'no'" in result["end_reason"]


def test_a_headless_run_without_an_answer_stops(tmp_path: Path) -> None:
    session = Session(tmp_path, what=recipe(ASKS))
    session.finish()
    result = session.end()
    assert result["end_state"] == "Stopped"
    assert "ready" in result["end_reason"]


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(tmp_path, what=recipe(ASKS))
    monkeypatch.setattr(session.simulation, "_answer", lambda question: None)
    session.to("ready.prompt", 1.0)
    with pytest.raises(OperatorError, match="takes yes or no"):
        session.controller.answer("ready", "perhaps", "operator")
    with pytest.raises(OperatorError, match="nobody is asking"):
        session.controller.answer("other", "yes", "operator")
    session.to_state(State.HELD, at_most_s=200.0)
    assert "ready" in session.controller.reason
    session.unhold()
    session.scan(1.0)
    session.controller.answer("ready", "yes", "operator")
    session.finish()
    assert session.end()["end_state"] == "Complete"


# --- program start ------------------------------------------------------------------------------------------------
def test_clear_re_arms_a_tripped_watchdog(tmp_path: Path) -> None:
    """The cable to the PLC is out for a while: the PLC trips, the run aborts; Clear re-arms, and a new run is made."""
    session = Session(tmp_path, faults=["mute@zinc.ramp 1+5s:link=plc,for=10s"])
    session.to("zinc.ramp 1", 5.5)
    session.finish(60.0)
    assert session.controller.ended is not None
    assert session.controller.ended[0] == "Aborted"
    session.scan(20.0)
    assert session.controller.readings.watchdog_tripped.number() == 1.0
    for alarm in session.controller.alarms.unacknowledged_critical():
        session.controller.alarms.acknowledge(alarm, "operator", session.now_s)
    assert session.command(Command.CLEAR).error is None
    session.to_state(State.STOPPED)
    assert session.controller.readings.watchdog_tripped.number() == 0.0
    assert session.command(Command.RESET).error is None
    session.to_state(State.IDLE)
    assert session.command(Command.START).error is None
    session.to_state(State.EXECUTE)
    session.judge.broken.clear()  # the second run's first scan is judged by the next runs, not here
    session.finish()
    assert session.controller.ended is not None
    assert session.controller.ended[0] == "Complete", session.controller.ended
    session.simulation.record.close()
