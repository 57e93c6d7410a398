"""A layer that the SQC-310 is to control, as the parameters the unit holds.

Parameter numbers: films 074-550-P1B p. 83-84, layers SQC-300 series manual p. 73. Values are whole numbers with the
decimal point taken out; the factors of P and I term are documented (P1B p. 84), the others provisional (see
`facts.UNSETTLED`: layer scalings).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pvdctl.errors import BadFrame, OperatorError
from pvdctl.instrument.roles import ControlledLayer

P_FACTOR, I_FACTOR, D_FACTOR = 1, 10, 10
POWER_FACTOR, TIME_FACTOR, PERCENT_FACTOR = 10, 1, 1
RATE_FACTOR, THICKNESS_FACTOR = 1000, 10
"""Rate: 0.01 Å/s for nm/s. Thickness: 1 Å (0.001 kÅ) for nm."""
CONTROL_ERROR = {"ignore": 0, "stop": 1, "timed_power": 2}
LIMITS: Mapping[str, tuple[float, float]] = {
    "P term": (1, 9999), "I term": (0, 999.9), "D term": (0, 99.9), "power": (0, 100), "time": (0, 9999),
    "control error": (1, 99), "rate": (0.001, 99.99), "final thickness": (0.1, 99999.0),
}  # fmt: skip
"""Ranges: widths of the fields on the unit's screens where those were seen, else guesses; only power's is certain."""


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that are set with one request and read back with one question; `values` by number."""

    head: str
    values: Mapping[int, int]

    @property
    def request(self) -> str:
        """Sets all."""
        return f"{self.head} " + " ".join(f"{number},{value}" for number, value in self.values.items())

    @property
    def question(self) -> str:
        """Asks for all."""
        return f"{self.head}? " + " ".join(map(str, self.values))


def layer_groups(instrument: str, slot: int, layer: ControlledLayer) -> list[Group]:
    """What is written for a layer, in order. Raises OperatorError for a value outside the unit's range."""

    def number(what: str, value: float, unit: str, factor: int, limits: str = "") -> int:
        least, most = LIMITS[limits or what]
        if not least <= value <= most:
            raise OperatorError(
                f"{instrument}: {what} {value:g} {unit} is outside the unit's range, {least:g} to {most:g} {unit}. "
                "Correct the chamber file or the recipe."
            )
        return round(value * factor)

    def power(what: str, percent: float) -> int:
        return number(f"{what} power", percent, "%", POWER_FACTOR, "power")

    def time(what: str, seconds: float) -> int:
        return number(f"{what} time", seconds, "s", TIME_FACTOR, "time")

    film = {
        1: number("P term", layer.p_term, "", P_FACTOR),
        2: number("I term", layer.i_term_s, "s", I_FACTOR),
        3: number("D term", layer.d_term_s, "s", D_FACTOR),
        4: slot,  # material
    }
    conditioning = {
        1: power("ramp 1", layer.ramp_1_percent),
        2: time("ramp 1", layer.ramp_1_s),
        3: time("soak 1", layer.soak_1_s),
        4: power("ramp 2", layer.ramp_2_percent),
        5: time("ramp 2", layer.ramp_2_s),
        6: time("soak 2", layer.soak_2_s),
        **dict.fromkeys((7, 8, 9, 10, 11), 0),  # no idle power, no feed: the layer ends with no power
    }
    control = {
        1: 0,  # no shutter delay, no capture: the host qualifies the rate
        2: 0,
        3: CONTROL_ERROR[layer.control_error],
        4: number("control error", layer.control_error_percent, "%", PERCENT_FACTOR),
        5: 0,  # continuous sampling
    }
    wanted = {
        1: number("rate", layer.rate_nm_per_s, "nm/s", RATE_FACTOR),
        2: number("final thickness", layer.final_thickness_nm, "nm", THICKNESS_FACTOR),
        13: 0,  # no rate ramp
    }
    heads = (f"A2 {slot}", film), (f"A3 {slot}", conditioning), (f"A4 {slot}", control), (f"D{slot}", wanted)
    return [Group(head, values) for head, values in heads]


def numbers_in_pairs(text: str, question: str) -> dict[int, int]:
    """`p,v p,v` as parameter number -> value. Raises BadFrame for anything else."""
    pairs = text.split()
    if not pairs or not all(re.fullmatch(r"\d+,-?\d+", pair, re.ASCII) for pair in pairs):
        raise BadFrame(f"'{question}' wants pairs of number and value", text.encode("latin-1"))
    return {int(number): int(value) for number, value in (pair.split(",") for pair in pairs)}
