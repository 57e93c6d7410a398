"""The image and what is derived from it: age, quality, which gauge speaks, off and cold, and doubt."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.cli.assemble import SimulatedChamber
from pvdctl.errors import Bug, InstrumentError, NoAnswer
from pvdctl.instrument.poll import Poll
from pvdctl.instrument.tag import BAD, GOOD, UNCERTAIN, Flaw, Tag, Value
from pvdctl.process.image import Image
from pvdctl.process.readings import SETTLE_S, Readings
from tests.system.small import shipped_chamber

CHAMBER = shipped_chamber().model


# --- image --------------------------------------------------------------------------------------------------------
def poll_of(*names: str, stale_s: float = 0.5) -> Poll:
    poll = Poll("box.values", tuple(Tag(name, "V") for name in names), lambda link: (), 0.1)
    poll.stale_s = stale_s
    return poll


def test_a_value_is_taken_when_its_time_has_come_and_grows_old() -> None:
    poll = poll_of("a", "b")
    image = Image([poll])
    assert image["a"].quality == BAD
    poll.outcome = (1.0, (5.0, 6.0), None)
    image.take(0.9)
    assert image["a"].number() is None
    image.take(1.0)
    assert (image["a"].number(), image["b"].number()) == (5.0, 6.0)
    image.take(1.5)
    assert image["a"].number() == 5.0
    image.take(1.6)
    assert image["a"].number() is None
    assert image["a"].value == 5.0
    assert "box.values: no new reading for 0.6 s (limit 0.5 s)" in image["a"].why
    poll.outcome = (1.65, (7.0, 8.0), None)
    image.take(1.7)
    assert image["a"].number() == 7.0


def test_the_same_values_again_are_new_readings() -> None:
    """A driver returns the same object for "nothing changed": the age must not grow."""
    poll = poll_of("a")
    image = Image([poll])
    values = (5.0,)
    for n in range(1, 100):
        poll.outcome = (n * 0.1, values, None)
        image.take(n * 0.1)
        assert image["a"].number() == 5.0
    image.take(10.6)
    assert image["a"].quality == BAD
    poll.outcome = (10.7, values, None)
    image.take(10.7)
    assert image["a"].number() == 5.0


def test_a_lost_answer_lets_readings_grow_old_and_a_refusal_spoils_them_at_once() -> None:
    poll = poll_of("a")
    image = Image([poll])
    poll.outcome = (1.0, (5.0,), None)
    image.take(1.0)
    poll.outcome = (1.1, None, NoAnswer("box", b"?", 0.1))
    image.take(1.1)
    assert image["a"].number() == 5.0
    assert image.failed == [poll]
    image.take(1.6)
    assert image["a"].number() is None
    assert "no answer" in image["a"].why.lower()
    poll.outcome = (1.7, (5.0,), None)
    image.take(1.7)
    poll.outcome = (1.8, None, InstrumentError("box: parameter 7 is not known"))
    image.take(1.8)
    assert image["a"].number() is None
    assert "parameter 7" in image["a"].why


def test_an_exchange_that_ends_after_the_scan_does_not_hide_the_one_before() -> None:
    """Each exchange of a slow line straddles a scan; every second reading must still be seen."""
    poll = poll_of("a")
    image = Image([poll])
    for n in range(1, 50):
        poll.before = poll.outcome
        poll.outcome = (n * 0.1 + 0.05, (float(n),), None)
        image.take(n * 0.1)
        assert image["a"].number() == (None if n == 1 else float(n - 1))


def test_what_has_ended_twice_between_two_scans_is_taken_once_and_newest() -> None:
    poll = poll_of("a")
    image = Image([poll])
    poll.ended(1.01, (5.0,), None)
    poll.ended(1.05, (6.0,), None)
    image.take(1.1)
    assert image["a"].number() == 6.0
    changes = image.changes
    image.take(1.2)
    assert image.changes == changes


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["new", "same", "lost", "refused", "nothing"])), max_size=120)
)
def test_ages_by_limits_are_ages_by_looking(scans: list[tuple[int, str]]) -> None:
    """Readings grow old as if each were looked at in every scan; and nothing changes without being counted."""
    polls = [Poll(f"box.{n}", (Tag(f"t{n}", "V"),), lambda link: (), 0.1) for n in range(3)]
    for poll, stale_s in zip(polls, (0.25, 0.55, 1.05), strict=True):
        poll.stale_s = stale_s
    image = Image(polls)
    stale, read_s = [True] * 3, [0.0] * 3
    values: list[tuple[float, ...]] = [(0.0,)] * 3
    for n, (which, what) in enumerate(scans, 1):
        now_s = n * 0.1
        poll = polls[which]
        before = [(t.value, t.quality, t.why) for p in polls for t in p.tags]
        changes = image.changes
        if what in ("new", "same"):
            values[which] = (float(n),) if what == "new" else values[which]
            poll.ended(now_s, values[which], None)
            stale[which], read_s[which] = False, now_s
        elif what == "lost":
            poll.ended(now_s, None, NoAnswer("box", b"?", 0.1))
        elif what == "refused":
            poll.ended(now_s, None, InstrumentError("box: no"))
            stale[which] = True
        image.take(now_s)
        for place, stale_s in enumerate((0.25, 0.55, 1.05)):
            stale[place] = stale[place] or now_s - read_s[place] > stale_s
        assert [p.stale for p in polls] == stale
        assert [p.tags[0].quality == GOOD for p in polls] == [not old for old in stale]
        if image.changes == changes:
            assert [(t.value, t.quality, t.why) for p in polls for t in p.tags] == before


def test_a_driver_that_brings_too_little_is_a_bug() -> None:
    poll = poll_of("a", "b")
    image = Image([poll])
    poll.ended(1.0, (5.0,), None)
    with pytest.raises(Bug, match=r"box\.values brings 2 readings, its driver gave 1"):
        image.take(1.0)


def test_a_flaw_spoils_its_own_tag_only() -> None:
    poll = poll_of("a", "b")
    image = Image([poll])
    poll.outcome = (1.0, (Flaw("sensor off", BAD, 3.0), 6.0), None)
    image.take(1.0)
    assert image["a"].quality == BAD
    assert image["a"].why == "sensor off"
    assert image["a"].value == 3.0
    assert image["b"].number() == 6.0


def test_two_readings_of_one_name_are_a_bug() -> None:
    with pytest.raises(Bug, match="both named 'a'"):
        Image([poll_of("a"), poll_of("a")])


# --- readings -----------------------------------------------------------------------------------------------------
class Desk:
    """A whole chamber's readings, set by hand: pumped, cold, supply off, gauges agreeing."""

    def __init__(self) -> None:
        self.equipment = SimulatedChamber(CHAMBER, 1).equipment
        self.image = Image(self.equipment.polls)
        self.readings = Readings(self.equipment, self.image)
        self.now_s = 0.0
        self.values: dict[str, Value | Flaw] = {}
        for poll in self.equipment.polls:
            for tag in poll.tags:
                self.values[tag.name] = 0.0
        self.values |= dict.fromkeys(CHAMBER.io.inputs, False)
        self.values |= {
            "gauges.full_range": 1e-6, "gauges.capacitance": Flaw("underrange"), "gauges.foreline": 0.05,
            "turbo.speed": 1000.0, "turbo.nominal": 1000.0, "supply_enabled": True,
        }  # fmt: skip
        self.names = {
            "full_range": self.readings.gauge("full_range").name,
            "capacitance": self.readings.gauge("capacitance").name,
            "foreline": self.readings.gauge("foreline").name,
            "current": next(iter(self.equipment.supplies.values())).current_a.name,
            "output": next(iter(self.equipment.supplies.values())).output_on.name,
            "speed": self.equipment.turbo.speed_hz.name,
            "nominal": self.equipment.turbo.nominal_hz.name,
            "enabled": "supply_enabled",
        }
        self.set(full_range=1e-6, capacitance=Flaw("underrange"), foreline=0.05, speed=1000.0, nominal=1000.0)
        self.set(current=0.0, output=False, enabled=True)
        self.scan()

    def set(self, **readings: Value | Flaw) -> None:
        for name, value in readings.items():
            assert self.names[name] in self.values, name
            self.values[self.names[name]] = value

    def scan(self, seconds: float = 0.1, mute: str = "") -> None:
        """One scan later, with all polls answered but those whose name begins with `mute`."""
        self.now_s += seconds
        for poll in self.equipment.polls:
            if not mute or not poll.name.startswith(mute):
                poll.outcome = (self.now_s, tuple(self.values[tag.name] for tag in poll.tags), None)
        self.image.take(self.now_s)
        self.readings.update(self.now_s)

    @property
    def pressure(self) -> Tag:
        return self.readings.chamber_pressure


