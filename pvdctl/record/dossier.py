"""Everything that is known of one run, gathered once: what reports, exports and comparisons are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pvdctl.chamber.load import parse_chamber
from pvdctl.chamber.model import Chamber
from pvdctl.chamber.problems import BadFile
from pvdctl.recipe.load import parse_recipe
from pvdctl.recipe.model import Recipe
from pvdctl.record.event import Facts, Recorded, read
from pvdctl.record.layer_figures import LayerFigures, judge
from pvdctl.record.note import PublicKey
from pvdctl.record.proof import proof_of, signatures_of
from pvdctl.record.reader import RecordReader, Run
from pvdctl.record.story import Story, tell

SUBSTRATE_SHUTTER = "substrate_shutter"
"""Its name where the chamber file cannot be read."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """One run.

    bodies: its events as they were written. began_s: clock seconds at its start; `events` carry clock seconds,
    `samples` and `story` seconds since the start. samples: by column, with `time_s`; units: of each. recipe, chamber:
    None where the recorded text is of a form this pvdctl cannot read; the text itself is in `run.start`. layers: with
    verdicts. proof: what vouches for the record. signatures: as the record holds them, oldest first.
    """

    run: Run
    story: Story
    events: list[Recorded]
    bodies: list[str]
    began_s: float
    samples: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]
    recipe: Recipe | None
    chamber: Chamber | None
    layers: list[LayerFigures]
    proof: Facts
    signatures: list[Facts]

    @property
    def supplies(self) -> list[str]:
        """Names of the supplies, from the columns."""
        suffix = "_asked_current"
        return [name.removesuffix(suffix) for name in self.samples if name.endswith(suffix)]

    @property
    def actuators(self) -> list[str]:
        """Names of valves and shutters, from the columns."""
        suffix = "_position"
        return [name.removesuffix(suffix) for name in self.samples if name.endswith(suffix)]


def gather(reader: RecordReader, run_id: str, witness_keys: Sequence[PublicKey] = ()) -> Dossier:
    """All of a run, also of one that has not ended.

    witness_keys: public keys with which cosignatures are checked; see `proof_of`. Raises OperatorError if there is no
    such run, RecordError if the record cannot be read.
    """
    story = tell(reader, run_id)
    run = story.run
    bodies = list(reader.bodies(run))
    events = [read(body) for body in bodies]
    began_s = events[0].at_s
    samples = {name: np.asarray(column) for name, column in reader.samples(run.run).items()}
    samples = {"time_s": samples.pop("at_s") - began_s, **samples}
    recipe, chamber = _recipe(run), _chamber(run)
    shutter = chamber.substrate_shutter if chamber is not None else SUBSTRATE_SHUTTER
    return Dossier(
        run=run,
        story=story,
        events=events,
        bodies=bodies,
        began_s=began_s,
        samples=samples,
        units={"time_s": "s", **dict(run.columns[1:])},
        recipe=recipe,
        chamber=chamber,
        layers=judge(story.layers, recipe, samples, shutter, run.end_state),
        proof=proof_of(reader, run, witness_keys),
        signatures=signatures_of(reader, run),
    )


def _recipe(run: Run) -> Recipe | None:
    try:
        return parse_recipe(run.start["recipe"]["text"].encode(), "recipe of the record").model
    except BadFile:
        return None  # written for another pvdctl: its text is shown as it is


def _chamber(run: Run) -> Chamber | None:
    try:
        return parse_chamber(run.start["chamber"]["text"].encode(), "chamber of the record").model
    except BadFile:
        return None
