"""Valves and shutters by their switches, and what is carried to the instruments, when, and how often."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.cli.assemble import SimulatedChamber
from pvdctl.errors import LinkError
from pvdctl.instrument.poll import DONE, FAILED, Act, Poll
from pvdctl.instrument.tag import Tag
from pvdctl.process.actuators import CLOSED, CONTRADICTION, MOVING, OPEN, UNKNOWN, Actuator
from pvdctl.process.outputs import Output, Outputs
from pvdctl.process.writer import RETRY_S, Writer
from tests.system.small import shipped_chamber

CHAMBER = shipped_chamber().model
FACTS = CHAMBER.actuators["substrate_shutter"]


def shutter() -> tuple[Actuator, Output, Tag, Tag]:
    opened, closed = Tag("opened", ""), Tag("closed", "")
    Poll("plc.inputs", (opened, closed), lambda link: ())
    output = Output("substrate_shutter", "digital")
    opened.set(False)
    closed.set(True)
    return Actuator("substrate_shutter", FACTS, opened, closed, output), output, opened, closed


def test_opening_and_closing_are_read_back() -> None:
    actuator, output, opened, closed = shutter()
    actuator.update(0.0)
    assert actuator.is_closed
    output.granted = 1.0
    actuator.update(1.0)
    assert actuator.position == CLOSED
    closed.set(False)
    assert actuator.update(1.1)
    assert actuator.position == MOVING
    opened.set(True)
    assert actuator.update(1.3)
    assert actuator.is_open
    assert actuator.settled
    assert not actuator.failure


@pytest.mark.parametrize(
    ("opened_is", "closed_is", "position"),
    [(True, False, OPEN), (False, True, CLOSED), (False, False, MOVING), (True, True, CONTRADICTION)],
)
def test_positions(opened_is: bool, closed_is: bool, position: int) -> None:
    actuator, _, opened, closed = shutter()
    opened.set(opened_is)
    closed.set(closed_is)
    actuator.update(0.0)
    assert actuator.position == position
    opened.spoil("plc.inputs: no new reading")
    actuator.update(0.1)
    assert actuator.position == UNKNOWN
    assert not actuator.is_open
    assert not actuator.is_closed


def test_a_stuck_one_fails_after_its_deadline_once_and_says_what_it_is() -> None:
    actuator, output, _, _ = shutter()
    actuator.update(0.0)
    output.granted = 1.0
    told = [n for n in range(1, 100) if actuator.update(n * 0.1) and actuator.failure]
    assert len(told) == 1
    assert told[0] * 0.1 == pytest.approx(FACTS.deadline_s + 0.1, abs=0.15)
    assert actuator.failure.startswith("substrate_shutter was told to open and is closed after")
    output.granted = 0.0
    actuator.update(10.0)
    assert not actuator.failure
    assert actuator.is_closed


def test_one_that_moves_by_itself_fails_too() -> None:
    """A shutter that falls shut on its own, after it had been open as told."""
    actuator, output, opened, closed = shutter()
    output.granted = 1.0
    opened.set(True)
    closed.set(False)
    actuator.update(0.0)
    assert actuator.settled
    opened.set(False)
    closed.set(True)
    assert actuator.update(5.0)
    assert not actuator.is_open
    actuator.update(5.0 + FACTS.deadline_s + 0.2)
    assert "told to open and is closed" in actuator.failure


def test_switches_that_cannot_be_read_are_named() -> None:
    actuator, output, opened, closed = shutter()
    actuator.update(0.0)
    output.granted = 1.0
    opened.spoil("plc.inputs: no new reading for 0.6 s")
    closed.spoil("plc.inputs: no new reading for 0.6 s")
    actuator.update(1.0)
    actuator.update(1.0 + FACTS.deadline_s + 0.2)
    assert "plc.inputs: no new reading" in actuator.failure


# --- outputs ------------------------------------------------------------------------------------------------------
@given(
    asks=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0.0, 1.0]), st.booleans()), max_size=40),
)
def test_a_force_always_wins_and_nothing_comes_back_by_itself(asks: list[tuple[int, float, bool]]) -> None:
    outputs = Outputs([Output(f"o{n}", "digital") for n in range(3)])
    for n, value, forced in asks:
        output = outputs[f"o{n}"]
        outputs.ask(output.name, value)
        output.forced_by = ("rule",) if forced else ()
        outputs.grant()
        assert output.granted == (0.0 if forced else value)
        output.forced_by = ()
        outputs.grant()
        assert output.granted == (0.0 if forced else value)


# --- writer -------------------------------------------------------------------------------------------------------
class Spy:
    """Stands in for an instrument by role: answers when told, remembers everything."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.acts: list[Act] = []

    def __getattr__(self, name: str) -> Any:
        def act(*args: Any, **options: Any) -> Act:
            self.asked.append((name, args))
            self.acts.append(Act(name, lambda link: None))
            return self.acts[-1]

        return act

    def answer(self, state: int = DONE) -> None:
        for act in self.acts:
            if act.state not in (DONE, FAILED):
                if state == FAILED:
                    act.error = LinkError("no answer")
                act.state = state


