"""The border between text with a unit and a number whose name has one."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.quantities import SUFFIXES, UNITS, NotAQuantity, parse, show, split_name, wanted

UNIT = st.sampled_from(sorted(UNITS))


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("300 nm", "nm", 300.0),
        ("300nm", "nm", 300.0),
        ("  300  nm ", "nm", 300.0),
        ("3 kÅ", "nm", 300.0),
        ("0.3 µm", "nm", 300.0),
        ("0.3 um", "nm", 300.0),
        ("0.3 \u03bcm", "nm", 300.0),  # Greek mu
        ("5 Å/s", "nm/s", 0.5),
        ("5 \u212b/s", "nm/s", 0.5),  # the Angstrom sign
        ("30 nm/min", "nm/s", 0.5),
        ("5e-6 mbar", "mbar", 5e-6),
        ("5E-6 mbar", "mbar", 5e-6),
        ("+.5 mbar", "mbar", 0.5),
        ("5. mbar", "mbar", 5.0),
        ("50 kPa", "mbar", 500.0),
        ("1 bar", "mbar", 1000.0),
        ("500 hPa", "mbar", 500.0),
        ("760 Torr", "mbar", 1013.25),
        ("1 mTorr", "mbar", 1.3332236842e-3),
        ("3 min", "s", 180.0),
        ("1.5 h", "s", 5400.0),
        ("250 ms", "s", 0.25),
        ("3 min", "ms", 180000.0),
        ("0 °C", "°C", 0.0),
        ("293.15 K", "°C", 20.0),
        ("20 degC", "°C", 20.0),
        ("6 MHz", "Hz", 6e6),
        ("7140 kg/m3", "g/cm3", 7.14),
        ("17.1 %/A", "1/A", 0.171),
        ("0.15 g", "mg", 150.0),
        ("1e-4 mbar L/s", "mbar L/s", 1e-4),
        ("-3 V", "V", -3.0),
    ],
)
def test_texts_that_are_quantities(text: str, unit: str, value: float) -> None:
    assert parse(text, unit) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "unit", "found", "hint"),
    [
        (300, "nm", "the bare number 300", "write the unit"),
        (0.5, "nm/s", "the bare number 0.5", "write the unit"),
        ("300", "nm", "the bare number '300'", "write the unit"),
        (True, "nm", "'true'", ""),
        (None, "nm", "nothing", ""),
        ([], "nm", "a list", ""),
        ({}, "nm", "a mapping", ""),
        ("3 nanometers", "nm", "unit 'nanometers' is not known", "did you mean 'nm'?"),
        ("", "nm", "''", ""),
        ("nm", "nm", "'nm'", ""),
        ("nan nm", "nm", "'nan nm'", ""),
        ("inf nm", "nm", "'inf nm'", ""),
        ("1e999 nm", "nm", "not finite", ""),
        ("1e308 h", "s", "not finite", ""),
        ("3 mBar", "mbar", "unit 'mBar' is not known", "did you mean 'mbar'?"),
        ("3 torr", "mbar", "unit 'torr' is not known", "did you mean 'Torr'?"),
        ("3 hours", "s", "unit 'hours' is not known", "did you mean 'h'?"),
        ("3 minutes", "s", "unit 'minutes' is not known", "did you mean 'min'?"),
        ("3 C", "°C", "unit 'C' is not known", "did you mean '°C'?"),
        ("3 furlong", "nm", "unit 'furlong' is not known", "units that fit: nm, Å, kÅ"),
        ("5 A/s", "nm/s", "which is a current slew", "did you mean 'Å/s'?"),
        ("5 s", "nm", "which is a time", ""),
        ("5 mbar", "Hz", "which is a pressure", ""),
        ("0,5 nm/s", "nm/s", "'0,5 nm/s'", "decimal point"),
        ("5 e-6 mbar", "mbar", "unit 'e-6 mbar' is not known", ""),
        ("1_000 nm", "nm", "unit '_000 nm' is not known", ""),
        ("0x10 nm", "nm", "unit 'x10 nm' is not known", ""),
        ("\u0663 nm", "nm", "'\u0663 nm'", ""),  # an Arabic digit three
        ("-1 K", "°C", "below absolute zero", ""),
        ("-300 °C", "°C", "below absolute zero", ""),
    ],
)
def test_texts_that_are_not(text: object, unit: str, found: str, hint: str) -> None:
    with pytest.raises(NotAQuantity) as caught:
        parse(text, unit)
    assert caught.value.wanted == wanted(unit)
    assert found in caught.value.found
    assert caught.value.hint.startswith(hint) or hint in caught.value.hint
    assert str(caught.value).startswith(f"wanted {wanted(unit)}, found ")


@given(UNIT, st.floats(allow_nan=False, allow_infinity=False, min_value=-200.0, max_value=1e300))
def test_a_number_in_its_own_unit_comes_back_unchanged(unit: str, value: float) -> None:
    if UNITS[unit][0] == "temperature" and value * UNITS[unit][1] + UNITS[unit][2] < -273.15:
        return
    assert parse(f"{value!r} {unit}", unit) == value


@given(UNIT, UNIT, st.floats(min_value=0.0, max_value=1e9))
def test_there_and_back_through_any_two_units(first: str, second: str, value: float) -> None:
    text = f"{value!r} {first}"
    if UNITS[first][0] != UNITS[second][0]:
        with pytest.raises(NotAQuantity, match=f"which is a {UNITS[first][0]}"):
            parse(text, second)
        return
    there = parse(text, second)
    assert parse(f"{there!r} {second}", first) == pytest.approx(value, rel=1e-12, abs=1e-9)


@given(st.text(max_size=30), UNIT)
def test_any_text_is_a_finite_number_or_refused(text: str, unit: str) -> None:
    value = None
    with contextlib.suppress(NotAQuantity):
        value = parse(text, unit)
    if value is not None:
        assert math.isfinite(value)
        assert any(text.strip().replace("\u212b", "Å").replace("\u03bc", "µ").endswith(u) for u in UNITS)


def test_every_unit_example_is_a_quantity_itself() -> None:
    for unit in UNITS:
        example = wanted(unit).split("'")[1]
        assert math.isfinite(parse(example, unit))


def test_suffixes_name_units_and_the_longest_wins() -> None:
    assert set(SUFFIXES.values()) <= set(UNITS)
    assert split_name("rate_nm_per_s") == ("rate", "nm/s")
    assert split_name("max_slew_a_per_s") == ("max_slew", "A/s")
    assert split_name("gain_per_a") == ("gain", "1/A")
    assert split_name("gas_load_1h_mbar_l_per_s") == ("gas_load_1h", "mbar L/s")
    assert split_name("roughing_speed_l_per_s") == ("roughing_speed", "L/s")
    assert split_name("consumption_mg_per_nm") == ("consumption", "mg/nm")
    assert split_name("thickness_nm") == ("thickness", "nm")
    assert split_name("rate") == ("rate", None)
    assert split_name("_nm") == ("_nm", None)
    for suffix, unit in SUFFIXES.items():
        assert split_name(f"x{suffix}") == ("x", unit)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (5e-6, "mbar", "5e-06 mbar"),
        (59.94, "s", "59.94 s"),
        (725.0, "s", "12 min 05 s"),
        (60.0, "s", "1 min 00 s"),
        (3599.7, "s", "1 h 00 min"),
        (7384.0, "s", "2 h 03 min"),
        (117.123456, "A", "117.1 A"),
    ],
)
def test_show(value: float, unit: str, shown: str) -> None:
    assert show(value, unit) == shown
