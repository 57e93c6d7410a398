"""The loopback links: bytes take their time, deadlines cost theirs, and what nobody asked for is never an answer."""

import struct

import pytest

from pvdctl.clock import VirtualClock
from pvdctl.errors import BadFrame, Bug, InstrumentError, NoAnswer
from pvdctl.links.framing_lines import LineFraming
from pvdctl.links.loopback import LoopbackLink
from pvdctl.links.modbus_loopback import ModbusLoopbackLink
from tests.wire import Conversation, in_every_way, vectors

LINES = LineFraming(b"\n")


class Script:
    """A far end that answers each request with chunks at given delays after it."""

    def __init__(self, *answers: list[tuple[float, bytes]]) -> None:
        self.answers = list(answers)
        self.queue: list[tuple[float, bytes]] = []
        self.heard: list[tuple[float, bytes]] = []

    def write(self, data: bytes, now_s: float) -> None:
        self.heard.append((now_s, data))
        if self.answers:
            self.queue += [(now_s + delay_s, chunk) for delay_s, chunk in self.answers.pop(0)]
            self.queue.sort(key=lambda entry: entry[0])

    def take(self, until_s: float) -> tuple[float, bytes] | None:
        return self.queue.pop(0) if self.queue and self.queue[0][0] <= until_s else None


def test_an_exchange_takes_as_long_as_its_bytes_and_the_instrument() -> None:
    clock, port = VirtualClock(), Script([(0.004, b"12345678\n")])
    link = LoopbackLink("line", port, clock, baud=9600)
    assert link.exchange(b"ABC\n", LINES, 0.3) == b"12345678"
    [(heard_s, heard)] = port.heard
    assert heard == b"ABC\n"
    assert heard_s == pytest.approx(4 * 10 / 9600)
    assert clock.now_s == pytest.approx(4 * 10 / 9600 + 0.004 + 9 * 10 / 9600)
    assert link.exchanges == 1


@pytest.mark.parametrize("answer", [[], [(0.31, b"1\n")], [(0.1, b"12")], [(0.1, b"1"), (0.31, b"2\n")]])
def test_no_whole_answer_costs_the_deadline_and_says_what_came(answer: list[tuple[float, bytes]]) -> None:
    clock = VirtualClock()
    link = LoopbackLink("line", Script(answer), clock)
    with pytest.raises(NoAnswer, match=r"line: no answer to .* within 0\.3 s"):
        link.exchange(b"A\n", LINES, 0.3)
    assert clock.now_s == 0.3
    assert link.exchanges == 0


def test_an_answer_that_cannot_be_over_in_time_is_none() -> None:
    clock = VirtualClock()
    link = LoopbackLink("line", Script([(0.1, b"123456789\n")]), clock, baud=300)
    with pytest.raises(NoAnswer):
        link.exchange(b"A\n", LINES, 0.3)
    assert clock.now_s == 0.3


def test_what_came_before_the_question_is_no_answer() -> None:
    clock = VirtualClock()
    link = LoopbackLink("line", Script([(0.5, b"old\n")], [(0.01, b"new\n")]), clock)
    with pytest.raises(NoAnswer):
        link.exchange(b"A\n", LINES, 0.3)
    clock.now_s = 1.0
    with pytest.raises(BadFrame, match="before anything was asked"):
        link.exchange(b"B\n", LINES, 0.3)
    assert link.exchange(b"B\n", LINES, 0.3) == b"new"


def test_what_follows_an_answer_is_no_answer_to_the_next_question() -> None:
    link = LoopbackLink("line", Script([(0.01, b"1\n2\n")], [(0.01, b"3\n")]), VirtualClock())
    assert link.exchange(b"A\n", LINES, 0.3) == b"1"
    with pytest.raises(BadFrame, match="before anything was asked"):
        link.exchange(b"B\n", LINES, 0.3)
    assert link.exchange(b"B\n", LINES, 0.3) == b"3"


def test_draining_waits_for_silence_but_not_for_ever() -> None:
    clock = VirtualClock()
    link = LoopbackLink("line", Script([(0.1, b"a"), (0.13, b"b"), (0.4, b"c")]), clock)
    link.send(b"A\n")
    clock.now_s = 0.1
    assert link.drain(0.05) == b"ab"
    assert clock.now_s == pytest.approx(0.18)
    chatter = Script([(0.01 * n, b"x") for n in range(1000)])
    endless = LoopbackLink("line", chatter, VirtualClock())
    endless.send(b"A\n")
    with pytest.raises(BadFrame, match="does not fall silent") as told:
        endless.drain(0.05)
    assert 190 <= len(told.value.data) <= 210


