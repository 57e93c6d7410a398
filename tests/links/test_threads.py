"""Workers on threads: nothing passes the gate before its scan is on record, and nobody waits for a hung port."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pvdctl.clock import RealClock, sleep_s
from pvdctl.errors import NoAnswer
from pvdctl.instrument.driver import Driver, Identity
from pvdctl.instrument.poll import DONE, FAILED, SAFE, WAITING, Act, Answer, Poll
from pvdctl.instrument.tag import Tag
from pvdctl.links import threads
from pvdctl.links.health import health
from pvdctl.links.threads import ThreadedSchedule
from pvdctl.links.worker import Worker


class Wire:
    """A link that answers at once, unless it is told to hang."""

    def __init__(self) -> None:
        self.name = "line"
        self.exchanges = 0
        self.hangs = threading.Event()
        self.goes_on = threading.Event()
        self.closed = 0

    def exchange(self, request: bytes) -> bytes:
        if self.hangs.is_set():
            self.goes_on.wait(20.0)
        self.exchanges += 1
        return request

    def drain(self, quiet_s: float) -> bytes:
        return b""

    def open(self) -> None:
        return

    def close(self) -> None:
        self.closed += 1


class Echo(Driver):
    """One reading, ten times a second."""

    def __init__(self, name: str = "echo") -> None:
        super().__init__(name, {})
        self.value = Tag(f"{name}.value", "")
        self.polls = [Poll(f"{name}.value", (self.value,), self.read, 0.05)]
        self.done: list[str] = []

    def identify(self, link: Any) -> Identity:
        link.exchange(b"who")
        return Identity("echo")

    def read(self, link: Any) -> Answer:
        link.exchange(b"value")
        return (float(link.exchanges),)

    def act(self, name: str, **more: Any) -> Act:
        def do(link: Any) -> None:
            link.exchange(name.encode())
            self.done.append(name)

        return self.post(name, do, **more)


@contextmanager
def running(driver: Driver, wire: Wire) -> Iterator[ThreadedSchedule]:
    clock = RealClock()
    schedule = ThreadedSchedule([Worker(wire, [driver], clock)], clock)
    schedule.start()
    try:
        yield schedule
    finally:
        wire.goes_on.set()
        assert schedule.stop(5.0) == []
        assert wire.closed == 1


def within(seconds: float, true: Callable[[], bool]) -> bool:
    clock = RealClock()
    while not true():
        if clock.now_s > seconds:
            return False
        sleep_s(0.002)
    return True


def test_polls_go_on_by_themselves() -> None:
    driver = Echo()
    with running(driver, Wire()) as schedule:
        assert within(5.0, lambda: schedule.workers[0].health.answers >= 5)
        assert driver.polls[0].outcome is not None
        assert driver.polls[0].outcome[2] is None


def test_nothing_passes_before_it_is_released_and_then_in_order() -> None:
    driver = Echo()
    with running(driver, Wire()) as schedule:
        assert within(5.0, lambda: schedule.workers[0].up)
        acts = [driver.act("first"), driver.act("second")]
        sleep_s(0.15)
        assert [act.state for act in acts] == [WAITING, WAITING]
        assert driver.done == []
        schedule.release()
        assert within(5.0, lambda: all(act.state == DONE for act in acts))
        assert driver.done == ["first", "second"]


def test_a_released_act_wakes_the_thread_at_once() -> None:
    driver = Echo()
    driver.polls[0].every_s = 30.0
    with running(driver, Wire()) as schedule:
        assert within(5.0, lambda: schedule.workers[0].health.answers >= 1)
        took_s = []
        for number in range(5):
            act = driver.act(f"act {number}")
            clock = RealClock()
            schedule.release()
            assert within(5.0, lambda act=act: act.state == DONE)
            took_s.append(clock.now_s)
        assert min(took_s) < 0.05, "it would have slept for up to a second"


def test_a_hung_port_is_reported_once_and_left_behind(monkeypatch: Any) -> None:
    monkeypatch.setattr(threads, "HUNG_AFTER_S", 0.1)
    driver, wire = Echo(), Wire()
    clock = RealClock()
    schedule = ThreadedSchedule([Worker(wire, [driver], clock)], clock)
    schedule.start()
    (worker,) = schedule.workers
    assert within(5.0, lambda: worker.health.answers >= 1)
    wire.hangs.set()
    act = driver.act("off", priority=SAFE)
    started = RealClock()
    schedule.release()
    assert started.now_s < 0.5, "the control thread does not wait for a port"
    assert within(5.0, lambda: (schedule.look(), len(worker.notices) > 0)[1])
    schedule.look()
    texts = [text for _, _, text in worker.notices]
    assert len(texts) == 1
    assert "hangs in its port" in texts[0]
    assert schedule.stop(0.2) == ["line"]
    assert act.state == WAITING
    wire.goes_on.set()
    assert schedule.stop(5.0) == []


def test_a_port_that_comes_back_is_told(monkeypatch: Any) -> None:
    monkeypatch.setattr(threads, "HUNG_AFTER_S", 0.1)
    driver, wire = Echo(), Wire()
    with running(driver, wire) as schedule:
        (worker,) = schedule.workers
        assert within(5.0, lambda: worker.health.answers >= 1)
        wire.hangs.set()
        assert within(5.0, lambda: (schedule.look(), len(worker.notices) > 0)[1])
        wire.hangs.clear()
        wire.goes_on.set()
        assert within(5.0, lambda: (schedule.look(), len(worker.notices) > 1)[1])
        assert worker.notices[1][2] == "goes on after having hung"


class Broken(Echo):
    """A driver with a mistake in it."""

    def read(self, link: Any) -> Answer:
        raise ZeroDivisionError("a mistake")


def test_a_mistake_in_a_driver_ends_its_link_and_is_told() -> None:
    driver, wire = Broken(), Wire()
    clock = RealClock()
    schedule = ThreadedSchedule([Worker(wire, [driver], clock)], clock)
    schedule.start()
    (worker,) = schedule.workers
    assert within(5.0, lambda: any("link worker has failed" in text for _, _, text in worker.notices))
    assert not worker.up
    assert schedule.stop(5.0) == []


class Mute(Echo):
    """An instrument that never says who it is."""

    def identify(self, link: Any) -> Identity:
        raise NoAnswer("line", b"who", 0.3)


def test_acts_on_a_lost_instrument_fail_in_time() -> None:
    driver = Mute()
    with running(driver, Wire()) as schedule:
        act = driver.act("on", within_s=0.2)
        schedule.release()
        assert within(5.0, lambda: act.state == FAILED)
        assert "not begun within 0.2 s" in str(act.error)


def test_health_tells_counts_and_ages() -> None:
    driver = Echo()
    with running(driver, Wire()) as schedule:
        (worker,) = schedule.workers
        assert within(5.0, lambda: worker.health.answers >= 3)
        facts = health(worker, 10.0)
        assert facts["link"] == "line"
        assert facts["instruments"] == ["echo"]
        assert facts["up"] is True
        assert facts["answers"] >= 3
        assert facts["time_outs"] == facts["bad_frames"] == facts["reconnects"] == 0
        assert facts["ages_s"] == {"echo.value": None}, "the image has taken nothing yet"
        driver.polls[0].at_s = 9.5
        assert health(worker, 10.0)["ages_s"] == {"echo.value": 0.5}
