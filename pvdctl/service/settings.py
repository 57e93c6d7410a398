"""The service's own settings: where it listens, who has which role. TOML, the administrator's file.

recipes = "/srv/pvdctl/recipes"
record = "/var/lib/pvdctl/record"

[socket]
path = "/run/pvdctl/api.sock"
group = "pvdctl"

[roles]                      # OS users, or groups after an @
anna = "process_engineer"
"@pvd-operators" = "operator"
root = "admin"

[tcp]                        # not there: no TCP port is opened
host = "0.0.0.0"
port = 8443
certificate = "/etc/pvdctl/service.pem"
key = "/etc/pvdctl/service.key"
names = ["evaporator.lab.example:8443"]
tokens = "/etc/pvdctl/tokens.json"
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pvdctl.errors import OperatorError
from pvdctl.service.roles import ROLES, Role

_TOP = {"recipes": str, "record": str, "socket": dict, "roles": dict, "tcp": dict}
_SOCKET = {"path": str, "group": str}
_TCP = {"host": str, "port": int, "certificate": str, "key": str, "names": list, "tokens": str}


@dataclass(frozen=True, slots=True)
class Tcp:
    """A TCP port with TLS. names: what clients call this machine, with the port; other names are not answered."""

    host: str
    port: int
    certificate: Path
    key: Path
    names: tuple[str, ...]
    tokens: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """None: not said, the command line or a default decides."""

    recipes: Path | None = None
    record: Path | None = None
    socket: Path | None = None
    group: str = ""
    roles: dict[str, Role] = field(default_factory=dict)
    tcp: Tcp | None = None


def load_settings(path: Path) -> Settings:
    """Read a settings file. Raises OperatorError naming the file and what is wrong."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OperatorError(
            f"settings {path} cannot be read: {error}. It is a TOML file; docs/service.md shows one."
        ) from error
    _known(path, "", found, _TOP)
    listening, tcp = found.get("socket", {}), found.get("tcp")
    _known(path, "socket.", listening, _SOCKET)
    return Settings(
        recipes=_path(found, "recipes"),
        record=_path(found, "record"),
        socket=_path(listening, "path"),
        group=listening.get("group", ""),
        roles=_roles(path, found.get("roles", {})),
        tcp=_tcp(path, tcp) if tcp is not None else None,
    )


def _tcp(path: Path, found: dict[str, Any]) -> Tcp:
    _known(path, "tcp.", found, _TCP)
    for key in _TCP:
        if key not in found:
            raise OperatorError(f"settings {path}: tcp.{key} is missing; over TCP nothing is assumed.")
    if not 1 <= found["port"] <= 65535:
        raise OperatorError(f"settings {path}: tcp.port is 1 to 65535, found {found['port']}.")
    if not found["names"] or not all(isinstance(name, str) for name in found["names"]):
        raise OperatorError(f"settings {path}: tcp.names lists the names by which clients reach this machine.")
    for key in ("certificate", "key"):
        if not Path(found[key]).is_file():
            raise OperatorError(f"settings {path}: tcp.{key}: there is no file {found[key]}.")
    return Tcp(
        found["host"], found["port"], Path(found["certificate"]), Path(found["key"]), tuple(found["names"]),
        Path(found["tokens"]),
    )  # fmt: skip


def _roles(path: Path, found: dict[str, Any]) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    for name, wanted in found.items():
        role = next((role for role in ROLES if role == wanted), None)
        if role is None:
            raise OperatorError(f"settings {path}: roles.{name}: wanted {' or '.join(ROLES)}, found {wanted!r}.")
        roles[name] = role
    return roles


def _known(path: Path, where: str, found: dict[str, Any], known: Mapping[str, type]) -> None:
    for key, value in found.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}."
            raise OperatorError(f"settings {path}: '{where}{key}' is not known; {hint}")
        if not isinstance(value, known[key]) or isinstance(value, bool):
            raise OperatorError(f"settings {path}: {where}{key}: wanted {known[key].__name__}, found {value!r}.")


def _path(found: dict[str, Any], key: str) -> Path | None:
    return Path(found[key]).expanduser() if key in found else None
