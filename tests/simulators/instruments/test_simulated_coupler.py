"""The simulated I/O coupler: frames, exceptions, wiring, and the watchdog that shuts the plant."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.instruments.coupler.wiring import DEFAULT_INPUTS, DEFAULT_OUTPUTS
from simulators.instruments.modbus_io import SimulatedCoupler
from simulators.world import ACTUATORS, SIGNALS, SWITCHED
from tests.simulators.instruments.fakes import FakeWorld, ask, converse, heard, in_pieces, vectors


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def coupler(world: FakeWorld) -> SimulatedCoupler:
    return SimulatedCoupler(world)


def frame(pdu: bytes, transaction: int = 7) -> bytes:
    return pack(">HHHB", transaction, 0, len(pdu) + 1, 1) + pdu


def do(coupler: SimulatedCoupler, pdu: bytes, now_s: float = 0.0) -> bytes:
    answer = ask(coupler, frame(pdu), now_s)
    assert answer == frame(answer[7:])
    return answer[7:]


def write(coupler: SimulatedCoupler, image: int, now_s: float) -> bytes:
    return do(coupler, b"\x0f\x00\x00\x00\x10\x02" + image.to_bytes(2, "little"), now_s)


def register(coupler: SimulatedCoupler, address: int, now_s: float = 0.0) -> int:
    answer = do(coupler, pack(">BHH", 3, address, 1), now_s)
    assert answer[:2] == b"\x03\x02"
    return int.from_bytes(answer[2:], "big")


def set_register(coupler: SimulatedCoupler, address: int, value: int, now_s: float = 0.0) -> bytes:
    return do(coupler, pack(">BHH", 6, address, value), now_s)


WRITTEN = b"\x0f\x00\x00\x00\x10"
REFUSED = b"\x8f\x04"
HEARTBEAT = 1 << 15

# --- vectors ------------------------------------------------------------------------------------------------------
EXPIRED = {"watchdog_status_expired", "write_refused", "reset_1", "reset_2"}
OF_THE_STANDARD = {
    "read_coils_example", "read_inputs_example", "read_registers_example", "write_register_example",
    "write_coils_example",
}  # fmt: skip


@pytest.mark.parametrize("name", [v["name"] for v in vectors("modbus_io") if v["name"] not in OF_THE_STANDARD], ids=str)
def test_vector(world: FakeWorld, coupler: SimulatedCoupler, name: str) -> None:
    if name == "inputs_32":
        world.signals |= {DEFAULT_INPUTS[7]: True, DEFAULT_INPUTS[24]: True, "supply_enabled": False}
    now_s = 0.0
    if name in EXPIRED:
        write(coupler, 1, 0.0)
        now_s = 1.5
    came, wanted = converse(coupler, "modbus_io", name, now_s)
    assert came == wanted


@pytest.mark.parametrize("name", sorted(OF_THE_STANDARD))
def test_example_of_the_standard(world: FakeWorld, name: str) -> None:
    """The examples want larger devices, holding certain values."""
    inputs = {0xC4 + bit: f"{ACTUATORS[bit // 2]}_{('opened', 'closed')[bit % 2]}" for bit in range(16)}
    inputs |= {0xC4 + 16 + bit: SIGNALS[bit] for bit in range(6)}
    for bit, input_name in enumerate(inputs.values()):
        world.signals[input_name] = bool(0x35DBAC >> bit & 1)
    coupler = SimulatedCoupler(
        world, outputs={}, inputs=inputs, output_count=64, input_count=256, watchdog_ms=0,
        registers={1: 0, 0x6B: 555, 0x6C: 0, 0x6D: 100},
    )  # fmt: skip
    do(coupler, b"\x0f\x00\x13\x00\x13\x03\xcd\x6b\x05")
    came, wanted = converse(coupler, "modbus_io", name)
    assert came == wanted
    if name == "write_coils_example":
        assert do(coupler, b"\x01\x00\x13\x00\x0a") == b"\x01\x02\xcd\x01"
    if name == "write_register_example":
        assert register(coupler, 1) == 3


# --- wiring -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("bit", "name"), [(bit, name) for bit, name in DEFAULT_OUTPUTS.items() if bit != 15])
def test_each_output_drives_its_thing_alone(world: FakeWorld, coupler: SimulatedCoupler, bit: int, name: str) -> None:
    assert do(coupler, pack(">BHH", 5, bit, 0xFF00), 3.0) == pack(">BHH", 5, bit, 0xFF00)
    assert world.drives == [(name, True, 3.0)]
    assert do(coupler, b"\x01\x00\x00\x00\x10", 3.1) == b"\x01\x02" + (1 << bit).to_bytes(2, "little")
    do(coupler, pack(">BHH", 5, bit, 0x0000), 3.2)
    assert world.drives[1:] == [(name, False, 3.2)]


def test_only_changes_reach_the_plant(world: FakeWorld, coupler: SimulatedCoupler) -> None:
    for number in range(10):
        assert write(coupler, 0b11 | (number % 2) << 15, number / 10) == WRITTEN
    assert world.drives == [("rough_valve", True, 0.0), ("gate_valve", True, 0.0)]


@pytest.mark.parametrize(("bit", "name"), sorted(DEFAULT_INPUTS.items()))
def test_each_input_shows_its_signal_alone(world: FakeWorld, coupler: SimulatedCoupler, bit: int, name: str) -> None:
    world.signals = dict.fromkeys(world.signals, False)
    world.signals[name] = True
    assert do(coupler, b"\x02\x00\x00\x00\x20") == b"\x02\x04" + (1 << bit).to_bytes(4, "little")
    assert do(coupler, pack(">BHH", 2, bit, 1)) == b"\x02\x01\x01"
    words = do(coupler, b"\x04\x00\x00\x00\x02")
    assert words == b"\x04\x04" + pack(">HH", (1 << bit) & 0xFFFF, 1 << bit >> 16)


def test_default_wiring_is_complete() -> None:
    assert {*DEFAULT_OUTPUTS.values()} == {*ACTUATORS, *SWITCHED, "heartbeat"}
    ends = {f"{actuator}_{end}" for actuator in ACTUATORS for end in ("opened", "closed")}
    assert {*DEFAULT_INPUTS.values()} == {*SIGNALS, *ends} - {"local"}, "the shipped chamber has no key switch"


def test_outputs_as_words(world: FakeWorld, coupler: SimulatedCoupler) -> None:
    assert set_register(coupler, 0x0800, 0x8003) == b"\x06\x08\x00\x80\x03"
    assert register(coupler, 0x0800) == 0x8003
    assert world.driven["gate_valve"]
    assert do(coupler, b"\x10\x08\x00\x00\x01\x02\x00\x01") == b"\x10\x08\x00\x00\x01"
    assert not world.driven["gate_valve"]
    assert [register(coupler, address) for address in range(0x1010, 0x1014)] == [0, 0, 16, 32]


def test_refuses_wiring_that_is_not_there(world: FakeWorld) -> None:
    with pytest.raises(ValueError, match="output 3 is wired to 'magic'"):
        SimulatedCoupler(world, outputs={3: "magic"})
    with pytest.raises(ValueError, match="inputs 0 to 31"):
        SimulatedCoupler(world, inputs={32: "door_closed"})


# --- exceptions ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("pdu", "code"),
    [("07", 1), ("2B 0E 01 00", 1), ("01 00 00 00 11", 2), ("02 00 20 00 01", 2), ("05 00 10 FF 00", 2),
     ("0F 00 08 00 09 02 00 00", 2), ("03 40 00 00 01", 2), ("03 08 00 00 02", 2), ("06 00 00 00 01", 2),
     ("10 11 20 00 02 04 00 01 00 01", 3), ("01 00 00 00 00", 3), ("02 00 00 07 D1", 3), ("03 00 00 00 7E", 3),
     ("05 00 00 12 34", 3), ("0F 00 00 00 10 01 00", 3), ("0F 00 00 00 10 02 00", 3), ("0F 00 00", 3), ("01", 3),
     ("06 11 22 00 02", 3), ("06 11 21 12 34", 3), ("10 08 00 00 01 03 00 00", 3), ("10 10 06 00 01 02 00 00", 2)],
)  # fmt: skip
def test_exceptions(world: FakeWorld, coupler: SimulatedCoupler, pdu: str, code: int) -> None:
    sent = bytes.fromhex(pdu)
    assert do(coupler, sent) == bytes((sent[0] | 0x80, code))
    assert world.drives == []
    assert register(coupler, 0x1120) == 1000


# --- watchdog -----------------------------------------------------------------------------------------------------
def test_watchdog_arms_runs_expires_and_latches(world: FakeWorld, coupler: SimulatedCoupler) -> None:
    assert register(coupler, 0x1006, 50.0) == 0
    write(coupler, 0b1001 | HEARTBEAT, 100.0)
    assert register(coupler, 0x1006, 100.9) == 1
    assert register(coupler, 0x1020, 100.25) == 750
    coupler.tick(100.99)
    assert world.driven["n2_valve"]
    coupler.tick(101.0)
    assert world.drives[-2:] == [("rough_valve", False, 101.0), ("n2_valve", False, 101.0)]
    assert register(coupler, 0x1006, 101.1) == 2
    assert write(coupler, HEARTBEAT, 101.2) == REFUSED
    assert do(coupler, pack(">BHH", 5, 0, 0xFF00), 101.3) == b"\x85\x04"
    assert set_register(coupler, 0x0800, 1, 101.4) == b"\x86\x04"
    assert do(coupler, b"\x01\x00\x00\x00\x10", 101.5) == b"\x01\x02\x00\x00"


def test_only_a_changing_heartbeat_feeds(world: FakeWorld, coupler: SimulatedCoupler) -> None:
    for tenth in range(50):
        assert write(coupler, 1 | (tenth % 2) << 15, tenth / 10) == WRITTEN
    for tenth in range(50, 59):  # writes go on, the heartbeat does not
        assert write(coupler, 1 | HEARTBEAT, tenth / 10) == WRITTEN
    assert write(coupler, 1, 5.95) == REFUSED
    assert world.drives[-1] == ("rough_valve", False, pytest.approx(5.9))


def test_expiry_is_seen_without_tick(world: FakeWorld, coupler: SimulatedCoupler) -> None:
    write(coupler, 1 | HEARTBEAT, 0.0)
    assert do(coupler, b"\x01\x00\x00\x00\x10", 30.0) == b"\x01\x02\x00\x00"
    assert world.drives[-1] == ("rough_valve", False, 1.0)


def test_reset_takes_both_words_in_order(world: FakeWorld, coupler: SimulatedCoupler) -> None:
    write(coupler, 1 | HEARTBEAT, 0.0)
    set_register(coupler, 0x1121, 0xAFFE, 2.0)
    assert register(coupler, 0x1006, 2.0) == 2
    set_register(coupler, 0x1121, 0xBECF, 2.0)
    set_register(coupler, 0x1121, 0xBECF, 2.0)
    set_register(coupler, 0x1121, 0xAFFE, 2.0)
    assert register(coupler, 0x1006, 2.0) == 0
    assert register(coupler, 0x0800, 50.0) == 0
    assert write(coupler, 2 | HEARTBEAT, 60.0) == WRITTEN
    assert register(coupler, 0x1006, 60.0) == 1
    assert world.driven["gate_valve"]
    assert not world.driven["rough_valve"]


def test_reset_does_not_fake_an_expiry_away_while_running(coupler: SimulatedCoupler) -> None:
    write(coupler, 1 | HEARTBEAT, 0.0)
    set_register(coupler, 0x1121, 0xBECF, 0.1)
    assert register(coupler, 0x1006, 0.1) == 1


def test_watchdog_time_is_a_register(world: FakeWorld, coupler: SimulatedCoupler) -> None:
    set_register(coupler, 0x1120, 2000)
    write(coupler, 1 | HEARTBEAT, 0.0)
    coupler.tick(1.9)
    assert world.driven["rough_valve"]
    coupler.tick(2.0)
    assert not world.driven["rough_valve"]


def test_time_zero_switches_the_watchdog_off(world: FakeWorld, coupler: SimulatedCoupler) -> None:
    write(coupler, 1 | HEARTBEAT, 0.0)
    set_register(coupler, 0x1120, 0, 0.5)
    coupler.tick(1e6)
    assert world.driven["rough_valve"]
    assert register(coupler, 0x1006, 1e6) == 0


@pytest.mark.parametrize("trigger", [0, 1])
def test_without_heartbeat_telegrams_feed(world: FakeWorld, trigger: int) -> None:
    coupler = SimulatedCoupler(world, outputs={0: "rough_valve"})
    set_register(coupler, 0x1122, trigger)
    write(coupler, 1, 0.0)
    for tenth in range(1, 30):
        do(coupler, b"\x02\x00\x00\x00\x20", tenth / 10)
    assert world.driven["rough_valve"] is bool(trigger)  # reading is enough only with 1
    if trigger:
        do(coupler, b"\x02\x00\x00\x00\x20", 3.8)
        coupler.tick(5.0)
        assert not world.driven["rough_valve"]


def test_without_heartbeat_the_same_write_feeds(world: FakeWorld) -> None:
    coupler = SimulatedCoupler(world, outputs={0: "rough_valve"})
    for tenth in range(30):
        assert write(coupler, 1, tenth / 10) == WRITTEN
    assert world.drives == [("rough_valve", True, 0.0)]


def test_restart_switches_outputs_off(world: FakeWorld, coupler: SimulatedCoupler) -> None:
    set_register(coupler, 0x1120, 3000)
    write(coupler, 0b11 | HEARTBEAT, 0.0)
    coupler.write(frame(b"\x01\x00\x00\x00\x10")[:5], 0.1)
    coupler.restart(1.0)
    assert world.drives[-2:] == [("rough_valve", False, 1.0), ("gate_valve", False, 1.0)]
    assert register(coupler, 0x1006, 2.0) == 0
    assert register(coupler, 0x1120, 2.0) == 3000
    coupler.tick(10.0)
    assert write(coupler, 1, 11.0) == WRITTEN


# --- frames -------------------------------------------------------------------------------------------------------
def test_byte_by_byte_and_pipelined(coupler: SimulatedCoupler) -> None:
    asked = frame(b"\x01\x00\x00\x00\x10", 1)
    assert in_pieces(coupler, asked) == frame(b"\x01\x02\x00\x00", 1)
    coupler.write(asked + frame(b"\x01\x00\x00\x00\x10", 2) + asked[:9], 0.0)
    coupler.write(asked[9:], 0.0)
    assert [answer[:2] for answer in heard(coupler, 1.0)] == [b"\x00\x01", b"\x00\x02", b"\x00\x01"]


def test_unit_is_repeated(coupler: SimulatedCoupler) -> None:
    asked = b"\x00\x01\x00\x00\x00\x06\xff\x02\x00\x00\x00\x08"
    assert ask(coupler, asked)[6] == 0xFF


def test_half_frame_is_dropped_after_a_while(coupler: SimulatedCoupler) -> None:
    coupler.write(frame(b"\x01\x00\x00\x00\x10")[:9], 0.0)
    assert do(coupler, b"\x01\x00\x00\x00\x10", 2.0) == b"\x01\x02\x00\x00"


def test_fast_frames_say_what_the_slow_ones_say(world: FakeWorld, coupler: SimulatedCoupler) -> None:
    """A frame met before takes a short cut; the same frame in pieces does not."""
    world.signals["water_ok"] = world.signals["source_2_selected"] = True
    read = frame(b"\x02\x00\x00\x00\x20")
    assert ask(coupler, read) == ask(coupler, read) == in_pieces(coupler, read)
    put = frame(b"\x0f\x00\x00\x00\x10\x02\x05\x80")
    assert ask(coupler, put) == in_pieces(coupler, put)
    assert ask(coupler, frame(b"\x0f\x00\x00\x00\x10\x02\x0a\x80")) == in_pieces(coupler, put)
    assert ask(coupler, frame(b"\x0f\x00\x00\x00\x10\x02\x0a\x80")[:-1]) == b""  # not the whole frame yet
    assert ask(coupler, b"\x00", 0.1) == in_pieces(coupler, put)
    assert [name for name, on in world.driven.items() if on] == ["rough_valve", "fore_valve"]


@given(st.integers(0, 15), st.integers(1, 16), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_part_of_the_outputs_by_either_way(first: int, count: int, before: int, bits: int) -> None:
    """A second time the frame is known: the bits around those written stay as they are both times."""
    count = min(count, 16 - first)
    size = (count + 7) // 8
    mask = (1 << count) - 1
    put = pack(">BHHB", 15, first, count, size) + (bits & mask).to_bytes(size, "little")
    images = []
    coupler = SimulatedCoupler(FakeWorld())
    for tenth in (1, 2):
        write(coupler, before, tenth / 10)
        do(coupler, put, tenth / 10)
        images.append(register(coupler, 0x0800, tenth / 10))
    assert images == [before & ~(mask << first) | (bits & mask) << first] * 2


@given(st.binary(max_size=80))
def test_noise_never_raises_and_the_next_request_is_answered(noise: bytes) -> None:
    coupler = SimulatedCoupler(FakeWorld())
    coupler.write(noise, 0.0)
    heard(coupler, 1.0)
    assert ask(coupler, frame(b"\x02\x00\x00\x00\x08"), 5.0) == frame(b"\x02\x01\x00")


@given(st.lists(st.binary(min_size=1, max_size=12), max_size=8), st.integers(1, 9))
def test_any_requests_get_one_answer_each(pdus: list[bytes], chunk: int) -> None:
    coupler = SimulatedCoupler(FakeWorld())
    stream = b"".join(frame(pdu, number) for number, pdu in enumerate(pdus))
    for start in range(0, len(stream), chunk):
        coupler.write(stream[start : start + chunk], 0.0)
    answers = heard(coupler, 1.0)
    assert [int.from_bytes(answer[:2], "big") for answer in answers] == list(range(len(pdus)))
    assert all(answer == frame(answer[7:], number) for number, answer in enumerate(answers))


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_outputs_become_what_was_written(first: int, second: int) -> None:
    world = FakeWorld()
    coupler = SimulatedCoupler(world)
    for now_s, image in enumerate((first, second)):
        assert write(coupler, image, now_s / 10) == WRITTEN
    assert {name: world.driven[name] for bit, name in DEFAULT_OUTPUTS.items() if bit != 15} == {
        name: bool(second >> bit & 1) for bit, name in DEFAULT_OUTPUTS.items() if bit != 15
    }
    assert do(coupler, b"\x01\x00\x00\x00\x10", 0.2)[2:] == second.to_bytes(2, "little")


def test_wrong_check_is_no_modbus(coupler: SimulatedCoupler) -> None:
    assert coupler.with_wrong_check(frame(b"\x01\x02\x00\x00"))[2:4] == b"\x00\x01"


@given(st.lists(st.integers(1, 20), min_size=1, max_size=12))
def test_frames_met_before_may_come_in_any_pieces(sizes: list[int]) -> None:
    coupler = SimulatedCoupler(FakeWorld())
    frames = [
        frame(b"\x0f\x00\x00\x00\x10\x02\x05\x80"),
        frame(b"\x02\x00\x00\x00\x20"),
        frame(b"\x01\x00\x00\x00\x10"),
    ]
    whole = b"".join(frames)
    first = b"".join([ask(coupler, one) for one in frames])
    at = 0
    for size in (*sizes, len(whole)):
        coupler.write(whole[at : at + size], 0.1)
        at += size
    assert b"".join(heard(coupler, 1.0)) == first
