"""The ports a served chamber opens: a pty with a lasting name, or a listening TCP socket, and the clients on them."""

import fcntl
import os
import socket
import struct
import termios
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from simulators.server.requests import REQUESTS, Requests

MOST_UNSENT = 65536
"""Bytes kept for a TCP client that does not read; then it is cut off. A choice."""
MOST_UNREAD = 512
"""Bytes of unasked lines a serial cable keeps when nobody reads: the buffer of a small UART driver; a choice."""
CHUNK = 4096
BITS_PER_BYTE = 10
"""Start, eight data bits, no parity, stop."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A port that is wanted: of which instrument, and how.

    also: other instruments on the same line. kind: `pty` or `tcp`. where: path of the pty's symbolic link, or host.
    port: TCP port, 0 = any free one. baud: line speed of a pty, 0 = no line. requests: a name of `requests.REQUESTS`.
    """

    instrument: str
    kind: Literal["pty", "tcp"]
    where: str
    port: int = 0
    baud: int = 0
    requests: str = "whole"
    also: tuple[str, ...] = ()

    @property
    def instruments(self) -> tuple[str, ...]:
        """All that this port leads to."""
        return (self.instrument, *self.also)


class Client(Protocol):
    """One who talks to an instrument: the far end of a pty, or a TCP connection."""

    requests: Requests
    byte_s: float
    """Seconds a byte takes on the line, 0 for a network."""
    free_s: float
    """When the last answer queued for it has gone, simulated seconds."""
    open: bool

    def fileno(self) -> int:
        """Descriptor to wait on."""

    def receive(self) -> bytes | None:
        """What has come; None when the client has gone."""

    def send(self, data: bytes) -> bool:
        """Send without waiting. False: the client has gone, or was cut off because it does not read."""

    def unsent(self) -> bool:
        """Whether something waits until the client reads."""

    def spill(self) -> None:
        """Before bytes nobody asked for: throw away what a cable without a reader would have lost by now."""

    def close(self) -> None:
        """End it; never raises."""


class PtyClient:
    """Whoever has the pty open. The server holds the far end open too, so that clients may come and go."""

    def __init__(self, path: Path, baud: int, requests: str) -> None:
        self.path = path
        self.requests = REQUESTS[requests]()
        self.byte_s = BITS_PER_BYTE / baud if baud else 0.0
        self.free_s = 0.0
        self.open = True
        self.lost_bytes = 0
        """Bytes that nobody read in time."""
        self._near, self._far = os.openpty()
        tty.setraw(self._far, termios.TCSANOW)  # eight bits, no echo, nothing means "interrupt"
        os.set_blocking(self._near, False)
        try:
            _point(path, os.ttyname(self._far))
        except ValueError:
            self.close()
            raise

    def fileno(self) -> int:
        """See `Client.fileno`."""
        return self._near

    def receive(self) -> bytes | None:
        """See `Client.receive`; a pty's client never goes for good."""
        try:
            return os.read(self._near, CHUNK)
        except BlockingIOError:
            return b""

    def send(self, data: bytes) -> bool:
        """See `Client.send`. There is no flow control: what does not fit is lost, as on a real line."""
        try:
            sent = os.write(self._near, data)
        except BlockingIOError:
            sent = 0
        self.lost_bytes += len(data) - sent
        return True

    def unsent(self) -> bool:
        """See `Client.unsent`: a serial line keeps nothing."""
        return False

    def spill(self) -> None:
        """See `Client.spill`."""
        (unread,) = struct.unpack("i", fcntl.ioctl(self._far, termios.FIONREAD, b"\0\0\0\0"))
        if unread > MOST_UNREAD:
            termios.tcflush(self._far, termios.TCIFLUSH)
            self.lost_bytes += unread

    def close(self) -> None:
        """See `Client.close`; its name goes with it, unless somebody has given that to another."""
        if self.open:
            self.open = False
            if self.path.is_symlink() and os.readlink(self.path) == os.ttyname(self._far):
                self.path.unlink()
            os.close(self._near)
            os.close(self._far)


def _point(path: Path, target: str) -> None:
    """Make `path` a symbolic link to `target`, in place of an older one. Raises ValueError."""
    try:
        if path.is_symlink():
            path.unlink()
        path.symlink_to(target)
    except OSError as error:
        raise ValueError(
            f"served chamber: the name {path} cannot be given to a pty: {error.strerror}; choose another directory"
        ) from error


class TcpClient:
    """One TCP connection."""

    def __init__(self, connection: socket.socket, requests: str) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self.requests = REQUESTS[requests]()
        self.byte_s = 0.0
        self.free_s = 0.0
        self.open = True
        self._unsent = bytearray()

    def fileno(self) -> int:
        """See `Client.fileno`."""
        return self._connection.fileno()

    def receive(self) -> bytes | None:
        """See `Client.receive`."""
        try:
            return self._connection.recv(CHUNK) or None
        except BlockingIOError:
            return b""
        except OSError:  # reset, timed out, unreachable: it has gone
            return None

    def send(self, data: bytes) -> bool:
        """See `Client.send`."""
        unsent = self._unsent
        unsent += data
        try:
            del unsent[: self._connection.send(unsent)]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return len(unsent) <= MOST_UNSENT

    def unsent(self) -> bool:
        """See `Client.unsent`."""
        return bool(self._unsent)

    def spill(self) -> None:
        """See `Client.spill`: a network keeps what is unread."""

    def close(self) -> None:
        """See `Client.close`."""
        if self.open:
            self.open = False
            self._connection.close()


class Listener:
    """A listening socket; `accepted` is called with each new client."""

    def __init__(self, host: str, port: int, requests: str, accepted: Callable[[TcpClient], None]) -> None:
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            self._socket = socket.create_server(address[:2], family=family)
        except OSError as error:
            raise ValueError(
                f"served chamber: cannot listen on {host} port {port}: {error.strerror or error}; "
                "choose another address, or port 0 for any free one"
            ) from error
        self._socket.setblocking(False)
        self._requests = requests
        self._accepted = accepted
        self.host = host
        self.port = int(self._socket.getsockname()[1])

    def fileno(self) -> int:
        """Descriptor to wait on."""
        return self._socket.fileno()

    def accept(self) -> None:
        """Take one client in; one that has gone again already is forgotten."""
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return
        self._accepted(TcpClient(connection, self._requests))

    def close(self) -> None:
        """Listen no more; never raises."""
        self._socket.close()
