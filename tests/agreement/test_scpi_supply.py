"""The supply: what was asked is what the world's terminals have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.scpi_supply import ScpiSupply
from pvdctl.errors import InstrumentError
from tests.agreement.meeting import Meeting

SETTINGS = {"max_current_a": 200.0, "max_voltage_v": 5.0, "protection_v": 5.5}


def supply(chop: int = 0, **more: object) -> Meeting:
    meeting = Meeting("scpi_supply", {**SETTINGS, **more}, chop=chop)
    meeting.world.signals["supply_enabled"] = True
    return meeting


def driver(meeting: Meeting) -> ScpiSupply:
    assert isinstance(meeting.driver, ScpiSupply)
    return meeting.driver


def test_nothing_flows_until_it_is_asked_for() -> None:
    meeting = supply().up()
    assert not meeting.world.output_on
    found = meeting.plain()
    assert found["it.output_on"] is False
    assert found["it.tripped"] is False
    assert abs(float(str(found["it.current_a"]))) < 0.2
    assert not meeting.errors()


@given(st.integers(0, 200_000), st.integers(100, 5_000), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_what_was_programmed_is_what_the_terminals_get(milliamps: int, millivolts: int, chop: int) -> None:
    meeting = supply(chop).up()
    it, world = driver(meeting), meeting.world
    meeting.settle(it.set_voltage_limit(millivolts / 1000))
    meeting.settle(it.set_current(milliamps / 1000))
    meeting.settle(it.set_output(True))
    assert (world.volts, world.amps, world.output_on) == (millivolts / 1000, milliamps / 1000, True)
    meeting.run(1.0)
    found, (volts, amps, _) = meeting.plain(), world.supply_terminals("it")
    assert found["it.current_a"] == pytest.approx(amps, abs=0.25)
    assert found["it.voltage_v"] == pytest.approx(volts, abs=0.02)
    assert found["it.output_on"] is True
    assert not meeting.errors()


def test_off_is_off_at_the_terminals_and_leaves_no_current_programmed() -> None:
    meeting = supply().up()
    it, world = driver(meeting), meeting.world
    for act in (it.set_voltage_limit(5.0), it.set_current(120.0), it.set_output(True)):
        meeting.settle(act)
    late = it.set_current(130.0)
    meeting.settle(it.set_output(False))
    assert not world.output_on
    meeting.run(0.5)
    assert late.error is not None
    assert world.amps == 0.0
    assert meeting.plain()["it.output_on"] is False


def test_a_set_point_above_the_supplys_own_range_is_its_refusal() -> None:
    meeting = Meeting("scpi_supply", {"max_current_a": 400.0, "max_voltage_v": 5.0}).up()
    with pytest.raises(InstrumentError, match=r"-222.*after 'set_current 300\.000'"):
        meeting.settle(driver(meeting).set_current(300.0))
    assert meeting.world.amps == 0.0
    assert meeting.worker.up
    meeting.settle(driver(meeting).set_current(10.0))


def test_a_command_the_supply_does_not_know_is_its_refusal() -> None:
    meeting = supply(commands={"clear_trip": "OUTPUT:PROTEST:CLEAR"}).up()
    with pytest.raises(InstrumentError, match="-113"):
        meeting.settle(driver(meeting).clear_trip())


def test_the_protection_is_in_the_supply() -> None:
    meeting = supply().up()
    assert meeting.link.exchange(b"VOLT:PROT?\n", driver(meeting)._framing, 0.3)
    meeting.settle(driver(meeting).clear_trip())
    assert meeting.plain()["it.tripped"] is False


def test_a_restart_is_survived_with_the_output_off() -> None:
    meeting = supply().up()
    for act in (driver(meeting).set_current(50.0), driver(meeting).set_output(True)):
        meeting.settle(act)
    meeting.bench.arrange(f"it:restart@{meeting.clock.now_s + 0.2}s:boot=1")
    meeting.run(6.0)
    assert meeting.errors()
    assert meeting.worker.up
    assert meeting.plain()["it.output_on"] is False
