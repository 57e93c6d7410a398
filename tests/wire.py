"""What tests of the wire share: the vectors, scripted conversations, and every way bytes can arrive."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML

from pvdctl.clock import VirtualClock
from pvdctl.instrument.driver import Driver
from pvdctl.instrument.poll import Act, Answer, Poll
from pvdctl.links.loopback import LoopbackLink
from pvdctl.links.modbus_loopback import ModbusLoopbackLink

VECTORS = Path(__file__).parent / "vectors"


@dataclass(frozen=True)
class Vector:
    """One fact: these bytes mean this."""

    name: str
    request: bytes
    answer: bytes | None
    meaning: str
    source: str
    origin: str
    values: dict[str, Any] = field(default_factory=dict)
    after: str | None = None
    state: str | None = None


@cache
def vectors(kind: str) -> dict[str, Vector]:
    """All vectors of `tests/vectors/<kind>.yaml` by name."""
    found: dict[str, Vector] = {}
    for entry in YAML(typ="safe", pure=True).load((VECTORS / f"{kind}.yaml").read_text()):
        entry["request"] = bytes.fromhex(entry["request"])
        if entry["answer"] is not None:
            entry["answer"] = bytes.fromhex(entry["answer"])
        vector = Vector(**entry)
        assert vector.name not in found, f"{kind}: two vectors are named {vector.name}"
        assert vector.origin in ("manual", "capture", "derived"), vector
        assert vector.source, vector
        found[vector.name] = vector
    return found


class Conversation:
    """A scripted far end: wants exactly these requests, in this order, and gives these answers.

    An answer is bytes, None (silence) or several chunks. `finish` fails when something was not asked or not read.
    """

    def __init__(self, steps: Sequence[tuple[bytes, bytes | Sequence[bytes] | None]], delay_s: float = 0.002) -> None:
        self.steps = deque(steps)
        self.delay_s = delay_s
        self.heard = b""
        self.answers: deque[tuple[float, bytes]] = deque()

    def write(self, data: bytes, now_s: float) -> None:
        self.heard += data
        assert self.steps, f"nothing more was expected, heard {data!r}"
        request, answer = self.steps[0]
        if len(self.heard) < len(request) and request.startswith(self.heard):
            return
        assert self.heard == request, f"expected {request!r}, heard {self.heard!r}"
        self.heard = b""
        self.steps.popleft()
        for chunk in (answer,) if isinstance(answer, bytes) else answer or ():
            self.answers.append((now_s + self.delay_s, chunk))

    def take(self, until_s: float) -> tuple[float, bytes] | None:
        if self.answers and self.answers[0][0] <= until_s:
            return self.answers.popleft()
        return None

    def finish(self) -> None:
        assert not self.steps, f"never asked: {list(self.steps)}"
        assert not self.answers, f"never read: {list(self.answers)}"
        assert not self.heard, f"half a request: {self.heard!r}"


class Desk:
    """A driver with a link to a far end, and no worker: acts are run by hand."""

    def __init__(self, driver: Driver, port: Any) -> None:
        self.driver = driver
        self.port = port
        self.clock = VirtualClock()
        self.posted: list[Act] = []
        kind = ModbusLoopbackLink if driver.SPEAKS == "modbus" else LoopbackLink
        self.link: Any = kind("line", port, self.clock)
        driver.attach(self)

    def post(self, act: Act) -> None:
        self.posted.append(act)

    def poll(self, name: str) -> Poll:
        return next(poll for poll in self.driver.polls if poll.name == f"{self.driver.name}.{name}")

    def read(self, name: str) -> Answer:
        """Run a poll."""
        return self.poll(name).do(self.link)

    def perform(self, act: Act) -> None:
        """Run an act that was posted."""
        assert act in self.posted
        act.do(self.link)


def talk(
    driver: Driver, steps: Sequence[tuple[bytes, bytes | Sequence[bytes] | None]], do: Callable[[Desk], Any]
) -> Any:
    """Run `do` over a scripted conversation, all of which must take place; what `do` returns."""
    port = Conversation(steps)
    desk = Desk(driver, port)
    result = do(desk)
    port.finish()
    return result


AnyDriver = TypeVar("AnyDriver", bound=Driver)


def perform(
    driver: AnyDriver,
    ask: Callable[[AnyDriver], Act],
    *steps: tuple[bytes, bytes | Sequence[bytes] | None],
) -> Act:
    """The act that `ask` asks for, run over a scripted conversation, all of which must take place."""
    acts: list[Act] = []

    def do(desk: Desk) -> None:
        acts.append(ask(driver))
        desk.perform(acts[0])

    talk(driver, steps, do)
    return acts[0]


def in_every_way(frame: bytes, following: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """The ways in which one whole frame can arrive, as chunks."""
    yield "whole", [frame]
    yield "byte by byte", [frame[i : i + 1] for i in range(len(frame))]
    yield "two halves", [frame[: len(frame) // 2], frame[len(frame) // 2 :]]
    yield "glued to the next", [frame + following]
    yield "with the start of the next", [frame + following[:2]]
    yield "last byte late", [frame[:-1], frame[-1:]]
