"""The inside of the drawn chamber: substrate, its shutter, the film, crystals, sources with theirs."""

from pvdctl.service.messages import Crystal, Layer, Mimic, Source, Valve
from pvdctl.tui import mimic_words
from pvdctl.tui.drawing import Line, centred, fitted, short, width
from pvdctl.tui.mimic_words import BAD_STYLE, DOUBT_STYLE, FORCED, MOVING_STYLE, OPEN_STYLE, power
from pvdctl.tui.words import number

LEAST_SOURCE = 19
"""Columns a source needs: its material, current and power in one line, or a shutter's longest word."""
SHUTTER, WIDE_SHUTTER = 6, 14
"""Columns of a drawn shutter."""


def vessel(mimic: Mimic, layer: Layer | None, judged: bool, room: int) -> list[Line]:
    """Lines of exactly `room` columns, substrate on top. layer: the one in the making, see `film`."""
    shutters = {valve.name: valve for valve in mimic.valves if valve.kind == "shutter"}
    lines = [centred([("▄▄▄▄ substrate ▄▄▄▄", "bold")], room)]
    above = shutters.get(mimic.substrate_shutter)
    if above is not None:
        lines.append(centred(shutter(above, WIDE_SHUTTER), room))
    if layer is not None:
        lines += [fitted([(" ", ""), *line], room) for line in film(layer, judged)]
    lines += [fitted([(" ", ""), *crystal(one)], room) for one in mimic.crystals]
    return lines + _sources(mimic.sources, shutters, room)


def shutter(valve: Valve, span: int) -> Line:
    """A bar of `span` columns that opens in the middle, and its word; before it a column for what forces it."""
    told = mimic_words.position(valve)
    mark = FORCED if valve.forced_by else " "
    if told.shape == "▷◁":
        shape = "━" * (span // 3) + " " * (span - 2 * (span // 3)) + "━" * (span // 3)
    elif told.shape == "►◄":
        shape = "━" * span
    else:
        half = (span - 2) // 2
        shape = "━" * half + told.shape + "━" * half
    return [(mark, BAD_STYLE), (shape, told.style), (" ", ""), (told.word, told.style)]


def film(layer: Layer, judged: bool) -> list[Line]:
    """Thickness on the target, and the rate with where it lies to its band.

    judged: the band is being kept now; in a hold a rate of zero is as it should be.
    """
    rate: Line = [("rate ", ""), (number(layer.rate_nm_per_s, 3), "bold")]
    target, band = layer.rate_target_nm_per_s, layer.band_percent
    rate.append((f" of {target:g} nm/s" if target > 0.0 else " nm/s", ""))
    if target > 0.0 and band > 0.0 and judged:
        off_percent = 100.0 * (layer.rate_nm_per_s / target - 1.0)
        rate.append((f" ±{band:g} %", ""))
        if abs(off_percent) <= band:
            rate.append((" in band", OPEN_STYLE))
        else:
            rate.append((" ▼ low" if off_percent < 0.0 else " ▲ high", MOVING_STYLE))
    return [[("film ", ""), (number(layer.film_nm), "bold"), (f" of {layer.target_nm:g} nm", "")], rate]


def crystal(one: Crystal) -> Line:
    """Life, and what the monitor shows for it."""
    made: Line = [(f"◊{one.number} ", "")]
    frequency = one.frequency
    if frequency.quality == "bad":
        return [*made, (f"✗ {frequency.why or 'bad'}", BAD_STYLE)]
    doubt = frequency.quality == "uncertain"
    made.append((f"life {number(one.life_percent, 1, '%')}  ", ""))
    made.append((number(one.displayed_rate_nm_per_s, 3, "nm/s"), ""))
    made.append((" uncertain" if doubt else f"  {number(one.displayed_thickness_nm, 1, 'nm')}", DOUBT_STYLE * doubt))
    return made


def _sources(sources: list[Source], shutters: dict[str, Valve], room: int) -> list[Line]:
    """Side by side, as many in a row as there is room for."""
    if not sources:
        return []
    each = min(len(sources), max(1, room // LEAST_SOURCE))
    cell = room // each
    lines: list[Line] = []
    for first in range(0, len(sources), each):
        cells = [source(one, shutters.get(one.shutter), cell) for one in sources[first : first + each]]
        for row in zip(*cells, strict=True):
            line = [piece for part in row for piece in part]
            lines.append(fitted(line, room) if width(line) <= room else line)
    return lines


def _above(valve: Valve | None, room: int) -> Line:
    """A source's shutter; the bar gives way before the word."""
    if valve is None:
        return [(" no shutter", "dim")]
    return shutter(valve, max(2, min(SHUTTER, room - 2 - len(mimic_words.position(valve).word))))


def source(one: Source, above: Valve | None, room: int) -> list[Line]:
    """Shutter, boat, what flows through it, whether it is selected: four lines of `room` columns."""
    heated = one.current_a is not None and one.current_a >= 1.0  # a supply at rest reads a few tenths (SCPI supplies)
    boat = "╲▓▓▓▓╱" if heated else "╲____╱"
    numbers = f"{number(one.current_a, 1, 'A')} {power(one.power_w)}"
    if len(one.material) + len(numbers) > room - 2:
        numbers = f"{number(one.current_a, 0, 'A')} {power(one.power_w)}"
    name = short(one.name, room - 9)
    material = short(one.material, max(2, room - 2 - len(numbers)))
    chosen: Line = {
        True: [("● selected", OPEN_STYLE)],
        False: [("○ not selected", "dim")],
        None: [("? selected or not", DOUBT_STYLE)],
    }[one.selected]
    pad = (" ", "")
    return [
        fitted(_above(above, room), room),
        fitted([pad, (boat, "bold" if heated else ""), (f" {name}", "bold" if one.selected else "")], room),
        fitted([pad, (f"{material} ", ""), (numbers, "bold" if heated else "")], room),
        fitted([pad, *chosen], room),
    ]
