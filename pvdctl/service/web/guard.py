"""What every request passes before it is looked at: right host, no foreign origin, JSON, not too large.

Over TCP a browser could be led here by any page; so only known host names are answered, requests with a foreign
Origin are refused, and what changes something must be JSON, which a page of another origin cannot send unasked.
"""

import json
from collections.abc import Callable, Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 2_000_000
"""Bytes; a recipe may have one million characters."""


class Guard:
    """ASGI middleware.

    hosts: names (with port) under which the service is known over TCP. told: hears of each request turned away: from
    whom, code, sentence.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], told: Callable[[str, str, str], None]) -> None:
        self._app = app
        self._told = told
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or answer in its place."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        found = self._wrong(scope, headers)
        if found is not None:
            peer = scope.get("state", {}).get("peer")
            from_whom = peer.user if peer is not None else str((scope.get("client") or ("nowhere",))[0])
            self._told(from_whom, "bad_request", found[1])
            await _refuse(send, *found)
            return
        await self._app(scope, _Counted(receive), send)

    def _wrong(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """Status and sentence, if it is to be refused."""
        tcp = scope.get("state", {}).get("peer") is None
        host = headers.get("host", "").lower()
        if tcp and host not in self._hosts:
            return 421, f"the service does not go by the name '{host[:100]}' here."
        origin = headers.get("origin")
        if origin is not None and not (tcp and origin.lower() in {f"https://{name}" for name in self._hosts}):
            return 403, "requests from pages of other origins are not answered."
        if scope["method"] in ("POST", "PUT", "PATCH", "DELETE"):
            if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
                return 415, "a request that changes something carries JSON: Content-Type: application/json."
            length = headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > LARGEST_BODY:
                return 413, f"the request is too large; {LARGEST_BODY} bytes are allowed."
        return None


class _Counted:
    """Counts a body that did not say its length."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._bytes = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes > LARGEST_BODY:
            return {"type": "http.disconnect"}
        return message


async def _refuse(send: Send, status: int, text: str) -> None:
    body = json.dumps({"code": "bad_request", "text": text, "state": "", "legal": [], "findings": []}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
