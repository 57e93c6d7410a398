"""Runs beside each other: the same figures of each, and where they were made differently."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pvdctl.record.dossier import Dossier
from pvdctl.record.event import Facts
from pvdctl.record.layer_figures import LayerFigures

MOST: Final = 6
"""Runs side by side: as many colours stay apart, and as many columns fit a page."""

Figure = float | int | str | None


class Row(NamedTuple):
    """One figure of all runs. about: what it belongs to, such as a layer. digits: to be shown behind the point.

    same: whether it has to be the same for runs to be alike, as recipe and chamber; None for what may differ.
    """

    about: str
    name: str
    unit: str
    values: tuple[Figure, ...]
    digits: int = 0
    same: bool | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """dossiers: of the runs, in the order asked. rows: their figures."""

    dossiers: tuple[Dossier, ...]
    rows: tuple[Row, ...]


def compare(dossiers: Sequence[Dossier]) -> Comparison:
    """The figures of these runs side by side; layers and gas doses that some of them lack are dashes there."""
    rows = [*_run_rows(dossiers)]
    for name in _names([[layer.name for layer in one.layers] for one in dossiers]):
        found = [next((layer for layer in one.layers if layer.name == name), None) for one in dossiers]
        rows += [
            Row(f"layer {name}", title, unit, _of_layers(dossiers, found, take), digits)
            for title, unit, digits, take in _LAYER
        ]
    for name in _names([[str(one["name"]) for one in dossier.story.exposures] for dossier in dossiers]):
        doses = [next((one for one in dossier.story.exposures if one["name"] == name), None) for dossier in dossiers]
        rows += [
            Row(f"gas {name}", title, unit, tuple(dose.get(key) if dose else None for dose in doses), digits)
            for title, unit, digits, key in _DOSE
        ]
    return Comparison(tuple(dossiers), tuple(rows))


def _names(lists: Sequence[Sequence[str]]) -> list[str]:
    """All names in the order in which they come first."""
    return list(dict.fromkeys(name for names in lists for name in names))


def _run_rows(dossiers: Sequence[Dossier]) -> list[Row]:
    runs = [one.run for one in dossiers]

    def alike(name: str, values: Sequence[Figure]) -> Row:
        return Row("run", name, "", tuple(values), same=len(set(values)) == 1)

    return [
        Row("run", "began", "UTC", tuple(run.started_utc[:16].replace("T", " ") for run in runs)),
        Row("run", "end", "", tuple(run.end_state for run in runs)),
        Row("run", "operator", "", tuple(run.operator for run in runs)),
        alike("recipe", [f"{run.recipe} {run.recipe_version} ({run.recipe_sha256[:8]})" for run in runs]),
        alike("chamber", [f"{run.chamber} ({run.start['chamber']['sha256'][:8]})" for run in runs]),
        alike("made on", ["simulated" if run.simulated else "real" for run in runs]),
        alike("instruments", [_digest(run.start["identities"]) for run in runs]),
        alike("pvdctl", [str(run.start["versions"]["pvdctl"]) for run in runs]),
        Row("run", "took", "s", tuple(run.duration_s for run in runs), 1),
        Row("run", "lowest pressure", "mbar", tuple(_lowest_mbar(one) for one in dossiers), -2),
        Row("run", "troubles", "", tuple(len(one.story.troubles) for one in dossiers)),
        Row("run", "record holds", "", tuple(_yes(one.proof["verified"]) for one in dossiers)),
    ]


def _digest(identities: Facts) -> str:
    """A short word that differs when an instrument does."""
    import hashlib

    told = "\n".join(f"{name} {identities[name]}" for name in sorted(identities))
    return f"{len(identities)} ({hashlib.sha256(told.encode()).hexdigest()[:8]})"


def _yes(verified: bool | None) -> str:
    return {True: "yes", False: "no", None: "not ended"}[verified]


def _lowest_mbar(dossier: Dossier) -> float | None:
    known = dossier.samples["chamber_pressure"]
    known = known[np.isfinite(known)]
    return float(known.min()) if len(known) else None


# -- of a layer ----------------------------------------------------------------------------------------------------

Take = Callable[[Dossier, LayerFigures], Figure]


def _of_layers(dossiers: Sequence[Dossier], layers: Sequence[LayerFigures | None], take: Take) -> tuple[Figure, ...]:
    return tuple(
        take(dossier, layer) if layer is not None else None for dossier, layer in zip(dossiers, layers, strict=True)
    )


def _fact(key: str) -> Take:
    return lambda _, layer: layer.facts.get(key)


def _while_open(column: Callable[[Dossier], NDArray[np.float64]]) -> Take:
    """Mean of a column over the time with the substrate shutter open."""

    def take(dossier: Dossier, layer: LayerFigures) -> Figure:
        if layer.open_from_s is None or layer.open_to_s is None:
            return None
        begin, end = np.searchsorted(dossier.samples["time_s"], (layer.open_from_s, layer.open_to_s))
        values = column(dossier)[begin : end + 1]
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else None

    return take


def _amps(dossier: Dossier) -> NDArray[np.float64]:
    """Of all supplies; a run without any has none."""
    whole = np.zeros_like(dossier.samples["time_s"])
    for name in dossier.supplies:
        whole += dossier.samples[f"{name}_current"]
    return whole


def _watts(dossier: Dossier) -> NDArray[np.float64]:
    whole = np.zeros_like(dossier.samples["time_s"])
    for name in dossier.supplies:
        whole += dossier.samples[f"{name}_current"] * dossier.samples[f"{name}_voltage"]
    return whole


_LAYER: Final[tuple[tuple[str, str, int, Take], ...]] = (
    ("target", "nm", 1, _fact("target_nm")),
    ("read", "nm", 2, _fact("read_nm")),
    ("error", "%", 2, lambda _, layer: layer.error_percent),
    ("true (simulated)", "nm", 2, _fact("true_nm")),
    ("thickness", "", 0, lambda _, layer: layer.thickness.words),
    ("rate", "nm/s", 4, _fact("rate_mean_nm_s")),
    ("rate sd", "nm/s", 4, _fact("rate_sd_nm_s")),
    ("in band", "%", 1, lambda _, layer: layer.in_band_percent),
    ("overshoot", "%", 1, _fact("overshoot_percent")),
    ("rate verdict", "", 0, lambda _, layer: layer.rate.words),
    ("to band", "s", 1, _fact("time_to_band_s")),
    ("open", "s", 1, _fact("open_s")),
    ("crystal", "", 0, _fact("crystal")),
    ("mean current", "A", 2, _while_open(_amps)),
    ("mean power", "W", 2, _while_open(_watts)),
    ("mean pressure", "mbar", -2, _while_open(lambda dossier: dossier.samples["chamber_pressure"])),
)
"""Title, unit, digits (-2: two behind the point of a power of ten) and where the figure comes from."""

_DOSE: Final = (
    ("target", "mbar", 1, "target_mbar"),
    ("peak", "mbar", 1, "peak_mbar"),
    ("at pressure", "s", 1, "hold_s"),
    ("dose", "mbar s", 0, "dose_mbar_s"),
)


def shown(value: Figure, digits: int) -> str:
    """A figure for a table; a dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:.{-digits}e}" if digits < 0 else f"{value:z,.{digits}f}"
