"""The report: one page, complete, self-contained, and harmless whatever people have typed."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from pvdctl.clock import VirtualClock
from pvdctl.record.dossier import Dossier, gather
from pvdctl.record.export.export import FORMS, export
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.report.page import page
from tests.record.made import leave_without_a_word, tampering
from tests.record.report import made_runs

VOID = frozenset({"meta", "br", "link", "img", "input", "hr"})


class Reading(HTMLParser):
    """A page as a browser takes it in: that tags close, what is asked from outside, what is told."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.asked: list[str] = []
        self.tags: set[str] = set()
        self.told = ""
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href", "srcset", "action", "data") and not (value or "").startswith("#"):
                self.asked.append(f"{tag} {name}={value}")
            assert not name.startswith("on"), f"<{tag} {name}>"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.told += data


def changed(dossier: Dossier, **run: Any) -> Dossier:
    """The same dossier of a run told otherwise."""
    other = replace(dossier.run, **run)
    return replace(dossier, run=other, story=replace(dossier.story, run=other))


@pytest.fixture(scope="module")
def text() -> str:
    return page(made_runs.dossier())


@pytest.fixture(scope="module")
def aborted() -> str:
    return page(made_runs.dossier(2))


def test_a_page_needs_nothing_from_anywhere(text: str) -> None:
    read = Reading(text)
    assert read.asked == []
    assert not re.search(r"@import|url\((?!#)", text)
    assert "script" not in read.tags
    assert len(text) < 1_000_000


def test_ids_are_there_once(text: str) -> None:
    ids = Reading(text).ids
    assert ids
    assert len(ids) == len(set(ids))


def test_its_plots_are_sound_and_labelled_with_units(text: str) -> None:
    plots = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(plots) == 3  # the run, and each layer
    words = ["".join(ElementTree.fromstring(plot).itertext()) for plot in plots]
    for quantity in (
        "pressure",
        "mbar",
        "current",
        "A",
        "power",
        "W",
        "rate",
        "nm/s",
        "thickness",
        "gas dose",
        "mbar s",
    ):
        assert quantity in words[0]
    for step in ("zinc", "lithium", "unit", "Execute", "substrate shutter", "min"):
        assert step in words[0]
    assert "target 15 nm" in words[1]


def test_it_tells_what_was_made_and_judges_it(text: str) -> None:
    told = Reading(text).told
    dossier = made_runs.dossier()
    for layer in dossier.layers:
        assert f"{layer.facts['read_nm']:.2f}" in told
    assert told.count("✓ reached") == 2
    assert told.count("✓ within ±10 %") == 2
    assert "✓ Complete" in told
    for said in ("100", dossier.run.run, "simulation", "small_lzln", "SQC310C 2MB", "Modbus I/O", "doi:10.1039"):
        assert said in told
    assert dossier.proof["record_sha256"] in told
    assert "✓ The record of this run is what was written" in told
    assert dossier.run.start["recipe"]["text"] in told
    assert dossier.run.start["chamber"]["text"] in told


def test_a_run_that_went_wrong_says_what_when_and_what_to_do(aborted: str) -> None:
    told = Reading(aborted).told
    assert "✗ Aborted" in told
    assert "✗ 9." in told  # nanometres short
    assert "water_ok is off" in told
    assert "Restore the water flow" in told
    assert "▲" in told


def test_simulated_is_across_every_sheet_and_real_is_not(text: str) -> None:
    assert '<div class="watermark"' in text
    assert re.search(r"\.watermark \{ position: fixed", text)  # what stands fixed is printed on every sheet
    assert f'content: "SIMULATED · {made_runs.dossier().run.run}"' in text
    real = page(changed(made_runs.dossier(), simulated=False))
    assert "SIMULATED" not in real.replace("made on a simulated", "")
    assert '<div class="watermark"' not in real


@pytest.mark.parametrize("field", ["operator", "sample_id", "end_reason", "recipe_version", "chamber"])
def test_what_people_typed_is_shown_and_not_obeyed(field: str) -> None:
    nasty = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;"
    text = page(changed(made_runs.dossier(2), **{field: nasty}))
    read = Reading(text)
    assert "script" not in read.tags
    assert "img" not in read.tags
    assert nasty in read.told


def test_samples_changed_afterwards_are_told_on_the_page(tmp_path: Path) -> None:
    record = made_runs.copy(tmp_path)
    with tampering(record, "samples.db") as connection:
        number, data = connection.execute("SELECT number, data FROM chunk ORDER BY number LIMIT 1").fetchone()
        connection.execute("UPDATE chunk SET data = ? WHERE number = ? AND run = ?",
                           (data[:-1] + b"A", number, made_runs.dossier().run.run))  # fmt: skip
    with RecordReader.open(record) as reader:
        dossier = gather(reader, reader.runs()[0].run)
    assert dossier.proof["verified"] is False
    assert dossier.proof["record_sha256"] == ""
    told = Reading(page(dossier)).told
    assert "✗ The record of this run does not fit its proof" in told
    assert "they were changed" in told


