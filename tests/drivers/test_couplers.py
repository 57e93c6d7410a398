"""Beckhoff's and WAGO's couplers: what makes them different from the generic one is their watchdog."""

import struct
from typing import Any

import pytest

from pvdctl.drivers.beckhoff_io import BeckhoffIo
from pvdctl.drivers.wago_io import WagoIo
from pvdctl.errors import InstrumentError, OperatorError
from pvdctl.instrument.tag import Flaw
from tests.wire import Conversation, Desk, talk, vectors

MAP: dict[str, Any] = {
    "inputs": {"door_closed": 0, "spare": 31},
    "outputs": {"gate_valve": 1, "roughing_pump": 8},
    "heartbeat": 15,
}


def frames(*pdus: tuple[str, str]) -> list[tuple[bytes, bytes | None]]:
    """Requests and answers from their functions on, in hex, numbered as our link does."""
    made = []
    for n, pair in enumerate(pdus, 1):
        pdu = [bytes.fromhex(text) for text in pair]
        made.append(tuple(struct.pack(">HHHB", n, 0, len(p) + 1, 1) + p for p in pdu))
    return [(request, answer) for request, answer in made]


def pdus(kind: str, *names: str) -> list[tuple[str, str]]:
    """Vectors of `kind` without their headers."""
    known = vectors(kind)
    found = []
    for name in names:
        answer = known[name].answer
        assert answer is not None
        found.append((known[name].request[7:].hex(), answer[7:].hex()))
    return found


def read(register: int, value: int) -> tuple[str, str]:
    return f"03 {register:04X} 0001", f"03 02 {value:04X}"


def put(register: int, value: int) -> tuple[str, str]:
    return (f"06 {register:04X} {value:04X}",) * 2


# --- Beckhoff -------------------------------------------------------------------------------------------------------


def beckhoff(**more: Any) -> BeckhoffIo:
    return BeckhoffIo("plc", {**MAP, **more})


def test_beckhoff_is_known_by_its_image_lengths() -> None:
    steps = frames(read(0x1012, 16), read(0x1013, 32))
    identity = talk(beckhoff(), steps, lambda desk: desk.driver.identify(desk.link))
    assert identity.model == "Beckhoff coupler, 16 outputs, 32 inputs"
    with pytest.raises(InstrumentError, match="has 16 outputs and 16 inputs, the chamber file uses 16 and 32"):
        talk(beckhoff(), frames(read(0x1012, 16), read(0x1013, 16)), lambda desk: desk.driver.identify(desk.link))


