"""The bench: instruments by name over one plant, and faults that begin and end when they should."""

import pytest

from simulators.bench import Bench, Fitted
from simulators.find import find, names
from simulators.plant.plant import Plant
from simulators.port import WirePort
from simulators.wire_faults import WIRE_FAULTS
from tests.simulators.instruments.fakes import FakeWorld, ask, heard

FITTED = {
    "monitor": Fitted("inficon_sqc310"),
    "supply": Fitted("scpi_supply"),
    "gauges": Fitted("pfeiffer_tpg36x"),
    "turbo": Fitted("pfeiffer_tc400", {"address": 2}),
    "io": Fitted("modbus_io"),
    "sqm160": Fitted("inficon_sqm160"),
    "genesys": Fitted("tdk_genesys", {"address": 7}),
    "beckhoff": Fitted("beckhoff_io"),
    "wago": Fitted("wago_io"),
    "mfc": Fitted("bronkhorst_mfc"),
    "tpg262": Fitted("pfeiffer_tpg26x"),
    "vgc503": Fitted("inficon_vgc50x"),
}
QUESTIONS = {  # an exchange that always has the same answer
    "monitor": (b"!\x23@\x00\x00", b"!8ASQC310C 2MB Ver 6.65Z\x9e"),
    "supply": (b"*OPC?\n", b"1\n"),
    "gauges": (b"PNR\r\x05", b"\x06\r\n010300\r\n"),
    "turbo": (b"0020034902=?112\r", b"0021034906TC 400068\r"),
    "io": (b"\x00\x01\x00\x00\x00\x06\x01\x03\x11\x20\x00\x01", b"\x00\x01\x00\x00\x00\x05\x01\x03\x02\x03\xe8"),
    "sqm160": (b"!\x23J\x00\x00", b"!%A2w<"),
    "genesys": (b"ADR 7\r", b"OK\r"),
    "beckhoff": (b"\x00\x01\x00\x00\x00\x06\x01\x03\x10\x12\x00\x01", b"\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x10"),
    "mfc": (b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x24\x00\x01", b"\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x12"),
    "tpg262": (b"\x03PNR\r\x05", b"\x06\r\n302-510-A\r\n"),
    "vgc503": (b"\x03PNR\r\x05", b"\x06\r\n1.03\r\n"),
    "wago": (b"\x00\x01\x00\x00\x00\x06\x01\x03\x10\x00\x00\x01", b"\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x64"),
}


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


def bench(world: FakeWorld, *faults: str) -> Bench:
    made = Bench(7, FITTED, faults=faults, plant=world)
    for name in ("gauges", "tpg262", "vgc503"):
        ask(made.port(name), b"\x03")  # the stale line
    return made


def answer(made: Bench, name: str, now_s: float) -> bytes:
    return ask(made.port(name), QUESTIONS[name][0], now_s)


# --- building -----------------------------------------------------------------------------------------------------
def test_every_instrument_is_found_by_its_name() -> None:
    assert set(names()) == {what.driver for what in FITTED.values()}
    assert all(issubclass(find(name), WirePort) for name in names())


@pytest.mark.parametrize("name", FITTED)
def test_each_answers(world: FakeWorld, name: str) -> None:
    assert answer(bench(world), name, 0.0) == QUESTIONS[name][1]


def test_refuses_what_it_does_not_have(world: FakeWorld) -> None:
    with pytest.raises(ValueError, match="did you mean scpi_supply"):
        Bench(1, {"supply": Fitted("scpi_suply")}, plant=world)
    with pytest.raises(ValueError, match="no setting 'adress'; did you mean address"):
        Bench(1, {"turbo": Fitted("pfeiffer_tc400", {"adress": 2})}, plant=world)
    with pytest.raises(ValueError, match="no instrument 'moniter' on the bench; did you mean monitor"):
        Bench(1, FITTED, faults=["moniter:mute@5s"], plant=world)
    with pytest.raises(ValueError, match="there is no fault"):
        Bench(1, FITTED, faults=["pump_on_fire@5s"], plant=world)
    with pytest.raises(ValueError, match="PlantParameters, found int"):
        Bench(1, FITTED, parameters=5)


def test_real_plant_moves_with_the_bench() -> None:
    made = Bench(3, FITTED, faults=["water_lost@2s:for=3s"])
    assert isinstance(made.plant, Plant)
    asked = b"\x00\x01\x00\x00\x00\x06\x01\x02\x00\x01\x00\x01"  # input 1, water
    seen = []
    for tenth in range(80):
        made.advance(tenth / 10)
        seen.append(ask(made.port("io"), asked, tenth / 10)[-1])
    assert seen == [1] * 20 + [0] * 30 + [1] * 30


def test_same_seed_same_answers() -> None:
    def run(seed: int) -> list[bytes]:
        made = Bench(seed, FITTED, faults=["monitor:garbled@1s"])
        answers = []
        for tenth in range(40):
            made.advance(tenth / 10)
            answers.append(ask(made.port("monitor"), b"!\x24K2\x00\x00", tenth / 10))
        return answers

    assert run(1) == run(1) != run(2)


# --- plant faults -------------------------------------------------------------------------------------------------
def test_plant_fault_begins_and_ends_at_its_own_time(world: FakeWorld) -> None:
    made = bench(world, "leak@1.05s:mbar_l_per_s=0.5,for=2s", "water_lost@10s")
    assert made.next_fault_s == 1.05
    made.advance(1.0)
    assert world.injected == []
    made.advance(1.1)
    assert world.injected == [("leak", {"mbar_l_per_s": 0.5}, 1.05)]
    assert made.next_fault_s == pytest.approx(3.05)
    made.advance(20.0)
    assert world.injected[1:] == [("water_lost", {}, 10.0)]
    assert world.cleared == [("leak", pytest.approx(3.05))]
    assert made.next_fault_s == float("inf")
    assert [text for _, text in made.happened] == [
        "leak@1.05s:mbar_l_per_s=0.5,for=2s",
        "leak@1.05s:mbar_l_per_s=0.5,for=2s ends",
        "water_lost@10s",
    ]


def test_fault_waits_for_its_phase_and_comes_once(world: FakeWorld) -> None:
    made = bench(world, "water_lost@zinc.deposit+5s", "air_lost@*.soak 2")
    made.phase("zinc", "ramp 1", 1.0)
    made.phase("zinc", "soak 2", 2.0)
    assert world.injected == [("air_lost", {}, 2.0)]
    made.phase("zinc", "deposit", 3.0)
    made.phase("lithium", "soak 2", 4.0)
    made.advance(7.9)
    assert len(world.injected) == 1
    made.advance(8.0)
    made.phase("zinc", "deposit", 9.0)
    made.advance(100.0)
    assert world.injected[1:] == [("water_lost", {}, 8.0)]


# --- wire faults --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", FITTED)
@pytest.mark.parametrize("kind", WIRE_FAULTS)
def test_each_wire_fault_bites_on_each_link_and_goes_away(world: FakeWorld, name: str, kind: str) -> None:
    length = "boot=3s" if kind == "restart" else "for=3s"
    made = bench(world, f"{name}:{kind}@10s:{length}")
    good = QUESTIONS[name][1]
    made.advance(9.9)
    assert answer(made, name, 9.9) == good
    made.advance(10.0)
    bad = answer(made, name, 10.0)
    if kind == "slow":  # still within the second that `ask` waits
        assert bad == good
    elif kind == "duplicated_answer":
        assert sorted(bad) == sorted(good + good)
    else:
        assert bad != good
    other = next(other for other in FITTED if other != name)
    assert answer(made, other, 10.0) == QUESTIONS[other][1]
    made.advance(13.0)
    heard(made.port(name), 13.0)
    assert made.port(name).fault is None
    if kind == "restart":
        answer(made, name, 13.5)  # status B, or the stale lines
        heard(made.port(name), 15.0)
    assert answer(made, name, 15.0) == good


def test_mute_hears_nothing_and_no_answer_obeys(world: FakeWorld) -> None:
    made = bench(world, "supply:mute@1s:for=1s", "supply:no_answer@3s:for=1s")
    made.advance(1.0)
    made.port("supply").write(b"CURR 5\n", 1.0)
    assert world.set_points[1] == 0.0
    made.advance(3.0)
    assert ask(made.port("supply"), b"CURR 5;CURR?\n", 3.0) == b""
    assert world.set_points[1] == 5.0


def test_late_answer_comes_after_all(world: FakeWorld) -> None:
    made = bench(world, "supply:late_answer@1s:by=2s,times=1")
    made.advance(1.0)
    assert answer(made, "supply", 1.0) == b""
    (late,) = heard(made.port("supply"), 3.1)
    assert late == b"1\n"
    assert answer(made, "supply", 4.0) == b"1\n"


def test_an_answer_behind_a_late_one_comes_after_it(world: FakeWorld) -> None:
    made = bench(world, "supply:late_answer@1s:by=0.5s,times=1")
    made.advance(1.0)
    port = made.port("supply")
    port.write(b"*OPC?\n", 1.0)
    port.write(b"CURR?\n", 1.1)
    assert heard(port, 1.4) == []
    assert heard(port, 2.0) == [b"1\n", b"0.000\n"]


def test_no_answer_once_is_once(world: FakeWorld) -> None:
    made = bench(world, "io:no_answer_once@1s")
    made.advance(1.0)
    assert [answer(made, "io", 1.0 + tenth / 10) for tenth in range(3)] == [b"", *[QUESTIONS["io"][1]] * 2]


@pytest.mark.parametrize("name", FITTED)
def test_wrong_checksum_keeps_the_length(world: FakeWorld, name: str) -> None:
    made = bench(world, f"{name}:wrong_checksum@1s")
    made.advance(1.0)
    bad, good = answer(made, name, 1.0), QUESTIONS[name][1]
    assert len(bad) == len(good)
    assert bad != good


def test_garbled_flips_a_bit_at_least(world: FakeWorld) -> None:
    made = bench(world, "turbo:garbled@1s:share=0")
    made.advance(1.0)
    for number in range(50):
        good = QUESTIONS["turbo"][1]
        bad = answer(made, "turbo", 1.0 + number)
        flipped = [(a ^ b).bit_count() for a, b in zip(bad, good, strict=True)]
        assert sum(flipped) == 1


def test_two_faults_on_one_link(world: FakeWorld) -> None:
    made = bench(world, "supply:half_answer@1s:for=10s", "supply:slow@2s:by=0.3s,for=2s")
    made.advance(2.0)
    port = made.port("supply")
    port.write(b"CURR?\n", 2.0)
    assert heard(port, 2.2) == []
    assert heard(port, 2.4) == [b"0.0"]
    made.advance(4.0)
    port.write(b"CURR?\n", 4.0)
    assert heard(port, 4.1) == [b"0.0"]
    made.advance(11.0)
    assert answer(made, "supply", 11.0) == b"1\n"


def test_restart_is_a_restart(world: FakeWorld) -> None:
    made = bench(world, "supply:restart@1s:boot=0.5s")
    made.port("supply").write(b"VOLT 5;CURR 100;OUTP ON\n", 0.5)
    assert world.set_points == (5.0, 100.0, True)
    made.advance(1.0)
    assert world.set_points == (0.0, 0.0, False)
    assert answer(made, "supply", 1.2) == b""
    made.advance(1.5)
    assert answer(made, "supply", 1.5) == b"1\n"


def test_watchdog_bites_on_the_bench_without_any_request(world: FakeWorld) -> None:
    made = bench(world, "io:mute@5s")
    on = b"\x00\x01\x00\x00\x00\x09\x01\x0f\x00\x00\x00\x10\x02\x01"
    for tenth in range(60):
        made.advance(tenth / 10)
        made.port("io").write(on + bytes((0x80 * (tenth % 2),)), tenth / 10)
        if tenth < 59:
            assert world.driven["rough_valve"]
    made.advance(5.95)
    assert world.drives[-1] == ("rough_valve", False, pytest.approx(5.9))
