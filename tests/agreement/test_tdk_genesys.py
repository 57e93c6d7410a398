"""The Genesys: what was asked is what the world's terminals have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.tdk_genesys import TdkGenesys
from pvdctl.errors import InstrumentError
from tests.agreement.meeting import Meeting

SETTINGS = {"max_current_a": 200.0, "max_voltage_v": 5.0, "protection_v": 5.5}


def supply(chop: int = 0, **more: object) -> Meeting:
    meeting = Meeting("tdk_genesys", {**SETTINGS, **more}, baud=9600, chop=chop)
    meeting.world.signals["supply_enabled"] = True
    return meeting


def driver(meeting: Meeting) -> TdkGenesys:
    assert isinstance(meeting.driver, TdkGenesys)
    return meeting.driver


@given(st.integers(0, 20_000), st.integers(100, 5_000), st.integers(0, 5), st.booleans())
@settings(max_examples=25, deadline=None)
def test_what_was_programmed_is_what_the_terminals_get(
    centiamps: int, millivolts: int, chop: int, checksum: bool
) -> None:
    meeting = supply(chop, checksum=checksum).up()
    it, world = driver(meeting), meeting.world
    assert not world.output_on
    meeting.settle(it.set_voltage_limit(millivolts / 1000))
    meeting.settle(it.set_current(centiamps / 100))
    meeting.settle(it.set_output(True))
    assert (world.volts, world.amps, world.output_on) == (millivolts / 1000, centiamps / 100, True)
    meeting.run(1.0)
    found, (volts, amps, _) = meeting.plain(), world.supply_terminals("it")
    assert found["it.current_a"] == pytest.approx(amps, abs=0.25)
    assert found["it.voltage_v"] == pytest.approx(volts, abs=0.02)
    assert found["it.output_on"] is True
    assert found["it.tripped"] is False
    assert not meeting.errors()


def test_off_is_off_at_the_terminals_and_leaves_no_current_programmed() -> None:
    meeting = supply().up()
    it, world = driver(meeting), meeting.world
    for act in (it.set_voltage_limit(5.0), it.set_current(120.0), it.set_output(True)):
        meeting.settle(act)
    meeting.settle(it.set_output(False))
    assert not world.output_on
    assert world.amps == 0.0
    meeting.run(1.0)
    assert meeting.plain()["it.output_on"] is False


def test_an_open_output_trips_is_seen_refuses_and_is_cleared_without_power() -> None:
    meeting = supply().up()
    it, world = driver(meeting), meeting.world
    for act in (it.set_voltage_limit(5.0), it.set_current(120.0), it.set_output(True)):
        meeting.settle(act)
    world.load_ohm = 1e9  # nothing flows; the terminals show the limit: no trip
    meeting.run(2.0)
    assert meeting.plain()["it.tripped"] is False
    world.volts = 1e-4  # neither current nor voltage: the mains stage has failed
    world.amps = 1e-4
    meeting.run(2.0)
    assert meeting.plain()["it.tripped"] is True
    with pytest.raises(InstrumentError, match="E07"):
        meeting.settle(it.set_output(True))
    meeting.settle(it.clear_trip())
    meeting.run(1.0)
    assert meeting.plain()["it.tripped"] is False
    assert not world.output_on


def test_a_set_point_beyond_the_rating_is_its_refusal() -> None:
    meeting = Meeting("tdk_genesys", {"max_current_a": 400.0, "max_voltage_v": 5.0}, baud=9600).up()
    with pytest.raises(InstrumentError, match="C05"):
        meeting.settle(driver(meeting).set_current(300.0))
    assert meeting.worker.up


def test_another_address_is_somebody_else() -> None:
    meeting = Meeting("tdk_genesys", {**SETTINGS, "address": 7}, baud=9600)
    meeting.run(2.0)
    assert not meeting.worker.up


def test_a_restart_is_survived_with_the_output_off_and_the_protection_set_again() -> None:
    meeting = supply().up()
    for act in (driver(meeting).set_current(50.0), driver(meeting).set_output(True)):
        meeting.settle(act)
    meeting.bench.arrange(f"it:restart@{meeting.clock.now_s + 0.2}s:boot=1")
    meeting.run(8.0)
    assert meeting.errors()
    assert meeting.worker.up
    assert meeting.plain()["it.output_on"] is False
    assert not meeting.world.output_on
