"""The witness's two questions over HTTP: `POST /add-checkpoint`, `GET /checkpoints/<origin>`.

Plain HTTP, because what is sent is public and signed: who listens learns sizes and hashes, who alters is found. Bound
to loopback unless told otherwise; between machines a tunnel (ssh -L) or a TLS proxy keeps strangers from knocking.
"""

import http.server
from collections.abc import Callable
from urllib.parse import unquote

from pvdctl.record.witness import BAD_REQUEST, CONFLICT, NOT_FOUND, OK, Witness
from pvdctl.record.witness_request import MOST_BYTES

IDLE_S = 10.0
"""A client that says nothing for so long is hung up on. A guess."""


def serve(witness: Witness, address: tuple[str, int], say: Callable[[str], None]) -> http.server.ThreadingHTTPServer:
    """A server, bound and ready for `serve_forever`. say: takes one line per request. Raises OSError."""

    class Handler(http.server.BaseHTTPRequestHandler):
        """One client."""

        timeout = IDLE_S
        server_version = "pvdctl-witness"
        sys_version = ""

        def do_POST(self) -> None:
            """`add-checkpoint`."""
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                self._answer(NOT_FOUND, "POST /add-checkpoint or GET /checkpoints/<origin>\n")
            elif not length.isdecimal() or int(length) > MOST_BYTES:
                self._answer(BAD_REQUEST, f"Content-Length must be given, {MOST_BYTES} at most\n")
            else:
                self._answer(*witness.add(self.rfile.read(int(length))))

        def do_GET(self) -> None:
            """All checkpoints of a record."""
            stem, _, origin = self.path.removeprefix("/").partition("/")
            kept = witness.everything(unquote(origin)) if stem == "checkpoints" else None
            if kept is None:
                self._answer(NOT_FOUND, "nothing is known of it here\n")
            else:
                self._answer(OK, kept)

        def _answer(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            kind = "text/x.tlog.size" if status == CONFLICT else "text/plain; charset=utf-8"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, form: str, *values: object) -> None:
            line = form % values
            say(f"{self.address_string()} {''.join(c if c.isprintable() else '?' for c in line)}")

    server = http.server.ThreadingHTTPServer(address, Handler)
    server.daemon_threads = True
    return server
