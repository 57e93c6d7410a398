"""Long lines of a recipe's text: broken where it is best, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pvdctl.tui.recipe_text import broken

LINES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=200)


@given(LINES, st.integers(10, 120))
def test_no_part_is_wider_than_there_is_room_and_together_they_are_the_line(line: str, room: int) -> None:
    parts = broken(line, room)
    assert "".join(parts) == line
    assert all(cell_len(part) <= room for part in parts)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("", [""]),
        ("0123456789", ["0123456789"]),
        ("within: 60 min", ["within: ", "60 min"]),
        ("a 0123456789", ["a 01234567", "89"]),  # the only blank is too far back to be worth it
    ],
)
def test_where_lines_break(line: str, parts: list[str]) -> None:
    assert broken(line, 10) == parts
