"""A recipe's text with line numbers, and a mark at each line of which the check has something to say."""

from collections.abc import Mapping

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

GUTTER = 8
"""Mark, four digits, a blank, a line and a blank."""
MARKS = {"error": "✗", "warning": "▲"}
MARK_STYLES = {"error": Style(color="red", bold=True), "warning": Style(color="yellow", bold=True)}
COMMENT = Style(dim=True)
NUMBER = Style(dim=True)
CHOSEN = Style(reverse=True)


class RecipeText(ScrollView, can_focus=True):
    """Scrolls; a line that is too long goes on below, nothing is cut."""

    DEFAULT_CSS = """
    RecipeText { height: 1fr; overflow-x: hidden; overflow-y: scroll; background: $surface; }
    RecipeText:focus { background: $boost; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (the name Textual gives it)
        super().__init__(id=id)
        self._text = ""
        self._marks: dict[int, str] = {}
        self._chosen = 0
        self._rows: list[tuple[int, str, bool]] = []
        """Line from 1 (0: goes on), what stands there, whether it is comment from its beginning."""
        self._width = 0

    def put(self, text: str, marks: Mapping[int, str]) -> None:
        """Show this text. marks: `error` or `warning` by line, from 1. The place stays while the text does."""
        if text == self._text and dict(marks) == self._marks:
            return
        if text != self._text:
            self._chosen = 0
            self.scroll_home(animate=False)
        self._text, self._marks = text, dict(marks)
        self._wrap()

    def parts(self) -> list[tuple[str, bool]]:
        """What the rows hold, and whether a line ends there."""
        ends = [number != 0 for number, _, _ in self._rows[1:]] + [True] * bool(self._rows)
        return [(part, end) for (_, part, _), end in zip(self._rows, ends, strict=True)]

    def choose(self, line: int) -> None:
        """Bring a line into sight, and mark it. 0: none."""
        self._chosen = line
        at = next((row for row, (number, _, _) in enumerate(self._rows) if number == line), None)
        if at is not None:
            self.scroll_to(y=max(0, at - self.size.height // 3), animate=False)
        self.refresh()

    @property
    def _columns(self) -> int:
        """Beside the scroll bar."""
        return self.scrollable_content_region.width

    def on_resize(self) -> None:
        """Lines are broken for a width."""
        if self._columns != self._width:
            self._wrap()

    def _wrap(self) -> None:
        self._width = self._columns
        room = max(10, self._width - GUTTER)
        self._rows = []
        for number, line in enumerate(self._text.splitlines(), 1):
            line = "".join(char if char.isprintable() else "·" for char in line.expandtabs())
            comment = False
            for index, part in enumerate(broken(line, room)):
                self._rows.append((number if index == 0 else 0, part, comment))
                comment = comment or _comment_at(part) is not None
        self.virtual_size = Size(self._width, len(self._rows))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        at = y + self.scroll_offset.y
        base, width = self.rich_style, self._columns
        if at >= len(self._rows):
            return Strip.blank(width, base)
        number, part, comment = self._rows[at]
        mark = self._marks.get(number, "")
        style = CHOSEN if number and number == self._chosen else Style.null()
        begins = 0 if comment else _comment_at(part)
        code, rest = (part, "") if begins is None else (part[:begins], part[begins:])
        segments = [
            Segment(MARKS.get(mark, " "), MARK_STYLES.get(mark, NUMBER)),
            Segment(f"{number or '':>4} │", NUMBER + style),
            Segment(" "),
            Segment(code, MARK_STYLES[mark] + style if mark else style),
            Segment(rest, COMMENT + style),
        ]
        return Strip(segments).apply_style(base).adjust_cell_length(width, base)


def broken(line: str, room: int) -> list[str]:
    """A line in parts of at most `room` columns: broken after a blank where there is one in the second half."""
    parts = []
    while cell_len(line) > room:
        part = chop_cells(line, room)[0]
        blank = part.rfind(" ") + 1
        if 2 * blank > len(part):
            part = part[:blank]
        parts.append(part)
        line = line[len(part) :]
    return [*parts, line]


def _comment_at(part: str) -> int | None:
    """Where a comment begins: at a # that is first or follows a blank. Inside quotes it may be wrong: it is shading."""
    if part.startswith("#"):
        return 0
    at = part.find(" #")
    return at + 1 if at >= 0 else None
