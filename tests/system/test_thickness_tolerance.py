"""A tolerance of the thickness: judged at the end by the crystal's reading, told everywhere, and nothing else."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pvdctl.cli.runs import show_run
from pvdctl.clock import VirtualClock
from pvdctl.process.states import Command, State
from pvdctl.record.dossier import Dossier, gather
from pvdctl.record.export.export import export
from pvdctl.record.reader import RecordReader
from pvdctl.record.report.page import page
from tests.system.session import Session
from tests.system.small import recipe
from tests.system.test_films import ONLY_ZINC

JUDGED = ONLY_ZINC.replace("60 nm", "20 nm").replace("tolerance: 10 %", "tolerance: 10 %, thickness_tolerance: 2 %")
UNJUDGED = JUDGED.replace(", thickness_tolerance: 2 %", "")


def finished(directory: Path, text: str, **options: Any) -> tuple[dict[str, Any], Session]:
    session = Session(directory, what=recipe(text), **options)
    session.finish()
    result = session.end()
    (layer,) = result["layers"]
    return layer, session


def layer_event(session: Session) -> str:
    (event,) = [event for event in session.events() if event.kind == "layer"]
    return event.text


def dossier(directory: Path) -> Dossier:
    with RecordReader.open(directory) as reader:
        return gather(reader, "last")


def test_a_film_within_its_tolerance_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layer, session = finished(tmp_path, JUDGED)
    assert (layer["thickness_tolerance_percent"], layer["in_tolerance"], layer["by_time"]) == (2.0, True, False)
    assert "tolerance" not in layer_event(session)
    made = dossier(tmp_path)
    assert made.layers[0].thickness == (True, "reached, within ±2 %")
    assert "✓ reached, within ±2 %" in page(made)
    assert show_run(tmp_path, "last") == 0
    assert "2 yes" in capsys.readouterr().out


def test_it_changes_nothing_in_the_process(tmp_path: Path) -> None:
    told, session = finished(tmp_path / "told", JUDGED)
    untold, other = finished(tmp_path / "untold", UNJUDGED)
    assert (untold["thickness_tolerance_percent"], untold["in_tolerance"]) == (None, None)
    assert {**told, "thickness_tolerance_percent": None, "in_tolerance": None} == untold
    assert [event.text for event in session.events()][3:] == [event.text for event in other.events()][3:]
    assert dossier(tmp_path / "untold").layers[0].thickness == (True, "reached")


def test_a_film_that_is_cut_short_is_out_of_tolerance_wherever_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = Session(tmp_path, what=recipe(JUDGED))
    session.to("zinc.deposit", 20.0)
    session.command(Command.STOP)
    session.to_state(State.STOPPED)
    (layer,) = session.end()["layers"]
    assert layer["in_tolerance"] is False
    assert 8.0 < layer["read_nm"] < 12.0
    assert layer_event(session).endswith("stopped, out of tolerance (±2 %)")
    made = dossier(tmp_path)
    good, words = made.layers[0].thickness
    assert (good, words.endswith("nm short, out of tolerance ±2 %")) == (False, True)
    assert f"✗ {words}" in page(made)
    assert show_run(tmp_path, "last") == 0
    assert "2 NO" in capsys.readouterr().out
    with RecordReader.open(tmp_path) as reader:
        for form in ("csv", "eln"):
            export(reader, made.run.run, form, tmp_path / f"out.{form}", VirtualClock(), "marie", lambda event: None)
    (facts,) = json.loads((tmp_path / "out.json").read_text())["layers"]
    assert (facts["in_tolerance"], facts["thickness_verdict"]) == (False, {"good": False, "words": words})
    with zipfile.ZipFile(tmp_path / "out.eln") as archive:
        graph = json.loads(archive.read("out/ro-crate-metadata.json"))["@graph"]
    values = {part["propertyID"]: part["value"] for part in graph if part["@type"] == "PropertyValue"}
    assert values["layers.zinc.in_tolerance"] is False
    assert values["layers.zinc.thickness_tolerance_percent"] == 2.0


def test_a_film_finished_by_time_has_no_reading_to_judge(tmp_path: Path) -> None:
    text = JUDGED.replace("on_crystal_fail: switch_crystal", "on_crystal_fail: timed_power")
    layer, _ = finished(tmp_path, text, faults=["crystal_dead@zinc.deposit+20s:sensor=1"])
    assert (layer["by_time"], layer["in_tolerance"]) == (True, None)
    made = dossier(tmp_path)
    assert made.layers[0].thickness == (None, "reached by time, ±2 % not judged")
