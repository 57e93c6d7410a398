"""The Genesys driver against the vectors: its address, error codes, limits, and off that is off."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.tdk_genesys import AC_FAIL, ENABLE_OPEN, ERRORS, OVER_VOLTAGE, TdkGenesys
from pvdctl.errors import BadFrame, InstrumentError, LinkError, OperatorError, Refused, Restarted
from pvdctl.instrument.poll import COMMAND, SAFE
from pvdctl.links.framing_dollar import DollarFraming, pack
from tests.wire import Conversation, Desk, in_every_way, perform, talk, vectors

V = vectors("tdk_genesys")
LIMITS = {"max_current_a": 200.0, "max_voltage_v": 6.0}
Step = tuple[bytes, bytes | None]


def step(name: str) -> Step:
    return V[name].request, V[name].answer


def line(text: str, answer: str) -> Step:
    return pack(text, checksum=True), pack(answer, checksum=True)


def supply(**more: Any) -> TdkGenesys:
    return TdkGenesys("supply", {**LIMITS, **more})


def test_it_is_called_and_says_who_it_is() -> None:
    steps = [step("address"), step("identity"), step("revision"), step("serial")]
    identity = talk(supply(), steps, lambda desk: desk.driver.identify(desk.link))
    assert identity.model == V["identity"].values["model"]
    assert identity.firmware == V["revision"].values["firmware"]
    assert identity.serial == V["serial"].values["serial"]


def test_another_maker_is_refused() -> None:
    with pytest.raises(InstrumentError, match="calls itself 'KEYSIGHT,N5741A'"):
        talk(supply(), [step("address"), line("IDN?", "KEYSIGHT,N5741A")], lambda d: d.driver.identify(d.link))


def test_without_checksum_where_the_chamber_file_says_so() -> None:
    driver = supply(checksum=False)
    steps = [step("address_plain"), (b"IDN?\r", b"TDK-LAMBDA,GEN6-100\r"), (b"REV?\r", b"x\r"), (b"SN?\r", b"y\r")]
    assert talk(driver, steps, lambda desk: desk.driver.identify(desk.link)).model == "TDK-LAMBDA GEN6-100"


def test_prepare_is_remote_mode_and_the_protection() -> None:
    talk(supply(), [step("remote")], lambda desk: desk.driver.prepare(desk.link))
    steps = [step("remote"), step("protection"), step("protection_held")]
    talk(supply(protection_v=7.5), steps, lambda desk: desk.driver.prepare(desk.link))
    with pytest.raises(InstrumentError, match=r"set to 7\.5 V and reads 7 V"):
        talk(supply(protection_v=7.5), [*steps[:2], line("OVP?", "7.000")], lambda d: d.driver.prepare(d.link))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"max_current_a": float("nan")}, "'max_current_a' wants a positive multiple of its step 0.01"),
        ({"max_voltage_v": 0.0}, "'max_voltage_v' wants a positive multiple of its step 0.001"),
        ({"max_current_a": 100.005}, "'max_current_a' wants a positive multiple"),
        ({"address": 31}, "wants 0 to 30"),
        ({"checksum": 1}, "wants true or false"),
        ({"current_step_a": 0.0}, "wants 1e-9 to 1000"),
        ({"protection_v": 6.2}, "below 1.05 times"),
    ],
)
def test_settings_that_cannot_work_are_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        supply(**more)


@pytest.mark.parametrize(("answer", "amps"), [("120.00", 120.0), ("000.02", 0.02), ("+7", 7.0)])
def test_the_current_in_every_way_it_can_arrive(answer: str, amps: float) -> None:
    frame = pack(answer, checksum=True)
    for how, chunks in in_every_way(frame, b""):
        driver = supply()
        got = talk(driver, [(pack("MC?", checksum=True), chunks)], lambda desk: desk.read("current"))
        assert got == (amps,), how


def test_an_unchanged_reading_is_the_same_tuple() -> None:
    first, second = talk(supply(), [line("MV?", "1.234")] * 2, lambda d: [d.read("voltage"), d.read("voltage")])
    assert second is first == (1.234,)


@pytest.mark.parametrize("answer", ["", "12.3.4", "nan", "1e3", "--1", "OK"])
def test_what_is_no_number_is_damaged(answer: str) -> None:
    with pytest.raises(BadFrame, match="no number"):
        talk(supply(), [line("MC?", answer)], lambda desk: desk.read("current"))


@pytest.mark.parametrize(
    ("faults", "tripped"), [(0, False), (OVER_VOLTAGE, True), (AC_FAIL | ENABLE_OPEN, True), (ENABLE_OPEN, False)]
)
def test_the_state(faults: int, tripped: bool) -> None:
    status = f"MV(0.0000),PV(5.0000),MC(000.00),PC(120.00),SR(04),FR({faults:02X})"
    steps = [line("OUT?", "ON"), step("mode"), line("STT?", status)]
    assert talk(supply(), steps, lambda desk: desk.read("state")) == (True, tripped, faults)
    steps = [step("output_is_off"), step("mode"), step("status")]
    assert talk(supply(), steps, lambda desk: desk.read("state")) == (False, False, 0)


def test_a_state_that_cannot_be() -> None:
    with pytest.raises(BadFrame, match="neither ON nor OFF"):
        talk(supply(), [line("OUT?", "1")], lambda desk: desk.read("state"))
    steps = [line("OUT?", "ON"), step("mode"), line("STT?", "MV(1),PV(2)")]
    with pytest.raises(BadFrame, match=r"STT\? wants"):
        talk(supply(), steps, lambda desk: desk.read("state"))
    with pytest.raises(Restarted, match="in local mode"):
        talk(supply(), [line("OUT?", "OFF"), line("RMT?", "LOC")], lambda desk: desk.read("state"))


def test_set_points_to_the_step() -> None:
    assert perform(supply(), lambda s: s.set_current(120.0), step("set_current")).priority == COMMAND
    assert perform(supply(), lambda s: s.set_current(0.0), line("PC 0.00", "OK")).priority == SAFE
    perform(supply(), lambda s: s.set_voltage_limit(5.0), step("set_voltage"))
    perform(supply(current_step_a=1), lambda s: s.set_current(119.6), line("PC 120", "OK"))


@pytest.mark.parametrize("value", [-0.1, 200.1, float("nan"), float("inf")])
def test_what_is_outside_the_limits_is_never_sent(value: float) -> None:
    driver = supply()
    Desk(driver, Conversation([]))
    with pytest.raises(OperatorError, match="outside 0 to 200 A"):
        driver.set_current(value)
    with pytest.raises(OperatorError, match="outside 0 to 6 V"):
        driver.set_voltage_limit(value)


@pytest.mark.parametrize("code", sorted(set(ERRORS) - {"C04"}))
def test_every_error_code_is_a_refusal_in_words(code: str) -> None:
    with pytest.raises(InstrumentError, match=f"refuses 'PC 120.00' with {code}: {ERRORS[code][:20]}"):
        perform(supply(), lambda s: s.set_current(120.0), line("PC 120.00", code))


def test_a_request_that_arrived_damaged_is_a_link_error() -> None:
    with pytest.raises(LinkError, match="damaged"):
        perform(supply(), lambda s: s.set_current(120.0), line("PC 120.00", "C04"))


def test_an_acknowledgement_that_is_none() -> None:
    with pytest.raises(BadFrame, match="wants OK"):
        perform(supply(), lambda s: s.set_output(True), line("OUT 1", "ON"))


def test_off_is_output_then_current_then_proof_whatever_the_first_says() -> None:
    off, proof = step("output_off"), step("output_is_off")
    assert perform(supply(), lambda s: s.set_output(False), off, step("zero_current"), proof).priority == SAFE
    with pytest.raises(InstrumentError, match="E07"):
        perform(supply(), lambda s: s.set_output(False), line("OUT 0", "E07"), step("zero_current"))
    with pytest.raises(InstrumentError, match="still reads on"):
        perform(supply(), lambda s: s.set_output(False), off, step("zero_current"), line("OUT?", "ON"))


def test_a_set_point_asked_before_off_never_comes_after_it() -> None:
    driver = supply()
    desk = Desk(driver, Conversation([step("output_off"), step("zero_current"), step("output_is_off")]))
    before = driver.set_current(50.0)
    desk.perform(driver.set_output(False))
    with pytest.raises(Refused, match="switched off after this was asked"):
        desk.perform(before)
    desk.port.finish()


def test_a_trip_is_cleared_by_reset_and_never_by_switching_on() -> None:
    steps = [step("reset"), step("protection"), step("protection_held")]
    perform(supply(protection_v=7.5), lambda s: s.clear_trip(), *steps)


def test_the_framing_finds_damage() -> None:
    framing = DollarFraming(checksum=True)
    for damaged in (b"OK$99\r", b"OK\r", b"$\r", b"\r", b"OK$9\r"):
        buffer = bytearray(damaged + pack("OK", checksum=True))
        with pytest.raises(BadFrame, match="checksum"):
            framing.take(buffer)
        assert framing.take(buffer) == b"OK"
    with pytest.raises(BadFrame, match="no line end"):
        framing.take(bytearray(300))


@given(st.lists(st.one_of(st.binary(max_size=30), st.text("0123456789.$\r ABCDEF", max_size=14).map(str.encode))))
@settings(max_examples=500, deadline=None)
def test_random_bytes_give_no_reading_without_their_checksum(chunks: list[bytes]) -> None:
    first = b"".join(chunks).partition(b"\r")[0]
    desk = Desk(supply(), Conversation([(pack("MC?", checksum=True), chunks)]))
    try:
        values = desk.read("current")
    except (LinkError, InstrumentError):
        return
    assert pack(first[:-3].decode(), checksum=True) == first.upper() + b"\r"
    assert values == (float(first[:-3]),)