def bench() -> tuple[Writer, Outputs, dict[str, Spy]]:
    real = SimulatedChamber(CHAMBER, 1).equipment
    spies = {name: Spy() for name in ("io", "supply", "gauges", "turbo")}
    equipment = replace(
        real,
        io=spies["io"],  # what a role does is found by name at run time
        supplies={"boat_supply": spies["supply"]},
        gauge_controllers={"gauges": spies["gauges"]},
        turbo=spies["turbo"],
    )
    outputs = equipment.make_outputs()
    return Writer(equipment, outputs), outputs, spies


def settle(writer: Writer, spies: dict[str, Spy]) -> None:
    """First writes of everything, answered."""
    writer.write(0.0, changed=True)
    for spy in spies.values():
        spy.answer()
    writer.write(0.1, changed=False)
    for spy in spies.values():
        spy.asked.clear()
        spy.answer()
    writer.results.clear()


def test_the_heartbeat_goes_with_every_scan_and_the_rest_only_on_change() -> None:
    writer, _, spies = bench()
    settle(writer, spies)
    for n in range(10):
        writer.write(1.0 + n * 0.1, changed=False)
        spies["io"].answer()
    assert [name for name, _ in spies["io"].asked] == ["write"] * 10
    assert not spies["supply"].asked
    assert not spies["turbo"].asked


def test_granted_bits_are_the_chamber_files() -> None:
    writer, outputs, spies = bench()
    settle(writer, spies)
    outputs.ask("gate_valve", 1.0)
    outputs.ask("supply_enable", 1.0)
    outputs.grant()
    writer.write(1.0, changed=True)
    (_, (word, *_)) = spies["io"].asked[-1]
    assert word == 1 << CHAMBER.io.outputs["gate_valve"] | 1 << CHAMBER.io.outputs["supply_enable"]


def test_each_kind_of_output_reaches_its_instrument() -> None:
    writer, outputs, spies = bench()
    settle(writer, spies)
    for name, value in (("boat_supply.current", 42.5), ("boat_supply.output", 1.0), ("turbo.run", 1.0)):
        outputs.ask(name, value)
    outputs.ask("full_range.on", 1.0)
    outputs.grant()
    writer.write(1.0, changed=True)
    assert sorted(name for name, _ in spies["supply"].asked) == ["set_current", "set_output"]
    assert ("set_current", (42.5,)) in spies["supply"].asked
    assert spies["turbo"].asked == [("switch", (True,))]
    assert spies["gauges"].asked == [("switch_gauge", (1, True))]
    for spy in spies.values():
        spy.answer()
    writer.write(1.1, changed=False)
    assert sorted(writer.results) == [("boat_supply.output", 1.0), ("full_range.on", 1.0), ("turbo.run", 1.0)]


def test_an_act_that_fails_is_said_and_asked_again() -> None:
    writer, outputs, spies = bench()
    settle(writer, spies)
    outputs.ask("boat_supply.output", 1.0)
    outputs.grant()
    writer.write(1.0, changed=True)
    spies["supply"].answer(FAILED)
    times = []
    for n in range(1, 21):
        before = len(spies["supply"].asked)
        writer.write(1.0 + 0.1 * n, changed=False)
        if len(spies["supply"].asked) > before:
            times.append(1.0 + 0.1 * n)
            spies["supply"].answer(FAILED)
    assert [name for name, _ in writer.failures] == ["boat_supply.output"]  # said once, however often it fails
    assert len(times) >= 3
    assert all(b - a >= RETRY_S - 1e-6 for a, b in pairwise(times))
    outputs.ask("boat_supply.output", 0.0)
    outputs.grant()
    spies["supply"].asked.clear()
    for n in range(10):
        writer.write(5.0 + 0.1 * n, changed=n == 0)
        spies["supply"].answer()
    assert spies["supply"].asked == [("set_output", (False,))]


def test_a_plain_output_has_its_result_when_the_coupler_has_answered() -> None:
    writer, outputs, spies = bench()
    settle(writer, spies)
    outputs.ask("roughing_pump", 1.0)
    outputs.grant()
    writer.write(1.0, changed=True)
    writer.write(1.1, changed=False)
    assert writer.results == []
    spies["io"].answer()
    writer.write(1.2, changed=False)
    assert writer.results == [("roughing_pump", 1.0)]


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.floats(0.0, 120.0), st.sampled_from([DONE, DONE, DONE, FAILED, None])), min_size=1, max_size=30
    )
)
def test_in_the_end_what_was_granted_last_is_what_was_written_last(steps: list[tuple[float, int | None]]) -> None:
    writer, outputs, spies = bench()
    settle(writer, spies)
    now_s = 1.0
    for amps, answer in steps:
        outputs.ask("boat_supply.current", round(amps, 2))
        changed = outputs.grant()
        now_s += 0.1
        writer.write(now_s, changed)
        if answer is not None:
            spies["supply"].answer(answer)
    spies["supply"].answer()
    for _ in range(20):
        now_s += 0.1
        writer.write(now_s, changed=False)
        spies["supply"].answer()
    sent = [args[0] for name, args in spies["supply"].asked if name == "set_current"]
    last = outputs["boat_supply.current"].granted
    assert last == round(steps[-1][0], 2)
    assert (sent[-1] if sent else 0.0) == last
