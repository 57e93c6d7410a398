"""SQC-310: the driver and the simulated unit, judged by the world and by the unit's own store."""

from math import atan, pi, tan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.inficon_sqc310 import InficonSqc310, WrongMode, rounded_density, rounded_z_factor
from pvdctl.errors import Restarted
from tests.agreement.meeting import Meeting


def monitor(**more: object) -> Meeting:
    simulated: dict[str, object] = {key: more.pop(key) for key in ("firmware", "channels") if key in more}
    chop = more.pop("chop", 0)
    assert isinstance(chop, int)
    return Meeting("inficon_sqc310", more, simulated, baud=115200, chop=chop)


def sqc(meeting: Meeting) -> InficonSqc310:
    assert isinstance(meeting.driver, InficonSqc310)
    return meeting.driver


def thickness_nm(start_hz: float, now_hz: float, density: float, z: float) -> float:
    """Z-match thickness, written out from SQC-310 manual 074-550-P1C p. 168, nm."""
    blank_hz, impedance = 6_045_000.0, 8_765_000.0
    turn = [atan(z * tan(pi * hz / blank_hz)) / hz for hz in (start_hz, now_hz)]
    return impedance * 1e4 / (2 * pi * z * density) * (turn[0] - turn[1]) * 100


@pytest.mark.parametrize(("firmware", "channels"), [("6.01", 2), ("6.65", 2), ("6.65", 4)])
def test_both_firmwares_and_both_sizes_are_understood(firmware: str, channels: int) -> None:
    meeting = monitor(firmware=firmware, channels=channels).up()
    assert meeting.driver.identity is not None
    assert meeting.driver.identity.firmware == firmware
    found = meeting.plain()
    assert found["it.phase"] == "stopped"
    assert found["it.mode"] == ("this firmware does not say" if firmware == "6.01" else "automatic")
    assert not meeting.errors()


@given(st.integers(5_000_001_00, 6_044_999_99), st.integers(5_000_001_00, 6_044_999_99), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_frequencies_come_through_to_the_hundredth(first: int, second: int, chop: int) -> None:
    meeting = monitor(chop=chop)
    meeting.world.hz = {1: first / 100, 2: second / 100}
    meeting.run(0.5)
    answer = meeting.read("sensors")
    assert (answer[0], answer[3]) == (first / 100, second / 100)
    assert not meeting.errors()


def test_a_dead_crystal_is_no_zero() -> None:
    meeting = monitor().up()
    meeting.world.hz[2] = 0.0
    meeting.run(1.0)
    found = meeting.plain()
    assert found["it.frequency_2_hz"] == found["it.thickness_2_nm"] == "no crystal signal on sensor 2"
    assert found["it.frequency_1_hz"] == 5_987_654.32


@given(st.floats(0.5, 20.0), st.floats(0.2, 6.0), st.integers(50, 250), st.floats(10.0, 900.0))
@settings(max_examples=25, deadline=None)
def test_the_display_agrees_with_the_film_that_was_written(
    density: float, z: float, tooling: int, shift_hz: float
) -> None:
    meeting = monitor().up()
    meeting.settle(sqc(meeting).set_film(1, density, z, {1: float(tooling), 2: 100.0}))
    meeting.settle(sqc(meeting).zero_thickness())
    start_hz = 5_980_000.0
    meeting.world.hz[1] = start_hz
    meeting.run(1.0)
    meeting.settle(sqc(meeting).zero_thickness())
    meeting.world.hz[1] = start_hz - shift_hz
    meeting.run(1.0)
    wanted_nm = (
        thickness_nm(start_hz, start_hz - shift_hz, rounded_density(density), rounded_z_factor(z)) * tooling / 100
    )
    assert meeting.plain()["it.thickness_1_nm"] == pytest.approx(wanted_nm, abs=0.051)


def test_the_rate_has_the_sign_and_size_of_the_film() -> None:
    meeting = monitor().up()
    meeting.settle(sqc(meeting).set_film(1, 7.14, 0.514, {1: 100.0}))
    for _ in range(100):
        meeting.world.hz[1] -= 10.0
        meeting.run(0.25, 0.05)
    per_s = thickness_nm(meeting.world.hz[1], meeting.world.hz[1] - 40.0, 7.14, 0.514)
    assert meeting.plain()["it.rate_1_nm_per_s"] == pytest.approx(per_s, rel=0.02)


def test_a_process_runs_and_stops_and_keeps_its_film() -> None:
    meeting = monitor().up()
    driver = sqc(meeting)
    meeting.settle(driver.start_process())
    assert meeting.read("state")[0] != "stopped"
    with pytest.raises(WrongMode):
        meeting.settle(driver.set_film(2, 0.53, 5.9, {1: 100.0}))
    meeting.settle(driver.stop_process())
    assert meeting.read("state")[0] == "stopped"
    meeting.settle(driver.set_film(2, 0.53, 5.9, {1: 100.0}))
    assert meeting.read("state")[2] == 2


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_power_is_what_was_set(tenths: int) -> None:
    meeting = monitor().up()
    meeting.settle(sqc(meeting).set_power(1, tenths / 10))
    assert meeting.read("outputs")[0] == tenths / 10


def test_a_restart_is_noticed_and_the_unit_is_set_up_again() -> None:
    meeting = monitor().up()
    meeting.settle(sqc(meeting).set_film(3, 0.53, 5.9, {1: 100.0}))
    meeting.bench.arrange(f"it:restart@{meeting.clock.now_s + 0.2}s:boot=1")
    meeting.run(5.0)
    assert meeting.errors()
    assert meeting.worker.up
    assert any(text.startswith("lost") for *_, text in meeting.worker.notices)
    meeting.run(1.0)
    assert meeting.plain()["it.frequency_1_hz"] == 5_987_654.32


def test_status_b_alone_is_enough_to_be_set_up_again() -> None:
    meeting = monitor().up()
    meeting.bench.port("it").restart(meeting.clock.now_s)
    meeting.run(2.0)
    errors = meeting.errors()
    assert not errors or isinstance(errors[0], Restarted)
    assert meeting.worker.up
    assert meeting.worker.health.time_outs == 0
