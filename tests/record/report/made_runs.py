"""Records with runs worth looking at, made once per test process."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from pvdctl.cli.simulation import Simulation
from pvdctl.record.dossier import Dossier, gather
from pvdctl.record.reader import RecordReader
from tests.system.small import recipe, small_chamber, small_plant

LOST_WATER = "water_lost@lithium.deposit+10s"
"""Aborts the run in its second layer."""


@cache
def record() -> Path:
    """A record of three small runs: two complete ones of other seeds, and one that lost its water."""
    directory = Path(tempfile.mkdtemp(prefix="pvdctl-test-"))
    atexit.register(shutil.rmtree, directory)
    for seed, faults in ((1, ()), (2, ()), (1, (LOST_WATER,))):
        Simulation(
            recipe(), small_chamber(), seed=seed, directory=directory, faults=faults, parameters=small_plant()
        ).run()  # fmt: skip
    return directory


@cache
def dossier(number: int = 0) -> Dossier:
    """Of one of these runs."""
    with RecordReader.open(record()) as reader:
        return gather(reader, reader.runs()[number].run)


def copy(tmp_path: Path) -> Path:
    """The record, to be written to."""
    return Path(shutil.copytree(record(), tmp_path / "record"))
