"""The SQC-310 driver against the vectors: who it is, what it understands, and that noise is never a reading."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.clock import VirtualClock
from pvdctl.drivers import inficon_sqc310 as sqc
from pvdctl.drivers.inficon_sqc310 import InficonSqc310
from pvdctl.errors import BadFrame, InstrumentError, LinkError, OperatorError, PvdctlError, Restarted
from pvdctl.instrument.poll import Answer
from pvdctl.instrument.tag import BAD, Flaw
from pvdctl.links.framing_sycon import pack
from pvdctl.links.loopback import LoopbackLink
from tests.drivers.sqc310_talk import K2, V, bring_up, flat, monitor, plain, run, step
from tests.links.test_framings import sycon_answer
from tests.wire import Conversation, Desk, in_every_way, talk

# --- who it is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model_601", "model_665"])
def test_it_knows_the_unit_by_its_own_words(name: str) -> None:
    identity = talk(InficonSqc310("monitor", {}), [step(name)], lambda desk: desk.driver.identify(desk.link))
    assert (identity.model, identity.firmware) == (V[name].values["model"], V[name].values["firmware"])


def test_a_unit_just_switched_on_may_say_so_when_asked_who_it_is() -> None:
    steps = [step("reset_since"), step("model_601")]
    identity = talk(InficonSqc310("monitor", {}), steps, lambda desk: desk.driver.identify(desk.link))
    assert identity.firmware == "6.01"


def test_another_instrument_of_the_family_gets_no_further_command() -> None:
    with pytest.raises(InstrumentError, match=r"an SQC-310 was expected, the instrument calls itself 'MON Ver 4\.13'"):
        talk(
            InficonSqc310("monitor", {}),
            [(pack(b"@"), sycon_answer(b"AMON Ver 4.13"))],
            lambda desk: desk.driver.identify(desk.link),
        )


def test_a_sensor_the_unit_does_not_have_is_said_at_once() -> None:
    driver, opening = monitor(sensors=(1, 3))
    with pytest.raises(InstrumentError, match="sensor 3, the unit has 2 sensors"):
        talk(driver, opening, bring_up)


@pytest.mark.parametrize("sensors", [[], [0], [5], [1, 1], ["1"], [True]])
def test_impossible_sensor_numbers_are_refused(sensors: list[Any]) -> None:
    with pytest.raises(OperatorError, match="wants numbers from 1 to 4"):
        InficonSqc310("monitor", {"sensors": sensors})


@pytest.mark.parametrize("takes", ["V?", "V"])
def test_an_unknown_firmware_gets_the_stable_run_states_and_a_remark(takes: str) -> None:
    driver = InficonSqc310("monitor", {})
    opening = [(pack(b"@"), sycon_answer(b"ASQC-310 Ver 7.00")), step("channels_2")]
    if takes == "V":
        opening.append((pack(b"V?"), sycon_answer(b"C")))
    else:
        opening.append((pack(b"V?"), sycon_answer(b"A0 0 1 1 0")))
    four = run(driver, opening, [(pack(takes.encode()), sycon_answer(b"A13 5 1 1"))], "state")
    assert plain(four) == ["deposit", 5.0, 1, 1, None]
    assert "firmware 7.00 is not known here" in driver.remarks[0]


def test_an_unknown_firmware_can_be_given_a_profile() -> None:
    driver = InficonSqc310("monitor", {"firmware": "6.65"})
    opening = [(pack(b"@"), sycon_answer(b"ASQC-310 Ver 7.00")), step("channels_2")]
    answer = run(driver, opening, [(pack(b"V?"), sycon_answer(b"A46 5 1 1 1"))], "state")
    assert answer == ("control delay", 5.0, 1, 1, "automatic")
    assert not driver.remarks
    with pytest.raises(OperatorError, match=r"wants 6\.01 or 6\.65"):
        InficonSqc310("monitor", {"firmware": "6.02"})


# --- readings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sensors_2", "sensors_2_negative"])
def test_k2_of_two_sensors(name: str) -> None:
    driver, opening = monitor()
    answer = run(driver, opening, [step(name)], "sensors")
    assert plain(answer) == flat(V[name].values, (1, 2))


def test_k2_of_four_sensors_some_of_them_used_in_their_order() -> None:
    driver, opening = monitor("4", (2, 4))
    answer = run(driver, opening, [step("sensors_4")], "sensors")
    assert plain(answer) == flat(V["sensors_4"].values, (2, 4))
    assert [tag.name for tag in driver.polls[0].tags[:3]] == [
        "monitor.frequency_2_hz", "monitor.rate_2_nm_per_s", "monitor.thickness_2_nm"
    ]  # fmt: skip
    flaw = answer[3]
    assert isinstance(flaw, Flaw)
    assert (flaw.why, flaw.quality) == ("no crystal signal on sensor 4", BAD)


def test_crystals_that_say_nothing_new_give_the_same_tuple_although_the_clock_goes_on() -> None:
    driver, opening = monitor()
    texts = [b"A1.00 5.02 0.123 5987654.32 0.00 0.000 0.00", b"A1.10 5.02 0.123 5987654.32 0.00 0.000 0.00",
             b"A1.25 5.02 0.124 5987653.32 0.00 0.000 0.00"]  # fmt: skip

    def do(desk: Desk) -> list[Answer]:
        bring_up(desk)
        return [desk.read("sensors") for _ in texts]

    first, second, third = talk(driver, [*opening, *[(K2, sycon_answer(t)) for t in texts]], do)
    assert second is first
    assert third[0] == 5987653.32


@given(
    st.lists(
        st.tuples(
            st.integers(-99_99, 999_99), st.integers(-9_999, 99_999), st.integers(1_000_000_00, 6_100_000_00)
        ),
        min_size=2, max_size=2,
    )
)  # fmt: skip
def test_k2_gives_back_every_digit(sensors: list[tuple[int, int, int]]) -> None:
    fields = [f"{r / 100:.2f} {t / 1000:.3f} {f / 100:.2f}" for r, t, f in sensors]
    driver, opening = monitor()
    answer = run(driver, opening, [(K2, sycon_answer(f"A0.25 {' '.join(fields)}".encode()))], "sensors")
    for n, (r, t, f) in enumerate(sensors):
        assert answer[3 * n] == f / 100
        assert answer[3 * n + 1] == pytest.approx(r / 1000, abs=1e-12)
        assert answer[3 * n + 2] == pytest.approx(t / 10, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        b"A", b"A0.25", b"A0.25 5.02 0.123 5987654.32", b"A0.25 5.02 0.123 nan 0.00 0.000 0.00",
        b"A0.25 5.02 0.123 5987654.32 0.00 0.000 0.00 1", b"A0.25 5.02 0.123 59-7654.32 0.00 0.000 0.00",
        b"A0.25 inf 0.123 5987654.32 0.00 0.000 0.00", b"A0.25 5.02 0.1_3 5987654.32 0.00 0.000 0.00",
        b"A0.25  5.02 0.123 5987654.32 0.00 0.000",
    ],
)  # fmt: skip
def test_k2_that_is_not_seven_numbers_is_no_reading(text: bytes) -> None:
    driver, opening = monitor()
    with pytest.raises(BadFrame, match="K2"):
        run(driver, opening, [(K2, sycon_answer(text))], "sensors")


def test_state_by_firmware() -> None:
    driver, opening = monitor()
    answer = run(driver, opening, [step("state_601")], "state")
    assert plain(answer) == ["deposit", 123.0, 1, 2, None]
    driver, opening = monitor(firmware="6.65")
    assert run(driver, opening, [step("state_665")], "state") == ("stopped", 0.0, 1, 1, "manual")


@pytest.mark.parametrize(
    ("firmware", "code", "phase"),
    [("6.01", 33, "crystal fail, halted"), ("6.65", 35, "crystal fail, halted"), ("6.65", 33, "sample hold"),
     ("6.65", 23, "unknown(23)"), ("6.01", 46, "unknown(46)"), ("6.01", 15, "rate ramp deposit")],
)  # fmt: skip
def test_run_states_differ_by_firmware_and_unknown_ones_stay_unknown(firmware: str, code: int, phase: str) -> None:
    driver, opening = monitor(firmware=firmware)
    ask, more = (b"V", b"") if firmware == "6.01" else (b"V?", b" 0")
    assert run(driver, opening, [(pack(ask), sycon_answer(b"A%d 1 1 1" % code + more))], "state")[0] == phase


def test_a_state_of_the_other_firmware_is_refused() -> None:
    driver, opening = monitor()
    with pytest.raises(BadFrame, match="V wants 4 numbers"):
        run(driver, opening, [(pack(b"V"), sycon_answer(b"A0 0 1 1 0"))], "state")


def test_crystal_life() -> None:
    driver, opening = monitor()
    dead = (pack(b"PA2"), sycon_answer(b"A1 0.00 0.00"))
    answer = run(driver, opening, [step("sensor_info_1_active"), dead], "crystals")
    assert plain(answer) == [95.0, None]
    driver, opening = monitor(sensors=(1,))
    assert run(driver, opening, [step("sensor_info_1")], "crystals") == (95.0,)


def test_output_power() -> None:
    driver, opening = monitor()
    assert plain(run(driver, opening, [step("outputs_2")], "outputs"))[:2] == V["outputs_2"].values["power_percent"]
    driver, opening = monitor("4")
    answer = run(driver, opening, [step("outputs_4_idle")], "outputs")
    assert plain(answer)[:2] == V["outputs_4_idle"].values["power_percent"][:2]


def test_manual_power_is_read_as_such() -> None:
    driver, opening = monitor(firmware="6.65")
    answer = run(driver, opening, [step("state_665_manual")], "state")
    assert plain(answer) == ["manual power", 0.0, 1, 1, "manual"]


def test_deviation_of_the_output_that_is_used() -> None:
    driver, opening = monitor()
    assert plain(run(driver, opening, [step("outputs_2")], "outputs"))[2:] == V["outputs_2"].values["deviation_percent"]


# --- status letters -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "error", "says"),
    [
        (b"B", Restarted, "was reset"),
        (b"C", sqc.IllegalCommand, "does not know"),
        (b"D", sqc.IllegalData, "refuses the data"),
        (b"E", sqc.WrongMode, "cannot do this now"),
        (b"F", sqc.RequestDamaged, "damaged request"),
        (b"G", sqc.AnswerTooLong, "more to say"),
        (b"H", BadFrame, "not one of A to G"),
    ],
)
def test_every_status_letter_has_its_error_and_the_next_exchange_is_right(
    letter: bytes, error: type[PvdctlError], says: str
) -> None:
    driver, opening = monitor()

    def do(desk: Desk) -> Answer:
        bring_up(desk)
        for poll in ("sensors", "state"):
            with pytest.raises(error, match=says) as caught:
                desk.read(poll)
            assert letter == b"H" or "monitor: asked '" in str(caught.value)
        return desk.read("sensors")

    refused = sycon_answer(letter)
    answer = talk(driver, [*opening, (K2, refused), (pack(b"V"), refused), step("sensors_2")], do)
    assert plain(answer) == flat(V["sensors_2"].values, (1, 2))


def test_a_damaged_request_is_a_matter_of_the_link() -> None:
    assert issubclass(sqc.RequestDamaged, LinkError)
    assert issubclass(Restarted, InstrumentError)


def test_answers_may_come_in_any_chunks() -> None:
    request, answer = step("sensors_2")
    for way, chunks in in_every_way(answer, b""):
        driver, opening = monitor()
        assert plain(run(driver, opening, [(request, chunks)], "sensors")) == flat(V["sensors_2"].values, (1, 2)), way


# --- noise ----------------------------------------------------------------------------------------------------------


def _noise_gives_no_reading(chunks: list[bytes]) -> None:
    driver = InficonSqc310("monitor", {})
    link = LoopbackLink("line", Conversation([(K2, chunks)]), VirtualClock())
    with pytest.raises(LinkError):
        driver.polls[0].do(link)


def _streams() -> st.SearchStrategy[list[bytes]]:
    """Noise, also noise that begins like a packet."""
    likely = st.binary(max_size=60).map(lambda tail: b"!" + tail)
    framed = st.binary(min_size=1, max_size=60).map(lambda body: b"!" + bytes((len(body) + 35,)) + b"A" + body)
    return st.lists(st.one_of(st.binary(max_size=80), likely, framed), max_size=4)


@given(_streams())
@settings(max_examples=500, deadline=None)
def test_random_bytes_never_give_a_reading(chunks: list[bytes]) -> None:
    _noise_gives_no_reading(chunks)


@pytest.mark.soak
@given(_streams())
@settings(max_examples=10_000, deadline=None)
def test_random_bytes_never_give_a_reading_soak(chunks: list[bytes]) -> None:
    _noise_gives_no_reading(chunks)
