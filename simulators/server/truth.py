"""A socket on which tests ask the plant what is true, and let things go wrong. A real chamber has no such thing.

One JSON object per line in either direction. Each request names what to `do`:

| request | answer beside `ok` |
| --- | --- |
| `{"do": "truth"}` | what the plant knows, see `whole_truth` |
| `{"do": "fault", "fault": "mute@now:link=plc"}` | `time_s`; WHEN may also be `now` or `+5s` |
| `{"do": "clear", "fault": "water_lost"}` | a fault of the plant is taken away |
| `{"do": "phase", "step": "zinc", "phase": "deposit"}` | faults waiting for that phase are told |
| `{"do": "advance", "to_s": 12.3}` | time passes up to then; only for a chamber served with speed 0 |
| `{"do": "key", "local": true}` | the key switch at the PLC is turned to local, or to remote |
| `{"do": "unplug", "instrument": "plc"}`, `{"do": "plug", ...}` | the cable is pulled, or put back as it was |

What cannot be done is answered `{"ok": false, "error": "..."}`.
"""

import json
import socket
from collections.abc import Callable
from math import floor

from simulators.faults import near_miss
from simulators.plant.plant import Plant
from simulators.server.connectors import Listener, TcpClient
from simulators.server.loop import Server
from simulators.server.timekeeping import SteppedTime

Answer = dict[str, object]


class TruthSocket:
    """Listens on `host` and `port` (0 = any free one) beside the instruments of `server`. Raises ValueError."""

    def __init__(self, server: Server, host: str, port: int) -> None:
        self._server = server
        self._listener = Listener(host, port, "lines", self._admit)
        self.host = host
        self.port = self._listener.port
        server.watch(self._listener, self._listener.accept)
        self._doings: dict[str, Callable[[Answer], Answer]] = {
            "truth": lambda asked: whole_truth(server),
            "fault": self._fault,
            "clear": self._clear,
            "phase": self._phase,
            "advance": self._pass,
            "key": self._key,
            "unplug": lambda asked: self._cable(asked, plugged=False),
            "plug": lambda asked: self._cable(asked, plugged=True),
        }

    def _admit(self, client: TcpClient) -> None:
        self._server.watch(client, lambda: self._hear(client))

    def _hear(self, client: TcpClient) -> None:
        data = client.receive()
        if data is None:
            self._server.unwatch(client)
            return
        for lines in client.requests.feed(data):
            for line in lines.splitlines():
                if not client.send(json.dumps(self._answer(line)).encode() + b"\n"):
                    self._server.unwatch(client)
                    return

    def _answer(self, line: bytes) -> Answer:
        try:
            asked = json.loads(line)
            if not isinstance(asked, dict):
                raise ValueError(f"wanted a JSON object, found {asked!r}")
            doing = self._doings.get(str(asked.get("do")))
            if doing is None:
                raise ValueError(f"there is nothing to do called {asked.get('do')!r}; {', '.join(self._doings)}")
            return {"ok": True, **doing(asked)}
        except ValueError as error:  # also JSONDecodeError
            return {"ok": False, "error": str(error)}

    def _fault(self, asked: Answer) -> Answer:
        now_s = self._server.time.look()
        name, _, rest = _word(asked, "fault").partition("@")
        when, colon, arguments = rest.partition(":")
        if when == "now":
            when = f"{floor(now_s * 1e6) / 1e6:.6f}s"  # never a hair after now
        elif when.startswith("+"):
            when = f"{now_s + _seconds(when[1:]):.6f}s"
        bench = self._server.bench
        bench.arrange(f"{name}@{when}{colon}{arguments}")
        bench.advance(now_s)  # what is due now has happened when this is answered
        return {"time_s": now_s}

    def _clear(self, asked: Answer) -> Answer:
        now_s = self._server.time.look()
        self._server.bench.plant.clear(_word(asked, "fault"), now_s)
        return {"time_s": now_s}

    def _phase(self, asked: Answer) -> Answer:
        now_s = self._server.time.look()
        self._server.bench.phase(_word(asked, "step"), _word(asked, "phase"), now_s)
        return {"time_s": now_s}

    def _pass(self, asked: Answer) -> Answer:
        time, to_s = self._server.time, asked.get("to_s")
        if not isinstance(time, SteppedTime) or not isinstance(to_s, int | float):
            raise ValueError(f"time can be told to pass up to 'to_s' seconds, and only at speed 0; found {to_s!r}")
        time.advance(to_s)
        return {"time_s": time.now_s}

    def _key(self, asked: Answer) -> Answer:
        local, plant = asked.get("local"), self._server.bench.plant
        if not isinstance(local, bool) or not isinstance(plant, Plant):
            raise ValueError(f"the shipped plant's key is turned by 'local' true or false; found {local!r}")
        plant.signals["local"] = local
        return {"time_s": self._server.time.look()}

    def _cable(self, asked: Answer, *, plugged: bool) -> Answer:
        name = _word(asked, "instrument")
        outlets = [outlet for outlet in self._server.outlets if name in outlet.wanted.instruments]
        if not outlets:
            known = {known for outlet in self._server.outlets for known in outlet.wanted.instruments}
            raise ValueError(f"no instrument {name!r} is served{near_miss(name, known)}")
        for outlet in outlets:
            if plugged:
                self._server.plug(outlet)
            else:
                self._server.unplug(outlet)
        return {"addresses": [outlet.address for outlet in outlets]}


