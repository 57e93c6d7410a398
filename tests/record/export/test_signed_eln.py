"""A signed .eln file: what it holds cannot be changed without being found, by whoever has the record's public key."""

import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from pvdctl.cli.audit import verify_path
from pvdctl.cli.export import export_run
from pvdctl.errors import RecordError
from pvdctl.record import minisign
from pvdctl.record.eln_check import METADATA, PUBLIC_KEY, SIGNATURE, check_eln
from pvdctl.record.keys import load_key, read_public
from pvdctl.record.note import ED25519, PrivateKey
from tests.record.report import made_runs

Files = dict[str, bytes]
Spoil = Callable[[Files], None]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .eln file of a record, which lies beside it."""
    here = tmp_path_factory.mktemp("signed")
    record = made_runs.copy(here)
    assert export_run(record, "0001", "eln", here / "run.eln") == 0
    return here / "run.eln"


def unpacked(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def packed(files: Files, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"run/{name}", data)
    return path


def named(files: Files, ending: str) -> str:
    (name,) = [name for name in files if name.endswith(ending)]
    return name


def sign_anew(files: Files, key: PrivateKey) -> None:
    files[SIGNATURE] = minisign.signature(key, files[METADATA], "of another").encode()
    files[PUBLIC_KEY] = minisign.public_key(key.public).encode()


def describe_anew(files: Files) -> None:
    """Make the metadata fit the files again."""
    crate = json.loads(files[METADATA])
    for part in crate["@graph"]:
        if part["@type"] == "File":
            data = files[part["@id"].removeprefix("./")]
            part["sha256"], part["contentSize"] = sha256(data).hexdigest(), str(len(data))
    files[METADATA] = json.dumps(crate).encode()


def test_it_holds_and_says_who_signed_what(signed: Path) -> None:
    (key,) = read_public(signed.parent / "record" / "checkpoint.pub")
    verdict = check_eln(signed, [key])
    assert verdict.problems == ()
    assert verdict.key == str(key)
    assert verdict.files == 7
    dossier = made_runs.dossier()
    assert f"run:{dossier.run.run} record:{key.name} checkpoint:" in verdict.comment
    assert verdict.bundle is not None
    assert verdict.bundle.record_sha256 == dossier.proof["record_sha256"]
    assert check_eln(signed) == verdict, "without a key the bundle's is believed"
    files = unpacked(signed)
    assert minisign.read_public_key(files[PUBLIC_KEY].decode(), key.name) == key
    described = {part["@id"] for part in json.loads(files[METADATA])["@graph"]}
    assert not described & {SIGNATURE, PUBLIC_KEY}, "what is signed cannot describe its own signature"


def test_a_copy_without_its_key_is_exported_unsigned_and_that_is_told(signed: Path, tmp_path: Path) -> None:
    files = unpacked(signed)
    del files[SIGNATURE], files[PUBLIC_KEY]
    verdict = check_eln(packed(files, tmp_path / "run.eln"))
    assert verdict.problems == (
        "the metadata are not signed: report, samples and figures may be of anybody's making.",
    )  # fmt: skip


def edit_metadata(files: Files) -> None:
    files[METADATA] = files[METADATA].replace(b"Complete", b"Completed", 1)


def edit_samples(files: Files) -> None:
    name = named(files, "samples.csv")
    files[name] = files[name].replace(b"\n", b"\n1", 1)


def edit_samples_and_metadata(files: Files) -> None:
    edit_samples(files)
    describe_anew(files)


def edit_report_and_sign(files: Files) -> None:
    name = named(files, "report.html")
    files[name] = files[name].replace(b"Complete", b"Completed")
    describe_anew(files)
    sign_anew(files, PrivateKey(read_public_name(files), ED25519, bytes(32)))


def read_public_name(files: Files) -> str:
    return files[PUBLIC_KEY].decode().split("\n")[0].rpartition(" ")[2]


def drop_samples(files: Files) -> None:
    del files[named(files, "samples.csv")]


def add_a_file(files: Files) -> None:
    files["more.txt"] = b"more"


def edit_the_comment(files: Files) -> None:
    files[SIGNATURE] = files[SIGNATURE].replace(b"checkpoint:", b"checkpoint:1", 1)


def damage_the_signature(files: Files) -> None:
    files[SIGNATURE] = files[SIGNATURE][:-20]


def drop_the_bundle(files: Files) -> None:
    del files[named(files, "-audit.zip")]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (edit_metadata, "do not bear the signature"),
        (edit_samples, "samples.csv does not fit its SHA-256"),
        (edit_samples_and_metadata, "do not bear the signature"),
        (edit_report_and_sign, "do not bear the signature"),
        (drop_samples, "samples.csv is missing"),
        (add_a_file, "more.txt is not in the metadata: it was added"),
        (edit_the_comment, "do not bear the signature"),
        (damage_the_signature, "the signature of the metadata cannot be read"),
        (drop_the_bundle, "no audit bundle is enclosed"),
    ],
)
def test_whatever_is_changed_is_found(spoil: Spoil, says: str, signed: Path, tmp_path: Path) -> None:
    files = unpacked(signed)
    spoil(files)
    path = packed(files, tmp_path / "run.eln")
    for keys in ([], read_public(signed.parent / "record" / "checkpoint.pub")):
        problems = check_eln(path, keys).problems
        assert any(says in problem for problem in problems), problems


def test_the_command_verifies_it(signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = signed.parent / "record"
    assert verify_path(signed, [], [str(record / "checkpoint.pub")], json=False) == 0
    said = capsys.readouterr().out
    assert "7 files fit their SHA-256" in said
    assert "is the one you gave" in said
    assert said.endswith("HOLDS\n")
    files = unpacked(signed)
    edit_samples(files)
    path = packed(files, tmp_path / "run.eln")
    assert verify_path(path, [], [], json=True) == 1
    facts = json.loads(capsys.readouterr().out)
    assert (facts["good"], facts["files"]) == (False, 6)
    path.write_bytes(b"PK")
    with pytest.raises(RecordError, match=r"is no \.eln of pvdctl"):
        verify_path(path, [], [], json=False)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        (METADATA, b'{"@graph": [{"@type": "File", "@id": 5, "sha256": ""}]}', r"run\.eln is no \.eln of pvdctl"),
        (METADATA, b"[" * 100_000, r"run\.eln is no \.eln of pvdctl"),
        ("-audit.zip", b"PK", r"run\.eln: .*-audit\.zip is no bundle of pvdctl"),
    ],
    ids=["a name that is a number", "nested beyond reason", "no bundle where one should be"],
)
def test_contents_of_another_form_are_said_to_be_that(
    name: str, data: bytes, says: str, signed: Path, tmp_path: Path
) -> None:
    files = unpacked(signed)
    files[named(files, name)] = data
    with pytest.raises(RecordError, match=says):
        check_eln(packed(files, tmp_path / "run.eln"))


def test_nobody_else_s_key_is_taken_for_the_record_s(signed: Path, tmp_path: Path) -> None:
    """Somebody who makes all anew, bundle's key included, is found by whoever has the key from elsewhere."""
    own = load_key(signed.parent / "record" / "checkpoint.key")
    other = PrivateKey(own.public.name, ED25519, bytes(32))
    files = unpacked(signed)
    sign_anew(files, other)
    path = packed(files, tmp_path / "run.eln")
    assert any("do not bear the signature" in problem for problem in check_eln(path, [own.public]).problems)
    assert any("do not bear the signature" in problem for problem in check_eln(path).problems)
