"""Couplers and their drivers: outputs reach the plant, inputs come back, and a host that dies is noticed by them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.errors import InstrumentError
from pvdctl.instrument.coupler import ModbusCoupler
from pvdctl.instrument.roles import DigitalIO
from simulators.instruments.coupler.wiring import DEFAULT_INPUTS, DEFAULT_OUTPUTS, HEARTBEAT
from tests.agreement.meeting import Meeting, PlainWorld

KINDS = ["modbus_io", "beckhoff_io", "wago_io"]
OUTPUTS = {name: bit for bit, name in DEFAULT_OUTPUTS.items() if name != HEARTBEAT}
INPUTS = {name: bit for bit, name in DEFAULT_INPUTS.items()}


def driven(world: PlainWorld, name: str) -> bool:
    return world.driven.get(name, False)


def coupler(kind: str, **more: object) -> tuple[Meeting, DigitalIO]:
    io_map = {"inputs": INPUTS, "outputs": OUTPUTS, "heartbeat": 15, "watchdog_ms": 2000, **more}
    meeting = Meeting(kind, io_map).up()
    driver = meeting.driver
    assert isinstance(driver, ModbusCoupler)
    return meeting, driver


@pytest.mark.parametrize("kind", KINDS)
@given(st.sets(st.sampled_from(sorted(OUTPUTS))), st.sets(st.sampled_from(sorted(INPUTS))))
@settings(max_examples=15, deadline=None)
def test_what_is_written_is_driven_and_what_is_signalled_is_read(kind: str, on: set[str], signals: set[str]) -> None:
    meeting, io = coupler(kind)
    for name in INPUTS:
        meeting.world.signals[name] = name in signals
    meeting.settle(io.write(sum(1 << OUTPUTS[name] for name in on)))
    meeting.run(0.7)
    assert {name for name, driven in meeting.world.driven.items() if driven} == on
    found = meeting.plain()
    assert {name for name in INPUTS if found[name]} == signals
    assert {name for name in OUTPUTS if found[f"it.{name}"]} == on
    assert (found["it.watchdog_tripped"], found["it.watchdog_running"]) == (False, True)
    assert not meeting.errors()


@pytest.mark.parametrize("kind", KINDS)
def test_a_heartbeat_that_stops_drops_the_outputs_until_they_are_rearmed(kind: str) -> None:
    meeting, io = coupler(kind)
    on = 1 << OUTPUTS["roughing_pump"]
    for _ in range(50):  # ten seconds of a living host
        meeting.settle(io.write(on))
        meeting.run(0.2)
    assert driven(meeting.world, "roughing_pump")
    last_s = meeting.clock.now_s
    while driven(meeting.world, "roughing_pump"):
        meeting.run(0.1)
    assert 1.5 < meeting.clock.now_s - last_s <= 2.2
    meeting.run(1.0)
    assert meeting.plain()["it.watchdog_tripped"] is True
    if kind == "beckhoff_io":
        meeting.settle(io.write(on))  # acknowledged, without effect
    else:
        with pytest.raises(InstrumentError, match="device failure"):
            meeting.settle(io.write(on))
    assert not driven(meeting.world, "roughing_pump")
    meeting.settle(io.rearm())
    meeting.settle(io.write(on))
    meeting.run(1.0)
    assert driven(meeting.world, "roughing_pump")
    assert meeting.plain()["it.watchdog_tripped"] is False


@pytest.mark.parametrize("kind", KINDS)
def test_reading_alone_keeps_nothing_on(kind: str) -> None:
    meeting, io = coupler(kind)
    meeting.settle(io.write(1 << OUTPUTS["gate_valve"]))
    meeting.run(5.0)  # polls go on all the time
    assert not driven(meeting.world, "gate_valve")


@pytest.mark.parametrize("kind", KINDS)
def test_a_restarted_coupler_is_off_and_set_up_again(kind: str) -> None:
    meeting, io = coupler(kind)
    meeting.settle(io.write(1 << OUTPUTS["gate_valve"]))
    meeting.bench.arrange(f"it:restart@{meeting.clock.now_s + 0.1}s:boot=1")
    meeting.run(6.0)
    assert not driven(meeting.world, "gate_valve")
    assert meeting.worker.up
    meeting.settle(io.write(1 << OUTPUTS["gate_valve"]))
    assert driven(meeting.world, "gate_valve")
