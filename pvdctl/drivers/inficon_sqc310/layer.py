"""A layer that the SQC-310 is to control, as the parameters the unit holds.

Parameter numbers: films 074-550-P1B p. 83-84, layers SQC-300 series manual p. 73. Values are whole numbers with the
decimal point taken out; the factors of P and I term are documented (P1B p. 84), the others provisional (see
`facts.UNSETTLED`: layer scalings).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pvdctl.drivers.inficon_sqc310.facts import LIMITS
from pvdctl.errors import BadFrame
from pvdctl.instrument.roles import ControlledLayer

P_FACTOR, I_FACTOR, D_FACTOR = 1, 10, 10
POWER_FACTOR, TIME_FACTOR, PERCENT_FACTOR = 10, 1, 1
RATE_FACTOR, THICKNESS_FACTOR = 1000, 10
"""Rate: 0.01 Å/s for nm/s. Thickness: 1 Å (0.001 kÅ) for nm."""
CONTROL_ERROR = {"ignore": 0, "stop": 1, "timed_power": 2}


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

    def number(what: str, key: str, factor: int) -> int:
        value: float = getattr(layer, key)
        LIMITS.layer[key].judge(f"{instrument}: {what}", value)
        return round(value * factor)

    film = {
        1: number("P term", "p_term", P_FACTOR),
        2: number("I term", "i_term_s", I_FACTOR),
        3: number("D term", "d_term_s", D_FACTOR),
        4: slot,  # material
    }
    conditioning = {
        1: number("ramp 1 power", "ramp_1_percent", POWER_FACTOR),
        2: number("ramp 1 time", "ramp_1_s", TIME_FACTOR),
        3: number("soak 1 time", "soak_1_s", TIME_FACTOR),
        4: number("ramp 2 power", "ramp_2_percent", POWER_FACTOR),
        5: number("ramp 2 time", "ramp_2_s", TIME_FACTOR),
        6: number("soak 2 time", "soak_2_s", TIME_FACTOR),
        **dict.fromkeys((7, 8, 9, 10, 11), 0),  # no idle power, no feed: the layer ends with no power
    }
    control = {
        1: 0,  # no shutter delay, no capture: the host qualifies the rate
        2: 0,
        3: CONTROL_ERROR[layer.control_error],
        4: number("control error", "control_error_percent", PERCENT_FACTOR),
        5: 0,  # continuous sampling
    }
    wanted = {
        1: number("rate", "rate_nm_per_s", RATE_FACTOR),
        2: number("final thickness", "final_thickness_nm", THICKNESS_FACTOR),
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
