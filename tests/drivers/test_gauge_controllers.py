"""TPG 26x and VGC50x: the same dialogue as the TPG 36x, other channels and another way to say who they are."""

from typing import Any

import pytest

from pvdctl.drivers.inficon_vgc50x import InficonVgc50x
from pvdctl.drivers.pfeiffer_tpg26x import PfeifferTpg26x
from pvdctl.errors import InstrumentError, OperatorError
from pvdctl.instrument.mnemonic_gauges import MnemonicGauges
from pvdctl.instrument.poll import Answer
from tests.wire import Desk, talk, vectors

Step = tuple[bytes, bytes | None]
ETX: Step = (b"\x03", None)
DRIVERS: dict[str, type[Any]] = {"pfeiffer_tpg26x": PfeifferTpg26x, "inficon_vgc50x": InficonVgc50x}
GAUGES = {"pfeiffer_tpg26x": ["full_range", "capacitance"], "inficon_vgc50x": ["full_range", "capacitance", "foreline"]}


def controller(kind: str, count: int = 0) -> MnemonicGauges:
    names = GAUGES[kind] if not count else [f"g{number}" for number in range(1, count + 1)]
    made = DRIVERS[kind]("gauges", {"gauges": {name: channel for channel, name in enumerate(names, 1)}})
    assert isinstance(made, MnemonicGauges)
    return made


def steps(kind: str, *names: str) -> list[Step]:
    known = vectors(kind)
    return [
        (known[half].request, known[half].answer) for name in names for half in (f"{name}_ask", name) if half in known
    ]


def text(mnemonic: str, answer: str) -> list[Step]:
    return [(f"{mnemonic}\r".encode(), b"\x06\r\n"), (b"\x05", f"{answer}\r\n".encode())]


def test_a_vgc_says_who_it_is() -> None:
    identity = talk(
        controller("inficon_vgc50x"),
        [ETX, *steps("inficon_vgc50x", "ayt")],
        lambda desk: desk.driver.identify(desk.link),
    )
    values = vectors("inficon_vgc50x")["ayt"].values
    assert (identity.model, identity.serial, identity.firmware) == (
        values["model"], values["serial"], values["firmware"]
    )  # fmt: skip
    tpg = [ETX, *text("AYT", "TPG366,PTG28290,44990000,010300,010100")]
    with pytest.raises(InstrumentError, match="VGC50 gauge controller was expected"):
        talk(controller("inficon_vgc50x"), tpg, lambda desk: desk.driver.identify(desk.link))


def test_a_tpg26x_is_known_by_its_program_and_its_gauges() -> None:
    kind = "pfeiffer_tpg26x"
    identity = talk(controller(kind), [ETX, *steps(kind, "pnr", "tid")], lambda desk: desk.driver.identify(desk.link))
    assert (identity.model, identity.firmware) == ("TPG 26x with PKR, CMR", vectors(kind)["pnr"].values["firmware"])
    six = [ETX, *text("PNR", "010300"), *text("TID", "PKR,TPR,noSENSOR,noSENSOR,noSENSOR,noSENSOR")]
    with pytest.raises(InstrumentError, match="TPG 26x with one or two gauges was expected"):
        talk(controller(kind), six, lambda desk: desk.driver.identify(desk.link))


@pytest.mark.parametrize("kind", DRIVERS)
def test_pressures_in_mbar(kind: str) -> None:
    driver = controller(kind)
    prx = steps(kind, "prx")

    def read(desk: Desk) -> Answer:
        desk.driver.prepare(desk.link)
        return desk.read("pressures")

    values = talk(driver, [*steps(kind, "uni"), *prx, *prx], read)
    assert values == pytest.approx(tuple(vectors(kind)["prx"].values["value"]))


@pytest.mark.parametrize(("kind", "channels"), [("pfeiffer_tpg26x", 2), ("inficon_vgc50x", 3)])
def test_no_more_channels_than_it_has(kind: str, channels: int) -> None:
    controller(kind, channels)
    with pytest.raises(OperatorError, match=f"different channels from 1 to {channels}"):
        controller(kind, channels + 1)


@pytest.mark.parametrize("kind", DRIVERS)
def test_a_gauge_is_switched_off(kind: str) -> None:
    driver = controller(kind)
    before = [*steps(kind, "uni"), *steps(kind, "prx")]

    def off(desk: Any) -> None:
        desk.driver.prepare(desk.link)
        desk.perform(driver.switch_gauge(1, False))

    talk(driver, [*before, *steps(kind, "sen_off")], off)
