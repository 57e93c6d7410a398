"""Numbers wear their unit: `300 nm` in files, `thickness_nm` inside. The border between the two.

A small table instead of a units library: the whole set fits on a page, `pvdctl check` may take 0.3 s in all, and a
general library (pint) takes half of that to import and accepts `A/s` as ampere per second where Å/s was meant.
Imports nothing of pvdctl.
"""

import math
import re

UNITS: dict[str, tuple[str, float, float]] = {
    # unit: (dimension, factor to the dimension's first unit, offset added after the factor)
    "nm": ("length", 1.0, 0.0),
    "Å": ("length", 0.1, 0.0),
    "kÅ": ("length", 100.0, 0.0),
    "µm": ("length", 1e3, 0.0),
    "um": ("length", 1e3, 0.0),
    "mm": ("length", 1e6, 0.0),
    "s": ("time", 1.0, 0.0),
    "ms": ("time", 1e-3, 0.0),
    "min": ("time", 60.0, 0.0),
    "h": ("time", 3600.0, 0.0),
    "nm/s": ("deposition rate", 1.0, 0.0),
    "Å/s": ("deposition rate", 0.1, 0.0),
    "nm/min": ("deposition rate", 1.0 / 60.0, 0.0),
    "mbar": ("pressure", 1.0, 0.0),
    "hPa": ("pressure", 1.0, 0.0),
    "bar": ("pressure", 1e3, 0.0),
    "Pa": ("pressure", 1e-2, 0.0),
    "kPa": ("pressure", 10.0, 0.0),
    "Torr": ("pressure", 1013.25 / 760.0, 0.0),
    "mTorr": ("pressure", 1.01325 / 760.0, 0.0),
    "A": ("current", 1.0, 0.0),
    "mA": ("current", 1e-3, 0.0),
    "V": ("voltage", 1.0, 0.0),
    "mV": ("voltage", 1e-3, 0.0),
    "W": ("power", 1.0, 0.0),
    "%": ("ratio", 1.0, 0.0),
    "°C": ("temperature", 1.0, 0.0),
    "degC": ("temperature", 1.0, 0.0),
    "K": ("temperature", 1.0, -273.15),
    "Hz": ("frequency", 1.0, 0.0),
    "kHz": ("frequency", 1e3, 0.0),
    "MHz": ("frequency", 1e6, 0.0),
    "g/cm3": ("density", 1.0, 0.0),
    "kg/m3": ("density", 1e-3, 0.0),
    "L": ("volume", 1.0, 0.0),
    "A/s": ("current slew", 1.0, 0.0),
    "L/s": ("volume flow", 1.0, 0.0),
    "mbar L/s": ("throughput", 1.0, 0.0),
    "sccm": ("gas flow", 1.0, 0.0),
    "slm": ("gas flow", 1e3, 0.0),
    "mg": ("mass", 1.0, 0.0),
    "g": ("mass", 1e3, 0.0),
    "mbar s": ("exposure", 1.0, 0.0),
    "mbar/s": ("pressure rise", 1.0, 0.0),
    "mg/nm": ("mass per thickness", 1.0, 0.0),
    "1/A": ("relative change per current", 1.0, 0.0),
    "%/A": ("relative change per current", 1e-2, 0.0),
}
"""Every unit a file may use. 1 Torr = 1013.25/760 mbar by definition; 0 °C = 273.15 K. sccm and slm: cm³/min and
L/min of gas at 0 °C and 1013.25 mbar (DIN 1343)."""

MBAR_L_PER_S_PER_SCCM = 1013.25e-3 / 60.0 * 293.15 / 273.15
"""1 sccm as pV-flow of gas at 20 °C."""

ABSOLUTE_ZERO_DEGC = -273.15

SUFFIXES: dict[str, str] = {
    "_nm_per_s": "nm/s",
    "_a_per_s": "A/s",
    "_g_per_cm3": "g/cm3",
    "_mbar_l_per_s": "mbar L/s",
    "_mbar_per_s": "mbar/s",
    "_mg_per_nm": "mg/nm",
    "_l_per_s": "L/s",
    "_mbar_s": "mbar s",
    "_sccm": "sccm",
    "_per_a": "1/A",
    "_nm": "nm",
    "_mbar": "mbar",
    "_percent": "%",
    "_degc": "°C",
    "_hz": "Hz",
    "_ms": "ms",
    "_mg": "mg",
    "_s": "s",
    "_a": "A",
    "_v": "V",
    "_w": "W",
    "_l": "L",
}
"""How a field's name says its unit inside pvdctl; longest first."""

_QUANTITY = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(.*?)\s*")
_DECIMAL_COMMA = re.compile(r"\s*[+-]?[0-9]+,[0-9]+(?![0-9,])")
_SAME = str.maketrans({"\u03bc": "\u00b5", "\u212b": "\u00c5"})
"""Greek mu and the Angstrom sign are written for the micro sign and the letter Å, and look alike."""

