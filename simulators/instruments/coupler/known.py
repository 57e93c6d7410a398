"""Frames that a simulated coupler has met before: a host asks for the same bits ten times a second."""

from collections.abc import Callable

LENGTH_OF_READS = 12
"""Bytes of a frame with function 1 or 2: header 7, function 1, first bit 2, count 2."""


class KnownRead:
    """A read met before: everything behind the transaction number of its answer, as of the image last shown."""

    __slots__ = ("_first", "_head", "_mask", "_size", "answer", "image", "shown")

    def __init__(self, head: bytes, image: Callable[[], int], first: int, count: int) -> None:
        self.image = image
        self._head = head
        self._first = first
        self._mask = (1 << count) - 1
        self._size = (count + 7) // 8
        self.show(image())

    def show(self, image: int) -> None:
        """Write the answer for another image."""
        self.shown = image
        self.answer = self._head + (image >> self._first & self._mask).to_bytes(self._size, "little")


class KnownWrite:
    """A write met before: its frame's length, and everything behind the transaction number of its answer.

    kept: which outputs it leaves as they are, as a mask.
    """

    __slots__ = ("_first", "_mask", "answer", "kept", "length")

    def __init__(self, answer: bytes, length: int, first: int, count: int) -> None:
        self.answer = answer
        self.length = length
        self._first = first
        self._mask = (1 << count) - 1
        self.kept = ~(self._mask << first)

    def bits(self, frame: bytes) -> int:
        """The outputs it switches on, as a mask."""
        return (int.from_bytes(frame[13:], "little") & self._mask) << self._first
