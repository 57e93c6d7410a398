"""Faults of a cable: what may happen to requests and answers between connector and instrument.

Each is a `simulators.port.WireFault`. A fault bites until it is taken away, or a number of `times`; without limit
unless told. Chance comes from a `random.Random` given by the caller, so that one fault does not shift another's dice.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from simulators.port import WireFault, WirePort

Answer = list[tuple[float, bytes]]


class _Bite(ABC):
    """Requests pass; the first `times` answers are spoilt by `spoil`, the others pass."""

    def __init__(self, times: float) -> None:
        self._left = times

    def on_request(self, data: bytes, now_s: float) -> bytes | None:
        """See `WireFault.on_request`."""
        return data

    def on_answer(self, data: bytes, at_s: float) -> Answer:
        """See `WireFault.on_answer`."""
        if self._left <= 0.0:
            return [(at_s, data)]
        self._left -= 1.0
        return self.spoil(data, at_s)

    @abstractmethod
    def spoil(self, data: bytes, at_s: float) -> Answer:
        """What becomes of an answer."""


class Mute:
    """Nothing gets through, in either direction: cable out, or the instrument off."""

    def on_request(self, data: bytes, now_s: float) -> bytes | None:
        """See `WireFault.on_request`."""
        return None

    def on_answer(self, data: bytes, at_s: float) -> Answer:
        """See `WireFault.on_answer`."""
        return []


class NoAnswer(_Bite):
    """The request is heard and obeyed, its answer is lost."""

    def spoil(self, data: bytes, at_s: float) -> Answer:
        """See `_Bite.spoil`."""
        return []


class Late(_Bite):
    """Answers come `by_s` later: less than the link's deadline is slow, more is late."""

    def __init__(self, times: float, by_s: float) -> None:
        super().__init__(times)
        self._by_s = by_s

    def spoil(self, data: bytes, at_s: float) -> Answer:
        """See `_Bite.spoil`."""
        return [(at_s + self._by_s, data)]


class Garbled(_Bite):
    """Bits of answers flip, each with probability `share`, and at least one in each answer."""

    def __init__(self, times: float, share: float, dice: Random) -> None:
        super().__init__(times)
        self._share = share
        self._dice = dice

    def spoil(self, data: bytes, at_s: float) -> Answer:
        """See `_Bite.spoil`."""
        bits = 8 * len(data)
        flips = {self._dice.randrange(bits)} | {bit for bit in range(bits) if self._dice.random() < self._share}
        spoilt = bytearray(data)
        for bit in flips:
            spoilt[bit // 8] ^= 1 << bit % 8
        return [(at_s, bytes(spoilt))]


class WrongCheck(_Bite):
    """The check of the answer is wrong; without a check in the protocol, the answer is no good one any more."""

    def __init__(self, times: float, port: WirePort) -> None:
        super().__init__(times)
        self._port = port

    def spoil(self, data: bytes, at_s: float) -> Answer:
        """See `_Bite.spoil`."""
        return [(at_s, self._port.with_wrong_check(data))]


class Half(_Bite):
    """The second half of the answer never comes."""

    def spoil(self, data: bytes, at_s: float) -> Answer:
        """See `_Bite.spoil`."""
        return [(at_s, data[: len(data) // 2])]


class Twice(_Bite):
    """The answer comes twice, the second time `after_s` later."""

    def __init__(self, times: float, after_s: float) -> None:
        super().__init__(times)
        self._after_s = after_s

    def spoil(self, data: bytes, at_s: float) -> Answer:
        """See `_Bite.spoil`."""
        return [(at_s, data), (at_s + self._after_s, data)]


class ExtraBytes(_Bite):
    """`count` bytes of noise before and after the answer."""

    def __init__(self, times: float, count: int, dice: Random) -> None:
        super().__init__(times)
        self._count = count
        self._dice = dice

    def spoil(self, data: bytes, at_s: float) -> Answer:
        """See `_Bite.spoil`."""
        return [(at_s, self._dice.randbytes(self._count) + data + self._dice.randbytes(self._count))]


class Several:
    """More than one fault on a link: requests and answers go through all of them, the oldest fault first."""

    def __init__(self, faults: tuple[WireFault, ...]) -> None:
        self._faults = faults

    def on_request(self, data: bytes, now_s: float) -> bytes | None:
        """See `WireFault.on_request`."""
        heard: bytes | None = data
        for fault in self._faults:
            if heard is not None:
                heard = fault.on_request(heard, now_s)
        return heard

    def on_answer(self, data: bytes, at_s: float) -> Answer:
        """See `WireFault.on_answer`."""
        chunks = [(at_s, data)]
        for fault in self._faults:
            chunks = [spoilt for due_s, chunk in chunks for spoilt in fault.on_answer(chunk, due_s)]
        return chunks


@dataclass(frozen=True, slots=True)
class WireFaultKind:
    """One entry of the menu: what it does, its arguments with their defaults, and how it is made."""

    description: str
    defaults: Mapping[str, float]
    make: Callable[[WirePort, Mapping[str, float], Random], WireFault]


_EVERY = {"times": float("inf")}
RESTART = "restart"
"""Also restarts the instrument, which a fault on the cable cannot: the bench does it."""

WIRE_FAULTS: Mapping[str, WireFaultKind] = {
    "mute": WireFaultKind("nothing is heard and nothing answered", {}, lambda port, a, dice: Mute()),
    "no_answer": WireFaultKind("obeyed, but the answer is lost", _EVERY, lambda port, a, dice: NoAnswer(a["times"])),
    "no_answer_once": WireFaultKind(
        "obeyed, one answer is lost", {"times": 1.0}, lambda port, a, d: NoAnswer(a["times"])
    ),
    "slow": WireFaultKind(
        "answers come `by` later, still in time", {"by": 0.1, **_EVERY}, lambda port, a, dice: Late(a["times"], a["by"])
    ),
    "late_answer": WireFaultKind(
        "answers come `by` later, after the deadline",
        {"by": 2.0, **_EVERY},
        lambda port, a, dice: Late(a["times"], a["by"]),
    ),
    "garbled": WireFaultKind(
        "bits of answers flip, each with probability `share`, one at least",
        {"share": 0.01, **_EVERY},
        lambda port, a, dice: Garbled(a["times"], a["share"], dice),
    ),
    "wrong_checksum": WireFaultKind(
        "the check of answers is wrong (where there is none, the text is no value)",
        _EVERY,
        lambda port, a, dice: WrongCheck(a["times"], port),
    ),
    "half_answer": WireFaultKind("answers stop half way", _EVERY, lambda port, a, dice: Half(a["times"])),
    "duplicated_answer": WireFaultKind(
        "answers come again `after`", {"after": 0.001, **_EVERY}, lambda port, a, dice: Twice(a["times"], a["after"])
    ),
    "extra_bytes": WireFaultKind(
        "`count` bytes of noise before and after answers",
        {"count": 3.0, **_EVERY},
        lambda port, a, dice: ExtraBytes(a["times"], int(a["count"]), dice),
    ),
    RESTART: WireFaultKind(
        "power off and on: volatile settings are lost, and nothing is heard for `boot`",
        {"boot": 2.0},
        lambda port, a, dice: Mute(),
    ),
}
"""Menu of wire faults. Arguments are numbers, times in s; the defaults are choices of this project."""
