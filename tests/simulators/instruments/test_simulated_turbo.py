"""The simulated TC 400: telegrams, addresses, refusals, and what the pump is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.instruments.pfeiffer_tc400 import SimulatedTc400
from tests.simulators.instruments.fakes import FakeWorld, ask, converse, heard, in_pieces, vectors


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def turbo(world: FakeWorld) -> SimulatedTc400:
    return SimulatedTc400(world)


def telegram(action: str, parameter: str, data: str, address: str = "001") -> bytes:
    body = f"{address}{action}{parameter}{len(data):02d}{data}"
    return f"{body}{sum(body.encode()) % 256:03d}\r".encode()


def query(turbo: SimulatedTc400, parameter: str, now_s: float = 0.0) -> str:
    answer = ask(turbo, telegram("00", parameter, "=?"), now_s)
    data = answer[10:-4].decode()
    assert answer == telegram("10", parameter, data)
    return data


def order(turbo: SimulatedTc400, parameter: str, data: str, now_s: float = 0.0) -> str:
    answer = ask(turbo, telegram("10", parameter, data), now_s)
    assert answer == telegram("10", parameter, answer[10:-4].decode())
    return answer[10:-4].decode()


@pytest.mark.parametrize("name", [v["name"] for v in vectors("pfeiffer_tc400")], ids=str)
def test_vector(world: FakeWorld, name: str) -> None:
    settings: dict[str, tuple[int, str]] = {"start_042": (42, "TC 400"), "name_tc110": (1, "TC 110")}
    address, model = settings.get(name, (1, "TC 400"))
    turbo = SimulatedTc400(world, address=address, name=model)
    world.turbo_hz = 633.0
    world.error = "Err001" if name == "error_001" else "000000"
    came, wanted = converse(turbo, "pfeiffer_tc400", name)
    assert came == wanted


def test_station_and_motor_together_drive_the_pump(world: FakeWorld, turbo: SimulatedTc400) -> None:
    assert query(turbo, "023") == "111111"
    assert query(turbo, "010") == "000000"
    assert order(turbo, "010", "111111") == "111111"
    assert world.turbo_on
    order(turbo, "023", "000000")
    assert not world.turbo_on
    assert query(turbo, "010") == "111111"
    order(turbo, "023", "111111")
    assert world.turbo_on
    order(turbo, "010", "000000")
    assert not world.turbo_on


def test_speeds_and_flags(world: FakeWorld, turbo: SimulatedTc400) -> None:
    order(turbo, "010", "111111")
    world.turbo_hz = 633.2
    seen = {
        parameter: query(turbo, parameter) for parameter in ("302", "306", "307", "308", "309", "315", "397", "398")
    }
    assert seen == {
        "302": "000000", "306": "000000", "307": "111111", "308": "001000", "309": "000633", "315": "001000",
        "397": "060000", "398": "037992",
    }  # fmt: skip
    world.turbo_hz = 800.0
    assert query(turbo, "302") == "111111"
    assert order(turbo, "701", "000090") == "000090"
    assert query(turbo, "302") == "000000"
    world.turbo_hz = 1000.0
    assert [query(turbo, parameter) for parameter in ("302", "306", "307")] == ["111111", "111111", "000000"]


def test_drive_values_follow_the_state(world: FakeWorld, turbo: SimulatedTc400) -> None:
    assert (query(turbo, "310"), query(turbo, "313"), query(turbo, "316")) == ("000000", "004800", "000000")
    order(turbo, "010", "111111")
    assert (query(turbo, "310"), query(turbo, "316")) == ("000600", "000288")
    world.turbo_hz = 1000.0
    assert (query(turbo, "310"), query(turbo, "342")) == ("000080", "000045")


def test_errors_are_shown_kept_and_acknowledged(world: FakeWorld, turbo: SimulatedTc400) -> None:
    world.error = "Err001"
    assert query(turbo, "303") == "Err001"
    assert query(turbo, "307") == "000000"
    assert order(turbo, "009", "111111", 5.0) == "111111"
    assert order(turbo, "009", "000000", 6.0) == "_RANGE"
    assert world.acknowledged == [5.0]
    order(turbo, "010", "111111", 7.0)
    assert world.acknowledged == [5.0, 7.0]
    world.error = "000000"
    assert (query(turbo, "360"), query(turbo, "361")) == ("Err001", "000000")


@pytest.mark.parametrize(
    ("parameter", "data", "answer"),
    [("309", "000100", "_LOGIC"), ("009", "=?", "_LOGIC"), ("010", "1", "_RANGE"), ("010", "123456", "_RANGE"),
     ("701", "000040", "_RANGE"), ("701", "abcdef", "_RANGE"), ("717", "005000", "_LOGIC"), ("717", "006670", "006670"),
     ("797", "000256", "_RANGE"), ("444", "000000", "NO_DEF")],
)  # fmt: skip
def test_refusals(turbo: SimulatedTc400, parameter: str, data: str, answer: str) -> None:
    action = "00" if data == "=?" else "10"
    assert ask(turbo, telegram(action, parameter, data)) == telegram("10", parameter, answer)


def test_wrong_query_data_and_action(turbo: SimulatedTc400) -> None:
    assert ask(turbo, telegram("00", "309", "??")) == telegram("10", "309", "_RANGE")
    assert ask(turbo, telegram("20", "309", "=?")) == telegram("10", "309", "_LOGIC")


def test_every_readable_parameter_has_the_length_of_its_type(world: FakeWorld, turbo: SimulatedTc400) -> None:
    readable = [f"{number:03d}" for number in range(1000) if query(turbo, f"{number:03d}") not in ("NO_DEF", "_LOGIC")]
    assert {"010", "023", "302", "303", "309", "312", "349", "354", "360", "700", "797"} <= set(readable)
    for parameter in readable:
        assert len(query(turbo, parameter)) == (3 if parameter in ("030", "060") else 6), parameter


@pytest.mark.parametrize("address", ["000", "901", "999"])
def test_group_and_broadcast_are_obeyed_in_silence(world: FakeWorld, turbo: SimulatedTc400, address: str) -> None:
    assert ask(turbo, telegram("10", "010", "111111", address)) == b""
    assert world.turbo_on


def test_silence_for_others_and_for_wrong_sums(world: FakeWorld, turbo: SimulatedTc400) -> None:
    assert ask(turbo, telegram("10", "010", "111111", "002")) == b""
    assert ask(turbo, b"0011001006111111000\r") == b""
    assert ask(turbo, b"0010030903=?108\r") == b""  # right sum, wrong length
    assert not world.turbo_on


def test_new_address(turbo: SimulatedTc400) -> None:
    query(turbo, "309")
    assert order(turbo, "797", "000012") == "000012"
    assert ask(turbo, telegram("00", "309", "=?")) == b""
    assert ask(turbo, telegram("00", "309", "=?", "012")) == telegram("10", "309", "000000", "012")


def test_known_query_gives_a_fresh_value(world: FakeWorld, turbo: SimulatedTc400) -> None:
    assert query(turbo, "309") == "000000"
    world.turbo_hz = 250.0
    assert query(turbo, "309") == "000250"


def test_restart_stops_the_pump(world: FakeWorld, turbo: SimulatedTc400) -> None:
    order(turbo, "010", "111111")
    turbo.write(b"00100", 1.0)
    turbo.restart(2.0)
    assert not world.turbo_on
    assert query(turbo, "010", 3.0) == "000000"


def test_byte_by_byte_and_glued(world: FakeWorld, turbo: SimulatedTc400) -> None:
    asked, wanted = telegram("00", "349", "=?"), telegram("10", "349", "TC 400")
    assert in_pieces(turbo, asked) == wanted
    turbo.write(asked + asked + asked[:5], 0.0)
    turbo.write(asked[5:], 0.0)
    assert heard(turbo, 1.0) == [wanted] * 3


@given(st.binary(max_size=200))
def test_noise_never_raises_and_the_next_telegram_is_answered(noise: bytes) -> None:
    turbo = SimulatedTc400(FakeWorld())
    turbo.write(noise + b"\r", 0.0)
    heard(turbo, 1.0)
    assert ask(turbo, telegram("00", "349", "=?"), 2.0) == telegram("10", "349", "TC 400")


@given(st.from_regex(r"\A[0-9]{8}[0-9=?a-z]{0,8}\Z"))
def test_near_telegrams_never_raise(text: str) -> None:
    turbo = SimulatedTc400(FakeWorld())
    body = ("001" + text[3:]).encode()
    turbo.write(b"%b%03d\r" % (body, sum(body) % 256), 0.0)
    assert len(heard(turbo, 1.0)) <= 1


def test_wrong_check(turbo: SimulatedTc400) -> None:
    for good in (telegram("10", "309", f"{speed:06d}") for speed in range(300)):
        bad = turbo.with_wrong_check(good)
        assert bad[:-4] == good[:-4]
        assert int(bad[-4:-1]) != int(good[-4:-1])


def test_refuses_impossible_addresses(world: FakeWorld) -> None:
    with pytest.raises(ValueError, match="1 to 255"):
        SimulatedTc400(world, address=0)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=12))
def test_telegrams_met_before_may_come_in_any_pieces(sizes: list[int]) -> None:
    turbo = SimulatedTc400(FakeWorld())
    telegrams = [telegram("00", "309", "=?"), telegram("10", "010", "111111"), telegram("00", "309", "=?")]
    whole = b"".join(telegrams)
    first = b"".join([ask(turbo, one) for one in telegrams])
    at = 0
    for size in (*sizes, len(whole)):
        turbo.write(whole[at : at + size], 0.1)
        at += size
    assert b"".join(heard(turbo, 1.0)) == first
