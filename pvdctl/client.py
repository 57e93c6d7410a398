"""The chamber, for programs: command line, screens, scripts and notebooks all use this class and nothing else.

    from pvdctl.client import Chamber

    chamber = Chamber()                        # the service on this machine
    with chamber.control("zinc layer"):        # the lease; renewed while inside
        chamber.ready()                        # Clear and Reset, to Idle
        run = chamber.start("lzln", sample_id="A17").run
    ended = chamber.wait(run)                  # a lost lease never stops a run

Raises `Unreachable` when the service does not answer, `Declined` when it says no (`error.problem`), both with a
sentence. A `Chamber` may be used from several threads.
"""

import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from pvdctl.clock import RealClock, sleep_s
from pvdctl.errors import LinkError, OperatorError
from pvdctl.service.answers import (
    Accepted,
    AlarmList,
    Checked,
    Exchanges,
    Me,
    RecipeEntry,
    RecipeList,
    RunEntry,
    RunList,
    Samples,
    Trend,
    Verdict,
)
from pvdctl.service.decode import decode
from pvdctl.service.dial import Declined, Dial, Unreachable, default_address
from pvdctl.service.messages import Alarm, Ended, Happening, Snapshot

__all__ = ["Chamber", "Declined", "Lost", "Unreachable"]

RENEW_EVERY_S = 10.0
"""A lease lasts 30 s; renewed at a third of that, it survives two lost renewals."""
RETRY_S = 1.0
"""Between attempts to reach a service that has gone."""
SIMULATION_WITHIN_S = 300.0
LISTEN_S = 60.0
"""A link is listened to for this long after somebody last looked. A choice."""


@dataclass(frozen=True, slots=True)
class Lost:
    """In place of a snapshot: the service cannot be heard now; what was last heard grows old."""

    why: str


Heard = Snapshot | Happening | Lost
"""What the live stream brings."""


