"""Rows that live long: what changes is drawn, and what somebody looks at stays where it is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import DataTable

from pvdctl.tui.rows import Column, Rows

COLUMNS = (Column("Name", 0), Column("Number", 6, right=True))


class Table(App[None]):
    """One table."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield Rows()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        assert event.control is self.query_one(Rows)
        self.chosen.append(event.key)


def on(story: Callable[[Pilot[None], Table, Rows], Awaitable[None]]) -> None:
    async def run() -> None:
        app = Table()
        async with app.run_test(size=(40, 8)) as pilot:
            await story(pilot, app, app.query_one(Rows))

    asyncio.run(run())


def rows(names: str, number: int = 1) -> list[tuple[str, tuple[Text, ...]]]:
    return [(name, (Text(f"row {name}"), Text(str(number)))) for name in names]


def seen(table: Rows) -> list[str]:
    return ["|".join(cell.plain for cell in table.get_row_at(index)) for index in range(table.row_count)]


def test_cells_are_cut_and_numbers_stand_at_the_right() -> None:
    async def story(pilot: Pilot[None], app: Table, table: Rows) -> None:
        table.put(COLUMNS, [("a", (Text("a very long name"), Text("12")))], 20)
        assert seen(table) == ["a very long… |    12 "]
        assert sum(len(cell) for cell in table.get_row_at(0)) == 20

    on(story)


def test_only_what_differs_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[Any, ...]] = []
    update = Rows.update_cell

    def noted(table: Rows, key: str, column: str, value: Text) -> None:
        drawn.append((key, column, value.plain.strip()))
        update(table, key, column, value)

    monkeypatch.setattr(Rows, "update_cell", noted)

    async def story(pilot: Pilot[None], app: Table, table: Rows) -> None:
        table.put(COLUMNS, rows("abc"), 30)
        table.put(COLUMNS, rows("abc"), 30)
        assert drawn == []
        table.put(COLUMNS, [*rows("ab"), *rows("c", 2)], 30)
        assert drawn == [("c", "1", "2")]
        louder = [(key, (cells[0], Text(cells[1].plain, "bold"))) for key, cells in rows("ab")]
        table.put(COLUMNS, [*louder, *rows("c", 2)], 30)
        assert drawn[1:] == [("a", "1", "1"), ("b", "1", "1")]

    on(story)


def test_the_cursor_stays_with_its_row() -> None:
    async def story(pilot: Pilot[None], app: Table, table: Rows) -> None:
        assert table.key == ""
        await pilot.press("enter")
        table.put(COLUMNS, rows("abcd"), 30)
        table.focus()
        await pilot.press("down", "down")
        assert table.key == "c"
        table.put(COLUMNS, rows("dcba"), 30)  # other places
        assert table.key == "c"
        table.put(COLUMNS, rows("dba"), 30)  # it is gone: the one in its place
        assert table.key == "b"
        table.put(COLUMNS, rows("dba"), 36)  # another width
        assert table.key == "b"
        table.go_to("a")
        assert table.key == "a"
        table.go_to("nobody")
        assert table.key == "a"
        await pilot.press("enter")
        await pilot.pause()
        assert app.chosen == ["a"]
        table.put(COLUMNS, [], 36)
        assert table.key == ""

    on(story)


def test_nobody_is_told_of_a_cursor_that_the_table_itself_has_moved() -> None:
    told: list[int] = []

    class Listening(Table):
        def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
            told.append(event.cursor_row)

    async def run() -> None:
        app = Listening()
        async with app.run_test(size=(40, 8)) as pilot:
            table = app.query_one(Rows)
            table.put(COLUMNS, rows("abcd"), 30)
            table.put(COLUMNS, rows("dcba"), 30)
            await pilot.pause()
            assert told == []
            table.focus()
            await pilot.press("up")
            assert told == [2]

    asyncio.run(run())


def test_home_and_end_go_to_the_first_and_the_last_row() -> None:
    async def story(pilot: Pilot[None], app: Table, table: Rows) -> None:
        table.put(COLUMNS, rows("abcd"), 30)
        table.focus()
        reached = []
        for key in ("end", "home"):
            await pilot.press(key)
            await pilot.pause()
            reached.append(table.key)
        assert reached == ["d", "a"]

    on(story)
