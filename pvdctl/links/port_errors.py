"""What the port libraries raise, put into pvdctl's own words in one place.

The libraries disagree: pyserial raises SerialException (an OSError) for a vanished port, but termios.error (not one)
when it flushes it; sockets raise plain OSErrors; a closed file descriptor raises ValueError in `select`; pyvisa-py lets
SerialException and BrokenPipeError of its lower floors through (all tried). Everything listed here means: the port is
not open, or has gone away.
"""

import errno
import os

from pvdctl.errors import LinkClosed


def _of_terminals() -> tuple[type[Exception], ...]:
    try:
        import termios
    except ImportError:  # Windows; there pyserial raises nothing but OSErrors
        return ()
    return (termios.error,)


PORT_ERRORS: tuple[type[Exception], ...] = (
    OSError, EOFError, ValueError, AttributeError, TypeError, *_of_terminals(),
)  # fmt: skip
"""AttributeError and TypeError: pyserial and pyvisa-py reach for a handle that another error has set to None."""

_HINTS = {
    errno.ENOENT: "Is the adapter plugged in, and the device named as in the chamber file?",
    errno.EACCES: "May this user open it? On Linux serial ports belong to the group dialout.",
    errno.EBUSY: "Another program has it open; close that first.",
    errno.EAGAIN: "Another program has it open; close that first.",
    errno.ECONNREFUSED: "Is the instrument's network service switched on, is the port number right, and is no other "
    "program connected to it?",
    errno.EHOSTUNREACH: "Are network cable and address right?",
    errno.ENETUNREACH: "Are network cable and address right?",
    errno.ETIMEDOUT: "Is the instrument switched on, and are network cable and address right?",
}
_ELSE = "Is the instrument switched on and its cable plugged in?"


def closed(name: str, where: str, error: Exception) -> LinkClosed:
    """The LinkClosed that says what `error` means. name: of the link; where: device or address, for people."""
    number = getattr(error, "errno", None)
    if number is None and error.args and isinstance(error.args[0], int):
        number = error.args[0]
    if isinstance(error, TimeoutError):
        number = errno.ETIMEDOUT
    if isinstance(number, int) and number in _HINTS:
        return LinkClosed(f"{name}: {where}: {os.strerror(number)}. {_HINTS[number]}")
    said = str(error) or type(error).__name__
    return LinkClosed(f"{name}: {where}: {said}. {_ELSE}")
