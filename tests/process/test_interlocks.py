"""Interlocks fail closed: whatever a reading is or is not, a rule never lets something by because it could not look."""

import math
from typing import Any

import pytest

from pvdctl.errors import OperatorError
from pvdctl.instrument.tag import BAD, GOOD, UNCERTAIN, Tag
from tests.process.interlock_plant import CONDITIONS, N2, TURBO, VACUUM, WATER, Plant


def test_nothing_trips_while_all_is_well() -> None:
    plant = Plant(WATER, VACUUM, TURBO, N2)
    assert not plant.interlocks.evaluate(0.0)
    assert not plant.interlocks.permit(0.0)
    assert plant.interlocks.tripped == []
    assert plant.interlocks.worst_action() == ("none", None)
    assert plant.interlocks.first_out is None
    assert all(output.forced_by == () for output in plant.outputs.all)


@pytest.mark.parametrize(
    ("require", "reading", "value", "why"),
    [
        ({"reading": "water_ok", "is": "on"}, "water_ok", False, "water_ok is off, required on"),
        ({"reading": "water_ok", "is": True}, "water_ok", 0, "water_ok is false, required true"),
        ({"reading": "water_ok", "is": "on"}, "water_ok", 0.5, "water_ok is 0.5, required on"),
        (
            {"reading": "gate_valve_closed", "is": "off"},
            "gate_valve_closed",
            1,
            "gate_valve_closed is on, required off",
        ),
        (
            {"reading": "chamber_pressure", "below": "1e-5 mbar"},
            "chamber_pressure",
            3e-5,
            "chamber_pressure 3.0e-05 mbar is not below 1.0e-05 mbar",
        ),
        (
            {"reading": "chamber_pressure", "below": "1 mPa"},
            "chamber_pressure",
            3e-5,
            None,
        ),
        (
            {"reading": "chamber_pressure", "below": "1e-3 Pa"},
            "chamber_pressure",
            1e-5,
            "chamber_pressure 1.0e-05 mbar is not below 1.0e-05 mbar",
        ),
        (
            {"reading": "chamber_pressure", "below": "1e-5 mbar"},
            "chamber_pressure",
            1.001e-5,
            "chamber_pressure 1.001e-05 mbar is not below 1.000e-05 mbar",
        ),
        (
            {"reading": "turbo_percent", "above": "80 %"},
            "turbo_percent",
            79.5,
            "turbo_percent 79.5 % is not above 80 %",
        ),
        ({"reading": "turbo_percent", "above": "80 %"}, "turbo_percent", 0, "turbo_percent 0 % is not above 80 %"),
        (
            {"reading": "source_current", "below": "500 mA"},
            "source_current",
            117.0,
            "source_current 117 A is not below 0.5 A",
        ),
    ],
)
def test_an_unmet_requirement_trips_and_says_what_was_found_and_wanted(
    require: dict[str, Any], reading: str, value: float, why: str | None
) -> None:
    if why is None:
        with pytest.raises(OperatorError, match="unit 'mPa' is not known"):
            Plant({"require": [require]})
        return
    plant = Plant({"require": [require]})
    assert not plant.interlocks.evaluate(0.0)
    plant[reading].set(value)
    assert plant.interlocks.evaluate(0.1)
    assert plant.whys() == [why]
    assert not plant.interlocks.evaluate(0.2), "no change, no news"


def spoil(tag: Tag, how: str) -> None:
    match how:
        case "uncertain":
            tag.spoil("over range", UNCERTAIN)
        case "bad":
            tag.spoil("sensor off")
        case "stale":
            tag.spoil("no new reading for 1.2 s (limit 0.5 s)", BAD)
        case "never read":
            tag.value, tag.quality, tag.why = None, BAD, "not read yet"
        case "none though good":
            tag.value, tag.quality = None, GOOD
        case "not a number":
            tag.set(math.nan)
        case "text":
            tag.set("abc")
        case _:
            raise AssertionError(how)


@pytest.mark.parametrize("how", ["uncertain", "bad", "stale", "never read", "none though good", "not a number", "text"])
@pytest.mark.parametrize(("condition", "reading", "true", "false"), CONDITIONS)
def test_a_requirement_that_cannot_be_judged_is_not_met(
    condition: dict[str, Any], reading: str, true: Any, false: Any, how: str
) -> None:
    plant = Plant({"require": [condition]})
    plant[reading].set(true)
    plant.interlocks.evaluate(0.0)
    assert plant.names() == []
    spoil(plant[reading], how)
    assert plant.interlocks.evaluate(0.1)
    (why,) = plant.whys()
    assert why.startswith(f"{reading} cannot be evaluated")
    if plant[reading].quality != GOOD:
        assert plant[reading].why in why
    assert ("(uncertain)" in why) == (how == "uncertain")
    plant[reading].set(true)
    assert plant.interlocks.evaluate(0.2)
    assert plant.names() == []
    plant[reading].set(false)
    assert plant.interlocks.evaluate(0.3)
    assert plant.names() == ["rule"]


