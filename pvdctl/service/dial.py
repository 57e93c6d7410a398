"""How a client reaches the service: HTTP over its Unix socket, or over TLS where it is configured.

Standard library only, so that a command starts at once. One connection per request (0.3 ms on a Unix socket).
"""

import http.client
import json
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pvdctl.errors import LinkError, OperatorError
from pvdctl.service.answers import Problem
from pvdctl.service.decode import decode

SYSTEM_SOCKET = Path("/run/pvdctl/api.sock")
"""Of the service that systemd runs."""
ANSWER_WITHIN_S = 10.0
"""For ordinary requests: a command waits for a scan and for the record's commit, together well below 2 s."""
SILENCE_S = 5.0
"""The live stream brings something at least each second; after this long without it the service counts as gone."""
LARGEST_LINE = 4 * 1024 * 1024
"""Bytes of one line of the live stream; a snapshot has some 12,000."""


class Unreachable(LinkError):
    """The service does not answer, or went away in the middle of an answer."""


class Declined(OperatorError):
    """The service said no. `problem` says why, in which state, and what is possible."""

    def __init__(self, problem: Problem, status: int) -> None:
        self.problem = problem
        self.status = status
        super().__init__(problem.text)


def own_socket() -> Path:
    """Where a service started by this user listens, unless it is told otherwise."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    base = Path(runtime) if runtime else Path.home() / ".local" / "state"
    return base / "pvdctl" / "api.sock"


def default_address() -> str:
    """The service meant when none is named: $PVDCTL_SERVICE, the system's socket if it is there, the user's own."""
    named = os.environ.get("PVDCTL_SERVICE")
    if named:
        return named
    return str(SYSTEM_SOCKET if SYSTEM_SOCKET.exists() else own_socket())


class Dial:
    """One service's address, and requests to it.

    address: path of a Unix socket, or https://host:port. token: for TCP. authority: file with the certificate that
    signs the service's, where the system does not know it. client: how the record shall name this program.
    """

    def __init__(self, address: str, client: str, token: str = "", authority: Path | None = None) -> None:
        self.address = address
        self._headers = {"Pvdctl-Client": client, "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._tls: ssl.SSLContext | None = None
        if "://" in address:
            scheme = urlsplit(address).scheme
            if scheme != "https":
                raise OperatorError(
                    f"service {address}: wanted a socket's path or https://HOST:PORT, found {scheme}://"
                )
            self._tls = ssl.create_default_context(cafile=str(authority) if authority is not None else None)

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, within_s: float = ANSWER_WITHIN_S
    ) -> Any:
        """The answer's JSON (text for anything else). Raises Unreachable, Declined."""
        with self._connected(within_s) as connection:
            answer = self._send(connection, method, path, body)
            text = answer.read()
            kind = answer.getheader("Content-Type", "")
        if answer.status >= 400:
            raise self._declined(answer.status, text)
        return json.loads(text) if kind.startswith("application/json") else text.decode()

    def stream(self, path: str) -> Iterator[tuple[str, str]]:
        """(kind, data) of server-sent events until the stream ends. Raises Unreachable, Declined."""
        with self._connected(SILENCE_S) as connection:
            answer = self._send(connection, "GET", path, None)
            if answer.status >= 400:
                raise self._declined(answer.status, answer.read())
            kind, data = "message", ""
            while line := answer.readline(LARGEST_LINE):
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    kind = text[7:]
                elif text.startswith("data: "):
                    data = text[6:]
                elif not text and data:
                    yield kind, data
                    kind, data = "message", ""

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: dict[str, Any] | None
    ) -> http.client.HTTPResponse:
        headers = dict(self._headers)
        raw = None
        if body is not None:
            raw = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        connection.request(method, path, raw, headers)
        return connection.getresponse()

    @contextmanager
    def _connected(self, within_s: float) -> Iterator[http.client.HTTPConnection]:
        connection = self._connection(within_s)
        try:
            yield connection
        except TimeoutError as error:
            raise Unreachable(f"the service at {self.address} does not answer within {within_s:g} s.") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(self._why(error)) from error
        finally:
            connection.close()

    def _connection(self, within_s: float) -> http.client.HTTPConnection:
        if self._tls is None:
            return UnixConnection(self.address, within_s)
        parts = urlsplit(self.address)
        return http.client.HTTPSConnection(parts.hostname or "", parts.port or 443, timeout=within_s, context=self._tls)

    def _why(self, error: Exception) -> str:
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):
            return (
                f"no service at {self.address}. Start one with `pvdctl serve`, or name another with --service or "
                "$PVDCTL_SERVICE."
            )
        if isinstance(error, PermissionError):
            return f"you may not use the socket {self.address}. Ask to be put into the group that owns it."
        text = str(error) or type(error).__name__
        return f"the service at {self.address} cannot be reached: {text}."

    @staticmethod
    def _declined(status: int, text: bytes) -> Declined:
        try:
            problem = decode(Problem, json.loads(text))
        except (ValueError, LinkError):
            problem = Problem("bad_request", f"the service answers {status}: {text[:200].decode(errors='replace')}")
        return Declined(problem, status)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, within_s: float) -> None:
        super().__init__("localhost", timeout=within_s)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's path. Raises OSError."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
