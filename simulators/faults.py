"""The fault menu of the simulated bench: names, and how a fault is asked for in text.

    NAME@WHEN[:key=value,...]

NAME is a fault of the plant (`simulators.plant`) or of a cable (`simulators.wire_faults`); a cable's needs the link,
as `monitor:mute@...` or as an argument `link=monitor`. WHEN is a time of the bench's clock (`90s`, `2min`, `1.5h`) or
the entry of a phase of the recipe, `STEP.PHASE` or `STEP.PHASE+5s`; STEP or PHASE may be `*`, and the first entry
counts.
`for=5s` takes the fault away again after that time; without it the fault stays.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from simulators.wire_faults import RESTART, WIRE_FAULTS

_UNITS_S = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+) ?(ms|s|min|h)")
_PHASE = re.compile(r"(\*|\w[\w -]*)\.(\*|\w[\w -]*?)(?:\+(.+))?")
FORM = "NAME@WHEN[:key=value,...], for example leak@90s:mbar_l_per_s=0.01 or mute@zinc.deposit+5s:link=monitor,for=5s"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault asked for. Either `at_s`, or `step` and `phase` with `after_s`, says when; `for_s` None = for good."""

    text: str
    """As it was written."""
    name: str
    link: str | None
    """Instrument at the end of the cable; None for a fault of the plant."""
    at_s: float | None
    step: str
    phase: str
    after_s: float
    for_s: float | None
    args: Mapping[str, float | str]

    def meets(self, step: str, phase: str) -> bool:
        """Whether the entry of `phase` in `step` is what this fault waits for."""
        return self.at_s is None and self.step in ("*", step) and self.phase in ("*", phase)


def menu() -> dict[str, str]:
    """Every fault by name, with a line that says what it does and what arguments it takes."""
    from simulators.plant.plant import FAULTS

    entries = dict(FAULTS)
    for name, kind in WIRE_FAULTS.items():
        arguments = ", ".join(f"{key}={value:g}" for key, value in kind.defaults.items())
        entries[name] = f"{kind.description} (link=..., {arguments})" if arguments else f"{kind.description} (link=...)"
    return entries


def parse(text: str) -> Fault:
    """A fault from its text. Raises ValueError with a sentence when the text is not one, or the name is unknown."""
    head, at, rest = text.partition("@")
    if not at or not head:
        raise ValueError(f"fault {text!r}: wanted {FORM}")
    link_before, colon, name = head.rpartition(":")
    when, _, arguments = rest.partition(":")
    args = _arguments(text, arguments)
    for_s = args.pop("for", None)
    if isinstance(for_s, str):
        raise ValueError(f"fault {text!r}: `for` wants a time such as 5s or 2min, found {for_s!r}")
    link = _link(text, link_before if colon else None, args)
    _judge(text, name, link, args)
    if name == RESTART and for_s is not None:
        raise ValueError(f"fault {text!r}: a restart is over when the instrument has booted; say boot=5s, not for=")
    at_s, step, phase, after_s = _when(text, when)
    return Fault(text, name, link, at_s, step, phase, after_s, for_s, args)


def _judge(text: str, name: str, link: str | None, args: Mapping[str, float | str]) -> None:
    """Raises ValueError unless `name` is on the menu and its link and arguments fit."""
    kind = WIRE_FAULTS.get(name)
    if kind is None:
        known = menu()
        if name not in known:
            raise ValueError(f"fault {text!r}: there is no fault {name!r}{near_miss(name, known)}")
        if link is not None:
            raise ValueError(f"fault {text!r}: {name!r} happens in the plant, not on a link; leave out {link!r}")
        from simulators.plant.fault_grammar import read_arguments
        from simulators.plant.faults import MENU

        try:
            read_arguments(MENU, name, dict(args))
        except ValueError as error:
            raise ValueError(f"fault {text!r}: {error}") from error
        return
    if link is None:
        raise ValueError(f"fault {text!r}: {name!r} happens on a link; say which, for example {name}@90s:link=monitor")
    for key, value in args.items():
        if key not in kind.defaults:
            wanted = ", ".join(kind.defaults) or "no argument"
            raise ValueError(f"fault {text!r}: {name!r} takes {wanted} beside link and for, found {key!r}")
        if isinstance(value, str):
            raise ValueError(f"fault {text!r}: {key} wants a number, found {value!r}")


def near_miss(name: str, known: Iterable[str]) -> str:
    """`; did you mean ...?`, or the whole list when nothing is near."""
    names = sorted(known)
    near = get_close_matches(name, names, 3)
    return f"; did you mean {' or '.join(near)}?" if near else f"; there are {', '.join(names)}"


def _arguments(text: str, arguments: str) -> dict[str, float | str]:
    args: dict[str, float | str] = {}
    for pair in filter(None, arguments.split(",")):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not key or not value:
            raise ValueError(f"fault {text!r}: wanted key=value, found {pair!r}")
        if key in args:
            raise ValueError(f"fault {text!r}: {key} is given twice")
        args[key] = _value(value)
    return args


def _value(text: str) -> float | str:
    """A number, a time in s, or else the text itself."""
    seconds = _seconds(text)
    if seconds is not None:
        return seconds
    try:
        return float(text)
    except ValueError:
        return text


def _seconds(text: str) -> float | None:
    match = _DURATION.fullmatch(text.strip())
    return float(match[1]) * _UNITS_S[match[2]] if match else None


def _link(text: str, before: str | None, args: dict[str, float | str]) -> str | None:
    link = args.pop("link", before)
    if before is not None and link != before:
        raise ValueError(f"fault {text!r}: the link is given twice, as {before!r} and as {link!r}")
    if isinstance(link, float) or link == "":
        raise ValueError(f"fault {text!r}: wanted the name of a link, found {link!r}")
    return link


def _when(text: str, when: str) -> tuple[float | None, str, str, float]:
    """Time, or step, phase and seconds after its entry."""
    at_s = _seconds(when)
    if at_s is not None:
        return at_s, "", "", 0.0
    match = _PHASE.fullmatch(when.strip())
    if match is None:
        raise ValueError(f"fault {text!r}: wanted a time such as 90s or 2min, or STEP.PHASE[+5s], found {when!r}")
    after_s = _seconds(match[3]) if match[3] else 0.0
    if after_s is None:
        raise ValueError(f"fault {text!r}: wanted a time such as 5s after the +, found {match[3]!r}")
    return None, match[1], match[2], after_s


__all__ = ["FORM", "RESTART", "Fault", "menu", "near_miss", "parse"]
