"""The figures of each layer of a run, judged by what its recipe asked for.

A recipe gives a tolerance for the rate, and a time for which the rate may leave it (`rate_error_after`): the rate is
judged by these. It may give one for the thickness: then the crystal's reading at the end is judged by it. Without it a
layer is of its thickness when the step ended by reaching it, and the deviation is told beside it, unjudged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pvdctl.recipe.model import Deposit, Recipe
from pvdctl.record.codes import OPEN, POSITION_SUFFIX
from pvdctl.record.event import Facts

Samples: TypeAlias = Mapping[str, NDArray[np.float64]]
"""Columns of a run's samples by name, and `time_s`: seconds since the run's start."""


class Verdict(NamedTuple):
    """good: None where there is nothing to judge by. words: a short phrase for a table."""

    good: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class LayerFigures:
    """One layer: what was asked, what was read, and how far they agree.

    facts: the row of the record, or as much as the samples tell where there is none. low_nm_per_s, high_nm_per_s: the
    band around the rate, None where the recipe cannot be read. error_percent: read against target. true_error_percent:
    the same for the truth of a simulated plant. in_band_percent: share of the time with the substrate shutter open;
    longest_out_s: longest time out of band in a row. open_from_s, open_to_s: first opening and last closing of the
    substrate shutter, seconds since the run's start; None if it was never open.
    """

    facts: Facts
    low_nm_per_s: float | None
    high_nm_per_s: float | None
    error_percent: float | None
    true_error_percent: float | None
    in_band_percent: float | None
    longest_out_s: float | None
    open_from_s: float | None
    open_to_s: float | None
    thickness: Verdict
    rate: Verdict

    @property
    def name(self) -> str:
        """Name of the recipe's step."""
        return str(self.facts["name"])


def judge(rows: Sequence[Facts], recipe: Recipe | None, samples: Samples, shutter: str, end: str) -> list[LayerFigures]:
    """The layers of a run, those included that the recipe asked for and that were not made.

    rows: layers as the record tells them. recipe: None if its text cannot be read by this pvdctl. shutter: name of the
    substrate shutter. end: how the run ended.
    """
    if recipe is None:
        return [_judge(row, None, samples, np.zeros(0, dtype=np.int64)) for row in rows]
    by_name = {row["name"]: row for row in rows}
    position = samples.get(shutter + POSITION_SUFFIX)
    found = []
    for number, step in enumerate(recipe.steps, start=1):
        if not isinstance(step, Deposit):
            continue
        here = samples["step"] == number
        is_open = np.flatnonzero(here & (position == OPEN)) if position is not None else np.zeros(0, dtype=np.int64)
        row = by_name.get(step.name) or _unreported(step, samples, np.flatnonzero(here), is_open, end)
        found.append(_judge(row, step, samples, is_open))
    return found


def _unreported(
    step: Deposit, samples: Samples, here: NDArray[np.int64], is_open: NDArray[np.int64], end: str
) -> Facts:
    """A layer that the record has no row of: never begun, or cut off with the program."""
    read_nm = float(samples["film"][here[-1]]) if len(is_open) else 0.0
    return {
        "name": step.name,
        "film": step.film,
        "target_nm": step.thickness_nm,
        "rate_target_nm_s": step.rate_nm_per_s,
        "rate_tolerance_percent": step.tolerance_percent,
        "read_nm": read_nm,
        "open_s": float(samples["time_s"][is_open[-1]] - samples["time_s"][is_open[0]]) if len(is_open) else 0.0,
        "ended": end.lower() if len(here) else "not begun",
    }


def _judge(row: Facts, step: Deposit | None, samples: Samples, is_open: NDArray[np.int64]) -> LayerFigures:
    target_nm, read_nm, true_nm = row["target_nm"], row["read_nm"], row.get("true_nm")
    low = high = in_band = longest = None
    if step is not None:
        share = step.tolerance_percent / 100.0
        low, high = step.rate_nm_per_s * (1.0 - share), step.rate_nm_per_s * (1.0 + share)
        if len(is_open):
            in_band, longest = _band(samples["rate"], samples["time_s"], is_open, low, high)
    time_s = samples["time_s"]
    return LayerFigures(
        facts=row,
        low_nm_per_s=low,
        high_nm_per_s=high,
        error_percent=100.0 * (read_nm / target_nm - 1.0),
        true_error_percent=100.0 * (true_nm / target_nm - 1.0) if true_nm is not None else None,
        in_band_percent=in_band,
        longest_out_s=longest,
        open_from_s=float(time_s[is_open[0]]) if len(is_open) else None,
        open_to_s=float(time_s[is_open[-1]]) if len(is_open) else None,
        thickness=_thickness(row, step),
        rate=_rate(row, step, longest),
    )


def _band(
    rate: NDArray[np.float64], time_s: NDArray[np.float64], is_open: NDArray[np.int64], low: float, high: float
) -> tuple[float, float]:
    """Percent of the open time in band, and the longest time out of it in seconds. An unknown rate is out of band."""
    values, at_s = rate[is_open], time_s[is_open]
    inside = (values >= low) & (values <= high)
    longest_s, since_s = 0.0, None
    # Only where it changes: a layer has thousands of scans and a handful of excursions.
    for index in [0, *(np.flatnonzero(np.diff(inside)) + 1).tolist()]:
        if since_s is not None:
            longest_s = max(longest_s, float(at_s[index]) - since_s)
        since_s = None if inside[index] else float(at_s[index])
    if since_s is not None:
        longest_s = max(longest_s, float(at_s[-1]) - since_s)
    return 100.0 * float(np.mean(inside)), longest_s


def _thickness(row: Facts, step: Deposit | None) -> Verdict:
    if row["ended"] == "not begun":
        return Verdict(False, "not begun")
    reached = row["ended"] == "complete"
    words = "reached" if reached else f"{row['target_nm'] - row['read_nm']:.1f} nm short"
    tolerance = step.thickness_tolerance_percent if step is not None else None
    if step is None or tolerance is None:
        return Verdict(reached, words)
    if row.get("by_time"):
        return Verdict(None if reached else False, f"{words} by time, ±{tolerance:g} % not judged")
    if step.in_tolerance(row["read_nm"]):
        return Verdict(True, f"{words}, within ±{tolerance:g} %")
    return Verdict(False, f"{words}, out of tolerance ±{tolerance:g} %")


def _rate(row: Facts, step: Deposit | None, longest_out_s: float | None) -> Verdict:
    if step is None:
        return Verdict(None, "recipe not readable")
    if longest_out_s is None:
        return Verdict(None, "nothing deposited")
    mean = row.get("rate_mean_nm_s")
    within = f"±{step.tolerance_percent:g} %"
    if mean is not None and abs(mean / step.rate_nm_per_s - 1.0) * 100.0 > step.tolerance_percent:
        return Verdict(False, f"mean outside {within}")
    if longest_out_s > step.rate_error_after_s:
        return Verdict(False, f"outside {within} for {longest_out_s:.0f} s")
    return Verdict(True, f"within {within}" if longest_out_s == 0.0 else f"within {within}, out {longest_out_s:.1f} s")
