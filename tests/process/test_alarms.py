"""Alarms: the state table of ISA-18.2 as this project uses it, who may do what, and the table of builtin alarms."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pvdctl.errors import Bug, Refused
from pvdctl.process import alarm_table
from pvdctl.process.alarm_table import BUILTIN
from pvdctl.process.alarms import (
    ACKNOWLEDGED,
    LATCHED,
    LATCHED_ACKNOWLEDGED,
    LONGEST_SHELVING_S,
    NORMAL,
    PRIORITIES,
    RETURNED,
    SHELVED,
    UNACKNOWLEDGED,
    Alarms,
    Priority,
)

NAMES = [
    "rate_error",
    "crystal_fail",
    "crystal_life",
    "lost_reading",
    "actuator_failed",
    "step_deadline",
    "step_refused",
    "hold_too_long",
    "safe_state_not_confirmed",
    "source_depleted",
    "boat_open",
    "fill_error",
    "dose_pressure",
    "link_lost",
    "record_failed",
    "supply_mismatch",
    "readings_disagree",
    "turbo_error",
]
STATES = {NORMAL, UNACKNOWLEDGED, ACKNOWLEDGED, RETURNED, LATCHED, LATCHED_ACKNOWLEDGED, SHELVED}
ACTS = ["come", "come", "go", "ack", "shelve", "unshelve", "reset"]


def come(alarms: Alarms, now_s: float, name: str = "a", priority: Priority = "high", **more: Any) -> None:
    alarms.raise_(name, f"{name} has come", priority, "cause", "consequence", "response", now_s, **more)


def state_of(alarms: Alarms, name: str = "a") -> str:
    alarm = alarms.get(name)
    assert alarm is not None
    return alarm.state


def drained(alarms: Alarms) -> list[tuple[str, str, str]]:
    changes = [(change.name, change.old, change.new) for change in alarms.changes]
    alarms.changes.clear()
    return changes


def do(alarms: Alarms, act: str, now_s: float, priority: Priority) -> None:
    match act:
        case "come":
            come(alarms, now_s, priority=priority)
        case "go":
            alarms.clear("a", now_s)
        case "ack":
            alarms.acknowledge("a", "ada", now_s)
        case "reset":
            alarms.reset("ada", now_s)
        case "shelve":
            alarms.shelve("a", "ada", "sensor is being changed", now_s + 600.0, now_s)
        case "unshelve":
            alarms.unshelve("a", "ada", now_s)
        case "wait":
            alarms.tick(now_s + 3600.0)
        case _:
            raise AssertionError(act)


ORDINARY = [
    # acts before the last one, the last act, the state after it (None: refused)
    ("", "come", UNACKNOWLEDGED),
    ("come", "come", UNACKNOWLEDGED),
    ("come", "ack", ACKNOWLEDGED),
    ("come", "go", RETURNED),
    ("come", "reset", UNACKNOWLEDGED),
    ("come", "shelve", SHELVED),
    ("come", "unshelve", None),
    ("come ack", "ack", None),
    ("come ack", "come", ACKNOWLEDGED),
    ("come ack", "go", NORMAL),
    ("come ack", "reset", ACKNOWLEDGED),
    ("come ack", "shelve", SHELVED),
    ("come ack go", "come", UNACKNOWLEDGED),
    ("come ack go", "go", NORMAL),
    ("come ack go", "ack", None),
    ("come ack go", "shelve", SHELVED),
    ("come go", "come", UNACKNOWLEDGED),
    ("come go", "ack", NORMAL),
    ("come go", "reset", RETURNED),
    ("come go", "shelve", SHELVED),
    ("come shelve", "ack", None),
    ("come shelve", "shelve", None),
    ("come shelve", "go", SHELVED),
    ("come shelve", "reset", SHELVED),
    ("come shelve", "unshelve", UNACKNOWLEDGED),
    ("come shelve", "wait", UNACKNOWLEDGED),
    ("come shelve go", "unshelve", NORMAL),
    ("come shelve go", "wait", NORMAL),
    ("come shelve go", "come", SHELVED),
    ("come shelve go come", "wait", UNACKNOWLEDGED),
]
CRITICAL = [
    ("", "come", UNACKNOWLEDGED),
    ("come", "ack", ACKNOWLEDGED),
    ("come", "go", LATCHED),
    ("come", "shelve", None),
    ("come ack", "go", LATCHED_ACKNOWLEDGED),
    ("come ack", "reset", ACKNOWLEDGED),
    ("come go", "ack", LATCHED_ACKNOWLEDGED),
    ("come go", "reset", LATCHED),
    ("come go", "go", LATCHED),
    ("come go", "come", UNACKNOWLEDGED),
    ("come go", "shelve", None),
    ("come go ack", "ack", None),
    ("come go ack", "come", UNACKNOWLEDGED),
    ("come go ack", "reset", NORMAL),
    ("come ack go", "reset", NORMAL),
    ("come ack go", "wait", LATCHED_ACKNOWLEDGED),
]


@pytest.mark.parametrize(
    ("priority", "before", "act", "after"),
    [("high", *row) for row in ORDINARY] + [("critical", *row) for row in CRITICAL],
)
def test_the_state_table(priority: Priority, before: str, act: str, after: str | None) -> None:
    alarms = Alarms()
    now_s = 0.0
    for earlier in before.split():
        do(alarms, earlier, now_s, priority)
        now_s += 40.0  # so that nothing chatters
    old = state_of(alarms) if before else NORMAL
    alarms.changes.clear()
    if after is None:
        with pytest.raises(Refused):
            do(alarms, act, now_s, priority)
        after = old
    else:
        do(alarms, act, now_s, priority)
    assert state_of(alarms) == after
    assert drained(alarms) == ([("a", old, after)] if after != old else [])


def test_the_table_reaches_every_state() -> None:
    assert {after for *_, after in [*ORDINARY, *CRITICAL] if after is not None} == STATES


@pytest.mark.parametrize("act", ["ack", "shelve", "unshelve"])
def test_an_alarm_that_never_came_is_refused_by_name(act: str) -> None:
    with pytest.raises(Refused, match="no alarm of this name has come"):
        do(Alarms(), act, 0.0, "high")


def test_clearing_what_never_came_changes_nothing() -> None:
    alarms = Alarms()
    alarms.clear("a", 0.0)
    assert not alarms.changes
    assert alarms.get("a") is None


def test_who_is_asked_for_and_kept() -> None:
    alarms = Alarms()
    come(alarms, 0.0)
    with pytest.raises(Refused, match="nobody is named"):
        alarms.acknowledge("a", " ", 1.0)
    alarms.acknowledge("a", "ada", 1.0)
    assert alarms.changes[-1] == ("a", UNACKNOWLEDGED, ACKNOWLEDGED, "acknowledged by ada", "ada", 1.0)
    assert alarms.listing()[0]["acknowledged_by"] == "ada"
    alarms.clear("a", 2.0)
    come(alarms, 70.0)
    alarms.clear("a", 73.5)
    assert alarms.changes[-1].text == "gone after 3.5 s"
    assert "acknowledged_by" not in alarms.listing()[0], "nobody has seen the new one"


@pytest.mark.parametrize(
    ("reason", "for_s", "said"),
    [
        ("", 60.0, "no reason"),
        ("tired of it", 0.0, "wanted more than none and at most 60 min"),
        ("tired of it", -1.0, "wanted more than none"),
        ("tired of it", LONGEST_SHELVING_S + 1.0, "it is for 60.0 min"),
        ("tired of it", float("nan"), "wanted more than none"),
    ],
)
def test_shelving_needs_a_reason_and_an_end(reason: str, for_s: float, said: str) -> None:
    alarms = Alarms()
    come(alarms, 100.0)
    with pytest.raises(Refused, match=said):
        alarms.shelve("a", "ada", reason, 100.0 + for_s, 100.0)
    assert state_of(alarms) == UNACKNOWLEDGED


def test_a_trip_is_never_shelved_and_breaks_a_shelving() -> None:
    alarms = Alarms()
    come(alarms, 0.0)
    alarms.shelve("a", "ada", "sensor is being changed", 3600.0, 0.0)
    alarms.clear("a", 10.0)
    come(alarms, 100.0, trip=True)
    assert state_of(alarms) == UNACKNOWLEDGED
    with pytest.raises(Refused, match="trip of an interlock"):
        alarms.shelve("a", "ada", "tired of it", 200.0, 100.0)


def test_shelving_ends_at_its_time_and_each_at_its_own() -> None:
    alarms = Alarms()
    for name, until_s in (("a", 600.0), ("b", 300.0), ("c", 450.0)):
        come(alarms, 0.0, name, "low")
        alarms.shelve(name, "ada", "known", until_s, 0.0)
    alarms.tick(299.9)
    assert [state_of(alarms, name) for name in "abc"] == [SHELVED, SHELVED, SHELVED]
    alarms.tick(300.0)
    assert [state_of(alarms, name) for name in "abc"] == [SHELVED, UNACKNOWLEDGED, SHELVED]
    alarms.tick(450.0)
    assert [state_of(alarms, name) for name in "abc"] == [SHELVED, UNACKNOWLEDGED, UNACKNOWLEDGED]
    alarms.tick(600.0)
    assert state_of(alarms) == UNACKNOWLEDGED


def test_a_graver_alarm_of_the_same_name_is_news() -> None:
    alarms = Alarms()
    come(alarms, 0.0, priority="medium")
    alarms.acknowledge("a", "ada", 1.0)
    come(alarms, 100.0, priority="critical")
    assert state_of(alarms) == UNACKNOWLEDGED
    come(alarms, 200.0, priority="low")
    assert alarms.listing()[0]["priority"] == "critical", "a standing alarm never becomes milder"


def test_chattering_is_latched_and_said_once() -> None:
    alarms = Alarms()
    for now_s in (0.0, 20.0, 40.0):
        come(alarms, now_s, priority="medium")
        alarms.clear("a", now_s + 1.0)
    assert state_of(alarms) == LATCHED
    assert "3 times within 60 s" in alarms.changes[-1].text
    said = len(alarms.changes)
    for now_s in range(50, 200):
        come(alarms, float(now_s), priority="medium")
        alarms.clear("a", now_s + 0.5)
    assert len(alarms.changes) == said, "only counted from here on"
    assert alarms.listing()[0]["count"] == 153
    alarms.reset("ada", 300.0)
    assert state_of(alarms) == LATCHED, "unacknowledged: stays"
    alarms.acknowledge("a", "ada", 301.0)
    come(alarms, 302.0, priority="medium")
    alarms.reset("ada", 303.0)
    assert state_of(alarms) == ACKNOWLEDGED, "its condition holds"
    alarms.clear("a", 304.0)
    assert state_of(alarms) == NORMAL
    come(alarms, 305.0, priority="medium")
    assert state_of(alarms) == UNACKNOWLEDGED, "a fresh start"


@pytest.mark.parametrize(("within_s", "after"), [(59.9, LATCHED), (60.0, LATCHED), (60.1, RETURNED)])
def test_a_minute_decides_what_is_chattering(within_s: float, after: str) -> None:
    alarms = Alarms()
    for now_s in (1000.0, 1030.0, 1000.0 + within_s):
        come(alarms, now_s, priority="medium")
        alarms.clear("a", now_s + 1.0)
    assert state_of(alarms) == after


def test_chattering_that_turns_critical_is_news_again() -> None:
    alarms = Alarms()
    for now_s in (0.0, 1.0, 2.0):
        come(alarms, now_s, priority="medium")
        alarms.clear("a", now_s + 0.5)
    alarms.acknowledge("a", "ada", 3.0)
    come(alarms, 500.0, priority="critical")
    assert state_of(alarms) == LATCHED
    assert alarms.unacknowledged_critical() == ["a"]


def test_shelving_ends_chattering() -> None:
    alarms = Alarms()
    for now_s in (0.0, 1.0, 2.0):
        come(alarms, now_s, priority="medium")
        alarms.clear("a", now_s + 0.5)
    alarms.shelve("a", "ada", "loose contact", 100.0, 3.0)
    alarms.tick(100.0)
    assert state_of(alarms) == NORMAL
    come(alarms, 101.0, priority="medium")
    assert state_of(alarms) == UNACKNOWLEDGED


def test_unacknowledged_critical_alarms_are_named_oldest_first() -> None:
    alarms = Alarms()
    come(alarms, 5.0, "late", "critical")
    come(alarms, 9.0, "high", "high")
    come(alarms, 1.0, "early", "critical")
    alarms.clear("early", 6.0)
    assert alarms.unacknowledged_critical() == ["early", "late"]
    alarms.acknowledge("early", "ada", 7.0)
    alarms.acknowledge("late", "ada", 7.0)
    assert alarms.unacknowledged_critical() == []


def first_outs(alarms: Alarms) -> list[str]:
    return sorted(str(one["name"]) for one in alarms.listing(standing_only=False) if one["first_out"])


def test_first_out_is_kept_until_reset_or_a_new_cascade() -> None:
    alarms = Alarms()
    come(alarms, 0.0, "warning", "medium")
    come(alarms, 10.0, "cause")
    come(alarms, 20.0, "effect")
    assert first_outs(alarms) == ["cause"], "a standing warning is no first-out"
    alarms.clear("cause", 30.0)
    alarms.acknowledge("cause", "ada", 31.0)
    come(alarms, 40.0, "effect of effect")
    assert first_outs(alarms) == ["cause"]
    for name in ("effect", "effect of effect"):
        alarms.acknowledge(name, "ada", 50.0)
        alarms.clear(name, 50.0)
    assert first_outs(alarms) == ["cause"], "all over, the mark is still there to be read"
    come(alarms, 60.0, "another")
    assert first_outs(alarms) == ["another"]
    alarms.reset("ada", 70.0)
    assert first_outs(alarms) == []
    come(alarms, 80.0, "next")
    assert first_outs(alarms) == ["next"]


def test_alarms_of_one_scan_share_the_first_out() -> None:
    alarms = Alarms()
    come(alarms, 10.0, "one")
    come(alarms, 10.0, "two", "critical")
    come(alarms, 10.1, "three")
    assert first_outs(alarms) == ["one", "two"]


def test_a_medium_alarm_that_tells_of_a_trip_competes_for_first_out() -> None:
    alarms = Alarms()
    come(alarms, 1.0, "trip", "medium", trip=True)
    come(alarms, 2.0, "effect")
    assert first_outs(alarms) == ["trip"]


def test_the_listing_is_plain_and_in_order_of_gravity() -> None:
    alarms = Alarms()
    for now_s, (name, priority) in enumerate(
        [("l", "low"), ("h1", "high"), ("c", "critical"), ("m", "medium"), ("h2", "high")]
    ):
        alarms.raise_(
            name, name, PRIORITIES[PRIORITIES.index(priority)], "cause", "consequence", "response", float(now_s)
        )
    alarms.shelve("m", "ada", "known", 100.0, 5.0)
    assert [one["name"] for one in alarms.listing()] == ["c", "h2", "h1", "m", "l"]
    for name in ("l", "h1"):
        alarms.clear(name, 6.0)
        alarms.acknowledge(name, "ada", 6.0)
    assert [one["name"] for one in alarms.listing()] == ["c", "h2", "m"]
    assert [one["name"] for one in alarms.listing(standing_only=False)] == ["c", "h2", "h1", "m", "l"]
    again = json.loads(json.dumps(alarms.listing(standing_only=False), allow_nan=False))
    shelved = next(one for one in again if one["state"] == SHELVED)
    assert (shelved["shelved_by"], shelved["shelved_why"], shelved["shelved_until_s"]) == ("ada", "known", 100.0)


def test_every_builtin_alarm_is_there_and_complete() -> None:
    assert list(BUILTIN) == NAMES
    for name, alarm in BUILTIN.items():
        assert alarm.priority in PRIORITIES
        for text in (alarm.cause, alarm.consequence, alarm.response):
            assert text.endswith((".", "?")), name
            assert len(text.split()) >= 3, name
    assert len({alarm.response for alarm in BUILTIN.values()}) == len(BUILTIN)


def test_no_builtin_alarm_is_declared_and_never_raised() -> None:
    room = Path(alarm_table.__file__).parent
    code = "".join(path.read_text() for path in room.rglob("*.py") if path.name != "alarm_table.py")
    assert [name for name in BUILTIN if f'"{name}"' not in code] == []


def test_builtin_alarms_are_announced_by_name_and_thing() -> None:
    alarms = Alarms()
    assert (
        alarms.announce("lost_reading", "full_range: sensor off", 1.0, about="full_range") == "lost_reading.full_range"
    )
    assert alarms.announce("lost_reading", "rate: no answer", 2.0) == "lost_reading"
    (newest, first) = alarms.listing()
    assert (newest["name"], first["name"]) == ("lost_reading", "lost_reading.full_range")
    assert first["response"] == BUILTIN["lost_reading"].response
    assert first["text"] == "full_range: sensor off"
    with pytest.raises(Bug, match="no builtin alarm is called 'lost_readings'"):
        alarms.announce("lost_readings", "", 1.0)


class Walk(RuleBasedStateMachine):
    """Any life of a few alarms: changes chain, what is active is never normal, criticals are never out of sight."""

    def __init__(self) -> None:
        super().__init__()
        self.alarms = Alarms()
        self.now_s = 0.0
        self.active: dict[str, bool] = {}
        self.told: dict[str, str] = {}

    @rule(
        name=st.sampled_from("abc"),
        act=st.sampled_from(ACTS),
        later_s=st.sampled_from([0.0, 0.1, 15.0, 61.0, 700.0]),
        priority=st.sampled_from(PRIORITIES),
    )
    def act(self, name: str, act: str, later_s: float, priority: Priority) -> None:
        self.now_s += later_s
        self.alarms.tick(self.now_s)
        if act in ("ack", "shelve", "unshelve"):
            self._by_hand(name, act)
        elif act == "come":
            come(self.alarms, self.now_s, name, priority)
            self.active[name] = True
        elif act == "go":
            self.alarms.clear(name, self.now_s)
            self.active[name] = False
        else:
            self.alarms.reset("ada", self.now_s)

    def _by_hand(self, name: str, act: str) -> None:
        before = self.told.get(name, NORMAL)
        try:
            if act == "ack":
                self.alarms.acknowledge(name, "ada", self.now_s)
            elif act == "shelve":
                self.alarms.shelve(name, "ada", "known", self.now_s + 600.0, self.now_s)
            else:
                self.alarms.unshelve(name, "ada", self.now_s)
            wanted = 1
        except Refused:
            wanted = 0
        moved = [change for change in self.alarms.changes if change.who == "ada"]
        assert len(moved) == wanted, f"{act} of {name} in {before}"

    @invariant()
    def holds(self) -> None:
        for change in self.alarms.changes:
            assert self.told.get(change.name, NORMAL) == change.old
            assert change.new in STATES
            self.told[change.name] = change.new
        self.alarms.changes.clear()
        for name, active in self.active.items():
            alarm = self.alarms.get(name)
            if alarm is None:
                assert not active
                continue
            assert alarm.active == active
            assert alarm.state == self.told.get(name, NORMAL)
            if active:
                assert alarm.state not in (NORMAL, RETURNED)
            if alarm.priority == "critical":
                assert alarm.state not in (SHELVED, RETURNED)
            if alarm.state in (LATCHED, LATCHED_ACKNOWLEDGED):
                assert alarm.chattering or alarm.priority == "critical"


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
