"""What the documents say is true: every command in them runs and ends as they say, every link leads somewhere."""

import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from pvdctl.cli.main import app
from tests.cli.command import ROOT, arguments, environment

DOCUMENTS = sorted((ROOT / "docs").rglob("*.md"))
RUN = [
    ROOT / "README.md",
    ROOT / "docs" / "operator.md",
    ROOT / "docs" / "process-engineer.md",
    ROOT / "docs" / "reports.md",
    ROOT / "docs" / "evidence.md",
]
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CODES = re.compile(r"\s+# exit code ([0-9 or]+)$")
_LINK = re.compile(r"\]\(([^)#:\s]+)\)")


@dataclass(frozen=True)
class Command:
    """A line `$ pvdctl ...   # exit code 1` of a document; without the remark the exit code is 0."""

    words: list[str]
    codes: set[int]
    line: str


def commands(document: Path) -> list[Command]:
    """Every command line in the document's console blocks."""
    found = []
    for block in _BLOCK.findall(document.read_text()):
        for line in block.splitlines():
            assert line.startswith("$ "), f"{document.name}: not a command: {line}"
            codes = _CODES.search(line)
            words = shlex.split(line[2:], comments=True)
            assert words[0] in ("pvdctl", ".venv/bin/pvdctl"), line
            found.append(Command(words[1:], {int(c) for c in codes[1].split(" or ")} if codes else {0}, line))
    return found


@pytest.mark.parametrize("document", RUN, ids=lambda path: path.name)
def test_commands_end_as_the_document_says(document: Path, tmp_path: Path) -> None:
    for shared in ("recipes", "simulators"):
        (tmp_path / shared).symlink_to(ROOT / shared)
    listed = commands(document)
    assert len(listed) >= 5
    for command in listed:
        done = subprocess.run(
            arguments(*command.words), capture_output=True, text=True, cwd=tmp_path, env=environment(tmp_path),
            timeout=100, check=False,
        )  # fmt: skip
        assert done.returncode in command.codes, f"{command.line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr


def test_every_console_block_is_in_a_document_that_is_run() -> None:
    with_blocks = {path for path in (ROOT / "README.md", *DOCUMENTS) if _BLOCK.search(path.read_text())}
    assert with_blocks == set(RUN)


@pytest.mark.parametrize("document", [ROOT / "README.md", *DOCUMENTS], ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in _LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_command_is_in_the_readme() -> None:
    table = (ROOT / "README.md").read_text()
    whole = get_command(app)
    assert isinstance(whole, TyperGroup)
    assert len(whole.commands) > 10
    missing = [name for name in sorted(whole.commands) if f"`pvdctl {name}" not in table]
    assert not missing, f"the README's table of commands lacks {', '.join(missing)}"
