"""YAML as recipes and chamber files use it: plain values, each with its line and column, and no tricks.

`plain_yaml` reads the plain part of YAML, which is nearly always all there is; ruamel.yaml (YAML 1.2) reads the rest
and finds the words for what is wrong (`whole_yaml`). Refused, because they hide what a file says: a key given twice,
anchors and aliases, tags, merge keys, several documents, tabs for indentation, invisible characters.
Words such as `on` and `no` stay text; `017` is not a number; nan and inf are not numbers.
"""

import hashlib
import re
from pathlib import Path

from pvdctl.chamber.document import Document
from pvdctl.chamber.plain_yaml import NotPlain, Place, PlainReader
from pvdctl.chamber.problems import BadFile, Problem

LARGEST_BYTES = 256 * 1024
"""A recipe is a page and a chamber file some twenty kilobytes; more is another kind of file. A choice."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufffe]"
)
_TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)


def read(path: Path | str) -> Document:
    """Read a file. Raises BadFile if it cannot be read or is not YAML; lesser problems are left in the document."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadFile(str(path), [Problem(0, 0, "", "a readable file", error.strerror or str(error))]) from error
    return document(raw, str(path))


def document(raw: bytes, path: str) -> Document:
    """As `read`, for bytes that are at hand already; `path` is used in messages only."""
    if len(raw) > LARGEST_BYTES:
        raise BadFile(
            path, [Problem(0, 0, "", f"at most {LARGEST_BYTES // 1024} KiB", "more; is this the right file?")]
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = _line_of(before, len(before))
        found = f"the byte 0x{raw[error.start]:02x}"
        problem = Problem(line, column, "", "UTF-8 text", found, "save the file as UTF-8")
        raise BadFile(path, [problem]) from error
    made = Document(path, text, hashlib.sha256(raw).hexdigest())
    body = text.removeprefix("\ufeff")
    for match in _INVISIBLE.finditer(body):
        line, column = _line_of(body, match.start())
        found = f"the invisible character U+{ord(match.group()):04X}"
        made.problems.append(Problem(line, column, "", "visible text", found, "remove it"))
    for match in _TAB_INDENT.finditer(body):
        line, column = _line_of(body, match.end() - 1)
        made.problems.append(Problem(line, column, "", "spaces for indentation", "a tab", "replace it by spaces"))
    if made.problems:
        raise BadFile(path, made.problems)
    try:
        reader = PlainReader(body)
        made.data, made.start = reader.read()
        made.places = reader.places
    except NotPlain:
        from pvdctl.chamber import whole_yaml  # ruamel.yaml takes a while to import

        whole_yaml.build(body, made)
    return made


def _line_of(text: str, index: int) -> Place:
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1
