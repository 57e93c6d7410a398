"""The drawing of a chamber: true to what was read back, for any chamber, in any width."""

from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from pvdctl.service.messages import (
    Crystal,
    Flow,
    Gauge,
    Layer,
    Measured,
    Mimic,
    Position,
    Pump,
    Source,
    Supply,
    Switch,
    Valve,
)
from pvdctl.tui import mimic_words
from pvdctl.tui.drawing import text, width
from pvdctl.tui.mimic import drawn, film_now
from pvdctl.tui.mimic_words import FORCED
from tests.tui.stage import changed, recorded

ROOM = 78
POSITIONS: tuple[Position, ...] = ("open", "closed", "moving", "unknown", "both switches on")
GOOD = Measured(1.0e-6, "mbar", "good")


def plain(mimic: Mimic, room: int = ROOM, layer: Layer | None = None, judged: bool = False) -> str:
    return text(drawn(mimic, layer, judged, room)).plain


def with_valve(mimic: Mimic, name: str, **fields: Any) -> Mimic:
    valves = [replace(valve, **fields) if valve.name == name else valve for valve in mimic.valves]
    assert valves != mimic.valves
    return replace(mimic, valves=valves)


def line_of(drawing: str, word: str) -> str:
    return next(line for line in drawing.split("\n") if word in line)


@pytest.mark.parametrize(
    ("position", "asked", "word"),
    [
        ("open", True, "open"),
        ("closed", False, "closed"),
        ("moving", True, "opening"),
        ("moving", False, "closing"),
        ("open", False, "open, closing"),
        ("closed", True, "closed, opening"),
        ("unknown", True, "unknown"),
        ("both switches on", False, "both switches"),
    ],
)
@pytest.mark.parametrize(("name", "label"), [("gate_valve", "gate "), ("n2_valve", "n2 "), ("source_1_shutter", "│ ")])
def test_positions_are_told_as_read_back(name: str, label: str, position: Position, asked: bool, word: str) -> None:
    mimic = recorded("idle").mimic
    if name == "source_1_shutter":
        drawing = plain(replace(mimic, sources=mimic.sources[:1], valves=[
            Valve(name, "shutter", position, asked, "", [], "source")
        ]))  # fmt: skip
        assert any(line.startswith(label) and f" {word} " in line for line in drawing.split("\n"))
        return
    valves = [replace(valve, position=position, asked_open=asked) if valve.name == name else valve
              for valve in mimic.valves]  # fmt: skip
    assert line_of(plain(replace(mimic, valves=valves)), f" {label}").rstrip().endswith(f" {word}")


def test_states_differ_in_shape_too() -> None:
    told = {
        (position, asked, failure): mimic_words.valve(Valve("v", "valve", position, asked, failure))
        for position in POSITIONS
        for asked in (False, True)
        for failure in ("", "v was told to open and is not")
    }
    shapes: dict[str, set[str]] = {}
    for one in told.values():
        shapes.setdefault(one.shape, set()).add(one.word)
    assert len(shapes) == 6
    assert len({one.word for one in told.values()}) == 12
    for (_, _, failure), one in told.items():
        assert not failure or one.word.startswith(("STUCK", "both switches"))


def test_what_is_stuck_and_forced_says_so() -> None:
    mimic = with_valve(recorded("deposit").mimic, "gate_valve", asked_open=False, failure="it did not close")
    assert line_of(plain(mimic), " gate ").rstrip().endswith("gate  STUCK open")
    mimic = with_valve(recorded("deposit").mimic, "rough_valve", forced_by=["rough_valve_path"])
    assert line_of(plain(mimic), " rough ").rstrip().endswith(f"closed {FORCED}")


def test_the_way_of_the_gas_is_drawn_double() -> None:
    pumping, roughing, filling = (plain(recorded(name).mimic) for name in ("deposit", "pump_down", "nitrogen"))
    assert "╞══▷◁═══╗  gate" in pumping
    assert "▷║◁ fore" in pumping
    assert "├──►◄───╢  rough" in pumping
    assert "├──►◄───┐  gate" in roughing
    assert "►│◄ fore" in roughing
    assert "╞══▷◁═══╗  rough" in roughing
    assert "╞◂═▷◁" in line_of(filling, " n2 ")


