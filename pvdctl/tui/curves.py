"""The numbers behind the plots: what the service remembers of the last hours, and what comes since."""

from array import array
from bisect import bisect_right
from collections.abc import Mapping
from math import nan
from typing import Final

from pvdctl.service.answers import Trend
from pvdctl.service.messages import Layer, Snapshot

CAPACITY = 20_000
"""Rows kept: 2.7 hours at two a second. At twice that the older half is thinned to every second row."""

NAMES: Final = (
    "at_s", "chamber_pressure_mbar", "rate_nm_per_s", "rate_target_nm_per_s", "band_low_nm_per_s",
    "band_high_nm_per_s", "film_nm", "film_target_nm", "source_current_a",
)  # fmt: skip
"""The columns; `at_s` is the control clock, as in snapshots. NaN where nothing was known."""


class Curves:
    """Rows in order of time, kept as columns of plain numbers: 40,000 rows are 3 MB.

    generation: another number when rows went or came elsewhere than at the end, so that whoever reduced them begins
    anew. doubts: what the newest row's readings are worth where they are not good, by column.
    """

    def __init__(self) -> None:
        self.columns: dict[str, array[float]] = {name: array("d") for name in NAMES}
        self.at_s = self.columns["at_s"]
        self.generation = 0
        self.doubts: dict[str, str] = {}
        self._lost_s: float | None = None
        """Time of the last row before the service was lost, until what was missed has been filled in."""

    def __len__(self) -> int:
        return len(self.at_s)

    def newest(self, name: str) -> float:
        """The last row's value; NaN where it, or any row, is not known."""
        column = self.columns[name]
        return column[-1] if column else nan

    def clear(self) -> None:
        """Forget all."""
        for column in self.columns.values():
            del column[:]
        self.doubts = {}
        self._lost_s = None
        self.generation += 1

    def lost(self) -> None:
        """The service cannot be heard: no line is drawn from here to what comes after."""
        if self._lost_s is None and len(self):
            self._lost_s = self.at_s[-1]
            self._append(self._lost_s, {})

    def begin(self, trend: Trend) -> None:
        """Put what the service remembers before what has come already, and where it was not heard."""
        columns = (
            trend.at_s, trend.chamber_pressure_mbar, trend.rate_nm_per_s, trend.rate_target_nm_per_s,
            trend.band_percent, trend.film_nm, trend.film_target_nm, trend.source_current_a,
        )  # fmt: skip
        rows = [
            (
                at_s,
                {
                    "chamber_pressure_mbar": known(pressure),
                    "rate_nm_per_s": rate,
                    "film_nm": film,
                    "film_target_nm": film_target or nan,
                    "source_current_a": known(current),
                }
                | wanted(target, band),
            )
            for at_s, pressure, rate, target, band, film, film_target, current in zip(*columns, strict=True)
        ]
        if not len(self):
            self._insert(0, rows)
            return
        if self._lost_s is not None:
            hole = bisect_right(self.at_s, self._lost_s)
            until_s = self.at_s[hole] if hole < len(self) else float("inf")
            self._insert(hole, [row for row in rows if self._lost_s < row[0] < until_s])
            self._lost_s = None
        first_s = self.at_s[0]
        self._insert(0, [row for row in rows if row[0] < first_s])

    def add(self, snapshot: Snapshot) -> None:
        """One more row."""
        if len(self) and snapshot.at_s <= self.at_s[-1]:
            return
        mimic, job = snapshot.mimic, snapshot.job
        pressure = mimic.chamber_pressure
        source = next((source for source in mimic.sources if source.selected), None)
        supply = next((each for each in mimic.supplies if source is not None and each.name == source.supply), None)
        self.doubts = {}
        if pressure.quality != "good":
            self.doubts["chamber_pressure_mbar"] = pressure.quality
        if supply is not None and supply.current.quality != "good":
            self.doubts["source_current_a"] = supply.current.quality
        values = {
            "chamber_pressure_mbar": known(pressure.value if pressure.quality != "bad" else None),
            "source_current_a": known(source.current_a if source is not None else None),
        }
        self._append(snapshot.at_s, values | (_layer(job.layer) if job is not None else {}))
        if len(self) > 2 * CAPACITY:
            for column in self.columns.values():
                column[:CAPACITY] = column[:CAPACITY:2]
            self.generation += 1

    def _append(self, at_s: float, values: Mapping[str, float]) -> None:
        for name, column in self.columns.items():
            column.append(at_s if name == "at_s" else values.get(name, nan))

    def _insert(self, index: int, rows: list[tuple[float, dict[str, float]]]) -> None:
        if not rows:
            return
        for name, column in self.columns.items():
            taken = [at_s if name == "at_s" else values.get(name, nan) for at_s, values in rows]
            column[index:index] = array("d", taken)
        self.generation += 1


def _layer(layer: Layer) -> dict[str, float]:
    return {
        "rate_nm_per_s": layer.rate_nm_per_s,
        "film_nm": layer.film_nm,
        "film_target_nm": layer.target_nm or nan,
    } | wanted(layer.rate_target_nm_per_s, layer.band_percent)


def wanted(target_nm_per_s: float | None, band_percent: float | None) -> dict[str, float]:
    """The rate's target and its band, as columns; nothing where there is none (zero, or not told)."""
    if not target_nm_per_s:
        return {}
    if not band_percent:
        return {"rate_target_nm_per_s": target_nm_per_s}
    off = target_nm_per_s * band_percent / 100.0
    return {
        "rate_target_nm_per_s": target_nm_per_s,
        "band_low_nm_per_s": target_nm_per_s - off,
        "band_high_nm_per_s": target_nm_per_s + off,
    }


def known(value: float | None) -> float:
    """NaN for None."""
    return nan if value is None else value
