"""Whole runs with the rate in the SQC-310's hands: films, holds, what goes wrong, and who never touches the source."""

import json
from pathlib import Path

import pytest

from pvdctl.chamber.load import LoadedChamber, parse_chamber, with_control
from pvdctl.chamber.problems import BadFile
from pvdctl.cli.simulation import Simulation
from pvdctl.drivers.inficon_sqc310 import InficonSqc310
from pvdctl.process.states import Command, State
from pvdctl.recipe.check import check
from simulators.instruments.inficon_sqc310 import SimulatedSqc310
from simulators.instruments.sqc310.loop import Limits
from tests.cli.command import BRIEF, pvdctl
from tests.system.invariants import Invariants
from tests.system.session import Session
from tests.system.small import CHAMBER, shipped_chamber, shipped_recipe, small_chamber


def by_monitor() -> LoadedChamber:
    """The small chamber with the rate in the monitor's hands."""
    return with_control(small_chamber(), "sqc310")


def session(directory: Path, *faults: str) -> Session:
    return Session(directory, chamber=by_monitor(), faults=faults)


def unit(session: Session) -> SimulatedSqc310:
    """The simulated monitor itself."""
    port = session.bench.port("monitor")
    assert isinstance(port, SimulatedSqc310)
    return port


def at_the_front_panel(session: Session, command: str) -> None:
    """Do what `command` does without its answer going anywhere."""
    unit(session)._carry_out(command, session.now_s)


def percent(session: Session) -> float:
    """Power at the monitor's output 1."""
    return unit(session)._sequence.powers[0]


# --- what is made -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [1, *[pytest.param(n, marks=pytest.mark.soak) for n in range(2, 26)]])
def test_lzln_is_made(seed: int, tmp_path: Path) -> None:
    """The figures that LZLN has under the host's control (true Zn within 0.5 %, true Li within 1 %) hold here too."""
    judge = Invariants([])
    simulation = Simulation(
        shipped_recipe("lzln"), with_control(shipped_chamber(), "sqc310"), seed=seed, directory=tmp_path, on_scan=judge
    )
    result = simulation.run()
    assert judge.broken == []
    assert (result["end_state"], result["control"], result["alarms"]) == ("Complete", "sqc310", [])
    zinc, lithium = result["layers"]
    assert zinc["true_nm"] == pytest.approx(300.0, rel=0.005)
    assert lithium["true_nm"] == pytest.approx(100.0, rel=0.01)
    for layer in (zinc, lithium):
        assert layer["time_to_band_s"] <= 30.0
        assert layer["overshoot_percent"] <= 10.0
        assert layer["rate_mean_nm_s"] == pytest.approx(0.5, rel=0.02)


def test_pvdctl_never_programmes_a_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = session(tmp_path)
    supply = run.simulation.simulated.drivers["boat_supply"]
    monkeypatch.setattr(supply, "set_current", lambda current_a: pytest.fail(f"set_current({current_a})"))
    monitor = run.simulation.simulated.drivers["monitor"]
    monkeypatch.setattr(monitor, "set_power", lambda output, power: pytest.fail(f"set_power({output}, {power})"))
    run.to("zinc.deposit", 5.0)
    assert run.asked_a == 0.0
    assert run.truth.supply_amps == pytest.approx(2.0 * percent(run), abs=0.3)
    run.finish()
    result = run.end()
    assert result["end_state"] == "Complete", result["end_reason"]
    for layer in result["layers"]:
        assert layer["true_nm"] == pytest.approx(15.0, rel=0.02)
    told = [event.text for event in run.events() if event.kind == "note" and event.subject == "zinc"]
    assert len(told) == 1
    assert "most power 70.0 % and slew 2.5 %/s must be set at the unit" in told[0]
    assert "manual power (S) for any of its outputs would put all of them in manual" in told[0]


def test_the_substrate_shutter_waits_for_the_same_rate(tmp_path: Path) -> None:
    run = session(tmp_path)
    run.to("zinc.deposit")
    run.end()
    opened = {e.subject: e.at_s for e in run.events() if e.kind == "output" and e.new == 1.0}
    assert opened["substrate_shutter"] - opened["source_1_shutter"] >= 10.0


