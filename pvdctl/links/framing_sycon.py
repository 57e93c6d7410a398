"""Framing of INFICON's Sycon family (SQC-310, SQM-160): sync, length, message, 14-bit CRC.

    request  '!'  LEN + 34  MESSAGE       CRC1 CRC2
    answer   '!'  LEN + 35  STATUS DATA   CRC1 CRC2

LEN counts MESSAGE, or STATUS and DATA; the CRC covers the length byte and what LEN counts. Neither length nor CRC
bytes can be 0x21, so `!` is a safe place to start again. Source: INFICON SQC-310 operating manual PN 074-550-P1C
p. 93-95; IPN 074-550-P1B p. 81-82 prints the length byte as left out of the CRC, which its own example `@` disproves.
"""

from __future__ import annotations

import functools
import struct
from array import array

from pvdctl.errors import BadFrame, Bug

SYNC = 0x21
COMMAND_OFFSET = 34
ANSWER_OFFSET = 35
LONGEST_ANSWER = 255 - ANSWER_OFFSET
"""Most STATUS and DATA bytes: the length is one byte (P1C p. 95)."""

_POLY = 0x2001  # x^14 + x^13 + 1, reads the same in both directions (P1C p. 94)
_INIT = 0x3FFF
_WORDS = tuple(struct.Struct(f"<{n}H").unpack_from for n in range(128))


@functools.cache
def _tables() -> tuple[list[int], array[int]]:
    """Tables for one byte and for two bytes at a time.

    The register has 14 bits, so after 16 shifts nothing of it is left but what the table says: with the register XORed
    with two bytes, the next register is one look-up in 65,536. Built on first use, some 5 ms.
    """
    one = []
    for byte in range(256):
        register = byte
        for _ in range(8):
            register = (register >> 1) ^ _POLY if register & 1 else register >> 1
        one.append(register)
    # The CRC is linear: the pair (low, high) is the XOR of what each does alone.
    low_alone = [(first >> 8) ^ one[first & 0xFF] for first in one]
    # 128 kB in one piece: as a list of objects it was 2 MB, and missed the processor's cache at every step.
    return one, array("H", [high ^ low for high in one for low in low_alone])


def crc(covered: bytes) -> int:
    """The 14-bit register after `covered` (length byte and what it counts)."""
    one, two = _tables()
    register = _INIT
    pairs = len(covered) >> 1
    for word in struct.unpack_from(f"<{pairs}H", covered):
        register = two[register ^ word]
    if len(covered) & 1:
        register = (register >> 8) ^ one[(register ^ covered[-1]) & 0xFF]
    return register


def _crc_bytes(covered: bytes) -> bytes:
    register = crc(covered)
    return bytes(((register & 0x7F) + 34, (register >> 7) + 34))


def pack(message: bytes) -> bytes:
    """The whole request for `message` (plain ASCII, 1..221 bytes, without `!`)."""
    if not 1 <= len(message) <= 255 - COMMAND_OFFSET or SYNC in message:
        raise Bug(f"a Sycon message has 1 to 221 bytes and no '!', this is {message!r}")
    body = bytes((len(message) + COMMAND_OFFSET,)) + message
    return b"!" + body + _crc_bytes(body)


class SyconFraming:
    """`links.link.Framing` of answers: gives STATUS and DATA, checked.

    Bytes before a `!` are noise and dropped without a word: the CRC judges what follows. A packet cut short by the
    `!` of the next is a bad frame; the next one is kept.
    """

    __slots__ = ("_one", "_two")

    def __init__(self) -> None:
        self._one: list[int] = []
        self._two: array[int] | None = None

    def take(self, buffer: bytearray) -> bytes | None:
        """See `Framing.take`. Costs about 1.5 us for 60 bytes: the monitor is asked ten times a second."""
        if not buffer:
            return None
        if buffer[0] != SYNC:
            at = buffer.find(b"!")
            if at < 0:
                buffer.clear()
                return None
            del buffer[:at]
        if len(buffer) < 2:
            return None
        counted = buffer[1] - ANSWER_OFFSET
        if counted < 1:
            self._refuse(buffer, "length byte too small")
        if len(buffer) < counted + 4:
            # A `!` inside what has come so far means that the rest of this packet is lost.
            if buffer.find(b"!", 1) > 0:
                self._refuse(buffer, "cut short by the next packet")
            return None
        two = self._two
        if two is None:
            self._one, two = _tables()
            self._two = two
        # Length byte and payload are counted + 1 bytes. With an odd number, the last one is done by hand below.
        register = _INIT
        for word in _WORDS[(counted + 1) >> 1](buffer, 1):
            register = two[register ^ word]
        if not counted & 1:
            register = (register >> 8) ^ self._one[(register ^ buffer[counted + 1]) & 0xFF]
        if buffer[counted + 2] != (register & 0x7F) + 34 or buffer[counted + 3] != (register >> 7) + 34:
            self._refuse(buffer, "wrong checksum")
        payload = bytes(buffer[2 : counted + 2])
        del buffer[: counted + 4]
        return payload

    @staticmethod
    def _refuse(buffer: bytearray, why: str) -> None:
        """Drop the bad packet up to the next `!` (all there is, if none follows) and raise."""
        following = buffer.find(b"!", 1)
        length = len(buffer) if following < 0 else following
        bad = bytes(buffer[:length])
        del buffer[:length]
        raise BadFrame(why, bad)
