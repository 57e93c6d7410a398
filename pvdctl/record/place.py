"""Where records lie when nobody says where, and what runs are called."""

import os
import re
from collections.abc import Container, Mapping
from datetime import datetime
from pathlib import Path

NAME_CHARACTERS = 24
"""Of a recipe's name, as many go into a run id; the whole name is in the run's first event."""


def default_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_DATA_HOME/pvdctl/record`, by default below `~/.local/share` (XDG Base Directory Specification 0.8)."""
    base = environment.get("XDG_DATA_HOME", "")
    data = Path(base) if base.startswith("/") else Path.home() / ".local" / "share"  # relative ones are to be ignored
    return data / "pvdctl" / "record"


def new_run_id(utc: datetime, recipe_name: str, taken: Container[str], runs_that_day: int) -> str:
    """A name such as `20261122-0001-lzln`: UTC date, count within the day, recipe. Not in `taken`."""
    word = re.sub(r"[^a-z0-9]+", "-", recipe_name.lower())[:NAME_CHARACTERS].strip("-") or "run"
    count = runs_that_day + 1
    while (name := f"{utc:%Y%m%d}-{count:04d}-{word}") in taken:
        count += 1
    return name
