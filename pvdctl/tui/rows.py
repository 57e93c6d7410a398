"""A table of rows that live long: cells that differ are drawn anew, cursor and scroll position stay where they are."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable


class Column(NamedTuple):
    """One column. width: characters; 0 for the one that takes what the others leave."""

    title: str
    width: int
    right: bool = False
    """Numbers stand at the right."""


LEAST_REST = 8
"""Characters the widest column keeps where there is no room: a guess, enough to recognise a name."""


class Rows(DataTable[Text]):
    """Rows by key, in the order in which they are put.

    Enter posts `Chosen`. A click only moves the cursor, unless it meets the row that has it (`RowSelected`).
    """

    DEFAULT_CSS = """
    Rows { height: auto; overflow-x: hidden; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "home", "scroll_top", show=False
        ),  # the table's own Home and End go along a row, where there is one cell
        Binding("end", "scroll_bottom", show=False),
    ]

    class Chosen(Message):
        """Enter on a row."""

        def __init__(self, rows: "Rows", key: str) -> None:
            self.rows_widget = rows
            self.key = key
            super().__init__()

        @property
        def control(self) -> "Rows":
            """The table."""
            return self.rows_widget

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (the name Textual gives it)
        super().__init__(id=id, cursor_type="row", cell_padding=0, zebra_stripes=False)
        self._columns: tuple[Column, ...] = ()
        self._widths: list[int] = []
        self._width = 0
        self._shown: dict[str, tuple[Text, ...]] = {}
        self._keys: list[str] = []

    @property
    def key(self) -> str:
        """Of the row under the cursor; empty while there are none."""
        return self._keys[self.cursor_row] if 0 <= self.cursor_row < len(self._keys) else ""

    def put(self, columns: Sequence[Column], rows: Sequence[tuple[str, tuple[Text, ...]]], width: int) -> None:
        """Show these. width: characters there are for a row, all columns together."""
        keys = [key for key, _ in rows]
        if tuple(columns) != self._columns or width != self._width:
            self._columns, self._width = tuple(columns), width
            rest = width - sum(column.width + 1 for column in columns if column.width) - 1
            self._widths = [column.width or max(LEAST_REST, rest) for column in columns]
            self._anew(keys, rows, columns_too=True)
        elif keys != self._keys:
            self._anew(keys, rows, columns_too=False)
        else:
            for key, cells in rows:
                self._update(key, cells)

    def go_to(self, key: str) -> None:
        """The cursor to this row, if there is one of this key."""
        if key in self._keys:
            self.move_cursor(row=self._keys.index(key))

    def _update(self, key: str, cells: tuple[Text, ...]) -> None:
        for index, (old, new) in enumerate(zip(self._shown[key], cells, strict=True)):
            if old.plain != new.plain or old.style != new.style:
                self.update_cell(key, str(index), self._fit(index, new))
        self._shown[key] = cells

    def _anew(self, keys: list[str], rows: Sequence[tuple[str, tuple[Text, ...]]], *, columns_too: bool) -> None:
        """Other columns, or rows that came, went or changed places: rare enough to make all of them again."""
        chosen, at, scrolled = self.key, self.cursor_row, self.scroll_y
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=columns_too)
            if columns_too:
                for index, column in enumerate(self._columns):
                    title = self._fit(index, Text(column.title))
                    self.add_column(title, width=self._widths[index] + 1, key=str(index))
            for key, cells in rows:
                self.add_row(*(self._fit(index, cell) for index, cell in enumerate(cells)), key=key)
            self._keys, self._shown = keys, dict(rows)
            if keys:
                self.scroll_to(y=scrolled, animate=False)
                self.move_cursor(row=keys.index(chosen) if chosen in keys else min(max(at, 0), len(keys) - 1))

    def _fit(self, index: int, cell: Text) -> Text:
        """One line of the column's width, cut with an ellipsis where it is too long, and a blank after it."""
        made, width = cell.copy(), self._widths[index]
        made.truncate(width, overflow="ellipsis")
        if self._columns[index].right:
            made.pad_left(width - made.cell_len)
        made.pad_right(1)
        return made

    def action_select_cursor(self) -> None:
        """Enter."""
        if self.key:
            self.post_message(self.Chosen(self, self.key))
