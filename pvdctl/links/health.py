"""How a link is doing, as plain figures: for the record, the doctor, and screens."""

from math import inf
from typing import Any

from pvdctl.links.worker import Worker


def health(worker: Worker, now_s: float) -> dict[str, Any]:
    """Counters since start, round trips of the newest exchanges, and the age of what each poll brought.

    round_trip_ms: p50 and p99; missing on links that do not measure (simulated ones). ages_s: None while never read.
    """
    counted = worker.health
    facts: dict[str, Any] = {
        "link": worker.link.name,
        "instruments": [driver.name for driver in worker.drivers],
        "up": worker.up,
        "exchanges": worker.link.exchanges,
        "answers": counted.answers,
        "time_outs": counted.time_outs,
        "bad_frames": counted.bad_frames,
        "refusals": counted.refusals,
        "reconnects": counted.reconnects,
        "ages_s": {
            poll.name: round(now_s - poll.at_s, 3) if poll.at_s > -inf else None
            for driver in worker.drivers
            for poll in driver.polls
        },
    }
    trips = getattr(worker.link, "round_trips", None)
    if trips is not None and trips.count:
        facts["round_trip_ms"] = {
            "p50": round(1000.0 * trips.quantile_s(0.5), 3),
            "p99": round(1000.0 * trips.quantile_s(0.99), 3),
        }
    return facts
