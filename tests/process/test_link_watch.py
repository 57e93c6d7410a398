"""A link that stays lost calls a person, once; a disturbed exchange does not."""

from pvdctl.process.alarms import Alarms
from pvdctl.process.link_watch import AGAIN_S, LOST_AFTER_S, LinkWatch, LostLink


def test_a_link_that_stays_lost_raises_one_alarm_until_it_is_back() -> None:
    lost: list[LostLink] = []
    alarms = Alarms()
    watch = LinkWatch(lambda: lost, alarms)
    assert watch.due_s == float("inf")

    lost.append(LostLink("gauge_line", 100.0, "no answer"))
    watch.look(100.1)
    assert alarms.get("link_lost.gauge_line") is None
    assert watch.due_s == 100.1 + AGAIN_S

    watch.look(100.0 + LOST_AFTER_S)
    watch.look(100.0 + LOST_AFTER_S + AGAIN_S)
    (told,) = alarms.listing(standing_only=False)
    assert (told["name"], told["active"], told["count"]) == ("link_lost.gauge_line", True, 1)
    assert told["text"] == "gauge_line has not answered for 5 s: no answer"

    lost.clear()
    watch.look(120.0)
    (told,) = alarms.listing(standing_only=False)
    assert told["active"] is False
    assert watch.due_s == float("inf")


def test_a_link_that_is_back_in_time_calls_nobody() -> None:
    lost = [LostLink("monitor_line", 10.0, "bad frame")]
    alarms = Alarms()
    watch = LinkWatch(lambda: lost, alarms)
    watch.look(10.0)
    lost.clear()
    watch.look(11.0)
    assert alarms.listing(standing_only=False) == []


def test_links_are_told_apart() -> None:
    lost = [LostLink("a", 0.0, "mute"), LostLink("b", 3.0, "mute")]
    alarms = Alarms()
    watch = LinkWatch(lambda: lost, alarms)
    watch.look(LOST_AFTER_S)
    assert [alarm["name"] for alarm in alarms.listing(standing_only=False)] == ["link_lost.a"]
    watch.look(3.0 + LOST_AFTER_S)
    del lost[0]
    watch.look(9.0)
    a, b = alarms.get("link_lost.a"), alarms.get("link_lost.b")
    assert a is not None
    assert b is not None
    assert (a.active, b.active) == (False, True)
