"""The gauge controller's driver against the vectors: units, statuses, switching, and refusals."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.pfeiffer_tpg36x import PfeifferTpg36x
from pvdctl.errors import BadFrame, InstrumentError, NoAnswer, OperatorError, PvdctlError, Restarted
from pvdctl.instrument.mnemonic_gauges import STATUS, UNITS
from pvdctl.instrument.poll import COMMAND, SAFE, Answer
from pvdctl.instrument.tag import Flaw
from tests.wire import Conversation, Desk, in_every_way, talk, vectors

V = vectors("pfeiffer_tpg36x")
ACK, NAK = b"\x06\r\n", b"\x15\r\n"
GAUGES = {"full_range": 1, "capacitance": 2, "foreline": 3}
Steps = Sequence[tuple[bytes, bytes | Sequence[bytes] | None]]


def step(name: str) -> list[tuple[bytes, bytes | None]]:
    """Both halves of a dialogue."""
    after = V[name].after
    assert after is not None
    return [(V[after].request, V[after].answer), (V[name].request, V[name].answer)]


def dialogue(mnemonic: str, data: str) -> list[tuple[bytes, bytes]]:
    return [(mnemonic.encode() + b"\r", ACK), (b"\x05", data.encode() + b"\r\n")]


def gauges(names: dict[str, int] | None = None) -> PfeifferTpg36x:
    return PfeifferTpg36x("gauges", {"gauges": names or GAUGES})


def after_prepare(driver: PfeifferTpg36x, unit: str, prx: str, steps: Steps, what: str = "pressures") -> Answer:
    def do(desk: Desk) -> Answer:
        driver.prepare(desk.link)
        return desk.read(what)

    result: Answer = talk(driver, [*dialogue("UNI", unit), *dialogue("PRX", prx), *steps], do)
    return result


SIX = "0,+5.0000E-07,1,+1.0000E-02,0,+2.3400E-02,5,+2.0000E-02,5,+2.0000E-02,5,+2.0000E-02"


def test_it_is_quieted_and_then_says_who_it_is() -> None:
    steps = [(b"\x03", None), *step("ayt")]
    identity = talk(gauges(), steps, lambda desk: desk.driver.identify(desk.link))
    values = V["ayt"].values
    assert (identity.model, identity.serial, identity.firmware) == (
        values["model"],
        values["serial"],
        values["firmware"],
    )


def test_an_older_unit_that_does_not_know_ayt_is_known_by_its_firmware() -> None:
    steps = [(b"\x03", None), (b"AYT\r", NAK), (b"\x05", b"0001\r\n"), *dialogue("PNR", "010100")]
    assert talk(gauges(), steps, lambda desk: desk.driver.identify(desk.link)).firmware == "010100"


def test_the_lines_of_a_unit_just_switched_on_are_not_its_answer() -> None:
    class Streaming(Conversation):
        """Lines once a second until the first byte; one of them has just left when we come."""

        def __init__(self, steps: Steps) -> None:
            super().__init__(steps)
            self.answers.append((-0.5, b"0,+9.9000E+02,0,+9.9000E+02\r\n"))

    driver = gauges()
    port = Streaming([(b"\x03", None), *step("ayt")])
    desk = Desk(driver, port)
    assert driver.identify(desk.link).model == "TPG366"
    port.finish()


def test_something_else_on_the_line_is_refused() -> None:
    with pytest.raises(InstrumentError, match="a TPG or VGC gauge controller was expected"):
        talk(gauges(), [(b"\x03", None), *dialogue("AYT", "a,b,c,d,e")], lambda desk: desk.driver.identify(desk.link))


def test_six_channels_of_which_three_are_used() -> None:
    driver = gauges()
    answer = after_prepare(driver, "4", SIX, step("prx_six"))
    assert [value.why if isinstance(value, Flaw) else value for value in answer] == [5e-7, "underrange", 2.34e-2]
    assert [tag.name for tag in driver.polls[0].tags] == list(GAUGES)
    assert {channel: tag.name for channel, tag in driver.pressures_mbar.items()} == {1: "full_range", 2: "capacitance",
                                                                                    3: "foreline"}  # fmt: skip


def test_numbers_may_come_without_a_sign() -> None:
    answer = after_prepare(gauges({"a": 1, "b": 2}), "0", "0,1.0E-2,0,1.0E-2", step("prx_two_no_sign"))
    assert [value.why for value in answer if isinstance(value, Flaw)] == ["overrange", "sensor off"]


@pytest.mark.parametrize(("status", "word"), STATUS.items())
def test_every_status_but_0_is_no_pressure_however_good_it_looks(status: bytes, word: str) -> None:
    text = f"{status.decode()},+5.0000E-07"
    (flaw,) = after_prepare(gauges({"a": 1}), "0", "0,+1.0E-2", dialogue("PRX", text))
    assert isinstance(flaw, Flaw)
    assert flaw.why == word


def test_status_words_of_the_vectors() -> None:
    answer = after_prepare(gauges({"a": 1, "b": 2, "c": 3}), "0", "0,1.0,0,1.0,0,1.0", step("prx_errors"))
    assert [v.why for v in answer if isinstance(v, Flaw)] == ["sensor error", "identification error", "gauge error"]


@pytest.mark.parametrize(
    ("unit", "mbar"), [("0", 1.0), ("1", 1.33322368), ("2", 0.01), ("3", 1.33322368e-3), ("4", 1.0)]
)
def test_every_unit_becomes_mbar(unit: str, mbar: float) -> None:
    [value] = after_prepare(gauges({"a": 1}), unit, "0,+1.0E-2", dialogue("PRX", "0,+2.0000E+00"))
    assert value == pytest.approx(2.0 * mbar, rel=1e-7)


@pytest.mark.parametrize("name", ["uni_hpa", "uni_torr", "uni_set_pa"])
def test_units_of_the_vectors(name: str) -> None:
    said = V[name].answer
    assert said is not None
    unit, factor = UNITS[said.decode().strip()]
    assert unit == V[name].values["unit"]
    assert factor == pytest.approx(V[name].values.get("mbar_per_unit", 1013.25 / 760))


@pytest.mark.parametrize("unit", ["5", "6", ""])
def test_what_is_no_unit_of_pressure_is_refused(unit: str) -> None:
    with pytest.raises(InstrumentError, match="not a known unit of pressure"):
        after_prepare(gauges({"a": 1}), unit, "0,+1.0E-2", [])


def test_a_unit_changed_at_the_controller_stops_the_readings() -> None:
    driver = gauges({"a": 1})
    with pytest.raises(Restarted, match="was mbar and is now Torr"):
        after_prepare(driver, "0", "0,+1.0E-2", dialogue("UNI", "1"), "unit")
    assert after_prepare(driver, "1", "0,+1.0E-2", dialogue("UNI", "1"), "unit") == ("Torr",)


def test_a_channel_the_controller_does_not_have() -> None:
    with pytest.raises(InstrumentError, match="foreline is on channel 3, the controller has 2"):
        talk(
            gauges(), [*dialogue("UNI", "0"), *dialogue("PRX", "0,1.0E-2,0,1.0E-2")], lambda d: d.driver.prepare(d.link)
        )


def test_pressures_that_stay_are_the_same_tuple_but_not_after_a_new_unit() -> None:
    driver = gauges({"a": 1})
    prx = dialogue("PRX", "0,+1.0000E-02")
    steps = [*dialogue("UNI", "0"), *prx, *prx, *prx[1:], *dialogue("UNI", "2"), *prx, *prx]

    def do(desk: Desk) -> list[Answer]:
        driver.prepare(desk.link)
        found = [desk.read("pressures"), desk.read("pressures")]
        driver.prepare(desk.link)
        return [*found, desk.read("pressures")]

    first, second, third = talk(driver, steps, do)
    assert second is first
    assert third == (1e-4,)


@pytest.mark.parametrize(
    "text", ["0", "0,x", "0,1.0.0", "8,+1.0E-2", "00,+1.0E-2", ",", "0,", "0,nan", "0,+1.0E-2,0", "0,1_0", ""]
)
def test_damaged_pressures_are_no_reading(text: str) -> None:
    with pytest.raises(BadFrame):
        after_prepare(gauges({"a": 1}), "0", "0,+1.0E-2", dialogue("PRX", text))


@given(st.sampled_from([*sorted(STATUS), b"0"]), st.integers(0, 99999), st.integers(-11, 4))
@settings(max_examples=100)
def test_pressures_come_back_as_they_were_sent(status: bytes, digits: int, exponent: int) -> None:
    text = f"{digits / 10000:.4f}E{exponent:+03d}"
    (value,) = after_prepare(gauges({"a": 1}), "0", "0,+1.0E-2", dialogue("PRX", f"{status.decode()},+{text}"))
    assert isinstance(value, Flaw) if status != b"0" else value == float(text)


def test_answers_may_come_in_any_chunks() -> None:
    for way, chunks in in_every_way(SIX.encode() + b"\r\n", b""):
        answer = after_prepare(gauges({"a": 1}), "0", SIX, [(b"PRX\r", [b"\x06", b"\r\n"]), (b"\x05", chunks)])
        assert answer == (5e-7,), way


# --- refusals -------------------------------------------------------------------------------------------------------


def test_a_refusal_says_what_the_error_word_says_and_the_next_exchange_is_right() -> None:
    driver = gauges({"a": 1})
    refusal = [(b"PRX\r", NAK), (b"\x05", b"0010\r\n")]
    prx = dialogue("PRX", "0,+1.0000E-02")

    def do(desk: Desk) -> Answer:
        driver.prepare(desk.link)
        with pytest.raises(InstrumentError, match=r"refuses 'PRX': parameter not allowed \(error word 0010\)"):
            desk.read("pressures")
        return desk.read("pressures")

    assert talk(driver, [*dialogue("UNI", "0"), *prx, *refusal, *prx], do) == (1e-2,)


def test_the_words_of_the_vectors_are_understood() -> None:
    for name, says in (("unknown_mnemonic_word", "syntax error"), ("sen_too_few_word", "parameter not allowed")):
        word = V[name].answer
        assert word is not None
        with pytest.raises(InstrumentError, match=says):
            after_prepare(gauges({"a": 1}), "0", "0,+1.0E-2", [(b"PRX\r", NAK), (b"\x05", word)])


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ([(b"PRX\r", b"0,+1.0E-2\r\n")], BadFrame),  # data where ACK belongs: an answer to something else
        ([(b"PRX\r", NAK), (b"\x05", b"0,+1.0E-2\r\n")], BadFrame),
        ([(b"PRX\r", NAK), (b"\x05", b"1100\r\n")], InstrumentError),
        ([(b"PRX\r", None)], NoAnswer),
        ([(b"PRX\r", ACK), (b"\x05", None)], NoAnswer),
        ([(b"PRX\r", ACK), (b"\x05", ACK)], BadFrame),
    ],
)
def test_a_dialogue_that_goes_wrong_is_a_typed_error(steps: Steps, error: type[PvdctlError]) -> None:
    with pytest.raises(error):
        after_prepare(gauges({"a": 1}), "0", "0,+1.0E-2", steps)


def test_after_silence_the_mnemonic_is_sent_again() -> None:
    driver = gauges({"a": 1})
    prx = dialogue("PRX", "0,+1.0000E-02")

    def do(desk: Desk) -> Answer:
        driver.prepare(desk.link)
        assert desk.read("pressures") == desk.read("pressures") == (1e-2,)
        with pytest.raises(NoAnswer):
            desk.read("pressures")
        return desk.read("pressures")

    steps = [*dialogue("UNI", "0"), *prx, *prx, prx[1], (b"\x05", None), *prx]
    assert talk(driver, steps, do) == (1e-2,)


# --- switching ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "on"), [("sen_off", False), ("sen_on", True)])
def test_switching_names_every_channel_and_changes_one(name: str, on: bool) -> None:
    driver = gauges()

    def do(desk: Desk) -> None:
        driver.prepare(desk.link)
        act = driver.switch_gauge(1, on)
        assert act.priority == (COMMAND if on else SAFE)
        desk.perform(act)

    talk(driver, [*dialogue("UNI", "0"), *dialogue("PRX", SIX), *step(name)], do)


@pytest.mark.parametrize(
    ("said", "error"), [("0,0,0,0,0,0", InstrumentError), ("2,0,0,0,0,0", InstrumentError), ("1,0", BadFrame)]
)
def test_a_gauge_that_did_not_follow_is_an_error(said: str, error: type[PvdctlError]) -> None:
    driver = gauges()

    def do(desk: Desk) -> None:
        driver.prepare(desk.link)
        desk.perform(driver.switch_gauge(1, False))

    with pytest.raises(error):
        talk(driver, [*dialogue("UNI", "0"), *dialogue("PRX", SIX), *dialogue("SEN,1,0,0,0,0,0", said)], do)


def test_a_gauge_that_is_not_there_is_refused() -> None:
    driver = gauges({"a": 1})
    Desk(driver, Conversation([]))
    with pytest.raises(OperatorError, match="no gauge on channel 2; in use: 1"):
        driver.switch_gauge(2, True)


@pytest.mark.parametrize("names", [{}, {"a": 0}, {"a": 7}, {"a": 1, "b": 1}, {"a": "1"}, {"a": True}])
def test_impossible_channels_are_refused(names: dict[str, Any]) -> None:
    with pytest.raises(OperatorError, match="different channels from 1 to 6"):
        PfeifferTpg36x("gauges", {"gauges": names})


# --- noise ----------------------------------------------------------------------------------------------------------


NOISE = st.lists(st.binary(max_size=40), max_size=4)


def _noise(chunks: list[bytes], acknowledged: bool) -> None:
    driver = gauges({"a": 1})
    opening = [*dialogue("UNI", "0"), *dialogue("PRX", "0,+1.0E-2")]
    # Noise that happens to be ACK or NAK is followed by ENQ, which nobody answers then.
    noise = [(b"PRX\r", ACK), (b"\x05", chunks)] if acknowledged else [(b"PRX\r", chunks), (b"\x05", None)]
    steps = [*opening, *noise]
    desk = Desk(driver, Conversation(steps))
    driver.prepare(desk.link)
    with pytest.raises(PvdctlError):
        desk.read("pressures")


@given(NOISE, st.booleans())
@settings(max_examples=500)
def test_random_bytes_never_give_a_reading(chunks: list[bytes], acknowledged: bool) -> None:
    _noise(chunks, acknowledged)


@pytest.mark.soak
@given(NOISE, st.booleans())
@settings(max_examples=10_000)
def test_random_bytes_never_give_a_reading_soak(chunks: list[bytes], acknowledged: bool) -> None:
    _noise(chunks, acknowledged)
