"""The PLC's driver: names to bits, the heartbeat, and a watchdog that must be there."""

import itertools
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.modbus_io import ModbusIo
from pvdctl.errors import BadFrame, InstrumentError, LinkError, OperatorError, PvdctlError
from pvdctl.instrument.poll import COMMAND, Answer
from pvdctl.instrument.tag import Flaw
from tests.wire import Conversation, Desk, talk, vectors

V = vectors("modbus_io")
INPUTS = {"door_closed": 0, "water_ok": 7, "n2_valve_closed": 24, "spare": 31}
OUTPUTS = {"gate_valve": 1, "roughing_pump": 8}


def plc(**more: Any) -> ModbusIo:
    return ModbusIo("plc", {"inputs": INPUTS, "outputs": OUTPUTS, "heartbeat": 15, **more})


def steps(*names: str) -> list[tuple[bytes, bytes | None]]:
    """The vectors, their transactions numbered from 1 as our link does."""
    numbered: list[tuple[bytes, bytes | None]] = []
    for n, name in enumerate(names, 1):
        head, answer = struct.pack(">H", n), V[name].answer
        numbered.append((head + V[name].request[2:], None if answer is None else head + answer[2:]))
    return numbered


def frames(*pdus: tuple[str, str]) -> list[tuple[bytes, bytes | None]]:
    """Requests and answers from their functions on, in hex."""
    made = []
    for n, pair in enumerate(pdus, 1):
        pdu = [bytes.fromhex(text) for text in pair]
        made.append(tuple(struct.pack(">HHHB", n, 0, len(p) + 1, 1) + p for p in pdu))
    return [(request, answer) for request, answer in made]


def test_it_is_known_by_having_every_input_and_output() -> None:
    identity = talk(plc(), steps("inputs_32", "coils_16_off"), lambda desk: desk.driver.identify(desk.link))
    assert identity.model == "Modbus I/O, unit 1"
    refused = frames(("02 0000 0020", "82 02"))
    with pytest.raises(InstrumentError, match="illegal data address"):
        talk(plc(), refused, lambda desk: desk.driver.identify(desk.link))


def test_inputs_by_name() -> None:
    driver = plc()
    answer = talk(driver, steps("inputs_32"), lambda desk: desk.read("inputs"))
    assert dict(zip(INPUTS, answer, strict=True)) == {
        "door_closed": False, "water_ok": True, "n2_valve_closed": True, "spare": False
    }  # fmt: skip
    assert [tag.name for tag in driver.polls[0].tags] == list(INPUTS)
    assert list(driver.inputs) == list(INPUTS)


def test_inputs_that_stay_are_the_same_tuple() -> None:
    names = ["inputs_32", "inputs_32"]
    first, second = talk(plc(), steps(*names), lambda desk: [desk.read("inputs") for _ in names])
    assert second is first


def test_outputs_are_read_back_without_the_heartbeat() -> None:
    driver = plc()
    answer = talk(driver, steps("coils_16_read_back"), lambda desk: desk.read("outputs"))
    assert dict(zip(OUTPUTS, answer, strict=True)) == {"gate_valve": True, "roughing_pump": True}
    on, off = frames(("01 0000 0010", "01 02 00 80"), ("01 0000 0010", "01 02 00 00"))
    first, second = talk(driver, [on, off], lambda desk: [desk.read("outputs"), desk.read("outputs")])
    assert second is first


@pytest.mark.parametrize(
    ("said", "tripped_running"), [("0000", (False, False)), ("0001", (False, True)), ("0002", (True, False))]
)
def test_the_watchdogs_state(said: str, tripped_running: tuple[bool, bool]) -> None:
    answer = talk(plc(), frames(("03 1006 0001", f"03 02 {said}")), lambda desk: desk.read("watchdog"))
    assert answer == tripped_running


def test_a_watchdog_state_that_is_not_known_is_not_good() -> None:
    answer: Answer = talk(plc(), frames(("03 1006 0001", "03 02 0007")), lambda desk: desk.read("watchdog"))
    assert all(isinstance(value, Flaw) and "7" in value.why for value in answer)
    blind = plc(registers={"watchdog_status": None})
    assert all(isinstance(value, Flaw) for value in talk(blind, [], lambda desk: desk.read("watchdog")))


# --- writing --------------------------------------------------------------------------------------------------------


def test_a_write_sets_every_output_and_changes_the_heartbeat() -> None:
    driver = plc()
    assert V["write_16"].values["bits"] == 0x8102
    wanted = (
        steps("write_16")
        + frames(("", ""), ("0F 0000 0010 02 0000", "0F 0000 0010"), ("0F 0000 0010 02 0080", "0F 0000 0010"))[1:]
    )

    def do(desk: Desk) -> None:
        for outputs in (0x0102, 0, 0):
            act = driver.write(outputs)
            assert act.name == "plc.write"
            assert act.priority == COMMAND
            desk.perform(act)

    talk(driver, wanted, do)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8))
@settings(max_examples=50)
def test_no_two_writes_in_a_row_have_the_same_heartbeat(chosen: list[int]) -> None:
    driver = plc()
    written: list[int] = []

    class Coils:
        def write_coils(self, unit: int, address: int, count: int, bits: int, deadline_s: float) -> None:
            assert (unit, address, count) == (1, 0, 16)
            written.append(bits)

    Desk(driver, Conversation([]))
    for choice in chosen:
        outputs = (choice & 1) << 1 | (choice >> 1) << 8
        driver.write(outputs).do(Coils())
        assert written[-1] & 0x7FFF == outputs
    assert all((a ^ b) & 0x8000 for a, b in itertools.pairwise(written))


