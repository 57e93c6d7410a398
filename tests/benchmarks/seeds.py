"""LZLN over many seeds at the default noise: the worst that came, by the plant's own truth."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from math import inf, sqrt
from pathlib import Path

from pvdctl.chamber.load import LoadedChamber, load_chamber
from pvdctl.cli.shipped import chamber_file
from pvdctl.cli.simulation import Simulation
from pvdctl.recipe.load import LoadedRecipe, load_recipe
from tests.benchmarks.row import Row, at_least, at_most
from tests.benchmarks.speed import LZLN

SEEDS = range(1, 51)
RATE_SD_PERCENT = {"Zn": 3.0, "Li": 5.0}
TRUE_ERROR_PERCENT = {"Zn": 0.5, "Li": 1.0}
IN_BAND_S = 30.0
OVERSHOOT_PERCENT = 10.0
FILTER_S = 2.0
"""Time constant with which the true rate is smoothed before its peak is called an overshoot: spits and flux noise of
single scans are the plant's, not the control's. The standard deviation is taken of the rate as it is."""


@dataclass(slots=True)
class Film:
    """What really happened to one film."""

    name: str
    source_shutter: str
    target_nm_per_s: float
    source_opened_s: float | None = None
    substrate_opened_s: float | None = None
    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    smooth: float | None = None
    peak: float = 0.0

    @property
    def sd_percent(self) -> float:
        """Of the true rate on the substrate, shutter fully open, in per cent of its target."""
        if self.count < 2:
            return inf
        mean = self.total / self.count
        return 100.0 * sqrt(max(0.0, self.squares / self.count - mean * mean)) / self.target_nm_per_s

    @property
    def overshoot_percent(self) -> float:
        """Of the smoothed true rate over the target."""
        return 100.0 * (self.peak / self.target_nm_per_s - 1.0) if self.count else inf

    @property
    def opened_after_s(self) -> float:
        """From the source shutter leaving closed to the substrate shutter leaving closed."""
        if self.source_opened_s is None or self.substrate_opened_s is None:
            return -inf
        return self.substrate_opened_s - self.source_opened_s


@dataclass(slots=True)
class Outcome:
    """One run."""

    seed: int
    end: str
    films: dict[str, Film]
    true_error_percent: dict[str, float] = field(default_factory=dict)
    to_band_s: dict[str, float] = field(default_factory=dict)


def watch(films: dict[str, Film], simulation: Simulation) -> None:
    """Look at the plant's truth after one scan."""
    truth, now_s = simulation.simulated.truth, simulation.now_s
    substrate = truth.position("substrate_shutter")
    for film in films.values():
        if truth.position(film.source_shutter) <= 0.0:
            continue
        if film.source_opened_s is None:
            film.source_opened_s = now_s
        if substrate <= 0.0:
            continue
        if film.substrate_opened_s is None:
            film.substrate_opened_s = now_s
        if substrate < 1.0:
            continue
        rate = truth.substrate_rate_nm_per_s(film.name)
        film.count += 1
        film.total += rate
        film.squares += rate * rate
        share = simulation.engine.period_s / FILTER_S
        film.smooth = rate if film.smooth is None else film.smooth + share * (rate - film.smooth)
        film.peak = max(film.peak, film.smooth)


def films_of(recipe: LoadedRecipe, chamber: LoadedChamber) -> dict[str, Film]:
    """The films of a recipe that makes each once."""
    films = {}
    for step in recipe.model.steps:
        if step.do == "deposit":
            source = chamber.model.sources[chamber.model.films[step.film].source]
            films[step.film] = Film(step.film, source.shutter, step.rate_nm_per_s)
    return films


def run(seed: int) -> Outcome:
    """LZLN once."""
    chamber = load_chamber(chamber_file())
    recipe = load_recipe(LZLN)
    films = films_of(recipe, chamber)
    with tempfile.TemporaryDirectory() as directory:
        simulation = Simulation(recipe, chamber, seed=seed, directory=Path(directory), on_scan=partial(watch, films))
        result = simulation.run()
    outcome = Outcome(seed, result["end_state"], films)
    for layer in result["layers"]:
        if layer["true_nm"] is not None:
            outcome.true_error_percent[layer["film"]] = 100.0 * abs(layer["true_nm"] / layer["target_nm"] - 1.0)
        if layer["time_to_band_s"] is not None:
            outcome.to_band_s[layer["film"]] = layer["time_to_band_s"]
    return outcome


def worst_cases(seeds: Sequence[int] = SEEDS) -> Iterator[Row]:
    """Every figure's worst value over the seeds, with the seed it came from."""
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        outcomes = list(pool.map(run, seeds))
    group = f"seeds {seeds[0]} to {seeds[-1]}"
    complete = sum(outcome.end == "Complete" for outcome in outcomes)
    yield at_least(group, "runs that end Complete", len(outcomes), complete, "runs")
    for name in outcomes[0].films:
        errors = {o.seed: o.true_error_percent.get(name, inf) for o in outcomes}
        yield _worst(group, f"{name}: true thickness off target", TRUE_ERROR_PERCENT[name], errors, "%", 2)
        in_band = {o.seed: o.to_band_s.get(name, inf) for o in outcomes}
        yield _worst(group, f"{name}: in band after the source shutter opened", IN_BAND_S, in_band, "s", 1)
        noise = {o.seed: o.films[name].sd_percent for o in outcomes}
        yield _worst(group, f"{name}: standard deviation of the true rate", RATE_SD_PERCENT[name], noise, "%", 2)
        over = {o.seed: o.films[name].overshoot_percent for o in outcomes}
        yield _worst(group, f"{name}: overshoot, substrate shutter open", OVERSHOOT_PERCENT, over, "%", 1)
        least = min(o.films[name].opened_after_s for o in outcomes)
        yield at_least(group, f"{name}: substrate shutter opened after", 10, least, "s", 1)


def _worst(group: str, figure: str, wanted: float, by_seed: dict[int, float], unit: str, digits: int) -> Row:
    seed = max(by_seed, key=lambda s: by_seed[s])
    row = at_most(group, figure, wanted, by_seed[seed], unit, digits)
    return Row(row.group, row.figure, row.wanted, f"{row.got} (seed {seed})", row.met)
