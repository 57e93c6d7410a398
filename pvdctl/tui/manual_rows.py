"""What can be set by hand, as rows of a table: the snapshot's mimic put in the order of an operator's thinking."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from pvdctl.service.messages import Flow, Gauge, Measured, Mimic, Pump, Snapshot, Source, Supply, Switch, Valve
from pvdctl.tui import words
from pvdctl.tui.manual_amounts import Amount, current, flow

ON, OFF, MOVING, NOT_KNOWN, WRONG = "●", "○", "◐", words.UNKNOWN, "‼"
"""Shapes: filled is open or on, empty is closed or off."""
POSITIONS = {"open": ON, "closed": OFF, "moving": MOVING, "unknown": NOT_KNOWN, "both switches on": WRONG}

QUALITY_STYLES = {"good": "", "uncertain": "yellow", "bad": "bold red"}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that can be set, or, with an empty `output`, only be looked at.

    group, name: where it stands. found: as read back. asked: in words; empty where nothing is asked. asked_on: the
    same as yes or no; None for a number and where it is not known. note: what is out of the ordinary.
    output: for `set_output`. verbs: what setting it to 1 and to 0 is called. forced_by, failure: see `messages`.
    """

    group: str
    name: str
    found: Text
    asked: str
    asked_on: bool | None
    note: Text
    output: str
    verbs: tuple[str, str] = ("Switch on", "Switch off")
    forced_by: tuple[str, ...] = ()
    failure: str = ""
    amount: Amount | None = None
    """Of an output that is a number."""


def rows(snapshot: Snapshot) -> list[Row]:
    """All of them, always in the same order for one chamber."""
    return list(_rows(snapshot.mimic))


def _rows(mimic: Mimic) -> Iterator[Row]:
    shutters = [valve for valve in mimic.valves if valve.kind == "shutter"]
    gas = [valve for valve in mimic.valves if valve.kind != "shutter" and valve.role == "gas"]
    vacuum = [valve for valve in mimic.valves if valve.kind != "shutter" and valve.role != "gas"]
    yield from (_pump(pump) for pump in mimic.pumps)
    yield from (_valve(valve, "Valves") for valve in vacuum)
    for valve in gas:
        yield _valve(valve, "Gas")
        yield from (_flow(each, valve) for each in mimic.flows if each.valve == valve.name)
    yield from (_valve(valve, "Shutters") for valve in shutters)
    yield from (_switch(switch) for switch in mimic.outputs)
    for supply in mimic.supplies:
        yield _supply(supply)
        yield _current(supply, [source for source in mimic.sources if source.supply == supply.name])
    yield from (_gauge(gauge) for gauge in mimic.gauges)


def _valve(valve: Valve, group: str) -> Row:
    shape = POSITIONS[valve.position]
    style = {"moving": "bold", "unknown": "bold yellow", "both switches on": "bold red"}.get(valve.position, "")
    found = Text(f"{shape} {valve.position}", style)
    elsewhere = valve.position == ("closed" if valve.asked_open else "open")
    way = "moving" if valve.position == "moving" else ("not there yet" if elsewhere else "")
    note = _note(valve.forced_by, "closed", valve.failure, way)
    asked = "open" if valve.asked_open else "closed"
    return Row(
        group, valve.name, found, asked, valve.asked_open, note, valve.name, ("Open", "Close"),
        tuple(valve.forced_by), valve.failure,
    )  # fmt: skip


def _pump(pump: Pump) -> Row:
    speed = f" {words.number(pump.speed_percent, 0, '%')}" if pump.kind == "turbo" else ""
    found = _on_off(pump.running, "running", "stopped")
    found.append(speed)
    way = "" if pump.running is pump.asked_on else ("running up" if pump.asked_on else "running down")
    note = _note(pump.forced_by, "off", "", way if pump.running is not None else "")
    return Row(
        "Pumps", pump.name, found, "on" if pump.asked_on else "off", pump.asked_on, note, pump.output,
        forced_by=tuple(pump.forced_by),
    )  # fmt: skip


