"""Outputs by hand: in Stopped and Idle, within the interlocks; a refusal says which and what would satisfy it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvdctl.process.actuators import OPEN
from pvdctl.process.states import State
from pvdctl.service.messages import Flow
from pvdctl.service.mimic import mimic
from simulators.plant.plant import Plant
from tests.service.inside import Inside, Said
from tests.system.test_flow_fill import chamber as with_flow_controller


def granted(inside: Inside, name: str) -> float:
    return float(inside.control.controller.outputs[name].granted)


def test_a_pump_is_switched_and_goes_on_the_record(inside: Inside) -> None:
    inside.ready()
    inside.lead("set_output", name="roughing_pump", value=1.0, reason="leak search")
    assert granted(inside, "roughing_pump") == 1.0
    inside.until(lambda: bool(inside.control.controller.image["roughing_pump_running"].value))
    inside.end()
    (event,) = [e for e in inside.events() if e.kind == "command" and e.subject == "roughing_pump"]
    assert (event.actor, event.new, event.why) == ("anna (tui)", 1.0, "leak search")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("gate_valve", 1.0, r"interlock gate_valve_path: .* Look at turbo speed"),
        ("substrate_shutter", 1.0, r"interlock pressure_for_film: chamber_pressure .* is not below"),
        ("boat_supply.output", 1.0, "interlock vacuum_for_sources"),
        ("rough_valve", 0.5, r"1 \(open, on\) or 0 \(closed, off\)"),
        ("boat_supply.current", 141.0, "takes 0 to 140 A"),
        ("boat_suply.current", 1.0, "there is no output"),
    ],
)
def test_what_is_not_allowed_is_refused_and_nothing_has_changed(
    inside: Inside, name: str, value: float, text: str
) -> None:
    inside.ready()
    before = [output.asked for output in inside.control.controller.outputs.all]
    with pytest.raises(Said, match=text):
        inside.lead("set_output", name=name, value=value)
    assert [output.asked for output in inside.control.controller.outputs.all] == before


def test_only_where_nothing_else_asks(inside: Inside) -> None:
    inside.until(lambda: inside.control.controller.adopted)
    inside.take()
    with pytest.raises(Said, match="the unit is in Aborted"):
        inside.lead("set_output", name="roughing_pump", value=1.0)
    inside.ready()
    inside.lead("start", recipe="brief")
    with pytest.raises(Said, match="the unit is in Execute"):
        inside.lead("set_output", name="roughing_pump", value=1.0)


def test_a_current_moves_at_the_slew_and_leaves_with_its_owner(inside: Inside) -> None:
    inside.ready()
    inside.lead("set_output", name="boat_supply.current", value=12.0)
    inside.scan(10)
    assert 4.0 < granted(inside, "boat_supply.current") < 7.0  # 5 A/s
    inside.scan(20)
    assert granted(inside, "boat_supply.current") == 12.0
    with pytest.raises(Said, match=r"first make it safe by hand: boat_supply\.current at 0"):
        inside.lead("start", recipe="brief")
    inside.wall_s += 31.0
    inside.scan(40)
    assert granted(inside, "boat_supply.current") == 0.0
    inside.take()
    assert inside.lead("start", recipe="brief").run


def test_an_interlock_takes_down_what_was_set_and_it_stays_down(inside: Inside) -> None:
    inside.ready()
    inside.lead("set_output", name="boat_supply.current", value=100.0)
    inside.scan(5)
    inside.control.controller.outputs["boat_supply.current"].forced_by = ("water",)
    inside.scan(1)
    inside.control.controller.outputs["boat_supply.current"].forced_by = ()
    inside.scan(10)
    assert granted(inside, "boat_supply.current") == 0.0
    assert inside.state is State.IDLE


@pytest.fixture
def with_mfc(tmp_path: Path, recipes: Path) -> Iterator[Inside]:
    """Idle, roughed by hand, sources cold, with a flow controller of 20 slm before n2_valve."""
    file = tmp_path / "with_mfc.yaml"
    file.write_text(with_flow_controller().text)
    made = Inside(tmp_path, recipes, file)
    made.ready()
    controller = made.control.controller
    made.lead("set_output", name="roughing_pump", value=1.0)
    made.until(lambda: bool(controller.image["roughing_pump_running"].value))
    made.lead("set_output", name="rough_valve", value=1.0)
    made.until(lambda: (controller.readings.chamber_pressure.number() or 1e3) < 10.0, 3600.0)
    made.lead("set_output", name="rough_valve", value=0.0)
    made.lead("set_output", name="full_range.on", value=0.0)
    readings = controller.readings
    made.until(lambda: readings.sources_cold.number() == 1.0 and readings.ion_gauge_on.number() == 0.0, 3600.0)
    yield made
    made.close()


def flowing(inside: Inside, sccm: float) -> None:
    """n2_valve open, and so much through it."""
    inside.lead("set_output", name="n2_valve", value=1.0)
    inside.until(lambda: bool(inside.control.controller.actuators.by_name["n2_valve"].position == OPEN))
    inside.lead("set_output", name="mfc.flow", value=sccm, reason="purge")
    inside.until(lambda: flow(inside).flow.value == pytest.approx(sccm, rel=0.01))


def flow(inside: Inside) -> Flow:
    """As screens are told of it."""
    (found,) = mimic(inside.control.controller).flows
    return found


def test_gas_flows_by_hand_into_the_chamber_and_not_into_a_closed_line(with_mfc: Inside) -> None:
    plant = with_mfc.station._simulated.bench.plant
    assert isinstance(plant, Plant)
    with pytest.raises(Said, match=r"mfc.flow is not set: n2_valve is not open, .* Open it first\."):
        with_mfc.lead("set_output", name="mfc.flow", value=100.0)
    for wrong in (-1.0, 20001.0):
        with pytest.raises(Said, match=rf"mfc.flow takes 0 to 20000 sccm, found {wrong:g} sccm"):
            with_mfc.lead("set_output", name="mfc.flow", value=wrong)
    assert with_mfc.control.controller.outputs["mfc.flow"].asked == 0.0
    before_mbar = plant.truth.pressure_mbar
    flowing(with_mfc, 500.0)
    with_mfc.scan(100)
    assert plant.truth.pressure_mbar - before_mbar > 0.5  # of 1.2 mbar in 10 s: 500 sccm are 8.4 mbar l/s, in 70 l
    told = flow(with_mfc)
    assert (told.gas, told.valve, told.asked_sccm, told.max_sccm, told.output) == (
        "n2", "n2_valve", 500.0, 20000.0, "mfc.flow",
    )  # fmt: skip
    with_mfc.lead("set_output", name="mfc.flow", value=0.0)
    assert with_mfc.control.controller.outputs["mfc.flow"].asked == 0.0
    with_mfc.end()
    said = [e for e in with_mfc.events() if e.subject == "mfc.flow" and e.kind == "command"]
    assert [(e.new, e.actor, e.unit) for e in said] == [(500.0, "anna (tui)", "sccm"), (0.0, "anna (tui)", "sccm")]
    assert said[0].why == "purge"


def test_a_flow_ends_with_its_valve_and_with_whoever_set_it(with_mfc: Inside) -> None:
    flowing(with_mfc, 500.0)
    with_mfc.lead("set_output", name="n2_valve", value=0.0)
    with_mfc.scan(3)
    assert granted(with_mfc, "mfc.flow") == 0.0
    flowing(with_mfc, 400.0)
    with_mfc.wall_s += 31.0
    with_mfc.scan(3)
    assert granted(with_mfc, "mfc.flow") == 0.0
    with_mfc.end()
    texts = [event.text for event in with_mfc.events() if event.subject == "mfc.flow" and event.kind == "note"]
    assert texts == [
        "mfc.flow goes to 0 sccm: n2_valve is closed",
        "mfc.flow goes to 0 sccm: it was set by hand, and nobody is in control any more",
    ]


def test_nothing_that_flows_by_hand_goes_along_into_a_run(with_mfc: Inside) -> None:
    flowing(with_mfc, 500.0)
    with pytest.raises(Said, match=r"first make it safe by hand: .*mfc\.flow at 0"):
        with_mfc.lead("start", recipe="brief")
