"""Simulates a recipe on request: `pvdctl simulate` as a process of its own, at the lowest priority, one at a time."""

import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pvdctl.service.call import Turned

WITHIN_S = 240.0
"""A recipe of hours takes seconds; beyond this it is given up."""
LOOK_S = 0.5
"""How often it is looked at whether the asker has gone, and whether it takes too long."""
LOWEST_PRIORITY = 19


class Simulating:
    """command: the `simulate` command of pvdctl, as a list. chamber: text of the chamber file."""

    def __init__(self, command: Sequence[str], chamber: str) -> None:
        self._command = tuple(command)
        self._chamber = chamber
        self._busy = asyncio.Lock()
        self._given_up_by = ""
        self._child: asyncio.subprocess.Process | None = None

    async def run(
        self,
        path: str,
        recipe: bytes,
        seed: int,
        answers: Mapping[str, str],
        gone: Callable[[], Awaitable[bool]],
    ) -> dict[str, Any]:
        """The result as `simulate --json` gives it, without the record, which is thrown away. Raises Turned.

        gone: whether the asker has hung up; nobody wants the result then, and the next one need not wait for it.
        """
        if self._busy.locked():
            raise Turned("too_many", "another recipe is being simulated; wait for it, or give it up.")
        async with self._busy:
            self._given_up_by = ""
            with tempfile.TemporaryDirectory(prefix="pvdctl-simulation-") as name:
                place = Path(name)
                (place / "recipe.yaml").write_bytes(recipe)
                (place / "chamber.yaml").write_text(self._chamber, encoding="utf-8")
                found = await self._result(place, seed, answers, gone)
        for key in ("record", "record_sha256"):
            found.pop(key, None)
        return found

    def give_up(self, who: str) -> None:
        """End the one that is going on; whoever asked for it is told who did that. Raises Turned if there is none."""
        if self._child is None or self._child.returncode is not None:
            raise Turned("not_now", "no recipe is being simulated; there is nothing to give up.")
        self._given_up_by = who
        self._child.kill()

    async def _result(
        self, place: Path, seed: int, answers: Mapping[str, str], gone: Callable[[], Awaitable[bool]]
    ) -> dict[str, Any]:
        given = [f"--answer={prompt}={answer}" for prompt, answer in answers.items()]
        self._child = child = await asyncio.create_subprocess_exec(
            *self._command, "recipe.yaml", "--chamber", "chamber.yaml", "--seed", str(seed), "--json",
            "--record", "record", *given, cwd=place, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        os.setpriority(os.PRIO_PROCESS, child.pid, LOWEST_PRIORITY)
        told = asyncio.ensure_future(child.communicate())
        try:
            for _ in range(int(WITHIN_S / LOOK_S)):
                if (await asyncio.wait((told,), timeout=LOOK_S))[0]:
                    break
                if await gone():
                    raise Turned("not_now", "whoever asked for the simulation has gone; it was given up.")
            else:
                raise Turned("timed_out", f"the simulation was not done after {WITHIN_S:g} s and was given up.")
        finally:
            if child.returncode is None:
                child.kill()
            out, err = await told
        if self._given_up_by:
            raise Turned("not_now", f"the simulation was given up by {self._given_up_by}.")
        try:
            found = json.loads(out)
        except ValueError:
            raise Turned("bad_recipe", err.decode(errors="replace").strip()[-2000:] or "it could not be run.") from None
        assert isinstance(found, dict)
        return found
