"""Where a driver and its simulated twin meet: a plain world that holds what it is told, a bench, a link, a worker."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pvdctl.clock import VirtualClock
from pvdctl.errors import PvdctlError
from pvdctl.instrument.driver import Driver, find
from pvdctl.instrument.poll import Act, Answer, Poll
from pvdctl.instrument.tag import Flaw
from pvdctl.links.loopback import LoopbackLink
from pvdctl.links.modbus_loopback import ModbusLoopbackLink
from pvdctl.links.schedule import VirtualSchedule
from pvdctl.links.worker import Worker
from simulators.bench import Bench, Fitted
from simulators.world import ACTUATORS, SIGNALS

STEP_S = 0.1


@dataclass
class Head:
    """A gauge head: `simulators.world.GaugeSignal`."""

    status: int = 0
    pressure_mbar: float = 1e-6


class PlainWorld:
    """A `simulators.world.World` without physics: readings are what the test sets, commands are kept as they come."""

    def __init__(self) -> None:
        self.driven: dict[str, bool] = {}
        ends = [f"{name}_{end}" for name in ACTUATORS for end in ("opened", "closed")]
        self.signals: dict[str, bool] = dict.fromkeys([*SIGNALS, *ends], False)
        self.volts, self.amps, self.output_on = 0.0, 0.0, False
        self.load_ohm = 0.01
        self.heads = {name: Head() for name in ("full_range", "capacitance", "foreline")}
        self.head_on: dict[str, bool] = {}
        self.turbo_on = False
        self.turbo_hz = 0.0
        self.turbo_word = "000000"
        self.acknowledged = 0
        self.limits_mbar_l_per_s: dict[str, float] = {}
        self.flows_mbar_l_per_s: dict[str, float] = {}
        self.hz = {1: 5_987_654.32, 2: 5_990_000.0}

    def advance(self, now_s: float) -> None: ...

    def drive(self, name: str, on: bool, now_s: float) -> None:
        self.driven[name] = on

    def signal(self, name: str) -> bool:
        return self.signals[name]

    def supply_set(self, supply: str, volts: float, amps: float, on: bool, now_s: float) -> None:
        self.volts, self.amps, self.output_on = volts, amps, on

    def supply_terminals(self, supply: str) -> tuple[float, float, bool]:
        if not self.output_on:
            return 0.0, 0.0, False
        amps = min(self.amps, self.volts / self.load_ohm)
        return amps * self.load_ohm, amps, amps < self.amps

    def gauge(self, name: str) -> Head:
        return self.heads[name]

    def gauge_switch(self, name: str, on: bool, now_s: float) -> None:
        self.head_on[name] = on

    def turbo_drive(self, on: bool, now_s: float) -> None:
        self.turbo_on = on

    def turbo_speed_hz(self) -> float:
        return self.turbo_hz

    def turbo_error(self) -> str:
        return self.turbo_word

    def turbo_acknowledge(self, now_s: float) -> None:
        self.acknowledged += 1

    def gas_limit(self, gas: str, mbar_l_per_s: float, now_s: float) -> None:
        self.limits_mbar_l_per_s[gas] = mbar_l_per_s

    def gas_flow(self, gas: str) -> float:
        return self.flows_mbar_l_per_s.get(gas, self.limits_mbar_l_per_s.get(gas, 0.0))

    def crystal_hz(self, sensor: int, now_s: float) -> float:
        return self.hz[sensor]

    def inject(self, name: str, args: dict[str, float | str], now_s: float) -> None:
        raise AssertionError(f"no plant fault is expected here: {name}")

    def clear(self, name: str, now_s: float) -> None:
        raise AssertionError(f"no plant fault is expected here: {name}")


class Chopped:
    """A line that hands over bytes in pieces of at most `most`, in both directions."""

    def __init__(self, port: Any, most: int) -> None:
        self._port = port
        self._most = most
        self._left: deque[tuple[float, bytes]] = deque()

    def write(self, data: bytes, now_s: float) -> None:
        for start in range(0, len(data), self._most):
            self._port.write(data[start : start + self._most], now_s)

    def take(self, until_s: float) -> tuple[float, bytes] | None:
        if not self._left:
            got = self._port.take(until_s)
            if got is None:
                return None
            at_s, data = got
            self._left.extend((at_s, data[n : n + self._most]) for n in range(0, len(data), self._most))
        return self._left.popleft() if self._left[0][0] <= until_s else None


class Meeting:
    """One driver and its simulated twin, over the loopback link, run by the worker in virtual time.

    simulated: settings of the twin. chop: largest piece in which bytes arrive, in both directions (0 = whole).
    seen: every outcome of every poll, in the order of time.
    """

    def __init__(
        self,
        kind: str,
        settings: Mapping[str, Any],
        simulated: Mapping[str, object] | None = None,
        baud: int = 0,
        seed: int = 1,
        chop: int = 0,
    ) -> None:
        self.world = PlainWorld()
        self.bench = Bench(seed, {"it": Fitted(kind, simulated or {})}, plant=self.world)
        self.clock = VirtualClock()
        self.driver: Driver = find(kind)("it", settings)
        port: Any = self.bench.port("it")
        if chop:
            port = Chopped(port, chop)
        self.link: Any = (
            ModbusLoopbackLink("line", port, self.clock)
            if self.driver.SPEAKS == "modbus"
            else LoopbackLink("line", port, self.clock, baud)
        )
        self.worker = Worker(self.link, [self.driver], self.clock)
        self.schedule = VirtualSchedule([self.worker], self.clock)
        self.seen: list[tuple[Poll, float, Answer | None, Exception | None]] = []
        self.failed_within_s: list[float] = []
        """How long each poll took that failed."""
        for poll in self.driver.polls:
            poll.do = self._timed(poll.do)
        self._known: dict[str, object] = {}

    def _timed(self, do: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
        def timed(link: Any) -> Answer:
            start_s = self.clock.now_s
            try:
                return do(link)
            except PvdctlError:
                self.failed_within_s.append(self.clock.now_s - start_s)
                raise

        return timed

    def run(self, seconds: float, step_s: float = STEP_S) -> None:
        """Let time pass in scans; collect what the polls bring."""
        for _ in range(round(seconds / step_s)):
            until_s = self.clock.now_s + step_s
            self.bench.advance(self.clock.now_s)
            self.schedule.run_until(until_s)
            for poll in self.driver.polls:
                outcome = poll.outcome
                if outcome is not None and outcome is not self._known.get(poll.name):
                    self._known[poll.name] = outcome
                    self.seen.append((poll, *outcome))

    def up(self) -> "Meeting":
        """Run until the instrument is reached and every poll has brought something."""
        self.run(1.0)
        assert self.worker.up, list(self.worker.notices)
        return self

    def settle(self, act: Act, within_s: float = 2.0) -> Act:
        """Run until the act has come to an end; raise what it ended with."""
        ends_s = self.clock.now_s + within_s
        while act.done_s == 0.0 and self.clock.now_s < ends_s:
            self.run(STEP_S)
        assert act.done_s > 0.0, f"{act.name} never came to an end"
        if act.error is not None:
            raise act.error
        return act

    def read(self, poll_name: str) -> Answer:
        """What a poll says when it is done now."""
        poll = next(p for p in self.driver.polls if p.name == f"it.{poll_name}")
        return poll.do(self.link)

    def errors(self) -> list[PvdctlError]:
        """Errors that polls ended with; all of a known family."""
        errors = [error for *_, error in self.seen if error is not None]
        assert all(isinstance(error, PvdctlError) for error in errors), errors
        return [error for error in errors if isinstance(error, PvdctlError)]

    def plain(self) -> dict[str, object]:
        """What each reading says in the newest outcome; the reason instead of the value where it is flawed."""
        found: dict[str, object] = {}
        for poll in self.driver.polls:
            assert poll.outcome is not None, f"{poll.name} never brought anything"
            values = poll.outcome[1]
            assert values is not None, f"{poll.name}: {poll.outcome[2]}"
            for tag, value in zip(poll.tags, values, strict=True):
                found[tag.name] = value.why if isinstance(value, Flaw) else value
        return found
