"""The last event of a run whose program ended without a word, written when the record is next opened."""

from math import isnan

from pvdctl.record.event import Event, Facts
from pvdctl.record.reader import INTERRUPTED, RecordReader, Run

_ON_THE_FILM = ("nm", "mbar s", "mbar·s", "mbar*s")
"""Units of the columns that say how far the film had come: thickness and gas dose."""


def closing_event(reader: RecordReader, run: Run) -> Event:
    """`run_end` with end state Interrupted, the last samples in full, and thickness and exposure in words."""
    events = reader.events(run.run)
    samples = reader.samples(run.run)
    last = {name: values[-1] for name, values in samples.items() if values and not isnan(values[-1])}
    reason = "the program ended without closing the run"
    if last:
        reason += f"; last sample {last['at_s'] - events[0].at_s:.1f} s after its start"
    else:
        reason += "; no sample was kept"
    told = [f"{name} {last[name]:.4g} {unit}" for name, unit in run.columns if unit in _ON_THE_FILM and name in last]
    if told:
        reason += f": {', '.join(told)}"
    facts: Facts = {
        "end_state": INTERRUPTED,
        "end_reason": reason,
        "result": {"last": last, "last_state": next((event.state for event in reversed(events) if event.state), "")},
    }
    return Event(
        "run_end",
        run.recipe,
        f"run ends {INTERRUPTED}: {reason}",
        actor="system:record",
        data=facts,
        at_s=max(last.get("at_s", 0.0), events[-1].at_s),
    )
