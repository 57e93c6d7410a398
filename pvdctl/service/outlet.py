"""The control process's side of the web server: keeps one running, feeds it, and hears it. Never waits for it.

The web server is another process. It is told everything by one socket and asks by another, where its first line only
says that it is there. When it dies it is started again, when it does not listen any more it is killed and started
again, and the process in the chamber does not notice. One line each: `snapshot SEQ JSON`, `happening SEQ JSON`,
`reply NUMBER STATUS JSON`; towards us JSON alone. What was published before a reply arrives before it.
"""

import json
import signal
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from pvdctl.service.call import Reply
from pvdctl.service.encode import as_json
from pvdctl.service.messages import Happening, Snapshot

BACK_OFF_S = (0.2, 1.0, 2.0, 5.0, 10.0)
"""Waits before a web server that died is started again. A choice."""
STEADY_S = 30.0
"""One that lived this long is started again at once: back-off begins anew."""
DEAF_S = 3.0
"""One that takes no line for this long hangs, and is killed. A choice."""
KEPT_HAPPENINGS = 500
"""For clients that come back: a few minutes of a busy process."""
READY_WITHIN_S = 60.0
"""To load its libraries: 1 s, on a busy machine ten times that. One that takes longer is killed."""
MOST_WAITING = 5000
"""Lines that may wait for a web server; when it is that far behind, happenings are dropped, and the gap is seen by
their numbers."""


