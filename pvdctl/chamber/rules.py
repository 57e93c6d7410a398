"""Interlock rules of a chamber file: whether each can be evaluated, and can ever trip.

What is checked here by name and unit, process.conditions binds to live readings when a chamber is set up.
"""

from collections.abc import Mapping

from pvdctl.chamber.checker import Checker, Way
from pvdctl.chamber.document import Document
from pvdctl.chamber.model import Chamber, Condition, Rule
from pvdctl.chamber.near import near_miss
from pvdctl.chamber.problems import Problem
from pvdctl.quantities import NotAQuantity, parse, wanted

DERIVED: Mapping[str, str] = {
    "chamber_pressure": "mbar",
    "foreline_pressure": "mbar",
    "turbo_percent": "%",
    "source_current": "A",
    "sources_off": "",
    "sources_cold": "",
    "ion_gauge_on": "",
    "watchdog_tripped": "",
    "supply_tripped": "",
}
"""Readings that the process derives, with their unit (empty for yes or no); for rules, beside inputs and gauges."""


class Rules(Checker):
    """Collects the problems of the interlock rules of one chamber file."""

    def __init__(self, chamber: Chamber, doc: Document) -> None:
        super().__init__(chamber, doc)
        self._readings: dict[str, str] = dict.fromkeys(chamber.io.inputs, "")
        self._readings |= dict.fromkeys(chamber.gauges, "mbar")
        self._readings |= DERIVED
        self._driven = set(chamber.io.outputs) | set(chamber.actuators)
        self._driven |= {source.supply for source in chamber.sources.values()}
        self._driven.add(chamber.vacuum.turbo)
        self._driven |= {name for name, gauge in chamber.gauges.items() if gauge.ion}

    def check(self) -> list[Problem]:
        """Everything at once."""
        for kind in ("inputs", "gauges"):
            way: Way = ("io", kind) if kind == "inputs" else (kind,)
            for name in self.chamber.io.inputs if kind == "inputs" else self.chamber.gauges:
                if name in DERIVED:
                    self.say((*way, name), "a name of its own", f"'{name}', which pvdctl derives itself", key=True)
        first: dict[str, int] = {}
        for index, rule in enumerate(self.chamber.interlocks):
            way = ("interlocks", index)
            if rule.name in first:
                line, _ = self.doc.place(("interlocks", first[rule.name], "name"))
                self.say((*way, "name"), "each rule name once", f"'{rule.name}' a second time (first in line {line})")
            first.setdefault(rule.name, index)
            self._rule(way, rule)
        return self.problems

    def _rule(self, way: Way, rule: Rule) -> None:
        if not rule.require:
            self.say((*way, "require"), "at least one condition (else the rule can never trip)", "none")
        for word in ("cause", "consequence", "response"):
            if not getattr(rule, word).strip():
                self.say((*way, word), "a sentence: an alarm must say what to do about it", "nothing")
        if rule.action == "none" and not rule.force and rule.priority == "critical":
            self.say((*way, "action"), "something to force or to do in a critical rule", "nothing")
        for kind, conditions in (("applies_when", rule.applies_when), ("require", rule.require)):
            for index, condition in enumerate(conditions):
                self._condition((*way, kind, index), condition)
        for index, name in enumerate(rule.force):
            if name not in self._driven:
                known = sorted(self._driven)
                hint = near_miss(name, known)
                self.say((*way, "force", index), "an output, actuator, supply, turbo or ion gauge", f"'{name}'", hint)

    def _condition(self, way: Way, condition: Condition) -> None:
        tests = [key for key in ("below", "above", "is") if getattr(condition, key.replace("is", "is_")) is not None]
        if (condition.reading is None) == (condition.asked is None):
            self.say(way, "exactly one of 'reading' and 'asked'", "both" if condition.reading else "neither")
            return
        if len(tests) != 1:
            self.say(way, "exactly one of 'below', 'above' and 'is'", " and ".join(tests) or "none")
            return
        if condition.asked is not None:
            self._asked(way, condition.asked, tests[0])
        elif condition.reading is not None:
            self._reading(way, condition.reading, tests[0], condition)

    def _asked(self, way: Way, name: str, test: str) -> None:
        if name not in self._driven:
            hint = near_miss(name, sorted(self._driven))
            self.say((*way, "asked"), "an output, actuator, supply, turbo or ion gauge", f"'{name}'", hint)
        if test != "is":
            self.say((*way, test), "'is' with open, closed, on or off for what is asked", f"'{test}'", key=True)

    def _reading(self, way: Way, name: str, test: str, condition: Condition) -> None:
        unit = self._readings.get(name)
        if unit is None:
            self.say((*way, "reading"), "a reading", f"'{name}'", near_miss(name, sorted(self._readings)))
            return
        if test == "is":
            if unit:
                found = f"'is', but {name} is a number in {unit}"
                self.say((*way, "is"), "'below' or 'above'", found, key=True)
            return
        if not unit:
            self.say((*way, test), "'is' with on or off", f"'{test}', but {name} is yes or no", key=True)
            return
        limit = condition.below if test == "below" else condition.above
        try:
            parse(limit, unit)
        except NotAQuantity as error:
            self.say((*way, test), wanted(unit), error.found, error.hint)


def ceilings_mbar(chamber: Chamber, valve: str) -> list[tuple[str, float]]:
    """Rules that hold `valve` closed unless the chamber pressure is below a limit: (rule, limit in mbar)."""
    found = []
    for rule in chamber.interlocks:
        if any(c.asked == valve and c.is_ in ("open", "on", True) for c in rule.applies_when):
            found += [
                (rule.name, parse(c.below, "mbar"))
                for c in rule.require
                if c.reading == "chamber_pressure" and c.below is not None
            ]
    return found
