"""What calls a person without stopping the process: an instrument that stays away, a warning that only warns."""

from pathlib import Path

import pytest

from pvdctl.process.states import State
from tests.system.session import Session


@pytest.mark.parametrize(
    ("instrument", "link"),
    [("turbo", "turbo_line"), ("gauges", "gauge_line"), ("monitor", "monitor_line"), ("boat_supply", "supply_line")],
)
def test_an_instrument_that_stays_away_is_an_alarm_until_it_answers(instrument: str, link: str, tmp_path: Path) -> None:
    session = Session(tmp_path, faults=[f"mute@zinc.soak 2+2s:link={instrument},for=20s"])
    session.to("zinc.soak 2", 2.0)
    session.scan(4.0)
    assert f"link_lost.{link}" not in session.alarms()  # perhaps only a disturbance
    session.scan(4.0)
    alarm = session.controller.alarms.get(f"link_lost.{link}")
    assert alarm is not None
    assert "has not answered for" in alarm.text
    standing = [alarm.active]
    session.scan(20.0)
    standing.append(alarm.active)
    assert standing == [True, False]
    assert alarm.count == 1


def test_a_disturbed_exchange_calls_nobody(tmp_path: Path) -> None:
    session = Session(tmp_path, faults=["mute@zinc.soak 2+2s:link=turbo,for=1s"])
    session.to("zinc.soak 2", 15.0)
    assert session.alarms() == []


def test_a_rule_that_only_warns_is_an_alarm_and_the_process_goes_on(tmp_path: Path) -> None:
    session = Session(tmp_path, faults=["glovebox_lost@zinc.soak 2+1s"])
    session.to("zinc.soak 2", 1.5)
    session.scan(12.0)
    alarm = session.controller.alarms.get("interlock.glovebox")
    assert alarm is not None
    assert (alarm.priority, alarm.trip, alarm.active) == ("medium", False, True)
    assert session.state is State.EXECUTE
