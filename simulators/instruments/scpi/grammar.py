"""SCPI program lines: headers in short and long form, optional nodes, several commands in a line, numeric parameters.

SCPI-99, volume 1 (syntax and style): 6.2.1 short and long forms, 6.2.4 the path of the header that a `;` keeps;
IEEE 488.2, 7.6 program data. Strict where many instruments are lenient: after `MEAS:VOLT?;` a following `MEAS:CURR?`
without a leading colon means MEAS:MEAS:CURR? and is an undefined header.
"""

import re
from collections.abc import Iterator

SYNTAX_ERROR = -102
DATA_TYPE_ERROR = -104
PARAMETER_NOT_ALLOWED = -108
MISSING_PARAMETER = -109
UNDEFINED_HEADER = -113
INVALID_SUFFIX = -131
COMMAND_PROTECTED = -203
SETTINGS_CONFLICT = -221
DATA_OUT_OF_RANGE = -222
QUEUE_OVERFLOW = -350
INPUT_OVERRUN = -363

MESSAGES = {
    0: "No error",
    SYNTAX_ERROR: "Syntax error",
    DATA_TYPE_ERROR: "Data type error",
    PARAMETER_NOT_ALLOWED: "Parameter not allowed",
    MISSING_PARAMETER: "Missing parameter",
    UNDEFINED_HEADER: "Undefined header",
    INVALID_SUFFIX: "Invalid suffix",
    COMMAND_PROTECTED: "Command protected",
    SETTINGS_CONFLICT: "Settings conflict",
    DATA_OUT_OF_RANGE: "Data out of range",
    QUEUE_OVERFLOW: "Queue overflow",
    INPUT_OVERRUN: "Input buffer overrun",
}
"""Standard error texts (SCPI-99, volume 2, 21.8)."""

_HEADER = re.compile(r"(:?)([A-Za-z][A-Za-z0-9]*(?::[A-Za-z][A-Za-z0-9]*)*|\*[A-Za-z]+)(\??)(?:\s+(.*))?", re.DOTALL)
_NODE = re.compile(r"(\[?):?([A-Z]+)([a-z]*)\]?:?")
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)")
_SCALES = {"": 1.0, "k": 1e3, "m": 1e-3, "u": 1e-6}

Path = tuple[str, ...]


class ScpiError(Exception):
    """A command cannot be carried out; `code` goes to the error queue."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code}, {MESSAGES[code]}")
        self.code = code


class Headers:
    """All spellings of a set of headers such as `[SOURce:]VOLTage[:LEVel]`: capitals are the short form."""

    def __init__(self, patterns: Iterator[str] | tuple[str, ...]) -> None:
        self._short: dict[str, str] = {}
        self._patterns: dict[Path, str] = {}
        for pattern in patterns:
            self._add(pattern)

    def _add(self, pattern: str) -> None:
        if pattern.startswith("*"):
            self._patterns[pattern.lower(),] = pattern
            return
        paths: list[Path] = [()]
        for optional, short, rest in _NODE.findall(pattern):
            name = short.lower()
            self._short[name] = self._short[name + rest] = name
            longer = [(*path, name) for path in paths]
            paths = [*paths, *longer] if optional else longer
        for path in paths:
            self._patterns[path] = pattern

    def find(self, header: str, base: Path) -> tuple[str, Path]:
        """The pattern that `header` spells below `base`, and the base for the next command. Raises ScpiError."""
        if header.startswith("*"):
            path: Path = (header.lower(),)
            following = base
        else:
            try:
                path = (*base, *(self._short[node] for node in header.lower().split(":")))
            except KeyError:
                raise ScpiError(UNDEFINED_HEADER) from None
            following = path[:-1]
        pattern = self._patterns.get(path)
        if pattern is None:
            raise ScpiError(UNDEFINED_HEADER)
        return pattern, following

    def commands(self, line: str) -> Iterator[tuple[str, bool, str]]:
        """Commands of a line: pattern, whether it is a query, and its parameters as text. Raises ScpiError.

        The commands before a faulty one have been handed out; those behind it are lost, as the standard has it.
        """
        base: Path = ()
        for unit in line.split(";"):
            text = unit.strip()
            if not text:
                continue
            match = _HEADER.fullmatch(text)
            if match is None:
                raise ScpiError(SYNTAX_ERROR)
            colon, header, query, parameters = match.groups()
            pattern, base = self.find(header, () if colon else base)
            yield pattern, bool(query), (parameters or "").strip()


def number(text: str, unit: str, least: float, greatest: float, default: float) -> float:
    """A decimal number, with or without `unit` (`V`, `mA` ...), or MIN, MAX, DEF. Raises ScpiError."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        word = text.lower()
        for long, value in (("minimum", least), ("maximum", greatest), ("default", default)):
            if word in (long, long[:3]):
                return value
        raise ScpiError(DATA_TYPE_ERROR if text else MISSING_PARAMETER)
    value = float(match[1])
    suffix = match[2].lower()
    if suffix:
        scale = _SCALES.get(suffix.removesuffix(unit.lower()))
        if scale is None or not suffix.endswith(unit.lower()):
            raise ScpiError(INVALID_SUFFIX)
        value *= scale
    if not least <= value <= greatest:
        raise ScpiError(DATA_OUT_OF_RANGE)
    return value


def boolean(text: str) -> bool:
    """ON, OFF, 1, 0. Raises ScpiError."""
    value = {"on": True, "1": True, "off": False, "0": False}.get(text.lower())
    if value is None:
        raise ScpiError(DATA_TYPE_ERROR if text else MISSING_PARAMETER)
    return value


class ErrorQueue:
    """First in, first out; when full, the last entry becomes -350 (SCPI-99, volume 2, 21.8.1)."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._codes: list[int] = []

    def add(self, code: int) -> None:
        """Remember an error."""
        if len(self._codes) >= self._depth:
            self._codes[-1] = QUEUE_OVERFLOW
        else:
            self._codes.append(code)

    def pop(self) -> str:
        """The oldest error as `code,"text"`; `0,"No error"` when there is none."""
        code = self._codes.pop(0) if self._codes else 0
        return f'{code},"{MESSAGES[code]}"'

    def clear(self) -> None:
        """Forget all."""
        self._codes.clear()
