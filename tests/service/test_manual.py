"""Outputs by hand: in Stopped and Idle, within the interlocks; a refusal says which and what would satisfy it."""

from pathlib import Path

import pytest

from pvdctl.process.states import State
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


def test_a_flow_is_left_to_recipes_but_may_be_closed(tmp_path: Path, recipes: Path) -> None:
    file = tmp_path / "with_mfc.yaml"
    file.write_text(with_flow_controller().text)
    inside = Inside(tmp_path, recipes, file)
    try:
        inside.ready()
        with pytest.raises(Said, match=r"mfc.flow is set by recipes only .* found 1\."):
            inside.lead("set_output", name="mfc.flow", value=1.0)
        assert inside.control.controller.outputs["mfc.flow"].asked == 0.0
        inside.lead("set_output", name="mfc.flow", value=0.0)
    finally:
        inside.close()
