"""Checks an .eln file: the record's signature over its metadata, the files under those, and the bundle enclosed."""

import hashlib
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from pvdctl.errors import RecordError
from pvdctl.record import minisign
from pvdctl.record.bundle_check import MOST_BYTES, UNREADABLE, BundleVerdict, check_archive
from pvdctl.record.note import ED25519, Checkpoint, PublicKey

SUFFIX: Final = ".eln"
METADATA: Final = "ro-crate-metadata.json"
SIGNATURE: Final = f"{METADATA}{minisign.SUFFIX}"
PUBLIC_KEY: Final = "ro-crate.pubkey"
"""The signer's key, under the name that other writers of signed .eln files give it."""


@dataclass(frozen=True, slots=True)
class ElnVerdict:
    """What was found. files: whose SHA-256 fits the metadata. comment: what was signed with them, empty if nothing is.

    key: with which the signature was checked. bundle: of the run, if one is enclosed. problems: sentences, none if all
    holds.
    """

    files: int
    comment: str
    key: str
    bundle: BundleVerdict | None
    problems: tuple[str, ...]


def check_eln(path: Path, keys: Iterable[PublicKey] = (), anchors: Iterable[Checkpoint] = ()) -> ElnVerdict:
    """Check an .eln file of pvdctl. Raises RecordError if the file is none.

    keys, anchors: as for `check_bundle`. Where no record's key is given, the bundle's is believed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                raise RecordError(f"{path} unpacks to more than {MOST_BYTES} bytes: it is no .eln of pvdctl.")
            files = {name.partition("/")[2]: archive.read(name) for name in names if not name.endswith("/")}
        if len({name.partition("/")[0] for name in names}) != 1 or len(files) != len(names):
            raise RecordError(f"{path} is not one folder in which each name is there once: it is no .eln of pvdctl.")
        graph: list[dict[str, Any]] = json.loads(files[METADATA])["@graph"]
        listed = {part["@id"].removeprefix("./"): part["sha256"] for part in graph if part["@type"] == "File"}
    except UNREADABLE as error:
        raise RecordError(f"{path} is no .eln of pvdctl, or a damaged one: {error!r}.") from error
    problems = _file_problems(files, listed)
    bundles = [name for name in listed if name.endswith("-audit.zip") and name in files]
    enclosed = bundles[0] if bundles else ""
    bundle = check_archive(BytesIO(files[enclosed]), f"{path}: {enclosed}", keys, anchors) if enclosed else None
    if bundle is not None:
        problems += bundle.problems
    else:
        problems.append("no audit bundle is enclosed: nothing leads from these figures to the record.")
    key, comment = _signature(files, list(keys), bundle, problems)
    fitting = sum(hashlib.sha256(files.get(name, b"")).hexdigest() == known for name, known in listed.items())
    return ElnVerdict(fitting, comment, str(key) if key is not None else "", bundle, tuple(problems))


def _file_problems(files: dict[str, bytes], listed: dict[str, str]) -> list[str]:
    """Files that are missing, added, or not those of the metadata."""
    problems = [f"file {name} is missing." for name in sorted(listed.keys() - files.keys())]
    extra = files.keys() - listed.keys() - {METADATA, SIGNATURE, PUBLIC_KEY}
    problems += [f"file {name} is not in the metadata: it was added." for name in sorted(extra)]
    problems += [
        f"file {name} does not fit its SHA-256 in the metadata: it was changed."
        for name, known in sorted(listed.items())
        if name in files and hashlib.sha256(files[name]).hexdigest() != known
    ]
    return problems


def _signature(
    files: dict[str, bytes], given: list[PublicKey], bundle: BundleVerdict | None, problems: list[str]
) -> tuple[PublicKey | None, str]:
    """The key that signed the metadata, and the comment signed with them; adds to `problems`.

    The key beside the signature is never believed: it is that of the record which the bundle leads to, or one given.
    """
    if SIGNATURE not in files:
        problems.append("the metadata are not signed: report, samples and figures may be of anybody's making.")
        return None, ""
    keys = [key for key in given if key.kind == ED25519]
    if bundle is not None and bundle.key:
        keys = [key for key in keys if key.name == bundle.origin] or [PublicKey.read(bundle.key)]
    if not keys:
        problems.append("no key is known with which the signature could be checked. Give the record's with --key.")
        return None, ""
    try:
        text = files[SIGNATURE].decode()
        for key in keys:
            comment = minisign.signed_comment(text, files[METADATA], key)
            if comment is not None:
                return key, comment
    except (RecordError, UnicodeDecodeError) as error:
        problems.append(f"the signature of the metadata cannot be read: {error}")
        return None, ""
    names = ", ".join(key.name for key in keys)
    problems.append(f"the metadata do not bear the signature of {names}: changed, or signed by somebody else.")
    return None, ""
