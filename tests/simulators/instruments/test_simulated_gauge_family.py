"""The simulated TPG 262 and VGC503 against their vectors, and what they refuse."""

import pytest

from simulators.instruments.gauge_controller.port import GaugeControllerPort
from simulators.instruments.inficon_vgc50x import SimulatedVgc503
from simulators.instruments.pfeiffer_tpg26x import SimulatedTpg262
from tests.simulators.instruments.fakes import FakeWorld, ask, converse, vectors

KINDS = ["pfeiffer_tpg26x", "inficon_vgc50x"]


def make(kind: str, world: FakeWorld) -> GaugeControllerPort:
    port = SimulatedTpg262(world) if kind == "pfeiffer_tpg26x" else SimulatedVgc503(world)
    ask(port, b"\x03")  # ends the stream of the power-up
    return port


@pytest.mark.parametrize(("kind", "name"), [(kind, vector["name"]) for kind in KINDS for vector in vectors(kind)])
def test_vectors(kind: str, name: str) -> None:
    came, wanted = converse(make(kind, FakeWorld()), kind, name)
    assert came == wanted


@pytest.mark.parametrize(("kind", "unit"), [("pfeiffer_tpg26x", "3"), ("inficon_vgc50x", "6")])
def test_units_it_does_not_have_are_refused(kind: str, unit: str) -> None:
    port = make(kind, FakeWorld())
    assert ask(port, f"UNI,{unit}\r".encode()) == b"\x15\r\n"
    assert ask(port, b"UNI,2\r\x05") == b"\x06\r\n2\r\n"
    assert ask(port, b"PR1\r\x05") == b"\x06\r\n0,+8.3400E-01\r\n"


@pytest.mark.parametrize("kind", KINDS)
def test_a_gauge_is_switched_in_the_plant(kind: str) -> None:
    world = FakeWorld()
    port = make(kind, world)
    zeros = ",0" * (1 if kind == "pfeiffer_tpg26x" else 2)
    ask(port, f"SEN,1{zeros}\r".encode())
    assert world.gauge_on == {"full_range": False}


def test_what_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="pfeiffer_tpg26x: wants up to 2 sensors"):
        SimulatedTpg262(FakeWorld(), sensors=("full_range", "capacitance", "foreline"))
    with pytest.raises(ValueError, match="inficon_vgc50x: no gauge 'ion' in the plant"):
        SimulatedVgc503(FakeWorld(), sensors=("ion",))