def test_beckhoff_writes_its_time_and_reads_it_back() -> None:
    names = ("trigger", "time_as_delivered", "set_time", "time_held")
    talk(beckhoff(watchdog_ms=2000), frames(*pdus("beckhoff_io", *names)), lambda d: d.driver.prepare(d.link))
    talk(beckhoff(), frames(*pdus("beckhoff_io", *names[:2])), lambda desk: desk.driver.prepare(desk.link))


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([read(0x1122, 1)], "fed by any telegram"),
        ([read(0x1122, 0), read(0x1120, 1000), put(0x1120, 2000), read(0x1120, 1000)], "set to 2000 ms and reads 1000"),
    ],
)
def test_a_beckhoff_watchdog_that_is_not_right_is_refused(steps: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(InstrumentError, match=says):
        talk(beckhoff(watchdog_ms=2000), frames(*steps), lambda desk: desk.driver.prepare(desk.link))


def test_a_beckhoff_watchdog_that_is_off_is_refused() -> None:
    with pytest.raises(InstrumentError, match=r"is off \(time 0\)"):
        talk(beckhoff(), frames(read(0x1122, 0), read(0x1120, 0)), lambda desk: desk.driver.prepare(desk.link))


def test_a_beckhoff_watchdog_at_zero_is_tripped_only_after_a_write() -> None:
    driver = beckhoff()
    write = ("0F 0000 0010 02 0080", "0F 0000 0010")
    again = ("0F 0000 0010 02 0000", "0F 0000 0010")
    steps = frames(
        read(0x1020, 0), write, read(0x1020, 800), read(0x1020, 0), put(0x1121, 0xBECF), put(0x1121, 0xAFFE), again
    )
    desk = Desk(driver, Conversation(steps))
    assert desk.read("watchdog") == (False, False)  # never armed
    desk.perform(driver.write(0))
    assert desk.read("watchdog") == (False, True)
    assert desk.read("watchdog") == (True, False)
    desk.perform(driver.rearm())
    desk.port.finish()


# --- WAGO -----------------------------------------------------------------------------------------------------------


def wago(**more: Any) -> WagoIo:
    return WagoIo("plc", {**MAP, **more})


def held(*values: int) -> list[tuple[str, str]]:
    return [read(0x1000 + n, value) for n, value in enumerate(values)]


def test_wago_reads_outputs_back_from_their_own_address() -> None:
    steps = frames(("01 0200 0010", "01 02 0200"))
    assert talk(wago(), steps, lambda desk: desk.read("outputs")) == (True, False)


def test_wago_sets_time_and_mask_where_they_differ_and_stops_a_running_watchdog_for_it() -> None:
    new = [put(0x1000, 20), put(0x1001, 0x4000), put(0x1002, 0), *held(20, 0x4000, 0)]
    steps = frames(*held(100, 0, 0), read(0x1006, 0), *new)
    talk(wago(watchdog_ms=2000), steps, lambda desk: desk.driver.prepare(desk.link))
    steps = frames(*held(100, 0, 0), read(0x1006, 1), put(0x1005, 0xAAAA), put(0x1005, 0x5555), *new)
    talk(wago(watchdog_ms=2000), steps, lambda desk: desk.driver.prepare(desk.link))
    talk(wago(watchdog_ms=2000), frames(*held(20, 0x4000, 0)), lambda desk: desk.driver.prepare(desk.link))
    talk(wago(), frames(*held(50, 0x4000, 0)), lambda desk: desk.driver.prepare(desk.link))


@pytest.mark.parametrize(
    ("after", "says"),
    [((100, 0x4000, 0), "set to 2000 ms and reads 10000"), ((20, 0xFFFF, 0), "read 0xFFFF"), ((20, 0x4000, 1), ", 1")],
)
def test_a_wago_watchdog_that_does_not_hold_is_refused(after: tuple[int, int, int], says: str) -> None:
    new = [put(0x1000, 20), put(0x1001, 0x4000), put(0x1002, 0), *held(*after)]
    steps = frames(*held(100, 0, 0), read(0x1006, 0), *new)
    with pytest.raises(InstrumentError, match=says):
        talk(wago(watchdog_ms=2000), steps, lambda desk: desk.driver.prepare(desk.link))


def test_a_wago_watchdog_that_is_off_is_refused() -> None:
    steps = frames(*held(0, 0x4000, 0))
    with pytest.raises(InstrumentError, match=r"is off \(time 0\)"):
        talk(wago(), steps, lambda desk: desk.driver.prepare(desk.link))


@pytest.mark.parametrize(("status", "values"), [(0, (False, False)), (1, (False, True)), (2, (True, False))])
def test_wago_says_its_state(status: int, values: tuple[bool, bool]) -> None:
    assert talk(wago(), frames(read(0x1006, status)), lambda desk: desk.read("watchdog")) == values


def test_a_wago_state_that_is_not_known_is_a_flaw() -> None:
    values = talk(wago(), frames(read(0x1006, 7)), lambda desk: desk.read("watchdog"))
    assert all(isinstance(value, Flaw) and value.why == "watchdog status 7 is not known" for value in values)


def test_wago_is_restarted_and_zeroed() -> None:
    driver = wago()
    desk = Desk(driver, Conversation(frames(put(0x1007, 1), ("0F 0000 0010 02 0080", "0F 0000 0010"))))
    desk.perform(driver.rearm())
    desk.port.finish()


@pytest.mark.parametrize("watchdog_ms", [1950, 50, 7_000_000])
def test_a_wago_time_that_cannot_be_set_is_refused(watchdog_ms: int) -> None:
    with pytest.raises(OperatorError, match="watchdog_ms"):
        wago(watchdog_ms=watchdog_ms)
