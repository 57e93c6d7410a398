"""A world of a few numbers in place of the plant, and ways of talking to a simulated instrument."""

from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

from simulators.port import Port, WirePort
from simulators.world import ACTUATORS, SIGNALS, SWITCHED

VECTORS = Path(__file__).parents[2] / "vectors"


class FakeSignal:
    def __init__(self, pressure_mbar: float, status: int = 0) -> None:
        self.pressure_mbar = pressure_mbar
        self.status = status


class FakeWorld:
    """Holds what instruments do to it; a test sets what they read."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.driven: dict[str, bool] = dict.fromkeys((*ACTUATORS, *SWITCHED), False)
        self.drives: list[tuple[str, bool, float]] = []
        self.signals: dict[str, bool] = dict.fromkeys(SIGNALS, False)
        self.signals |= {f"{name}_{end}": False for name in ACTUATORS for end in ("opened", "closed")}
        self.signals["supply_enabled"] = True
        self.set_points: tuple[float, float, bool] = (0.0, 0.0, False)
        self.terminals: tuple[float, float, bool] = (0.0, 0.0, False)
        self.gauges = {
            "full_range": FakeSignal(8.34e-3),
            "capacitance": FakeSignal(0.1234567, 0),
            "foreline": FakeSignal(2.34e-2),
        }
        self.gauge_on: dict[str, bool] = {}
        self.turbo_on = False
        self.turbo_hz = 0.0
        self.error = "000000"
        self.acknowledged: list[float] = []
        self.limits_mbar_l_per_s: dict[str, float] = {}
        self.flows_mbar_l_per_s: dict[str, float] = {}
        self.hz: dict[int, float] = {1: 5_950_000.0, 2: 5_990_000.0}
        self.injected: list[tuple[str, dict[str, float | str], float]] = []
        self.cleared: list[tuple[str, float]] = []

    def advance(self, now_s: float) -> None:
        self.now_s = max(self.now_s, now_s)

    def drive(self, name: str, on: bool, now_s: float) -> None:
        self.driven[name] = on
        self.drives.append((name, on, now_s))

    def signal(self, name: str) -> bool:
        return self.signals[name]

    def supply_set(self, supply: str, volts: float, amps: float, on: bool, now_s: float) -> None:
        assert supply == "supply"
        self.set_points = (volts, amps, on)

    def supply_terminals(self, supply: str) -> tuple[float, float, bool]:
        return self.terminals

    def gauge(self, name: str) -> FakeSignal:
        return self.gauges[name]

    def gauge_switch(self, name: str, on: bool, now_s: float) -> None:
        self.gauge_on[name] = on

    def turbo_drive(self, on: bool, now_s: float) -> None:
        self.turbo_on = on

    def turbo_speed_hz(self) -> float:
        return self.turbo_hz

    def turbo_error(self) -> str:
        return self.error

    def turbo_acknowledge(self, now_s: float) -> None:
        self.acknowledged.append(now_s)

    def gas_limit(self, gas: str, mbar_l_per_s: float, now_s: float) -> None:
        self.limits_mbar_l_per_s[gas] = mbar_l_per_s

    def gas_flow(self, gas: str) -> float:
        return self.flows_mbar_l_per_s.get(gas, self.limits_mbar_l_per_s.get(gas, 0.0))

    def crystal_hz(self, sensor: int, now_s: float) -> float:
        return self.hz[sensor]

    def inject(self, name: str, args: dict[str, float | str], now_s: float) -> None:
        self.injected.append((name, args, now_s))

    def clear(self, name: str, now_s: float) -> None:
        self.cleared.append((name, now_s))


def heard(port: Port, until_s: float) -> list[bytes]:
    """Answers that have left the instrument by `until_s`."""
    answers = []
    while (answer := port.take(until_s)) is not None:
        assert answer[0] <= until_s
        answers.append(answer[1])
    return answers


def ask(port: Port, request: bytes, now_s: float = 0.0) -> bytes:
    """All that comes back for a request within a second."""
    port.write(request, now_s)
    return b"".join(heard(port, now_s + 1.0))


def in_pieces(port: WirePort, request: bytes, now_s: float = 0.0) -> bytes:
    """The same, the request arriving byte by byte."""
    for number in range(len(request)):
        port.write(request[number : number + 1], now_s)
    return b"".join(heard(port, now_s + 1.0))


def vectors(kind: str) -> Iterator[dict[str, str]]:
    yield from YAML(typ="safe", pure=True).load((VECTORS / f"{kind}.yaml").read_text())


def converse(port: WirePort, kind: str, name: str, now_s: float = 0.0) -> tuple[bytes, bytes]:
    """Send vector `name` and the ones before it; the last answer that came, and the one the vector wants."""
    known = {vector["name"]: vector for vector in vectors(kind)}
    vector = known[name]
    if "after" in vector:
        converse(port, kind, vector["after"], now_s)
    came = ask(port, bytes.fromhex(vector["request"]), now_s)
    return came, bytes.fromhex(vector["answer"] or "")
