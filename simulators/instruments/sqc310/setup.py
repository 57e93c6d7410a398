"""The SQC-310's set-up commands: get and set of parameters, and editing of processes and layers.

Grammar, SQC-310 Operating Manual 074-550-P1B p. 83-91 and 074-550-P1C p. 93: get `<ID><index>? <p> <p> ...`, set
`<ID><index> <p>,<v> <p>,<v> ...`; film commands have a blank before the film number, the system command has no number.
A get answers `p,v ` per parameter, trailing blank included; process and material commands answer bare values.
"""

import re
from collections.abc import Callable

from simulators.instruments.sqc310.memory import FILMS, GROUPS, LAYERS, MATERIALS, NAME_LENGTH, PROCESSES, Memory


class RefusedError(Exception):
    """The instrument answers a status letter other than A: C unknown command, D bad data, E wrong mode."""

    def __init__(self, status: str) -> None:
        super().__init__(f"the instrument refuses with status {status}")
        self.status = status


_PARAMETERS = re.compile(r"(A[2-5] |B|D|F|GB|HA|HB|HC|HD|HE|HF)(\d*)(\?| )(.*)", re.DOTALL)
_FILM_NAME = re.compile(r"A1 (\d+)(\?| )(.*)", re.DOTALL)
_PROCESS = re.compile(r"C(\d+)(\?| )(.*)", re.DOTALL)
_ACTION = re.compile(r"(CA|CB|CC)([\d ]+)\? ?(\d*)")
_NUMBER = re.compile(r"-?\d{1,9}")


def whole(text: str) -> int:
    """A whole number as the instrument reads it, leading zeros allowed; status D for anything else."""
    if not _NUMBER.fullmatch(text):
        raise RefusedError("D")
    return int(text)


def within(value: int, least: int, greatest: int) -> int:
    """`value` if it lies in the range; status D otherwise."""
    if not least <= value <= greatest:
        raise RefusedError("D")
    return value


class Setup:
    """Carries out set-up commands on the memory. `flags` tells the read-only HC and HD values."""

    def __init__(
        self, memory: Memory, channels: int, relays: int, flags: Callable[[str, int, int], int | None]
    ) -> None:
        self._memory = memory
        self._flags = flags
        self._greatest = {
            **dict.fromkeys(("A2", "A3", "A4", "A5"), FILMS),
            "B": 0,
            "D": LAYERS,
            "F": MATERIALS,
            "GB": relays,
            **dict.fromkeys(("HA", "HB", "HC", "HD"), channels),
            "HE": relays,
            "HF": relays,
        }

    def answer(self, message: str, running: bool) -> str:
        """Answer data (status A) to a set-up command. Raises RefusedError.

        Sets are refused with E while a process runs (a guess).
        """
        if match := _PARAMETERS.fullmatch(message):
            group, index_text, kind, rest = match.groups()
            group = group.rstrip()
            if bool(index_text) == (group == "B"):
                raise RefusedError("C")
            index = 0 if group == "B" else within(whole(index_text), 1, self._greatest[group])
            if kind == "?":
                return self._get(group, index, rest)
            self._settable(running)
            return self._set(group, index, rest)
        if match := _FILM_NAME.fullmatch(message):
            film_text, kind, rest = match.groups()
            film = within(whole(film_text), 1, FILMS)
            if kind == "?":
                return self._memory.name("A1", film)
            self._settable(running)
            return self._set_name("A1", film, rest)
        if match := _PROCESS.fullmatch(message):
            process_text, kind, rest = match.groups()
            return self._process(within(whole(process_text), 1, PROCESSES), kind, rest, running)
        if match := _ACTION.fullmatch(message):
            self._settable(running and not (match[1] == "CA" and match[3] == "4"))
            return self._action(match[1], [whole(word) for word in match[2].split()], whole(match[3]))
        raise RefusedError("C")

    @staticmethod
    def _settable(running: bool) -> None:
        if running:
            raise RefusedError("E")

    def _get(self, group: str, index: int, rest: str) -> str:
        numbers = [whole(word) for word in rest.split()]
        if not numbers:
            raise RefusedError("D")
        if group == "F":  # bare value, one parameter at a time
            if len(numbers) != 1:
                raise RefusedError("D")
            return self._one(group, index, numbers[0])
        return "".join(f"{number},{self._one(group, index, number)} " for number in numbers)

    def _one(self, group: str, index: int, number: int) -> str:
        if number == 1 and group in ("F", "GB"):
            return self._memory.name(group, index)
        if group in ("HC", "HD"):
            flag = self._flags(group, index, number)
            if flag is None:
                raise RefusedError("D")
            return str(flag)
        if number not in GROUPS[group]:
            raise RefusedError("D")
        return str(self._memory.value(group, index, number))

    def _set(self, group: str, index: int, rest: str) -> str:
        if group in ("F", "GB") and rest.startswith("1,"):
            return self._set_name(group, index, rest[2:])
        pairs: list[tuple[int, int]] = []
        for pair in rest.split():
            number_text, comma, value_text = pair.partition(",")
            number = whole(number_text)
            parameter = GROUPS.get(group, {}).get(number)
            if not comma or parameter is None or not parameter.writable:
                raise RefusedError("D")
            pairs.append((number, within(whole(value_text), parameter.least, parameter.greatest)))
        if not pairs:
            raise RefusedError("D")
        for number, value in pairs:  # all or nothing, a guess
            self._memory.set_value(group, index, number, value)
        return ""

    def _set_name(self, group: str, index: int, text: str) -> str:
        name = text.rstrip(" ")
        if len(name) > NAME_LENGTH or not name.isprintable():
            raise RefusedError("D")
        self._memory.set_name(group, index, name)
        return ""

    def _process(self, process: int, kind: str, rest: str, running: bool) -> str:
        layers = self._memory.layers(process)
        if layers is None:
            raise RefusedError("D")
        if kind == " ":
            self._settable(running)
            if not rest.startswith("1,"):
                raise RefusedError("D")  # the layer list is edited by CA, CB, CC
            return self._set_name("C", process, rest[2:])
        match whole(rest.strip()):
            case 1:
                return self._memory.name("C", process)
            case 2 | 4:
                return str(len(layers))
            case 3:
                return str(layers[0] if layers else -1)
        raise RefusedError("D")

    def _action(self, command: str, places: list[int], what: int) -> str:
        """CA process, CB layer, CC insert; each answers `1,1`."""
        memory = self._memory
        match command, places, what:
            case "CA", [process], 1 | 2 | 3 | 4:
                within(process, 1, PROCESSES)
                exists = memory.layers(process) is not None
                if exists == (what == 1):
                    raise RefusedError("D")
                if what == 2:
                    memory.delete_process(process)
                elif what in (1, 3):
                    memory.create_process(process)
            case "CB", [process, position], 1:
                within(position, 1, len(memory.layers(process) or ()))
                memory.cut_layer(process, position)
            case "CC", [process, position, film], 1:  # 2, CoDep, is not simulated: D
                layers = memory.layers(process)
                if layers is None:
                    raise RefusedError("D")
                within(position, 1, len(layers) + 1)
                memory.insert_layer(process, position, within(film, 1, FILMS))
            case _:
                raise RefusedError("D")
        return "1,1"
