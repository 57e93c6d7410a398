"""A run is signed through the desk, on a thread of its own."""

import threading
from collections.abc import Callable
from typing import Protocol

from pvdctl.errors import Bug, PvdctlError
from pvdctl.service.answers import Accepted, Problem
from pvdctl.service.call import Call, Turned


class Signer(Protocol):
    """Signs a run that has ended."""

    def __call__(self, run: str, meaning: str, reason: str, actor: str) -> str:
        """See `Record.sign`; returns the fingerprint signed."""


class Signing:
    """One signature at a time: the run's fingerprint is reckoned from all its samples; no scan may wait for it.

    accept: takes what came of a call, from that thread. done: makes the answer.
    """

    def __init__(
        self, sign: Signer, accept: Callable[[Call, Accepted | Problem], None], done: Callable[..., Accepted]
    ) -> None:
        self._sign = sign
        self._accept = accept
        self._done = done
        self._thread: threading.Thread | None = None

    def begin(self, call: Call) -> None:
        """Begin; the answer comes later. Raises Turned while another is being made."""
        if self._thread is not None and self._thread.is_alive():
            raise Turned("too_many", "another run is being signed; wait for it.")
        self._thread = threading.Thread(target=self._signs, args=(call,), name="signature", daemon=True)
        self._thread.start()

    def _signs(self, call: Call) -> None:
        run, meaning, user = str(call.body.get("run", "")), str(call.body.get("meaning", "")), call.client.user
        try:
            sha256 = self._sign(run, meaning, call.reason, user)
        except PvdctlError as error:
            self._accept(call, Problem("not_found", str(error)))
        except Exception as error:  # the outermost place of this thread
            text = f"run {run} could not be signed: {type(error).__name__}: {error}. {Bug.__doc__}"
            self._accept(call, Problem("bad_request", text))
        else:
            self._accept(call, self._done(f"run {run} is {meaning} by {user}; fingerprint {sha256}.", run=run))