class Chamber:
    """A chamber behind its service.

    where: path of the service's Unix socket, or https://host:port with a token; None for $PVDCTL_SERVICE or the usual
    socket. client: how the record names this program. authority: certificate file, see `service.dial.Dial`.
    fence: number of the lease this object holds; None while it holds none.
    """

    def __init__(
        self,
        where: str | Path | None = None,
        *,
        client: str = "",
        token: str = "",
        authority: Path | None = None,
    ) -> None:
        name = client or f"{Path(sys.argv[0]).name or 'python'}@{socket.gethostname()}:{os.getpid()}"
        self._dial = Dial(
            str(where) if where is not None else default_address(),
            name,
            token or os.environ.get("PVDCTL_TOKEN", ""),
            authority,
        )
        self.fence: int | None = None

    @property
    def address(self) -> str:
        """Where the service is."""
        return self._dial.address

    # --- looking --------------------------------------------------------------------------------------------------
    def status(self) -> Snapshot:
        """Everything a screen needs, as of the last scan that was published (0.1 to 0.5 s ago)."""
        return decode(Snapshot, self._dial.ask("GET", "/v1/status"))

    def status_json(self) -> dict[str, Any]:
        """The same, as the service sent it."""
        found = self._dial.ask("GET", "/v1/status")
        assert isinstance(found, dict)
        return found

    def me(self) -> Me:
        """Who the service takes this program for, and in which role."""
        return decode(Me, self._dial.ask("GET", "/v1/me"))

    def follow(self, *, every_s: float = 0.5, patience: bool = True) -> Generator[Heard, None, None]:
        """Snapshots, at most one per `every_s` (0.1 at the least), and each happening, until the caller stops.

        When the service cannot be heard a `Lost` comes, then one each second until it is heard again; happenings
        missed meanwhile follow, as far as the service still has them. patience=False: raises Unreachable instead.
        """
        after: tuple[str, int] | None = None
        while True:
            try:
                for heard in self._listen(every_s, after):
                    if isinstance(heard, Snapshot):
                        after = (heard.boot, heard.seq)
                    yield heard
                lost = "the service ended the live stream."
            except LinkError as error:
                lost = str(error)
            if not patience:
                raise Unreachable(lost)
            yield Lost(lost)
            sleep_s(RETRY_S)

    def _listen(self, every_s: float, after: tuple[str, int] | None) -> Generator[Snapshot | Happening, None, None]:
        asked: dict[str, Any] = {"every_s": every_s}
        if after is not None:
            asked |= {"boot": after[0], "after": after[1]}
        for kind, data in self._dial.stream(f"/v1/live?{urlencode(asked)}"):
            if kind == "snapshot":
                yield decode(Snapshot, json.loads(data))
            elif kind == "happening":
                yield decode(Happening, json.loads(data))

    def trend(self, points: int = 600) -> Trend:
        """The last hours thinned to at most `points`, to fill a plot before the live stream goes on with it."""
        return decode(Trend, self._dial.ask("GET", f"/v1/trend?points={points}"))

    def exchanges(self, link: str, after: int | None = None, limit: int = 200) -> Exchanges:
        """Raw exchanges of a link, oldest first: bytes in hex and in print. Anybody may look.

        The first call switches listening on, and finds nothing yet; while calls come it goes on, and a minute after
        the last one it ends by itself. after: number of the newest one known, for the `limit` (500 at most) that
        followed it; None for the newest. Some 500 are kept. Declined for a link that there is not.
        """
        asked = urlencode({"limit": limit} | ({} if after is None else {"after": after}))
        found = decode(Exchanges, self._dial.ask("GET", f"/v1/links/{quote(link)}/exchanges?{asked}"))
        if found.listening_s > 0.5 * LISTEN_S:
            return found
        told = decode(Exchanges, self._dial.ask("POST", f"/v1/links/{quote(link)}/listen", {"seconds": LISTEN_S}))
        return replace(found, listening_s=told.listening_s)

    def wait(self, run: str, on_snapshot: Callable[[Snapshot | Lost], None] | None = None) -> Ended:
        """Wait until `run` has ended; how. Survives a service that is unreachable for a while.

        Raises OperatorError if the service does not know of the run any more (it was restarted meanwhile).
        """
        for heard in self.follow():
            if isinstance(heard, Happening):
                continue
            if on_snapshot is not None:
                on_snapshot(heard)
            if isinstance(heard, Lost) or (heard.job is not None and heard.job.running and heard.job.run == run):
                continue
            if heard.ended is not None and heard.ended.run == run:
                return heard.ended
            raise OperatorError(f"run {run} is not going on, and the service does not know how it ended: see `runs`.")
        raise AssertionError  # `follow` has no end

    # --- control lease --------------------------------------------------------------------------------------------
    def take_control(self, reason: str = "") -> Accepted:
        """Get the control lease, for 30 s. Declined while another holds it."""
        return self._leased(self._post("/v1/lease", {"reason": reason}))

    def renew_control(self) -> Accepted:
        """Keep it for another 30 s."""
        return self._leased(self._post("/v1/lease/renew", {"fence": self.fence}))

    def release_control(self) -> Accepted:
        """Give it back."""
        answer = self._post("/v1/lease/release", {"fence": self.fence})
        self.fence = None
        return answer

    def ask_for_control(self, reason: str = "") -> Accepted:
        """Ask the holder for it: it passes over after 15 s (call `take_control` then), or sooner when released.

        Unless the holder says no: `lease.wanted_by` of the snapshots is empty again then, and the holder the same.
        """
        return self._post("/v1/lease/request", {"reason": reason})

    def keep_control(self) -> Accepted:
        """Say no to whoever asks for the lease this program holds. Declined where nobody does."""
        return self._post("/v1/lease/keep", {"fence": self.fence})

    def break_control(self, reason: str) -> Accepted:
        """Take it from the holder at once; a process engineer's right, with a reason."""
        return self._leased(self._post("/v1/lease/break", {"reason": reason}))

    @contextmanager
    def control(self, reason: str = "") -> Iterator[Accepted]:
        """The lease while inside, renewed each 10 s by a thread, released at the end."""
        granted = self.take_control(reason)
        over = threading.Event()

        def keep() -> None:
            while not over.wait(RENEW_EVERY_S):
                try:
                    self.renew_control()
                except (LinkError, OperatorError):
                    continue  # the next command says so, if it is still lost by then

        thread = threading.Thread(target=keep, name="lease", daemon=True)
        thread.start()
        try:
            yield granted
        finally:
            over.set()
            thread.join(2.0)
            try:
                self.release_control()
            except (LinkError, OperatorError):
                self.fence = None  # it was lost meanwhile, or ends by itself within 30 s

    def _leased(self, answer: Accepted) -> Accepted:
        self.fence = answer.fence
        return answer

    # --- commands -------------------------------------------------------------------------------------------------
    def command(self, command: str, reason: str = "") -> Accepted:
        """One of reset, stop, hold, unhold, complete, abort, clear. Declined with what is possible instead."""
        return self._post(f"/v1/commands/{quote(command)}", {"reason": reason, "fence": self.fence})

    def abort(self, reason: str = "") -> Accepted:
        """Safe at once. Anybody may, always; needs no lease."""
        return self.command("abort", reason)

    def stop(self, reason: str = "") -> Accepted:
        """End the run under control. An operator may, without the lease."""
        return self.command("stop", reason)

    def hold(self, reason: str = "") -> Accepted:
        """To a safe, resumable place. An operator may, without the lease."""
        return self.command("hold", reason)

    def resume(self, reason: str = "") -> Accepted:
        """Unhold: conditions rebuilt, then on with the recipe."""
        return self.command("unhold", reason)

    def ready(self, within_s: float = 120.0) -> Snapshot:
        """Bring the unit to Idle by Clear and Reset, from Aborted, Stopped or Complete. Raises OperatorError.

        Needs the lease. within_s: seconds of this machine for each way.
        """
        snapshot = self.status()
        while snapshot.state != "Idle":
            if snapshot.state not in _TO_IDLE:
                raise OperatorError(f"the unit is in {snapshot.state}; it is made ready from {', '.join(_TO_IDLE)}.")
            command, goal = _TO_IDLE[snapshot.state]
            self.command(command, "made ready")
            snapshot = self.until((goal, "Aborted"), within_s)
            if snapshot.state != goal:
                raise OperatorError(f"{command} did not lead to {goal}: {snapshot.reason or snapshot.state}")
        return snapshot

    def until(self, states: Collection[str], within_s: float) -> Snapshot:
        """Wait until the unit is in one of `states`. Raises OperatorError after `within_s`, Unreachable."""
        clock = RealClock()
        for heard in self.follow(every_s=0.1, patience=False):
            if isinstance(heard, Snapshot):
                if heard.state in states:
                    return heard
                if clock.now_s > within_s:
                    waiting = f", waiting for: {', '.join(heard.waiting_for)}" if heard.waiting_for else ""
                    raise OperatorError(f"after {within_s:g} s the unit is in {heard.state}{waiting}.")
        raise AssertionError  # `follow` has no end

    def start(
        self,
        recipe: str | Path,
        *,
        sample_id: str = "",
        note: str = "",
        answers: Mapping[str, str] | None = None,
        reason: str = "",
    ) -> Accepted:
        """Start a recipe; `run` of the answer is the new run's id. Needs the lease, and the unit in Idle.

        recipe: a name in the service's library, or a Path whose text is sent. answers: to prompts, given beforehand.
        """
        body: dict[str, Any] = {
            "sample_id": sample_id,
            "note": note,
            "answers": dict(answers or {}),
            "reason": reason,
            "fence": self.fence,
        }
        return self._post("/v1/runs", body | _recipe(recipe))

    def answer(self, prompt: str, answer: str) -> Accepted:
        """Answer the recipe's question. Needs the lease."""
        return self._post("/v1/answers", {"prompt": prompt, "answer": answer, "fence": self.fence})

    def set_output(self, name: str, value: float, reason: str = "") -> Accepted:
        """Set one output by hand, in Stopped or Idle, within the interlocks. Needs the lease.

        name: a valve, shutter, PLC output, `<supply>.output`, `<supply>.current` (A, reached at the sources' slew),
        `<turbo>.run`, `<gauge>.on`. value: 1 open or on, 0 closed or off, or amps. Declined naming the interlock and
        what would satisfy it.
        """
        return self._post(f"/v1/outputs/{quote(name)}", {"value": value, "reason": reason, "fence": self.fence})

    def note(self, text: str, about: str = "") -> Accepted:
        """Put a remark on record, of the open run where one is open. An operator may, without the lease.

        text: 1 to 2000 characters. about: what it is about, such as `hold` or an alarm's name.
        """
        return self._post("/v1/notes", {"text": text, "about": about})

    # --- alarms ---------------------------------------------------------------------------------------------------
    def acknowledge(self, alarm: str) -> Accepted:
        """Say that you have seen an alarm."""
        return self._post(f"/v1/alarms/{quote(alarm)}/acknowledge", {})

    def shelve(self, alarm: str, minutes: float, reason: str) -> Accepted:
        """Put an alarm out of sight, at most an hour; a process engineer's right."""
        return self._post(f"/v1/alarms/{quote(alarm)}/shelve", {"minutes": minutes, "reason": reason})

    def unshelve(self, alarm: str) -> Accepted:
        """Bring it back before its time."""
        return self._post(f"/v1/alarms/{quote(alarm)}/unshelve", {})

    def alarms(self) -> list[Alarm]:
        """All alarms since the service started, those that are over too."""
        return decode(AlarmList, self._dial.ask("GET", "/v1/alarms")).alarms

    # --- recipes --------------------------------------------------------------------------------------------------
    def recipes(self) -> list[RecipeEntry]:
        """The service's library, each recipe checked on this chamber."""
        return decode(RecipeList, self._dial.ask("GET", "/v1/recipes")).recipes

    def recipe(self, name: str) -> Checked:
        """One recipe's text and check."""
        return decode(Checked, self._dial.ask("GET", f"/v1/recipes/{quote(name)}"))

    def check(self, recipe: str | Path) -> Checked:
        """The static check on this chamber, as `recipe` for a text that is not in the library."""
        return decode(Checked, self._dial.ask("POST", "/v1/check", _recipe(recipe)))

    def simulate(self, recipe: str | Path, seed: int = 1, answers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Make the recipe on a simulated copy of this chamber, beside the real one; the result as `simulate --json`.

        answers: to the recipe's prompts, each of which wants one. Declined where they are missing.
        """
        body: dict[str, Any] = {"seed": seed, "answers": dict(answers or {})}
        body |= _recipe(recipe)
        found = self._dial.ask("POST", "/v1/simulations", body, within_s=SIMULATION_WITHIN_S)
        assert isinstance(found, dict)
        return found

    def give_up_simulation(self) -> Accepted:
        """End the simulation that is going on, whoever waits for it; their `simulate` is Declined, and says by whom."""
        return self._post("/v1/simulations/give-up", {})

    # --- runs -----------------------------------------------------------------------------------------------------
    def runs(self, limit: int = 100) -> list[RunEntry]:
        """Past runs and the present one, newest first."""
        return decode(RunList, self._dial.ask("GET", f"/v1/runs?limit={limit}")).runs

    def story(self, run: str) -> dict[str, Any]:
        """The story of a run as `pvdctl show --json` tells it."""
        found = self._dial.ask("GET", f"/v1/runs/{quote(run)}")
        assert isinstance(found, dict)
        return found

    def samples(self, run: str, columns: Collection[str] = (), points: int = 600) -> Samples:
        """Columns of a run's samples, thinned to at most `points`; no columns: the usual four plots' worth."""
        asked = urlencode([*(("column", name) for name in columns), ("points", points)])
        return decode(Samples, self._dial.ask("GET", f"/v1/runs/{quote(run)}/samples?{asked}"))

    def verify(self) -> Verdict:
        """Check the whole record: whether it is what was written."""
        return decode(Verdict, self._dial.ask("GET", "/v1/record/verdict", within_s=SIMULATION_WITHIN_S))

    def sign(self, run: str, meaning: str, reason: str) -> Accepted:
        """Sign a run that has ended: reviewed, approved or rejected, with a reason. Not while a run is going on."""
        return self._post(f"/v1/runs/{quote(run)}/signatures", {"meaning": meaning, "reason": reason})

    def _post(self, path: str, body: dict[str, Any]) -> Accepted:
        return decode(Accepted, self._dial.ask("POST", path, body))


_TO_IDLE = {"Aborted": ("clear", "Stopped"), "Stopped": ("reset", "Idle"), "Complete": ("reset", "Idle")}
"""The command that brings the unit towards Idle, and where it leads."""


def _recipe(recipe: str | Path) -> dict[str, str]:
    """How a recipe is named to the service: by its name in the library, or by its text."""
    if isinstance(recipe, str):
        return {"recipe": recipe}
    try:
        return {"text": recipe.read_text(encoding="utf-8"), "path": str(recipe)}
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"recipe {recipe} cannot be read: {error}. Is the name right?") from error
