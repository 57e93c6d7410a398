"""The supply driver against the vectors: set points, limits, errors, and off that is off."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.scpi_supply import ERRORS_AT_MOST, ScpiSupply
from pvdctl.errors import BadFrame, InstrumentError, LinkClosed, LinkError, OperatorError, Refused
from pvdctl.instrument.poll import COMMAND, SAFE, Answer
from pvdctl.instrument.tag import Flaw
from tests.wire import Conversation, Desk, in_every_way, perform, talk, vectors

V = vectors("scpi_supply")
LIMITS = {"max_current_a": 200.0, "max_voltage_v": 6.0}
NO_ERROR = (b"SYST:ERR?\n", b'0,"No error"\n')
Step = tuple[bytes, bytes | None]


def step(name: str) -> Step:
    return V[name].request, V[name].answer


def supply(**more: Any) -> ScpiSupply:
    return ScpiSupply("supply", {**LIMITS, **more})


def reader(poll: str) -> Callable[[Desk], Answer]:
    return lambda desk: desk.read(poll)


# --- who it is ------------------------------------------------------------------------------------------------------


def test_it_says_who_it_is() -> None:
    identity = talk(supply(model="SUPPLY-6"), [step("identity")], lambda desk: desk.driver.identify(desk.link))
    values = V["identity"].values
    assert identity.model == f"{values['maker']} {values['model']}"
    assert (identity.serial, identity.firmware) == (values["serial"], values["firmware"])


def test_another_model_is_refused() -> None:
    with pytest.raises(InstrumentError, match="calling itself 'N5741A' was expected, found 'PVDSIM"):
        talk(supply(model="N5741A"), [step("identity")], lambda desk: desk.driver.identify(desk.link))


@pytest.mark.parametrize("said", [b"\n", b"1\n", b"a,,c,d\n", b"a,b,c,d,e\n", b'0,"No error"\n'])
def test_what_is_no_identity_is_damaged(said: bytes) -> None:
    with pytest.raises(BadFrame, match="four fields"):
        talk(supply(), [(b"*IDN?\n", said)], lambda desk: desk.driver.identify(desk.link))


def test_prepare_clears_old_errors_and_sets_the_protection() -> None:
    steps = [step("clear_status"), NO_ERROR, (b"VOLT:PROT 6.500\n", None), NO_ERROR, step("get_protection")]
    talk(supply(protection_v=6.5), steps, lambda desk: desk.driver.prepare(desk.link))
    talk(supply(), steps[:2], lambda desk: desk.driver.prepare(desk.link))


def test_prepare_locks_the_front_where_the_family_wants_it() -> None:
    driver = supply(commands={"remote": "SYST:LOCK ON", "clear_errors": ""})
    talk(driver, [(b"SYST:LOCK ON\n", None), NO_ERROR], lambda desk: desk.driver.prepare(desk.link))


def test_a_protection_that_did_not_hold_is_refused() -> None:
    steps = [step("clear_status"), NO_ERROR, (b"VOLT:PROT 6.500\n", None), NO_ERROR, (b"VOLT:PROT?\n", b"8.0\n")]
    with pytest.raises(InstrumentError, match=r"set to 6\.5 V and reads 8 V"):
        talk(supply(protection_v=6.5), steps, lambda desk: desk.driver.prepare(desk.link))


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({}, "setting 'max_current_a' is missing"),
        ({"max_current_a": 1.0}, "setting 'max_voltage_v' is missing"),
        ({**LIMITS, "protection_v": 6.2}, "below 1.05 times"),
        ({**LIMITS, "max_current_a": 0.0}, "positive multiple"),
        ({**LIMITS, "max_current_a": 1.0005}, "positive multiple"),
        ({**LIMITS, "max_current_a": float("nan")}, "positive multiple"),
        ({**LIMITS, "current_step_a": 0.0}, "wants 1e-9 to 1000"),
        ({**LIMITS, "voltage_step_v": -1.0}, "wants 1e-9 to 1000"),
        ({**LIMITS, "line_end": "NL"}, "wants LF, CRLF or CR"),
        ({**LIMITS, "commands": {"curent": "X?"}}, "knows identity"),
        ({**LIMITS, "commands": {"current": ""}}, "may be empty"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings_: dict[str, Any], says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        ScpiSupply("supply", settings_)


# --- readings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vector", "poll", "key"),
    [
        ("measure_current", "current", "current_a"),
        ("measure_current_exponent", "current", "current_a"),
        ("measure_voltage", "voltage", "voltage_v"),
    ],
)
def test_measured_values(vector: str, poll: str, key: str) -> None:
    request, answer = V[vector].request, V[vector].answer
    assert answer is not None
    for way, chunks in in_every_way(answer, b""):
        assert talk(supply(), [(request, chunks)], lambda desk: desk.read(poll)) == (V[vector].values[key],), way


def test_a_value_that_stays_is_the_same_tuple() -> None:
    steps = [step("measure_current"), step("measure_current"), (b"MEAS:CURR?\n", b"12.49\n")]
    first, second, third = talk(supply(), steps, lambda desk: [desk.read("current") for _ in steps])
    assert second is first
    assert third == (12.49,)


@pytest.mark.parametrize("said", [b"9.91E37\n", b"9.9E+37\n", b"-9.9E37\n"])
def test_scpis_words_for_no_number_are_a_flaw(said: bytes) -> None:
    (flaw,) = talk(supply(), [(b"MEAS:CURR?\n", said)], lambda desk: desk.read("current"))
    assert isinstance(flaw, Flaw)


@pytest.mark.parametrize("said", [b"\n", b"x\n", b"1.2.3\n", b"nan\n", b"inf\n", b"1_0\n", b"12.5 A\n", b"1,2\n"])
def test_what_is_no_number_is_no_reading(said: bytes) -> None:
    for poll, request in (("current", b"MEAS:CURR?\n"), ("voltage", b"MEAS:VOLT?\n")):
        with pytest.raises(BadFrame, match="no number"):
            talk(supply(), [(request, said)], reader(poll))


@pytest.mark.parametrize(
    ("output", "condition", "state"),
    [
        ("output_is_on", "questionable_clear", (True, False, 0)),
        ("output_is_off", "questionable_ov", (False, True, 1)),
    ],
)
def test_state(output: str, condition: str, state: tuple[bool, bool, int]) -> None:
    assert talk(supply(), [step(output), step(condition)], lambda desk: desk.read("state")) == state
    assert state == (V[output].values["output_on"], V[condition].values["condition"] != 0, state[2])


@pytest.mark.parametrize(
    ("condition", "mask", "tripped"),
    [(2, 23, True), (16, 23, True), (512, 23, False), (1024, 23, False), (512, 512, True)],
)
def test_which_bits_are_a_trip_can_be_set(condition: int, mask: int, tripped: bool) -> None:
    steps = [(b"OUTP?\n", b"ON\n"), (b"STAT:QUES:COND?\n", b"+%d\n" % condition)]
    assert talk(supply(trip_mask=mask), steps, lambda desk: desk.read("state")) == (True, tripped, condition)


@pytest.mark.parametrize(("output", "condition"), [(b"2\n", b"0\n"), (b"1\n", b"0.5\n"), (b"1\n", b"1e99\n")])
def test_a_state_that_cannot_be_is_damaged(output: bytes, condition: bytes) -> None:
    steps: list[Step] = [(b"OUTP?\n", output)]
    if output == b"1\n":
        steps.append((b"STAT:QUES:COND?\n", condition))
    with pytest.raises(BadFrame):
        talk(supply(), steps, lambda desk: desk.read("state"))


# --- acts -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 200_000))
@settings(max_examples=200)
def test_a_set_point_is_sent_to_its_last_digit(thousandths: int) -> None:
    wanted_a = thousandths / 1000
    sent = f"CURR {wanted_a:.3f}\n".encode()
    act = perform(supply(), lambda s: s.set_current(wanted_a), (sent, None), NO_ERROR)
    assert act.priority == (COMMAND if thousandths else SAFE)


@pytest.mark.parametrize(
    ("step_a", "value_a", "text"),
    [(0.01, 12.344, b"CURR 12.34"), (0.5, 12.3, b"CURR 12.5"), (1.0, 12.4, b"CURR 12"), (0.025, 0.06, b"CURR 0.050")],
)
def test_a_set_point_is_rounded_to_the_step_and_shows_it(step_a: float, value_a: float, text: bytes) -> None:
    perform(supply(current_step_a=step_a), lambda s: s.set_current(value_a), (text + b"\n", None), NO_ERROR)


@pytest.mark.parametrize("current_a", [-0.001, 200.0001, float("nan"), float("inf")])
def test_a_current_outside_the_limits_is_refused_and_never_clipped(current_a: float) -> None:
    driver = supply()
    desk = Desk(driver, Conversation([]))
    with pytest.raises(OperatorError, match="outside 0 to 200 A"):
        driver.set_current(current_a)
    with pytest.raises(OperatorError, match="outside 0 to 6 V"):
        driver.set_voltage_limit(current_a)
    assert not desk.posted


def test_the_voltage_limit() -> None:
    perform(supply(), lambda s: s.set_voltage_limit(5.0), (b"VOLT 5.000\n", None), NO_ERROR)


def test_on() -> None:
    assert perform(supply(), lambda s: s.set_output(True), step("output_on"), NO_ERROR).priority == COMMAND


def test_off_is_output_first_then_current_then_proof() -> None:
    steps = [step("output_off"), (b"CURR 0.000\n", None), NO_ERROR, step("output_is_off")]
    assert perform(supply(), lambda s: s.set_output(False), *steps).priority == SAFE


def test_off_that_reads_on_is_an_error() -> None:
    steps = [step("output_off"), (b"CURR 0.000\n", None), NO_ERROR, step("output_is_on")]
    with pytest.raises(InstrumentError, match="switched off and still reads on"):
        perform(supply(), lambda s: s.set_output(False), *steps)


def test_the_second_half_of_off_is_sent_when_the_first_fails() -> None:
    class Broken:
        name = "line"
        exchanges = 0

        def __init__(self) -> None:
            self.sent: list[bytes] = []

        def send(self, request: bytes) -> None:
            self.sent.append(request)
            raise LinkClosed(f"line: gone at {request!r}")

    driver = supply()
    Desk(driver, Conversation([]))
    link = Broken()
    with pytest.raises(LinkClosed, match="OUTP OFF"):
        driver.set_output(False).do(link)
    assert link.sent == [b"OUTP OFF\n", b"CURR 0.000\n"]


def test_a_set_point_asked_before_off_never_comes_after_it() -> None:
    driver = supply()
    desk = Desk(driver, Conversation([step("output_off"), (b"CURR 0.000\n", None), NO_ERROR, step("output_is_off"),
                                      (b"CURR 1.000\n", None), NO_ERROR]))  # fmt: skip
    before = driver.set_current(50.0)
    off = driver.set_output(False)
    after = driver.set_current(1.0)
    desk.perform(off)
    with pytest.raises(Refused, match="switched off after this was asked"):
        desk.perform(before)
    desk.perform(after)
    desk.port.finish()


def test_clearing_a_trip() -> None:
    perform(supply(), lambda s: s.clear_trip(), step("clear_protection"), NO_ERROR)


def test_a_refused_set_point_brings_every_error_of_the_queue() -> None:
    errors: list[Step] = [step("out_of_range_error"), step("bad_header_error"), NO_ERROR]
    with pytest.raises(InstrumentError, match=r'-222,"Data out of range"; -113,"Undefined header" after'):
        perform(supply(), lambda s: s.set_current(12.5), (b"CURR 12.500\n", None), *errors)


def test_an_error_queue_that_never_ends_ends() -> None:
    errors: list[Step] = [step("out_of_range_error")] * ERRORS_AT_MOST
    with pytest.raises(InstrumentError, match="Data out of range"):
        perform(supply(), lambda s: s.set_current(12.5), (b"CURR 12.500\n", None), *errors)


@pytest.mark.parametrize("said", [b"12.48\n", b"\n", b"x,y\n"])
def test_an_error_queue_that_answers_something_else_is_damaged(said: bytes) -> None:
    with pytest.raises(BadFrame):
        perform(supply(), lambda s: s.set_current(12.5), (b"CURR 12.500\n", None), (b"SYST:ERR?\n", said))


def test_another_family_is_a_matter_of_its_table() -> None:
    delta = {"set_current": "SOUR:CUR {}", "current": "MEAS:CUR?", "error": ""}
    driver = supply(commands=delta, line_end="CRLF")
    perform(driver, lambda s: s.set_current(12.5), (b"SOUR:CUR 12.500\r\n", None))
    assert talk(driver, [(b"MEAS:CUR?\r\n", b"12.5\r\n")], lambda desk: desk.read("current")) == (12.5,)


# --- noise ----------------------------------------------------------------------------------------------------------


def _noise_gives_no_reading(chunks: list[bytes]) -> None:
    """Text has no checksum: a line that is exactly a number is a reading, nothing else is."""
    first = b"".join(chunks).partition(b"\n")[0].removesuffix(b"\r")
    desk = Desk(supply(), Conversation([(b"MEAS:CURR?\n", chunks)]))
    try:
        values = desk.read("current")
    except LinkError:
        return
    assert isinstance(values[0], Flaw) or values == (float(first),)
    assert not first.translate(None, b"0123456789+-.eE")


NOISE = st.lists(st.one_of(st.binary(max_size=30), st.text("0123456789.eE+-\n\r ", max_size=12).map(str.encode)))


@given(NOISE)
@settings(max_examples=500)
def test_random_bytes_give_no_reading_but_a_plain_number(chunks: list[bytes]) -> None:
    _noise_gives_no_reading(chunks)


@pytest.mark.soak
@given(NOISE)
@settings(max_examples=10_000)
def test_random_bytes_give_no_reading_but_a_plain_number_soak(chunks: list[bytes]) -> None:
    _noise_gives_no_reading(chunks)