# --- hold and resume --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "place",
    [
        "zinc.deposit",
        "lithium.deposit",
        *[
            pytest.param(f"zinc.{phase}", marks=[] if phase == "soak 1" else pytest.mark.soak)
            for phase in ("initialise layer", "ramp 1", "soak 1", "ramp 2", "soak 2", "shutter delay", "close")
        ],
    ],
)
def test_a_hold_stops_the_layer_and_a_resume_starts_it_again(place: str, tmp_path: Path) -> None:
    run = session(tmp_path)
    run.to(place, 0.0 if place.endswith(("close", "layer")) else 2.0)
    run.hold()
    film_nm = (run.true_nm("Zn"), run.true_nm("Li"))
    run.scan(10.0)
    assert percent(run) == 0.0
    assert run.truth.supply_amps < 0.1
    assert (run.true_nm("Zn"), run.true_nm("Li")) == film_nm
    run.unhold()
    run.finish()
    result = run.end()
    assert result["end_state"] == "Complete", result["end_reason"]
    for layer in result["layers"]:
        assert layer["true_nm"] == pytest.approx(15.0, rel=0.02), (place, layer)


def test_a_long_hold_is_a_cold_one(tmp_path: Path) -> None:
    """There is no standby under the monitor's control: nothing stays hot, so nothing has to end the hold."""
    run = session(tmp_path)
    run.to("zinc.deposit", 2.0)
    run.hold()
    run.scan(200.0)
    assert run.state is State.HELD
    assert "hold_too_long" not in run.alarms()
    run.end()


# --- what goes wrong --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "state", "alarm", "words"),
    [
        ("crystal_dead@zinc.deposit+3s:sensor=1", "Held", "crystal_fail", "steers by its own crystal"),
        ("crystal_frozen@lithium.deposit+2s:sensor=1", "Held", "crystal_fail", "has not changed"),
        ("source_depleted@zinc.deposit+1s:source=1", "Held", "rate_error", "rate"),
        ("mute@zinc.deposit+3s:link=monitor", "Held", "lost_reading", "monitor"),
        ("restart@zinc.deposit+3s:link=monitor,boot=1", "Held", "lost_reading", "monitor"),
        ("mute@zinc.ramp 1:link=monitor", "Held", "lost_reading", "monitor"),
        ("extra_bytes@zinc.ramp 1:link=monitor", "Held", "lost_reading", "monitor"),
        ("boat_open@zinc.deposit+3s:source=1", "Stopped", "boat_open", "boat zinc is open"),
    ],
)
def test_faults_under_the_monitors_control(fault: str, state: str, alarm: str, words: str, tmp_path: Path) -> None:
    run = session(tmp_path, fault)
    run.until(lambda: run.state in (State.HELD, State.STOPPED, State.ABORTED) or run.controller.ended is not None)
    film_nm = run.true_nm("Zn"), run.true_nm("Li")
    run.scan(20.0)
    assert (run.true_nm("Zn"), run.true_nm("Li")) == film_nm
    assert run.truth.supply_amps < 0.1
    result = run.end()
    assert result["end_state"] == state
    assert words in result["end_reason"]
    assert alarm in run.alarms()


def test_a_stop_that_is_not_read_back_leaves_no_power(tmp_path: Path) -> None:
    """The film is done, the monitor says nothing any more: the supply is off all the same, and the cause is named."""
    run = session(tmp_path, "mute@zinc.close:link=monitor")
    run.to_state(State.HELD)
    assert "the monitor was told to stop 10 s ago and is not read back stopped" in run.controller.reason
    assert run.truth.supply_amps < 0.1
    assert run.true_nm("Zn") == pytest.approx(15.0, rel=0.02)
    run.end()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("S2 100", "manual power, all outputs at once: S was sent, or a hand is at its front panel"),
        ("U3", "the monitor has ended the layer by itself ('stop layer')"),
        ("U1", "the monitor has ended the layer by itself ('stopped')"),
        ("U5", "the monitor has ended the layer by itself ('stopped')"),
    ],
)
def test_a_hand_at_the_front_panel(command: str, words: str, tmp_path: Path) -> None:
    """S for an output that nothing uses is enough to take the loop away: all outputs go to manual together."""
    run = session(tmp_path)
    run.to("zinc.deposit", 3.0)
    at_the_front_panel(run, command)
    run.to_state(State.HELD, at_most_s=10.0)
    assert words in run.controller.reason
    assert run.truth.position("substrate_shutter") == 0.0
    run.scan(2.0)
    assert run.truth.supply_amps < 0.1
    run.end()


