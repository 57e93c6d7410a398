"""Simulates a recipe on request: `pvdctl simulate` as a process of its own, at the lowest priority, one at a time."""

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pvdctl.service.call import Turned

WITHIN_S = 240.0
"""A recipe of hours takes seconds; beyond this it is given up."""
LOWEST_PRIORITY = 19


class Simulating:
    """command: the `simulate` command of pvdctl, as a list. chamber: text of the chamber file."""

    def __init__(self, command: Sequence[str], chamber: str) -> None:
        self._command = tuple(command)
        self._chamber = chamber
        self._busy = asyncio.Lock()

    async def run(self, path: str, recipe: bytes, seed: int, answers: Mapping[str, str]) -> dict[str, Any]:
        """The result as `simulate --json` gives it, without the record, which is thrown away. Raises Turned."""
        if self._busy.locked():
            raise Turned("too_many", "another recipe is being simulated; wait for it.")
        async with self._busy:
            with tempfile.TemporaryDirectory(prefix="pvdctl-simulation-") as name:
                place = Path(name)
                (place / "recipe.yaml").write_bytes(recipe)
                (place / "chamber.yaml").write_text(self._chamber, encoding="utf-8")
                found = await self._result(place, seed, answers)
        for key in ("record", "record_sha256"):
            found.pop(key, None)
        return found

    async def _result(self, place: Path, seed: int, answers: Mapping[str, str]) -> dict[str, Any]:
        given = [f"--answer={prompt}={answer}" for prompt, answer in answers.items()]
        child = await asyncio.create_subprocess_exec(
            *self._command, "recipe.yaml", "--chamber", "chamber.yaml", "--seed", str(seed), "--json",
            "--record", "record", *given, cwd=place, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        os.setpriority(os.PRIO_PROCESS, child.pid, LOWEST_PRIORITY)
        try:
            out, err = await asyncio.wait_for(child.communicate(), WITHIN_S)
        except TimeoutError:
            raise Turned("timed_out", f"the simulation was not done after {WITHIN_S:g} s and was given up.") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        try:
            found = json.loads(out)
        except ValueError:
            raise Turned("bad_recipe", err.decode(errors="replace").strip()[-2000:] or "it could not be run.") from None
        assert isinstance(found, dict)
        return found
