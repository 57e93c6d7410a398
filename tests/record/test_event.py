"""Events: the canonical form, and that nothing is lost in it."""

import hashlib
import json
from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.errors import Bug, RecordError
from pvdctl.record import event as form
from pvdctl.record.event import Event, Recorded
from pvdctl.record.log import SHAPE, EventLog, Stamp
from pvdctl.record.tree import Tree

texts = st.text(st.characters(codec="utf-8"), max_size=30)
numbers = st.floats(-(2.0**53) + 1, 2.0**53 - 1) | st.integers(-(2**53) + 1, 2**53 - 1)
values = texts | numbers | st.booleans()
facts = st.dictionaries(texts, st.recursive(values | st.none(), lambda part: st.lists(part, max_size=3), max_leaves=6))
events = st.builds(
    Event,
    st.sampled_from(["state", "note", "alarm"]),
    texts,
    texts,
    actor=texts,
    old=st.none() | values,
    new=st.none() | values,
    unit=texts,
    why=texts,
    state=texts,
    step=texts,
    phase=texts,
    data=st.none() | facts,
    at_s=numbers,
)


def whole(event: Event, seq: int = 7, run: str = "20261122-0001-lzln", wall: dict[str, Any] | None = None) -> bytes:
    log = EventLog.__new__(EventLog)
    log.boot = 3
    log.tree = Tree()
    return form.body(form.core(event), log._stamp(seq, Stamp("2026-11-22T08:00:00.000+00:00", run, wall)))


@given(events, st.booleans(), st.dictionaries(texts, numbers, max_size=2))
def test_any_event_comes_back_as_it_was(event: Event, in_run: bool, wall: dict[str, Any]) -> None:
    back = form.read(whole(event, run="20261122-0001-x" if in_run else "", wall=wall).decode())
    assert isinstance(back, Recorded)
    for name in Event.__slots__:
        if name in ("kind", "data"):
            continue
        assert getattr(back, name) == getattr(event, name), name
    assert (back.data or None) == (event.data or None)
    assert (back.seq, back.boot, back.wall) == (7, 3, wall)
    assert back.run == ("20261122-0001-x" if in_run else "")


@given(events, st.dictionaries(texts, numbers, max_size=2))
def test_the_body_is_canonical_as_a_whole(event: Event, wall: dict[str, Any]) -> None:
    body = whole(event, wall=wall)
    assert body == rfc8785.dumps(json.loads(body))
    assert form.core_of(body) == form.core(event)


def test_a_text_that_looks_like_a_stamp_does_not_pass_for_one() -> None:
    event = Event("note", "x", ',"stamp":{"seq":99}}', why='","stamp":', data={"stamp": {"seq": 1}}, at_s=0.0)
    assert form.core_of(whole(event)) == form.core(event)
    assert form.read(whole(event).decode()).seq == 7


def test_what_json_numbers_cannot_carry_is_written_as_text() -> None:
    data = {"sd": float("nan"), "limits": [float("inf"), -float("inf")], "serial": 2**60, "fine": True}
    back = form.read(whole(Event("layer", "Zn", "done", new=float("nan"), data=data, at_s=0.0)).decode())
    assert back.data == {"sd": "nan", "limits": ["inf", "-inf"], "serial": str(2**60), "fine": True}
    assert back.new == "nan"


def test_words_of_an_enumeration_are_texts() -> None:
    class State(StrEnum):
        HELD = "Held"

    assert form.read(whole(Event("state", "unit", "held", new=State.HELD, at_s=0.0)).decode()).new == "Held"


def test_what_is_not_json_is_a_bug_that_names_the_event() -> None:
    with pytest.raises(Bug, match="event layer of Zn"):
        form.core(Event("layer", "Zn", "done", data={"where": object()}, at_s=0.0))
    keys: dict[Any, Any] = {1: 2, "sd": float("nan")}
    with pytest.raises(Bug, match="event layer of Zn"):
        form.core(Event("layer", "Zn", "done", data=keys, at_s=0.0))


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", '{"event":{},"stamp":{}}', '{"event":{"kind":"note"},"stamp":{"schema":"pvdctl.event/1"}}'],
)
def test_a_text_that_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match=r"pvdctl\.event/1"):
        form.read(text)


def test_an_event_of_another_form_is_named() -> None:
    text = whole(Event("note", "x", "y", at_s=0.0)).decode().replace("pvdctl.event/1", "pvdctl.event/2")
    with pytest.raises(RecordError, match="newer pvdctl"):
        form.read(text)
    with pytest.raises(RecordError, match="not of the form"):
        form.core_of(b'{"other":1}')


def test_the_tree_is_the_published_formula() -> None:
    """Judged by hand here, so that another verifier can be written from the docstring alone."""
    log = EventLog.__new__(EventLog)
    log.boot, log.tree = 1, Tree()
    rows = log._in_tree([b'{"a":1}', b'{"a":2}', b'{"a":3}'], Stamp("t"))
    leaves = [hashlib.sha256(b"\0" + row[1].encode()).digest() for row in rows]
    pair = hashlib.sha256(b"\1" + leaves[0] + leaves[1]).digest()
    assert [row[0] for row in rows] == [1, 2, 3]
    assert [row[2] for row in rows] == [leaves[0], leaves[1] + pair, leaves[2]]
    assert log.tree.root() == hashlib.sha256(b"\1" + pair + leaves[2]).digest()
    assert SHAPE.version == 2
