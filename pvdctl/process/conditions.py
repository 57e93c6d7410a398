"""Interlock conditions, from the chamber file's text to something that costs tens of nanoseconds.

Each condition is bound once to its Tag or Output and turned into one Python expression; all rules of a group become
one generated function that returns a bit for every violated rule.

Everything is written to fail closed. A requirement counts as met only when its reading is GOOD and the comparison is
true; a condition of `applies_when` counts as not met only when its reading is GOOD and the opposite comparison is
true. So an unread, uncertain, stale or not-a-number reading can neither fulfil a requirement nor excuse from one.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal, cast

from pvdctl.chamber.model import Condition, Rule
from pvdctl.chamber.near import near_miss
from pvdctl.errors import OperatorError
from pvdctl.instrument.tag import BAD, GOOD, QUALITY_WORDS, Tag
from pvdctl.process.image import Image
from pvdctl.process.outputs import Output, Outputs
from pvdctl.process.written_out import written_out
from pvdctl.quantities import UNITS, parse

How = Literal["below", "above", "is"]

_LEVELS = {"open": 1.0, "on": 1.0, "true": 1.0, "closed": 0.0, "off": 0.0, "false": 0.0}
_OPPOSITE = {"open": "closed", "closed": "open", "on": "off", "off": "on", "true": "false", "false": "true"}
_CERTAIN = {"below": "<", "above": ">", "is": "=="}
_CERTAINLY_NOT = {"below": ">=", "above": "<=", "is": "=="}


class Statement:
    """One condition, bound to what it speaks of.

    name: as in the chamber file. target: the Tag or Output. how: `below`, `above` or `is`.
    limit: in the tag's unit; for `is` 1.0 or 0.0, and `word` is how the file says it.
    """

    __slots__ = ("how", "limit", "name", "target", "word")

    def __init__(self, name: str, target: Tag | Output, how: How, limit: float, word: str = "") -> None:
        self.name = name
        self.target = target
        self.how = how
        self.limit = limit
        self.word = word

    def unmet_code(self, target: str, limit: str) -> str:
        """An expression that is false only when the statement is certainly true."""
        if isinstance(self.target, Output):
            return f"{target}.asked != {limit}"
        return f"({target}.quality or not {target}.value {_CERTAIN[self.how]} {limit})"

    def applies_code(self, target: str, limit: str, opposite: str) -> str:
        """An expression that is false only when the statement is certainly false."""
        if isinstance(self.target, Output):
            return f"{target}.asked != {opposite}"
        against = opposite if self.how == "is" else limit
        return f"({target}.quality or not {target}.value {_CERTAINLY_NOT[self.how]} {against})"

    def doubt(self) -> str | None:
        """Why the statement cannot be judged now, as a sentence part; None when it can."""
        target = self.target
        if isinstance(target, Output):
            return None
        if target.quality != GOOD:
            word = "" if target.quality == BAD else f" ({QUALITY_WORDS[target.quality]})"
            return f"{self.name} cannot be evaluated{word}: {target.why}"
        value = target.value
        if value is None:
            return f"{self.name} cannot be evaluated: it has no value yet"
        if not isinstance(value, (int, float)) or math.isnan(value):
            return f"{self.name} cannot be evaluated: its value {value!r} is not a number"
        return None

    def complaint(self) -> str | None:
        """Why the statement is not certainly true now, as a sentence part; None when it is."""
        doubt = self.doubt()
        if doubt is not None:
            return doubt
        target = self.target
        value = target.asked if isinstance(target, Output) else cast("float", target.value)
        if self.how == "is":
            if value == self.limit:
                return None
            found = _OPPOSITE[self.word] if value == 1.0 - self.limit else repr(value)
            verb = "is asked" if isinstance(target, Output) else "is"
            return f"{self.name} {verb} {found}, required {self.word}"
        if value < self.limit if self.how == "below" else value > self.limit:
            return None
        unit = "" if isinstance(target, Output) else target.unit
        shown, limit = _tell_apart(float(value), self.limit)
        return f"{self.name} {shown} {unit} is not {self.how} {limit} {unit}"


class BoundRule:
    """A rule bound to the image and the outputs.

    asks: whether any of its conditions is about something asked. forces: the outputs it makes safe.
    Raises OperatorError when the rule can never trip, names something unknown, or has a condition that tests nothing,
    two things, or in a unit that does not fit.
    """

    __slots__ = ("applies_when", "asks", "forces", "require", "rule")

    def __init__(self, rule: Rule, image: Image, outputs: Outputs) -> None:
        self.rule = rule
        where = f"interlock '{rule.name}'"
        if not rule.require:
            raise OperatorError(f"{where}: it requires nothing, so it could never trip. Give `require` a condition.")
        for word in ("cause", "consequence", "response"):
            if not getattr(rule, word).strip():
                raise OperatorError(f"{where}: its `{word}` is empty. An alarm must tell what to do about it.")
        self.applies_when = tuple(bind(c, image, outputs, f"{where}, applies_when") for c in rule.applies_when)
        self.require = tuple(bind(c, image, outputs, f"{where}, require") for c in rule.require)
        self.asks = any(isinstance(s.target, Output) for s in (*self.applies_when, *self.require))
        forces: dict[str, Output] = {}
        for name in rule.force:
            driven = driven_by(name, outputs)
            if not driven:
                raise OperatorError(
                    f"{where}, force: nothing can be driven by the name '{name}'{_near_output(name, outputs)}"
                )
            forces.update((output.name, output) for output in driven)
        self.forces = tuple(forces.values())

    def why(self) -> str:
        """The sentence that says why the rule is violated now; empty when it is not."""
        parts = [part for statement in self.require if (part := statement.complaint()) is not None]
        if not parts:
            return ""
        asked = [f"{s.name} is asked {s.word}" for s in self.applies_when if isinstance(s.target, Output)]
        doubts = [doubt for statement in self.applies_when if (doubt := statement.doubt()) is not None]
        sentence = "; ".join(parts)
        if asked:
            sentence += f", while {' and '.join(asked)}"
        return f"{sentence} (taken to apply: {'; '.join(doubts)})" if doubts else sentence

    def still(self) -> str:
        """What the readings it requires still lack, whatever is asked now; empty when nothing.

        A rule about something asked is silent once that is no longer asked, but its cause may stand.
        """
        readings = [statement for statement in self.require if isinstance(statement.target, Tag)]
        return "; ".join(part for statement in readings if (part := statement.complaint()) is not None)


def bind(condition: Condition, image: Image, outputs: Outputs, where: str) -> Statement:
    """Bind a condition to its reading or output, with its limit in the reading's unit.

    Raises OperatorError, beginning with `where`, for a condition that cannot be meant.
    """
    found = f"found {_shown(condition)}"
    if (condition.reading is None) == (condition.asked is None):
        raise OperatorError(f"{where}: a condition names either `reading` or `asked`, {found}")
    if sum(test is not None for test in (condition.below, condition.above, condition.is_)) != 1:
        raise OperatorError(f"{where}: a condition has exactly one of `below`, `above` and `is`, {found}")
    if condition.asked is not None:
        if condition.is_ is None:
            raise OperatorError(f"{where}: what is asked is tested with `is`, {found}")
        return _bind_level(condition.asked, _switch(condition.asked, outputs, where), condition.is_)
    return _bind_reading(condition, image, where)


def _bind_reading(condition: Condition, image: Image, where: str) -> Statement:
    name = str(condition.reading)
    if name not in image:
        raise OperatorError(f"{where}: no reading is called '{name}'{_near(name, image.names())}")
    tag = image[name]
    if condition.is_ is not None:
        if tag.unit:
            raise OperatorError(
                f"{where}: `is` tests yes/no readings, but {name} is a number in {tag.unit}. Use `below` or `above`."
            )
        return _bind_level(name, tag, condition.is_)
    if tag.unit not in UNITS:
        its = f"has the unit '{tag.unit}', which no file can state" if tag.unit else "has no unit"
        raise OperatorError(f"{where}: `below` and `above` test numbers with a unit, but {name} {its}. Use `is`.")
    how: How = "below" if condition.below is not None else "above"
    try:
        return Statement(name, tag, how, parse(condition.below or condition.above, tag.unit))
    except ValueError as wrong:
        raise OperatorError(f"{where}: {name} {how}: {wrong}") from wrong


def _bind_level(name: str, target: Tag | Output, is_: bool | str) -> Statement:
    word = str(is_).lower()
    return Statement(name, target, "is", _LEVELS[word], word)


def driven_by(name: str, outputs: Outputs) -> tuple[Output, ...]:
    """The outputs that a name in the chamber file means; empty when there are none.

    An actuator or PLC output means itself, a supply its output and its current, a turbo its run, a gauge its on.
    """
    names = (name, f"{name}.output", f"{name}.current", f"{name}.run", f"{name}.on")
    return tuple(outputs[full] for full in names if full in outputs)


def compile_bits(rules: Sequence[BoundRule]) -> Callable[[], int]:
    """One function that returns the violated rules as bits, the first rule as bit 0.

    The function raises when a value has a type that cannot be compared; judge rule by rule then.
    """
    bound: dict[str, object] = {}
    names: dict[int, str] = {}

    def of(target: Tag | Output) -> str:
        name = names.setdefault(id(target), f"t{len(names)}")
        bound[name] = target
        return name

    def constant(value: float) -> str:
        name = f"c{value!r}".translate(_IDENTIFIER)
        bound[name] = value
        return name

    # Rules that begin with the same condition share its test: with the supply off, a dozen rules need no look.
    alike: dict[str, list[str]] = {}
    for index, rule in enumerate(rules):
        applies = [s.applies_code(of(s.target), constant(s.limit), constant(1.0 - s.limit)) for s in rule.applies_when]
        unmet = f"({' or '.join(s.unmet_code(of(s.target), constant(s.limit)) for s in rule.require)})"
        first, *others = [*applies, unmet]
        alike.setdefault(first, []).append(f"bits |= {1 << index}")
        if others:
            alike[first][-1] = f"if {' and '.join(others)}: {alike[first][-1]}"
    body = ["bits = 0"]
    for first, lines in alike.items():
        body += [f"if {first}:", *(f"    {line}" for line in lines)]
    body.append("return bits")
    # Text of the chamber file never gets into the source: it consists of t<number>, c<number>, attribute names and
    # operators.
    return written_out(body, bound, "interlocks")


_IDENTIFIER = str.maketrans({".": "p", "-": "m", "+": None})


def _switch(name: str, outputs: Outputs, where: str) -> Output:
    for output in driven_by(name, outputs):
        if output.kind != "current":
            return output
    raise OperatorError(f"{where}: nothing can be asked by the name '{name}'{_near_output(name, outputs)}")


def _near_output(name: str, outputs: Outputs) -> str:
    return _near(name, sorted({full.partition(".")[0] for full in outputs.names()}))


def _near(name: str, known: Sequence[str]) -> str:
    hint = near_miss(name, known)
    return f" ({hint})" if hint else ""


def _shown(condition: Condition) -> str:
    given = condition.model_dump(by_alias=True, exclude_none=True)
    return ", ".join(f"`{key}: {str(value).lower()}`" for key, value in given.items()) or "nothing"


def _tell_apart(value: float, limit: float) -> tuple[str, str]:
    """Value and limit with as many digits as tell them apart, at least two."""
    texts = (_figure(value, 2), _figure(limit, 2))
    for digits in (4, 6, 9, 17):
        if texts[0] != texts[1] or value == limit:
            break
        texts = (_figure(value, digits), _figure(limit, digits))
    return texts


def _figure(value: float, digits: int) -> str:
    """Pressures and the like with an exponent, everyday numbers without."""
    if value != 0.0 and not 1e-2 <= abs(value) < 1e5:
        return f"{value:.{digits - 1}e}"
    return f"{value:.{digits + 1}g}"
