"""Who is at the other end of a connection, as the operating system says it."""

import asyncio
import os
import pwd
import socket
import struct
from typing import NamedTuple, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

_UCRED = struct.Struct("3i")
"""struct ucred of Linux (unix(7)): pid, uid, gid."""


class Peer(NamedTuple):
    """The process that connected to a Unix socket."""

    pid: int
    uid: int
    gid: int

    @property
    def user(self) -> str:
        """The OS user's name; by number where it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return f"uid {self.uid}"

    def groups(self) -> list[int]:
        """The user's groups, as the system's files say now."""
        try:
            return os.getgrouplist(pwd.getpwuid(self.uid).pw_name, self.gid)
        except KeyError:
            return [self.gid]


def peer_of(connected: socket.socket) -> Peer | None:
    """The process at the other end, by SO_PEERCRED, which it cannot forge; None over TCP."""
    if connected.family != socket.AF_UNIX:
        return None
    return Peer(*_UCRED.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)))


class PeerProtocol(H11Protocol):
    """uvicorn's HTTP, telling the application who is there and over what: `scope["state"]["peer"]`, `["transport"]`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        connected = transport.get_extra_info("socket")
        self.app_state = {**self.app_state, "peer": peer_of(connected), "transport": transport}
        super().connection_made(cast("asyncio.Transport", transport))  # uvicorn serves nothing else