@pytest.mark.parametrize("outputs", [1, 0x8000, 1 << 16, -1])
def test_a_bit_that_is_no_output_is_refused(outputs: int) -> None:
    driver = plc()
    desk = Desk(driver, Conversation([]))
    with pytest.raises(OperatorError, match="bits that are no outputs"):
        driver.write(outputs)
    assert not desk.posted


def test_a_write_after_the_watchdog_expired_is_refused_by_the_plc() -> None:
    driver = plc()
    with pytest.raises(InstrumentError, match=r"exception 4 \(device failure\)"):
        talk(driver, steps("write_refused"), lambda desk: desk.perform(driver.write(0x0102)))


def test_rearming_ends_with_every_output_off() -> None:
    driver = plc()
    wanted = steps("reset_1", "reset_2") + frames(("", ""), ("", ""), ("0F 0000 0010 02 0080", "0F 0000 0010"))[2:]
    talk(driver, wanted, lambda desk: desk.perform(driver.rearm()))
    blind = plc(registers={"watchdog_reset": None})
    with pytest.raises(InstrumentError, match="no reset register"):
        talk(blind, [], lambda desk: desk.perform(blind.rearm()))


# --- the watchdog at connect ----------------------------------------------------------------------------------------


def test_a_watchdog_as_wanted_is_left_alone() -> None:
    talk(plc(watchdog_ms=1000), steps("watchdog_trigger", "watchdog_time_default"), lambda d: d.driver.prepare(d.link))
    talk(plc(), steps("watchdog_trigger", "watchdog_time_default"), lambda desk: desk.driver.prepare(desk.link))


def test_the_watchdogs_time_is_written_and_read_back() -> None:
    opening = steps("watchdog_trigger", "watchdog_time_default", "watchdog_time_set")
    for said, ends_well in (("07D0", True), ("03E8", False)):
        held = frames(*[("", "")] * 3, ("03 1120 0001", f"03 02 {said}"))[3:]
        if ends_well:
            talk(plc(watchdog_ms=2000), opening + held, lambda desk: desk.driver.prepare(desk.link))
        else:
            with pytest.raises(InstrumentError, match="set to 2000 ms and reads 1000 ms"):
                talk(plc(watchdog_ms=2000), opening + held, lambda desk: desk.driver.prepare(desk.link))


def test_a_coupler_without_a_running_watchdog_is_not_used() -> None:
    off = frames(("03 1122 0001", "03 02 0000"), ("03 1120 0001", "03 02 0000"))
    with pytest.raises(InstrumentError, match="the watchdog is off"):
        talk(plc(), off, lambda desk: desk.driver.prepare(desk.link))
    with pytest.raises(InstrumentError, match="fed by any telegram"):
        talk(plc(), frames(("03 1122 0001", "03 02 0001")), lambda desk: desk.driver.prepare(desk.link))


def test_a_wago_has_other_registers_and_units() -> None:
    driver = plc(
        registers={"watchdog_time": 0x1000, "watchdog_trigger": None}, watchdog_unit_ms=100, watchdog_ms=2000,
        read_back_address=0x200,
    )  # fmt: skip
    talk(driver, frames(("03 1000 0001", "03 02 0014")), lambda desk: desk.driver.prepare(desk.link))
    answer = talk(driver, frames(("01 0200 0010", "01 02 02 81")), lambda desk: desk.read("outputs"))
    assert answer == (True, True)


# --- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"inputs": {"a": 0, "b": 0}}, "'inputs' gives b the bit 0, which a has already"),
        ({"inputs": {"a": -1}}, "gives a the bit -1"),
        ({"inputs": {"a": "0"}}, "gives a the bit '0'"),
        ({"outputs": {"a": 15}}, "gives heartbeat the bit 15, which a has already"),
        ({"outputs": {"a": 256}}, "gives a the bit 256"),
        ({"watchdog_ms": 0}, "'watchdog_ms' wants 1 to 65535"),
        ({"watchdog_ms": 70000}, "'watchdog_ms' wants 1 to 65535"),
        ({"registers": {"watchdog": 1}}, "'registers' knows watchdog_time"),
    ],
)
def test_settings_that_cannot_work_are_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        plc(**more)


def test_there_is_always_a_heartbeat() -> None:
    with pytest.raises(OperatorError, match="'heartbeat' is missing"):
        ModbusIo("plc", {"inputs": INPUTS, "outputs": OUTPUTS})


# --- noise ----------------------------------------------------------------------------------------------------------


NOISE = st.lists(st.binary(max_size=40), max_size=4)


def _noise(chunks: list[bytes], poll: str) -> None:
    request = {"inputs": "inputs_32", "outputs": "coils_16_off", "watchdog": "watchdog_status_running"}[poll]
    desk = Desk(plc(), Conversation([(steps(request)[0][0], chunks)]))
    with pytest.raises(LinkError) as caught:
        desk.read(poll)
    assert isinstance(caught.value, PvdctlError | BadFrame)


@given(NOISE, st.sampled_from(["inputs", "outputs", "watchdog"]))
@settings(max_examples=500)
def test_random_bytes_never_give_a_reading(chunks: list[bytes], poll: str) -> None:
    _noise(chunks, poll)


@pytest.mark.soak
@given(NOISE, st.sampled_from(["inputs", "outputs", "watchdog"]))
@settings(max_examples=10_000)
def test_random_bytes_never_give_a_reading_soak(chunks: list[bytes], poll: str) -> None:
    _noise(chunks, poll)
