"""The numbers behind the plots: what the service remembers of the last hours, and what comes since."""

from dataclasses import dataclass

from pvdctl.service.answers import Trend
from pvdctl.service.messages import Snapshot

CAPACITY = 20_000
"""Points kept: 2.7 hours at two a second. At twice that the older half is thinned to every second point."""


@dataclass(slots=True)
class Point:
    """All curves at one time. None where nothing was known."""

    at_s: float
    """The control clock's, as in snapshots."""
    chamber_pressure_mbar: float | None
    rate_nm_per_s: float
    rate_target_nm_per_s: float
    band_percent: float
    film_nm: float
    film_target_nm: float
    source_current_a: float | None


class Curves:
    """Points in order of time."""

    def __init__(self) -> None:
        self.points: list[Point] = []

    def clear(self) -> None:
        """Forget all."""
        self.points.clear()

    def begin(self, trend: Trend) -> None:
        """Put what the service remembers before what has come already."""
        first_s = self.points[0].at_s if self.points else float("inf")
        columns = (
            trend.at_s, trend.chamber_pressure_mbar, trend.rate_nm_per_s, trend.rate_target_nm_per_s, trend.film_nm,
            trend.film_target_nm, trend.source_current_a,
        )  # fmt: skip
        self.points[:0] = [
            Point(at_s, pressure, rate, rate_target, 0.0, film, film_target, current)
            for at_s, pressure, rate, rate_target, film, film_target, current in zip(*columns, strict=True)
            if at_s < first_s
        ]

    def add(self, snapshot: Snapshot) -> None:
        """One more point."""
        if self.points and snapshot.at_s <= self.points[-1].at_s:
            return
        mimic, job = snapshot.mimic, snapshot.job
        pressure = mimic.chamber_pressure
        currents = [source.current_a for source in mimic.sources if source.selected]
        layer = job.layer if job is not None else None
        self.points.append(
            Point(
                snapshot.at_s,
                pressure.value if pressure.quality != "bad" else None,
                layer.rate_nm_per_s if layer is not None else 0.0,
                layer.rate_target_nm_per_s if layer is not None else 0.0,
                layer.band_percent if layer is not None else 0.0,
                layer.film_nm if layer is not None else 0.0,
                layer.target_nm if layer is not None else 0.0,
                currents[0] if currents else None,
            )
        )
        if len(self.points) > 2 * CAPACITY:
            self.points[:CAPACITY] = self.points[:CAPACITY:2]
