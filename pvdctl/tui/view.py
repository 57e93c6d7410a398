"""What the screens know: the newest snapshot, how old it is, the happenings, the curves. Owned by the app alone."""

from collections import deque

from pvdctl.clock import Clock
from pvdctl.service.answers import Me
from pvdctl.service.messages import Happening, Holder, Snapshot
from pvdctl.tui.curves import Curves

STALE_AFTER_S = 3.0
"""A snapshot is due each 0.5 s; after this many seconds without one the values count as old (our own choice)."""
KEPT_HAPPENINGS = 500
"""To look back at on the screens; a guess. All of them are in the record."""


class View:
    """The one state of all screens.

    client: the name under which this program speaks to the service, to tell its own lease from another's.
    """

    def __init__(self, clock: Clock, client: str) -> None:
        self._clock = clock
        self.client = client
        self.snapshot: Snapshot | None = None
        self.happenings: deque[Happening] = deque(maxlen=KEPT_HAPPENINGS)
        self.curves = Curves()
        self.me: Me | None = None
        self.lost = ""
        """Why the service cannot be heard; empty while it can."""
        self.starting = False
        """Whether the service was started with these screens and has not said anything yet."""
        self._heard_s = clock.now_s

    @property
    def age_s(self) -> float:
        """Seconds since a snapshot came, or since the start while none has."""
        return self._clock.now_s - self._heard_s

    @property
    def stale(self) -> bool:
        """Whether what is shown must not be taken for the present."""
        return bool(self.lost) or self.age_s > STALE_AFTER_S

    @property
    def lease(self) -> Holder | None:
        """Who is in control."""
        return self.snapshot.lease if self.snapshot is not None else None

    @property
    def in_control(self) -> bool:
        """Whether this program holds the lease."""
        lease = self.lease
        return lease is not None and lease.client == self.client and (self.me is None or lease.user == self.me.user)

    def take(self, snapshot: Snapshot) -> None:
        """The newest snapshot. Another boot begins everything anew."""
        known = self.snapshot
        if known is not None and known.boot != snapshot.boot:
            self.happenings.clear()
            self.curves.clear()
            known = None
        if known is None:
            self.happenings.extend(snapshot.events)
        self.snapshot = snapshot
        self.starting = False
        self.lost = ""
        self._heard_s = self._clock.now_s
        self.curves.add(snapshot)

    def happened(self, happening: Happening) -> None:
        """An event; those that the first snapshot brought already come only once."""
        if not self.happenings or happening.seq > self.happenings[-1].seq:
            self.happenings.append(happening)

    def losing(self, why: str) -> None:
        """The service cannot be heard."""
        self.lost = why
        self.curves.lost()