def _supply(supply: Supply) -> Row:
    way = "" if supply.asked_on is None or supply.on is supply.asked_on else "not there yet"
    note = _note(supply.forced_by, "off", "", "TRIPPED" if supply.tripped else way)
    return Row(
        "Sources", f"{supply.name}.output", _on_off(supply.on), _asked(supply.asked_on), supply.asked_on, note,
        f"{supply.name}.output", forced_by=tuple(supply.forced_by),
    )  # fmt: skip


def _current(supply: Supply, sources: list[Source]) -> Row:
    selected = tuple(source for source in sources if source.selected)
    found = _reading(supply.current, words.number(supply.current.value, 1, "A"))
    if supply.power_w is not None:
        found.append(f"  {words.number(supply.power_w, 1, 'W')}")
    note = _doubt(supply.current) or Text(f"through {selected[0].name}" if selected else "no source selected")
    return Row(
        "Sources", f"{supply.name}.current", found, words.number(supply.asked_current_a, 1, "A"), None, note,
        f"{supply.name}.current", ("Set", "Set"), tuple(supply.forced_by), "",
        current(supply, selected or tuple(sources)),
    )  # fmt: skip


def _flow(one: Flow, inlet: Valve) -> Row:
    note = _note(one.forced_by, "closed", "", "") if one.forced_by else _doubt(one.flow) or Text(f"{one.gas}")
    found = _reading(one.flow, words.number(one.flow.value, 1, "sccm"))
    return Row(
        "Gas", one.output, found, f"{one.asked_sccm:g}", None, note, one.output, ("Set", "Set"),
        tuple(one.forced_by), "", flow(one, inlet),
    )  # fmt: skip


def _switch(switch: Switch) -> Row:
    way = "" if switch.asked_on is None or switch.on is switch.asked_on else "not there yet"
    note = _note(switch.forced_by, "off", "", way)
    asked_on = switch.asked_on if switch.asked_on is not None else switch.on
    return Row(
        "Outputs", switch.name, _on_off(switch.on), _asked(switch.asked_on), asked_on, note, switch.name,
        forced_by=tuple(switch.forced_by),
    )  # fmt: skip


def _gauge(gauge: Gauge) -> Row:
    reading = _reading(gauge.pressure, words.pressure(gauge.pressure.value))
    doubt = _doubt(gauge.pressure)
    if not gauge.output:
        return Row("Gauges", gauge.name, reading, "", None, doubt or Text("read only", "dim"), "")
    note = _note(gauge.forced_by, "off", "", "") if gauge.forced_by else doubt or Text("")
    found = Text.assemble(_on_off(gauge.on), " ", reading)
    return Row(
        "Gauges", gauge.name, found, _asked(gauge.on), gauge.on, note, gauge.output, forced_by=tuple(gauge.forced_by)
    )


def _reading(reading: Measured, told: str) -> Text:
    """The number; what it is worth stands beside it as a note."""
    return Text(told, QUALITY_STYLES[reading.quality])


def _doubt(reading: Measured) -> Text | None:
    """`bad: overrange`; None of a good one."""
    if reading.quality == "good":
        return None
    return Text(f"{reading.quality}: {reading.why}", QUALITY_STYLES[reading.quality])


def _on_off(on: bool | None, yes: str = "on", no: str = "off") -> Text:
    if on is None:
        return Text(f"{NOT_KNOWN} not known", "bold yellow")
    return Text(f"{ON} {yes}" if on else f"{OFF} {no}")


def _asked(on: bool | None) -> str:
    return words.UNKNOWN if on is None else ("on" if on else "off")


def _note(forced_by: list[str], safe: str, failure: str, way: str) -> Text:
    """What is out of the ordinary, the gravest first."""
    if forced_by:
        return Text(f"held {safe}: {', '.join(forced_by)}", "bold yellow")
    if failure:
        return Text(f"STUCK: {failure}", "bold red")
    return Text(way, "bold" if way else "")
