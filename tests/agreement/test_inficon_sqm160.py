"""The SQM-160: what the crystals do is what is read; what is set is what it reckons with."""

from math import atan, pi, tan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.inficon_sqm160 import InficonSqm160
from tests.agreement.meeting import Meeting


def monitor(chop: int = 0, channels: int = 2) -> Meeting:
    return Meeting("inficon_sqm160", {}, {"channels": channels}, baud=19200, chop=chop)


def driver(meeting: Meeting) -> InficonSqm160:
    assert isinstance(meeting.driver, InficonSqm160)
    return meeting.driver


def z_match_nm(from_hz: float, to_hz: float, density: float, z: float) -> float:
    """IPN 074-550-P1C p. 7-4, in nm."""
    scale = 8_765_000.0 * 1e6 / (2.0 * pi * z * density)

    def load(hz: float) -> float:
        return atan(z * tan(pi * (6_045_000.0 - hz) / 6_045_000.0)) / hz

    return scale * (load(to_hz) - load(from_hz))


@given(st.floats(5.2e6, 5.9e6), st.integers(0, 5), st.sampled_from([2, 6]))
@settings(max_examples=30, deadline=None)
def test_frequencies_arrive(hz: float, chop: int, channels: int) -> None:
    meeting = monitor(chop, channels)
    meeting.world.hz[1] = hz
    meeting.up()
    found = meeting.plain()
    assert found["it.frequency_1_hz"] == pytest.approx(hz, abs=0.001)
    assert found["it.life_1_percent"] == pytest.approx((hz - 5e6) / 1e4, abs=0.51)
    assert found["it.shutter_open"] is False
    assert not meeting.errors()


def test_a_film_that_grows_is_read_with_its_density_z_and_tooling() -> None:
    meeting = monitor().up()
    it, world = driver(meeting), meeting.world
    meeting.settle(it.set_film(2, 7.14, 0.514, {1: 92.0, 2: 95.0}), within_s=5.0)
    meeting.settle(it.zero_thickness())
    start_hz = world.hz[1]
    world.hz[1] = start_hz - 5000.0
    meeting.run(1.0)
    found = meeting.plain()
    wanted_nm = 0.92 * z_match_nm(start_hz, start_hz - 5000.0, 7.14, 0.514)
    assert found["it.thickness_1_nm"] == pytest.approx(wanted_nm, abs=0.001)
    meeting.settle(it.zero_thickness())
    meeting.run(0.6)
    assert meeting.plain()["it.thickness_1_nm"] == 0.0


def test_a_dead_crystal_is_a_flaw_and_the_other_goes_on() -> None:
    meeting = monitor().up()
    meeting.world.hz[1] = 0.0
    meeting.run(1.0)
    found = meeting.plain()
    assert found["it.frequency_1_hz"] == "no crystal signal on sensor 1"
    assert found["it.frequency_2_hz"] == 5_990_000.0


def test_a_restart_keeps_the_film() -> None:
    meeting = monitor().up()
    meeting.settle(driver(meeting).set_film(3, 0.53, 5.9, {1: 104.0}), within_s=5.0)
    meeting.bench.arrange(f"it:restart@{meeting.clock.now_s + 0.2}s:boot=1")
    meeting.run(6.0)
    assert meeting.worker.up
    start_hz = meeting.world.hz[1]
    meeting.settle(driver(meeting).zero_thickness())
    meeting.world.hz[1] = start_hz - 500.0
    meeting.run(1.0)
    wanted_nm = 1.04 * z_match_nm(start_hz, start_hz - 500.0, 0.53, 5.9)
    assert meeting.plain()["it.thickness_1_nm"] == pytest.approx(wanted_nm, abs=0.001)
