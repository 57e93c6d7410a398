"""A small chamber for the tests of interlocks: an image, outputs and rules, all well until a test spoils something."""

from typing import Any

from pvdctl.chamber.model import Rule
from pvdctl.instrument.tag import Tag
from pvdctl.process.image import Image
from pvdctl.process.interlocks import Interlocks
from pvdctl.process.outputs import Output, Outputs


class Plant:
    """A small chamber's image and outputs, all well."""

    def __init__(self, *rules: dict[str, Any]) -> None:
        self.image = Image([])
        for name, unit, value in (
            ("water_ok", "", True),
            ("door_closed", "", True),
            ("gate_valve_closed", "", False),
            ("chamber_pressure", "mbar", 1e-6),
            ("turbo_percent", "%", 100.0),
            ("source_current", "A", 0.0),
            ("turns", "rpm", 60000.0),
        ):
            self.image.derived(name, unit).set(value)
        self.outputs = Outputs(
            [
                Output("n2_valve", "digital"),
                Output("gate_valve", "digital"),
                Output("water_valve", "digital", safe=1.0),
                Output("boat_supply.output", "supply"),
                Output("boat_supply.current", "current"),
                Output("turbo.run", "turbo"),
                Output("full_range.on", "gauge"),
            ]
        )
        self.interlocks = Interlocks([rule(**one) for one in rules], self.image, self.outputs)

    def __getitem__(self, name: str) -> Tag:
        return self.image[name]

    def forced_by(self, name: str) -> tuple[str, ...]:
        return self.outputs[name].forced_by

    def first(self) -> str:
        state = self.interlocks.first_out
        return "" if state is None else state.rule.name

    def whys(self) -> list[str]:
        return [state.why for state in self.interlocks.tripped]

    def names(self) -> list[str]:
        return [state.rule.name for state in self.interlocks.tripped]


def rule(name: str = "rule", **fields: Any) -> Rule:
    texts = {"cause": "a cause", "consequence": "a consequence", "response": "a response"}
    return Rule.model_validate({"name": name, **texts, **fields})


WATER = {"name": "water", "require": [{"reading": "water_ok", "is": "on"}], "force": ["boat_supply"], "action": "hold"}
VACUUM = {"name": "vacuum", "require": [{"reading": "chamber_pressure", "below": "1e-5 mbar"}], "action": "abort"}
TURBO = {"name": "turbo", "require": [{"reading": "turbo_percent", "above": "80 %"}], "action": "suspend"}
N2 = {
    "name": "n2",
    "applies_when": [{"asked": "n2_valve", "is": "open"}],
    "require": [{"reading": "gate_valve_closed", "is": "on"}],
    "force": ["n2_valve"],
}

CONDITIONS: list[tuple[dict[str, Any], str, Any, Any]] = [
    ({"reading": "water_ok", "is": "on"}, "water_ok", True, False),
    ({"reading": "water_ok", "is": "off"}, "water_ok", False, True),
    ({"reading": "water_ok", "is": "open"}, "water_ok", 1, 0),
    ({"reading": "water_ok", "is": "closed"}, "water_ok", 0, 1),
    ({"reading": "water_ok", "is": True}, "water_ok", 1.0, 0.0),
    ({"reading": "water_ok", "is": False}, "water_ok", 0.0, 1.0),
    ({"reading": "chamber_pressure", "below": "1e-5 mbar"}, "chamber_pressure", 9e-6, 1e-5),
    ({"reading": "chamber_pressure", "above": "1e-5 mbar"}, "chamber_pressure", 1.1e-5, 1e-5),
    ({"reading": "turbo_percent", "above": "80 %"}, "turbo_percent", 81.0, 80.0),
]
"""A condition, its reading, a value for which it holds and one for which it does not."""