_EXAMPLES = {
    "nm": "300 nm",
    "nm/s": "0.5 nm/s",
    "mbar": "5e-6 mbar",
    "s": "3 min",
    "%": "10 %",
    "A": "120 A",
    "A/s": "5 A/s",
    "V": "2 V",
    "°C": "60 °C",
    "Hz": "6 MHz",
    "g/cm3": "7.14 g/cm3",
    "L": "70 L",
    "mg": "150 mg",
    "mg/nm": "1.4 mg/nm",
    "1/A": "16 %/A",
    "mbar L/s": "1e-4 mbar L/s",
    "mbar/s": "8 mbar/s",
    "L/s": "4.2 L/s",
    "sccm": "2000 sccm",
}


_SPELT_OUT = {
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "mins": "min",
    "hour": "h",
    "hours": "h",
    "hrs": "h",
    "nanometer": "nm",
    "nanometre": "nm",
    "micron": "µm",
    "angstrom": "Å",
    "angstrom/s": "Å/s",
    "c": "°C",
    "percent": "%",
    "amps": "A",
    "ampere": "A",
    "volts": "V",
    "litres": "L",
    "liters": "L",
}
"""Spelt-out units people write; not accepted, but understood well enough to say what was meant."""


class NotAQuantity(ValueError):
    """A text that is not the quantity that was wanted: what was wanted, what was found, what to do next (or "")."""

    def __init__(self, wanted: str, found: str, hint: str = "") -> None:
        self.wanted, self.found, self.hint = wanted, found, hint
        super().__init__(f"wanted {wanted}, found {found}" + (f"; {hint}" if hint else ""))


def split_name(name: str) -> tuple[str, str | None]:
    """`thickness_nm` -> (`thickness`, `nm`); a name without a known suffix comes back whole, with None."""
    for suffix, unit in SUFFIXES.items():
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], unit
    return name, None


def wanted(unit: str) -> str:
    """What a text must be to have a value in `unit`, in words with an example."""
    dimension = UNITS[unit][0]
    article = "an" if dimension[0] in "aeiou" else "a"
    return f"{article} {dimension} with its unit, such as '{_EXAMPLES.get(unit, f'1 {unit}')}'"


def parse(text: object, unit: str) -> float:
    """The number that `text`, such as `5e-6 mbar`, has in `unit`.

    Raises NotAQuantity (a ValueError) with a sentence for anything else: a bare number, an unknown or foreign unit,
    nan, infinity, a temperature below absolute zero.
    """
    dimension, factor, offset = UNITS[unit]
    if not isinstance(text, str):
        raise _not_text(text, unit)
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise NotAQuantity(wanted(unit), f"'{text}'")
    number, found = float(match.group(1)), match.group(2).translate(_SAME)
    if found not in UNITS:
        raise _unknown_unit(text, found, unit)
    its_dimension, its_factor, its_offset = UNITS[found]
    if its_dimension != dimension:
        hint = "did you mean 'Å/s'?" if found == "A/s" and dimension == "deposition rate" else ""
        raise NotAQuantity(wanted(unit), f"'{text}', which is a {its_dimension}", hint)
    value = number if found == unit else ((number * its_factor + its_offset) - offset) / factor
    if not math.isfinite(value):
        raise NotAQuantity(wanted(unit), f"'{text}', which is not finite")
    if dimension == "temperature" and number * its_factor + its_offset < ABSOLUTE_ZERO_DEGC:
        raise NotAQuantity(wanted(unit), f"'{text}', which is below absolute zero")
    return value


def _not_text(found: object, unit: str) -> NotAQuantity:
    """A number, a list or nothing stands where a quantity belongs."""
    if isinstance(found, int | float) and not isinstance(found, bool):
        return NotAQuantity(wanted(unit), f"the bare number {found!r}", "write the unit behind the number")
    if found is None:
        return NotAQuantity(wanted(unit), "nothing")
    if isinstance(found, bool):
        return NotAQuantity(wanted(unit), f"'{str(found).lower()}'")
    return NotAQuantity(wanted(unit), "a mapping" if isinstance(found, dict) else "a list")


def _unknown_unit(text: str, found: str, unit: str) -> NotAQuantity:
    """The number is followed by something that is no unit of the table."""
    if not found:
        return NotAQuantity(wanted(unit), f"the bare number '{text}'", "write the unit behind the number")
    if _DECIMAL_COMMA.match(text):
        return NotAQuantity(wanted(unit), f"'{text}'", "write a decimal point, not a comma")
    import difflib  # a few ms, needed only for a complaint

    dimension = UNITS[unit][0]
    fitting = [u for u, (d, _, _) in UNITS.items() if d == dimension]
    folded = {u.casefold(): u for u in fitting} | {w: u for w, u in _SPELT_OUT.items() if u in fitting}
    near = difflib.get_close_matches(found.casefold(), folded, n=1, cutoff=0.6)
    hint = f"did you mean '{folded[near[0]]}'?" if near else f"units that fit: {', '.join(fitting)}"
    return NotAQuantity(wanted(unit), f"'{text}', whose unit '{found}' is not known", hint)


def show(value: float, unit: str, digits: int = 4) -> str:
    """Text for people: `show(5e-6, "mbar")` is `5e-06 mbar`; times of a minute and more are shown as `12 min 05 s`."""
    if unit == "s" and value >= 60.0:
        whole = round(value)
        hours, rest = divmod(whole, 3600)
        minutes, seconds = divmod(rest, 60)
        return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s"
    return f"{value:.{digits}g} {unit}"
