"""The simulated SQM-160 against the vectors, byte by byte, glued, and what it keeps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.instruments.inficon_sqm160 import SimulatedSqm160
from simulators.instruments.sqc310.packets import check_characters
from tests.simulators.instruments.fakes import FakeWorld, ask, converse, in_pieces, vectors

KIND = "inficon_sqm160"


def packet(message: str) -> bytes:
    covered = bytes((len(message) + 34,)) + message.encode("latin-1")
    return b"!" + covered + check_characters(covered)


def text(answer: bytes) -> str:
    return answer[2:-2].decode("latin-1")


@pytest.mark.parametrize("name", [vector["name"] for vector in vectors(KIND)])
def test_vectors(name: str) -> None:
    came, wanted = converse(SimulatedSqm160(FakeWorld()), KIND, name)
    assert came == wanted


def test_in_pieces_glued_and_after_noise() -> None:
    port = SimulatedSqm160(FakeWorld())
    assert text(in_pieces(port, packet("@"))) == "AMON Ver 4.13"
    assert ask(port, b"xx" + packet("J") + packet("J")).count(b"A2") == 2
    assert text(ask(port, packet("@")[:-1] + b"\x22")) == "F"
    assert text(ask(port, packet("@")[:3] + packet("J"))) == "A2"


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("L3", "D"),
        ("A0?", "D"),
        ("A1 2 3", "D"),
        ("B 1 2", "D"),
        ("B 0.25 0 7 0 1 100 100 100 100 100 100", "D"),
        ("B 0.25 0 0 0 1 9 100 100 100 100 100", "D"),
        ("B? 1", "D"),
        ("K1", "C"),
        ("", "C"),
        ("q", "C"),
    ],
)
def test_what_it_refuses(message: str, status: str) -> None:
    port = SimulatedSqm160(FakeWorld())
    assert text(ask(port, packet(message))) == status
    assert text(ask(port, packet("@"))) == "AMON Ver 4.13"


def test_six_channels_of_which_two_have_crystals() -> None:
    port = SimulatedSqm160(FakeWorld(), channels=6)
    assert text(ask(port, packet("W"))).split()[4:] == ["0.00", "0.000", "5990000.000", *["0.00", "0.000", "0.000"] * 4]
    assert text(ask(port, packet("P6"))) == "A0.000"
    assert text(ask(port, packet("R6"))) == "A0"
    with pytest.raises(ValueError, match="2 or 6 channels"):
        SimulatedSqm160(FakeWorld(), channels=4)


def test_means_power_up_flag_and_restore() -> None:
    world = FakeWorld()
    port = SimulatedSqm160(world)
    assert [text(ask(port, packet("Y"))) for _ in range(2)] == ["A1", "A0"]
    ask(port, packet("A12MY FILM 2.70 100 1.080 0.000 0.000 0 3"))
    assert text(ask(port, packet("A12?"))) == "AMY FILM 2.70 100 1.080 0.000 0.000 0 3"
    ask(port, packet("W"), 1.0)
    world.hz = {1: 5_949_000.0, 2: 5_989_000.0}
    assert float(text(ask(port, packet("M"), 2.0))[1:]) > 100.0
    assert float(text(ask(port, packet("O?"), 2.0))[1:]) > 1000.0
    ask(port, packet("Z"), 3.0)
    assert text(ask(port, packet("A12?"), 3.0)).startswith("AFILM_012")
    port.restart(10.0)
    assert text(ask(port, packet("Y"), 11.0)) == "A1"
    assert text(ask(port, packet("N1"), 11.0)) == "A 0.000 "


@given(st.lists(st.binary(max_size=20), max_size=8))
@settings(max_examples=200, deadline=None)
def test_noise_never_breaks_it(noise: list[bytes]) -> None:
    port = SimulatedSqm160(FakeWorld())
    for number, data in enumerate(noise):
        ask(port, data, float(number))
    assert ask(port, packet("J"), 60.0).endswith(b"!%A2w<")
