"""The simulated Beckhoff and WAGO couplers against their vectors, and what their watchdogs do."""

import struct

import pytest

from simulators.instruments.beckhoff_io import SimulatedBeckhoff
from simulators.instruments.wago_io import SimulatedWago
from simulators.port import WirePort
from tests.simulators.instruments.fakes import FakeWorld, ask, converse, vectors

KINDS: dict[str, type[WirePort]] = {"beckhoff_io": SimulatedBeckhoff, "wago_io": SimulatedWago}


def make(kind: str) -> tuple[WirePort, FakeWorld]:
    world = FakeWorld()
    world.signals["supply_enabled"] = False
    return {"beckhoff_io": SimulatedBeckhoff, "wago_io": SimulatedWago}[kind](world), world


@pytest.mark.parametrize(("kind", "name"), [(kind, vector["name"]) for kind in KINDS for vector in vectors(kind)])
def test_vectors(kind: str, name: str) -> None:
    came, wanted = converse(make(kind)[0], kind, name)
    assert came == wanted


def driven(world: FakeWorld, name: str) -> bool:
    return world.driven[name]


def say(port: WirePort, pdu: str, now_s: float) -> str:
    request = bytes.fromhex(pdu)
    answer = ask(port, struct.pack(">HHHB", 1, 0, len(request) + 1, 1) + request, now_s)
    return answer[7:].hex(" ")


ON = "0F 0000 0010 02 0001"  # the pump is output 8


def test_beckhoff_expires_without_writes_ignores_them_then_and_is_reset() -> None:
    port, world = make("beckhoff_io")
    say(port, ON, 0.0)
    assert driven(world, "roughing_pump")
    say(port, "02 0000 0008", 0.9)
    port.tick(1.1)
    assert not driven(world, "roughing_pump")
    assert say(port, ON, 1.2) == "0f 00 00 00 10"
    assert not driven(world, "roughing_pump")
    assert say(port, "03 1020 0001", 1.3) == "03 02 00 00"
    say(port, "06 1121 BECF", 1.4)
    say(port, "06 1121 AFFE", 1.5)
    say(port, ON, 1.6)
    assert driven(world, "roughing_pump")
    assert say(port, "03 1020 0001", 1.7) == f"03 02 {900 >> 8:02x} {900 & 255:02x}"


def test_wago_is_fed_by_the_functions_of_its_mask_alone() -> None:
    port, world = make("wago_io")
    say(port, ON, 0.0)
    port.tick(100.0)
    assert driven(world, "roughing_pump")  # as delivered it never runs
    for pdu in ("06 1000 000A", "06 1001 4000", ON):
        say(port, pdu, 100.0)
    say(port, "05 0008 FF00", 100.9)  # function 5 does not feed it
    assert say(port, "03 1006 0001", 100.95) == "03 02 00 01"
    port.tick(101.05)
    assert not driven(world, "roughing_pump")
    assert say(port, "03 1006 0001", 101.1) == "03 02 00 02"
    assert say(port, ON, 101.2) == "8f 04"
    assert say(port, "05 0008 FF00", 101.2) == "85 04"
    assert say(port, "06 1007 0001", 101.3).startswith("06")
    assert say(port, ON, 101.4) == "0f 00 00 00 10"
    say(port, ON, 102.0)
    assert say(port, "03 1004 0001", 102.1) == "03 02 00 04"  # 0.4 s were left when it was fed
    say(port, "06 1008 AA55", 102.2)
    port.tick(200.0)
    assert driven(world, "roughing_pump")


def test_wago_words_and_trigger() -> None:
    port, world = make("wago_io")
    say(port, "06 1000 000A", 0.0)
    say(port, "06 0200 0100", 0.0)
    assert driven(world, "roughing_pump")
    assert say(port, "03 0200 0001", 0.1) == "03 02 01 00"
    say(port, "06 0000 0000", 0.1)
    assert not driven(world, "roughing_pump")
    assert say(port, "03 1006 0001", 0.1) == "03 02 00 00"
    say(port, "06 1003 0001", 0.2)
    assert say(port, "03 1006 0001", 0.2) == "03 02 00 01"
    say(port, "06 1003 0001", 0.9)  # no change: does not feed
    port.tick(1.3)
    assert say(port, "03 1006 0001", 1.3) == "03 02 00 02"


@pytest.mark.parametrize(
    ("pdu", "answer"),
    [
        ("03 2000 0001", "83 02"),
        ("06 2000 0001", "86 02"),
        ("06 1005 0001", "86 03"),
        ("06 1007 0002", "86 03"),
        ("06 1008 0002", "86 03"),
        ("01 0210 0001", "81 02"),
        ("05 0210 FF00", "85 02"),
        ("01 0200 0000", "81 03"),
    ],
)
def test_wago_refuses(pdu: str, answer: str) -> None:
    assert say(make("wago_io")[0], pdu, 0.0) == answer
