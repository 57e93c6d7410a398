"""The SQM-160 driver against the vectors: who it is, readings in our units, films that are read back."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.inficon_sqm160 import InficonSqm160
from pvdctl.errors import BadFrame, InstrumentError, LinkError, OperatorError, Restarted
from pvdctl.instrument.poll import COMMAND, SAFE
from pvdctl.instrument.tag import Flaw
from pvdctl.links.framing_sycon import crc, pack
from tests.wire import Conversation, Desk, in_every_way, perform, talk, vectors

V = vectors("inficon_sqm160")
Step = tuple[bytes, bytes | None]


def step(name: str) -> Step:
    return V[name].request, V[name].answer


def answer(text: str) -> bytes:
    body = bytes((len(text) + 35,)) + text.encode("latin-1")
    register = crc(body)
    return b"!" + body + bytes(((register & 0x7F) + 34, (register >> 7) + 34))


def said(command: str, text: str) -> Step:
    return pack(command.encode()), answer(text)


def monitor(**more: Any) -> InficonSqm160:
    return InficonSqm160("monitor", more)


def test_it_says_who_it_is() -> None:
    identity = talk(monitor(), [step("model")], lambda desk: desk.driver.identify(desk.link))
    assert (identity.model, identity.firmware) == ("SQM-160", V["model"].values["firmware"])
    steps = [said("@", "B"), step("model")]  # status B: it was just switched on
    assert talk(monitor(), steps, lambda desk: desk.driver.identify(desk.link)) == identity


def test_an_sqc_310_gets_no_further_command() -> None:
    with pytest.raises(InstrumentError, match=r"calls itself 'SQC-310 Ver 6\.01'"):
        talk(monitor(), [said("@", "ASQC-310 Ver 6.01")], lambda desk: desk.driver.identify(desk.link))


def test_prepare_finds_the_channels_and_refuses_invented_or_other_readings() -> None:
    talk(monitor(), [step("channels_2"), step("system")], lambda desk: desk.driver.prepare(desk.link))
    with pytest.raises(InstrumentError, match="uses sensor 3, the unit has 2"):
        talk(monitor(sensors=[3]), [step("channels_2")], lambda desk: desk.driver.prepare(desk.link))
    for system, says in (("0.25 1 0 0 1", "simulate mode"), ("0.25 0 1 0 1", "does not display Å")):
        steps = [step("channels_2"), said("B?", f"A{system} 100 100 100 100 100 100")]
        with pytest.raises(InstrumentError, match=says):
            talk(monitor(), steps, lambda desk: desk.driver.prepare(desk.link))
    with pytest.raises(BadFrame, match="neither 2 nor 6"):
        talk(monitor(), [said("J", "A4")], lambda desk: desk.driver.prepare(desk.link))
    with pytest.raises(BadFrame, match="wants 11 fields"):
        talk(monitor(), [step("channels_2"), said("B?", "A1 2 3")], lambda desk: desk.driver.prepare(desk.link))


@pytest.mark.parametrize(("unit", "nm"), [("angstrom", 0.1), ("kiloangstrom", 100.0)])
def test_readings_in_our_units(unit: str, nm: float) -> None:
    steps = [said("W", "A00.00 5.25 1200.500 5950000.125 0.00 0.000 0.000 ")]
    first, second = (
        talk(monitor(thickness_unit=unit), steps, lambda desk: desk.read("sensors")),
        talk(monitor(sensors=[1]), [step("everything")], lambda desk: desk.read("sensors")),
    )
    assert first[:3] == pytest.approx((5950000.125, 0.525, 1200.5 * nm))
    assert all(isinstance(flaw, Flaw) and flaw.why == "no crystal signal on sensor 2" for flaw in first[3:])
    assert second == (5950000.0, 0.0, 0.0)


def test_the_same_text_is_the_same_tuple() -> None:
    steps = [step("everything")] * 2
    first, second = talk(monitor(), steps, lambda desk: [desk.read("sensors"), desk.read("sensors")])
    assert second is first


def test_in_every_way_an_answer_can_arrive() -> None:
    request, whole = step("everything")
    assert whole is not None
    for how, chunks in in_every_way(whole, b""):
        got = talk(monitor(), [(request, chunks)], lambda desk: desk.read("sensors"))
        assert got[0] == 5950000.0, how


@pytest.mark.parametrize("text", ["A1 2 3", "A1 2 3 4 5 6 x", "A1 2 3 4 5 6 7 8", "A1 2 3 4 5 6 7-8", "A"])
def test_readings_that_are_none(text: str) -> None:
    with pytest.raises(BadFrame):
        talk(monitor(), [said("W", text)], lambda desk: desk.read("sensors"))


def test_life_and_shutter() -> None:
    assert talk(monitor(sensors=[1]), [step("life_1")], lambda desk: desk.read("crystals")) == (95.0,)
    steps = [(pack(b"U?"), V["shutter_state"].answer)]
    assert talk(monitor(), steps, lambda desk: desk.read("shutter")) == (True,)
    with pytest.raises(BadFrame, match="R1 wants a number"):
        talk(monitor(), [said("R1", "Ano")], lambda desk: desk.read("crystals"))
    with pytest.raises(BadFrame, match="wants 0 or 1"):
        talk(monitor(), [said("U?", "Ano")], lambda desk: desk.read("shutter"))


FILM_2 = said("A2?", "AZINC    1.00 100 1.000 0.000 0.000 0 3")


def test_a_film_is_written_read_back_and_chosen() -> None:
    steps = [FILM_2, step("set_film_2"), (pack(b"A2?"), V["film_2"].answer), step("system"), step("set_system"),
             (pack(b"B?"), V["system_held"].answer), step("choose_film_2")]  # fmt: skip
    perform(monitor(), lambda m: m.set_film(2, 7.14, 0.514, {1: 92.0, 2: 95.0}), *steps)


def test_a_film_that_does_not_hold_is_refused() -> None:
    with pytest.raises(InstrumentError, match=r"was acknowledged, but reads back as 1\.00"):
        perform(monitor(), lambda m: m.set_film(2, 7.14, 0.514, {}), FILM_2, step("set_film_2"), FILM_2)


@pytest.mark.parametrize(
    ("film", "says"),
    [
        ((0, 7.14, 0.514, {}), "film slot 0"),
        ((2, 0.4, 0.514, {}), "density 0.4"),
        ((2, 7.14, 10.0, {}), "Z-factor 10"),
        ((2, 7.14, 0.514, {3: 100.0}), "no sensor 3"),
        ((2, 7.14, 0.514, {1: 400.0}), "tooling of sensor 1 400"),
        ((2, 7.14, 0.514, {1: 92.5}), "a multiple of 1 %"),
        ((2, float("nan"), 0.514, {}), "density nan"),
    ],
)
def test_what_the_unit_cannot_hold_is_never_sent(film: tuple[int, float, float, dict[int, float]], says: str) -> None:
    driver = monitor()
    Desk(driver, Conversation([]))
    with pytest.raises(OperatorError, match=says):
        driver.set_film(*film)


def test_zero_and_shutter() -> None:
    assert perform(monitor(), lambda m: m.zero_thickness(), step("zero")).priority == COMMAND
    assert perform(monitor(), lambda m: m.switch_shutter(True), step("shutter_open")).priority == COMMAND
    assert perform(monitor(), lambda m: m.switch_shutter(False), said("U0", "A")).priority == SAFE


@pytest.mark.parametrize(
    ("status", "kind"), [("B", Restarted), ("C", InstrumentError), ("D", InstrumentError), ("F", LinkError)]
)
def test_every_status(status: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="asked 'S'"):
        perform(monitor(), lambda m: m.zero_thickness(), said("S", status))
    with pytest.raises(BadFrame, match="not one of A to F"):
        perform(monitor(), lambda m: m.zero_thickness(), said("S", "X"))


@pytest.mark.parametrize(
    ("more", "says"),
    [({"sensors": []}, "from 1 to 6"), ({"sensors": [7]}, "from 1 to 6"), ({"thickness_unit": "nm"}, "wants angstrom")],
)
def test_settings_that_cannot_work_are_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        monitor(**more)


@given(st.lists(st.binary(max_size=30)))
@settings(max_examples=300, deadline=None)
def test_random_bytes_give_no_reading(chunks: list[bytes]) -> None:
    desk = Desk(monitor(), Conversation([(pack(b"W"), chunks)]))
    with pytest.raises((LinkError, InstrumentError)):
        desk.read("sensors")