@pytest.mark.parametrize("how", ["uncertain", "bad", "stale", "never read", "none though good", "not a number", "text"])
@pytest.mark.parametrize(("condition", "reading", "true", "false"), CONDITIONS)
def test_a_rule_whose_case_cannot_be_judged_applies(
    condition: dict[str, Any], reading: str, true: Any, false: Any, how: str
) -> None:
    plant = Plant({"applies_when": [condition], "require": [{"reading": "door_closed", "is": "on"}]})
    plant["door_closed"].set(False)
    plant[reading].set(false)
    plant.interlocks.evaluate(0.0)
    assert plant.names() == [], "does not apply"
    plant[reading].set(true)
    plant.interlocks.evaluate(0.1)
    assert plant.whys() == ["door_closed is off, required on"]
    plant[reading].set(false)
    plant.interlocks.evaluate(0.2)
    assert plant.names() == []
    spoil(plant[reading], how)
    assert plant.interlocks.evaluate(0.3)
    (why,) = plant.whys()
    assert why.startswith(f"door_closed is off, required on (taken to apply: {reading} cannot be evaluated")
    plant["door_closed"].set(True)
    plant.interlocks.evaluate(0.4)
    if how not in ("none though good", "text"):
        assert plant.names() == [], "a rule in doubt whose requirement is met is not tripped"


def test_all_of_applies_when_and_all_of_require() -> None:
    plant = Plant(
        {
            "applies_when": [
                {"reading": "source_current", "above": "1 A"},
                {"reading": "turbo_percent", "above": "50 %"},
            ],
            "require": [{"reading": "water_ok", "is": "on"}, {"reading": "door_closed", "is": "on"}],
        }
    )
    plant["water_ok"].set(False)
    plant["door_closed"].set(False)
    assert not plant.interlocks.evaluate(0.0), "only one of the two cases holds"
    plant["source_current"].set(100.0)
    assert plant.interlocks.evaluate(0.1)
    assert plant.whys() == ["water_ok is off, required on; door_closed is off, required on"]
    plant["water_ok"].set(True)
    assert not plant.interlocks.evaluate(0.2), "one requirement is still unmet"
    plant["door_closed"].set(True)
    assert plant.interlocks.evaluate(0.3)
    assert plant.names() == []


class Biting(float):
    """A value that cannot be compared: stands for any mistake in a driver."""

    def __lt__(self, other: object) -> bool:
        raise RuntimeError("this value bites")

    def __ge__(self, other: object) -> bool:
        raise RuntimeError("this value bites")


def test_a_rule_that_raises_is_tripped_and_the_others_are_judged_as_ever() -> None:
    plant = Plant(WATER, {**VACUUM, "for": "30 s", "force": ["boat_supply"]}, TURBO)
    plant["chamber_pressure"].set(Biting(1e-6))
    assert plant.interlocks.evaluate(0.0), "at once, whatever its delay"
    assert plant.names() == ["vacuum"]
    assert plant.whys() == ["it cannot be evaluated: RuntimeError: this value bites"]
    assert plant.outputs["boat_supply.output"].forced_by == ("vacuum",)
    assert plant.interlocks.worst_action()[0] == "abort"
    assert not plant.interlocks.evaluate(0.1)
    plant["water_ok"].set(False)
    assert plant.interlocks.evaluate(0.2)
    assert plant.names() == ["water", "vacuum"]
    plant["chamber_pressure"].set(1e-6)
    plant["water_ok"].set(True)
    assert plant.interlocks.evaluate(0.3)
    assert plant.names() == []


def test_a_case_that_raises_trips_its_rule_too() -> None:
    plant = Plant({**WATER, "applies_when": [{"reading": "chamber_pressure", "below": "1 mbar"}]})
    plant["chamber_pressure"].set(Biting(1e3))
    assert plant.interlocks.evaluate(0.0)
    assert plant.whys() == ["it cannot be evaluated [RuntimeError: this value bites]"]


def test_text_where_a_number_belongs_is_told_by_name() -> None:
    plant = Plant(VACUUM)
    plant["chamber_pressure"].set("abc")
    plant.interlocks.evaluate(0.0)
    (why,) = plant.whys()
    assert why.startswith("chamber_pressure cannot be evaluated: its value 'abc' is not a number [TypeError: ")


def test_a_raising_rule_about_asking_is_tripped_as_well() -> None:
    plant = Plant({**N2, "require": [{"reading": "chamber_pressure", "below": "1 mbar"}]})
    plant["chamber_pressure"].set(Biting(1e-6))
    assert not plant.interlocks.permit(0.0), "nothing is asked"
    plant.outputs.ask("n2_valve", 1.0)
    assert plant.interlocks.permit(0.1)
    assert plant.outputs["n2_valve"].forced_by == ("n2",)
