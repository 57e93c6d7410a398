"""Several simulated instruments on one line: an RS-485 bus, or the units behind one Modbus gateway."""

from collections.abc import Sequence

from simulators.port import WirePort


class SharedLine:
    """`simulators.port.Port` of all `ports` together.

    Every instrument hears every byte, as on the wire, and keeps silent unless it is meant: that is in each one's own
    protocol (an address in the telegram, a unit number in the frame). What several say at once is not mixed up here as
    it would be on copper: each answer leaves whole, the earliest first.
    """

    __slots__ = ("ports",)

    def __init__(self, ports: Sequence[WirePort]) -> None:
        self.ports = tuple(ports)

    def write(self, data: bytes, now_s: float) -> None:
        """See `Port.write`."""
        for port in self.ports:
            port.write(data, now_s)

    @property
    def next_answer_s(self) -> float:
        """When the next answer leaves that is queued already; inf when there is none."""
        return min(port.next_answer_s for port in self.ports)

    def take(self, until_s: float) -> tuple[float, bytes] | None:
        """See `Port.take`."""
        return min(self.ports, key=_next_answer_s).take(until_s)


def _next_answer_s(port: WirePort) -> float:
    return port.next_answer_s
