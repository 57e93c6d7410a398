"""What a simulated instrument looks like from its connector: bytes in, bytes out, each at a time.

A port is driven from outside with the time of day (seconds on the caller's clock, never read here), so the same
instrument serves virtual time in memory and real time on a pty or a socket.
"""

from abc import ABC, abstractmethod
from collections import deque
from math import inf
from types import FunctionType
from typing import Protocol


class Port(Protocol):
    """One connector of a simulated instrument."""

    def write(self, data: bytes, now_s: float) -> None:
        """Bytes have arrived at the instrument; the last of them at `now_s`.

        Any chunking is allowed: one byte at a time, half a command, two commands in one go.
        """

    def take(self, until_s: float) -> tuple[float, bytes] | None:
        """The next answer whose first byte leaves the instrument at or before `until_s`, with that time; else None.

        The line's own speed is not in this time: who carries the bytes adds it.
        """


class WirePort(ABC):
    """Base of the simulated instruments' ports: a queue of answers and the place where wire faults bite.

    A subclass implements `hear` and calls `say`. Wire faults (mute, slow, garbled ...) are set by the bench as
    `self.fault`; while it is None, the path is as short as it can be.
    """

    delay_s: float = 0.002
    """Time the instrument takes from the last byte of a request to the first of its answer; a guess unless a
    subclass cites a source."""

    drives_plant: bool = False
    """Whether `tick` may act on the plant: then it is called before the plant moves on."""

    def __init_subclass__(cls) -> None:
        """Give each kind of instrument its own copy of what every exchange runs through.

        CPython (PEP 659) makes an attribute cheap where it has met one class only. Shared by all instruments, these
        lines met five, and each look cost some 200 instructions more (measured), twenty times in a scan.
        """
        super().__init_subclass__()
        for name in ("write", "take", "say"):
            shared = getattr(cls, name)
            if shared.__qualname__ == f"WirePort.{name}":  # not where an instrument has one of its own
                own = FunctionType(shared.__code__.replace(), shared.__globals__, name)
                own.__qualname__, own.__doc__ = shared.__qualname__, shared.__doc__
                setattr(cls, name, own)

    def __init__(self) -> None:
        self._answers: deque[tuple[float, bytes]] = deque()
        self.fault: WireFault | None = None

    def write(self, data: bytes, now_s: float) -> None:
        """See `Port.write`."""
        fault = self.fault
        if fault is None:
            self.hear(data, now_s)
            return
        heard = fault.on_request(data, now_s)
        if heard is not None:
            self.hear(heard, now_s)

    @property
    def next_answer_s(self) -> float:
        """When the next answer leaves that is queued already; inf when there is none."""
        answers = self._answers
        return answers[0][0] if answers else inf

    def take(self, until_s: float) -> tuple[float, bytes] | None:
        """See `Port.take`."""
        answers = self._answers
        if answers and answers[0][0] <= until_s:
            return answers.popleft()
        return None

    def say(self, data: bytes, now_s: float) -> None:
        """Queue an answer to what was heard at `now_s`."""
        fault = self.fault
        if fault is None:
            self._answers.append((now_s + self.delay_s, data))
            return
        for at_s, chunk in fault.on_answer(data, now_s + self.delay_s):
            self._answers.append((at_s, chunk))

    @abstractmethod
    def hear(self, data: bytes, now_s: float) -> None:
        """Bytes that the instrument's receiver really got."""

    def tick(self, now_s: float) -> None:
        """What the instrument does by itself as time goes on; called by the bench at every step of its time."""
        return

    @abstractmethod
    def with_wrong_check(self, answer: bytes) -> bytes:
        """`answer` with its check damaged the way this protocol would notice; the rest as it was.

        Where a protocol has no check, a character is changed so that the answer cannot be taken for a good one.
        """

    def restart(self, now_s: float) -> None:
        """Power off and on again: volatile settings and half-received requests are gone, queued answers too."""
        self._answers.clear()


class WireFault(Protocol):
    """A fault on one link, between the connector and the instrument."""

    def on_request(self, data: bytes, now_s: float) -> bytes | None:
        """What of `data` reaches the instrument; None for nothing."""

    def on_answer(self, data: bytes, at_s: float) -> list[tuple[float, bytes]]:
        """The chunks, each with its time, that really leave for an answer meant for `at_s`."""
