"""Whether a rate is in its band, and since when."""


class Band:
    """Clocks of one deposit, set back by `clear`. Times are the scan's, None while it is not so."""

    __slots__ = ("in_since_s", "limit_since_s", "out_since_s", "source_open_s")

    def __init__(self) -> None:
        self.source_open_s: float | None = None
        """When the source shutter was read back open, or when waiting for a good rate began anew."""
        self.in_since_s: float | None = None
        self.out_since_s: float | None = None
        self.limit_since_s: float | None = None
        """Since when the source is driven to its limit and still gives too little."""

    def clear(self) -> None:
        """As before the first rate."""
        self.source_open_s = self.in_since_s = self.out_since_s = self.limit_since_s = None

    def judge(self, off_percent: float, tolerance_percent: float, now_s: float) -> bool:
        """Take one rate's distance from its target; True when it is in the band."""
        if -tolerance_percent <= off_percent <= tolerance_percent:
            if self.in_since_s is None:
                self.in_since_s = now_s
            self.out_since_s = None
            return True
        self.in_since_s = None
        if self.out_since_s is None:
            self.out_since_s = now_s
        return False

    def out_for(self, longest_s: float, now_s: float) -> bool:
        """Out of the band for more than `longest_s`; said once, then counted anew."""
        if self.out_since_s is None or now_s - self.out_since_s <= longest_s:
            return False
        self.out_since_s = None
        return True

    def limited_for(self, limited: bool, longest_s: float, now_s: float) -> bool:
        """At the limit and too low for more than `longest_s`; said once, then counted anew."""
        if not limited:
            self.limit_since_s = None
            return False
        if self.limit_since_s is None:
            self.limit_since_s = now_s
        elif now_s - self.limit_since_s > longest_s:
            self.limit_since_s = now_s
            return True
        return False
