"""`runs` and `show`: the story of a run, told from the events that the controller writes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pvdctl.cli.runs import Wanted, list_runs, show_run
from pvdctl.clock import VirtualClock
from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.event import Event, Kind
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.story import tell
from tests.record.made import begin, leave_without_a_word, short_run

Opened = Callable[..., Record]

LAYER = {
    "name": "zinc", "film": "Zn", "target_nm": 300.0, "read_nm": 300.04,
    "rate_target_nm_s": 0.5, "rate_mean_nm_s": 0.4996,
    "rate_sd_nm_s": 0.011, "time_to_band_s": 12.0, "overshoot_percent": 3.2, "open_s": 600.4,
}  # fmt: skip
RESULT = {
    "layers": [{**LAYER, "true_nm": 299.71}],
    "predicted_films": [{"name": "LN on Li", "thickness_nm": 110.4, "basis": "calibrated to doi:10.1039/d4ta06366j"}],
    "alarms": [],
    "wall_s": 1.2,
}


def events() -> Iterator[Event]:
    def event(at_s: float, kind: Kind, subject: str, text: str, **more: Any) -> Event:
        return Event(kind, subject, text, at_s=at_s + 50.0, **more)

    yield event(0, "state", "unit", "Starting -> Execute", old="Starting", new="Execute", state="Execute")
    yield event(1, "step", "pump", "step 1 of 2: pump_down", new=1, step="pump")
    yield event(1, "phase", "pump", "roughing", new="roughing", step="pump", phase="roughing")
    yield event(61, "phase", "pump", "high vacuum", new="high vacuum", step="pump", phase="high vacuum")
    yield event(301, "step", "pump", "done", step="pump")
    yield event(301, "step", "zinc", "step 2 of 2: deposit", new=2, step="zinc")
    yield event(301, "phase", "zinc", "ramp 1", new="ramp 1", step="zinc", phase="ramp 1")
    yield event(400, "interlock", "water", "tripped: water flow 0.4 l/min is below 2.0 l/min")
    yield event(400, "alarm", "interlock.water", "water flow is low", old="normal", new="unacknowledged")
    yield event(400, "state", "unit", "Execute -> Holding", old="Execute", new="Holding", why="water flow is low")
    yield event(410, "alarm", "interlock.water", "gone", old="unacknowledged", new="returned-unacknowledged")
    yield event(405, "alarm", "crystal_life", "life is 70 %", old="normal", new="unacknowledged")
    yield event(410, "interlock", "water", "cleared")
    yield event(420, "refusal", "start", "start refused: the unit is held", actor="marie", why="impatient")
    yield event(430, "command", "unhold", "marie: unhold", actor="marie", why="tap opened again")
    yield event(430, "phase", "zinc", "deposit", new="deposit", step="zinc", phase="deposit")
    yield event(1030, "layer", "zinc", "Zn 300.0 nm", data=LAYER)
    yield event(1031, "exposure", "n2", "N2 500 mbar", data={
        "gas": "N2", "target_mbar": 500.0, "peak_mbar": 501.2, "hold_s": 180.0, "dose_mbar_s": 90123.0,
    })  # fmt: skip
    yield event(1040, "step", "zinc", "done", step="zinc")


@pytest.fixture
def told(opened: Opened, clock: VirtualClock) -> str:
    record = opened()
    clock.now_s = 50.0
    run = begin(record, sample_id="A-17")
    for event in events():
        record.append([event])
    clock.now_s = 1100.0
    record.end_run("Complete", "all steps done", RESULT)
    record.close()
    return run


def test_steps_and_phases_have_their_times(told: str, tmp_path: Path) -> None:
    with RecordReader.open(tmp_path / "record") as reader:
        story = tell(reader, told)
    assert [(step.name, step.at_s, step.lasted_s) for step in story.steps] == [("pump", 1, 300), ("zinc", 301, 739)]
    assert [(p.name, p.at_s, p.lasted_s) for p in story.steps[0].phases] == [
        ("roughing", 1, 60),
        ("high vacuum", 61, 240),
    ]
    assert [(p.name, p.at_s, p.lasted_s) for p in story.steps[1].phases] == [
        ("ramp 1", 301, 129),
        ("deposit", 430, 610),
    ]


def test_troubles_and_interventions_are_told_once(told: str, tmp_path: Path) -> None:
    with RecordReader.open(tmp_path / "record") as reader:
        story = tell(reader, told)
    assert [(t.at_s, t.what, t.subject) for t in story.troubles] == [
        (400, "interlock", "water"),
        (400, "state", "unit"),
        (405, "alarm", "crystal_life"),
        (420, "refusal", "start"),
    ]
    (intervention,) = story.interventions
    assert (intervention.who, intervention.text, intervention.why) == ("marie", "unhold", "tap opened again")


def test_layers_are_those_of_the_result_with_what_the_plant_knows(told: str, tmp_path: Path) -> None:
    with RecordReader.open(tmp_path / "record") as reader:
        story = tell(reader, told)
    assert story.layers[0]["true_nm"] == 299.71
    assert story.exposures[0]["dose_mbar_s"] == 90123.0


def test_a_run_going_on_is_told_as_far_as_it_is(opened: Opened, clock: VirtualClock) -> None:
    record = opened()
    clock.now_s = 50.0
    run = begin(record)
    record.append([event for event in events() if event.at_s < 455.0])
    with RecordReader.open(record.directory) as reader:
        story = tell(reader, run)
    assert story.run.end_state == "unfinished"
    assert [(step.name, step.lasted_s) for step in story.steps] == [("pump", 300), ("zinc", 99)]
    assert story.layers == []
    leave_without_a_word(record)


def test_show_fits_one_screen_and_says_simulated(told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_run(tmp_path / "record", "last") == 0
    out = capsys.readouterr().out
    assert all(len(line) <= 80 for line in out.splitlines()), out
    assert len(out.splitlines()) <= 50
    for part in (
        "SIMULATED", told, "LZLN", "A-17", "marie", "Complete", "all steps done", "seed 1", "pump",
        "high vacuum", "4:00",
        "zinc", "300.0", "299.7", "0.500", "N2", "501.2", "90123", "LN on Li", "110", "calibrated to",
        "tripped: water flow",
        "because tap opened again", "fingerprint",
    ):  # fmt: skip
        assert part in out, f"{part!r} is missing in\n{out}"


def test_a_real_run_is_not_marked_and_has_no_true_thickness(
    opened: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = opened()
    begin(record, simulated=False, seed=None)
    record.append([Event("layer", "zinc", "made", data=LAYER, at_s=0.0)])
    record.end_run("Complete", "", {})
    record.close()
    show_run(tmp_path / "record", "last")
    list_runs(tmp_path / "record")
    out = capsys.readouterr().out
    assert "SIMULATED" not in out
    assert "true" not in out
    assert "300.0" in out


def test_text_from_people_is_shown_as_it_is(opened: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = opened()
    begin(record, operator="[red]eve\x1b[2J")
    record.append([Event("note", "x", "[bold]look[/bold] \x07", actor="[/]", why="[link=x]", at_s=0.0)])
    record.end_run("Stopped", "[blink]", {})
    record.close()
    show_run(tmp_path / "record", "last")
    list_runs(tmp_path / "record")
    out = capsys.readouterr().out
    assert "[bold]look[/bold]" in out
    assert "[red]eve" in out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_json_is_one_object_and_nothing_else(told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_run(tmp_path / "record", told, json=True) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["run"]["run"] == told
    assert shown["run"]["simulated"] is True
    assert shown["layers"][0]["true_nm"] == 299.71
    assert len(shown["record_sha256"]) == 64
    assert shown["steps"][0]["phases"][0] == {"name": "roughing", "at_s": 1.0, "lasted_s": 60.0}
    assert shown["identities"] == {"monitor": "SQC-310 V. 6.40"}
    assert shown["result"]["wall_s"] == 1.2
    assert list_runs(tmp_path / "record", json=True) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [run["run"] for run in listed["runs"]] == [told]
    assert "text" not in json.dumps(listed)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, 3),
        ({"recipe": "lzln"}, 2),
        ({"recipe": "LZ"}, 0),
        ({"operator": "Marie"}, 2),
        ({"states": ("aborted",)}, 1),
        ({"states": ("aborted", "Complete")}, 3),
        ({"last": 2}, 2),
        ({"sample": "s-1"}, 0),
        ({"simulated": False}, 1),
        ({"since": "2026-11-23"}, 2),
        ({"until": "2026-11-22"}, 1),
        ({"since": "2026-11-23", "until": "2026-11-23", "operator": "irene"}, 1),
    ],
)
def test_runs_are_filtered(
    opened: Opened,
    clock: VirtualClock,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    wanted: dict[str, Any],
    found: int,
) -> None:
    record = opened()
    short_run(record)
    clock.now_s = 24 * 3600.0
    begin(record, recipe_name="LiZn", operator="irene")
    record.end_run("Aborted", "", {})
    begin(record, simulated=False, seed=None)
    record.end_run("Complete", "", {})
    record.close()
    assert list_runs(tmp_path / "record", Wanted(**wanted), json=True) == 0
    assert len(json.loads(capsys.readouterr().out)["runs"]) == found
    assert list_runs(tmp_path / "record", Wanted(**wanted)) == 0
    out = capsys.readouterr().out
    assert out.count("20261122-") + out.count("20261123-") == found
    assert all(len(line) <= 80 for line in out.splitlines())


def test_what_is_not_there_is_said(opened: Opened, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no record in"):
        list_runs(tmp_path)
    opened().close()
    with pytest.raises(OperatorError, match="no run in"):
        show_run(tmp_path / "record", "last")
