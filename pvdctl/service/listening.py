"""Links that somebody listens to: raw exchanges on demand, for as long as somebody looks at them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pvdctl.chamber.near import near_miss
from pvdctl.links.tap import Tap
from pvdctl.links.worker import Worker
from pvdctl.service.answers import Exchange, Exchanges
from pvdctl.service.call import Turned


class Listening:
    """The taps of one service's links. For the control thread.

    utc: calendar time of the workers' clock now. until_s: by link, when its tap is taken off again, in seconds of this
    machine, also in a simulation; empty while nobody listens.
    """

    def __init__(self, workers: Sequence[Worker], utc: Callable[[], datetime]) -> None:
        self._taps = {worker.link.name: Tap(worker) for worker in workers}
        self._utc = utc
        self.until_s: dict[str, float] = {}

    def listen(self, link: str, for_s: float, wall_s: float) -> Exchanges:
        """Keep what passes on `link` for the next `for_s`, or longer where that was asked already. Raises Turned."""
        tap = self._tap(link)
        if link not in self.until_s:
            tap.on()
        self.until_s[link] = max(self.until_s.get(link, 0.0), wall_s + for_s)
        return self._found(link, tap, wall_s, [])

    def exchanges(self, link: str, after: int | None, limit: int, wall_s: float) -> Exchanges:
        """What is kept of `link`, see `Tap.kept`; nothing while nobody listens. Raises Turned."""
        tap = self._tap(link)
        now, now_s = self._utc(), tap.clock.now_s
        found = []
        for each in tap.kept(after, limit):
            utc = now - timedelta(seconds=now_s - each.at_s)
            found.append(
                Exchange(
                    each.number, round(each.at_s, 6), utc.isoformat(timespec="milliseconds"),
                    round(1000.0 * each.took_s, 3), _hex(each.asked), _printable(each.asked), _hex(each.answered),
                    _printable(each.answered), each.error,
                )
            )  # fmt: skip
        return self._found(link, tap, wall_s, found)

    def tick(self, wall_s: float) -> None:
        """Take off the taps whose time is over."""
        for link in [link for link, until_s in self.until_s.items() if wall_s >= until_s]:
            del self.until_s[link]
            self._taps[link].off()

    def _tap(self, link: str) -> Tap:
        tap = self._taps.get(link)
        if tap is None:
            raise Turned("not_found", f"there is no link '{link}'; {near_miss(link, self._taps)}")
        return tap

    def _found(self, link: str, tap: Tap, wall_s: float, found: list[Exchange]) -> Exchanges:
        left_s = max(0.0, self.until_s.get(link, 0.0) - wall_s)
        return Exchanges(link, round(left_s, 1), tap.newest, found)


def _hex(data: bytes) -> str:
    """`21 23 40 4F 37`, as manuals print it."""
    return data.hex(" ").upper()


def _printable(data: bytes) -> str:
    r"""ASCII as it is, everything else escaped: `AYT\r`, `\x06\r\n`."""
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")
