"""The turbo: its switch is the world's, its words are the world's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.pfeiffer_tc400 import PfeifferTc400
from tests.agreement.meeting import Meeting


def turbo(address: int = 1, chop: int = 0) -> Meeting:
    return Meeting("pfeiffer_tc400", {"address": address}, {"address": address}, baud=9600, chop=chop)


def driver(meeting: Meeting) -> PfeifferTc400:
    assert isinstance(meeting.driver, PfeifferTc400)
    return meeting.driver


@given(st.integers(0, 1000), st.sampled_from([1, 42, 255]), st.integers(0, 6))
@settings(max_examples=40, deadline=None)
def test_speed_and_error_come_through(speed_hz: int, address: int, chop: int) -> None:
    meeting = turbo(address, chop)
    meeting.world.turbo_hz = float(speed_hz)
    meeting.up()
    found = meeting.plain()
    assert (found["it.speed_hz"], found["it.nominal_hz"], found["it.error"]) == (speed_hz, 1000, "")
    assert not meeting.errors()


def test_the_switch_is_the_worlds_and_is_not_touched_by_looking() -> None:
    meeting = turbo().up()
    seen = [meeting.world.turbo_on]
    for on in (True, False):
        meeting.settle(driver(meeting).switch(on))
        meeting.run(2.0)
        assert meeting.plain()["it.running"] is on
        seen.append(meeting.world.turbo_on)
    assert seen == [False, True, False]


def test_asking_for_what_is_so_already_acknowledges_nothing() -> None:
    meeting = turbo().up()
    meeting.settle(driver(meeting).switch(True))
    meeting.world.turbo_word = "Err001"
    acknowledged = meeting.world.acknowledged
    meeting.run(2.0)
    assert meeting.plain()["it.error"] == "Err001"
    meeting.settle(driver(meeting).switch(True))
    assert meeting.world.acknowledged == acknowledged
    meeting.settle(driver(meeting).acknowledge_error())
    assert meeting.world.acknowledged == acknowledged + 1


def test_another_address_is_never_reached() -> None:
    meeting = Meeting("pfeiffer_tc400", {"address": 2}, {"address": 1}, baud=9600)
    meeting.run(3.0)
    assert not meeting.worker.up
    assert "no answer" in meeting.worker.notices[0][2]


@pytest.mark.parametrize("name", ["TC 400", "TC 110", "TM 700"])
def test_its_family(name: str) -> None:
    meeting = Meeting("pfeiffer_tc400", {}, {"name": name}, baud=9600).up()
    assert meeting.driver.identity is not None
    assert meeting.driver.identity.model == name
