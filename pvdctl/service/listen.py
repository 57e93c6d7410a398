"""The sockets that the web server answers on.

They are opened by the control process and outlive the web server: a client that comes while it is being restarted
waits in the queue.
"""

import grp
import os
import socket
from pathlib import Path

from pvdctl.errors import OperatorError

SOCKET_MODE = 0o660
BACKLOG = 64


def unix_socket(path: Path, group: str = "") -> socket.socket:
    """Listen on a Unix socket: for its owner and its group, and nobody else.

    A socket left behind by a service that is gone is replaced. Raises OperatorError if another service answers there,
    or it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        _clear(path)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        before = os.umask(0o777 & ~SOCKET_MODE)
        try:
            made.bind(os.fspath(path))
        finally:
            os.umask(before)
        if group:
            os.chown(path, -1, grp.getgrnam(group).gr_gid)
        os.chmod(path, SOCKET_MODE)
        made.listen(BACKLOG)
    except (OSError, KeyError) as error:
        raise OperatorError(f"the service cannot listen on {path}: {error}. Name another socket.") from error
    return made


def tcp_socket(host: str, port: int) -> socket.socket:
    """Listen on a TCP port. Raises OperatorError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
    except OSError as error:
        raise OperatorError(f"the service cannot listen on {host}:{port}: {error}. Choose another port.") from error
    return made


def _clear(path: Path) -> None:
    """Remove a socket that nobody listens on any more."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OperatorError(f"another service listens on {path} already. Use that one, or name another socket.")
