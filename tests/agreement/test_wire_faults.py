"""Every fault of a cable, on every link: a typed error within the deadline, and then right readings again."""

from typing import Any

import pytest

from pvdctl.errors import InstrumentError, LinkError, PvdctlError
from pvdctl.instrument.driver import Driver
from pvdctl.instrument.poll import DONE, FAILED, SAFE
from simulators.wire_faults import WIRE_FAULTS
from tests.agreement.meeting import Head, Meeting

IO_MAP = {"inputs": {"door_closed": 0, "water_ok": 1}, "outputs": {"gate_valve": 1}, "heartbeat": 15}
KINDS: dict[str, tuple[dict[str, Any], int]] = {
    "inficon_sqc310": ({}, 19200),
    "inficon_sqm160": ({}, 19200),
    "scpi_supply": ({"max_current_a": 200.0, "max_voltage_v": 5.0, "protection_v": 5.5}, 0),
    "tdk_genesys": ({"max_current_a": 200.0, "max_voltage_v": 5.0, "protection_v": 5.5}, 19200),
    "pfeiffer_tpg36x": ({"gauges": {"full_range": 1, "capacitance": 2, "foreline": 3}}, 38400),
    "pfeiffer_tpg26x": ({"gauges": {"full_range": 1, "capacitance": 2}}, 9600),
    "inficon_vgc50x": ({"gauges": {"full_range": 1, "capacitance": 2, "foreline": 3}}, 19200),
    "pfeiffer_tc400": ({}, 9600),
    "modbus_io": (IO_MAP, 0),
    "beckhoff_io": (IO_MAP, 0),
    "bronkhorst_mfc": ({"full_scale_sccm": 20000.0}, 0),
    "wago_io": (IO_MAP, 0),
}
WITH_CHECKSUM = {"inficon_sqc310", "inficon_sqm160", "pfeiffer_tc400", "tdk_genesys"}
"""Where a damaged answer can be told from a right one whatever was damaged."""
NOISY = ("it.current_a", "it.voltage_v", "it.flow_sccm")
HARMLESS = {"slow"}
"""Faults that cost time and nothing else."""
LONGEST_S = Driver.DEADLINE_S + 0.15
"""A poll that fails ends with the deadline of the exchange that fails; the others of the same poll take milliseconds,
or 0.1 s more where the fault makes them slow."""
QUIET = HARMLESS | {"extra_bytes", "duplicated_answer", "late_answer", "restart", "garbled"}
"""Faults that need not show: noise before a `!`, a late Modbus answer with its number, a flipped bit of a text."""


def meet(kind: str, seed: int = 1) -> Meeting:
    """A pair that has been up for a second, in a world where every reading is something else than zero."""
    settings, baud = KINDS[kind]
    meeting = Meeting(kind, settings, baud=baud, seed=seed)
    world = meeting.world
    world.turbo_hz = 633.0
    world.heads["capacitance"] = Head(2, 1.1e3)
    world.signals |= {"door_closed": True, "supply_enabled": True}
    return meeting.up()


def truth(meeting: Meeting) -> dict[str, object]:
    """What its readings must say, as far as they do not carry noise."""
    return {name: value for name, value in meeting.plain().items() if name not in NOISY}


@pytest.mark.parametrize("fault", sorted(WIRE_FAULTS))
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fault_that_stays_a_while_is_seen_and_then_forgotten(kind: str, fault: str) -> None:
    meeting = meet(kind)
    before = truth(meeting)
    start_s = meeting.clock.now_s
    text = f"it:{fault}@{start_s + 0.05}s" + (":boot=1" if fault == "restart" else ":for=2s")
    meeting.bench.arrange(text)
    meeting.seen.clear()
    meeting.run(3.0, 0.05)
    errors = meeting.errors()
    assert errors or fault in QUIET
    assert all(isinstance(error, LinkError | InstrumentError) for error in errors)
    assert all(took_s <= LONGEST_S for took_s in meeting.failed_within_s)
    if kind in WITH_CHECKSUM:
        for poll, _, values, _ in meeting.seen:
            for tag, value in zip(poll.tags, values or (), strict=False):
                if tag.name not in before or fault == "restart":
                    continue
                assert type(value) is type(before[tag.name])
                assert value == before[tag.name] or isinstance(before[tag.name], str)
    meeting.run(16.0)
    assert meeting.worker.up, list(meeting.worker.notices)
    assert truth(meeting) == before
    recent = [error for _, at_s, _, error in meeting.seen if at_s > meeting.clock.now_s - 5.0]
    assert not any(recent)


@pytest.mark.parametrize("fault", sorted(set(WIRE_FAULTS) - {"mute", "restart"}))
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_one_bad_answer_costs_no_more_than_one_round(kind: str, fault: str) -> None:
    meeting = meet(kind)
    before = truth(meeting)
    start_s = meeting.clock.now_s
    meeting.bench.arrange(f"it:{fault}@{start_s + 0.01}s:times=1")
    meeting.seen.clear()
    meeting.run(6.0, 0.02)
    failures = [(at_s, error) for _, at_s, _, error in meeting.seen if error is not None]
    # A late answer may be taken once for a newer one, and is then found out by the surplus of answers.
    assert len(failures) <= 2, failures
    assert all(isinstance(error, PvdctlError) for _, error in failures)
    if fault in ("no_answer", "no_answer_once", "wrong_checksum", "half_answer"):
        assert len(failures) == 1
    assert all(took_s <= LONGEST_S for took_s in meeting.failed_within_s)
    assert meeting.worker.up
    after = [(poll, values) for poll, at_s, values, _ in meeting.seen if at_s > meeting.clock.now_s - 2.0]
    assert after
    assert truth(meeting) == before


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_mute_instrument_fails_within_its_deadline_and_its_safe_acts_in_their_time(kind: str) -> None:
    meeting = meet(kind)
    meeting.bench.arrange(f"it:mute@{meeting.clock.now_s}s:for=3s")
    meeting.seen.clear()
    meeting.run(0.9, 0.02)
    (first_s, error) = next((at_s, error) for _, at_s, _, error in meeting.seen if error is not None)
    assert isinstance(error, LinkError)
    assert first_s <= 1.0 + max(poll.every_s for poll in meeting.driver.polls[:1]) + meeting.driver.DEADLINE_S + 0.05
    act = meeting.driver.post("safe", lambda link: None, priority=SAFE, within_s=0.5)
    meeting.run(1.0, 0.02)
    assert act.state == FAILED
    assert act.done_s <= act.asked_s + 0.5 + meeting.driver.DEADLINE_S + 0.1
    assert "does not answer" in str(act.error)
    meeting.run(6.0)
    act = meeting.driver.post("safe", lambda link: None, priority=SAFE)
    meeting.run(0.5)
    assert act.state == DONE


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_same_faults_with_the_same_seed_are_the_same_run(kind: str) -> None:
    def once() -> list[tuple[str, float, list[object], str]]:
        meeting = meet(kind, seed=7)
        meeting.bench.arrange(f"it:garbled@{meeting.clock.now_s + 0.3}s:for=2s,share=0.05")
        meeting.bench.arrange(f"it:late_answer@{meeting.clock.now_s + 4}s:for=1s,by=0.5")
        meeting.run(8.0)
        return [
            (poll.name, at_s, [getattr(value, "why", value) for value in values or ()], str(error))
            for poll, at_s, values, error in meeting.seen
        ]

    first = once()
    assert any(error != "None" for *_, error in first)
    assert first == once()
