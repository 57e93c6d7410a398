"""The fault menu: every text is understood or refused with a sentence that helps."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.faults import menu, parse
from simulators.plant.plant import FAULTS
from simulators.wire_faults import WIRE_FAULTS


def test_menu_has_all_of_plant_and_cables() -> None:
    assert set(menu()) == {*FAULTS, *WIRE_FAULTS}
    assert all(line.strip() for line in menu().values())
    assert "by=0.1" in menu()["slow"]


def test_no_name_means_two_things() -> None:
    assert not {*FAULTS} & {*WIRE_FAULTS}


@pytest.mark.parametrize(
    ("text", "at_s"),
    [("water_lost@123s", 123.0), ("water_lost@2min", 120.0), ("water_lost@1.5h", 5400.0), ("water_lost@250ms", 0.25),
     ("water_lost@.5 s", 0.5), ("water_lost@0s", 0.0)],
)  # fmt: skip
def test_times(text: str, at_s: float) -> None:
    fault = parse(text)
    assert (fault.name, fault.link, fault.at_s, fault.for_s) == ("water_lost", None, at_s, None)
    assert not fault.meets("zinc", "deposit")


@pytest.mark.parametrize(
    ("text", "step", "phase", "after_s"),
    [("water_lost@zinc.deposit", "zinc", "deposit", 0.0), ("water_lost@zinc.ramp 1+5s", "zinc", "ramp 1", 5.0),
     ("water_lost@zn-film.shutter_delay+1.5min", "zn-film", "shutter_delay", 90.0),
     ("water_lost@*.soak 2", "*", "soak 2", 0.0), ("water_lost@lithium.*", "lithium", "*", 0.0)],
)  # fmt: skip
def test_phases(text: str, step: str, phase: str, after_s: float) -> None:
    fault = parse(text)
    assert (fault.at_s, fault.step, fault.phase, fault.after_s) == (None, step, phase, after_s)
    assert fault.meets("zinc" if step == "*" else step, "deposit" if phase == "*" else phase)
    assert not fault.meets("elsewhere", "idle")


def test_arguments() -> None:
    fault = parse("leak@90s:mbar_l_per_s=0.01,for=2min")
    assert (dict(fault.args), fault.for_s) == ({"mbar_l_per_s": 0.01}, 120.0)
    assert dict(parse("shutter_stuck_open@1s:shutter=substrate_shutter").args) == {"shutter": "substrate_shutter"}


@pytest.mark.parametrize(
    "text", ["mute@100s:link=monitor,for=5s", "monitor:mute@100s:for=5s", "monitor:mute@100s:link=monitor,for=5s"]
)
def test_links(text: str) -> None:
    fault = parse(text)
    assert (fault.name, fault.link, fault.at_s, fault.for_s, dict(fault.args)) == ("mute", "monitor", 100.0, 5.0, {})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("water_lost", "wanted NAME@WHEN"),
        ("@5s", "wanted NAME@WHEN"),
        ("water_lots@5s", "did you mean water_lost"),
        ("monitor:mut@5s", "did you mean mute"),
        ("mute@5s", "say which, for example mute@90s:link=monitor"),
        ("monitor:water_lost@5s", "happens in the plant"),
        ("water_lost@5", "wanted a time such as 90s or 2min, or STEP.PHASE"),
        ("water_lost@", "wanted a time"),
        ("water_lost@-5s", "wanted a time"),
        ("water_lost@zinc", "wanted a time"),
        ("water_lost@zinc.deposit+soon", "after the +"),
        ("water_lost@5s:for=ever", "`for` wants a time"),
        ("water_lost@5s:for", "wanted key=value"),
        ("water_lost@5s:for=", "wanted key=value"),
        ("water_lost@5s:for=1s,for=2s", "for is given twice"),
        ("leak@5s:mbar=1", "mbar_l_per_s"),
        ("shutter_stuck_open@5s:shutter=door", "shutter"),
        ("a:mute@5s:link=b", "the link is given twice"),
        ("mute@5s:link=5", "wanted the name of a link"),
        ("a:mute@5s:by=2", "'mute' takes no argument beside link and for"),
        ("a:slow@5s:bye=2", "'slow' takes by, times"),
        ("a:slow@5s:by=long", "by wants a number"),
        ("a:restart@5s:for=3s", "say boot=5s"),
    ],
)
def test_refusals(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        parse(text)
    assert repr(text) in str(caught.value)


@given(st.text("mutewar_los@:=,.+*5sfor link", max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        fault = parse(text)
    except ValueError as error:
        fault, sentence = None, str(error)
    assert fault.name in menu() if fault is not None else sentence.startswith("fault ")