# --- Modbus ---------------------------------------------------------------------------------------------------------

CALLS = {1: "read_coils", 2: "read_inputs", 3: "read_registers", 6: "write_register", 15: "write_coils"}


def ask(link: ModbusLoopbackLink, values: dict[str, int]) -> object:
    """The call that a vector's values describe."""
    call = getattr(link, CALLS[values["function"]])
    if values["function"] == 6:
        return call(1, values["address"], values["value"], 0.3)
    if values["function"] == 15:
        return call(1, values["address"], values["count"], values["bits"], 0.3)
    return call(1, values["address"], values["count"], 0.3)


def with_transaction(frame: bytes, number: int) -> bytes:
    return struct.pack(">H", number) + frame[2:]


@pytest.mark.parametrize("name", [n for n, v in vectors("modbus_io").items() if "function" in v.values])
def test_modbus_speaks_as_the_vectors_do(name: str) -> None:
    vector = vectors("modbus_io")[name]
    assert vector.answer is not None
    request, answer = with_transaction(vector.request, 1), with_transaction(vector.answer, 1)
    for way, chunks in in_every_way(answer, b""):
        port = Conversation([(request, chunks)])
        got = ask(ModbusLoopbackLink("plc", port, VirtualClock()), vector.values)
        port.finish()
        if vector.values["function"] in (1, 2):
            assert got == vector.values["bits"], way
        elif vector.values["function"] == 3:
            assert got == tuple(vector.values["registers"]), way


@pytest.mark.parametrize(
    ("code", "meaning"), [(1, "illegal function"), (2, "illegal data address"), (4, "device failure"), (99, "unknown")]
)
def test_modbus_exceptions_are_refusals_with_their_meaning(code: int, meaning: str) -> None:
    answer = bytes((0, 1, 0, 0, 0, 3, 1, 0x82, code))
    link = ModbusLoopbackLink("plc", Script([(0.01, answer)]), VirtualClock())
    with pytest.raises(InstrumentError, match=rf"plc: unit 1 refuses function 2 with exception {code} \({meaning}\)"):
        link.read_inputs(1, 0, 8, 0.3)


def test_modbus_drops_a_late_answer_by_its_number() -> None:
    first, second = bytes((0, 1, 0, 0, 0, 4, 1, 2, 1, 0xAA)), bytes((0, 2, 0, 0, 0, 4, 1, 2, 1, 0x55))
    clock = VirtualClock()
    link = ModbusLoopbackLink("plc", Script([(0.35, first)], [(0.1, second)]), clock)
    with pytest.raises(NoAnswer):
        link.read_inputs(1, 0, 8, 0.3)
    assert link.read_inputs(1, 0, 8, 0.3) == 0x55
    assert clock.now_s == pytest.approx(0.4)
    assert link.exchanges == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (bytes((0, 1, 0, 1, 0, 4, 1, 2, 1, 0xAA)), "not a Modbus header"),
        (bytes((0, 1, 0, 0, 9, 4, 1, 2, 1, 0xAA)), "not a Modbus header"),
        (bytes((0, 1, 0, 0, 0, 4, 2, 2, 1, 0xAA)), "heard unit 2"),
        (bytes((0, 1, 0, 0, 0, 4, 1, 1, 1, 0xAA)), "asked unit 1 function 2"),
        (bytes((0, 1, 0, 0, 0, 5, 1, 2, 2, 0xAA, 0)), "8 bits were asked"),
        (bytes((0, 1, 0, 0, 0, 4, 1, 2, 2, 0xAA)), "8 bits were asked"),
    ],
)
def test_modbus_refuses_what_is_no_answer_and_then_goes_on(answer: bytes, why: str) -> None:
    good = bytes((0, 2, 0, 0, 0, 4, 1, 2, 1, 0x55))
    link = ModbusLoopbackLink("plc", Script([(0.01, answer)], [(0.01, good)]), VirtualClock())
    with pytest.raises(BadFrame, match=why):
        link.read_inputs(1, 0, 8, 0.3)
    assert link.drain(0.05) == b""
    assert link.read_inputs(1, 0, 8, 0.3) == 0x55


