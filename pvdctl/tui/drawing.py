"""Lines made of pieces with a style: what the mimic is drawn with. Where a piece is cut, `…` says so."""

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.text import Text

Piece = tuple[str, str]
"""Text and its style; the style may be empty."""
Line = list[Piece]

CUT = "…"


def width(line: Line) -> int:
    """Columns on the screen."""
    return sum(cell_len(text) for text, _ in line)


def short(text: str, room: int) -> str:
    """A name in at most `room` columns."""
    if cell_len(text) <= room:
        return text
    return set_cell_size(text, room - 1) + CUT if room > 1 else CUT[:room]


def fitted(line: Line, room: int) -> Line:
    """Exactly `room` columns: filled with blanks, or cut."""
    made: Line = []
    left = room
    for index, (text, style) in enumerate(line):
        size = cell_len(text)
        more = any(later for later, _ in line[index + 1 :])
        if size > left or (size == left and more):
            made.append((set_cell_size(text, left - 1) + CUT if left > 0 else "", style))
            return made
        made.append((text, style))
        left -= size
    if left:
        made.append((" " * left, ""))
    return made


def centred(line: Line, room: int) -> Line:
    """In the middle of `room` columns."""
    return fitted([(" " * max(0, (room - width(line)) // 2), ""), *line], room)


def wrapped(line: Line, room: int, indent: int) -> list[Line]:
    """As many lines as it takes, broken at blanks where there are any; the later ones begin at column `indent`."""
    made: list[Line] = []
    rest = line
    while width(rest) > room:
        plain = "".join(piece for piece, _ in rest)
        least = indent if made else 0
        at = plain.rfind(" ", least + 1, room + 1)
        first, rest = _split(rest, at if at > least else room)
        made.append(fitted(first, room))
        rest = [(" " * indent, ""), *_stripped(rest)]
    return [*made, fitted(rest, room)]


def _split(line: Line, at: int) -> tuple[Line, Line]:
    """Before and after the character `at`."""
    before: Line = []
    for index, (piece, style) in enumerate(line):
        if at < len(piece):
            return [*before, (piece[:at], style)], [(piece[at:], style), *line[index + 1 :]]
        before.append((piece, style))
        at -= len(piece)
    return before, []


def _stripped(line: Line) -> Line:
    """Without blanks at its begin."""
    if not line:
        return line
    (piece, style), *more = line
    return [(piece.lstrip(), style), *more]


def text(lines: Iterable[Line]) -> Text:
    """All lines as one text."""
    made = Text(no_wrap=True)
    for index, line in enumerate(lines):
        if index:
            made.append("\n")
        for piece, style in line:
            made.append(piece, style or None)
    return made
