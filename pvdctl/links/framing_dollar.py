"""Framing of TDK-Lambda's text lines: CR at the end, and if wanted a checksum before it.

    TEXT CR      or      TEXT $ hh CR

hh: sum of the characters of TEXT modulo 256, two hexadecimal digits. An instrument that was asked with a checksum
answers with one. Source: TDK-Lambda Genesys user manual, chapter on serial communication, which has the optional
checksum; that it is this sum is to be compared with the first real unit (setting `checksum: false` does without).
"""

from pvdctl.errors import BadFrame

LONGEST_LINE = 256
"""Bytes without CR after which a stream counts as garbage: the longest answer known, STT?, has some 80. A choice."""


def pack(text: str, *, checksum: bool) -> bytes:
    """`text` as it goes over the line."""
    line = text.encode("ascii")
    if checksum:
        line += b"$%02X" % (sum(line) & 0xFF)
    return line + b"\r"


class DollarFraming:
    """`links.link.Framing` of such lines; gives TEXT, checked where `checksum` is set."""

    __slots__ = ("_checksum",)

    def __init__(self, *, checksum: bool) -> None:
        self._checksum = checksum

    def take(self, buffer: bytearray) -> bytes | None:
        """See `Framing.take`."""
        at = buffer.find(b"\r")
        if at < 0:
            if len(buffer) > LONGEST_LINE:
                bad = bytes(buffer)
                buffer.clear()
                raise BadFrame(f"no line end within {LONGEST_LINE} bytes", bad)
            return None
        line = bytes(buffer[:at])
        del buffer[: at + 1]
        if not self._checksum:
            return line
        text, dollar, said = line[:-3], line[-3:-2], line[-2:]
        if dollar != b"$" or said.upper() != b"%02X" % (sum(text) & 0xFF):
            raise BadFrame("wrong or missing checksum", line)
        return text
