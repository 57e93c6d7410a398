"""A chamber with past runs as a service really told them: recorded/archive.json, made by `tests.tui.record_runs`."""

import copy
import json
from collections.abc import Collection
from functools import cache
from typing import Any

from pvdctl.client import Heard
from pvdctl.service.answers import RunEntry, RunList, Samples, Verdict
from pvdctl.service.decode import decode
from tests.tui.stage import RECORDED
from tests.tui.talking import TalkingChamber


@cache
def archive() -> dict[str, Any]:
    """All that was recorded."""
    found: dict[str, Any] = json.loads((RECORDED / "archive.json").read_text(encoding="utf-8"))
    return found


class ArchiveChamber(TalkingChamber):
    """Knows runs. `failing`: what is asked, and the error it ends in; `verdict`: what checking the record finds."""

    def __init__(self, *first: Heard) -> None:
        super().__init__(*first)
        self.entries: list[RunEntry] = decode(RunList, {"runs": archive()["runs"]}).runs
        self.stories: dict[str, dict[str, Any]] = copy.deepcopy(archive()["stories"])
        self.failing: dict[str, Exception] = {}
        self.verdict = decode(Verdict, archive()["verdict"])
        self.read: list[str] = []

    def _fail(self, what: str) -> None:
        self.read.append(what)
        if what in self.failing:
            raise self.failing[what]

    def runs(self, limit: int = 100) -> list[RunEntry]:
        self._fail("runs")
        return self.entries[:limit]

    def story(self, run: str) -> dict[str, Any]:
        self._fail("story")
        return copy.deepcopy(self.stories[run])

    def samples(self, run: str, columns: Collection[str] = (), points: int = 600) -> Samples:
        self._fail("samples")
        return decode(Samples, archive()["samples"][run])

    def verify(self) -> Verdict:
        self._fail("verify")
        return self.verdict
