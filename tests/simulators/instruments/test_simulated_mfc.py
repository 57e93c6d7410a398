"""The simulated flow controller against its vectors, and what it does to the plant's gas line."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.instruments.bronkhorst_mfc import MBAR_L_PER_S_PER_SCCM, SimulatedMfc
from simulators.plant.plant import Plant
from tests.simulators.instruments.fakes import FakeWorld, ask, converse, vectors

KIND = "bronkhorst_mfc"


@pytest.mark.parametrize("name", [vector["name"] for vector in vectors(KIND)])
def test_vectors(name: str) -> None:
    came, wanted = converse(SimulatedMfc(FakeWorld()), KIND, name)
    assert came == wanted


def say(port: SimulatedMfc, pdu: str, now_s: float, unit: int = 1) -> str:
    request = bytes.fromhex(pdu)
    answer = ask(port, struct.pack(">HHHB", 1, 0, len(request) + 1, unit) + request, now_s)
    return answer[7:].hex(" ")


def test_the_line_is_shut_until_a_flow_is_set_which_then_lags() -> None:
    world = FakeWorld()
    port = SimulatedMfc(world)
    assert world.limits_mbar_l_per_s == {"n2": 0.0}
    say(port, "06 0021 7D00", 0.0)
    port.tick(0.7)
    assert world.limits_mbar_l_per_s["n2"] == pytest.approx(20000.0 * MBAR_L_PER_S_PER_SCCM * (1 - 0.3679), rel=1e-3)
    port.tick(20.0)
    assert world.limits_mbar_l_per_s["n2"] == pytest.approx(20000.0 * MBAR_L_PER_S_PER_SCCM)
    counts = int(say(port, "03 0020 0001", 20.1).replace(" ", "")[4:], 16)
    assert counts == pytest.approx(32000, abs=100)
    assert say(port, "06 0024 0002", 20.2) == "06 00 24 00 02"  # it no longer listens to the bus
    port.tick(40.0)
    assert world.limits_mbar_l_per_s["n2"] == 0.0


def test_no_gas_is_an_alarm_and_a_valve_at_its_end() -> None:
    world = FakeWorld()
    world.flows_mbar_l_per_s["n2"] = 0.0
    port = SimulatedMfc(world)
    say(port, "06 0021 3E80", 0.0)
    for tenth in range(1, 40):
        port.tick(tenth / 10)
    assert say(port, "03 0034 0001", 4.0) == "03 02 00 01"
    assert say(port, "03 001F 0001", 4.0) == "03 02 ff ff"
    world.flows_mbar_l_per_s["n2"] = 10000.0 * MBAR_L_PER_S_PER_SCCM
    port.tick(4.5)
    assert say(port, "03 0034 0001", 4.6) == "03 02 00 00"


def test_restart_shuts_and_another_address_is_nobody() -> None:
    world = FakeWorld()
    port = SimulatedMfc(world, address=3)
    say(port, "06 0021 3E80", 0.0, unit=3)
    port.tick(5.0)
    port.restart(5.0)
    assert world.limits_mbar_l_per_s["n2"] == 0.0
    assert say(port, "03 0021 0001", 6.0, unit=3) == "03 02 00 00"
    assert say(port, "03 0021 0001", 6.0, unit=1) == ""


def test_in_the_plant_the_controller_and_not_the_orifice_sets_the_flow() -> None:
    plant = Plant(1, start="pumped")
    port = SimulatedMfc(plant)
    plant.drive("gate_valve", False, 0.0)
    plant.drive("n2_valve", True, 5.0)
    say(port, "06 0021 1F40", 5.0)  # 5000 sccm
    for tenth in range(50, 200):
        port.tick(tenth / 10)
        plant.advance(tenth / 10)
    assert plant.gas_flow("n2") == pytest.approx(5000.0 * MBAR_L_PER_S_PER_SCCM, rel=1e-3)
    plant.drive("n2_valve", False, 20.0)
    plant.advance(21.0)
    assert plant.gas_flow("n2") == 0.0
    with pytest.raises(ValueError, match="no gas line"):
        plant.gas_flow("ar")
    with pytest.raises(ValueError, match="no gas line"):
        plant.gas_limit("he", 1.0, 21.0)
    with pytest.raises(ValueError, match="not negative"):
        plant.gas_limit("n2", float("nan"), 21.0)


@given(st.lists(st.binary(max_size=20), max_size=8))
@settings(max_examples=100, deadline=None)
def test_noise_never_breaks_it(noise: list[bytes]) -> None:
    port = SimulatedMfc(FakeWorld())
    for number, data in enumerate(noise):
        ask(port, data, float(number))
    ask(port, b"\xff" * 300, 50.0)
    assert say(port, "03 0024 0001", 60.0) == "03 02 00 12"