def test_a_flow_controller_stands_below_its_inlet() -> None:
    mimic = recorded("nitrogen").mimic
    flow = Flow("mfc", "n2", "n2_valve", Measured(499.6, "sccm", "good"), 500.0, 20000.0, "mfc.flow")
    lines = plain(replace(mimic, flows=[flow])).split("\n")
    at = next(index for index, line in enumerate(lines) if " n2 " in line)
    assert lines[at + 1].rstrip().endswith("mfc 499.6 sccm")
    lost = replace(flow, flow=Measured(None, "sccm", "bad", "no answer within 0.3 s"))
    assert "mfc ✗ no answer within 0.3 s" in plain(replace(mimic, flows=[lost]))
    assert "mfc" not in plain(mimic)


def test_an_unknown_valve_may_be_open() -> None:
    drawing = plain(with_valve(recorded("idle").mimic, "gate_valve", position="unknown"))
    assert "╞══??═══╗  gate  unknown" in drawing


def test_the_film_and_its_band() -> None:
    snapshot = recorded("deposit")
    layer, judged = film_now(snapshot)
    assert layer is not None
    assert judged
    drawing = plain(snapshot.mimic, layer=layer, judged=True)
    assert f"film {layer.film_nm:.1f} of 300 nm" in drawing
    assert "±10 % in band" in drawing
    for rate, word in ((0.44, "▼ low"), (0.56, "▲ high"), (0.46, "in band"), (0.54, "in band")):
        assert word in plain(snapshot.mimic, layer=replace(layer, rate_nm_per_s=rate), judged=True)


@pytest.mark.parametrize("moment", ["idle", "pump_down", "nitrogen", "complete", "water", "aborted"])
def test_no_film_is_shown_where_none_is_made(moment: str) -> None:
    assert film_now(recorded(moment)) == (None, False)


def test_a_rate_is_not_judged_in_a_hold() -> None:
    snapshot = recorded("held")
    layer, judged = film_now(snapshot)
    assert layer is not None
    assert not judged
    assert "low" not in plain(snapshot.mimic, layer=layer, judged=judged)


def test_numbers_that_are_not_known_are_never_zero() -> None:
    mimic = recorded("deposit").mimic
    source = replace(mimic.sources[0], current_a=None, power_w=None, selected=None)
    crystal = Crystal(1, Measured(None, "Hz", "bad", "no answer for 0.8 s"), None, None, None)
    bad = Measured(117.0, "A", "bad", "old")
    supply = replace(mimic.supplies[0], current=bad, power_w=None, on=None, tripped=None)
    pump = Pump("turbo", "turbo", True, None, None)
    drawing = plain(
        replace(mimic, sources=[source], crystals=[crystal], supplies=[supply], pumps=[pump],
                chamber_pressure=Measured(3e-7, "mbar", "bad", "sensor error"))
    )  # fmt: skip
    assert "┌── ? mbar (bad: sensor error) ─" in drawing
    assert "Zn ? A ? W" in drawing
    assert "? selected or not" in drawing
    assert "◊1 ✗ no answer for 0.8 s" in drawing
    assert "? unknown  ? A (bad) of " in drawing
    assert "? tripped or not" in " ".join(drawing.split())
    assert "[?] turbo ? % unknown" in drawing
    assert "117.0" not in drawing


def test_readings_in_doubt_say_so() -> None:
    mimic = recorded("deposit").mimic
    gauges = [replace(mimic.gauges[0], pressure=Measured(3.2e-6, "mbar", "uncertain", "above its range"))]
    crystals = [replace(mimic.crystals[0], frequency=Measured(5.9e6, "Hz", "uncertain", "frozen"))]
    drawing = plain(
        replace(mimic, gauges=gauges, crystals=crystals, chamber_pressure=Measured(3.2e-6, "mbar", "uncertain", ""))
    )
    assert "3.2e-06 mbar (uncertain)" in drawing.split("\n")[0]
    assert "full_range 3.2e-06 mbar uncertain" in drawing
    assert "nm/s uncertain" in line_of(drawing, "◊1")


