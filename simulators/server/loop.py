"""The server: one process, one loop, every port of a served chamber.

The loop waits for bytes, for answers that are due and for the bench's next step, whichever comes first. Requests reach
the instruments in the order in which they came; answers leave after the instrument's delay and, on a serial line,
after the time that request and answer take at its speed. No client can hold up another: nothing here waits for one.
"""

import select
import selectors
import socket
from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from pathlib import Path
from typing import Protocol

from simulators.bench import Bench
from simulators.faults import RESTART, parse
from simulators.port import WirePort
from simulators.server.connectors import Client, Listener, PtyClient, TcpClient, Wanted
from simulators.server.requests import NotThisProtocolError
from simulators.server.timekeeping import ServedTime, SteppedTime
from simulators.shared_line import SharedLine

SPIN_S = 0.0001
"""Wall seconds before a due answer in which the loop looks again instead of sleeping: a sleep ends that much late."""


class Opened(Protocol):
    """What can be waited on."""

    def fileno(self) -> int:
        """Descriptor to wait on."""

    def close(self) -> None:
        """End it; never raises."""


class Outlet:
    """A port of the server as it was wanted, and as it is: plugged in or not, and where."""

    __slots__ = ("address", "clients", "instrument", "opened", "port", "wanted")

    def __init__(self, wanted: Wanted, instrument: WirePort | SharedLine) -> None:
        self.wanted = wanted
        self.instrument = instrument
        self.clients: list[Client] = []
        self.opened: Listener | None = None
        self.address = ""
        """Path of a pty, or host:port."""
        self.port = wanted.port
        """TCP port; the same one again after unplugging, also where any was wanted."""


