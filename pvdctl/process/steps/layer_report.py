"""The figures of one layer: what was wanted, what was read."""

from math import sqrt
from typing import Any

from pvdctl.recipe.model import Deposit


class LayerReport:
    """Collects a layer's rate statistics while its substrate shutter is open.

    Everything here is as read; the truth is nobody's to know on a real chamber.
    """

    def __init__(self, step: Deposit) -> None:
        self.step = step
        self.count = 0
        self._sum = 0.0
        self._squares = 0.0
        self._most = 0.0
        self.source_opened_s: float | None = None
        self.in_band_s: float | None = None
        self.substrate_opened_s: float | None = None
        self.displayed_nm: float | None = None
        self.start_hz = 0.0

    def note_rate(self, rate_nm_per_s: float) -> None:
        """One filtered rate with the substrate shutter open."""
        self.count += 1
        self._sum += rate_nm_per_s
        self._squares += rate_nm_per_s * rate_nm_per_s
        if rate_nm_per_s > self._most:
            self._most = rate_nm_per_s

    def mean_nm_per_s(self) -> float:
        """Mean filtered rate; 0 before any."""
        return self._sum / self.count if self.count else 0.0

    def as_data(self, read_nm: float, open_s: float, ended: str, by_time: bool = False) -> dict[str, Any]:
        """For the record.

        by_time: part of the film was reckoned by time and not read from a crystal. Then there is no reading to judge
        the thickness by, and `in_tolerance` is null, as it is where the recipe gives no tolerance.
        """
        step = self.step
        read_nm = round(read_nm, 3)
        mean = self.mean_nm_per_s()
        variance = self._squares / self.count - mean * mean if self.count else 0.0
        to_band = (
            self.in_band_s - self.source_opened_s
            if self.in_band_s is not None and self.source_opened_s is not None
            else None
        )
        return {
            "name": step.name,
            "film": step.film,
            "target_nm": step.thickness_nm,
            "read_nm": read_nm,
            "displayed_nm": self.displayed_nm,
            "rate_target_nm_s": step.rate_nm_per_s,
            "rate_tolerance_percent": step.tolerance_percent,
            "rate_mean_nm_s": round(mean, 5),
            "rate_sd_nm_s": round(sqrt(max(0.0, variance)), 5),
            "time_to_band_s": round(to_band, 3) if to_band is not None else None,
            "overshoot_percent": round(100.0 * (self._most / step.rate_nm_per_s - 1.0), 3) if self.count else None,
            "open_s": round(open_s, 3),
            "by_time": by_time,
            "thickness_tolerance_percent": step.thickness_tolerance_percent,
            "in_tolerance": None if by_time else step.in_tolerance(read_nm),
            "ended": ended,
        }