class Outlet:
    """Runs the web server and talks with it.

    command: how it is started; the numbers of its two sockets are added. handed: further descriptors it inherits, such
    as listening sockets. settings: told to it first. heard: called with each line it says, on the outlet's own thread.
    log: says a sentence to the administrator.
    """

    def __init__(
        self,
        command: Sequence[str],
        handed: Sequence[int],
        settings: dict[str, Any],
        heard: Callable[[dict[str, Any]], None],
        log: Callable[[str], None],
        now_s: Callable[[], float],
    ) -> None:
        self._command = tuple(command)
        self._handed = tuple(handed)
        self._settings = settings
        self._heard = heard
        self._log = log
        self._now_s = now_s
        self._waiting: deque[Happening | Reply] = deque(maxlen=MOST_WAITING)
        self._kept: deque[Happening] = deque(maxlen=KEPT_HAPPENINGS)
        self._snapshot: Snapshot | None = None
        self._newest: Snapshot | None = None
        self._something = threading.Condition()
        self._over = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()
        """The web server has said its first word, and takes what it is told."""
        self._thread = threading.Thread(target=self._keep, name="outlet", daemon=True)
        self.starts = 0
        """Web servers started so far."""

    # --- from the control thread ----------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def snapshot(self, snapshot: Snapshot) -> None:
        """Publish; replaces one that is still waiting."""
        with self._something:
            self._snapshot = self._newest = snapshot
            self._something.notify()

    def happening(self, happening: Happening) -> None:
        """Publish."""
        with self._something:
            self._kept.append(happening)
            self._waiting.append(happening)
            self._something.notify()

    def reply(self, reply: Reply) -> None:
        """Give an answer back."""
        with self._something:
            self._waiting.append(reply)
            self._something.notify()

    @property
    def web_pid(self) -> int | None:
        """Process id of the web server; None while there is none."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def stop(self, within_s: float = 5.0) -> None:
        """Send what waits, end the web server."""
        self._over.set()
        with self._something:
            self._something.notify_all()
        self._thread.join(within_s)
        child = self._child
        if child is not None and child.poll() is None:
            child.kill()
            child.wait()

    # --- the outlet's thread --------------------------------------------------------------------------------------
    def _keep(self) -> None:
        """One web server after the other, until it is over."""
        attempt = 0
        while not self._over.is_set():
            began_s = self._now_s()
            code = self._serve_once()
            if self._over.is_set():
                return
            attempt = 0 if self._now_s() - began_s > STEADY_S else attempt + 1
            wait_s = BACK_OFF_S[min(max(attempt - 1, 0), len(BACK_OFF_S) - 1)]
            self._log(f"the web server has ended ({_how(code)}); the process goes on, a new one starts in {wait_s:g} s")
            self._over.wait(wait_s)

    def _serve_once(self) -> int:
        """Start one, speak and listen until it is gone; its exit code."""
        out, its_in = socket.socketpair()
        its_out, hear = socket.socketpair()
        out.settimeout(DEAF_S)
        with out, hear:
            with its_in, its_out:
                numbers = (str(its_in.fileno()), str(its_out.fileno()))
                child = self._child = subprocess.Popen(  # noqa: S603 - our own command
                    [*self._command, *numbers],
                    pass_fds=(its_in.fileno(), its_out.fileno(), *self._handed),
                    stdin=subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C is for the control process, which ends this one in order
                )
            self.starts += 1
            self._ready.clear()
            speaking = threading.Thread(target=self._speak, args=(out, child), name="outlet out", daemon=True)
            speaking.start()
            self._listen(hear)
            if self._over.is_set():
                child.terminate()
            else:
                child.kill()
            code = child.wait()
            self._ready.set()
            with self._something:
                self._something.notify_all()
            speaking.join(DEAF_S + 1.0)
        return code

    def _speak(self, out: socket.socket, child: subprocess.Popen[bytes]) -> None:
        """Settings, what is kept, then everything as it comes; a web server that does not take it is killed."""
        try:
            out.sendall(f"settings {json.dumps(self._settings)}\n".encode())
            if not self._ready.wait(READY_WITHIN_S) and child.poll() is None:
                self._log(f"the web server has not come up within {READY_WITHIN_S:g} s; it is killed")
                child.kill()
            with self._something:
                self._waiting = deque((w for w in self._waiting if isinstance(w, Reply)), maxlen=MOST_WAITING)
                self._waiting.extend(self._kept)
                self._snapshot = self._newest
            while child.poll() is None:
                with self._something:
                    if not self._waiting and self._snapshot is None:
                        if self._over.is_set():
                            out.shutdown(socket.SHUT_WR)
                            return
                        self._something.wait(1.0)
                    lines, self._waiting = self._waiting, deque(maxlen=MOST_WAITING)
                    snapshot, self._snapshot = self._snapshot, None
                text = "".join(_line(each) for each in lines if isinstance(each, Happening))
                if snapshot is not None:
                    text += f"snapshot {snapshot.seq} {as_json(snapshot)}\n"
                text += "".join(_line(each) for each in lines if isinstance(each, Reply))
                if text:
                    out.sendall(text.encode())
        except ValueError as error:  # a number that JSON cannot carry
            self._log(f"something cannot be told to the web server, which is started again: {error}")
            child.kill()
        except OSError as error:
            if child.poll() is None:
                if isinstance(error, TimeoutError):
                    self._log(f"the web server has not listened for {DEAF_S:g} s; it is killed")
                child.kill()

    def _listen(self, hear: socket.socket) -> None:
        """Hand on what it says, until it is gone."""
        with hear.makefile("rb") as lines:
            try:
                for line in lines:
                    if self._ready.is_set():
                        self._heard(json.loads(line))
                    self._ready.set()
            except OSError as error:
                self._log(f"the web server cannot be heard any more: {error}")
            except (ValueError, KeyError, TypeError) as error:
                self._log(f"the web server said something that is no request ({error!r}); it is started again")


def _line(message: Happening | Reply) -> str:
    if isinstance(message, Reply):
        return f"reply {message.number} {message.status} {as_json(message.message)}\n"
    return f"happening {message.seq} {as_json(message)}\n"


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"signal {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"signal {-code}"


def web_command(python: str) -> list[str]:
    """How the web server is started."""
    return [python, "-m", "pvdctl.service.web"]
