"""What a fault of the plant's menu is, and how its arguments are checked."""

from collections.abc import Callable
from difflib import get_close_matches
from math import inf, isfinite
from typing import NamedTuple

from simulators.plant.chamber import Chamber

Args = dict[str, float | str]
"""Arguments as a caller gives them: a number, or a word."""


class Argument(NamedTuple):
    """One argument of a fault."""

    name: str
    default: float | str | None
    """None: it must be given."""
    choices: tuple[str, ...] = ()
    """Words allowed; empty for a number."""


class Given:
    """Arguments as given, defaults filled in."""

    __slots__ = ("_values",)

    def __init__(self, values: Args) -> None:
        self._values = values

    def number(self, name: str) -> float:
        """A numeric argument."""
        return float(self._values[name])

    def word(self, name: str) -> str:
        """One of the choices."""
        return str(self._values[name])

    def which(self, name: str) -> int:
        """A sensor or source, counted from zero."""
        return int(self.word(name)) - 1


class Fault(NamedTuple):
    """One entry of the menu."""

    text: str
    arguments: tuple[Argument, ...]
    inject: Callable[[Chamber, Given, float], None]
    clear: Callable[[Chamber, float], None]


Menu = dict[str, Fault]


def known_fault(menu: Menu, name: str) -> Fault:
    """The entry of that name. Raises ValueError with near misses."""
    if name not in menu:
        raise ValueError(_sentence("", "wanted a name of the menu", name, tuple(menu)))
    return menu[name]


def _sentence(fault: str, wanted: str, found: object, known: tuple[str, ...]) -> str:
    near = get_close_matches(str(found), known, n=2)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; there are: {', '.join(known) or 'none'}"
    return f"plant fault{fault and ' ' + fault}: {wanted}, found {found!r}{hint}"


def _word(value: float | str) -> str:
    """`1.0` and `1` name the same sensor."""
    return f"{value:g}" if isinstance(value, int | float) else value


def read_arguments(menu: Menu, name: str, args: Args) -> Given:
    """Check `args` against the menu. Raises ValueError with a sentence for anything unknown, missing or absurd."""
    fault = known_fault(menu, name)
    arguments = {argument.name: argument for argument in fault.arguments}
    for given in args:
        if given not in arguments:
            raise ValueError(_sentence(name, "wanted one of its arguments", given, tuple(arguments)))
    values: Args = {}
    for argument in arguments.values():
        value = args.get(argument.name, argument.default)
        if value is None:
            raise ValueError(f"plant fault {name}: argument {argument.name} is missing; {fault.text}")
        if argument.choices:
            word = _word(value)
            if word not in argument.choices:
                raise ValueError(_sentence(name, f"wanted a {argument.name}", word, argument.choices))
            values[argument.name] = word
            continue
        try:
            number = float(value)
        except ValueError:
            number = inf
        if not isfinite(number):
            raise ValueError(f"plant fault {name}: {argument.name} is a finite number, found {value!r}")
        values[argument.name] = number
    return Given(values)
