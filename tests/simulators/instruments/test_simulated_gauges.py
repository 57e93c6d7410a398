"""The simulated TPG 366: dialogue, statuses, units, and its stream after power-up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.instruments.pfeiffer_tpg36x import SimulatedTpg366
from tests.simulators.instruments.fakes import FakeSignal, FakeWorld, ask, converse, heard, vectors

OTHER_UNITS = {"prx_two_no_sign_ask", "prx_two_no_sign", "prx_errors_ask", "prx_errors"}
"""Answers of units with two or three channels, which this one is not."""


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def gauges(world: FakeWorld) -> SimulatedTpg366:
    """A unit that has been spoken to: it does not stream any more."""
    port = SimulatedTpg366(world)
    ask(port, b"\x03")
    return port


def say(gauges: SimulatedTpg366, mnemonic: str, now_s: float = 0.0) -> str:
    """The data after ACK and ENQ, or NAK as it came."""
    answer = ask(gauges, mnemonic.encode() + b"\r", now_s)
    if answer != b"\x06\r\n":
        return answer.decode()
    return ask(gauges, b"\x05", now_s).decode().removesuffix("\r\n")


@pytest.mark.parametrize(
    "name", [v["name"] for v in vectors("pfeiffer_tpg36x") if v["name"] not in OTHER_UNITS], ids=str
)
def test_vector(world: FakeWorld, gauges: SimulatedTpg366, name: str) -> None:
    if name.startswith("prx_six"):
        world.gauges = {
            "full_range": FakeSignal(5e-7),
            "capacitance": FakeSignal(1e-2, 1),
            "foreline": FakeSignal(2.34e-2),
        }
    if name.startswith("uni_torr"):
        say(gauges, "UNI,1")
    came, wanted = converse(gauges, "pfeiffer_tpg36x", name)
    assert came == wanted


def test_decimals_of_log_and_linear_gauges(gauges: SimulatedTpg366) -> None:
    assert say(gauges, "PR1") == "0,+8.3400E-03"
    assert say(gauges, "PR2") == "0,+1.2346E-01"
    assert say(gauges, "PR6") == "5,+2.0000E-02"


def test_repeated_enq_gives_a_fresh_value(world: FakeWorld, gauges: SimulatedTpg366) -> None:
    say(gauges, "PR1")
    world.gauges["full_range"] = FakeSignal(1e-6, 0)
    assert ask(gauges, b"\x05") == b"0,+1.0000E-06\r\n"
    assert ask(gauges, b"\x05\x05") == b"0,+1.0000E-06\r\n" * 2


@pytest.mark.parametrize("status", range(7))
def test_statuses_come_through(world: FakeWorld, gauges: SimulatedTpg366, status: int) -> None:
    world.gauges["foreline"] = FakeSignal(1e-3, status)
    assert say(gauges, "PRX").split(",")[4] == str(status)


@pytest.mark.parametrize(
    ("unit", "text"),
    [(0, "+8.3400E-03"), (1, "+6.2600E-03"), (2, "+8.3400E-01"), (3, "+6.2600E+00"), (4, "+8.3400E-03"),
     (5, "+5.5500E+00")],
)  # fmt: skip
def test_units(gauges: SimulatedTpg366, unit: int, text: str) -> None:
    assert say(gauges, f"UNI,{unit}") == str(unit)
    assert say(gauges, "PR1") == f"0,{text}"
    gauges.restart(5.0)
    heard(gauges, 6.0)
    ask(gauges, b"\x03", 6.0)
    assert say(gauges, "UNI", 6.0) == str(unit)


def test_identities(gauges: SimulatedTpg366) -> None:
    assert say(gauges, "TID") == "PKR,CMR/APR,TPR/PCR,noSENSOR,noSENSOR,noSENSOR"
    assert say(gauges, "PNR") == "010300"
    assert say(gauges, "AYT").split(",")[0] == "TPG366"


def test_switching_the_full_range_gauge(world: FakeWorld, gauges: SimulatedTpg366) -> None:
    assert say(gauges, "SEN,0,0,0,0,0,0") == "2,0,0,0,0,0"
    assert world.gauge_on == {}
    assert say(gauges, "SEN,1,1,1,1,1,1") == "1,0,0,0,0,0"
    assert world.gauge_on == {"full_range": False}
    say(gauges, "SEN,2,0,0,0,0,0")
    assert world.gauge_on == {"full_range": True}


@pytest.mark.parametrize(
    ("line", "word"),
    [("PR7", "0001"), ("prx", "0001"), ("", "0001"), ("UNI,6", "0010"), ("UNI,", "0010"), ("UNI,1,2", "0010"),
     ("SEN,1,1,1,1,1", "0010"), ("SEN,3,0,0,0,0,0", "0010"), ("COM,3", "0010"), ("PRX,1", "0010"), ("X" * 99, "0001")],
)  # fmt: skip
def test_refusals_and_the_error_word(gauges: SimulatedTpg366, line: str, word: str) -> None:
    assert say(gauges, line) == "\x15\r\n"
    assert ask(gauges, b"\x05") == word.encode() + b"\r\n"
    assert ask(gauges, b"\x05") == b"0000\r\n"
    say(gauges, line)
    assert say(gauges, "ERR") == word
    assert say(gauges, "ERR") == "0000"


def test_enq_before_any_request_gives_the_error_word(gauges: SimulatedTpg366) -> None:
    assert ask(gauges, b"\x05") == b"0000\r\n"


# --- unasked lines ------------------------------------------------------------------------------------------------
LINE = b"0,+8.3400E-03,0,+1.2346E-01,0,+2.3400E-02,5,+2.0000E-02,5,+2.0000E-02,5,+2.0000E-02\r\n"


def test_stale_line_comes_before_the_first_answer(world: FakeWorld) -> None:
    gauges = SimulatedTpg366(world)
    assert ask(gauges, b"PR1\r") == LINE + b"\x06\r\n"
    assert heard(gauges, 100.0) == []


def test_stream_after_power_up_until_the_first_byte(world: FakeWorld) -> None:
    gauges = SimulatedTpg366(world)
    assert heard(gauges, 2.5) == [LINE] * 3
    assert heard(gauges, 3.2) == [LINE]
    assert ask(gauges, b"\x03", 3.5) == b""
    assert heard(gauges, 50.0) == []


def test_a_long_unheard_stream_leaves_a_few_lines(world: FakeWorld) -> None:
    gauges = SimulatedTpg366(world)
    assert ask(gauges, b"\x03", 4000.0) == LINE * 3


def test_com_streams_until_any_byte(gauges: SimulatedTpg366) -> None:
    assert ask(gauges, b"COM,0\r", 10.0)[:3] == b"\x06\r\n"
    assert len(heard(gauges, 11.55)) == 3  # the newest of those due since
    assert heard(gauges, 11.65) == [LINE]
    ask(gauges, b"\x03", 11.7)
    assert heard(gauges, 20.0) == []


def test_restart_streams_again(gauges: SimulatedTpg366) -> None:
    gauges.write(b"PR", 9.0)
    gauges.restart(10.0)
    assert heard(gauges, 10.5) == [LINE]
    gauges.write(b"1\r", 10.6)
    assert b"".join(heard(gauges, 11.0)) == b"\x15\r\n"


# --- lines --------------------------------------------------------------------------------------------------------
def test_byte_by_byte_glued_and_with_blanks(gauges: SimulatedTpg366) -> None:
    for request in (b"PR1\r\n\x05", b" P R 1 \r\x05", b"XX\x03PR1\r\x05"):
        assert ask(gauges, request) == b"\x06\r\n0,+8.3400E-03\r\n"
        for byte in request:
            gauges.write(bytes((byte,)), 0.0)
        assert b"".join(heard(gauges, 1.0)) == b"\x06\r\n0,+8.3400E-03\r\n"


@given(st.binary(max_size=80))
def test_noise_never_raises_and_the_next_request_is_answered(noise: bytes) -> None:
    gauges = SimulatedTpg366(FakeWorld())
    gauges.write(noise, 0.0)
    heard(gauges, 1.0)
    gauges.write(b"\x03PNR\r\x05", 1.0)
    assert heard(gauges, 2.0) == [b"\x06\r\n", b"010300\r\n"]


@given(st.floats(1e-9, 1100.0), st.integers(0, 4))
def test_pressures_survive_to_two_decimals(pressure_mbar: float, unit: int) -> None:
    world = FakeWorld()
    world.gauges["full_range"] = FakeSignal(pressure_mbar)
    gauges = SimulatedTpg366(world, unit=unit)
    ask(gauges, b"\x03")
    status, value = say(gauges, "PR1").split(",")
    per_mbar = (1.0, 0.750062, 100.0, 750.062, 1.0)[unit]
    assert status == "0"
    assert float(value) == pytest.approx(pressure_mbar * per_mbar, rel=0.0051)


def test_wrong_check_is_neither_acknowledgement_nor_value(gauges: SimulatedTpg366) -> None:
    assert gauges.with_wrong_check(b"\x06\r\n") == b"?\r\n"
    assert gauges.with_wrong_check(b"0,+8.3400E-03\r\n")[:2] == b"?,"


def test_refuses_what_is_not_there(world: FakeWorld) -> None:
    with pytest.raises(ValueError, match="bayard_alpert"):
        SimulatedTpg366(world, sensors=("bayard_alpert",))
    with pytest.raises(ValueError, match="unit 0 to 5"):
        SimulatedTpg366(world, unit=6)