def test_the_unit_ends_the_layer_on_its_control_error(tmp_path: Path) -> None:
    """Its own last resort, here so tight that it acts at the opening: it stops the layer, and that is seen."""
    text = small_chamber().text.replace("control_error_beyond: 80 %", "control_error_beyond: 5 %")
    run = Session(tmp_path, chamber=with_control(parse_chamber(text.encode(), "tight.yaml"), "sqc310"))
    run.to_state(State.HELD)
    assert "the monitor has ended the layer by itself ('stop layer'): its control error" in run.controller.reason
    run.end()


def test_most_power_that_nobody_has_set_at_the_unit_is_found_out(tmp_path: Path) -> None:
    text = small_chamber().text.replace("max_current: 140 A ", "max_current: 117.4 A ")
    run = Session(tmp_path, chamber=with_control(parse_chamber(text.encode(), "low.yaml"), "sqc310"))
    unit(run)._governor._limits = {1: Limits(100.0, 2.5)}
    run.finish()
    assert all("more than 117.4 A in boat 1" in text for _, text in run.judge.broken), "as set up: what is to be found"
    run.judge.broken.clear()
    result = run.end()
    assert result["end_state"] == "Stopped"
    assert "its most power was to be set at the unit to 58.7 %" in result["end_reason"]


def test_a_unit_that_is_set_up_otherwise_heats_nothing(tmp_path: Path) -> None:
    run = session(tmp_path)
    at_the_front_panel(run, "CC1 2 2? 1")
    run.to_state(State.HELD)
    assert "number of layers of process 1 is 2, wanted 1" in run.controller.reason
    assert run.truth.boat_k("Zn") < 300.0
    run.end()


def test_abort_cuts_the_source_whatever_the_unit_does(tmp_path: Path) -> None:
    run = session(tmp_path)
    run.to("zinc.deposit", 3.0)
    run.bench.arrange(f"monitor:mute@{run.now_s:.1f}s")
    run.command(Command.ABORT)
    run.to_state(State.ABORTED, at_most_s=20.0)
    assert run.truth.supply_amps < 0.1
    run.end()


# --- the chamber file -------------------------------------------------------------------------------------------------
def test_a_file_that_does_not_say_enough_is_refused_for_this_control() -> None:
    text = CHAMBER.read_text()
    start = text.index("    program:")
    end = text.index("  lithium:")
    bare = parse_chamber((text[:start] + text[end:]).encode(), "bare.yaml")
    assert with_control(bare, "host") is bare
    with pytest.raises(BadFile, match=r"sources\.zinc.*program.*control is sqc310"):
        with_control(bare, "sqc310")


def test_what_a_recipe_cannot_have_under_this_control_is_said_beforehand() -> None:
    lzln, chamber = shipped_recipe("lzln"), shipped_chamber()
    assert check(lzln, chamber) == []
    said = [finding.line("lzln.yaml") for finding in check(lzln, with_control(chamber, "sqc310"))]
    assert len(said) == 2
    assert all("on_crystal_fail: wanted hold or stop, because the monitor controls the rate" in line for line in said)


def test_the_command_line_chooses_and_says_who_controls(tmp_path: Path) -> None:
    recipe = tmp_path / "brief.yaml"
    recipe.write_text(BRIEF)
    for given, control in ((("--control", "sqc310"), "sqc310"), (("--control", "host"), "host"), ((), "host")):
        told = pvdctl(tmp_path, "simulate", recipe, "--json", *given)
        assert (told.code, json.loads(told.out)["control"]) == (0, control), told.err
    told = pvdctl(tmp_path, "simulate", recipe, "--json", "--control", "plc")
    assert (told.code, told.out) == (2, "")
    assert "--control wants host or sqc310, found 'plc'" in told.err


def test_supervision_has_a_cadence_of_its_own(tmp_path: Path) -> None:
    run = Session(tmp_path, chamber=by_monitor(), execute=False)
    driver = run.simulation.simulated.drivers["monitor"]
    assert isinstance(driver, InficonSqc310)
    assert [poll.every_s for poll in driver.supervision] == [0.5, 0.5]
    host = Session(tmp_path / "host", execute=False).simulation.simulated.drivers["monitor"]
    assert isinstance(host, InficonSqc310)
    assert [poll.every_s for poll in host.supervision] == [10.0, 10.0]
