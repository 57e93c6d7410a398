"""What a tripped interlock does: forces outputs, stops what is asked, names the first cause and the gravest action."""

import pytest

from tests.process.interlock_plant import N2, TURBO, VACUUM, WATER, Plant


def test_on_delay_needs_the_whole_time_without_a_break() -> None:
    plant = Plant({**WATER, "for": "2 s"})
    water = plant["water_ok"]
    water.set(False)
    for tenth in range(20):
        assert not plant.interlocks.evaluate(tenth / 10)
    water.set(True)
    assert not plant.interlocks.evaluate(2.0)
    water.set(False)
    now_s = 2.1
    for _ in range(20):
        assert not plant.interlocks.evaluate(now_s)
        assert not plant.names()
        now_s += 0.1
    assert plant.interlocks.evaluate(now_s), "2 s at 10 Hz, in spite of the rounding of 0.1"
    assert plant.interlocks.tripped[0].since_s == pytest.approx(4.1)
    water.set(True)
    assert plant.interlocks.evaluate(now_s + 0.1), "no delay on the way back"
    assert plant.names() == []


def test_force_and_release_and_nothing_reopens_by_itself() -> None:
    plant = Plant(WATER, {**VACUUM, "force": ["boat_supply", "turbo", "full_range", "n2_valve", "water_valve"]})
    outputs = plant.outputs
    outputs.ask("boat_supply.output", 1.0)
    outputs.ask("boat_supply.current", 50.0)
    outputs.ask("n2_valve", 1.0)
    outputs.ask("water_valve", 0.0)
    outputs.grant()
    plant["water_ok"].set(False)
    plant.interlocks.evaluate(0.1)
    assert plant.forced_by("boat_supply.output") == ("water",)
    assert plant.forced_by("n2_valve") == ()
    plant["chamber_pressure"].set(1.0)
    plant.interlocks.evaluate(0.2)
    assert plant.forced_by("boat_supply.output") == ("water", "vacuum")
    assert plant.forced_by("boat_supply.current") == ("water", "vacuum")
    for name in ("turbo.run", "full_range.on", "n2_valve", "water_valve"):
        assert plant.forced_by(name) == ("vacuum",)
    assert plant.forced_by("gate_valve") == ()
    assert outputs.grant()
    assert outputs["boat_supply.output"].granted == outputs["boat_supply.current"].granted == 0.0
    assert outputs["water_valve"].granted == 1.0
    plant["water_ok"].set(True)
    plant.interlocks.evaluate(0.3)
    assert plant.forced_by("boat_supply.output") == ("vacuum",)
    plant["chamber_pressure"].set(1e-6)
    plant.interlocks.evaluate(0.4)
    assert all(output.forced_by == () for output in outputs.all)
    outputs.grant()
    assert outputs["boat_supply.current"].granted == outputs["n2_valve"].granted == 0.0, "asked became safe"
    assert outputs["water_valve"].granted == 1.0


def test_permit_stops_what_is_asked_in_the_same_scan() -> None:
    plant = Plant(N2)
    assert not plant.interlocks.evaluate(0.0)
    plant.outputs.ask("n2_valve", 1.0)
    assert not plant.interlocks.evaluate(0.1), "rules about asking are not judged here"
    assert plant.interlocks.permit(0.1)
    assert plant.whys() == ["gate_valve_closed is off, required on, while n2_valve is asked open"]
    plant.outputs.grant()
    assert plant.outputs["n2_valve"].granted == 0.0
    assert plant.interlocks.permit(0.2), "no longer asked"
    assert plant.names() == []
    plant["gate_valve_closed"].set(True)
    plant.outputs.grant()
    assert plant.outputs["n2_valve"].granted == 0.0, "nothing opens by itself"
    plant.outputs.ask("n2_valve", 1.0)
    assert not plant.interlocks.permit(0.3)
    plant.outputs.grant()
    assert plant.outputs["n2_valve"].granted == 1.0


def test_a_phase_that_keeps_asking_keeps_the_trip_without_flicker() -> None:
    plant = Plant(N2)
    changes = 0
    for tenth in range(10):
        plant.outputs.ask("n2_valve", 1.0)
        changes += plant.interlocks.permit(tenth / 10)
        plant.outputs.grant()
        assert plant.outputs["n2_valve"].granted == 0.0
    assert changes == 1


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("boat_supply", "boat_supply.output"),
        ("turbo", "turbo.run"),
        ("full_range", "full_range.on"),
        ("gate_valve", "gate_valve"),
    ],
)
@pytest.mark.parametrize(
    ("word", "level"), [("on", 1.0), ("open", 1.0), (True, 1.0), ("off", 0.0), ("closed", 0.0), (False, 0.0)]
)
def test_asked_by_every_name_and_word(name: str, output: str, word: str | bool, level: float) -> None:
    plant = Plant(
        {
            "name": "case",
            "applies_when": [{"asked": name, "is": word}],
            "require": [{"reading": "water_ok", "is": "on"}],
        },
        {"name": "need", "require": [{"asked": name, "is": word}]},
    )
    plant["water_ok"].set(False)
    for asked in (0.0, 1.0, 0.5):
        plant.outputs.ask(output, asked)
        plant.interlocks.permit(asked)
        assert ("case" in plant.names()) == (asked != 1.0 - level)
        assert ("need" in plant.names()) == (asked != level)
    assert plant.whys()[0] == f"water_ok is off, required on, while {name} is asked {str(word).lower()}"


