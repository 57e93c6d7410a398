"""The three framings: every way bytes can arrive, and nothing believed that is damaged."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.errors import BadFrame, Bug
from pvdctl.links import framing_sycon, framing_telegram
from pvdctl.links.framing_lines import LONGEST_LINE, LineFraming
from pvdctl.links.framing_sycon import SyconFraming
from pvdctl.links.framing_telegram import TelegramFraming
from pvdctl.links.link import Framing
from tests.wire import in_every_way, vectors


def sycon_answer(payload: bytes) -> bytes:
    """An answer packet with a CRC reckoned bit by bit, as the manual describes it (P1C p. 94)."""
    body = bytes((len(payload) + 35,)) + payload
    register = 0x3FFF
    for byte in body:
        register ^= byte
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0x2001
    return b"!" + body + bytes(((register & 0x7F) + 34, (register >> 7 & 0x7F) + 34))


def telegram(body: bytes) -> bytes:
    return body + f"{sum(body) % 256:03d}\r".encode()


CASES: list[tuple[str, Framing, bytes, bytes]] = [
    ("sycon", SyconFraming(), sycon_answer(b"A0.00 0.000 5987654.32"), b"A0.00 0.000 5987654.32"),
    ("sycon, odd", SyconFraming(), sycon_answer(b"A0"), b"A0"),
    ("sycon, status only", SyconFraming(), sycon_answer(b"A"), b"A"),
    ("lines LF", LineFraming(b"\n"), b"+1.0E+00\n", b"+1.0E+00"),
    ("lines LF, CR before it", LineFraming(b"\n"), b"+1.0E+00\r\n", b"+1.0E+00"),
    ("lines CR LF", LineFraming(b"\r\n"), b"0,+8.3400E-03\r\n", b"0,+8.3400E-03"),
    ("lines CR", LineFraming(b"\r"), b"OK\r", b"OK"),
    ("telegram", TelegramFraming(), telegram(b"0011030906000633"), b"0011030906000633"),
]


@pytest.mark.parametrize(("framing", "frame", "carries"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_frame_is_found_whichever_way_it_arrives(framing: Framing, frame: bytes, carries: bytes) -> None:
    for way, chunks in in_every_way(frame, frame):
        buffer = bytearray()
        found = []
        for chunk in chunks:
            buffer += chunk
            while (got := framing.take(buffer)) is not None:
                found.append(got)
        wanted = 2 if way == "glued to the next" else 1
        assert found == [carries] * wanted, way
        assert bytes(buffer) == (frame[:2] if way == "with the start of the next" else b""), way


@pytest.mark.parametrize(("framing", "frame"), [c[1:3] for c in CASES], ids=[c[0] for c in CASES])
def test_a_part_of_a_frame_is_never_an_answer(framing: Framing, frame: bytes) -> None:
    for length in range(len(frame)):
        if frame[:length].endswith(b"\r") and frame.endswith(b"\r\n") and framing is CASES[6][1]:
            continue
        assert framing.take(bytearray(frame[:length])) is None, length


def test_the_requests_are_those_of_the_vectors() -> None:
    for name, vector in vectors("sqc310").items():
        if name not in ("bad_crc", "no_crc"):
            assert framing_sycon.pack(vector.request[2:-2]) == vector.request, name


def test_every_answer_of_the_vectors_is_taken() -> None:
    framings: dict[str, Framing] = {
        "sqc310": SyconFraming(),
        "scpi_supply": LineFraming(b"\n"),
        "pfeiffer_tpg36x": LineFraming(b"\r\n"),
        "pfeiffer_tc400": TelegramFraming(),
    }
    for kind, framing in framings.items():
        for name, vector in vectors(kind).items():
            if vector.answer is not None:
                taken = framing.take(bytearray(vector.answer))
                assert taken is not None, (kind, name)
                assert taken in vector.answer, (kind, name)


# --- Sycon ----------------------------------------------------------------------------------------------------------


@given(st.binary(min_size=1, max_size=220))
def test_sycon_agrees_with_the_bitwise_crc(payload: bytes) -> None:
    assert SyconFraming().take(bytearray(sycon_answer(payload))) == payload


@given(st.text(st.characters(min_codepoint=34, max_codepoint=126), min_size=1, max_size=221))
def test_sycon_requests_carry_the_bitwise_crc(message: str) -> None:
    packet = framing_sycon.pack(message.encode("ascii"))
    body = packet[1:-2]
    assert body[0] == len(message) + 34
    shifted = sycon_answer(body[1:])
    register = framing_sycon.crc(body)
    assert packet[-2:] == bytes(((register & 0x7F) + 34, (register >> 7) + 34))
    assert framing_sycon.crc(shifted[1:-2]) == (shifted[-2] - 34) | (shifted[-1] - 34) << 7


@given(st.text(st.characters(min_codepoint=34, max_codepoint=126), min_size=1, max_size=80), st.data())
def test_sycon_finds_any_single_flipped_bit(text: str, data: st.DataObject) -> None:
    frame = bytearray(sycon_answer(text.encode("ascii")))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        taken = SyconFraming().take(frame)
    except BadFrame:
        return
    assert taken is None


def test_sycon_drops_noise_before_the_sync() -> None:
    buffer = bytearray(b"\x00\xffnoise" + sycon_answer(b"A4"))
    assert SyconFraming().take(buffer) == b"A4"
    assert not buffer


@pytest.mark.parametrize(
    "bad",
    [
        b"!\x23",  # says that it has no status
        b"!\xff",  # says that 220 bytes follow, and the next packet comes instead
        b"!!",
        sycon_answer(b"A4")[:-1],
        sycon_answer(b"A4")[:-1] + b"x",
        sycon_answer(b"A4")[:3],
    ],
)
def test_sycon_keeps_the_packet_that_follows_a_bad_one(bad: bytes) -> None:
    framing = SyconFraming()
    buffer = bytearray(bad + sycon_answer(b"A2"))
    refusals = 0
    while True:
        try:
            taken = framing.take(buffer)
        except BadFrame:
            refusals += 1
            continue
        break
    assert taken == b"A2"
    assert refusals >= 1


def test_sycon_says_that_a_message_cannot_be_sent() -> None:
    for message in (b"", b"A!", b"x" * 222):
        with pytest.raises(Bug, match="1 to 221 bytes"):
            framing_sycon.pack(message)


# --- lines ----------------------------------------------------------------------------------------------------------


def test_a_stream_without_line_ends_is_refused() -> None:
    buffer = bytearray(b"x" * (LONGEST_LINE + 1))
    with pytest.raises(BadFrame, match="no line end"):
        LineFraming(b"\n").take(buffer)
    assert not buffer


# --- telegrams ------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=120))
@settings(max_examples=300)
def test_random_bytes_are_no_telegram(noise: bytes) -> None:
    framing, buffer = TelegramFraming(), bytearray(noise)
    while b"\r" in buffer:
        try:
            taken = framing.take(buffer)
        except BadFrame:
            continue
        assert taken is not None
        assert telegram(taken) in noise


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"0011030906000633033\r", "wrong checksum"),
        (b"0011030906000634032\r", "wrong checksum"),
        (telegram(b"0011030907000633"), "length field"),
        (b"0011\r", "too short"),
        (b"9" * 120, "no carriage return"),
    ],
)
def test_a_damaged_telegram_is_refused_and_gone(bad: bytes, why: str) -> None:
    buffer = bytearray(bad)
    with pytest.raises(BadFrame, match=why):
        TelegramFraming().take(buffer)
    assert not buffer


def test_telegrams_are_those_of_the_vectors() -> None:
    for name, vector in vectors("pfeiffer_tc400").items():
        text = vector.request.decode("ascii")
        packed = framing_telegram.pack(int(text[:3]), text[3:5], int(text[5:8]), text[10:-4])
        assert packed == vector.request, name


@pytest.mark.parametrize("what", [(1000, "00", 1, ""), (1, "11", 1, ""), (1, "00", -1, ""), (1, "10", 1, "x" * 100)])
def test_a_telegram_that_cannot_be_is_a_bug(what: tuple[int, str, int, str]) -> None:
    with pytest.raises(Bug, match="no telegram"):
        framing_telegram.pack(*what)
