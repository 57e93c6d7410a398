"""Rules as a chamber file states them: what is refused, what the compiled form means, what it costs."""

import math
import timeit
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.chamber.load import load_chamber
from pvdctl.chamber.rules import DERIVED
from pvdctl.errors import OperatorError
from pvdctl.instrument.tag import BAD, GOOD, UNCERTAIN
from pvdctl.process.image import Image
from pvdctl.process.interlocks import Interlocks
from pvdctl.process.outputs import Output, Outputs
from tests.process.interlock_plant import CONDITIONS, N2, TURBO, VACUUM, WATER, Plant


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"require": []}, "interlock 'rule': it requires nothing, so it could never trip"),
        (
            {"require": [{"reading": "water_okay", "is": "on"}]},
            "interlock 'rule', require: no reading is called 'water_okay' (did you mean 'water_ok'?)",
        ),
        (
            {"require": [{"reading": "zzzz", "is": "on"}]},
            "no reading is called 'zzzz' (there are: water_ok, door_closed",
        ),
        ({"require": [{"reading": "chamber_pressure", "below": "3 s"}]}, "found '3 s', which is a time"),
        ({"require": [{"reading": "chamber_pressure", "below": "3"}]}, "found the bare number '3'"),
        ({"require": [{"reading": "chamber_pressure", "above": "3 mbarr"}]}, "did you mean 'mbar'?"),
        ({"require": [{"reading": "chamber_pressure", "is": "on"}]}, "chamber_pressure is a number in mbar"),
        ({"require": [{"reading": "water_ok", "below": "1 s"}]}, "but water_ok has no unit"),
        ({"require": [{"reading": "turns", "above": "1 Hz"}]}, "turns has the unit 'rpm', which no file can state"),
        ({"require": [{"reading": "water_ok"}]}, "exactly one of `below`, `above` and `is`, found `reading: water_ok`"),
        (
            {"require": [{"reading": "turbo_percent", "above": "1 %", "below": "2 %"}]},
            "exactly one of `below`, `above` and `is`, found `reading: turbo_percent`, `below: 2 %`, `above: 1 %`",
        ),
        ({"require": [{"is": "on"}]}, "names either `reading` or `asked`, found `is: on`"),
        ({"require": [{}]}, "found nothing"),
        ({"require": [{"reading": "water_ok", "asked": "n2_valve", "is": True}]}, "either `reading` or `asked`"),
        ({"require": [{"asked": "n2_valve", "below": "1 A"}]}, "what is asked is tested with `is`"),
        (
            {"require": [{"asked": "n2_valv", "is": "on"}]},
            "nothing can be asked by the name 'n2_valv' (did you mean 'n2_valve'",
        ),
        (
            {"applies_when": [{"reading": "dor", "is": "on"}], "require": [{"reading": "water_ok", "is": "on"}]},
            "interlock 'rule', applies_when: no reading is called 'dor'",
        ),
        (
            {"require": [{"reading": "water_ok", "is": "on"}], "force": ["boat_suply"]},
            "interlock 'rule', force: nothing can be driven by the name 'boat_suply' (did you mean 'boat_supply'?)",
        ),
        ({"require": [{"reading": "water_ok", "is": "on"}], "response": " "}, "its `response` is empty"),
    ],
)
def test_a_bad_rule_is_refused_with_a_sentence(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OperatorError) as error:
        Plant(fields)
    assert sentence in str(error.value)
    assert str(error.value).startswith("interlock 'rule'")


def test_the_shipped_chamber_file_s_rules_can_all_be_meant_and_all_trip_on_an_unread_image() -> None:
    chamber = load_chamber(Path(__file__).parents[2] / "simulators" / "provap.yaml").model
    units = {**dict.fromkeys(chamber.io.inputs, ""), **dict.fromkeys(chamber.gauges, "mbar"), **DERIVED}
    image = Image([])
    for name, unit in units.items():
        image.derived(name, unit)
    supplies = {source.supply for source in chamber.sources.values()}
    outputs = Outputs(
        [
            *(Output(name, "digital") for name in {**chamber.io.outputs, **dict.fromkeys(chamber.actuators, 0)}),
            *(Output(f"{supply}.{what}", what) for supply in supplies for what in ("output", "current")),
            *(Output(f"{name}.on", "gauge") for name, gauge in chamber.gauges.items() if gauge.ion),
            Output(f"{chamber.vacuum.turbo}.run", "turbo"),
        ]
    )
    interlocks = Interlocks(chamber.interlocks, image, outputs)
    for output in outputs.all:
        output.asked = 1.0
    for now_s in (0.0, 3600.0):
        interlocks.evaluate(now_s)
        interlocks.permit(now_s)
    untripped = [state.bound for state in interlocks.states if not state.tripped]
    # Left over may only be rules whose case is that something is asked off or closed.
    assert all(any(s.word in ("off", "closed") for s in bound.applies_when) for bound in untripped)
    assert len(untripped) < len(interlocks.states) / 2


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(OperatorError, match="interlock 'water': 2 rules have this name"):
        Plant(WATER, VACUUM, WATER)


