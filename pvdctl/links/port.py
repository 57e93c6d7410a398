"""A port of this machine that is open: what `links.stream_link` wants of it, and the one with a file descriptor."""

import select
from collections.abc import Callable
from math import inf
from typing import Protocol

CHUNK = 448
"""Bytes taken at once; the longest answer known here has some 200. Python's own allocator serves up to 512 bytes, of
which an object of bytes needs 33 for itself; room for more comes from the system's and costs 0.2 us per exchange."""


class Port(Protocol):
    """An opened port. All methods raise the exceptions listed in `port_errors`."""

    reopens: bool
    """After a time-out it is better opened anew than drained: a network connection holds back what was not delivered
    and delivers it later."""
    patience_s: float
    """How long `receive_first` waits at most; infinite where it cannot wait by itself."""

    def wait(self, milliseconds: float) -> object:
        """True if bytes are there, or come in that time; also when the port has gone, and then `receive` says so."""

    def receive(self) -> bytes:
        """The bytes that are there. None after `wait` was true: the port has gone."""

    def receive_first(self) -> bytes:
        """The first bytes that come within `patience_s`, by one call of the system instead of `wait` and `receive`.

        None: nothing has come yet, or the port has gone; `wait` and `receive` tell. Not for ports of infinite patience.
        """

    def send(self, data: bytes, within_s: float) -> None:
        """Hand over all of `data`, or raise TimeoutError after about `within_s`."""

    def discard_output(self) -> None:
        """Throw away what was handed over and has not left yet, where that is possible."""

    def close(self) -> None:
        """Close; what has not left is thrown away."""


class DescriptorPort:
    """A serial port or a socket, without blocking.

    fd: its file descriptor. receive: gives the bytes that are there. send: as `socket.send`.
    flush: throws away what has not left yet. shut: closes. receive_first, patience_s: see `Port`, where the port can.
    """

    __slots__ = ("_fd", "_flush", "_send", "_shut", "patience_s", "receive", "receive_first", "reopens", "wait")

    def __init__(
        self,
        fd: int,
        receive: Callable[[], bytes],
        send: Callable[[bytes], int],
        flush: Callable[[], None],
        shut: Callable[[], None],
        *,
        reopens: bool,
        receive_first: Callable[[], bytes] | None = None,
        patience_s: float = inf,
    ) -> None:
        self._fd = fd
        self.receive = receive
        """See `Port.receive`. Bound, not defined: each call between costs a tenth of a microsecond per exchange."""
        self._send = send
        self._flush = flush
        self._shut = shut
        self.wait = waiting(fd)
        """See `Port.wait`."""
        self.reopens = reopens
        self.receive_first = receive_first or receive
        self.patience_s = patience_s

    def send(self, data: bytes, within_s: float) -> None:
        """See `Port.send`. Each piece may take `within_s`; requests are short and leave in one."""
        while True:
            try:
                sent = self._send(data)
            except BlockingIOError:
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
            if not waiting(self._fd, to_send=True)(1000.0 * within_s):
                raise TimeoutError(f"{len(data)} bytes could not be sent within {within_s:g} s")

    def discard_output(self) -> None:
        """See `Port.discard_output`."""
        self._flush()

    def close(self) -> None:
        """See `Port.close`."""
        try:
            self._flush()  # or closing a serial port waits until all has left, for ever if flow control says so
        finally:
            self._shut()


def waiting(fd: int, *, to_send: bool = False) -> Callable[[float], object]:
    """A function that waits for bytes, so many milliseconds at most; its result is true when they are there.

    to_send: waits until bytes can be handed over instead.

    `poll`, because `select` refuses descriptors above 1023; where the system has no `poll`, `select`.
    """
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(fd, select.POLLOUT if to_send else select.POLLIN)
        return poll.poll

    def wait(milliseconds: float) -> object:
        reads, writes, _ = select.select(() if to_send else (fd,), (fd,) if to_send else (), (), milliseconds / 1000.0)
        return reads or writes

    return wait
