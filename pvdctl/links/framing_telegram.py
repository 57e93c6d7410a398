"""Framing of the Pfeiffer Vacuum protocol: telegrams of text with a sum of three digits and a carriage return.

    aaa A0 nnn ll d...d ccc CR      without the blanks; aaa address, A action, nnn parameter, ll length of the data

`ccc` is the sum of the codes of all characters before it, modulo 256. Source: Pfeiffer Vacuum TC 400 operating
manual, chapter "Pfeiffer Vacuum protocol for RS-485".
"""

from pvdctl.errors import BadFrame, Bug

SHORTEST, LONGEST = 14, 113
"""Telegram lengths with carriage return: 13 characters and CR for no data, up to 99 bytes of data."""


def pack(address: int, action: str, parameter: int, data: str) -> bytes:
    """A whole telegram. address 0..999, action "00" query or "10" command, parameter 0..999."""
    if not (0 <= address <= 999 and 0 <= parameter <= 999 and len(data) <= 99 and action in ("00", "10")):
        raise Bug(f"no telegram for address {address}, action {action!r}, parameter {parameter}, data {data!r}")
    text = f"{address:03d}{action}{parameter:03d}{len(data):02d}{data}".encode("ascii")
    return b"%s%03d\r" % (text, sum(text) & 0xFF)


class TelegramFraming:
    """`links.link.Framing` of telegrams; gives the telegram without sum and carriage return, both checked."""

    __slots__ = ()

    def take(self, buffer: bytearray) -> bytes | None:
        """See `Framing.take`."""
        at = buffer.find(b"\r")
        if at < 0:
            if len(buffer) > LONGEST:
                self._refuse(buffer, len(buffer), f"no carriage return within {LONGEST} bytes")
            return None
        if at < SHORTEST - 1:
            self._refuse(buffer, at + 1, "telegram too short")
        body = bytes(buffer[: at - 3])
        if buffer[at - 3 : at] != b"%03d" % (sum(body) & 0xFF):
            self._refuse(buffer, at + 1, "wrong checksum")
        if body[8:10] != b"%02d" % (at - 13):
            self._refuse(buffer, at + 1, "length field does not fit the data")
        del buffer[: at + 1]
        return body

    @staticmethod
    def _refuse(buffer: bytearray, length: int, why: str) -> None:
        bad = bytes(buffer[:length])
        del buffer[:length]
        raise BadFrame(why, bad)
