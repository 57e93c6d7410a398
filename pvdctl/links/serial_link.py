"""Serial ports: a device, a pseudo-terminal, or any URL that pyserial knows.

Of the URLs `rfc2217://` and `socket://` are opened by `rfc2217_port` and `tcp_link`. For all others pyserial opens and
sets the line; then, where the port has a file descriptor, its bytes are read and written directly: pyserial's own
`read` costs several times the system calls, and its `readline` extends its time-out with every byte.

Where the port is a terminal, as all serial ports of Unix are, the wait for an answer is left to the terminal itself: a
read with VTIME (POSIX, termios(3), non-canonical mode, case C) returns when bytes come or its time is over, and saves
waking up twice, once to hear that there is something to read and once to read it.
"""

import os
from functools import partial
from math import inf
from typing import Any

import serial

from pvdctl.clock import Clock
from pvdctl.links import rfc2217_port
from pvdctl.links.port import CHUNK, DescriptorPort, Port
from pvdctl.links.port_errors import PORT_ERRORS
from pvdctl.links.stream_link import StreamLink, close_quietly
from pvdctl.links.tcp_link import tcp_link

TURN_S = 0.02
"""How long one look at a port without a file descriptor may take. Changing pyserial's time-out for each look would
set the line anew each time (`SerialBase.timeout`)."""
WRITE_TIMEOUT_S = 0.5
"""For ports without a file descriptor; pyserial's default is to wait for ever."""
SOCKET = "socket://"
PATIENCE_DS = 1
"""VTIME in tenths of a second, the least there is: most instruments answer within it, and a deadline is at least as
long (instrument.driver.Driver.DEADLINE_S). Whoever takes longer is waited for with `wait`."""


class PyserialPort:
    """`port.Port` through pyserial's own calls, for ports without a file descriptor."""

    __slots__ = ("_held", "_serial", "patience_s", "reopens")

    def __init__(self, opened: Any) -> None:
        self._serial = opened
        self._held = b""
        self.reopens = False
        self.patience_s = inf

    def wait(self, milliseconds: float) -> bool:
        """See `Port.wait`. In turns of `TURN_S`, the last of which may go past the end by as much."""
        turns = max(1, round(milliseconds / 1000.0 / TURN_S)) if milliseconds > 0.0 else 0
        while not self._held:
            waiting = self._serial.in_waiting
            if waiting:
                self._held = self._serial.read(min(waiting, CHUNK))
            elif turns <= 0:
                return False
            else:
                self._held = self._serial.read(1)
                turns -= 1
        return True

    def receive(self) -> bytes:
        """See `Port.receive`."""
        held, self._held = self._held, b""
        return held

    def receive_first(self) -> bytes:
        """See `Port.receive_first`."""
        return self.receive()

    def send(self, data: bytes, within_s: float) -> None:
        """See `Port.send`; within `WRITE_TIMEOUT_S`, whatever is asked."""
        self._serial.write(data)

    def discard_output(self) -> None:
        """See `Port.discard_output`."""
        self._serial.reset_output_buffer()

    def close(self) -> None:
        """See `Port.close`."""
        self._serial.close()


def _connect(device: str, baud: int) -> Port:
    """Open `device` for this program alone, 8N1 without flow control. Raises what is listed in `port_errors`."""
    opened: Any = serial.serial_for_url(device, baud, timeout=TURN_S, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
    try:
        fd: int = opened.fileno()
    except (AttributeError, OSError):  # io.UnsupportedOperation is an OSError
        return PyserialPort(opened)
    try:
        patient = _patient(fd)
    except PORT_ERRORS:
        close_quietly(opened.close)
        raise
    receive, send, flush = partial(os.read, fd, CHUNK), partial(os.write, fd), opened.reset_output_buffer
    if patient is None:
        return DescriptorPort(fd, receive, send, flush, opened.close, reopens=False)

    def shut() -> None:
        try:
            os.close(patient)
        finally:
            opened.close()

    return DescriptorPort(
        fd,
        receive,
        send,
        flush,
        shut,
        reopens=False,
        receive_first=partial(os.read, patient, CHUNK),
        patience_s=PATIENCE_DS / 10.0,
    )


def _patient(fd: int) -> int | None:
    """A second descriptor of the terminal `fd`, whose reads wait `PATIENCE_DS`; None where there is no such thing.

    A second one, because blocking belongs to a descriptor, and a write must never block: a line whose flow is stopped
    would hold its worker for ever. VTIME belongs to the terminal and does not concern reads that do not block.
    """
    try:
        import termios

        patient = os.open(os.ttyname(fd), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)  # or it would wait for a carrier
    except (ImportError, OSError):  # Windows; another kind of port; or the name is another program's by now
        return None
    try:
        modes = termios.tcgetattr(fd)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 0, PATIENCE_DS
        termios.tcsetattr(fd, termios.TCSANOW, modes)
        os.set_blocking(patient, True)
    except PORT_ERRORS:
        os.close(patient)
        raise
    return patient


def serial_link(name: str, device: str, baud: int, clock: Clock) -> StreamLink:
    """A link over a serial port. `socket://host:port` is a raw TCP connection and is opened as one."""
    where = f"serial port {device}"
    if device.startswith(f"{rfc2217_port.SCHEME}://"):
        return StreamLink(name, where, partial(rfc2217_port.connect, device, baud, clock), clock)
    if device.startswith(SOCKET):
        host, _, port = device.removeprefix(SOCKET).partition("?")[0].rstrip("/").rpartition(":")
        if host and port.isascii() and port.isdigit():
            return tcp_link(name, host.strip("[]"), int(port), clock)
    return StreamLink(name, where, partial(_connect, device, baud), clock)
