"""The turbo's driver against the vectors."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.pfeiffer_tc400 import PfeifferTc400
from pvdctl.errors import BadFrame, InstrumentError, LinkError, NoAnswer, OperatorError
from pvdctl.instrument.poll import COMMAND, SAFE, Answer
from tests.wire import Conversation, Desk, in_every_way, talk, vectors

V = vectors("pfeiffer_tc400")
Step = tuple[bytes, bytes | Sequence[bytes] | None]


def step(name: str) -> Step:
    return V[name].request, V[name].answer


def telegram(body: str) -> bytes:
    return f"{body}{sum(body.encode()) % 256:03d}\r".encode()


def turbo(address: int = 1) -> PfeifferTc400:
    return PfeifferTc400("turbo", {"address": address})


def test_who_it_is() -> None:
    for name in ("name_tc400", "name_tc110"):
        identity = talk(turbo(), [step(name), step("firmware")], lambda desk: desk.driver.identify(desk.link))
        assert (identity.model, identity.firmware) == (V[name].values["model"], V["firmware"].values["firmware"])


def test_another_device_on_the_bus_is_refused() -> None:
    steps = [(step("name_tc400")[0], telegram("0011034906TPG366"))]
    with pytest.raises(InstrumentError, match=r"was expected at address 1, the unit calls itself 'TPG366'"):
        talk(turbo(), steps, lambda desk: desk.driver.identify(desk.link))


def test_speed_with_the_nominal_speed_read_once() -> None:
    def do(desk: Desk) -> list[Answer]:
        desk.driver.prepare(desk.link)
        return [desk.read("speed"), desk.read("speed")]

    first, second = talk(turbo(), [step("nominal_1000"), step("speed_633"), step("speed_633")], do)
    assert first == (V["speed_633"].values["speed_hz"], V["nominal_1000"].values["nominal_hz"])
    assert second is first


@pytest.mark.parametrize(
    ("running", "error", "state"),
    [("running_query", "error_none", (False, "")), ("running_query", "error_001", (False, "Err001"))],
)
def test_state(running: str, error: str, state: tuple[bool, str]) -> None:
    assert talk(turbo(), [step(running), step(error)], lambda desk: desk.read("state")) == state


def test_running_is_read() -> None:
    steps = [(step("running_query")[0], telegram("0011001006111111")), step("error_none")]
    assert talk(turbo(), steps, lambda desk: desk.read("state")) == (True, "")


def test_another_address() -> None:
    request = V["speed_query_123"].request
    answer = telegram("1231030906000500")
    assert talk(turbo(123), [(request, answer)], lambda desk: desk.read("speed"))[0] == 500


@pytest.mark.parametrize(("on", "write", "priority"), [(True, "start", COMMAND), (False, "stop", SAFE)])
def test_it_is_switched_only_when_it_is_not_so_already(on: bool, write: str, priority: int) -> None:
    ask = step("running_query")[0]
    is_on, is_off = telegram("0011001006111111"), telegram("0011001006000000")
    for now, steps in ((is_off if on else is_on, [step(write)]), (is_on if on else is_off, [])):
        driver = turbo()

        def do(desk: Desk, driver: PfeifferTc400 = driver) -> None:
            act = driver.switch(on)
            assert act.priority == priority
            desk.perform(act)

        talk(driver, [(ask, now), *steps], do)


def test_an_error_is_acknowledged_by_its_own_parameter() -> None:
    driver = turbo()
    talk(driver, [step("acknowledge")], lambda desk: desk.perform(driver.acknowledge_error()))


def test_a_write_that_is_answered_otherwise_is_an_error() -> None:
    driver = turbo()
    steps = [(step("acknowledge")[0], telegram("0011000906000000"))]
    with pytest.raises(InstrumentError, match="parameter 009 was set to 111111"):
        talk(driver, steps, lambda desk: desk.perform(driver.acknowledge_error()))


@pytest.mark.parametrize(
    ("word", "says"), [("NO_DEF", "does not know"), ("_RANGE", "refuses the value"), ("_LOGIC", "does not allow")]
)
def test_refusals_and_then_the_next_exchange_is_right(word: str, says: str) -> None:
    known = [v for v in V.values() if v.values.get("error") == word]
    assert known

    def do(desk: Desk) -> Answer:
        with pytest.raises(InstrumentError, match=f"{says} parameter 309|{says} for parameter 309|{says}.*309"):
            desk.read("speed")
        return desk.read("speed")

    request, answer = step("speed_633")
    assert talk(turbo(), [(request, telegram(f"0011030906{word}")), (request, answer)], do)[0] == 633


@pytest.mark.parametrize(
    "body",
    [
        "0021030906000633",  # another address
        "0010030906000633",  # an echo's action
        "0011039806000633",  # another parameter
        "0011030903633",
        "00110309060006-3",
        "0011030906      ",
        "0010030902=?",  # our own request, echoed
    ],
)
def test_what_is_no_answer_to_the_question_is_no_reading(body: str) -> None:
    with pytest.raises(BadFrame):
        talk(turbo(), [(step("speed_633")[0], telegram(body))], lambda desk: desk.read("speed"))


def test_a_boolean_of_the_other_type_is_not_believed() -> None:
    with pytest.raises(BadFrame):
        talk(turbo(), [(step("running_query")[0], telegram("0011001006000001"))], lambda desk: desk.read("state"))


def test_silence_of_another_address_is_no_answer() -> None:
    with pytest.raises(NoAnswer):
        talk(turbo(123), [step("speed_query_123")], lambda desk: desk.read("speed"))


@pytest.mark.parametrize("address", [0, 256, "1", 1.0, True])
def test_impossible_addresses_are_refused(address: Any) -> None:
    with pytest.raises(OperatorError, match="wants a whole number 1 to 255"):
        PfeifferTc400("turbo", {"address": address})


@given(st.integers(0, 999999))
def test_speeds_come_back(speed: int) -> None:
    for way, chunks in in_every_way(telegram(f"0011030906{speed:06d}"), b""):
        assert talk(turbo(), [(step("speed_633")[0], chunks)], lambda desk: desk.read("speed"))[0] == speed, way


NOISE = st.lists(st.one_of(st.binary(max_size=40), st.text("0123456789=?\r", max_size=25).map(str.encode)), max_size=4)


def _noise(chunks: list[bytes]) -> None:
    desk = Desk(turbo(), Conversation([(step("speed_633")[0], chunks)]))
    with pytest.raises(LinkError):
        desk.read("speed")


@given(NOISE)
@settings(max_examples=500)
def test_random_bytes_never_give_a_reading(chunks: list[bytes]) -> None:
    _noise(chunks)


@pytest.mark.soak
@given(NOISE)
@settings(max_examples=10_000)
def test_random_bytes_never_give_a_reading_soak(chunks: list[bytes]) -> None:
    _noise(chunks)
