"""Runs `pvdctl` as a shell would: own process, exit code, both outputs."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LZLN, VENT, LI3N = (ROOT / "recipes" / f"{name}.yaml" for name in ("lzln", "vent", "li3n"))
CHAMBER = ROOT / "simulators" / "provap.yaml"

BRIEF = """recipe: brief
version: "1"
title: Nothing but a wait, for tests
steps:
  - do: wait
    name: wait
    duration: 10 s
"""
"""The shortest recipe: everything around a run, and hardly a run."""


@dataclass(frozen=True)
class Told:
    """What a command left behind."""

    code: int
    out: str
    err: str


def environment(home: Path) -> dict[str, str]:
    """As the user's, but for the default record, and without a terminal's width."""
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "FORCE_COLOR")}
    return {**kept, "XDG_DATA_HOME": str(home), "NO_COLOR": "1", "TERM": "dumb"}


def arguments(*given: str | Path) -> list[str]:
    """The command line, by the Python that runs the tests."""
    return [sys.executable, "-m", "pvdctl.cli.main", *map(str, given)]


def pvdctl(home: Path, *given: str | Path, cwd: Path = ROOT) -> Told:
    """Run it to its end."""
    done = subprocess.run(
        arguments(*given), capture_output=True, text=True, cwd=cwd, env=environment(home), timeout=100, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Told(done.returncode, done.stdout, done.stderr)