UNDER = Flaw("underrange")
OVER = Flaw("overrange")
OFF = Flaw("sensor off")
BROKEN = Flaw("sensor error")


@pytest.mark.parametrize(
    ("full_range", "capacitance", "found"),
    [
        (1e-6, UNDER, 1e-6),
        (0.3, 0.3, 0.3),
        (900.0, 700.0, 700.0),  # above the hand-over the gas-independent gauge speaks
        (OFF, 480.0, 480.0),
        (OFF, UNDER, 0.5),  # bounded by the low end of the gauge that is left
        (UNDER, UNDER, 0.5),
        (OFF, 0.2, 0.5),  # below its range a capacitance gauge shows noise
    ],
)
def test_which_gauge_speaks(full_range: float | Flaw, capacitance: float | Flaw, found: float) -> None:
    desk = Desk()
    desk.readings.moved(desk.now_s)
    desk.set(full_range=full_range, capacitance=capacitance)
    desk.scan()
    assert desk.pressure.number() == found


@pytest.mark.parametrize(
    ("full_range", "capacitance", "words"),
    [
        (BROKEN, UNDER, "full_range: sensor error"),
        (BROKEN, 0.2, "full_range: sensor error"),
        (BROKEN, BROKEN, "sensor error"),
        (1e-6, 300.0, "full_range says 1.0e-06 mbar and capacitance 3.0e+02 mbar"),
        (100.0, UNDER, "less than 0.5 mbar"),
        (OFF, BROKEN, "capacitance: sensor error"),
    ],
)
def test_no_pressure_without_a_gauge_to_believe(
    full_range: float | Flaw, capacitance: float | Flaw, words: str
) -> None:
    desk = Desk()
    desk.readings.moved(desk.now_s)
    desk.set(full_range=full_range, capacitance=capacitance)
    desk.scan()
    assert desk.pressure.number() is None
    assert words in desk.pressure.why


