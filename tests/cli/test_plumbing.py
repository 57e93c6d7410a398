"""What holds the commands up: pinned packages, the CI's one line, the chamber file that ships, readers that go away."""

import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

from pvdctl.cli import shipped
from tests.cli.command import LI3N, ROOT, arguments, environment, pvdctl

PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)==([\w.+!]+)")


def canonical(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_pins_everything_and_names_no_index() -> None:
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    pins = {canonical(match[1]) for line in lines if (match := PINNED.fullmatch(line))}
    assert len(pins) == len(lines), "a line that is not name==version"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(need for needs in project["optional-dependencies"].values() for need in needs)]
    names = {canonical(re.split(r"[\[~<>=! ;]", need)[0]) for need in asked} - {"pvdctl"}
    assert names <= pins, f"not in the lock: {', '.join(sorted(names - pins))}"


def test_the_version_is_told_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == version("pvdctl")


def test_ci_brings_tmux_and_runs_make_test() -> None:
    lines = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line and not line.startswith("#")]
    begin, bring, end = lines[:2], lines[2:-1], lines[-1]
    assert begin == ["set -eu", 'cd "$(dirname "$0")/.."']
    assert bring[0].startswith("if ! command -v tmux")
    assert bring[-1] == "fi"
    assert all("apt-get" in line for line in bring[:-1])
    assert end == "exec make test"


def test_the_shipped_chamber_is_found_from_anywhere(tmp_path: Path) -> None:
    told = pvdctl(tmp_path, "check", LI3N, cwd=tmp_path)
    assert told.code == 0
    assert "can be made on provap" in told.out
    assert shipped.chamber_file().is_file()
    assert "inficon_sqc310" in shipped.driver_names()


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    listing = subprocess.Popen(
        arguments("simulate", "--list-faults"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(tmp_path),
    )  # fmt: skip
    assert listing.stdout is not None
    assert listing.stderr is not None
    listing.stdout.close()
    assert listing.stderr.read() == ""
    assert listing.wait(timeout=60) in (0, 1)
    listing.stderr.close()
