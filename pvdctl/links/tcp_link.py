"""Raw TCP sockets: SCPI supplies, serial servers, an SQC-310 with a network card."""

import socket
import struct
from functools import partial

from pvdctl.clock import Clock
from pvdctl.links.port import CHUNK, DescriptorPort, Port
from pvdctl.links.stream_link import StreamLink

CONNECT_WITHIN_S = 1.0
"""For a connection in a laboratory's own network, where it takes a millisecond. Name look-up is not covered: give
addresses as numbers."""
UNDELIVERED_MS = 2000
"""After so long without a word that its bytes arrived, the system gives the connection up (TCP_USER_TIMEOUT): a
command must not arrive minutes later, when a cable is plugged in again. A project choice, the PLC's usual watchdog."""
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing resets the connection and forgets what was not delivered


def connected(host: str, port: int) -> socket.socket:
    """A connection that sends at once, and does not hold on to what it cannot deliver. Raises OSError."""
    made = socket.create_connection((host, port), timeout=CONNECT_WITHIN_S)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNDELIVERED_MS)
    made.setblocking(False)
    return made


def _connect(host: str, port: int) -> Port:
    """Raises what is listed in `port_errors`."""
    made = connected(host, port)
    return DescriptorPort(made.fileno(), partial(made.recv, CHUNK), made.send, _nothing, made.close, reopens=True)


def _nothing() -> None:
    """A connection cannot take back what it was given: it is closed and opened anew."""


def tcp_link(name: str, host: str, port: int, clock: Clock) -> StreamLink:
    """A link over a raw TCP socket."""
    return StreamLink(name, f"{host} port {port}", partial(_connect, host, port), clock)
