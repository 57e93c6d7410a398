"""Chamber files: that the shipped one fits together, and what each slip of the pen is told."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.chamber.load import LoadedChamber, load_chamber, parse_chamber
from pvdctl.chamber.problems import BadFile
from pvdctl.chamber.rules import DERIVED, ceilings_mbar
from pvdctl.chamber.settings import driver_settings
from pvdctl.errors import OperatorError
from tests.recipe.files import CHAMBER, spoilt

SHIPPED = CHAMBER.read_text()
TEXT = (Path(__file__).parent / "small.yaml").read_text()
"""Smaller than the shipped file, and does not move when that is tuned."""
DRIVERS = ("inficon_sqc310", "scpi_supply", "pfeiffer_tpg36x", "pfeiffer_tc400", "modbus_io")


def complaint(raw: bytes) -> str:
    with pytest.raises(BadFile) as caught:
        parse_chamber(raw, "c.yaml", DRIVERS)
    return str(caught.value)


def test_the_shipped_chamber_fits_together() -> None:
    loaded = load_chamber(CHAMBER, DRIVERS)
    chamber = loaded.model
    assert loaded.text == SHIPPED
    assert set(chamber.sources) == {"zinc", "lithium"}
    assert chamber.films["Li"].tooling_percent == {1: 104.0, 2: 107.0}
    assert chamber.films["Zn"].control.gain_per_a == pytest.approx(0.171, rel=0.2)
    assert chamber.vacuum.gas_load_1h_mbar_l_per_s == 1e-4
    assert chamber.scan.period_s == 0.1
    assert chamber.io.heartbeat.watchdog_s == 2.0


def test_every_rule_says_what_why_and_what_to_do() -> None:
    chamber = load_chamber(CHAMBER).model
    for rule in chamber.interlocks:
        assert len(rule.cause) > 20
        assert len(rule.consequence) > 20
        assert len(rule.response) > 20
        assert rule.force or rule.action != "none" or rule.priority in ("low", "medium")


def test_the_invariants_have_a_rule() -> None:
    """Source power needs vacuum, water, door; gases need sources cold and the gate shut; rough and gate exclude."""
    chamber = load_chamber(CHAMBER).model

    def needs(asked: str) -> set[str]:
        """Everything required while `asked` is on or open, and everything required always."""
        names = set()
        for rule in chamber.interlocks:
            if all(c.asked == asked and c.is_ in ("on", "open") for c in rule.applies_when) and asked in rule.force:
                names |= {c.reading or f"asked {c.asked}" for c in rule.require}
        return names

    assert {"chamber_pressure", "water_ok", "door_closed", "estop_ok", "watchdog_tripped", "supply_tripped"} <= needs(
        "boat_supply"
    )
    for valve in ("n2_valve", "ar_valve"):
        assert {"sources_off", "sources_cold", "gate_valve_closed", "ion_gauge_on", "estop_ok"} <= needs(valve)
    assert "n2_supply_ok" in needs("n2_valve")
    assert "glovebox_ok" in needs("ar_valve")
    assert {"asked gate_valve", "gate_valve_closed"} <= needs("rough_valve")
    assert {"rough_valve_closed", "turbo_percent", "foreline_pressure"} <= needs("gate_valve")
    assert ceilings_mbar(chamber, "n2_valve") == [("n2_overfill", 800.0)]
    assert ceilings_mbar(chamber, "ar_valve") == []
    abort = {rule.name for rule in chamber.interlocks if rule.action == "abort"}
    assert {"estop", "watchdog", "vacuum_for_sources", "water_for_sources", "n2_sources_cold"} <= abort


def test_actuators_have_the_switches_of_the_simulated_world() -> None:
    from simulators.world import ACTUATORS, SIGNALS, SWITCHED

    chamber = load_chamber(CHAMBER).model
    assert set(chamber.io.outputs) == {*ACTUATORS, *SWITCHED}
    ends = {f"{name}_{end}" for name in ACTUATORS for end in ("opened", "closed")}
    assert set(chamber.io.inputs) == {*SIGNALS, *ends} - {"local"}, "this chamber has no key switch"
    assert set(chamber.actuators) == set(ACTUATORS)


# old, new, end of line:column, what the sentence says
BAD = [
    ("    link: monitor_line", "    link: monitor_lin", "instruments.monitor.link: wanted the name of a link, found "
     "'monitor_lin'; did you mean 'monitor_line'?"),
    ("driver: inficon_sqc310", "driver: inficon_sqc31", "instruments.monitor.driver: wanted the name of a driver, "
     "found 'inficon_sqc31'; did you mean 'inficon_sqc310'?"),
    ("kind: modbus_tcp", "kind: modbus", "links.plc_line.kind: wanted one of serial, tcp, visa, modbus_tcp, found "
     "'modbus'; did you mean 'modbus_tcp'?"),
    ("baud: 9600\n", "baud: fast\n", "links.turbo_line.baud: wanted a whole number, found 'fast'"),
    ("baud: 9600\n", "baud: 96\n", "links.turbo_line.baud: wanted at least 300, found the bare number 96"),
    ("baud: 9600\n", "bauds: 9600\n", "links.turbo_line: wanted the key 'baud': a whole number, found no such key"),
    ("links:\n", "links:\n  spare:\n    kind: tcp\n    host: x\n    port: 1\n", "links.spare: wanted a link that an "
     "instrument uses, found 'spare', which none does"),
    ("plc.inputs]", "plc.inputs, plc.inputs]", "poll_groups.fast.polls[2]: wanted each poll in one group, found "
     "'plc.inputs' a second time (first at poll_groups.fast.polls[1], line "),
    ("plc.inputs]", "plk.inputs]", "poll_groups.fast.polls[1]: wanted a poll of an instrument of this file, found "
     "'plk'; did you mean 'plc'?"),
    ("plc.inputs]", "inputs]", "poll_groups.fast.polls[1]: wanted <instrument>.<poll>, such as monitor.sensors, "
     "found 'inputs'"),
    ("stale_after: 500 ms", "stale_after: 50 ms", "poll_groups.fast.stale_after: wanted more than the period of "
     "0.1 s, found 0.05 s"),
    ("    gate_valve: 1\n", "    gate_valve: 0\n", "io.outputs.gate_valve: wanted each output bit once, found '0' a "
     "second time (first at io.outputs.rough_valve, line "),
    ("    gate_valve: 1\n", "    gate_valve: 15\n", "io.heartbeat.output: wanted each output bit once, found '15' a "
     "second time"),
    ("    gate_valve: 1\n", "    gate_valve: -1\n", "io.outputs.gate_valve: wanted a bit number from 0 to 511, "
     "found -1"),
    ("    water_ok: 1\n", "    water_ok: 0\n", "io.inputs.water_ok: wanted each input bit once"),
    ("    water_ok: 1\n", "    9water: 1\n", "io.inputs.9water: wanted a name (letters, digits and _"),
    ("watchdog: 2 s\n", "watchdog: 200 ms\n", "io.heartbeat.watchdog: wanted at least 5 scan periods (0.5 s), found "
     "0.2 s"),
    ("watchdog: 2 s\n", "watchdog: 2 min\n", "io.heartbeat.watchdog: wanted at most 60 s, found '2 min'"),
    ("    output: gate_valve\n", "    output: gate_valv\n", "actuators.gate_valve.output: wanted the name of an "
     "output, found 'gate_valv'; did you mean 'gate_valve'"),
    ("    output: gate_valve\n", "    output: rough_valve\n", "actuators.gate_valve.output: wanted each output driven "
     "by one thing, found 'rough_valve' a second time"),
    ("    closed: gate_valve_closed\n", "    closed: gate_valve_opened\n", "actuators.gate_valve.closed: wanted each "
     "end switch of one actuator, found 'gate_valve_opened' a second time"),
    ("    travel: 2 s\n", "    travel: 20 s\n", "actuators.gate_valve.travel: wanted less than its deadline (6 s), "
     "found 20 s"),
    ("    kind: gate\n", "    kind: gait\n", "actuators.gate_valve.kind: wanted one of valve, gate, shutter, found "
     "'gait'; did you mean 'gate'?"),
    ("  gate_valve: gate_valve\n", "  gate_valve: substrate_shutter\n", "vacuum.gate_valve: wanted the name of a "
     "valve among the actuators, found 'substrate_shutter'"),
    ("  gate_valve: gate_valve\n", "  gate_valve: fore_valve\n", "vacuum.gate_valve: wanted three valves, found "
     "'fore_valve' a second time"),
    ("  turbo: turbo\n", "  turbo: turob\n", "vacuum.turbo: wanted the name of an instrument, found 'turob'; did you "
     "mean 'turbo'?"),
    ("hand_over_low: 1 mbar", "hand_over_low: 3 mbar", "vacuum.hand_over_low: wanted less than hand_over_high "
     "(2 mbar), found 3 mbar"),
    ("    to: 5 mbar", "    to: 1.5 mbar", "vacuum.hand_over_high: wanted at most the end of full_range (1.5 mbar), "
     "found 2 mbar"),
    ("    from: 0.5 mbar", "    from: 1.5 mbar", "gauges.capacitance.from: wanted at most vacuum.hand_over_low "
     "(1 mbar), found 1.5 mbar"),
    ("    channel: 2\n", "    channel: 1\n", "gauges.capacitance.channel: wanted each channel once, found 'gauges "
     "channel 1' a second time"),
    ("measures: foreline", "measures: chamber", "gauges: wanted a gauge that measures the foreline, found none"),
    ("    valve: ar_valve\n", "    valve: n2_valve\n", "gases.ar.valve: wanted each valve for one gas"),
    ("use: [vent]", "use: [venting]", "gases.ar.use[0]: wanted one of process, vent, found 'venting'; did you mean "
     "'vent'?"),
    ("use: [vent]", "use: []", "gases.ar.use: wanted process, vent or both, found an empty list"),
    ("sensors: [1, 2]", "sensors: [1, 1]", "monitor.sensors[1]: wanted each sensor once, found '1' a second time"),
    ("sensors: [1, 2]", "sensors: [1, 2, 3]", "films.Zn.tooling: wanted the tooling of sensor 3, found none"),
    ("{1: 92 %, 2: 95 %}", "{1: 92 %, 2: 95 %, 3: 9 %}", "films.Zn.tooling[3]: wanted a sensor of the monitor: 1, 2, "
     "found '3'"),
    ("{1: 92 %, 2: 95 %}", "{1: 92 %, 2: 95}", "films.Zn.tooling[2]: wanted a ratio with its unit, such as '10 %', "
     "found the bare number 95; write the unit behind the number"),
    ("{1: 92 %, 2: 95 %}", "{1: 92 %, two: 95 %}", "films.Zn.tooling.two: wanted a whole number as key, found 'two'"),
    ("{1: 92 %, 2: 95 %}", "{1: 92 %, 2: 0 %}", "films.Zn.tooling[2]: wanted more than 0 %, found 0 %"),
    ("min_frequency: 5.0 MHz", "min_frequency: 7.0 MHz", "monitor.min_frequency: wanted less than max_frequency "
     "(6e+06 Hz), found 7e+06 Hz"),
    ("\nsubstrate_shutter: substrate_shutter\n", "\nsubstrate_shutter: gate_valve\n", "substrate_shutter: wanted the "
     "name of a shutter among the actuators, found 'gate_valve'"),
    ("    shutter: source_2_shutter", "    shutter: source_1_shutter", "sources.lithium.shutter: wanted a shutter of "
     "its own for each source and the substrate, found 'source_1_shutter' a second time"),
    ("    select_on: true", "    select_on: false", "sources.lithium.select_on: wanted another state of the selector "
     "for each boat on boat_supply, found 'source_select off' a second time"),
    ("    selected_input: source_2_selected\n", "", "sources.lithium: wanted select_output and selected_input, "
     "because zinc, lithium share boat_supply, found not both"),
    ("    select_on: true", "    select_on: yes", "sources.lithium.select_on: wanted true or false, found 'yes'"),
    ("max_current: 140 A", "max_current: 240 A", "sources.zinc.max_current: wanted at most the rating of boat_supply "
     "(200 A), found 240 A"),
    ("max_current: 200 A", "max_current: 200", "instruments.boat_supply.settings.max_current: wanted a current with "
     "its unit, such as '120 A', found the bare number 200"),
    ("ramp_1: 60 s\n      ramp_1_to: 108.5 A", "ramp_1: 6 s\n      ramp_1_to: 108.5 A",
     "sources.zinc.conditioning.ramp_1: wanted at least 21.7 s for 108.5 A at max_slew (5 A/s), found 6 s"),
    ("standby_current: 80 A", "standby_current: 180 A", "sources.zinc.standby_current: wanted less than max_current "
     "(140 A), found 180 A"),
    ("standby_current: 80 A", "standby_current: -80 A", "sources.zinc.standby_current: wanted at least 0 A, found "
     "'-80 A'"),
    ("    source: zinc\n", "    source: zink\n", "films.Zn.source: wanted the name of a source, found 'zink'; did you "
     "mean 'zinc'?"),
    ("    source: zinc\n", "    source: lithium\n", "films.Zn.material: wanted 'Li', which source lithium holds, "
     "found 'Zn'"),
    ("    monitor_slot: 2\n", "    monitor_slot: 1\n", "films.Li.monitor_slot: wanted each slot once, found '1' a "
     "second time"),
    ("    z_factor: 5.9\n", "    z_factor: .inf\n", "films.Li.z_factor: wanted a number, found '.inf'"),
    ("    z_factor: 5.9\n", "    z_factor: 1e999\n", "films.Li.z_factor: wanted a number, found the bare number inf"),
    ("    z_factor: 5.9\n", "    z_factor: '5.9'\n", "films.Li.z_factor: wanted a number, found '5.9'"),
    ("gain: 17.1 %/A", "gain: 17.1", "films.Zn.control.gain: wanted a relative change per current with its unit, such "
     "as '16 %/A', found the bare number 17.1"),
    ("shutter_settle: 10 s", "shutter_settle: 5 s", "limits.shutter_settle: wanted at least 10 s (thermal transient "
     "of the crystal), found 5 s"),
    ("deposition_pressure: 1e-4 mbar", "deposition_pressure: 1 mbar", "limits.deposition_pressure: wanted less than "
     "vacuum.crossover (0.1 mbar), found 1 mbar"),
    ("  full_range:\n", "  door_closed:\n", "gauges.door_closed: wanted a name that means one thing, found "
     "'door_closed' a second time"),
    ("    water_ok: 1\n", "    sources_off: 1\n", "io.inputs.sources_off: wanted a name of its own, found "
     "'sources_off', which pvdctl derives itself"),
    # rules
    ("- name: vacuum_for_sources\n", "- name: estop\n", "interlocks[1].name: wanted each rule name once, found "
     "'estop' a second time (first in line "),
    ("require: [{reading: estop_ok, is: on}]", "require: []", "interlocks[0].require: wanted at least one condition "
     "(else the rule can never trip), found none"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{is: on}]", "interlocks[0].require[0]: wanted exactly one "
     "of 'reading' and 'asked', found neither"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{reading: estop_ok, asked: turbo, is: on}]",
     "interlocks[0].require[0]: wanted exactly one of 'reading' and 'asked', found both"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{reading: estop_ok}]", "interlocks[0].require[0]: wanted "
     "exactly one of 'below', 'above' and 'is', found none"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{reading: estop_ok, is: on, below: 1 s}]",
     "interlocks[0].require[0]: wanted exactly one of 'below', 'above' and 'is', found below and is"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{reading: estop, is: on}]",
     "interlocks[0].require[0].reading: wanted a reading, found 'estop'; did you mean 'estop_ok'?"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{reading: estop_ok, is: pressed}]",
     "interlocks[0].require[0].is: wanted open, closed, on, off, true or false, found 'pressed'"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{reading: estop_ok, below: 1 mbar}]",
     "interlocks[0].require[0].below: wanted 'is' with on or off, found 'below', but estop_ok is yes or no"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{reading: full_range, is: on}]",
     "interlocks[0].require[0].is: wanted 'below' or 'above', found 'is', but full_range is a number in mbar"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{reading: full_range, below: 1e-4}]",
     "interlocks[0].require[0].below: wanted text, found the bare number 0.0001"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{reading: full_range, below: 1 A}]",
     "interlocks[0].require[0].below: wanted a pressure with its unit, such as '5e-6 mbar', found '1 A', which is a "
     "current"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{asked: turob, is: on}]", "interlocks[0].require[0].asked: "
     "wanted an output, actuator, supply, turbo or ion gauge, found 'turob'; did you mean 'turbo'?"),
    ("require: [{reading: estop_ok, is: on}]", "require: [{asked: turbo, below: 3 A}]",
     "interlocks[0].require[0].below: wanted 'is' with open, closed, on or off for what is asked, found 'below'"),
    ("n2_valve, turbo]", "n2_valve, capacitance]",
     "interlocks[0].force[4]: wanted an output, actuator, supply, turbo or ion gauge, found 'capacitance'"),
    ("cause: The chamber is filled too far.", "cause: ' '", "interlocks[2].cause: wanted a sentence: an alarm must "
     "say what to do about it, found nothing"),
    ("  - name: n2_overfill\n", "  - name: n2_overfill\n    on: true\n", "interlocks[2].on: wanted only keys that are "
     "known, found 'on'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), BAD, ids=[f"{n}-{c[2].split(':')[0]}" for n, c in enumerate(BAD)])
def test_what_a_bad_chamber_is_told(old: str, new: str, sentence: str) -> None:
    lines = complaint(spoilt(TEXT, old, new)).splitlines()
    hits = [line for line in lines if f": at {sentence}" in line]
    assert hits, lines
    number = int(hits[0].split(":")[1])
    assert 1 <= number <= TEXT.count("\n") + 3


def test_the_place_is_that_of_the_slip() -> None:
    old = "max_current: 140 A"
    line = TEXT[: TEXT.index(old)].count("\n") + 1
    column = TEXT.splitlines()[line - 1].index("140 A") + 1
    assert complaint(spoilt(TEXT, old, "max_current: 240 A")).startswith(
        f"c.yaml:{line}:{column}: at sources.zinc.max_c"
    )


def test_a_supply_of_its_own_needs_no_selector() -> None:
    chamber = parse_chamber(TEXT.encode(), "c.yaml").model
    assert chamber.sources["zinc"].select_output == "source_select"


LINES = TEXT.splitlines()
WITH_VALUE = [
    n
    for n, line in enumerate(LINES)
    if ": " in line.split("#")[0] and "[" not in line and "{" not in line and not line.strip().startswith("#")
]
FREE = ("description", "version", "device", "host", "boat", "cause", "consequence", "response", "model", "name")
OPTIONAL = (
    "ion", "gas_dependent", "select_on", "for", "action", "priority", "description", "supply_enable_output",
    "supply_enabled_input", "supply_ok", "applies_when", "force",
)  # fmt: skip


@settings(max_examples=40)
@given(st.sampled_from(WITH_VALUE))
def test_no_line_of_the_chamber_can_be_doubled(index: int) -> None:
    assert complaint("\n".join([*LINES[: index + 1], *LINES[index:]]).encode())


@settings(max_examples=60)
@given(st.sampled_from(WITH_VALUE), st.sampled_from(["nan", "-7 furlong", "[1]", "{a: 1}", "", "-1e999", "!!int 5"]))
def test_no_value_of_the_chamber_can_be_nonsense(index: int, nonsense: str) -> None:
    key, _, _ = LINES[index].partition(": ")
    name = key.strip().removeprefix("- ")
    text = "\n".join([*LINES[:index], f"{key}: {nonsense}", *LINES[index + 1 :]]).encode()
    if name in (*FREE, "chamber", "material") and nonsense in ("nan", "-7 furlong"):
        return
    if name in OPTIONAL and nonsense == "":
        return
    assert complaint(text)


def test_derived_readings_are_those_of_the_process() -> None:
    """The names a rule may use are the names the process makes."""
    import inspect

    from pvdctl.process import readings

    source = inspect.getsource(readings)
    for name, unit in DERIVED.items():
        assert f'derived("{name}", "{unit}")' in source


# --- settings ---------------------------------------------------------------------------------------------------------
KNOWN = ("max_current_a", "max_voltage_v", "address", "line_end", "watchdog_ms")


def test_settings_reach_the_driver_as_numbers_in_its_units() -> None:
    given_ = {"max_current": "200 A", "max_voltage": "6000 mV", "address": 3, "watchdog": "2 s"}
    assert driver_settings("s", given_, KNOWN) == {
        "max_current_a": 200.0, "max_voltage_v": 6.0, "address": 3, "watchdog_ms": 2000.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        (
            {"max_curent": "1 A"},
            "instrument s: setting 'max_curent' is not known to its driver; did you mean 'max_current'?",
        ),
        ({"max_current_a": 5}, "setting 'max_current_a' is not known"),
        ({"max_current": 5}, "setting 'max_current': wanted a current with its unit, such as '120 A', found the bare"),
        ({"max_current": "5 V"}, "found '5 V', which is a voltage"),
    ],
)
def test_bad_settings_name_the_instrument(settings: dict[str, object], part: str) -> None:
    with pytest.raises(OperatorError) as caught:
        driver_settings("s", settings, KNOWN)
    assert part in str(caught.value)


def test_a_driver_without_settings_says_so() -> None:
    with pytest.raises(OperatorError, match="its driver has no settings"):
        driver_settings("s", {"x": 1}, ())


def test_loaded_chambers_compare_by_content() -> None:
    first, second = load_chamber(CHAMBER), load_chamber(CHAMBER)
    assert isinstance(first, LoadedChamber)
    assert first == second
