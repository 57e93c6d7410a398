"""The flow controller's driver against the vectors: its size is checked, its set points are held or refused."""

import struct
from typing import Any

import pytest

from pvdctl.drivers.bronkhorst_mfc import BronkhorstMfc
from pvdctl.errors import BadFrame, InstrumentError, OperatorError
from pvdctl.instrument.poll import COMMAND, SAFE
from tests.wire import Conversation, Desk, talk, vectors

V = vectors("bronkhorst_mfc")
Frame = tuple[bytes, bytes | None]


def controller(**more: Any) -> BronkhorstMfc:
    return BronkhorstMfc("mfc", {"full_scale_sccm": 20000.0, **more})


def frames(*pdus: tuple[str, str]) -> list[Frame]:
    """Requests and answers from their functions on, in hex, numbered as our link does."""
    made: list[Frame] = []
    for n, pair in enumerate(pdus, 1):
        request, answer = (bytes.fromhex(text) for text in pair)
        heads = [struct.pack(">HHHB", n, 0, len(pdu) + 1, 1) for pdu in (request, answer)]
        made.append((heads[0] + request, heads[1] + answer))
    return made


def vector(name: str) -> tuple[str, str]:
    answer = V[name].answer
    assert answer is not None
    return V[name].request[7:].hex(), answer[7:].hex()


def test_it_is_known_by_its_capacity() -> None:
    identity = talk(controller(), frames(vector("capacity")), lambda desk: desk.driver.identify(desk.link))
    assert identity.model == "Bronkhorst MFC, 20 ln/min"
    with pytest.raises(InstrumentError, match="full scale is 20 mln/min, the chamber file says 20000 sccm"):
        talk(
            controller(capacity_unit="mln/min"),
            frames(vector("capacity")),
            lambda desk: desk.driver.identify(desk.link),
        )
    with pytest.raises(InstrumentError, match="nan"):
        talk(controller(), frames(("03 8168 0002", "03 04 7FC0 0000")), lambda desk: desk.driver.identify(desk.link))


def test_its_control_mode_must_listen_to_the_bus() -> None:
    talk(controller(), frames(vector("control_mode")), lambda desk: desk.driver.prepare(desk.link))
    with pytest.raises(InstrumentError, match="control mode is 2"):
        talk(controller(), frames(("03 0024 0001", "03 02 0002")), lambda desk: desk.driver.prepare(desk.link))


def test_flow_set_point_and_alarm() -> None:
    assert talk(controller(), frames(("03 0020 0001", "03 02 3E80")), lambda d: d.read("flow")) == (10000.0,)
    steps = frames(vector("set_point_held"), vector("no_alarm"))
    assert talk(controller(), steps, lambda desk: desk.read("set_point")) == (10000.0, 0)
    with pytest.raises(BadFrame, match="above 41942"):
        talk(controller(), frames(("03 0020 0001", "03 02 FFFF")), lambda desk: desk.read("flow"))
    steps = frames(("03 0021 0001", "03 02 FFFF"), vector("no_alarm"))
    with pytest.raises(BadFrame, match="above 32000"):
        talk(controller(), steps, lambda desk: desk.read("set_point"))


@pytest.mark.parametrize(
    ("sccm", "steps", "priority"),
    [
        (10000.0, ["set_half", "set_point_held"], COMMAND),
        (10000.2, ["set_half", "set_point_held"], COMMAND),
        (0.0, ["set_zero"], SAFE),
    ],
)
def test_a_set_point_is_written_and_read_back(sccm: float, steps: list[str], priority: int) -> None:
    driver = controller()
    conversation = [vector(name) for name in steps]
    if sccm == 0.0:
        conversation.append(("03 0021 0001", "03 02 0000"))
    desk = Desk(driver, Conversation(frames(*conversation)))
    act = driver.set_flow(sccm)
    desk.perform(act)
    desk.port.finish()
    assert act.priority == priority


def test_a_set_point_that_is_not_held_is_an_error() -> None:
    driver = controller()
    desk = Desk(driver, Conversation(frames(vector("set_half"), ("03 0021 0001", "03 02 0000"))))
    act = driver.set_flow(10000.0)
    with pytest.raises(InstrumentError, match="16000 of 32000 was written and 0 is held"):
        desk.perform(act)


@pytest.mark.parametrize("sccm", [-1.0, 20000.1, float("nan"), float("inf")])
def test_what_it_cannot_give_is_never_sent(sccm: float) -> None:
    driver = controller()
    Desk(driver, Conversation([]))
    with pytest.raises(OperatorError, match="outside 0 to 20000 sccm"):
        driver.set_flow(sccm)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"full_scale_sccm": 0.0}, "'full_scale' is missing"),
        ({"full_scale_sccm": float("nan")}, "'full_scale' is missing"),
        ({"capacity_unit": "slm"}, "wants mln/min or ln/min"),
        ({"address": 0}, "wants 1 to 247"),
    ],
)
def test_settings_that_cannot_work_are_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        controller(**more)
