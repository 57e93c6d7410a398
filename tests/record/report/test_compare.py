"""Runs side by side."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pvdctl.cli.compare import compare_runs
from pvdctl.cli.exits import DONE, WrongUsage
from pvdctl.record.compare import Comparison, Row, compare, shown
from pvdctl.record.report.comparison_page import comparison_page
from tests.record.report import made_runs
from tests.record.report.test_page import Reading


def row(comparison: Comparison, about: str, name: str) -> Row:
    (found,) = [each for each in comparison.rows if (each.about, each.name) == (about, name)]
    return found


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare([made_runs.dossier(number) for number in range(3)])


def test_figures_stand_beside_each_other(comparison: Comparison) -> None:
    read = row(comparison, "layer lithium", "read")
    assert read.values == tuple(made_runs.dossier(number).layers[1].facts["read_nm"] for number in range(3))
    assert row(comparison, "run", "end").values == ("Complete", "Complete", "Aborted")
    assert row(comparison, "gas nitrogen", "dose").values[2] is None  # it did not come to that
    amps = row(comparison, "layer zinc", "mean current").values
    watts = row(comparison, "layer zinc", "mean power").values
    for current, power in zip(amps, watts, strict=True):
        assert isinstance(current, float)
        assert isinstance(power, float)
        assert current == pytest.approx(117.0, abs=2.0)  # what the chamber file says zinc takes at this rate
        assert power == pytest.approx(0.58 * current, rel=0.05)


def test_what_should_be_alike_and_is_not_is_marked() -> None:
    one = made_runs.dossier()
    other = replace(one, run=replace(one.run, recipe_version="2", start={**one.run.start, "identities": {"plc": "?"}}))
    found = compare([one, other])
    assert row(found, "run", "recipe").same is False
    assert row(found, "run", "instruments").same is False
    assert row(found, "run", "chamber").same is True
    assert row(found, "run", "operator").same is None
    assert "≠ differs" in comparison_page(found)


def test_the_page_holds_figures_and_overlay(comparison: Comparison) -> None:
    read = Reading(comparison_page(comparison))
    assert read.asked == []
    for number in range(3):
        assert made_runs.dossier(number).run.run in read.told
    assert "lithium: rate" in read.told
    assert "SIMULATED" in read.told
    assert len(read.ids) == len(set(read.ids))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(None, 2, "–"), (-0.001, 2, "0.00"), (1.5e-6, -2, "1.50e-06"), (1234.5, 1, "1,234.5"), ("word", 3, "word")],
)
def test_figures_are_written_to_be_read(value: float | str | None, digits: int, text: str) -> None:
    assert shown(value, digits) == text


def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare_runs(made_runs.record(), ["0001", "0002"], None, json=True) == DONE
    told = json.loads(capsys.readouterr().out)
    assert len(told["runs"]) == 2
    assert all(len(figure["values"]) == 2 for figure in told["figures"])


def test_the_command_writes_its_page_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "two.html"
    assert compare_runs(made_runs.record(), ["0001", "0003"], target) == DONE
    out = capsys.readouterr().out
    assert "layer zinc" in out
    assert str(target) in out
    assert target.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    "runs", [["0001"], ["0001", "0001"], ["0001", "small_lzln"], ["0001", "small-lzln"], ["last"] * 7]
)
def test_runs_that_cannot_be_compared_are_refused(runs: list[str], tmp_path: Path) -> None:
    with pytest.raises(WrongUsage):
        compare_runs(made_runs.record(), runs, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
