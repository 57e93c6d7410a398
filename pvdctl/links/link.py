"""What a link is, whatever carries it: a serial port, a socket, VISA, or an instrument simulated in memory.

A link is used by one worker at a time. It knows deadlines and framing, never meaning.
"""

from typing import Protocol


class Framing(Protocol):
    """Knows where an answer ends and whether it arrived whole. Holds no state: the link owns the buffer."""

    def take(self, buffer: bytearray) -> bytes | None:
        """Remove the first whole answer from `buffer` and return what it carries, checked; None if more must come.

        Raises BadFrame after dropping the bad part from `buffer`.
        """


class Link(Protocol):
    """A byte stream to one instrument (or a bus of them)."""

    name: str
    exchanges: int
    """Completed exchanges since the link was made."""

    def exchange(self, request: bytes, framing: Framing, deadline_s: float) -> bytes:
        """Send `request`, wait for one whole answer and return what the framing makes of it.

        Raises NoAnswer after `deadline_s` from the start, BadFrame, LinkClosed. After any of them the link must be
        drained before its next answer can be trusted; the worker does that.
        """

    def send(self, request: bytes) -> None:
        """Send something that has no answer. Raises LinkClosed."""

    def drain(self, quiet_s: float) -> bytes:
        """Read and drop until nothing has come for `quiet_s`; returns what was dropped.

        Raises BadFrame if the line has not fallen silent after 2 s: then no answer on it could be trusted.
        """

    def open(self) -> None:
        """Open, or reopen after a loss. Raises LinkClosed with the reason."""

    def close(self) -> None:
        """Close; never raises."""


class Ear(Protocol):
    """Hears the bytes of a link."""

    def sent(self, data: bytes) -> None:
        """These bytes have been handed to the far end."""

    def received(self, data: bytes) -> None:
        """These bytes have come from there."""


class ModbusLink(Protocol):
    """The functions of a Modbus client that drivers use. Bits and registers are numbered from 0, as on the wire.

    All raise NoAnswer, BadFrame, LinkClosed, and InstrumentError for an exception answer (naming code and meaning).
    """

    name: str
    exchanges: int

    def read_inputs(self, unit: int, address: int, count: int, deadline_s: float) -> int:
        """FC 2: `count` discrete inputs packed into an integer, input `address` in bit 0."""

    def read_coils(self, unit: int, address: int, count: int, deadline_s: float) -> int:
        """FC 1: as `read_inputs` for coils."""

    def write_coils(self, unit: int, address: int, count: int, bits: int, deadline_s: float) -> None:
        """FC 15: write `count` coils from `bits`, coil `address` from bit 0."""

    def read_registers(self, unit: int, address: int, count: int, deadline_s: float) -> tuple[int, ...]:
        """FC 3: `count` holding registers."""

    def write_register(self, unit: int, address: int, value: int, deadline_s: float) -> None:
        """FC 6: one holding register, 0..65535."""

    def drain(self, quiet_s: float) -> bytes:
        """As `Link.drain`; transaction numbers protect Modbus TCP, so there is usually nothing to drop."""

    def listen(self, ear: Ear | None) -> None:
        """Tell `ear` all bytes from now on; None: nobody. Between two exchanges, on the thread that uses the link."""

    def open(self) -> None:
        """Open, or reopen after a loss."""

    def close(self) -> None:
        """Close; never raises."""
