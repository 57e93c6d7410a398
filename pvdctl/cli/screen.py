"""How pvdctl's commands look in a terminal: console, tables, numbers, marks.

States are told by word and shape first and by colour second: blue, yellow and magenta stay apart for eyes that do not
tell red from green.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

NARROWEST, WIDEST = 80, 120
"""Columns: what a terminal has at least, and what a line of figures can still be read along."""

SIMULATED = "[black on yellow] SIMULATED [/]"
"""The mark of everything that did not touch a real chamber."""

COLOURS = {"Complete": "bold blue", "Held": "bold yellow", "Stopped": "bold yellow", "unfinished": "bold cyan"}
"""By end state; what is not here ended badly and is bold magenta."""


def console(stderr: bool = False) -> "Console":
    """A console as wide as the terminal, within reason; 80 columns where there is no terminal."""
    from rich.console import Console

    made = Console(highlight=False, stderr=stderr)
    made.width = max(NARROWEST, min(made.width, WIDEST)) if made.is_terminal else NARROWEST
    return made


def plain(text: object) -> str:
    """Text as it is: no markup in it is obeyed, and nothing in it reaches the terminal as a control character."""
    from rich.markup import escape

    return escape("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(text)))


def table(*columns: tuple[str, Any], title: str = "") -> "Table":
    """A table without vertical lines; columns as (heading, `left` or `right`)."""
    from rich import box
    from rich.table import Table

    made = Table(
        box=box.SIMPLE_HEAD,
        title=title or None,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name, justify in columns:
        made.add_column(name, justify=justify, overflow="fold", vertical="top")
    return made


def state_word(state: str) -> str:
    """An end state with its colour, as markup."""
    return f"[{COLOURS.get(state, 'bold magenta')}]{plain(state)}[/]"


def number(value: object, digits: int) -> str:
    """A figure, or a dash where there is none."""
    return f"{value:.{digits}f}" if isinstance(value, int | float) and not isinstance(value, bool) else "-"


def signed(value: object, digits: int) -> str:
    """As `number`, with its sign."""
    return f"{value:+.{digits}f}" if isinstance(value, int | float) and not isinstance(value, bool) else "-"


def duration(seconds: float | None) -> str:
    """Seconds as 7 s, 3:20 or 1:02:03; a dash for none."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