NUMBERS = st.one_of(st.floats(), st.integers(-10, 10), st.booleans(), st.sampled_from([0.0, 1.0, 1e-5, 80.0, None]))
QUALITIES = st.sampled_from([GOOD, GOOD, GOOD, UNCERTAIN, BAD])
ASKED = [{"asked": "gate_valve", "is": "open"}, {"asked": "gate_valve", "is": "closed"}]
ONE = st.sampled_from([*(condition for condition, *_ in CONDITIONS), *ASKED, {"reading": "door_closed", "is": "on"}])


def holds(plant: Plant, condition: dict[str, Any]) -> bool | None:
    """True, False, or None for cannot be told: a plain second reading of what a condition means."""
    wanted = 1.0 if condition.get("is") in ("on", "open", True) else 0.0
    if "asked" in condition:
        return plant.outputs[condition["asked"]].asked == wanted
    tag = plant[condition["reading"]]
    if tag.quality != GOOD or not isinstance(tag.value, (int, float)) or math.isnan(tag.value):
        return None
    if "is" in condition:
        return tag.value == wanted if tag.value in (0, 1) else None
    limit = {"1e-5 mbar": 1e-5, "80 %": 80.0}[condition.get("below") or condition["above"]]
    return tag.value < limit if "below" in condition else tag.value > limit


@settings(max_examples=300, deadline=None)
@given(
    rules=st.lists(st.tuples(st.lists(ONE, max_size=3), st.lists(ONE, min_size=1, max_size=3)), min_size=1, max_size=6),
    moments=st.lists(
        st.dictionaries(
            st.sampled_from(["water_ok", "door_closed", "chamber_pressure", "turbo_percent"]),
            st.tuples(NUMBERS, QUALITIES),
        ),
        min_size=1,
        max_size=4,
    ),
    gate=st.booleans(),
)
def test_compiled_rules_mean_what_they_say(rules: list[Any], moments: list[dict[str, Any]], gate: bool) -> None:
    plant = Plant(
        *(
            {"name": f"r{index}", "applies_when": applies, "require": require, "force": ["turbo"]}
            for index, (applies, require) in enumerate(rules)
        )
    )
    plant.outputs.ask("gate_valve", float(gate))
    for now_s, moment in enumerate(moments):
        for name, (value, quality) in moment.items():
            tag = plant[name]
            tag.value, tag.quality, tag.why = value, quality, "as drawn"
        plant.interlocks.evaluate(float(now_s))
        plant.interlocks.permit(float(now_s))
        for state, (applies, require) in zip(plant.interlocks.states, rules, strict=True):
            wanted = all(holds(plant, one) is not False for one in applies)
            wanted = wanted and not all(holds(plant, one) for one in require)
            if any(
                tag.value is None and tag.quality == GOOD for tag in map(plant.image.__getitem__, plant.image.names())
            ):
                assert state.tripped or not wanted, "comparing may raise, which trips more than it should, never less"
            else:
                assert state.tripped == wanted
            assert (state.why != "") == state.tripped
        forced = plant.outputs["turbo.run"].forced_by
        assert forced == tuple(plant.names())


def test_thirty_rules_cost_little() -> None:
    """The budget is 2 µs a scan for 30 rules; measured 1.3 µs. Ten times that is no busy machine but a mistake."""
    rules = [{**one, "name": f"{one['name']}_{index}"} for index in range(8) for one in (WATER, VACUUM, TURBO, N2)]
    plant = Plant(*rules[:30])
    interlocks = plant.interlocks

    def scan() -> None:
        interlocks.evaluate(1.0)
        interlocks.permit(1.0)

    assert min(timeit.repeat(scan, number=1000, repeat=20)) / 1000 < 20e-6
    assert interlocks.tripped == []
