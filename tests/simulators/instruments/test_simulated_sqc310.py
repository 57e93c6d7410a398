"""The simulated SQC-310 against the printed and captured bytes, and against what it should do to its film."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.instruments.inficon_sqc310 import SimulatedSqc310
from simulators.instruments.sqc310.packets import CommandStream, check_characters
from simulators.instruments.sqc310.sensors import ZMatch
from tests.simulators.instruments.fakes import FakeWorld, ask, converse, heard, in_pieces, vectors


def packet(message: str) -> bytes:
    covered = bytes((len(message) + 34,)) + message.encode("latin-1")
    return b"!" + covered + check_characters(covered)


def text(answer: bytes) -> str:
    assert answer[:1] == b"!"
    assert answer[1] == len(answer) - 4 + 35
    assert check_characters(answer[1:-2]) == answer[-2:]
    return answer[2:-2].decode("latin-1")


def say(monitor: SimulatedSqc310, message: str, now_s: float = 0.0) -> str:
    return text(ask(monitor, packet(message), now_s))


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def monitor(world: FakeWorld) -> SimulatedSqc310:
    return SimulatedSqc310(world)


def bitwise_check(covered: bytes) -> bytes:
    """The documented rule, bit by bit."""
    crc = 0x3FFF
    for byte in covered:
        crc ^= byte
        for _ in range(8):
            low = crc & 1
            crc >>= 1
            if low:
                crc ^= 0x2001
    crc &= 0x3FFF
    return bytes(((crc & 0x7F) + 34, ((crc >> 7) & 0x7F) + 34))


@given(st.binary(max_size=80))
def test_check_characters_follow_the_documented_rule(covered: bytes) -> None:
    assert check_characters(covered) == bitwise_check(covered)


# --- vectors ------------------------------------------------------------------------------------------------------
READY = [  # vectors that need no more than a fresh unit
    "model_665", "channels_2", "power_of_output_2", "rate_1_idle", "thickness_1_idle", "frequency_1", "sensor_info_1",
    "deviation_1", "zero_thickness", "zero_time", "stop_process", "material_1_density_set", "material_1_density_get",
    "material_1_z_set", "material_1_z_get", "sensor_1_tooling_set", "sensor_1_tooling_get", "choose_process_1",
    "power_1_set", "power_to_loop", "unknown_letter", "bad_parameter", "bad_crc", "no_crc", "film_1_terms_set",
    "film_1_terms_get", "film_1_conditioning_set", "film_1_conditioning_get", "film_1_control_set",
    "film_1_control_get", "layer_1_set", "layer_1_get", "process_1_layers", "process_1_first_layer", "soak_hold_on",
    "soak_hold_off", "start_process", "stop_layer", "start_layer", "power_2_set", "state_665_manual",
]  # fmt: skip
ELSEWHERE = {  # vectors that have a test of their own, or cannot be met
    "model_601", "reset_since", "channels_4", "state_601", "state_665", "sensor_info_1_active", "sensors_2",
    "sensors_2_negative", "sensors_4", "outputs_4_idle", "outputs_2", "choose_process_running",
    "too_long",  # its request is arbitrary; test_long_answer provokes status G honestly
}  # fmt: skip


@pytest.mark.parametrize("name", READY)
def test_vector(monitor: SimulatedSqc310, name: str) -> None:
    came, wanted = converse(monitor, "sqc310", name)
    assert came == wanted


def test_every_vector_is_judged_somewhere() -> None:
    assert {vector["name"] for vector in vectors("sqc310")} == {*READY, *ELSEWHERE}


def wanted(name: str) -> bytes:
    return bytes.fromhex(next(vector["answer"] for vector in vectors("sqc310") if vector["name"] == name))


def test_older_firmware(world: FakeWorld) -> None:
    monitor = SimulatedSqc310(world, firmware="6.01")
    assert ask(monitor, packet("@")) == wanted("model_601")
    say(monitor, "CC1 2 2? 1")  # a second layer, of film 2
    say(monitor, "U0", 10.0)
    say(monitor, "U4", 20.0)
    assert ask(monitor, packet("V"), 133.0) == wanted("state_601")
    monitor.restart(200.0)
    assert ask(monitor, packet("@"), 200.0) == wanted("reset_since")
    assert ask(monitor, packet("@"), 200.0) == wanted("model_601")


def test_four_channels(world: FakeWorld) -> None:
    world.hz = {1: 5_980_001.25, 2: 5_990_012.75}
    monitor = SimulatedSqc310(world, channels=4)
    assert ask(monitor, packet("J")) == wanted("channels_4")
    assert text(wanted("outputs_4_idle")) == say(monitor, "K1")
    assert say(monitor, "K2") == "A-1.00 0.00 0.000 5980001.25 0.00 0.000 5990012.75 0.00 0.000 0.00 0.00 0.000 0.00"
    assert len(text(wanted("sensors_4")).split()) == 13 == len(say(monitor, "K2").split())


def test_manual_power_shows_as_mode(monitor: SimulatedSqc310) -> None:
    say(monitor, "S1 0")
    assert ask(monitor, packet("V?")) == wanted("state_665")
    say(monitor, "S1 425")
    assert text(wanted("outputs_2")).split()[4:] == say(monitor, "K1").split()[4:]  # power, and the unused output
    assert say(monitor, "S? 1") == "A42.50 "


def test_running_process(world: FakeWorld, monitor: SimulatedSqc310) -> None:
    say(monitor, "U0", 100.0)
    assert ask(monitor, packet("T1"), 100.5) == wanted("choose_process_running")
    assert ask(monitor, packet("PA1"), 100.5) == wanted("sensor_info_1_active")
    world.hz = {1: 5_987_654.32, 2: 0.0}
    fields = say(monitor, "K2", 112.25).split()
    assert fields[0] == "A12.25"
    assert fields[3:] == text(wanted("sensors_2")).split()[3:]


def test_negative_readings_have_no_padding(world: FakeWorld, monitor: SimulatedSqc310) -> None:
    say(monitor, "K2", 0.0)
    world.hz = {1: 5_950_001.0, 2: 5_990_000.0}
    assert say(monitor, "K2", 0.25).startswith("A-1.00 -2.4")
    assert say(monitor, "L1", 0.25).startswith("A -2.4")
    assert say(monitor, "N1", 0.25) == "A -0.001"


# --- framing ------------------------------------------------------------------------------------------------------
def test_byte_by_byte_and_glued(monitor: SimulatedSqc310) -> None:
    assert in_pieces(monitor, packet("J")) == packet_answer("A2")
    monitor.write(packet("J") + packet("@") + packet("J")[:3], 0.0)
    monitor.write(packet("J")[3:], 0.0)
    assert [text(answer) for answer in heard(monitor, 1.0)] == ["A2", "ASQC310C 2MB Ver 6.65", "A2"]


def packet_answer(data: str) -> bytes:
    covered = bytes((len(data) + 35,)) + data.encode("latin-1")
    return b"!" + covered + check_characters(covered)


def test_half_packet_is_dropped_at_the_next_sync(monitor: SimulatedSqc310) -> None:
    assert ask(monitor, packet("K2")[:4] + packet("J")) == packet_answer("A2")
    assert ask(monitor, b"!\x10noise" + packet("J")) == packet_answer("A2")
    assert ask(monitor, b"\xff\x00@" + packet("J")) == packet_answer("A2")


@given(st.binary(max_size=60), st.integers(1, 7))
def test_noise_never_raises_and_the_next_request_is_answered(noise: bytes, chunk: int) -> None:
    monitor = SimulatedSqc310(FakeWorld())
    stream = noise + packet("J")
    for start in range(0, len(stream), chunk):
        monitor.write(stream[start : start + chunk], 0.0)
    assert heard(monitor, 1.0)[-1] in (packet_answer("A2"), packet_answer("B2"))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="!"), max_size=24))
def test_any_message_gets_exactly_one_good_answer(message: str) -> None:
    monitor = SimulatedSqc310(FakeWorld())
    monitor.write(packet(message), 0.0)
    (answer,) = heard(monitor, 1.0)
    assert text(answer)[0] in "ACDE"


@given(
    st.sampled_from(
        ["@", "J", "K1", "K2", "L", "N", "PA", "S? ", "S", "T", "U", "A2 ", "B", "C", "CA", "D", "F", "GB"]
    ),
    st.text("0123456789?, ", max_size=8),
)
def test_near_commands_get_exactly_one_good_answer(word: str, rest: str) -> None:
    test_any_message_gets_exactly_one_good_answer.hypothesis.inner_test(word + rest)


def test_stream_keeps_nothing_without_sync() -> None:
    stream = CommandStream()
    assert stream.feed(b"no sync here") == []
    assert stream.waiting == b""


# --- readings -----------------------------------------------------------------------------------------------------
def test_z_match_check_values() -> None:
    """SQC-310 p. 7-4 with the published Zn and Li figures: 300 nm Zn is -17 289 Hz, 100 nm Li is -443.4 Hz."""
    zinc = ZMatch(7.04, 0.514, 100.0)
    assert zinc.load_ka(6e6 - 17_289.0) - zinc.load_ka(6e6) == pytest.approx(3.0, rel=1e-4)
    lithium = ZMatch(0.53, 5.9, 100.0)
    assert lithium.load_ka(6e6 - 443.4) - lithium.load_ka(6e6) == pytest.approx(1.0, rel=2e-4)
    assert ZMatch(10.5, 0.529, 100.0).load_ka(5.5e6) - ZMatch(10.5, 0.529, 100.0).load_ka(6e6) == pytest.approx(
        64.58127
    )


def test_rate_thickness_and_zero(world: FakeWorld) -> None:
    monitor = SimulatedSqc310(world, filter_alpha=1.0)
    for setting in ("F1 2,704", "F1 3,514", "HA1 1,110", "A2 1 6,90"):
        assert say(monitor, setting) == "A"
    world.hz[1] = 6_000_000.0
    say(monitor, "U32", 10.0)
    per_hz_angstrom = 3000.0 / 17_289.0 * 1.10 * 0.90
    for quarter in range(1, 41):
        world.hz[1] -= 7.2
        reading = say(monitor, "K2", 10.0 + quarter / 4)
    _, rate, thickness, hz, *_ = reading[1:].split()
    assert float(hz) == 5_999_712.0
    assert float(rate) == pytest.approx(28.8 * per_hz_angstrom, rel=5e-3)
    assert float(thickness) == pytest.approx(288.0 * per_hz_angstrom / 1000.0, abs=1e-3)
    assert say(monitor, "U32", 20.0) == "A"
    assert say(monitor, "N1", 20.0) == "A 0.000"
    assert say(monitor, "N2", 20.0) == "A 0.000"


def test_filter_settles_as_its_alpha_says(world: FakeWorld) -> None:
    slow, raw = SimulatedSqc310(world, filter_alpha=0.5), SimulatedSqc310(world, filter_alpha=1.0)
    for monitor in (slow, raw):
        say(monitor, "K2", 0.0)
    world.hz[1] -= 100.0
    first = [float(say(monitor, "L1", 0.25)[1:]) for monitor in (slow, raw)]
    assert first[0] == pytest.approx(first[1] / 2.0, abs=0.01)


def test_gap_counts_its_whole_length(world: FakeWorld) -> None:
    monitor = SimulatedSqc310(world, filter_alpha=1.0)
    say(monitor, "K2", 0.0)
    world.hz[1] -= 100.0
    assert float(say(monitor, "L1", 1.0)[1:]) == pytest.approx(100.0 * 1.2 / 1.0, rel=0.05)  # 1.2 Å per Hz at rho 1


def test_same_period_gives_the_same_reading(world: FakeWorld, monitor: SimulatedSqc310) -> None:
    first = say(monitor, "K2", 5.0)
    world.hz[1] -= 50.0
    assert say(monitor, "K2", 5.2) == first
    assert say(monitor, "K2", 5.25) != first


def test_crystal_without_signal(world: FakeWorld, monitor: SimulatedSqc310) -> None:
    say(monitor, "U32", 1.0)
    world.hz[1] = 0.0
    assert say(monitor, "K2", 2.0).split()[1:4] == ["0.00", "0.000", "0.00"]
    assert say(monitor, "PA1", 2.0) == "A0 0.00 0.00"
    assert say(monitor, "HC1? 5", 2.0) == "A5,1 "
    world.hz[1] = 5_949_000.0
    assert float(say(monitor, "N1", 3.0)[1:]) == pytest.approx(1.24, abs=0.03)  # zero point survives the gap


def test_k3_wants_a_new_reading(monitor: SimulatedSqc310) -> None:
    assert say(monitor, "K3", 1.0)[0] == "A"
    assert say(monitor, "K3", 1.1) == "E"
    assert say(monitor, "K3", 1.3)[0] == "A"


def test_wide_rate_field(world: FakeWorld) -> None:
    monitor = SimulatedSqc310(world, rate_width=6)
    assert say(monitor, "L1") == "A  0.00"


# --- set-up -------------------------------------------------------------------------------------------------------
def test_parameters_are_kept_and_judged(monitor: SimulatedSqc310) -> None:
    assert say(monitor, "A3 7 1,150 2,60 3,30") == "A"
    assert say(monitor, "A3 7? 3 1") == "A3,30 1,150 "
    assert say(monitor, "F7 1,Zinc                 ") == "A"
    assert say(monitor, "F7? 1") == "AZinc"
    assert say(monitor, "F7 2,0714") == "A"
    assert say(monitor, "F7? 2") == "A714"
    assert say(monitor, "A1 3 Lithium") == "A"
    assert say(monitor, "A1 3?") == "ALithium"
    assert say(monitor, "B? 1 6 7") == "A1,25 6,5000000 7,6000000 "
    assert say(monitor, "C4 1,LZLN") == "A"
    assert say(monitor, "C4? 1") == "ALZLN"
    for refused in ("F7 2,49", "F7 2,x", "F101? 2", "F7? 9", "A2 51? 1", "A2 1 1", "A2 1 6,100 9", "GB1 6,1", "GB9? 2",
                    "HA3? 1", "B? 14", "D1? 4", "C101? 1", "C1 2,3", "F1 1,a name that is too long", "T0", "T101", "U7",
                    "L3", "K2 ", "S3 10", "S1 1001", "GC1? 3", "HE1 1,1"):  # fmt: skip
        assert say(monitor, refused) == ("C" if refused == "K2 " else "D"), refused
    assert say(monitor, "A2 1? 6") == "A6,100 "  # nothing of a refused set was taken
    for unknown in (
        "R",
        "W",
        "X",
        "Y",
        "Z",
        "E",
        "VA",
        "I1?",
        "GA1?",
        "H1? 1",
        "",
        "k2",
        "@1",
        "J1",
        "K11",
        "K21",
        "B1? 1",
    ):
        assert say(monitor, unknown) == "C", unknown


def test_processes_and_layers(monitor: SimulatedSqc310) -> None:
    assert say(monitor, "C1? 2") == "A1"
    assert say(monitor, "T60") == "D"
    assert say(monitor, "CA60? 1") == "A1,1"
    assert say(monitor, "C60? 3") == "A-1"
    assert say(monitor, "T60") == "A"
    assert say(monitor, "U0") == "E"  # no layer in it
    assert say(monitor, "CC60 1 2? 1") == "A1,1"
    assert say(monitor, "CC60 1 1? 1") == "A1,1"
    assert say(monitor, "C60? 4") == "A2"
    assert say(monitor, "CB60 2? 1") == "A1,1"
    assert say(monitor, "C60? 2") == "A1"
    assert say(monitor, "CA60? 4") == "A1,1"
    assert say(monitor, "CA60? 2") == "A1,1"
    assert say(monitor, "C60? 2") == "D"
    assert say(monitor, "CC1 1 1? 2") == "D"  # CoDep is not simulated


def test_set_up_is_refused_while_running(monitor: SimulatedSqc310) -> None:
    say(monitor, "U0")
    for message in ("F1 2,714", "A1 1 x", "A2 1 6,90", "C1 1,x", "CA1? 3", "GD1 1", "T2"):
        assert say(monitor, message) == "E", message
    assert say(monitor, "F1? 2") == "A100"
    say(monitor, "U1")
    assert say(monitor, "F1 2,714") == "A"


def test_relays(monitor: SimulatedSqc310) -> None:
    assert say(monitor, "GD3 1") == "A"
    assert say(monitor, "GE4 1") == "A"
    assert say(monitor, "GC3? 1 2") == "A1,1 2,0 "
    say(monitor, "U0")
    assert say(monitor, "GC3? 1") == "A1,0 "
    assert say(monitor, "GC4? 1") == "A1,1 "
    assert say(monitor, "GE4 3") == "A"
    assert say(monitor, "GC4? 1") == "A1,0 "


def test_answer_too_long(monitor: SimulatedSqc310) -> None:
    assert say(monitor, "A2 1? " + "6 " * 31) == "A" + "6,100 " * 31
    assert say(monitor, "A2 1? " + "6 " * 37) == "G"


# --- process ------------------------------------------------------------------------------------------------------
def phase(monitor: SimulatedSqc310, now_s: float) -> int:
    return int(say(monitor, "V?", now_s)[1:].split()[0])


def test_phases_follow_one_another(world: FakeWorld, monitor: SimulatedSqc310) -> None:
    say(monitor, "A3 1 1,200 2,10 3,20 4,400 5,5 6,5 7,0 8,4")
    say(monitor, "A4 1 1,3")
    say(monitor, "D1 1,500 2,1000")
    assert say(monitor, "U0", 100.0) == "A"
    assert say(monitor, "U0", 100.0) == "E"
    seen = [phase(monitor, 100.0 + second) for second in (1, 11, 31, 36, 41, 44)]
    assert seen == [7, 8, 9, 10, 12, 13]
    # the loop: 0.25 %/(Å/s) x 5 Å/s = 1.25 % at once and x 0.25 s / 0.5 s = 0.625 % by integral, in steps of 0.1 %
    assert say(monitor, "S? 1", 144.0) == "A41.90 "
    assert say(monitor, "V?", 144.0) == "A13 44 1 1 1"
    world.hz[1] -= 2000.0  # more than 1 kÅ at density 1
    assert phase(monitor, 145.0) == 22
    assert phase(monitor, 150.0) == 0
    assert say(monitor, "V?", 190.0) == "A0 50 1 1 1"
    assert say(monitor, "S? 1", 190.0) == "A0.00 "


def test_power_ramps(monitor: SimulatedSqc310) -> None:
    say(monitor, "A3 1 1,200 2,10")
    say(monitor, "U0", 0.0)
    assert say(monitor, "S? 1", 5.0) == "A10.00 "


def test_deviation_in_deposit(world: FakeWorld, monitor: SimulatedSqc310) -> None:
    say(monitor, "D1 1,1000")
    say(monitor, "U0", 10.0)
    say(monitor, "K2", 10.25)
    assert say(monitor, "Q1", 10.25) == "A-100.00 "


def test_soak_hold(monitor: SimulatedSqc310) -> None:
    say(monitor, "U38", 0.0)
    say(monitor, "U0", 0.0)
    assert phase(monitor, 50.0) == 11
    say(monitor, "U39", 60.0)
    assert phase(monitor, 60.0) == 13


def test_layers_stop_start_next_and_force(monitor: SimulatedSqc310) -> None:
    for refused in ("U2", "U3", "U4", "U5"):
        assert say(monitor, refused, 0.0) == "E"
    say(monitor, "CC1 2 2? 1")
    say(monitor, "U0", 0.0)
    assert say(monitor, "U3", 1.0) == "A"
    assert phase(monitor, 1.0) == 25
    assert say(monitor, "U5", 1.0) == "E"
    assert say(monitor, "U2", 2.0) == "A"
    assert say(monitor, "V?", 2.0) == "A13 2 1 1 1"
    assert say(monitor, "U5", 3.0) == "A"
    assert say(monitor, "V?", 3.0) == "A13 3 1 2 1"
    assert say(monitor, "U4", 4.0) == "A"
    assert phase(monitor, 4.0) == 0


def test_layer_film_is_used(world: FakeWorld) -> None:
    monitor = SimulatedSqc310(world, filter_alpha=1.0)
    say(monitor, "F2 2,200")
    say(monitor, "CC1 2 2? 1")
    say(monitor, "U0", 0.0)
    world.hz[1] -= 100.0
    assert float(say(monitor, "N1", 1.0)[1:]) == pytest.approx(0.124, abs=0.003)
    say(monitor, "U4", 1.0)
    assert say(monitor, "N1", 1.0) == "A 0.000"
    world.hz[1] -= 100.0
    assert float(say(monitor, "N1", 2.0)[1:]) == pytest.approx(0.062, abs=0.003)


def test_crystal_failure_halts(world: FakeWorld, monitor: SimulatedSqc310) -> None:
    say(monitor, "U0", 0.0)
    world.hz[1] = 0.0
    seen = [phase(monitor, 1.0 + quarter / 4) for quarter in range(5)]
    assert seen == [13, 13, 13, 13, 35]
    assert say(monitor, "U1", 3.0) == "A"
    assert phase(monitor, 3.0) == 0


def test_manual_power(monitor: SimulatedSqc310) -> None:
    say(monitor, "U0", 0.0)
    say(monitor, "S2 300", 1.0)
    assert say(monitor, "V?", 1.0) == "A26 1 1 1 0"
    assert say(monitor, "S? 2", 1.0) == "A30.00 "
    assert say(monitor, "S? 1", 1.0) == "A0.00 "
    say(monitor, "S0", 2.0)
    assert say(monitor, "V?", 2.0) == "A13 2 1 1 1"


def test_zero_time(monitor: SimulatedSqc310) -> None:
    say(monitor, "U0", 0.0)
    say(monitor, "U33", 10.0)
    assert say(monitor, "K1", 12.0).startswith("A2.00 ")
    say(monitor, "U1", 12.0)
    assert say(monitor, "K1", 12.0).startswith("A-1.00 ")


def test_restart_forgets_the_run_and_keeps_the_set_up(world: FakeWorld, monitor: SimulatedSqc310) -> None:
    say(monitor, "F1 2,704")
    say(monitor, "T3")
    say(monitor, "K2", 0.0)
    say(monitor, "U0", 0.0)
    world.hz[1] -= 1000.0
    monitor.write(packet("K2"), 5.0)
    monitor.write(packet("K2")[:3], 5.0)
    monitor.restart(6.0)
    assert heard(monitor, 10.0) == []
    assert say(monitor, "K2", 7.0).startswith("B-1.00 0.00 0.000 5949000.00")
    assert say(monitor, "V?", 7.0) == "A0 0 3 1 1"
    assert say(monitor, "F1? 2", 7.0) == "A704"
    assert say(monitor, "K2", 7.0).startswith("A-1.00")


def test_wrong_check_is_wrong_and_only_that(monitor: SimulatedSqc310) -> None:
    good = ask(monitor, packet("K2"))
    bad = monitor.with_wrong_check(good)
    assert bad[:-1] == good[:-1]
    assert bad != good
    assert 34 <= bad[-1] <= 161


def test_refuses_impossible_units(world: FakeWorld) -> None:
    with pytest.raises(ValueError, match=r"6\.01, 6\.65"):
        SimulatedSqc310(world, firmware="7.00")
    with pytest.raises(ValueError, match="2 or 4"):
        SimulatedSqc310(world, channels=3)
    with pytest.raises(ValueError, match="filter_alpha"):
        SimulatedSqc310(world, filter_alpha=0.0)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12))
def test_packets_met_before_may_come_in_any_pieces(sizes: list[int]) -> None:
    monitor = SimulatedSqc310(FakeWorld())
    packets = [packet("K2"), packet("V?"), packet("F1 2,100"), packet("K2")]
    whole = b"".join(packets)
    first = b"".join([ask(monitor, one) for one in packets])
    at = 0
    for size in (*sizes, len(whole)):
        monitor.write(whole[at : at + size], 0.1)
        at += size
    assert b"".join(heard(monitor, 1.0)) == first
