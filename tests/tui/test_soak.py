"""What the screens hold in memory over a long time."""

import subprocess
import sys

import pytest

from tests.service.inside import ROOT
from tests.tui.soak import STATM, STEP_S

needs_statm = pytest.mark.skipif(not STATM.exists(), reason="memory is read from /proc, which only Linux has")
WITHIN = 1.10
HOURS = 30.0
FEW = 600
"""News of the short form: each pane is seen six times."""


def grown(count: int) -> float:
    """Memory at the end by memory when settled, of a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.tui.soak", str(count)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    settled_mb, end_mb = map(float, told.stdout.split())
    return end_mb / settled_mb


@needs_statm
@pytest.mark.timeout(300)
def test_memory_stays_over_an_hour_and_more() -> None:
    assert grown(FEW) < WITHIN


@needs_statm
@pytest.mark.soak
def test_memory_stays_over_thirty_simulated_hours() -> None:
    assert grown(int(HOURS * 3600.0 / STEP_S)) < WITHIN
