"""The simulated SCPI supply: grammar, error queue, protection, and what the boats get."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.instruments.scpi_supply import SimulatedSupply
from tests.simulators.instruments.fakes import FakeWorld, ask, converse, heard, in_pieces, vectors


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def supply(world: FakeWorld) -> SimulatedSupply:
    return SimulatedSupply(world, "7")


def say(supply: SimulatedSupply, line: str, now_s: float = 0.0) -> str:
    return ask(supply, line.encode() + b"\n", now_s).decode()


def errors(supply: SimulatedSupply) -> list[int]:
    codes = []
    while (answer := say(supply, "SYST:ERR?")) != '0,"No error"\n':
        codes.append(int(answer.split(",")[0]))
    return codes


MEASURED = {"measure_current", "measure_current_exponent", "measure_voltage"}
TRIPPED = {"questionable_ov"}


@pytest.mark.parametrize(
    "name", [v["name"] for v in vectors("scpi_supply") if v["name"] not in MEASURED | TRIPPED], ids=str
)
def test_vector(supply: SimulatedSupply, name: str) -> None:
    came, wanted = converse(supply, "scpi_supply", name)
    assert came == wanted
    if came == b"" and not name.startswith(("bad", "out")):
        assert errors(supply) == []


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_measured_vector(world: FakeWorld, supply: SimulatedSupply, name: str) -> None:
    """Noise is part of the instrument, so the value is near and the form is a number."""
    world.terminals = (1.234, 12.48, False)
    came, wanted = converse(supply, "scpi_supply", name)
    assert float(came) == pytest.approx(float(wanted), abs=0.2 if "current" in name else 0.006)


# --- what the boats get -------------------------------------------------------------------------------------------
def test_set_points_reach_the_plant(world: FakeWorld, supply: SimulatedSupply) -> None:
    assert say(supply, "VOLT:PROT 6.5;:VOLT 5;CURR 117.35;OUTP ON") == ""
    assert errors(supply) == []
    assert world.set_points == (5.0, 117.35, True)
    say(supply, "OUTP OFF")
    assert world.set_points == (5.0, 117.35, False)
    say(supply, "*RST")
    assert world.set_points == (0.0, 0.0, False)


@pytest.mark.parametrize(
    "line",
    ["CURR 12.5", "current 12.5", "SOUR:CURR 12.5", ":SOURCE:CURRENT:LEVEL:IMMEDIATE:AMPLITUDE 12.5", "curr:lev 12.5A",
     "CURR:IMM 12500mA", "cUrR   1.25E1", "CURR 12.5\r", "  CURR 12.5 ", "*CLS;CURR 12.5", "CURR 1;CURR 12.5"],
)  # fmt: skip
def test_spellings(world: FakeWorld, supply: SimulatedSupply, line: str) -> None:
    assert say(supply, line) == ""
    assert errors(supply) == []
    assert world.set_points[1] == 12.5


@pytest.mark.parametrize(
    ("line", "code"),
    [("CURRE 1", -113), ("CURRE?", -113), ("MEAS:POW?", -113), ("MEAS:VOLT 1", -113), ("*WAI?", -113),
     ("CURR 211", -222), ("CURR -1", -222), ("VOLT 6.31", -222), ("VOLT:PROT 8", -222),
     ("CURR", -109), ("OUTP", -109), ("OUTP 2", -104),
     ("CURR one", -104), ("CURR 1V", -131), ("*RST 1", -108), ("MEAS:VOLT? 1", -108), ("=", -102), ("CURR@1", -102),
     ("VOLT:PROT 5;:VOLT 4.9", -221), ("VOLT 5;:VOLT:PROT 5", -221), ("MEAS:VOLT?;MEAS:CURR?", -113)],
)  # fmt: skip
def test_refusals(world: FakeWorld, supply: SimulatedSupply, line: str, code: int) -> None:
    before = world.set_points[1]
    say(supply, line)
    assert errors(supply) == [code]
    assert world.set_points[1] == before


def test_commands_after_the_faulty_one_are_lost(world: FakeWorld, supply: SimulatedSupply) -> None:
    say(supply, "CURR 5;CURRX 1;CURR 9")
    assert world.set_points[1] == 5.0


def test_several_queries_answer_in_one_line(world: FakeWorld, supply: SimulatedSupply) -> None:
    say(supply, "VOLT 5;CURR 12;OUTP ON")
    assert say(supply, "VOLT?;CURR?;:OUTP?;*OPC?") == "5.000;12.000;1;1\n"
    assert say(supply, "VOLT?;CURR?;:OUTP?;*OPC?") == "5.000;12.000;1;1\n"
    assert say(supply, "VOLT? MAX;CURR? MIN;:VOLT:PROT? MAX") == "6.300;0.000;7.500\n"
    world.terminals = (2.0, 100.0, False)
    volts, amps = say(supply, "MEAS:VOLT?;CURR?").split(";")
    assert float(volts) == pytest.approx(2.0, abs=0.01)
    assert float(amps) == pytest.approx(100.0, abs=0.3)


def test_keywords_for_limits(world: FakeWorld, supply: SimulatedSupply) -> None:
    say(supply, "CURR MAX;VOLT MAXIMUM")
    assert world.set_points[:2] == (6.3, 210.0)
    say(supply, "CURR DEF;VOLT MIN")
    assert world.set_points[:2] == (0.0, 0.0)


def test_noise_and_quantum(world: FakeWorld, supply: SimulatedSupply) -> None:
    world.terminals = (2.0, 100.0, False)
    amps = [float(say(supply, "MEAS:CURR?")) for _ in range(2000)]
    assert statistics.mean(amps) == pytest.approx(100.0, abs=0.005)
    assert statistics.stdev(amps) == pytest.approx(0.04, rel=0.1)  # 0.02 % of 200 A
    assert all(round(value, 2) == value for value in amps)


def test_noise_comes_from_the_seed(world: FakeWorld) -> None:
    world.terminals = (2.0, 100.0, False)
    readings = [
        [say(supply, "MEAS:CURR?") for _ in range(10)]
        for supply in (SimulatedSupply(world, "1"), SimulatedSupply(world, "1"), SimulatedSupply(world, "2"))
    ]
    assert readings[0] == readings[1] != readings[2]


# --- status and protection ----------------------------------------------------------------------------------------
def test_regulation_status(world: FakeWorld, supply: SimulatedSupply) -> None:
    assert say(supply, "STAT:OPER:COND?") == "4\n"
    say(supply, "VOLT 5;CURR 100;OUTP 1")
    world.terminals = (1.9, 100.0, False)
    assert say(supply, "STAT:OPER:COND?") == "2\n"
    world.terminals = (5.0, 0.0, True)  # boat open
    assert say(supply, "STAT:OPER:COND?") == "1\n"
    assert say(supply, "STAT:QUES:COND?") == "0\n"


def test_over_voltage_latches_until_cleared(world: FakeWorld, supply: SimulatedSupply) -> None:
    say(supply, "VOLT:PROT 4;:VOLT 3;CURR 100;OUTP ON")
    world.terminals = (4.2, 20.0, True)
    came, wanted = converse(supply, "scpi_supply", "questionable_ov")
    assert came == wanted
    assert world.set_points[2] is False
    world.terminals = (0.0, 0.0, False)
    assert say(supply, "STAT:QUES:COND?;:OUTP?;:STAT:OPER:COND?") == "1;0;4\n"
    say(supply, "OUTP ON")
    assert errors(supply) == [-221]
    assert world.set_points[2] is False
    say(supply, "OUTP:PROT:CLE")
    assert say(supply, "STAT:QUES:COND?") == "0\n"
    assert world.set_points[2] is False  # cleared, but nobody asked for the output
    say(supply, "OUTP ON")
    assert world.set_points == (3.0, 100.0, True)


def test_trip_of_the_power_stage_is_noticed(world: FakeWorld, supply: SimulatedSupply) -> None:
    say(supply, "VOLT 5;CURR 100;OUTP ON", 1.0)
    world.terminals = (1.9, 100.0, False)
    assert say(supply, "STAT:QUES:COND?", 1.5) == "0\n"
    world.terminals = (0.0, 0.0, True)
    assert say(supply, "STAT:QUES:COND?", 2.0) == "0\n"
    assert say(supply, "STAT:QUES:COND?", 2.2) == "4\n"
    assert world.set_points[2] is False


def test_short_break_is_no_trip(world: FakeWorld, supply: SimulatedSupply) -> None:
    say(supply, "VOLT 5;CURR 100;OUTP ON", 1.0)
    for second, terminals in enumerate([(0.0, 0.0, True), (1.9, 100.0, False), (0.0, 0.0, True)], 2):
        world.terminals = terminals
        assert say(supply, "STAT:QUES:COND?", float(second)) == "0\n"


def test_without_enable_the_output_is_inhibited(world: FakeWorld, supply: SimulatedSupply) -> None:
    say(supply, "VOLT 5;CURR 100;OUTP ON", 1.0)
    world.signals["supply_enabled"] = False
    for now_s in (2.0, 3.0):
        assert say(supply, "STAT:QUES:COND?;:STAT:OPER:COND?;:OUTP?", now_s) == "512;4;1\n"
    world.signals["supply_enabled"] = True
    world.terminals = (1.9, 100.0, False)
    assert say(supply, "STAT:QUES:COND?;:STAT:OPER:COND?", 4.0) == "0;2\n"


def test_remote_is_needed_where_asked_for(world: FakeWorld) -> None:
    supply = SimulatedSupply(world, needs_remote=True)
    say(supply, "CURR 5")
    assert errors(supply) == [-203]
    say(supply, "SYST:REM")
    say(supply, "CURR 5")
    assert world.set_points[1] == 5.0
    supply.restart(3.0)
    say(supply, "CURR 6")
    assert errors(supply) == [-203]
    say(supply, "SYST:REM;:SYST:LOC;:CURR 6")
    assert errors(supply) == [-203]


def test_queue_is_first_in_first_out_and_overflows(supply: SimulatedSupply) -> None:
    say(supply, "CURR 999")
    say(supply, "XYZ")
    assert errors(supply) == [-222, -113]
    for _ in range(12):
        say(supply, "XYZ")
    assert errors(supply) == [-113] * 9 + [-350]
    say(supply, "XYZ")
    say(supply, "*CLS")
    assert errors(supply) == []


def test_restart_forgets_everything(world: FakeWorld, supply: SimulatedSupply) -> None:
    say(supply, "VOLT:PROT 6;:VOLT 5;CURR 100;OUTP ON;XYZ")
    supply.write(b"CURR 1", 1.0)
    supply.restart(2.0)
    assert world.set_points == (0.0, 0.0, False)
    assert say(supply, "VOLT?;CURR?;VOLT:PROT?;:OUTP?;:SYST:ERR?", 3.0) == '0.000;0.000;7.500;0;0,"No error"\n'


# --- lines --------------------------------------------------------------------------------------------------------
def test_byte_by_byte_and_glued(supply: SimulatedSupply) -> None:
    assert in_pieces(supply, b"*OPC?\n") == b"1\n"
    supply.write(b"*OPC?\r\nCURR 2\nCURR?\n*OP", 0.0)
    supply.write(b"C?\n", 0.0)
    assert heard(supply, 1.0) == [b"1\n", b"2.000\n", b"1\n"]


def test_endless_line_is_dropped(supply: SimulatedSupply) -> None:
    supply.write(b"x" * 2000, 0.0)
    assert errors(supply) == [-363]


@given(st.binary(max_size=60))
def test_noise_never_raises_and_the_next_request_is_answered(noise: bytes) -> None:
    supply = SimulatedSupply(FakeWorld())
    supply.write(noise + b"\n*CLS\n*OPC?\n", 0.0)
    assert heard(supply, 1.0)[-1] == b"1\n"


@given(st.text("*:;?., 19-VCOUTPMEASvolt\n", max_size=30))
def test_near_commands_never_raise(line: str) -> None:
    supply = SimulatedSupply(FakeWorld())
    supply.write(line.encode() + b"\n*CLS\n*OPC?\n", 0.0)
    assert heard(supply, 1.0)[-1] == b"1\n"


@given(st.floats(0.0, 210.0))
def test_every_current_in_range_is_taken(amps: float) -> None:
    world = FakeWorld()
    supply = SimulatedSupply(world)
    say(supply, f"CURR {amps!r}")
    assert world.set_points[1] == amps
    assert errors(supply) == []


def test_wrong_check_is_no_number(supply: SimulatedSupply) -> None:
    with pytest.raises(ValueError, match="convert"):
        float(supply.with_wrong_check(b"12.48\n"))


def test_refuses_impossible_ratings(world: FakeWorld) -> None:
    with pytest.raises(ValueError, match="above zero"):
        SimulatedSupply(world, rated_amps=0.0)


@pytest.mark.parametrize("line", ["  CURR 3", "CURR\t3 4", ":CURR 3", "CURR 3;VOLT 1", "CURR 3\r"])
def test_short_cut_of_known_lines_is_no_way_round_the_grammar(
    world: FakeWorld, supply: SimulatedSupply, line: str
) -> None:
    """What was learnt from one line must not let another pass."""
    say(supply, line)
    say(supply, "*CLS")
    for wrong, code in ((" XYZ 5", -113), ("CURR\t5 6", -104), ("CURR 999", -222), ("CURR x", -104), ("CURR", -109)):
        say(supply, wrong)
        assert errors(supply) == [code], wrong
    say(supply, "CURR 7")
    assert world.set_points[1] == 7.0


@given(st.lists(st.integers(1, 12), min_size=1, max_size=30))
def test_lines_met_before_may_come_in_any_pieces(sizes: list[int]) -> None:
    world = FakeWorld()
    supply = SimulatedSupply(world)
    lines = b"CURR 3\nOUTP ON\nOUTP?\nCURR?\nVOLT?;CURR?\nOUTP OFF\n"
    assert ask(supply, lines) == b"1\n3.000\n0.000;3.000\n"
    at = 0
    for size in (*sizes, len(lines)):
        supply.write(lines[at : at + size], 1.0)
        at += size
    assert b"".join(heard(supply, 2.0)) == b"1\n3.000\n0.000;3.000\n"
    assert errors(supply) == []
