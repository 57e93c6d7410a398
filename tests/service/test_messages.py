"""What is sent comes back as it was; what is no message is refused in one sentence."""

import json
from dataclasses import replace

import pytest

from pvdctl.errors import LinkError
from pvdctl.process.states import State
from pvdctl.service.answers import Problem, Trend
from pvdctl.service.decode import decode
from pvdctl.service.encode import as_json, as_plain
from pvdctl.service.messages import STATES, Measured, Snapshot
from tests.service.inside import Inside


def test_a_snapshot_comes_back_as_it_was(inside: Inside) -> None:
    inside.ready()
    inside.lead("start", recipe="brief")
    snapshot = inside.seen()
    assert snapshot.lease is not None
    assert decode(Snapshot, json.loads(as_json(snapshot))) == snapshot
    assert json.loads(as_json(snapshot)) == as_plain(snapshot)
    assert len(as_json(snapshot)) < 20_000


def test_a_later_service_may_say_more(inside: Inside) -> None:
    snapshot = inside.seen()
    data = as_plain(snapshot) | {"mood": "good"}
    data["mimic"]["windows"] = 2
    assert decode(Snapshot, data) == snapshot


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"value": 1.0, "unit": "A"}, "Measured.quality is missing"),
        ({"value": "1.0", "unit": "A", "quality": "good"}, "Measured.value is '1.0'"),
        ({"value": True, "unit": "A", "quality": "good"}, "Measured.value is True"),
        ([], "wanted an object"),
    ],
)
def test_what_is_none_is_refused(data: object, text: str) -> None:
    with pytest.raises(LinkError, match=text):
        decode(Measured, data)


def test_nan_is_not_sent() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json(Trend([float("nan")], [], [], [], [], [], [], []))


def test_states_are_those_of_the_process() -> None:
    assert [state.name.capitalize() for state in State] == list(STATES)


def test_messages_are_values() -> None:
    problem = Problem("not_now", "no")
    assert replace(problem, text="yes") == Problem("not_now", "yes")
