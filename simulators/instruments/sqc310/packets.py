"""Packets of the SQC-310: finding commands in a stream of bytes, and wrapping answers.

Command: `!`, length + 34, message, two check characters. Answer: the same with length + 35, the first byte of the
message being a status letter. SQC-310 Operating Manual 074-550-P1C, p. 93-95, and 074-550-P1B, p. 81-82 (pages are
those of the file, here and in the other modules of this instrument, unless printed as chapter-page).
"""

from __future__ import annotations

from array import array
from functools import cache
from struct import Struct

SYNC = 0x21
COMMAND_OFFSET = 34
ANSWER_OFFSET = 35
CHECK_OFFSET = 34
LONGEST_ANSWER = 220
"""Most bytes of status and data. The length character ends at 255 and carries 35: 220. The manual's text for status G
says 221; which of the two a real unit means is open."""

_INITIAL = 0x3FFF
_POLYNOMIAL = 0x2001


def _one_byte(register: int) -> int:
    """Shift eight bits through the 14-bit register (P1B p. 82: right shift, XOR 0x2001 after a one)."""
    for _ in range(8):
        register = (register >> 1) ^ _POLYNOMIAL if register & 1 else register >> 1
    return register


_TABLE = tuple(_one_byte(byte) for byte in range(256))
_IN_TWOS = tuple(Struct(f"<{count}H") for count in range(128))


@cache
def _two_bytes() -> array[int]:
    """What two bytes, the first one in the low half of the index, leave in an empty register.

    A register of 14 bits is gone after 16 shifts, so XORed into the index it needs no other treatment. Made when first
    wanted, in 5 ms; as an array it is 128 kB.
    """
    table = _TABLE
    return array("H", [(first >> 8) ^ table[(first ^ second) & 0xFF] for second in range(256) for first in table])


def check_characters(covered: bytes) -> bytes:
    """The two check characters for `covered`: everything from the length character to the last message byte."""
    register = _INITIAL
    after = _two_bytes()
    for two in _IN_TWOS[len(covered) // 2].unpack_from(covered):
        register = after[register ^ two]
    if len(covered) % 2:
        register = (register >> 8) ^ _TABLE[(register ^ covered[-1]) & 0xFF]
    return bytes(((register & 0x7F) + CHECK_OFFSET, (register >> 7 & 0x7F) + CHECK_OFFSET))


def answer_packet(status: str, data: str) -> bytes:
    """An answer as it leaves the instrument; data too long for one packet becomes status G without data."""
    text = f"{status}{data}".encode("latin-1")
    if len(text) > LONGEST_ANSWER:
        text = b"G"
    covered = bytes((len(text) + ANSWER_OFFSET,)) + text
    return b"!" + covered + check_characters(covered)


def checks(packet: bytes) -> bool:
    """Whether a whole command packet passes: right check characters, or two NUL, which switch the check off."""
    return packet.endswith(b"\0\0") or check_characters(packet[1:-2]) == packet[-2:]


class CommandStream:
    """Finds command packets in whatever arrives. A `!` anywhere starts over, so half a packet is dropped by the next.

    There is no time-out between characters: none is documented.
    """

    def __init__(self) -> None:
        self.waiting = b""
        """What has arrived of a packet that is not complete yet."""

    def clear(self) -> None:
        """Forget the half packet."""
        self.waiting = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Packets completed by `data`, from `!` to the second check character, not yet checked."""
        stream = self.waiting + data
        found: list[bytes] = []
        while True:
            start = stream.find(b"!")
            if start < 0:
                self.waiting = b""
                return found
            if start:
                stream = stream[start:]
            if len(stream) < 2:
                break
            size = stream[1] - COMMAND_OFFSET + 4
            again = stream.find(b"!", 1, max(size, 2))
            if again > 0:
                stream = stream[again:]
            elif size < 4:  # a length below zero: no packet starts here
                stream = stream[1:]
            elif len(stream) < size:
                break
            else:
                found.append(stream[:size])
                stream = stream[size:]
        self.waiting = stream
        return found
