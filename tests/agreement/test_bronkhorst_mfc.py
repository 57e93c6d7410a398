"""The flow controller: what was set is what the line lets through, and what flows is what is read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.bronkhorst_mfc import BronkhorstMfc
from pvdctl.quantities import MBAR_L_PER_S_PER_SCCM
from tests.agreement.meeting import Meeting


def mfc(full_scale: float = 20000.0, unit: str = "ln/min", chop: int = 0) -> tuple[Meeting, BronkhorstMfc]:
    settings_ = {"full_scale_sccm": full_scale, "capacity_unit": unit}
    twin = {"full_scale_sccm": full_scale, "in_millilitres": unit == "mln/min"}
    meeting = Meeting("bronkhorst_mfc", settings_, twin, chop=chop).up()
    driver = meeting.driver
    assert isinstance(driver, BronkhorstMfc)
    return meeting, driver


@given(st.floats(0.0, 1.0), st.sampled_from([(20000.0, "ln/min"), (500.0, "mln/min")]), st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_what_was_set_flows_and_is_read(share: float, size: tuple[float, str], chop: int) -> None:
    full_scale, unit = size
    meeting, driver = mfc(full_scale, unit, chop)
    meeting.settle(driver.set_flow(share * full_scale))
    meeting.run(8.0)
    limit = meeting.world.limits_mbar_l_per_s["n2"]
    assert limit / MBAR_L_PER_S_PER_SCCM == pytest.approx(share * full_scale, abs=full_scale / 30000)
    found = meeting.plain()
    assert found["it.flow_sccm"] == pytest.approx(share * full_scale, abs=0.003 * full_scale)
    assert found["it.set_point_sccm"] == pytest.approx(share * full_scale, abs=full_scale / 60000)
    assert found["it.alarm"] == 0
    assert not meeting.errors()


def test_another_size_is_never_used() -> None:
    meeting = Meeting("bronkhorst_mfc", {"full_scale_sccm": 10000.0}, {"full_scale_sccm": 20000.0})
    meeting.run(2.0)
    assert not meeting.worker.up
    assert any("full scale is 20 ln/min" in text for _, _, text in meeting.worker.notices)


def test_a_restart_is_survived_without_flow() -> None:
    meeting, driver = mfc()
    meeting.settle(driver.set_flow(5000.0))
    meeting.run(5.0)
    meeting.bench.arrange(f"it:restart@{meeting.clock.now_s + 0.1}s:boot=1")
    meeting.run(6.0)
    assert meeting.worker.up
    assert meeting.world.limits_mbar_l_per_s["n2"] == 0.0
    assert meeting.plain()["it.set_point_sccm"] == 0.0
