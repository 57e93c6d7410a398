"""The gauge controller: statuses, units and switching, as the world has them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.drivers.pfeiffer_tpg36x import PfeifferTpg36x
from pvdctl.errors import InstrumentError, Restarted
from tests.agreement.meeting import Head, Meeting

GAUGES = {"full_range": 1, "capacitance": 2, "foreline": 3}
WORDS = ["", "underrange", "overrange", "sensor error", "sensor off", "no sensor"]


def gauges(unit: int = 4, chop: int = 0, names: dict[str, int] | None = None) -> Meeting:
    return Meeting("pfeiffer_tpg36x", {"gauges": names or GAUGES}, {"unit": unit}, baud=38400, chop=chop)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.floats(1e-9, 1e3)), min_size=3, max_size=3),
    st.integers(0, 4),
    st.integers(0, 4),
)
@settings(max_examples=60, deadline=None)
def test_pressures_come_through_in_mbar_whatever_is_displayed(
    heads: list[tuple[int, float]], unit: int, chop: int
) -> None:
    meeting = gauges(unit, chop)
    for name, (status, mbar) in zip(GAUGES, heads, strict=True):
        meeting.world.heads[name] = Head(status, mbar)
    meeting.up()
    found = meeting.plain()
    for name, (status, mbar) in zip(GAUGES, heads, strict=True):
        if status == 0:
            assert found[name] == pytest.approx(mbar, rel=6e-3)  # log gauges show two decimals
        else:
            assert found[name] == WORDS[status]
    assert not meeting.errors()


def test_a_channel_without_a_gauge_has_no_reading() -> None:
    meeting = gauges(names={"spare": 6}).up()
    assert meeting.plain()["spare"] == "no sensor"


def test_volts_are_no_pressure() -> None:
    meeting = gauges(5)
    meeting.run(3.0)
    assert not meeting.worker.up
    assert "displays unit V" in meeting.worker.notices[0][2]


def test_a_unit_changed_at_the_controller_is_noticed_and_converted() -> None:
    meeting = gauges(0).up()
    meeting.world.heads["full_range"].pressure_mbar = 1e-3
    port = meeting.bench.port("it")
    # As if at the front: the unit changes, what the host asked last does not.
    for key in (b"UNI,2\r", b"PRX\r"):
        port.write(key, meeting.clock.now_s)
        meeting.link.drain(0.05)
    meeting.run(12.0)
    assert any(isinstance(error, Restarted) for error in meeting.errors())
    found = meeting.plain()
    assert found["it.unit"] == "Pa"
    assert found["full_range"] == pytest.approx(1e-3, rel=6e-3)


def test_a_gauge_is_switched_and_the_others_are_not() -> None:
    meeting = gauges().up()
    it = meeting.driver
    assert isinstance(it, PfeifferTpg36x)
    meeting.settle(it.switch_gauge(1, False))
    assert meeting.world.head_on == {"full_range": False}
    meeting.settle(it.switch_gauge(1, True))
    assert meeting.world.head_on == {"full_range": True}
    with pytest.raises(InstrumentError, match="was switched off and reads '0'"):
        meeting.settle(it.switch_gauge(2, False))
    assert meeting.worker.up


def test_a_restart_with_its_stream_of_lines_is_survived() -> None:
    meeting = gauges().up()
    meeting.bench.arrange(f"it:restart@{meeting.clock.now_s + 0.2}s:boot=2.5")
    meeting.run(8.0)
    assert meeting.errors()
    assert meeting.worker.up
    assert meeting.plain()["full_range"] == 1e-6
