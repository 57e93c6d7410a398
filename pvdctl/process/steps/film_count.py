"""Thickness counted on the film: what arrived while the substrate shutter was open, its travel included."""

from pvdctl.process.crystal import Crystal


class FilmCount:
    """Adds up the intervals in which the substrate shutter was open.

    A shutter that opens over a travel time lets in, on the whole, what a sudden one would from half that time on; the
    same at closing. total_nm: of closed intervals; open_s: their time.
    """

    def __init__(self, travel_s: float) -> None:
        self._half_travel_s = 0.5 * travel_s
        self._from_nm: float | None = None
        self._from_s = 0.0
        self.total_nm = 0.0
        self.open_s = 0.0

    @property
    def is_open(self) -> bool:
        """An interval is running."""
        return self._from_nm is not None

    def open(self, crystal: Crystal, told_s: float) -> None:
        """The shutter has been told to open."""
        self._from_s = told_s + self._half_travel_s
        self._from_nm = crystal.film_at(self._from_s)

    def now_nm(self, crystal: Crystal, now_s: float) -> float:
        """Film so far if the shutter were told to close now: closing travel included."""
        if self._from_nm is None:
            return self.total_nm
        return self.total_nm + crystal.film_at(now_s + self._half_travel_s) - self._from_nm

    def close(self, crystal: Crystal, told_s: float) -> None:
        """The shutter has been told to close."""
        if self._from_nm is None:
            return
        self.total_nm = self.now_nm(crystal, told_s)
        self.open_s += told_s + self._half_travel_s - self._from_s
        self._from_nm = None

    def change(self, old: Crystal, new: Crystal, now_s: float, rate_nm_per_s: float) -> None:
        """Go on counting with another crystal.

        Kept: what the old one counted up to its last good reading, and the time since at the last good rate.
        """
        if self._from_nm is None:
            return
        since_s = now_s - old.measured_s
        self.total_nm += old.film_nm + rate_nm_per_s * since_s - self._from_nm
        self.open_s += now_s - self._from_s
        self._from_s = now_s
        self._from_nm = new.film_at(now_s)

    def stop_at(self, when_s: float) -> None:
        """End the interval at a moment passed, its film already added to `total_nm` by the caller."""
        if self._from_nm is not None:
            self.open_s += when_s - self._from_s
            self._from_nm = None
