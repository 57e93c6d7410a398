"""Who asks, and in which role: by the operating system over the Unix socket, by a token over TCP."""

import grp
import os
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from pvdctl.service.call import Turned
from pvdctl.service.roles import Role
from pvdctl.service.tokens import Tokens
from pvdctl.service.web.peer import Peer

_CLIENT = re.compile(r"[^A-Za-z0-9 ._:@/+-]")
LONGEST_CLIENT = 80
"""Characters of a client's name in the record."""


class Who(NamedTuple):
    """An authenticated asker. key: what rate limits count by."""

    user: str
    role: Role
    client: str
    via: Literal["unix", "token"]
    key: str


class Directory:
    """Roles of the operating system's users.

    roles: user name, or group name after an @, to role; a user's own entry counts before those of groups. Without an
    entry whoever runs the service is process engineer, and everybody else who can open the socket a viewer.
    """

    def __init__(self, roles: Mapping[str, Role], tokens: Tokens | None) -> None:
        self._roles = dict(roles)
        self._tokens = tokens

    def by_peer(self, peer: Peer, client: str) -> Who:
        """The OS user at the other end of a Unix socket."""
        user = peer.user
        role = self._roles.get(user) or self._by_group(peer)
        if role is None:
            role = "process_engineer" if peer.uid == os.getuid() else "viewer"
        return Who(user, role, cleaned(client) or f"pid {peer.pid}", "unix", f"{peer.uid}:{peer.pid}")

    def by_token(self, header: str, client: str) -> Who:
        """The user of a bearer token. Raises Turned."""
        scheme, _, text = header.partition(" ")
        token = None
        if scheme.lower() == "bearer" and self._tokens is not None:
            token = self._tokens.find(text.strip())
        if token is None:
            raise Turned("not_authenticated", "over TCP a good token is needed: Authorization: Bearer pvdctl_...")
        return Who(token.user, token.role, cleaned(client) or "tcp", "token", f"token {token.number}")

    def _by_group(self, peer: Peer) -> Role | None:
        groups = set(peer.groups())
        for name, role in self._roles.items():
            if name.startswith("@"):
                try:
                    if grp.getgrnam(name[1:]).gr_gid in groups:
                        return role
                except KeyError:
                    continue  # a group that this machine does not have has no members
        return None


def cleaned(client: str) -> str:
    """A client's name as the record can carry it: no control characters, no line of somebody else's."""
    return _CLIENT.sub("?", client)[:LONGEST_CLIENT].strip()
