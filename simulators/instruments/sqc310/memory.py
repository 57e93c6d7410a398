"""What the SQC-310 keeps through a power failure: films, layers, processes, materials, relays and sensor set-up.

Parameter numbers: SQC-310 Operating Manual 074-550-P1B p. 83-91 (films, process, relays), 074-550-P1C p. 107 (sensors,
sources), SQC-300 series manual p. 72-73 (system and layer lists, taken over for the SQC-310: an inference). Values are
whole numbers, the shown value with its decimal point taken out.
"""

from dataclasses import dataclass

FILMS = 50
LAYERS = 1000
PROCESSES = 100
MATERIALS = 100
"""Capacities: the sources disagree (T takes 1 to 50 in the manual, 100 processes elsewhere); these are the larger."""
NAME_LENGTH = 16
"""Longest name (16 or 20 in the sources; the shorter is taken)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One numbered parameter: value after delivery, least and greatest, and whether the host may set it."""

    default: int = 0
    least: int = 0
    greatest: int = 999_999
    writable: bool = True


_PLAIN = Parameter()
_READ_ONLY = Parameter(writable=False)
_TOOLING = Parameter(100, 10, 999)  # %; default 100 and the range are guesses


def _plain(*numbers: int) -> dict[int, Parameter]:
    return dict.fromkeys(numbers, _PLAIN)


GROUPS: dict[str, dict[int, Parameter]] = {
    # film, main: P (x 1), I (x 10), D (x 10, a guess), material, pocket, tooling %, crystal quality and stability
    "A2": {
        1: Parameter(25, 0, 9999),
        2: Parameter(5, 0, 9999),
        3: Parameter(0, 0, 999),
        4: Parameter(0, 0, MATERIALS),  # 0 here: "the material with the film's own number", see film_material
        5: Parameter(1, 1, 16),
        6: _TOOLING,
        **_plain(7, 8, 9, 10, 11),
    },
    # film, conditioning: ramp 1 power, time, soak 1 time, ramp 2 power, time, soak 2 time, idle power, ramp, feed
    # power, ramp, time. Powers x 10 and times in whole seconds are guesses.
    "A3": {
        1: Parameter(0, 0, 1000),
        **_plain(2, 3),
        4: Parameter(0, 0, 1000),
        **_plain(5, 6),
        7: Parameter(0, 0, 1000),
        8: _PLAIN,
        9: Parameter(0, 0, 1000),
        **_plain(10, 11),
    },
    # film, deposit control: shutter delay, capture, control error 0 to 2, its %, rate sampling 0 to 2, accuracy, hold,
    # time
    "A4": {
        **_plain(1, 2),
        3: Parameter(0, 0, 2),
        4: _PLAIN,
        5: Parameter(0, 0, 2),
        **_plain(6, 7, 8),
    },
    # film, crystals: fail mode, position, backup sensor, backup position for each of four sensors
    "A5": _plain(*range(1, 17)),
    # system: period (x 100 s), tooling, crystal tooling 1 and 2, simulate, min and max frequency (Hz), scales 1 to 4,
    # crystal tooling 3 and 4. The frequencies' scaling is a guess; 5.0 and 6.0 MHz fit the manual's crystal life.
    "B": {
        1: Parameter(25, 10, 200),
        2: _TOOLING,
        3: _TOOLING,
        4: _TOOLING,
        5: Parameter(0, 0, 1),
        6: Parameter(5_000_000, 1_000_000, 6_000_000),
        7: Parameter(6_000_000, 5_000_000, 7_000_000),
        **dict.fromkeys((8, 9, 10, 11), Parameter(10_000, 0, 10_000)),
        12: _TOOLING,
        13: _TOOLING,
    },
    # layer: initial rate (x 100 Å/s), final thickness (x 1000 kÅ), time set point, ramp 1 enable, start, rate. The
    # scalings are guesses; the numbers of the other fields are not known and answer D.
    "D": _plain(1, 2, 3, 13, 14, 15),
    # material: density x 100, Z-factor x 1000; the name, parameter 1, is kept with the names. The ranges are the
    # smaller sister's (SQM-160), a guess.
    "F": {2: Parameter(100, 50, 9999), 3: Parameter(1000, 100, 9999)},
    # relay: type, pulses, pulse width ms, pin, in use (read only), name mode
    "GB": {2: Parameter(0, 0, 1), **_plain(3, 4), 5: _READ_ONLY, 6: _READ_ONLY, 7: _PLAIN},
    # sensor: tooling %, positions, shutter, delay ms, control, drive, feedback type, indexer delay, position
    "HA": {1: _TOOLING, **_plain(*range(2, 9)), 9: Parameter(1, 1, 16)},
    # source: as a sensor, 1 = voltage scale (x 1000 V, a guess), 9 = pocket position
    "HB": {1: Parameter(10_000, 0, 10_000), **_plain(*range(2, 9)), 9: Parameter(1, 1, 16)},
    # input map, relay map
    "HE": dict.fromkeys((1, 2), _READ_ONLY),
    "HF": dict.fromkeys((1, 2), _READ_ONLY),
}
NAMED = {"A1": FILMS, "C": PROCESSES, "F": MATERIALS, "GB": 16}
"""Groups with names, and how many."""


