"""The last hours in memory, a point a second at most: so that a screen that is opened has its curves at once."""

import json
from collections import deque
from dataclasses import fields

from pvdctl.service.answers import Trend

EVERY_S = 1.0
KEPT = 4 * 3600
"""Four hours at one point a second, 1 MB."""

_Point = tuple[float, float | None, float, float, float, float, float, float | None]


class Trends:
    """Fed with snapshots."""

    def __init__(self) -> None:
        self._points: deque[_Point] = deque(maxlen=KEPT)
        self._next_s = float("-inf")
        self._boot = ""

    def add(self, text: str) -> None:
        """A snapshot's JSON."""
        found = json.loads(text)
        at_s = found["at_s"]
        if found["boot"] != self._boot:
            self._boot, self._next_s = found["boot"], float("-inf")
            self._points.clear()
        if at_s < self._next_s:
            return
        self._next_s = at_s + EVERY_S
        pressure = found["mimic"]["chamber_pressure"]
        currents = [each["current"] for each in found["mimic"]["supplies"]]
        layer = found["job"]["layer"] if found["job"] is not None else {}
        known = [each["value"] for each in currents if each["quality"] == "good" and each["value"] is not None]
        self._points.append(
            (
                at_s,
                pressure["value"] if pressure["quality"] == "good" else None,
                layer.get("rate_nm_per_s", 0.0),
                layer.get("rate_target_nm_per_s", 0.0),
                layer.get("band_percent", 0.0),
                layer.get("film_nm", 0.0),
                layer.get("target_nm", 0.0),
                max(known, default=None),
            )
        )

    def thinned(self, points: int) -> Trend:
        """At most `points`, evenly chosen, the newest among them."""
        every = max(1, -(-len(self._points) // points))
        chosen = list(self._points)[::-1][::every][::-1]
        columns = [list(column) for column in zip(*chosen, strict=True)] if chosen else [[] for _ in fields(Trend)]
        return Trend(*columns)
