"""Functions written out once say what a loop over the same objects says."""

from collections.abc import Sequence
from math import isnan
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pvdctl.cli.assemble import SimulatedChamber
from pvdctl.instrument.tag import BAD, GOOD, UNCERTAIN, Tag
from pvdctl.process.actuators import CLOSED, OPEN, Actuators
from pvdctl.process.controller import Controller
from pvdctl.process.outputs import Output, Outputs
from pvdctl.process.sampling import Sampling
from pvdctl.process.written_out import row_of, written_out
from pvdctl.record.event import Event
from tests.system.small import shipped_chamber


class Nowhere:
    """A recorder that keeps nothing: no scan is run here."""

    def append(self, events: Sequence[Event]) -> None:
        raise AssertionError(events)

    def settled(self) -> bool:
        return True

    def sample(self, at_s: float, row: tuple[Any, ...]) -> None:
        raise AssertionError(row)


def a_controller() -> Controller:
    return Controller(SimulatedChamber(shipped_chamber().model, 1).equipment, Nowhere())


@given(st.lists(st.tuples(st.floats(allow_nan=False), st.sampled_from([GOOD, UNCERTAIN, BAD])), max_size=40))
def test_a_row_is_what_a_loop_makes_of_the_same_tags(readings: list[tuple[float, int]]) -> None:
    tags = [Tag(f"t{n}", "V") for n in range(len(readings))]
    row = row_of([("{0}.value if {0}.quality == 0 else None", tag) for tag in tags], {}, "test")
    assert row() == (None,) * len(tags)
    for tag, (value, quality) in zip(tags, readings, strict=True):
        tag.set(value)
        if quality != GOOD:
            tag.spoil("test", quality)
    assert row() == tuple(tag.value if tag.quality == GOOD else None for tag in tags)


def test_nothing_but_the_objects_given_is_in_reach() -> None:
    assert written_out(["return a + 1"], {"a": 2}, "test")() == 3
    try:
        written_out(["return open"], {}, "test")()
    except NameError:
        return
    raise AssertionError("a function written out reached a built-in")


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("ask"), st.integers(0, 3), st.sampled_from([0.0, 1.0])),
            st.tuples(st.just("force"), st.integers(0, 3), st.booleans()),
            st.tuples(st.just("grant"), st.just(0), st.just(True)),
        ),
        max_size=60,
    )
)
def test_granting_only_what_changed_is_granting_everything(doings: list[tuple[str, int, float | bool]]) -> None:
    names = [f"o{n}" for n in range(4)]
    quick, plain = (Outputs([Output(name, "digital") for name in names]) for _ in range(2))
    for what, n, value in doings:
        for outputs in (quick, plain):
            if what == "ask":
                outputs.ask(names[n], float(value))
            elif what == "force":
                outputs[names[n]].forced_by = ("rule",) if value else ()
        if what == "grant":
            changed = False
            for output in plain.all:  # the whole of the arbiter, without a short cut
                if output.forced_by:
                    output.asked = output.safe
                changed = changed or output.granted != output.asked
                output.granted = output.asked
            assert quick.grant() == changed
            assert [(o.asked, o.granted) for o in quick.all] == [(o.asked, o.granted) for o in plain.all]


def test_the_sample_row_fits_its_columns_and_hides_what_is_not_good() -> None:
    controller = a_controller()
    sampling: Sampling = controller.sampling
    columns = [name for name, _ in sampling.columns]
    pressure = controller.readings.chamber_pressure
    pressure.set(3e-6)
    row = dict(zip(columns, sampling.row(), strict=True))
    assert row["chamber_pressure"] == 3e-6
    assert row["state"] == controller.unit.state
    assert row["dose"] == 0.0
    pressure.spoil("test", UNCERTAIN)
    assert isnan(dict(zip(columns, sampling.row(), strict=True))["chamber_pressure"])


def test_an_actuator_told_to_move_is_judged_though_no_switch_has_changed() -> None:
    """Only another output granted, such as a current, may leave resting actuators unjudged."""
    controller = a_controller()
    actuators: Actuators = controller.actuators
    name, actuator = next(iter(actuators.by_name.items()))
    for one in actuators.by_name.values():
        one.opened.set(False)
        one.closed.set(True)
    poll = actuator.opened.source
    assert poll is not None
    poll.stale, poll.values = False, (False,)

    def place() -> tuple[bool, int]:
        return actuator.settled, actuator.position

    actuators.update(1.0)
    assert place() == (True, CLOSED)
    actuators.told = True
    assert actuators.update(1.1) == []
    controller.outputs[name].granted = 1.0
    actuators.told = True
    actuators.update(1.2)
    assert place() == (False, CLOSED)
    actuator.opened.set(True)
    actuator.closed.set(False)
    actuators.update(1.3)
    assert place() == (True, OPEN)
