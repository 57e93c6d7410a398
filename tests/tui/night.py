"""A chamber on a bad night (tests/tui/recorded/night.json): water lost, a cascade of alarms, one instrument silent."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

from pvdctl.client import Heard
from pvdctl.errors import PvdctlError
from pvdctl.service.answers import Exchange, Exchanges
from pvdctl.service.decode import decode
from pvdctl.service.messages import Alarm, Snapshot
from tests.tui.stage import RECORDED, RecordedChamber

FIRST, LAST, OVER = "interlock.water_for_sources", "interlock.water", "interlock.gate_valve_path"
"""First-out and latched; standing; over and acknowledged."""
LINE = "turbo_line"
"""The link that is down."""


@cache
def _kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / "night.json").read_text())
    return found


def night(**by_name: dict[str, Any]) -> Snapshot:
    """The snapshot. by_name: fields of standing alarms that are otherwise, by the last word of the alarm's name."""
    snapshot = decode(Snapshot, _kept()["snapshot"])
    alarms = [replace(alarm, **by_name.get(alarm.name.rpartition(".")[2], {})) for alarm in snapshot.alarms]
    return replace(snapshot, alarms=alarms)


def past() -> list[Alarm]:
    """All since the service started."""
    return [decode(Alarm, alarm) for alarm in _kept()["alarms"]]


class NightChamber(RecordedChamber):
    """Tells past alarms, and raw exchanges: `each` new ones for each question, of which the newest are told."""

    def __init__(self, *first: Heard, each: int = 3) -> None:
        super().__init__(*(first or (night(),)))
        self.past: list[Alarm] | PvdctlError = past()
        self.heard: list[str] = []
        """Of which links exchanges were asked."""
        self.each = each
        self.newest = 0
        self.broken: PvdctlError | None = None

    def alarms(self) -> list[Alarm]:
        if isinstance(self.past, PvdctlError):
            raise self.past
        return self.past

    def exchanges(self, link: str, after: int | None = None, limit: int = 200) -> Exchanges:
        self.heard.append(link)
        if self.broken is not None:
            raise self.broken
        first = self.newest + 1
        self.newest += self.each
        told = range(max(first, self.newest - limit + 1), self.newest + 1)
        return Exchanges(link, 60.0, self.newest, [exchange(number) for number in told])


def exchange(number: int) -> Exchange:
    """An exchange with an SQC-310, each ninth without an answer."""
    heard = number % 9 != 0
    return Exchange(
        number=number,
        at_s=number / 10,
        utc=f"2026-11-22T18:00:{number // 10 % 60:02d}.{number % 10}31+00:00",
        took_ms=7.208 if heard else 250.0,
        asked_hex="21 24 4B 32 9D 31",
        asked_text="!$K2\\x9d1",
        answered_hex=f"21 2A 41 {number % 256:02X}" if heard else "",
        answered_text=f"!*A{number}\\r" if heard else "",
        error="" if heard else "no answer within 0.25 s",
    )
