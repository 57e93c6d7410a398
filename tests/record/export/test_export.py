"""Exports open in other people's software, say the same as the record, and are acts in it."""

import base64
import csv
import hashlib
import json
import math
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from pyarrow import parquet
from rocrate.rocrate import ROCrate

from pvdctl.cli.exits import WrongUsage
from pvdctl.cli.export import export_run
from pvdctl.clock import VirtualClock
from pvdctl.errors import OperatorError, RecordError
from pvdctl.record.bundle_check import check_bundle
from pvdctl.record.event import Event
from pvdctl.record.export.export import FORMS, export
from pvdctl.record.note import Checkpoint
from pvdctl.record.reader import RecordReader
from pvdctl.record.record import Record
from pvdctl.record.tree import leaf_hash, root_from
from pvdctl.record.verify import verify
from tests.record.report import made_runs

UTC_NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FIELDS = json.loads((Path(__file__).parent / "nomad_fields.json").read_text())["data"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The first run (or another) in a form, made once."""
    made: dict[tuple[str, int], Path] = {}

    def one(form: str, number: int = 0) -> Path:
        if (form, number) not in made:
            target = tmp_path_factory.mktemp(form) / f"run{FORMS[form].suffix}"
            with RecordReader.open(made_runs.record()) as reader:
                run = reader.runs()[number].run
                export(reader, run, form, target, VirtualClock(UTC_NOON), "marie", lambda event: None)
            made[form, number] = target
        return made[form, number]

    return one


# -- HDF5 --------------------------------------------------------------------------------------------------------


def test_hdf5_holds_every_column_as_recorded(exported: Callable[..., Path]) -> None:
    dossier = made_runs.dossier()
    with h5py.File(exported("hdf5")) as file:
        logs: dict[str, h5py.Group] = {}
        file["entry"].visititems(
            lambda path, item: logs.update({path.split("/")[-2]: item}) if path.endswith("value_log") else None
        )
        assert set(logs) == set(dossier.samples) - {"time_s"}
        for name, log in logs.items():
            assert np.array_equal(log["value"][:], dossier.samples[name], equal_nan=True)
            assert np.array_equal(log["time"][:], dossier.samples["time_s"])
            assert log["time"].attrs["start"] == dossier.run.started_utc
            assert log["value"].attrs["units"] == {"": "1", "%": "percent"}.get(
                dossier.units[name], dossier.units[name]
            )
        assert "Execute" in logs["state"]["value"].attrs["codes"]


def test_hdf5_has_units_on_every_number_and_a_class_on_every_group(exported: Callable[..., Path]) -> None:
    seen = []

    def look(path: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Group):
            assert item.attrs["NX_class"].startswith("NX"), path
        elif item.dtype.kind in "if":
            seen.append(path)
            assert item.attrs["units"], path

    with h5py.File(exported("hdf5")) as file:
        assert file.attrs["NX_class"] == "NXroot"
        file.visititems(look)
        plot = file[f"entry/{file['entry'].attrs['default']}"]
        assert plot[plot.attrs["signal"]].shape == plot[plot.attrs["axes"]].shape
        assert file["entry/title"].asstr()[()].startswith("SIMULATED")
        assert bool(file["entry/simulated"][()]) is True
        assert file["entry/layer_01_zinc/target_nm"].attrs["units"] == "nm"
        assert file["entry/layer_01_zinc/rate_mean_nm_s"].attrs["units"] == "nm/s"
        assert file["entry/exposure_01_n2/dose_mbar_s"].attrs["units"] == "mbar s"
    assert len(seen) > 60


def test_hdf5_proves_its_own_events(exported: Callable[..., Path]) -> None:
    """From the file alone: the events lead to the root of the signed checkpoint."""
    with h5py.File(exported("hdf5")) as file:
        record = file["entry/record"]
        bodies = record["events"].asstr()[:]
        proof = json.loads(record["proof"].asstr()[()])
        recipe = record["recipe/data"].asstr()[()]
        assert hashlib.sha256(recipe.encode()).hexdigest() == record["recipe/sha256"].asstr()[()]
    leaves = {json.loads(body)["stamp"]["seq"]: leaf_hash(body.encode()) for body in bodies}
    inclusion = [base64.b64decode(part) for part in proof["inclusion"]]
    checkpoint = Checkpoint.read(proof["checkpoint"])
    assert root_from(leaves, inclusion, checkpoint.size) == checkpoint.root
    assert proof["verified"] is True


# -- tables ------------------------------------------------------------------------------------------------------


def test_csv_reads_back_as_the_very_same_numbers(exported: Callable[..., Path]) -> None:
    dossier = made_runs.dossier()
    with exported("csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    names, units, body = rows[0], rows[1], rows[2:]
    assert names == list(dossier.samples)
    assert units == [dossier.units[name] for name in names]
    for place, name in enumerate(names):
        found = np.array([float(row[place]) if row[place] else math.nan for row in body])
        assert np.array_equal(found, dossier.samples[name], equal_nan=True), name


def test_csv_has_its_metadata_beside_it(exported: Callable[..., Path]) -> None:
    facts = json.loads(exported("csv").with_suffix(".json").read_text())
    dossier = made_runs.dossier()
    assert facts["run"] == dossier.run.run
    assert facts["simulated"] is True
    assert facts["exported_utc"].startswith("2026-11-22T12:00:00")
    assert [column["name"] for column in facts["columns"]] == list(dossier.samples)
    assert facts["recipe"]["text"] == dossier.run.start["recipe"]["text"]
    assert [layer["thickness_verdict"]["good"] for layer in facts["layers"]] == [True, True]


def test_parquet_has_units_and_nulls(exported: Callable[..., Path]) -> None:
    dossier = made_runs.dossier()
    table = parquet.read_table(exported("parquet"))
    assert table.column_names == list(dossier.samples)
    for field in table.schema:
        assert field.metadata[b"unit"].decode() == dossier.units[field.name]
        found = table[field.name]
        wanted = dossier.samples[field.name]
        assert found.null_count == int(np.isnan(wanted).sum())
        assert np.array_equal(found.to_numpy(), wanted, equal_nan=True)
    facts = json.loads(table.schema.metadata[b"pvdctl"])
    assert facts["proof"]["record_sha256"] == dossier.proof["record_sha256"]
    assert json.loads(table.schema.field("state").metadata[b"codes"])["6"] == "Execute"


# -- .eln --------------------------------------------------------------------------------------------------------


def test_eln_is_one_folder_with_checksums_that_fit(exported: Callable[..., Path]) -> None:
    with zipfile.ZipFile(exported("eln")) as archive:
        names = archive.namelist()
        assert {name.split("/")[0] for name in names} == {"run"}
        graph = json.loads(archive.read("run/ro-crate-metadata.json"))["@graph"]
        files = {part["@id"]: part for part in graph if part["@type"] == "File"}
        listed = {f"run/{place.removeprefix('./')}" for place in files}
        assert listed | {"run/ro-crate-metadata.json"} == set(names)
        for place, facts in files.items():
            data = archive.read(f"run/{place.removeprefix('./')}")
            assert hashlib.sha256(data).hexdigest() == facts["sha256"]
            assert facts["contentSize"] == str(len(data))
    known = {part["@id"] for part in graph}
    assert len(known) == len(graph)
    for part in graph:  # every reference leads somewhere inside
        for value in part.values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    assert set(one) == {"@id"}
                    assert one["@id"] in known or one["@id"].startswith("https://w3id.org/ro/crate/")


def test_eln_opens_as_an_ro_crate(exported: Callable[..., Path], tmp_path: Path) -> None:
    dossier = made_runs.dossier()
    with zipfile.ZipFile(exported("eln")) as archive:
        archive.extractall(tmp_path)
    crate = ROCrate(str(tmp_path / "run"))
    (run,) = [part for part in crate.root_dataset["hasPart"] if part.type == "Dataset"]
    assert run["identifier"] == dossier.run.run
    assert "SIMULATED" in run["name"]
    assert {Path(part.id).name for part in run["hasPart"]} >= {"report.html", "samples.csv", "recipe.yaml"}
    values = {one["propertyID"]: one for one in run["variableMeasured"]}
    assert values["layers.zinc.read_nm"]["value"] == dossier.layers[0].facts["read_nm"]
    assert values["layers.zinc.read_nm"]["unitText"] == "nm"
    assert values["recipe.sha256"]["value"] == dossier.run.recipe_sha256
    assert run["author"]["name"] == "simulation"
    recipe = tmp_path / "run" / dossier.run.run / "recipe.yaml"
    assert hashlib.sha256(recipe.read_bytes()).hexdigest() == dossier.run.recipe_sha256


def test_eln_holds_a_bundle_that_verifies(exported: Callable[..., Path], tmp_path: Path) -> None:
    run = made_runs.dossier().run.run
    with zipfile.ZipFile(exported("eln")) as archive:
        bundle = Path(archive.extract(f"run/{run}/{run}-audit.zip", tmp_path))
    verdict = check_bundle(bundle)
    assert verdict.problems == ()
    assert verdict.record_sha256 == made_runs.dossier().proof["record_sha256"]


# -- NOMAD -------------------------------------------------------------------------------------------------------


def fits(section: dict[str, Any], fields: dict[str, Any], place: str) -> None:
    """Every field exists in NOMAD's class and is of its kind; times and values are of one length."""
    for name, value in section.items():
        where = f"{place}/{name}"
        if name == "m_def":
            assert value == fields["class"]
        elif name in fields["sections"]:
            inner = fields["sections"][name]
            assert isinstance(value, list) == inner["repeats"], where
            for one in value if isinstance(value, list) else [value]:
                fits(one, inner, where)
        else:
            assert name in fields["quantities"], f"{where} is no field of {fields['class']}"
            kind = fields["quantities"][name]
            for one in value if kind.get("list") else [value]:
                if isinstance(kind["type"], list):
                    assert one in kind["type"], where
                elif kind["type"] == "datetime":
                    assert datetime.fromisoformat(one).tzinfo is not None
                else:
                    assert isinstance(one, {"text": str, "number": int | float, "bool": bool}[kind["type"]]), where
    for values, times in (("value", "time"), ("set_value", "set_time")):
        assert len(section.get(values, ())) == len(section.get(times, ())), place


@pytest.mark.parametrize("number", [0, 2])
def test_nomad_knows_every_field(exported: Callable[..., Path], number: int) -> None:
    archive = json.loads(exported("nomad", number).read_text())
    assert list(archive) == ["data"]
    fits(archive["data"], FIELDS, "data")


def test_nomad_has_si_units(exported: Callable[..., Path]) -> None:
    data = json.loads(exported("nomad").read_text())["data"]
    dossier = made_runs.dossier()
    steps = {step["name"]: step for step in data["steps"]}
    assert [step["name"] for step in data["steps"]] == [step.name for step in dossier.story.steps]
    zinc = steps["zinc"]
    assert zinc["creates_new_thin_film"] is True
    assert steps["nitrogen"]["creates_new_thin_film"] is False
    (source,) = zinc["sources"]
    (flux,) = source["impinging_flux"]
    # 0.5 nm/s of 7.14 g/cm3 at 65.38 g/mol
    assert flux["set_value"] == pytest.approx([0.5e-9 * 7140.0 / 65.38e-3], rel=1e-5)
    assert max(flux["value"]) == pytest.approx(flux["set_value"][0], rel=0.1)
    assert source["material"] == [{"name": "Zn", "mass": pytest.approx(0.003)}]
    power, layer = source["vapor_source"]["power"], dossier.layers[0]
    assert layer.open_from_s is not None
    assert layer.open_to_s is not None
    while_open = [
        watts
        for watts, at_s in zip(power["value"], power["time"], strict=True)
        if layer.open_from_s < at_s < layer.open_to_s
    ]
    assert np.mean(while_open) == pytest.approx(0.58 * 117.0, rel=0.06)  # 117 A at 0.58 V, boat and leads
    growth = zinc["sample_parameters"][0]["growth_rate"]
    assert growth["set_value"] == [5e-10]
    assert max(steps["nitrogen"]["environment"]["pressure"]["value"]) == pytest.approx(10_000.0, rel=0.05)  # 100 mbar
    assert steps["nitrogen"]["environment"]["gas_flow"] == [{"gas": {"name": "n2"}}]
    times = zinc["environment"]["pressure"]["time"]
    assert np.diff(times).min() > 0.9
    assert times[0] == pytest.approx(dossier.story.steps[1].at_s, abs=0.15)
    assert data["name"].startswith("SIMULATED")
    for known in (dossier.proof["record_sha256"], dossier.run.recipe_sha256, dossier.proof["root"]):
        assert known in data["description"]


# -- the act -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_an_export_is_in_the_record_with_its_hashes(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = made_runs.copy(tmp_path)
    monkeypatch.chdir(tmp_path)
    run = made_runs.dossier().run.run
    assert export_run(directory, "0001", form, None) == 0
    with RecordReader.open(directory) as reader:
        (event,) = [one for one in everything(reader) if one["kind"] == "export"]
        assert verify(reader).problems == ()
    assert event["subject"] == run
    assert event["data"]["form"] == form
    assert event["data"]["record_sha256"] == made_runs.dossier().proof["record_sha256"]
    left = {path.name for path in tmp_path.iterdir()} - {"record"}
    assert left == {file["name"] for file in event["data"]["files"]}
    assert f"{run}{FORMS[form].suffix}" in left
    for file in event["data"]["files"]:
        data = (tmp_path / file["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        assert len(data) == file["bytes"]


def everything(reader: RecordReader) -> list[dict[str, Any]]:
    """Every event of the record, of no run too."""
    return [json.loads(body)["event"] for (body,) in reader.event_file.execute("SELECT body FROM event ORDER BY seq")]


def test_nothing_is_handed_out_that_the_record_does_not_take(tmp_path: Path) -> None:
    directory = made_runs.copy(tmp_path)
    target = tmp_path / "out.csv"
    with Record.open(directory, VirtualClock()), pytest.raises(RecordError, match="no export was made"):
        export_run(directory, "0001", "csv", target)
    assert [path.name for path in tmp_path.iterdir()] == ["record"]


def test_an_export_is_never_overwritten_and_the_second_try_is_no_act(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    (tmp_path / "out.csv").write_text("mine")
    acts: list[Event] = []
    with RecordReader.open(made_runs.record()) as reader, pytest.raises(OperatorError, match="exists already"):
        export(reader, "last", "csv", tmp_path / "out.csv", VirtualClock(), "marie", acts.append)
    assert (tmp_path / "out.csv").read_text() == "mine"
    assert not target.exists()
    assert acts == []


@pytest.mark.parametrize(("form", "library"), [("hdf5", "h5py"), ("parquet", "pyarrow"), ("eln", "h5py")])
def test_a_library_that_is_not_there_is_named(
    form: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with (
        RecordReader.open(made_runs.record()) as reader,
        pytest.raises(OperatorError, match=rf"needs {library}, .*pip"),
    ):
        export(reader, "last", form, tmp_path / "out", VirtualClock(), "marie", lambda event: None)
    assert list(tmp_path.iterdir()) == []


def test_wrong_wishes_are_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=r"there is no form 'xlsx'\. There is: hdf5"):
        export_run(made_runs.record(), "0001", "xlsx", None)
    with pytest.raises(WrongUsage, match="there is no run 'nothing'"):
        export_run(made_runs.record(), "nothing", "csv", None)
    with pytest.raises(WrongUsage, match="cannot be written"):
        export_run(made_runs.record(), "0001", "csv", tmp_path / "no" / "where.csv")
