"""The newest snapshot as Prometheus text (exposition format 0.0.4)."""

import json
from collections.abc import Iterator
from typing import Any

from pvdctl.service.messages import STATES

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_QUALITIES = ("good", "uncertain", "bad")


def metrics(snapshot: str | None, *, subscribers: int, dropped: int, limited: int) -> str:
    """Everything worth a graph or an alert. snapshot: its JSON; without one only what the web server knows."""
    lines = [
        *_one("pvdctl_up", "gauge", "The control process publishes", 1.0 if snapshot is not None else 0.0),
        *_one("pvdctl_live_streams", "gauge", "Clients with a live stream", subscribers),
        *_one("pvdctl_live_streams_dropped_total", "counter", "Clients dropped because they were slow", dropped),
        *_one("pvdctl_requests_limited_total", "counter", "Requests turned away by rate limits", limited),
    ]
    if snapshot is not None:
        lines += _of(json.loads(snapshot))
    return "\n".join(lines) + "\n"


def _of(found: dict[str, Any]) -> Iterator[str]:
    mimic, beat, job = found["mimic"], found["beat"], found["job"]
    yield from _one("pvdctl_simulated", "gauge", "1: no real chamber is behind this", float(found["simulated"]))
    yield from _one(
        "pvdctl_unit_state", "gauge", "PackML number of the unit's state", STATES.index(found["state"]) + 1.0
    )
    yield from _one("pvdctl_run_open", "gauge", "A run's record is open", float(bool(job and job["running"])))
    yield from _one("pvdctl_scans_total", "counter", "Scans of the control loop", beat["scans"])
    yield from _one("pvdctl_scans_lost_total", "counter", "Scans left out", beat["lost"])
    if beat["late_p99_ms"] is not None:
        yield from _one("pvdctl_scan_late_p99_seconds", "gauge", "Lateness of scans, p99", beat["late_p99_ms"] / 1e3)
    for word, text in (("current", "Current"), ("voltage", "Voltage")):
        unit = {"current": "amperes", "voltage": "volts"}[word]
        readings = [({"supply": supply["name"]}, supply[word]) for supply in mimic["supplies"]]
        yield from _many(f"pvdctl_supply_{word}_{unit}", f"{text} read back", readings)
    yield from _many("pvdctl_pressure_mbar", "Pressure in mbar", [
        ({"gauge": "chamber"}, mimic["chamber_pressure"]),
        *(({"gauge": gauge["name"]}, gauge["pressure"]) for gauge in mimic["gauges"]),
    ])  # fmt: skip
    layer = job["layer"] if job else {"rate_nm_per_s": 0.0, "film_nm": 0.0}
    yield from _one("pvdctl_rate_nm_per_second", "gauge", "Filtered rate", layer["rate_nm_per_s"])
    yield from _one("pvdctl_film_nm", "gauge", "Film of the layer in the making", layer["film_nm"])
    yield "# TYPE pvdctl_alarms gauge"
    for priority in ("low", "medium", "high", "critical"):
        count = sum(alarm["priority"] == priority for alarm in found["alarms"])
        yield f'pvdctl_alarms{{priority="{priority}"}} {count}'
    yield from _one("pvdctl_interlocks_tripped", "gauge", "Interlocks tripped now", len(found["trips"]))
    yield "# TYPE pvdctl_link_up gauge"
    for link in found["links"]:
        yield f'pvdctl_link_up{{link="{_escape(link["link"])}"}} {int(link["up"])}'
    yield "# TYPE pvdctl_link_failures_total counter"
    for link in found["links"]:
        failures = link["time_outs"] + link["bad_frames"]
        yield f'pvdctl_link_failures_total{{link="{_escape(link["link"])}"}} {failures}'
    evidence = found["evidence"]
    yield from _one("pvdctl_record_failed", "gauge", "The record cannot be written", float(bool(evidence["failed"])))
    if evidence["unwitnessed"] is not None:
        yield from _one(
            "pvdctl_events_unwitnessed", "gauge", "Events nobody outside vouches for", evidence["unwitnessed"]
        )


def _one(name: str, kind: str, text: str, value: float) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", f"{name} {value:g}"]


def _many(name: str, text: str, readings: list[tuple[dict[str, str], dict[str, Any]]]) -> Iterator[str]:
    """Readings: those that are not good are left out, so that no graph shows what nobody believes."""
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"
    for labels, reading in readings:
        if reading["quality"] == "good" and reading["value"] is not None:
            shown = ",".join(f'{key}="{_escape(value)}"' for key, value in labels.items())
            yield f"{name}{{{shown}}} {reading['value']:.6g}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