def test_hand_over_has_hysteresis() -> None:
    desk = Desk()
    spoken = []
    for mbar in (0.8, 1.5, 1.9, 2.5, 1.5, 1.1, 0.8, 1.5):
        desk.readings.moved(desk.now_s)
        desk.set(full_range=mbar * 1.05, capacitance=mbar)
        desk.scan()
        spoken.append("capacitance" if desk.pressure.number() == mbar else "full_range")
    low, high = "full_range", "capacitance"
    assert spoken == [low, low, low, high, high, high, low, low]


def test_a_jump_with_nothing_moved_is_doubted_and_one_after_a_valve_is_not() -> None:
    desk = Desk()
    for _ in range(int(SETTLE_S / 0.1) + 20):
        desk.scan()
    desk.set(full_range=1e-3)
    desk.scan()
    assert desk.pressure.quality == UNCERTAIN
    assert "although nothing was moved" in desk.pressure.why
    moved = Desk()
    moved.scan(SETTLE_S + 1.0)
    moved.readings.moved(moved.now_s)
    moved.set(full_range=1e-3)
    moved.scan()
    assert moved.pressure.number() == 1e-3


@settings(max_examples=200, deadline=None)
@given(
    full_range=st.one_of(st.floats(1e-9, 1100.0), st.sampled_from([UNDER, OVER, OFF, BROKEN])),
    capacitance=st.one_of(st.floats(0.0, 1100.0), st.sampled_from([UNDER, OVER, OFF, BROKEN])),
)
def test_a_believed_pressure_is_never_far_below_what_a_gauge_says(
    full_range: float | Flaw, capacitance: float | Flaw
) -> None:
    """Whatever the two say, a pressure taken as good is not ten times lower than a gauge reading in its own range."""
    desk = DESK
    desk.readings.moved(desk.now_s)
    desk.set(full_range=full_range, capacitance=capacitance)
    desk.scan()
    found = desk.pressure.number()
    if found is None:
        assert desk.pressure.why
    elif isinstance(capacitance, float) and capacitance >= 5.0:
        assert found >= capacitance / 10.0
    elif isinstance(full_range, float) and full_range <= 0.5:
        assert found >= full_range / 10.0


DESK = Desk()


def test_off_is_read_back_and_cold_takes_its_time() -> None:
    desk = Desk()
    cold_s = max(source.cold_after_s for source in CHAMBER.sources.values())
    assert desk.readings.sources_off.number() == 1.0
    assert desk.readings.sources_cold.number() == 0.0  # nobody knows what was before
    desk.scan(cold_s + 0.2)
    assert desk.readings.sources_cold.number() == 1.0
    desk.set(current=50.0, output=True)
    desk.scan()
    assert desk.readings.sources_off.number() == 0.0
    assert desk.readings.sources_cold.number() == 0.0
    desk.set(current=0.0, output=False)
    desk.scan()
    assert desk.readings.sources_off.number() == 1.0
    desk.scan(cold_s - 1.0)
    assert desk.readings.sources_cold.number() == 0.0
    desk.scan(1.2)
    assert desk.readings.sources_cold.number() == 1.0


def test_a_supply_that_does_not_answer_counts_as_on_unless_its_contactor_is_open() -> None:
    desk = Desk()
    desk.scan(10.0, mute="boat_supply")
    assert desk.readings.sources_off.value is False
    assert desk.readings.sources_off.why.startswith("boat_supply.current")
    assert desk.readings.source_current.number() is None
    desk.set(enabled=False)
    desk.scan(0.1, mute="boat_supply")
    assert desk.readings.sources_off.number() == 1.0


@pytest.mark.parametrize(("full_range", "on"), [(1e-6, 1.0), (UNDER, 1.0), (OVER, 1.0), (OFF, 0.0), (BROKEN, None)])
def test_the_ion_gauge_is_off_only_when_it_says_so(full_range: float | Flaw, on: float | None) -> None:
    desk = Desk()
    desk.set(full_range=full_range)
    desk.scan()
    assert desk.readings.ion_gauge_on.number() == on


def test_turbo_and_foreline() -> None:
    desk = Desk()
    assert desk.readings.turbo_percent.number() == 100.0
    desk.set(speed=790.0, foreline=Flaw("underrange"))
    desk.scan()
    assert desk.readings.turbo_percent.number() == pytest.approx(79.0)
    assert desk.readings.foreline_pressure.number() == CHAMBER.gauges["foreline"].from_mbar
    desk.set(foreline=BROKEN, speed=Flaw("drive off"))
    desk.scan()
    assert desk.readings.foreline_pressure.quality == BAD
    assert desk.readings.turbo_percent.quality != GOOD
