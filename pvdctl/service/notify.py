"""Tells systemd that the service is ready, what it is doing, and that it is alive (sd_notify(3)).

The watchdog is fed from the control loop after a completed scan and from nowhere else: a thread that goes on ticking
while the loop hangs would be worse than none.
"""

import os
import socket
from collections.abc import MutableMapping


class Notify:
    """Messages to $NOTIFY_SOCKET; does nothing where there is none.

    every_s: how often `alive` is to be called, half of what systemd allows; None where it does not watch.
    """

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        path = environment.pop("NOTIFY_SOCKET", "")  # children must not speak in our name
        self._path = "\0" + path[1:] if path.startswith("@") else path
        self._socket: socket.socket | None = None
        self.every_s: float | None = None
        watched_us = environment.pop("WATCHDOG_USEC", "")
        watched_pid = environment.pop("WATCHDOG_PID", "")
        if not self._path:
            return
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        if watched_us.isdecimal() and watched_pid in ("", str(os.getpid())):
            self.every_s = int(watched_us) / 2e6

    def ready(self, status: str) -> None:
        """The service answers requests."""
        self._say(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """A scan has been completed."""
        self._say("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._say(f"STATUS={text}")

    def stopping(self) -> None:
        """The service has begun to end."""
        self._say("STOPPING=1")

    def close(self) -> None:
        """Nothing more is said."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, text: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(text.encode(), self._path)
        except OSError:  # systemd hears nothing, and will do what its unit file says; the process goes on
            return
