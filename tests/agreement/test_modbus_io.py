"""The PLC: names on both sides of the wire, the heartbeat, and the watchdog that outlives us."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.modbus_io import ModbusIo
from pvdctl.errors import InstrumentError
from simulators.world import ACTUATORS, SIGNALS, SWITCHED
from tests.agreement.meeting import STEP_S, Meeting

OUTPUTS = {name: bit for bit, name in enumerate([*ACTUATORS, *SWITCHED])}
INPUTS = {
    name: bit for bit, name in enumerate([*SIGNALS, *(f"{a}_{end}" for a in ACTUATORS for end in ("opened", "closed"))])
}


def plc(chop: int = 0, watchdog_ms: int | None = 1000) -> Meeting:
    wiring = {"outputs": {**{bit: name for name, bit in OUTPUTS.items()}, 15: "heartbeat"},
              "inputs": {bit: name for name, bit in INPUTS.items()}}  # fmt: skip
    return Meeting(
        "modbus_io",
        {"inputs": INPUTS, "outputs": OUTPUTS, "heartbeat": 15, "watchdog_ms": watchdog_ms},
        wiring,
        chop=chop,
    )


def driver(meeting: Meeting) -> ModbusIo:
    assert isinstance(meeting.driver, ModbusIo)
    return meeting.driver


def beat(meeting: Meeting, seconds: float, outputs: int) -> None:
    """What the control loop does: one write after each scan."""
    for _ in range(round(seconds / STEP_S)):
        driver(meeting).write(outputs)
        meeting.run(STEP_S)


def driven(meeting: Meeting) -> int:
    return sum(1 << OUTPUTS[name] for name, on in meeting.world.driven.items() if on)


@given(st.integers(0, (1 << len(OUTPUTS)) - 1), st.sets(st.sampled_from(sorted(INPUTS))), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_every_name_is_the_same_thing_on_both_sides(outputs: int, inputs: set[str], chop: int) -> None:
    meeting = plc(chop)
    for name in inputs:
        meeting.world.signals[name] = True
    meeting.run(0.3)
    beat(meeting, 1.2, outputs)
    assert driven(meeting) == outputs
    found = meeting.plain()
    assert {name for name in INPUTS if found[name]} == inputs
    assert {name for name in OUTPUTS if found[f"it.{name}"]} == {n for n, bit in OUTPUTS.items() if outputs >> bit & 1}
    assert (found["it.watchdog_tripped"], found["it.watchdog_running"]) == (False, True)
    assert not meeting.errors()


def test_the_watchdogs_time_is_what_the_chamber_file_says() -> None:
    meeting = plc(watchdog_ms=1700)
    meeting.run(0.5)
    assert meeting.link.read_registers(1, 0x1120, 1, 0.3) == (1700,)


def test_it_keeps_the_outputs_as_long_as_the_heart_beats_and_drops_them_when_it_stops() -> None:
    meeting = plc(watchdog_ms=1000)
    meeting.run(0.3)
    beat(meeting, 5.0, 0b10010)
    assert driven(meeting) == 0b10010
    meeting.run(0.8)
    assert driven(meeting) == 0b10010
    meeting.run(0.4)
    assert driven(meeting) == 0, "outputs are dropped within the watchdog's time and one scan"
    meeting.run(1.0)
    assert meeting.plain()["it.watchdog_tripped"] is True
    act = driver(meeting).write(0b10010)
    with pytest.raises(InstrumentError, match="device failure"):
        meeting.settle(act)
    assert driven(meeting) == 0
    assert meeting.worker.up


def test_only_rearming_gives_the_outputs_back_and_it_leaves_them_off() -> None:
    meeting = plc()
    meeting.run(0.3)
    beat(meeting, 1.0, 0b10)
    meeting.run(2.0)
    meeting.settle(driver(meeting).rearm())
    assert driven(meeting) == 0
    beat(meeting, 1.0, 0)
    assert driven(meeting) == 0
    assert meeting.plain()["it.watchdog_tripped"] is False
    beat(meeting, 1.0, 0b100)
    assert driven(meeting) == 0b100


def test_reading_alone_does_not_feed_the_watchdog() -> None:
    meeting = plc()
    meeting.run(0.3)
    beat(meeting, 0.5, 0b10)
    meeting.run(3.0)
    assert driven(meeting) == 0


def test_a_write_happens_at_its_time_and_not_before() -> None:
    meeting = plc()
    meeting.run(0.3)
    driver(meeting).write(0b1, not_before_s=meeting.clock.now_s + 0.05)
    meeting.run(0.04, 0.01)
    assert driven(meeting) == 0
    meeting.run(0.02, 0.01)
    assert driven(meeting) == 0b1


def test_more_inputs_than_the_coupler_has_are_said_at_connect() -> None:
    meeting = Meeting("modbus_io", {"inputs": {"far": 40}, "outputs": {}, "heartbeat": 15})
    meeting.run(2.0)
    assert not meeting.worker.up
    assert "illegal data address" in meeting.worker.notices[0][2]


def test_a_restart_is_survived_with_everything_off() -> None:
    meeting = plc()
    meeting.run(0.3)
    beat(meeting, 1.0, 0b10)
    meeting.bench.arrange(f"it:restart@{meeting.clock.now_s + 0.2}s:boot=1")
    meeting.run(5.0)
    assert meeting.errors()
    assert meeting.worker.up
    assert driven(meeting) == 0