class Server:
    """Serves `bench` on the ports `wanted`, `speed` times as fast as `wall_s`, until `stop`.

    speed 0: time passes only as it is told through the truth socket (`timekeeping.SteppedTime`).

    Raises ValueError for a port that cannot be opened or an instrument that is not on the bench.
    """

    def __init__(self, bench: Bench, wanted: Sequence[Wanted], wall_s: Callable[[], float], speed: float = 1.0) -> None:
        self.bench = bench
        self.time = ServedTime(bench, wall_s, speed) if speed else SteppedTime(bench)
        self.exchanges = dict.fromkeys([port.instrument for port in wanted], 0)
        """Chunks of answers sent, by instrument."""
        self._wall_s = wall_s
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, Client, Outlet, bytes]] = []
        self._order = count()
        self._stopping = False
        self._happened = len(bench.happened)
        self._others: list[Opened] = []
        self._wake_near, self._wake_far = socket.socketpair()
        self._wake_far.setblocking(False)
        self._wake_near.setblocking(False)
        self.watch(self._wake_near, self._woken)
        self.outlets: list[Outlet] = []
        self._watched_step_s = -1.0
        try:
            for port in wanted:
                outlet = Outlet(port, bench.line(port.instruments))
                self.outlets.append(outlet)
                self.plug(outlet)
        except ValueError:
            self.close()
            raise

    # --- ports ------------------------------------------------------------------------------------------------
    def watch(self, opened: Opened, ready: Callable[[], None]) -> None:
        """Call `ready` whenever there is something to read on `opened`; it is closed with the server."""
        self._selector.register(opened, selectors.EVENT_READ, ready)
        self._others.append(opened)

    def unwatch(self, opened: Opened) -> None:
        """End what was watched."""
        self._selector.unregister(opened)
        self._others.remove(opened)
        opened.close()

    def plug(self, outlet: Outlet) -> None:
        """Open the port, as at the beginning or after `unplug`; one that is open stays. Raises ValueError."""
        wanted = outlet.wanted
        if outlet.opened is not None or outlet.clients:
            return
        if wanted.kind == "pty":
            client = PtyClient(Path(wanted.where), wanted.baud, wanted.requests)
            outlet.address = wanted.where
            self._admit(outlet, client)
            return
        listener = Listener(wanted.where, outlet.port, wanted.requests, lambda accepted: self._admit(outlet, accepted))
        outlet.opened, outlet.port = listener, listener.port
        outlet.address = f"{wanted.where}:{listener.port}"
        self.watch(listener, listener.accept)

    def unplug(self, outlet: Outlet) -> None:
        """As if the cable were pulled at the instrument: clients are cut off, and nobody can connect."""
        if outlet.opened is not None:
            self.unwatch(outlet.opened)
            outlet.opened = None
        for client in tuple(outlet.clients):
            self._dismiss(outlet, client)

    def _admit(self, outlet: Outlet, client: Client) -> None:
        outlet.clients.append(client)
        self._selector.register(client, selectors.EVENT_READ, lambda: self._serve(outlet, client))

    def _dismiss(self, outlet: Outlet, client: Client) -> None:
        if client in outlet.clients:
            outlet.clients.remove(client)
            self._selector.unregister(client)
            client.close()

    # --- loop -------------------------------------------------------------------------------------------------
    def run(self) -> None:
        """Serve until `stop` is called; the ports stay open until `close`."""
        selector, time = self._selector, self.time
        due = self._due
        while not self._stopping:
            now_s = time.look()
            self._after_step(now_s)
            while due and due[0][0] <= now_s:
                _, _, client, outlet, data = heappop(due)
                self._send(outlet, client, data)
            self._sleep()
            for key, mask in selector.select(0.0):
                if mask & selectors.EVENT_READ:
                    key.data()
                if mask & selectors.EVENT_WRITE and isinstance(key.fileobj, TcpClient):
                    self._go_on(key.fileobj)

    def stop(self) -> None:
        """End `run` soon. May be called from a signal handler or another thread."""
        self._stopping = True
        try:
            self._wake_far.send(b"\0")
        except OSError:  # its buffer is full or it is closed: the loop is awake or over
            return

    def close(self) -> None:
        """Close every port; never raises."""
        for outlet in self.outlets:
            self.unplug(outlet)
        for opened in tuple(self._others):
            self.unwatch(opened)
        self._wake_far.close()
        self._selector.close()

    def _sleep(self) -> None:
        """Wait until something can be read, or is due. Waits finer than a selector can: those count milliseconds."""
        due = self._due
        wait_s = self.time.wall_until(due[0][0] if due else inf)
        if wait_s > SPIN_S:
            select.select((self._selector,), (), (), wait_s - SPIN_S / 2.0)

    def _woken(self) -> None:
        self._wake_near.recv(64)

    # --- bytes ------------------------------------------------------------------------------------------------
    def _serve(self, outlet: Outlet, client: Client) -> None:
        """Bytes have come from `client`."""
        data = client.receive() if client.open else b""
        if not data:
            if data is None:
                self._dismiss(outlet, client)
            return
        try:
            requests = client.requests.feed(data)
        except NotThisProtocolError:
            self._dismiss(outlet, client)
            return
        port = outlet.instrument
        for request in requests:
            now_s = self.time.look()
            port.write(request, now_s)
            heard_s = len(request) * client.byte_s
            while (at_s := port.next_answer_s) < inf and (taken := port.take(at_s)) is not None:
                data = taken[1]
                client.free_s = due_s = max(at_s + heard_s, client.free_s) + len(data) * client.byte_s
                heappush(self._due, (due_s, next(self._order), client, outlet, data))

    def _send(self, outlet: Outlet, client: Client, data: bytes) -> None:
        if not client.open:
            return
        self.exchanges[outlet.wanted.instrument] += 1
        if not client.send(data):
            self._dismiss(outlet, client)
        elif client.unsent():
            self._also_writable(client, True)

    def _also_writable(self, client: Client, wanted: bool) -> None:
        key = self._selector.get_key(client)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wanted else 0)
        self._selector.modify(client, events, key.data)

    def _go_on(self, client: TcpClient) -> None:
        """A client that was slow can take more."""
        if not client.open:
            return
        if not client.send(b""):
            for outlet in self.outlets:
                self._dismiss(outlet, client)
        elif not client.unsent():
            self._also_writable(client, False)

    # --- what happens by itself ---------------------------------------------------------------------------------
    def _after_step(self, now_s: float) -> None:
        """Once per step of the bench: lines that instruments send unasked, and instruments that were restarted."""
        happened = self.bench.happened
        if len(happened) != self._happened:
            for _, text in happened[self._happened :]:
                self._power_cycle(text)
            self._happened = len(happened)
        if now_s < self._watched_step_s:
            return
        self._watched_step_s = now_s + 0.1
        for outlet in self.outlets:  # an instrument with two outlets is found empty the second time
            port = outlet.instrument
            while (taken := port.take(now_s)) is not None:
                for other in self.outlets:
                    if other.instrument is port:
                        for client in other.clients:
                            client.spill()
                            heappush(self._due, (now_s, next(self._order), client, other, taken[1]))

    def _power_cycle(self, text: str) -> None:
        """An instrument that was restarted forgets its answers on the way, and its TCP connections."""
        if text.endswith(" ends"):
            return
        fault = parse(text)
        if fault.name != RESTART:
            return
        for outlet in self.outlets:
            if fault.link in outlet.wanted.instruments:
                self._due[:] = [item for item in self._due if item[3] is not outlet]
                heapify(self._due)
                for client in () if outlet.wanted.also else tuple(outlet.clients):  # a gateway keeps its own
                    if isinstance(client, TcpClient):
                        self._dismiss(outlet, client)