def test_a_gauge_that_is_off_or_out_of_range_gives_no_number() -> None:
    nitrogen, deposit = plain(recorded("nitrogen").mimic), plain(recorded("deposit").mimic)
    assert "◎ full_range off" in nitrogen
    assert "◎ capacitance ✗ underrange" in deposit


def test_inputs_that_are_not_right_are_counted() -> None:
    assert "✓ 6 inputs right" in plain(recorded("idle").mimic)
    assert "✗ 1 of 6 inputs not right" in plain(recorded("water").mimic)
    assert "✗ 1 of 1 inputs not right" in plain(
        replace(recorded("idle").mimic, inputs=[Switch("door", None, [], True), Switch("gate_closed", False)])
    )
    assert "inputs" not in plain(replace(recorded("idle").mimic, inputs=[]))


def test_a_tripped_supply_and_hot_sources_are_told() -> None:
    mimic = recorded("deposit").mimic
    drawing = plain(replace(mimic, supplies=[replace(mimic.supplies[0], tripped=True, forced_by=["water"])]))
    assert "✗ TRIPPED" in drawing
    assert f"on {FORCED}" in drawing
    assert "── sources not cold ──" in drawing
    assert "── sources cold ──" in plain(replace(mimic, sources_cold=True))


def test_a_pump_that_is_not_as_asked() -> None:
    mimic = recorded("idle").mimic
    pumps = [Pump("rp", "roughing", True, False), Pump("tmp", "turbo", False, True, 63.0, ["turbo_foreline"])]
    drawing = plain(replace(mimic, pumps=pumps))
    assert "rough pump off, asked on" in drawing
    assert f"turbo 63 % on, asked off {FORCED}" in drawing


# --- any chamber ------------------------------------------------------------------------------------------------------
NAMES = st.sampled_from(["pump_ok", "x", "the_door_of_the_load_lock_is_closed"])
NUMBER = st.sampled_from([None, 0.0, -0.04, 12.345, 250.0])
MEASURED = st.builds(
    Measured,
    st.sampled_from([None, 1e-11, 0.0, 0.05, 1013.0]),
    st.just("mbar"),
    st.sampled_from(["good", "uncertain", "bad"]),
    st.sampled_from(["", "underrange", "no answer within 0.5 s from gauges"]),
)
ASKED = st.sampled_from([0.0, 500.0])
FLOWS = st.builds(
    Measured,
    st.sampled_from([None, 0.0, 0.4, 500.0, 20000.0]),
    st.just("sccm"),
    st.sampled_from(["good", "uncertain", "bad"]),
    st.sampled_from(["", "no answer"]),
)
SEARCH = (Phase.explicit, Phase.generate)  # such a chamber takes minutes to shrink; the drawing itself shows what fails
KINDS: tuple[Literal["roughing", "turbo"], ...] = ("roughing", "turbo")
FORCES = st.lists(st.sampled_from(["water", "estop"]), max_size=1)
CRYSTALS = st.builds(Crystal, st.integers(1, 8), MEASURED, st.sampled_from([None, -3.0, 97.8]), NUMBER, NUMBER)
SUPPLIES = st.builds(
    Supply, NAMES, st.booleans() | st.none(), MEASURED, MEASURED, st.sampled_from([0.0, 117.0]), NUMBER,
    st.booleans() | st.none(), FORCES,
)  # fmt: skip