class Memory:
    """Values by group, index and parameter number. What was never set has its value of delivery.

    As delivered here (a guess, and the chamber's set-up replaces it): process n holds one layer, layer n is made of
    film n, film n of material n.
    """

    def __init__(self) -> None:
        self._values: dict[tuple[str, int, int], int] = {}
        self._names: dict[tuple[str, int], str] = {}
        self._processes: dict[int, list[int] | None] = {}  # None: deleted; absent: as delivered
        self._layer_films: dict[int, int] = {}
        self._next_layer = LAYERS

    def value(self, group: str, index: int, number: int) -> int:
        """Value of one parameter. KeyError for a number the group does not have."""
        stored = self._values.get((group, index, number))
        return GROUPS[group][number].default if stored is None else stored

    def set_value(self, group: str, index: int, number: int, value: int) -> None:
        """Keep a value that has been judged already."""
        self._values[group, index, number] = value

    def name(self, group: str, index: int) -> str:
        """Name of a film, process, material or relay; after delivery a word and its number (a guess)."""
        words = {"A1": "Film", "C": "Process", "F": "Material", "GB": "Relay"}
        return self._names.get((group, index), f"{words[group]} {index}")

    def set_name(self, group: str, index: int, name: str) -> None:
        """Keep a name."""
        self._names[group, index] = name

    def film_material(self, film: int) -> int:
        """Number of the material a film is made of."""
        return self.value("A2", film, 4) or film

    def layers(self, process: int) -> list[int] | None:
        """Numbers of the layers of a process in order; None when the process does not exist."""
        if process in self._processes:
            return self._processes[process]
        return [process] if 1 <= process <= FILMS else None

    def layer_film(self, layer: int) -> int:
        """Film a layer is made of."""
        return self._layer_films.get(layer, layer)

    def create_process(self, process: int) -> None:
        """Make an empty process."""
        self._processes[process] = []

    def delete_process(self, process: int) -> None:
        """Remove a process."""
        self._processes[process] = None

    def insert_layer(self, process: int, position: int, film: int) -> None:
        """Put a new layer of `film` at `position` (1 = first) of a process."""
        layers = self.layers(process) or []
        layer = self._next_layer
        self._next_layer -= 1
        self._layer_films[layer] = film
        self._processes[process] = [*layers[: position - 1], layer, *layers[position - 1 :]]

    def cut_layer(self, process: int, position: int) -> None:
        """Take the layer at `position` (1 = first) out of a process."""
        layers = list(self.layers(process) or [])
        del layers[position - 1]
        self._processes[process] = layers
