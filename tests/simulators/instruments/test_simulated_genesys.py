"""The simulated Genesys against the vectors, byte by byte, and what it does to the plant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.instruments.tdk_genesys import SimulatedGenesys
from tests.simulators.instruments.fakes import FakeWorld, ask, converse, in_pieces, vectors

KIND = "tdk_genesys"
WITH_NOISE = {"status"}


@pytest.mark.parametrize("name", [vector["name"] for vector in vectors(KIND)])
def test_vectors(name: str) -> None:
    came, wanted = converse(SimulatedGenesys(FakeWorld()), KIND, name)
    if name in WITH_NOISE:
        came, wanted = came[-16:-4], wanted[-16:-4]  # the registers behind the measured values
    assert came == wanted


def called() -> tuple[SimulatedGenesys, FakeWorld]:
    world = FakeWorld()
    port = SimulatedGenesys(world)
    assert ask(port, b"ADR 6\rRMT 1\r") == b"OK\rOK\r"
    return port, world


def test_it_is_silent_until_it_is_called_and_after_another_is() -> None:
    port = SimulatedGenesys(FakeWorld())
    assert ask(port, b"IDN?\r") == b""
    assert ask(port, b"ADR 6\r") == b"OK\r"
    assert ask(port, b"IDN?\r") == b"LAMBDA,GEN6-200\r"
    assert ask(port, b"ADR 07\rIDN?\r") == b""


def test_in_pieces_small_letters_repeats_and_line_feeds() -> None:
    port, _ = called()
    assert in_pieces(port, b"pc 5\r\n") == b"OK\r"
    assert ask(port, b"PC?\r") == b"005.00\r"
    assert ask(port, b"\\\r") == b"005.00\r"


def test_what_is_asked_is_what_the_supply_of_the_plant_is_given() -> None:
    port, world = called()
    ask(port, b"PV 5\rPC 120\rOUT 1\r")
    assert world.set_points == (5.0, 120.0, True)
    world.terminals = (0.5, 120.0, False)
    assert ask(port, b"MODE?\r") == b"CC\r"
    assert float(ask(port, b"MC?\r")) == pytest.approx(120.0, abs=0.3)
    ask(port, b"OUT 0\r")
    assert world.set_points[2] is False


def test_over_voltage_trips_and_stays_until_reset() -> None:
    port, world = called()
    ask(port, b"PV 5\rOVP 5.5\rPC 10\rOUT 1\r")
    world.terminals = (5.6, 0.0, True)
    ask(port, b"MV?\r")
    assert world.set_points[2] is False
    world.terminals = (0.0, 0.0, False)
    assert ask(port, b"STT?\r").endswith(b"FR(10)\r")
    assert ask(port, b"OUT 1\r") == b"E07\r"
    assert ask(port, b"RST\rOUT 1\r") == b"OK\rOK\r"


def test_a_closed_enable_input_is_shown_and_no_trip() -> None:
    port, world = called()
    world.signals["supply_enabled"] = False
    ask(port, b"PV 5\rPC 10\rOUT 1\r")
    for now_s in (0.0, 1.0, 2.0):
        assert ask(port, b"STT?\r", now_s).endswith(b"FR(80)\r")
    assert ask(port, b"OUT?\r", 3.0) == b"ON\r"


def test_local_mode_refuses_and_restart_forgets() -> None:
    port, world = called()
    ask(port, b"PV 5\rPC 10\rOUT 1\r")
    port.restart(5.0)
    assert world.set_points == (0.0, 0.0, False)
    assert ask(port, b"PC?\r", 6.0) == b""
    assert ask(port, b"ADR 6\rPC 5\rRMT?\rPC?\r", 7.0) == b"OK\rC01\rLOC\r000.00\r"


@given(st.lists(st.binary(max_size=20), max_size=8))
@settings(max_examples=200, deadline=None)
def test_noise_never_breaks_it(noise: list[bytes]) -> None:
    port, _ = called()
    for number, data in enumerate(noise):
        ask(port, data, float(number))
    ask(port, b"\r", 50.0)
    assert ask(port, b"ADR 6\rIDN?\r", 60.0).endswith(b"OK\rLAMBDA,GEN6-200\r")