@st.composite
def mimics(draw: st.DrawFn) -> Mimic:
    def valve(name: str, kind: Any, role: Any, gas: str = "") -> Valve:
        failure = draw(st.sampled_from(["", f"{name} was told to open and is closed after 6.1 s"]))
        return Valve(
            name, kind, draw(st.sampled_from(POSITIONS)), draw(st.booleans()), failure, draw(FORCES), role, gas
        )  # fmt: skip

    tail = draw(st.sampled_from(["", "_of_a_very_long_name"]))
    names = (f"n{number:02}{tail if number % 2 else ''}" for number in range(90))
    valves = [
        valve(next(names), kind, role) for kind, role in (("gate", "gate"), ("valve", "rough"), ("valve", "fore"))
    ]
    valves += [valve(next(names), "valve", "gas", next(names)) for _ in range(draw(st.integers(0, 4)))]
    valves += [valve(next(names), "valve", "") for _ in range(draw(st.integers(0, 4)))]
    sources = []
    for _ in range(draw(st.integers(0, 6))):
        above = valve(next(names), "shutter", "source")
        valves.append(above)
        sources.append(
            Source(next(names), draw(st.sampled_from(["Zn", "MgF2", "Alq3"])), "boat", "supply", above.name,
                   draw(st.booleans() | st.none()), draw(NUMBER), draw(NUMBER), 100.0)
        )  # fmt: skip
    shutter = valve(next(names), "shutter", "substrate")
    gauges = [
        Gauge(next(names), draw(st.sampled_from(["chamber", "foreline"])), draw(MEASURED), draw(st.booleans()),
              draw(st.none() | st.booleans()), "", draw(FORCES))
        for _ in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    flows = [
        Flow(next(names), each.gas, each.name, draw(FLOWS), draw(ASKED), 20000.0, "", draw(FORCES))
        for each in valves
        if each.role == "gas" and draw(st.booleans())
    ]
    pumps = [
        Pump(next(names), kind, draw(st.booleans()), draw(st.booleans() | st.none()), draw(NUMBER), draw(FORCES))
        for kind in draw(st.lists(st.sampled_from(KINDS), max_size=3))
    ]
    inputs = draw(st.lists(st.builds(Switch, NAMES, st.booleans() | st.none(), st.just([]), st.booleans() | st.none()),
                           max_size=8))  # fmt: skip
    outputs = draw(st.lists(st.builds(Switch, NAMES, st.booleans() | st.none(), FORCES), max_size=3))
    return Mimic(
        draw(MEASURED), draw(MEASURED), draw(st.booleans()), shutter.name, [*valves, shutter], pumps, gauges,
        draw(st.lists(SUPPLIES, max_size=2)), sources, draw(st.lists(CRYSTALS, max_size=3)), inputs, outputs, flows,
    )  # fmt: skip


@settings(max_examples=100, deadline=None, phases=SEARCH)
@given(mimics(), st.integers(40, 120))
def test_any_chamber_fits_any_width(mimic: Mimic, room: int) -> None:
    lines = drawn(mimic, None, False, room)
    assert max(width(line) for line in lines) <= room
    walls = [line for line in text(lines).plain.split("\n") if line.startswith(("│", "├", "╞"))]
    assert len(walls) >= 2 + 4 * bool(mimic.sources) + len(mimic.crystals)


@settings(max_examples=100, deadline=None, phases=SEARCH)
@given(mimics())
def test_nothing_of_any_chamber_is_left_out(mimic: Mimic) -> None:
    drawing = plain(mimic)
    note(drawing)
    shown = drawing.replace("\n", " ")
    for valve in mimic.valves:
        assert f" {mimic_words.position(valve).word}" in shown
        if not valve.role:
            assert valve.name in shown
        if valve.gas:
            assert valve.gas[:2] in shown
    for source in mimic.sources:
        assert source.name[:8] in shown
        assert source.material in shown
    for gauge in mimic.gauges:
        assert gauge.name[:4] in shown
    for flow in mimic.flows:
        assert f"{flow.name[:3]}" in shown
        assert mimic_words.flow(flow)[0].split(FORCED)[0][:20].strip() in shown
    for crystal in mimic.crystals:
        assert f"◊{crystal.number}" in shown
    for pump in mimic.pumps:
        assert mimic_words.pump(pump).word.split(FORCED)[0].strip() in shown


def test_a_drawing_is_the_same_for_the_same_chamber() -> None:
    snapshot = recorded("deposit")
    assert drawn(snapshot.mimic, None, False, ROOM) == drawn(changed(snapshot).mimic, None, False, ROOM)