def test_an_asked_requirement_says_what_is_asked() -> None:
    plant = Plant({"require": [{"asked": "gate_valve", "is": "closed"}]})
    plant.outputs.ask("gate_valve", 1.0)
    plant.interlocks.permit(0.0)
    assert plant.whys() == ["gate_valve is asked open, required closed"]


def test_changed_lists_what_came_and_went() -> None:
    plant = Plant(WATER, VACUUM, TURBO)
    plant["water_ok"].set(False)
    plant["turbo_percent"].set(0.0)
    plant.interlocks.evaluate(0.0)
    assert [(state.rule.name, state.tripped) for state in plant.interlocks.changed] == [
        ("water", True),
        ("turbo", True),
    ]
    plant["water_ok"].set(True)
    plant["chamber_pressure"].set(1.0)
    plant.interlocks.evaluate(5.0)
    changed = [(state.rule.name, state.tripped, state.since_s) for state in plant.interlocks.changed]
    assert changed == [("water", False, 5.0), ("vacuum", True, 5.0)]
    assert plant.interlocks.states[0].why == ""


def test_the_worst_action_wins_and_the_earliest_of_equals() -> None:
    rules = [
        {"name": f"{action}_{index}", "require": [{"reading": reading, "is": "on"}], "action": action}
        for index, (reading, action) in enumerate(
            [("door_closed", "stop"), ("gate_valve_closed", "none"), ("water_ok", "stop")]
        )
    ]
    plant = Plant(
        *rules,
        TURBO,
        {**VACUUM, "action": "hold"},
        {**VACUUM, "name": "worst", "require": [{"reading": "source_current", "below": "1 A"}]},
    )
    interlocks = plant.interlocks

    def worst() -> tuple[str, str]:
        action, state = interlocks.worst_action()
        return action, "" if state is None else state.rule.name

    interlocks.evaluate(0.0)
    assert plant.names() == ["none_1"]
    assert worst() == ("none", "")
    for now_s, (reading, value, expected) in enumerate(
        [
            ("turbo_percent", 10.0, ("suspend", "turbo")),
            ("chamber_pressure", 1.0, ("hold", "vacuum")),
            ("water_ok", False, ("stop", "stop_2")),
            ("door_closed", False, ("stop", "stop_2")),
            ("source_current", 5.0, ("abort", "worst")),
            ("source_current", 0.0, ("stop", "stop_2")),
            ("water_ok", True, ("stop", "stop_0")),
            ("door_closed", True, ("hold", "vacuum")),
            ("chamber_pressure", 1e-6, ("suspend", "turbo")),
            ("turbo_percent", 100.0, ("none", "")),
        ],
        start=1,
    ):
        plant[reading].set(value)
        assert interlocks.evaluate(float(now_s))
        assert worst() == expected


def test_first_out_is_kept_until_all_is_clear_and_something_else_comes() -> None:
    plant = Plant(WATER, VACUUM, TURBO)
    interlocks = plant.interlocks
    plant["chamber_pressure"].set(1.0)
    interlocks.evaluate(1.0)
    plant["water_ok"].set(False)
    interlocks.evaluate(2.0)
    assert plant.first() == "vacuum"
    assert interlocks.first_out_scan == (interlocks.states[1],)
    plant["chamber_pressure"].set(1e-6)
    interlocks.evaluate(3.0)
    assert plant.first() == "vacuum", "cleared, but the cascade stands"
    plant["water_ok"].set(True)
    interlocks.evaluate(4.0)
    assert plant.first() == "vacuum", "all clear, nobody has reset"
    plant["turbo_percent"].set(0.0)
    interlocks.evaluate(5.0)
    assert plant.first() == "turbo", "a new cascade"
    interlocks.reset_first_out()
    assert plant.first() == ""
    plant["water_ok"].set(False)
    interlocks.evaluate(6.0)
    assert plant.first() == "water", "after a reset the next one, older trips standing or not"


def test_first_out_of_one_scan_names_all_and_puts_the_gravest_first() -> None:
    plant = Plant(WATER, VACUUM, N2)
    plant["water_ok"].set(False)
    plant["chamber_pressure"].set(1.0)
    plant.interlocks.evaluate(1.0)
    plant.outputs.ask("n2_valve", 1.0)
    plant.interlocks.permit(1.0)
    water, vacuum, n2 = plant.interlocks.states
    assert plant.interlocks.first_out is vacuum
    assert plant.interlocks.first_out_scan == (vacuum, water, n2)
    plant["turbo_percent"].set(0.0)
    plant.interlocks.evaluate(2.0)
    assert plant.interlocks.first_out_scan == (vacuum, water, n2)
