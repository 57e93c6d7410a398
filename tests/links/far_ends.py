"""Far ends of real cables for tests: a pseudo-terminal, a TCP port, whatever a link can be plugged into.

Each serves on a thread of its own: `answer` turns a request (what came in one piece) into what to say, as a list of
(wait before it in seconds, bytes).
"""

import contextlib
import os
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import serial as pyserial
from serial import rfc2217

from pvdctl.clock import RealClock

Answer = Callable[[bytes], list[tuple[float, bytes]]]

try:
    import pty
    import tty
except ImportError:  # pragma: no cover - Windows
    HAVE_PTY = False
else:
    HAVE_PTY = True

needs_pty = pytest.mark.skipif(not HAVE_PTY, reason="needs pseudo-terminals, which this system has not")


class FarEnd(ABC):
    """Base: says what `answer` tells; `unplug` and `plug_in` as the names say."""

    def __init__(self, answer: Answer, folder: Path) -> None:
        self.answer = answer
        self.folder = folder
        self.heard: list[bytes] = []
        self.stop = threading.Event()
        self.plug_in()

    def serve(self, receive: Callable[[], bytes], send: Callable[[bytes], Any]) -> None:
        with contextlib.suppress(OSError):
            while data := receive():
                self.heard.append(data)
                for wait_s, said in self.answer(data):
                    if wait_s and self.stop.wait(wait_s):
                        return
                    send(said)

    @abstractmethod
    def plug_in(self) -> None:
        """Be there."""

    @abstractmethod
    def unplug(self) -> None:
        """Be gone."""


class PtyEnd(FarEnd):
    """A serial port whose other end is this process; `device` is a name that stays."""

    def plug_in(self) -> None:
        self.stop = threading.Event()
        self.device = str(self.folder / "port")
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        Path(self.device).unlink(missing_ok=True)
        Path(self.device).symlink_to(os.ttyname(self.slave))
        master = self.master
        self.thread = threading.Thread(
            target=self.serve, args=(lambda: os.read(master, 4096), lambda data: os.write(master, data)), daemon=True
        )
        self.thread.start()

    def unplug(self) -> None:
        """Both descriptors go, as when a USB adapter is pulled: readers and writers get EIO."""
        self.stop.set()
        Path(self.device).unlink()
        os.write(self.slave, b"\0")  # wakes the thread, which must not read a descriptor that is closed
        self.thread.join(2.0)
        os.close(self.slave)
        os.close(self.master)

    def serve(self, receive: Callable[[], bytes], send: Callable[[bytes], Any]) -> None:
        super().serve(lambda: b"" if (data := receive()) and self.stop.is_set() else data, send)


class TcpEnd(FarEnd):
    """A TCP port for one client after the other; several at a time."""

    port = 0

    def plug_in(self) -> None:
        self.stop = threading.Event()
        self.server = socket.create_server(("127.0.0.1", self.port))
        self.port = self.server.getsockname()[1]
        self.clients: list[socket.socket] = []
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self) -> None:
        while not self.stop.is_set():
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            self.clients.append(client)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(
                target=self.serve, args=(lambda c=client: c.recv(4096), client.sendall), daemon=True
            )
            self.threads.append(thread)
            thread.start()

    def unplug(self) -> None:
        self.stop.set()
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for client in self.clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(2.0)
        for client in self.clients:
            client.close()


class Rfc2217End(TcpEnd):
    """A serial server: pyserial's own server side of RFC 2217; `line` is the port it has set for the last client."""

    line: Any

    def serve(self, receive: Callable[[], bytes], send: Callable[[bytes], Any]) -> None:
        self.line = pyserial.serial_for_url("loop://", 300)
        connection: Any = SimpleNamespace(write=send)
        manager = rfc2217.PortManager(self.line, connection)

        def heard() -> bytes:
            while data := receive():
                if plain := b"".join(manager.filter(data)):
                    return plain
            return b""

        super().serve(heard, lambda said: send(b"".join(manager.escape(said))))


def serial(end: Any, clock: RealClock) -> Any:
    """Its device by `serial_link`."""
    from pvdctl.links.serial_link import serial_link

    return serial_link("line", end.device, 115200, clock)


def _tcp(end: Any, clock: RealClock) -> Any:
    from pvdctl.links.tcp_link import tcp_link

    return tcp_link("line", "127.0.0.1", end.port, clock)


def _serial_socket(end: Any, clock: RealClock) -> Any:
    from pvdctl.links.serial_link import serial_link

    return serial_link("line", f"socket://127.0.0.1:{end.port}", 115200, clock)


def serial_server(end: Any, clock: RealClock) -> Any:
    """Its port by `rfc2217://`."""
    from pvdctl.links.serial_link import serial_link

    return serial_link("line", f"rfc2217://127.0.0.1:{end.port}", 115200, clock)


def _visa_socket(end: Any, clock: RealClock) -> Any:
    from pvdctl.links.visa_link import VisaLink

    return VisaLink("line", f"TCPIP0::127.0.0.1::{end.port}::SOCKET", clock)


def _visa_serial(end: Any, clock: RealClock) -> Any:
    from pvdctl.links.visa_link import VisaLink

    return VisaLink("line", f"ASRL{end.device}::INSTR", clock)


TRANSPORTS = [
    pytest.param(PtyEnd, serial, id="serial on a pty", marks=needs_pty),
    pytest.param(TcpEnd, _tcp, id="tcp"),
    pytest.param(TcpEnd, _serial_socket, id="socket url"),
    pytest.param(TcpEnd, _visa_socket, id="visa socket"),
    pytest.param(PtyEnd, _visa_serial, id="visa serial", marks=needs_pty),
    pytest.param(Rfc2217End, serial_server, id="rfc2217"),
]


@contextlib.contextmanager
def cable(
    end_type: type[FarEnd], link_of: Callable[[Any, RealClock], Any], answer: Answer, folder: Path
) -> Iterator[Any]:
    """(far end, opened link); both are put away at the end."""
    end = end_type(answer, folder)
    link = link_of(end, RealClock())
    try:
        link.open()
        yield end, link
    finally:
        link.close()
        with contextlib.suppress(OSError):
            end.unplug()
