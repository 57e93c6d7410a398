"""Frames that a simulated coupler has met before: a host asks for the same bits ten times a second."""

from collections.abc import Callable


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