def test_an_event_changed_afterwards_is_told_on_the_page(tmp_path: Path) -> None:
    record = made_runs.copy(tmp_path)
    with tampering(record) as connection:
        connection.execute("UPDATE event SET body = replace(body, '\"target_nm\":15', '\"target_nm\":14')"
                           " WHERE body LIKE '%\"kind\":\"layer\"%'")  # fmt: skip
    with RecordReader.open(record) as reader:
        dossier = gather(reader, reader.runs()[0].run)
    assert dossier.proof["verified"] is False
    assert any("at least one was changed" in problem for problem in dossier.proof["problems"])


def test_signatures_are_shown_with_their_meaning(tmp_path: Path) -> None:
    directory = made_runs.copy(tmp_path)
    with Record.open(directory, VirtualClock()) as record:
        run = made_runs.dossier().run.run
        record.sign(run, "reviewed", "rate and pressure looked at", "marie")
    with RecordReader.open(directory) as reader:
        dossier = gather(reader, run)
    assert [(one["who"], one["meaning"]) for one in dossier.signatures] == [("marie", "reviewed")]
    assert dossier.proof["verified"] is True
    told = Reading(page(dossier)).told
    assert "rate and pressure looked at" in told
    assert "Nobody has signed" not in told


def test_a_run_without_a_sample_still_has_its_page() -> None:
    dossier = made_runs.dossier()
    empty = {name: values[:0] for name, values in dossier.samples.items()}
    told = Reading(page(replace(dossier, samples=empty))).told
    assert "Dual layer" not in told
    assert dossier.run.run in told


def test_a_run_whose_gauges_never_spoke_still_has_its_page() -> None:
    dossier = made_runs.dossier()
    unknown = {**dossier.samples, "chamber_pressure": np.full_like(dossier.samples["rate"], np.nan)}
    unknown["rate"] = unknown["film"] = unknown["chamber_pressure"]
    assert dossier.run.run in Reading(page(replace(dossier, samples=unknown))).told


def test_a_recipe_and_chamber_of_another_form_are_shown_as_they_were() -> None:
    dossier = made_runs.dossier()
    told = Reading(page(replace(dossier, recipe=None, chamber=None))).told
    assert dossier.run.start["recipe"]["text"] in told
    assert "small_lzln" in told


def test_the_same_run_gives_the_same_page(text: str) -> None:
    assert page(made_runs.dossier()) == text


def going_on(directory: Path, rows: int) -> str:
    """Begin a run as the first one and leave it in its second minute of zinc, without a word."""
    dossier = made_runs.dossier()
    start = dossier.run.start
    clock = VirtualClock()
    asked = count()
    record = Record.open(directory, clock, wall_s=lambda: 0.2 * next(asked))  # what is sampled goes to the disk
    run = record.begin_run(
        recipe_name=start["recipe"]["name"],
        recipe_version=start["recipe"]["version"],
        recipe_text=start["recipe"]["text"],
        recipe_sha256=start["recipe"]["sha256"],
        chamber_name=start["chamber"]["name"],
        chamber_text=start["chamber"]["text"],
        chamber_sha256=start["chamber"]["sha256"],
        seed=None,
        simulated=True,
        operator="marie",
        identities=start["identities"],
        columns=start["columns"],
    )
    names = [name for name, _ in start["columns"]]
    columns = [dossier.samples[name].tolist() for name in names]
    for number in range(rows):
        record.sample(dossier.samples["time_s"][number], tuple(column[number] for column in columns))
    record.append([])
    leave_without_a_word(record)
    return run


def test_a_run_that_has_no_end_says_so_and_proves_nothing(tmp_path: Path) -> None:
    rows = int(np.searchsorted(made_runs.dossier().samples["time_s"], 195.0))
    run = going_on(tmp_path / "record", rows)
    with RecordReader.open(tmp_path / "record") as reader:
        dossier = gather(reader, run)
    assert dossier.proof["verified"] is None
    assert dossier.proof["record_sha256"] == ""
    told = Reading(page(dossier)).told
    assert "✗ unfinished" in told
    assert "no fingerprint" in told
    assert "✓ The record" not in told
    Record.open(tmp_path / "record", VirtualClock()).close()  # closes it as interrupted
    with RecordReader.open(tmp_path / "record") as reader:
        dossier = gather(reader, run)
    assert dossier.proof["verified"] is True
    zinc, lithium = dossier.layers
    assert zinc.facts["ended"] == "interrupted"
    assert 4.0 < zinc.facts["read_nm"] < 8.0  # 13 s at 0.5 nm/s
    assert lithium.facts["ended"] == "not begun"
    assert "✗ Interrupted" in Reading(page(dossier)).told


def test_a_run_that_never_scanned_still_has_its_page_and_its_exports(tmp_path: Path) -> None:
    run = going_on(tmp_path / "record", 0)
    with RecordReader.open(tmp_path / "record") as reader:
        assert "✗ unfinished" in Reading(page(gather(reader, run))).told
        for form, one in FORMS.items():
            target = tmp_path / f"out-{form}{one.suffix}"
            made = export(reader, run, form, target, VirtualClock(), "marie", lambda event: None)
            assert all(file.stat().st_size > 0 for file in made)
