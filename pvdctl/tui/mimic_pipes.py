"""What hangs on the drawn chamber's wall: gauges, gas inlets, the gate with the turbo, foreline, roughing line, pump.

A way that is open to gas is drawn double, a closed one thin; so it is seen where gas can get to.
"""

from typing import NamedTuple

from pvdctl.service.messages import Flow, Gauge, Mimic, Valve
from pvdctl.tui import mimic_words
from pvdctl.tui.drawing import Line, short, width
from pvdctl.tui.mimic_words import OPEN_STYLE, Told

PIPE = 7
"""Column, from the wall, of the pipe from the gate down to the pump."""
LABEL = PIPE + 3
LEAST_NAME = 12
"""Columns a gauge's name keeps beside a long reason."""


class Branch(NamedTuple):
    """A line beside the wall. opening: the wall's character in it."""

    opening: str
    line: Line


def pipes(mimic: Mimic, room: int) -> list[Branch]:
    """All lines, none longer than `room` columns as far as names allow to be shortened."""
    by_role: dict[str, list[Valve]] = {}
    for valve in mimic.valves:
        by_role.setdefault(valve.role, []).append(valve)
    turbos = [pump for pump in mimic.pumps if pump.kind == "turbo"]
    roughing = [pump for pump in mimic.pumps if pump.kind == "roughing"]
    made = [
        _gauge("├", "─", gauge, mimic.chamber_pressure.quality == "good", room)
        for gauge in mimic.gauges
        if gauge.measures == "chamber"
    ]
    names = [len(valve.gas or valve.name) for valve in by_role.get("gas", [])]
    for valve in by_role.get("gas", []):
        made.append(_gas(valve, max(names), room))
        made += [_flow(flow, room) for flow in mimic.flows if flow.valve == valve.name]
    gates, fores, roughs = (by_role.get(role, []) for role in ("gate", "fore", "rough"))
    behind_gate = any(map(mimic_words.passes, gates))
    made += [_gate(valve, first=index == 0) for index, valve in enumerate(gates)]
    made += [Branch("│", _on_pipe(mimic_words.pump(pump), "turbo ", behind_gate)) for pump in turbos]
    made += [Branch("│", _fore(valve)) for valve in fores]
    open_fore = any(map(mimic_words.passes, fores))
    for gauge in mimic.gauges:
        if gauge.measures == "foreline":
            joint = " " * PIPE + ("╟" if open_fore else "├")
            found = _gauge("│", joint + "─", gauge, mimic.foreline_pressure.quality == "good", room)
            made.append(found)
    made += [_rough(valve, open_fore) for valve in roughs]
    made += [Branch("│", _on_pipe(mimic_words.pump(pump), "rough pump", None)) for pump in roughing]
    return made


def others(mimic: Mimic) -> list[Valve]:
    """Valves and shutters that are drawn nowhere: no role, or a source's that no source names."""
    drawn = {source.shutter for source in mimic.sources} | {mimic.substrate_shutter}
    ways = ("rough", "fore", "gate", "gas")
    return [valve for valve in mimic.valves if valve.role not in ways and valve.name not in drawn]


def _gauge(opening: str, joint: str, gauge: Gauge, spoken_for: bool, room: int) -> Branch:
    told, style = mimic_words.gauge(gauge, spoken_for)
    least = LEAST_NAME if told.startswith("✗") else 4  # a reason may be cut, a number never
    name = short(gauge.name, max(least, room - len(joint) - 3 - len(told)))
    return Branch(opening, [(joint, ""), ("◎ ", ""), (f"{name} ", ""), (told, style)])


def _gas(valve: Valve, longest: int, room: int) -> Branch:
    told = mimic_words.valve(valve)
    way = mimic_words.passes(valve)
    name = short(valve.gas or valve.name, max(2, room - LABEL - 1 - len(told.word)))
    pipe = _pipe(told, way, arrow="◂" if way else "")
    pad = " " * max(1, min(longest, 6) - len(name) + 1)
    return Branch("╞" if way else "├", [*pipe, (f" {name}{pad}", ""), (told.word, told.style)])


def _flow(one: Flow, room: int) -> Branch:
    """Of the controller in front of the inlet above it."""
    told, style = mimic_words.flow(one)
    indent = " " * LABEL
    name = short(one.name, max(4, room - LABEL - 1 - len(told)))
    return Branch("│", [(f"{indent}{name} ", ""), (told, style)])


def _pipe(told: Told, way: bool, arrow: str = "", end: str = "") -> Line:
    """From the wall to the right: some pipe, the valve, some pipe."""
    run = "═" if way else "─"
    style = OPEN_STYLE if way else ""
    before = f"{arrow}{run}" if arrow else run * 2
    after = run * (PIPE - 2 - len(before)) + (end or run)
    return [(before, style), (told.shape, told.style), (after, style), (" ", "")]


def _gate(valve: Valve, first: bool) -> Branch:
    told = mimic_words.valve(valve)
    way = mimic_words.passes(valve)
    corner = ("╗" if way else "┐") if first else ("╣" if way else "┤")
    return Branch("╞" if way else "├", [*_pipe(told, way, end=corner), (" gate  ", ""), (told.word, told.style)])


def _on_pipe(told: Told, label: str, way: bool | None) -> Line:
    """A pump sits on the pipe. way: drawn above it, None: the end of the pipe."""
    shape = f"[{told.shape}]"
    line: Line = [(" " * (PIPE - 1), ""), (shape, told.style)]
    return [*line, (f" {label}", ""), (" " if way is None else "", ""), (told.word, told.style)]


def _fore(valve: Valve) -> Line:
    """In the pipe that goes down."""
    told = mimic_words.valve(valve)
    way = mimic_words.passes(valve)
    shape = told.shape[0] + ("║" if way else "│") + told.shape[1]
    return [(" " * (PIPE - 1), ""), (shape, told.style), (" fore  ", ""), (told.word, told.style)]


def _rough(valve: Valve, open_fore: bool) -> Branch:
    """From the wall past the turbo to the pump."""
    told = mimic_words.valve(valve)
    way = mimic_words.passes(valve)
    end = {(False, False): "┤", (False, True): "╢", (True, False): "╗", (True, True): "╣"}[way, open_fore]
    return Branch("╞" if way else "├", [*_pipe(told, way, end=end), (" rough ", ""), (told.word, told.style)])


def longest(branches: list[Branch]) -> int:
    """Columns of the longest line."""
    return max((width(branch.line) for branch in branches), default=0)
