"""SQC-310 under its own control: what the driver writes, the unit holds and does; one S puts all outputs in manual."""

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.inficon_sqc310 import InficonSqc310, WrongMode
from pvdctl.errors import InstrumentError
from pvdctl.instrument.roles import ControlledLayer, RateController
from simulators.instruments.inficon_sqc310 import SimulatedSqc310
from tests.agreement.meeting import Meeting

Reaction = Literal["ignore", "stop", "timed_power"]
ERRORS: tuple[Reaction, ...] = ("ignore", "stop", "timed_power")
LAYER = ControlledLayer(
    rate_nm_per_s=0.5,
    final_thickness_nm=360.0,
    p_term=103.0,
    i_term_s=20.3,
    d_term_s=0.0,
    ramp_1_percent=54.2,
    ramp_1_s=4.0,
    soak_1_s=3.0,
    ramp_2_percent=58.6,
    ramp_2_s=2.0,
    soak_2_s=3.0,
    control_error="stop",
    control_error_percent=40.0,
)


def monitor(**simulated: object) -> Meeting:
    return Meeting("inficon_sqc310", {}, simulated, baud=115200).up()


def sqc(meeting: Meeting) -> InficonSqc310:
    assert isinstance(meeting.driver, InficonSqc310)
    return meeting.driver


def held(meeting: Meeting, group: str, slot: int, *numbers: int) -> list[int]:
    """What the unit's own store holds."""
    port = meeting.bench.port("it")
    assert isinstance(port, SimulatedSqc310)
    return [port._memory.value(group, slot, number) for number in numbers]


def phase(meeting: Meeting) -> object:
    return meeting.read("state")[0]


def test_the_driver_is_a_controller() -> None:
    assert isinstance(InficonSqc310("it", {}), RateController)


@given(
    slot=st.integers(1, 50),
    p=st.integers(1, 9999),
    tenths=st.tuples(*[st.integers(0, 999)] * 2),
    powers=st.tuples(*[st.integers(0, 1000)] * 2),
    times_s=st.tuples(*[st.integers(0, 9999)] * 4),
    rate=st.integers(1, 9999),
    angstroms=st.integers(1, 999_000),
    error=st.sampled_from(ERRORS),
)
@settings(max_examples=25, deadline=None)
def test_every_number_arrives(
    slot: int,
    p: int,
    tenths: tuple[int, int],
    powers: tuple[int, int],
    times_s: tuple[int, int, int, int],
    rate: int,
    angstroms: int,
    error: Reaction,
) -> None:
    meeting = monitor()
    ramp_1_s, soak_1_s, ramp_2_s, soak_2_s = times_s
    layer = replace(
        LAYER,
        p_term=float(p),
        i_term_s=tenths[0] / 10,
        d_term_s=tenths[1] / 10,
        ramp_1_percent=powers[0] / 10,
        ramp_2_percent=powers[1] / 10,
        ramp_1_s=float(ramp_1_s),
        soak_1_s=float(soak_1_s),
        ramp_2_s=float(ramp_2_s),
        soak_2_s=float(soak_2_s),
        rate_nm_per_s=rate / 1000,
        final_thickness_nm=angstroms / 10,
        control_error=error,
    )
    meeting.settle(sqc(meeting).set_layer(slot, layer))
    assert held(meeting, "A2", slot, 1, 2, 3, 4) == [p, *tenths, slot]
    assert held(meeting, "A3", slot, 1, 2, 3, 4, 5, 6) == [
        powers[0], ramp_1_s, soak_1_s, powers[1], ramp_2_s, soak_2_s,
    ]  # fmt: skip
    assert held(meeting, "A4", slot, 3) == [ERRORS.index(error)]
    assert held(meeting, "D", slot, 1, 2) == [rate, angstroms]


def test_a_layer_waits_in_soak_hold_goes_on_stops_and_starts_again() -> None:
    meeting = monitor()
    driver = sqc(meeting)
    meeting.settle(driver.set_film(1, 7.14, 0.514, {1: 92.0}))
    meeting.settle(driver.set_layer(1, LAYER))
    meeting.settle(driver.hold_soak(True))
    meeting.settle(driver.start_process())
    seen: list[object] = []
    for _ in range(150):
        meeting.run(0.1)
        if not seen or seen[-1] != phase(meeting):
            seen.append(phase(meeting))
    assert seen == ["ramp 1", "soak 1", "ramp 2", "soak 2", "soak hold"]
    assert meeting.read("outputs")[0] == 58.6
    with pytest.raises(WrongMode):
        meeting.settle(driver.set_layer(1, LAYER))
    meeting.settle(driver.hold_soak(False))
    assert phase(meeting) == "deposit"
    meeting.settle(driver.stop_layer())
    assert phase(meeting) == "stop layer"
    assert meeting.read("outputs")[0] == 0.0
    meeting.settle(driver.hold_soak(True))
    meeting.settle(driver.start_layer())
    assert phase(meeting) == "ramp 1"
    meeting.settle(driver.stop_process())
    assert phase(meeting) == "stopped"


def test_power_for_an_output_that_nothing_uses_puts_the_controlled_one_in_manual_too() -> None:
    """The trap of S: output 2 is meant, and output 1 loses its loop, at the power it has."""
    meeting = monitor()
    driver = sqc(meeting)
    meeting.settle(driver.set_film(1, 7.14, 0.514, {1: 92.0}))
    meeting.settle(driver.set_layer(1, replace(LAYER, control_error="ignore")))
    meeting.settle(driver.start_process())
    meeting.run(15.0)
    assert phase(meeting) == "deposit"
    climbing = meeting.read("outputs")[0]
    meeting.run(2.0)
    assert meeting.read("outputs")[0] != climbing, "the loop works: the crystal stands still and wants more power"
    meeting.settle(driver.set_power(2, 10.0))
    state = meeting.read("state")
    assert (state[0], state[4]) == ("manual power", "manual")
    kept = meeting.read("outputs")[0]
    meeting.run(5.0)
    assert meeting.read("outputs")[0] == kept
    meeting.settle(driver.release_power())
    assert meeting.read("state")[0] == "deposit"
    meeting.run(2.0)
    assert meeting.read("outputs")[0] != kept


def test_a_unit_with_another_process_is_not_controlled() -> None:
    """Process n must hold layer n alone; what a unit was set up with otherwise is found before anything is heated."""
    meeting = monitor()
    meeting.bench.port("it").write(b"!" + bytes((34 + len(b"CC1 2 2? 1"),)) + b"CC1 2 2? 1" + b"\0\0", 1.0)
    meeting.run(0.2)
    with pytest.raises(InstrumentError, match="number of layers of process 1 is 2, wanted 1"):
        meeting.settle(sqc(meeting).set_layer(1, LAYER))
