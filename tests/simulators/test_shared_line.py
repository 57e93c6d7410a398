"""Instruments on one line: whoever is meant answers, the others keep silent, and answers leave in order of time."""

from math import inf

from simulators.bench import Bench, Fitted
from simulators.shared_line import SharedLine
from tests.simulators.instruments.fakes import FakeWorld, ask

FITTED = {
    "first": Fitted("pfeiffer_tc400", {"address": 1}),
    "second": Fitted("pfeiffer_tc400", {"address": 2}),
    "mfc_11": Fitted("bronkhorst_mfc", {"address": 11}),
    "mfc_12": Fitted("bronkhorst_mfc", {"address": 12}),
}
MODE = b"\x00\x01\x00\x00\x00\x06%c\x03\x00\x24\x00\x01"
MODE_18 = b"\x00\x01\x00\x00\x00\x05%c\x03\x02\x00\x12"


def bench(*faults: str) -> Bench:
    return Bench(7, FITTED, faults=faults, plant=FakeWorld())


def test_one_alone_is_its_own_line() -> None:
    made = bench()
    assert made.line(["first"]) is made.port("first")


def test_whoever_is_meant_answers() -> None:
    line = bench().line(["first", "second"])
    assert isinstance(line, SharedLine)
    assert ask(line, b"0020034902=?112\r", 1.0) == b"0021034906TC 400068\r"
    assert ask(line, b"0010034902=?111\r", 2.0) == b"0011034906TC 400067\r"
    assert ask(line, b"0030034902=?113\r", 3.0) == b""
    assert line.next_answer_s == inf


def test_units_of_a_gateway() -> None:
    line = bench().line(["mfc_11", "mfc_12"])
    for unit in (11, 12):
        assert ask(line, MODE % unit, float(unit)) == MODE_18 % unit
    assert ask(line, MODE % 13, 13.0) == b""


def test_answers_leave_in_order_of_time_whoever_gives_them() -> None:
    made = bench("slow@0s:link=first,by=0.05")
    made.advance(0.0)
    line = made.line(["first", "second"])
    line.write(b"0010034902=?111\r", 1.0)
    line.write(b"0020034902=?112\r", 1.0)
    taken = []
    while line.next_answer_s < inf:
        at_s = line.next_answer_s
        assert line.take(at_s - 1e-6) is None
        taken.append(line.take(at_s))
    assert [said[:3] for _, said in (one for one in taken if one is not None)] == [b"002", b"001"]


def test_one_that_is_mute_leaves_the_others_theirs() -> None:
    made = bench("mute@0s:link=first")
    made.advance(0.0)
    line = made.line(["first", "second"])
    assert ask(line, b"0010034902=?111\r", 1.0) == b""
    assert ask(line, b"0020034902=?112\r", 2.0) == b"0021034906TC 400068\r"
