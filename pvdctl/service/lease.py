"""The control lease: one client at a time is in control of the chamber.

Modelled on the lock of OPC 10000-100 clause 7 (InitLock, RenewLock, ExitLock, BreakLock). It is about people, not about
the machine: when it is lost nothing stops, only new commands are refused. Each grant has a higher fencing number, and
a command carries the number of its grant, so that whoever has lost the lease without noticing is refused. Pure: time
is passed in.
"""

from typing import Final, NamedTuple

TTL_S: Final = 30.0
"""A lease that is not renewed for this long is free. A choice: three renewals of 10 s."""
TAKE_OVER_S: Final = 15.0
"""The holder is asked for this long before the lease passes to whoever asked. A choice."""


class Client(NamedTuple):
    """Who asks: the user, and the program on whose behalf."""

    user: str
    name: str

    def __str__(self) -> str:
        return f"{self.user} ({self.name})"


class NotGranted(Exception):
    """The lease was not granted, or is not held. `code` as in `answers.Problem`; the text is a sentence."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


class Lease:
    """Who is in control.

    holder: None while nobody is. fence: number of the newest grant; the next grant has a higher one. told: sentences
    about changes that nobody asked for in that moment (ran out, passed over), with the client concerned; the caller
    empties it.
    """

    __slots__ = ("_until_s", "_wanted_since_s", "fence", "holder", "told", "wanted_by")

    def __init__(self, fence: int = 0) -> None:
        self.fence = fence
        self.holder: Client | None = None
        self.wanted_by: Client | None = None
        self.told: list[tuple[Client, str]] = []
        self._until_s = 0.0
        self._wanted_since_s = 0.0

    def tick(self, now_s: float) -> None:
        """Let time have its effects: a lease runs out, or passes to whoever has asked for it long enough."""
        holder, wanted = self.holder, self.wanted_by
        if holder is None:
            return
        passes = wanted is not None and now_s - self._wanted_since_s >= TAKE_OVER_S
        over = now_s >= self._until_s
        if not (passes or over):
            return
        why = f"passed to {wanted}" if passes else f"ran out after {TTL_S:g} s without a renewal"
        self.told.append((holder, f"the lease of {holder} {why}"))
        self._free()
        if wanted is not None:
            self._grant(wanted, now_s)

    def take(self, client: Client, now_s: float) -> int:
        """Grant it, or renew it for its holder; the fencing number. Raises NotGranted while another holds it."""
        self.tick(now_s)
        holder = self.holder
        if holder is None:
            self._grant(client, now_s)
        elif holder == client:
            self._until_s = now_s + TTL_S
        else:
            raise NotGranted(
                "no_lease",
                f"{holder} is in control for another {self.remaining_s(now_s):.0f} s. Ask for control, or wait.",
            )
        return self.fence

    def renew(self, client: Client, fence: int | None, now_s: float) -> int:
        """Another TTL_S for its holder. Raises NotGranted."""
        self.check(client, fence, now_s)
        self._until_s = now_s + TTL_S
        return self.fence

    def release(self, client: Client, fence: int | None, now_s: float) -> None:
        """Give it back; it goes to whoever is waiting. Raises NotGranted."""
        self.check(client, fence, now_s)
        wanted = self.wanted_by
        self._free()
        if wanted is not None:
            self._grant(wanted, now_s)
            self.told.append((wanted, f"the lease passed to {wanted}"))

    def request(self, client: Client, now_s: float) -> float:
        """Ask the holder for it; seconds until it passes. Raises NotGranted while somebody else is asking already.

        When nobody holds it the answer is 0: take it.
        """
        self.tick(now_s)
        if self.holder is None or self.holder == client:
            return 0.0
        if self.wanted_by is not None and self.wanted_by != client:
            raise NotGranted("no_lease", f"{self.wanted_by} has asked for control before you.")
        if self.wanted_by is None:
            self.wanted_by, self._wanted_since_s = client, now_s
        return max(0.0, self._wanted_since_s + TAKE_OVER_S - now_s)

    def keep(self, client: Client, fence: int | None, now_s: float) -> Client:
        """The holder says no to whoever is asking, and is told who that was. Raises NotGranted.

        Who is refused may ask again; a process engineer may take it all the same (`seize`).
        """
        self.check(client, fence, now_s)
        wanted = self.wanted_by
        if wanted is None:
            raise NotGranted("not_now", "nobody asks for control.")
        self.wanted_by = None
        return wanted

    def seize(self, client: Client, now_s: float) -> int:
        """Take it from whoever holds it, at once (BreakLock); the fencing number."""
        self.tick(now_s)
        self._free()
        self._grant(client, now_s)
        return self.fence

    def check(self, client: Client, fence: int | None, now_s: float) -> None:
        """Raise NotGranted unless `client` holds the lease under this fencing number."""
        self.tick(now_s)
        if self.holder is None:
            raise NotGranted("no_lease", "nobody is in control: take control first.")
        if self.holder.user != client.user or (fence == self.fence and self.holder != client):
            raise NotGranted("no_lease", f"{self.holder} is in control, not you. Ask for control.")
        if fence != self.fence:
            shown = "no number" if fence is None else f"number {fence}"
            raise NotGranted(
                "stale_fence",
                f"this command comes with {shown}, the lease is under {self.fence}: it was granted anew since. "
                "Take control again.",
            )

    def remaining_s(self, now_s: float) -> float:
        """Until it runs out; 0 while nobody holds it."""
        return max(0.0, self._until_s - now_s) if self.holder is not None else 0.0

    def passes_in_s(self, now_s: float) -> float | None:
        """Until it passes to whoever asks for it; None while nobody does."""
        return max(0.0, self._wanted_since_s + TAKE_OVER_S - now_s) if self.wanted_by is not None else None

    def _free(self) -> None:
        self.holder = self.wanted_by = None

    def _grant(self, client: Client, now_s: float) -> None:
        self.holder = client
        self.fence += 1
        self._until_s = now_s + TTL_S
