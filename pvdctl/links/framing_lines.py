"""Framing of text lines: what comes before a line end is one answer (SCPI supplies, gauge controllers)."""

from pvdctl.errors import BadFrame

LONGEST_LINE = 1024
"""Bytes without a line end after which a stream counts as garbage: the longest answer known here, six gauge
channels, has some 90. A project choice."""


class LineFraming:
    """`links.link.Framing` of lines that end with `end`; gives the line without it.

    end: LF, CR LF or CR as bytes. With LF, a carriage return before it is dropped as well, so that an instrument set
    to CR LF is understood. Checks no more than the end: text has no checksum; the driver judges it.
    """

    __slots__ = ("_end", "_length", "_strip_cr")

    def __init__(self, end: bytes) -> None:
        self._end = end
        self._length = len(end)
        self._strip_cr = end == b"\n"

    def take(self, buffer: bytearray) -> bytes | None:
        """See `Framing.take`."""
        at = buffer.find(self._end)
        if at < 0:
            if len(buffer) > LONGEST_LINE:
                bad = bytes(buffer)
                buffer.clear()
                raise BadFrame(f"no line end within {LONGEST_LINE} bytes", bad)
            return None
        line = bytes(buffer[:at])
        del buffer[: at + self._length]
        if self._strip_cr and line[-1:] == b"\r":
            return line[:-1]
        return line
