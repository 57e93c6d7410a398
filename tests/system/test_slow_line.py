"""A slow line is no lost one: readings keep coming although each exchange straddles a scan and outputs go first."""

from pathlib import Path

import pytest

from tests.system.session import Session


@pytest.mark.parametrize("fault", ["slow@zinc.ramp 1:link=plc,by=0.04", "slow@zinc.ramp 1:link=boat_supply,by=0.08"])
def test_a_slow_line_does_not_end_the_run(fault: str, tmp_path: Path) -> None:
    """40 ms more on each exchange with the PLC fill its line to nine tenths; the inputs still come in time."""
    session = Session(tmp_path, faults=[fault])
    session.finish()
    result = session.end()
    assert result["end_state"] == "Complete", result["end_reason"]
    for layer in result["layers"]:
        assert layer["true_nm"] == pytest.approx(15.0, rel=0.02)
