"""What valves and inputs are for: by the chamber file's structure, never by their names."""

import pytest

from pvdctl.chamber.load import load_chamber
from pvdctl.chamber.model import Chamber
from pvdctl.service.duties import required_inputs, valve_roles
from tests.service.inside import CHAMBER, Inside


@pytest.fixture(scope="module")
def chamber() -> Chamber:
    return load_chamber(CHAMBER).model


def test_each_valve_of_the_chamber_has_its_role(chamber: Chamber) -> None:
    assert valve_roles(chamber) == {
        "rough_valve": ("rough", ""),
        "gate_valve": ("gate", ""),
        "fore_valve": ("fore", ""),
        "n2_valve": ("gas", "n2"),
        "ar_valve": ("gas", "ar"),
        "source_1_shutter": ("source", ""),
        "source_2_shutter": ("source", ""),
        "substrate_shutter": ("substrate", ""),
    }


def test_inputs_that_only_confirm_are_not_required(chamber: Chamber) -> None:
    assert required_inputs(chamber) == dict.fromkeys(
        ("estop_ok", "water_ok", "air_ok", "glovebox_ok", "door_closed", "n2_supply_ok"), True
    )


def test_an_input_that_is_wanted_both_ways_is_neither_right_nor_wrong(chamber: Chamber) -> None:
    rule = next(rule for rule in chamber.interlocks if rule.name == "water")
    condition = rule.require[0].model_copy(update={"is_": "off"})
    both = chamber.model_copy(
        update={"interlocks": [*chamber.interlocks, rule.model_copy(update={"require": [condition]})]}
    )
    assert "water_ok" not in required_inputs(both)
    assert "air_ok" in required_inputs(both)


def test_the_snapshot_tells_them(inside: Inside) -> None:
    mimic = inside.seen().mimic
    assert {valve.name: (valve.role, valve.gas) for valve in mimic.valves} == dict(
        valve_roles(load_chamber(CHAMBER).model)
    )
    assert {switch.name for switch in mimic.inputs if switch.required} == set(
        required_inputs(load_chamber(CHAMBER).model)
    )