def test_modbus_wants_the_echo_of_a_write() -> None:
    wrong = bytes((0, 1, 0, 0, 0, 6, 1, 6, 0, 7, 0, 8))
    link = ModbusLoopbackLink("plc", Script([(0.01, wrong)]), VirtualClock())
    with pytest.raises(BadFrame, match="echo"):
        link.write_register(1, 7, 9, 0.3)
    wrong = bytes((0, 1, 0, 0, 0, 6, 1, 15, 0, 0, 0, 15))
    link = ModbusLoopbackLink("plc", Script([(0.01, wrong)]), VirtualClock())
    with pytest.raises(BadFrame, match="echo"):
        link.write_coils(1, 0, 16, 0, 0.3)
    with pytest.raises(Bug, match="65535"):
        link.write_register(1, 7, 65536, 0.3)


def test_modbus_takes_no_bit_beyond_the_count() -> None:
    answer = bytes((0, 1, 0, 0, 0, 5, 1, 2, 2, 0xFF, 0xFF))
    link = ModbusLoopbackLink("plc", Script([(0.01, answer)]), VirtualClock())
    assert link.read_inputs(1, 0, 10, 0.3) == 0x3FF


def test_modbus_transaction_numbers_wrap() -> None:
    class Echo(Script):
        def write(self, data: bytes, now_s: float) -> None:
            self.queue.append((now_s + 0.001, data[:5] + bytes((4, 1, 2, 1, data[1]))))

    link = ModbusLoopbackLink("plc", Echo(), VirtualClock())
    for n in range(1, 65800):
        assert link.read_inputs(1, 0, 8, 0.3) == n & 0xFF


# --- answers heard before -----------------------------------------------------------------------------------------
def modbus_answer(transaction: int, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, 1) + pdu


INPUTS = b"\x02\x01\x05"
"""FC 2, one byte, inputs 0 and 2 on."""


@pytest.mark.parametrize(
    ("second", "wanted"),
    [
        ([(0.001, modbus_answer(2, INPUTS))], 5),
        ([(0.001, modbus_answer(2, b"\x02\x01\x02"))], 2),
        ([(0.001, modbus_answer(1, INPUTS)), (0.002, modbus_answer(2, b"\x02\x01\x04"))], 4),
        ([(0.001, modbus_answer(2, INPUTS)[:2]), (0.002, modbus_answer(2, INPUTS)[2:])], 5),
    ],
    ids=["the same", "another", "a late one first", "in two pieces"],
)
def test_an_answer_heard_before_means_what_it_meant_and_any_other_is_taken_apart(
    second: list[tuple[float, bytes]], wanted: int
) -> None:
    link = ModbusLoopbackLink("plc", Script([(0.001, modbus_answer(1, INPUTS))], second), VirtualClock())
    assert link.read_inputs(1, 0, 3, 0.3) == 5
    assert link.read_inputs(1, 0, 3, 0.3) == wanted
    assert link.exchanges == 2


@pytest.mark.parametrize(
    "second",
    [
        [],
        [(0.001, modbus_answer(1, INPUTS))],
        [(0.001, modbus_answer(2, INPUTS)[:-1])],
        [(0.31, modbus_answer(2, INPUTS))],
    ],
    ids=["none", "the old one alone", "cut short", "too late"],
)
def test_what_was_heard_before_never_stands_in_for_an_answer(second: list[tuple[float, bytes]]) -> None:
    link = ModbusLoopbackLink("plc", Script([(0.001, modbus_answer(1, INPUTS))], second), VirtualClock())
    assert link.read_inputs(1, 0, 3, 0.3) == 5
    with pytest.raises(NoAnswer):
        link.read_inputs(1, 0, 3, 0.3)


def test_a_number_alone_is_no_answer_to_the_first_question() -> None:
    """Nothing has been heard before: the two bytes of the number, in a piece of their own, mean nothing yet."""
    answer = modbus_answer(1, INPUTS)
    link = ModbusLoopbackLink("plc", Script([(0.001, answer[:2]), (0.002, answer[2:])]), VirtualClock())
    assert link.read_inputs(1, 0, 3, 0.3) == 5


def test_an_echo_that_differs_is_refused_after_a_good_one_too() -> None:
    echo = b"\x0f\x00\x00\x00\x03"
    link = ModbusLoopbackLink(
        "plc",
        Script([(0.001, modbus_answer(1, echo))], [(0.001, modbus_answer(2, b"\x0f\x00\x00\x00\x02"))]),
        VirtualClock(),
    )
    link.write_coils(1, 0, 3, 5, 0.3)
    with pytest.raises(BadFrame, match="echo"):
        link.write_coils(1, 0, 3, 5, 0.3)