def ask(address: tuple[str, int], asked: Answer, within_s: float = 5.0) -> Answer:
    """Ask a truth socket one thing. Raises OSError when nobody answers, ValueError when it could not be done."""
    with socket.create_connection(address, within_s) as line:
        line.sendall(json.dumps(asked).encode() + b"\n")
        with line.makefile("rb") as answers:
            answer = json.loads(answers.readline() or b'{"ok": false, "error": "the truth socket was closed"}')
    if not answer.pop("ok"):
        raise ValueError(answer["error"])
    return dict(answer)


def whole_truth(server: Server) -> Answer:
    """Everything the plant knows, under names that carry the unit.

    orders: what the PLC's outputs ask for. positions: true ones, 0 closed to 1 open. happened: faults so far.
    behind_s: how far the simulation is behind the wall clock.
    Raises ValueError for a plant that is not the shipped one.
    """
    plant = server.bench.plant
    if not isinstance(plant, Plant):
        raise ValueError(f"this plant ({type(plant).__name__}) tells no truth")
    truth = plant.truth
    materials = [source.material for source in plant.sources]
    return {
        "time_s": server.time.look(),
        "behind_s": server.time.behind_s,
        "worst_behind_s": server.time.worst_behind_s,
        "exchanges": server.exchanges,
        "pressure_mbar": truth.pressure_mbar,
        "pressures_mbar": truth.pressures_mbar(),
        "foreline_mbar": truth.foreline_mbar,
        "turbo_speed": truth.turbo_speed,
        "supply_amps": truth.supply_amps,
        "supply_enabled": plant.supply.enabled,
        "selected": truth.selected,
        "roughing_pump_ordered": plant.gas.pumping,
        "turbo_driven": plant.gas.turbo.driven,
        "orders": {name: actuator.ordered for name, actuator in plant.actuators.items()},
        "positions": {name: actuator.position for name, actuator in plant.actuators.items()},
        "signals": dict(plant.signals),
        "layers": truth.layers(),
        "thickness_nm": {material: truth.thickness_nm(material) for material in materials},
        "true_rate_nm_per_s": {material: truth.true_rate_nm_per_s(material) for material in materials},
        "substrate_rate_nm_per_s": {material: truth.substrate_rate_nm_per_s(material) for material in materials},
        "boat_k": {material: truth.boat_k(material) for material in materials},
        "charge_kg": {material: truth.charge_kg(material) for material in materials},
        "exposure_mbar_s": truth.exposure_mbar_s,
        "predicted_films": truth.predicted_films(),
        "happened": [[at_s, text] for at_s, text in server.bench.happened],
    }


def _word(asked: Answer, key: str) -> str:
    word = asked.get(key)
    if not isinstance(word, str) or not word:
        raise ValueError(f"wanted a text {key!r}, found {word!r}")
    return word


def _seconds(text: str) -> float:
    try:
        return float(text.removesuffix("s"))
    except ValueError:
        raise ValueError(f"wanted seconds such as +5s, found {text!r}") from None
