"""Small parts of a page: text made harmless, numbers, times, tables."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from pvdctl.record.layer_figures import Verdict

NOTHING = "–"


class Heading(NamedTuple):
    """Of a column. number: set to the right."""

    text: str
    number: bool = False


class Markup(str):
    """Text that is HTML already; every other text is escaped."""

    __slots__ = ()


def html(text: object) -> str:
    """Text for the page: markup in it is shown, not obeyed."""
    return text if isinstance(text, Markup) else escape(str(text))


def number(value: object, digits: int, sign: bool = False) -> str:
    """A figure with a true minus sign, or a dash where there is none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        return NOTHING
    return f"{value:{'+' if sign else ''}z,.{digits}f}".replace("-", "−")


def lasting(seconds: float | None) -> str:
    """A length of time: 7.4 s, 3 min 20 s, 1 h 02 min."""
    if seconds is None:
        return NOTHING
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {whole % 60:02d} s"


def moment(seconds: float) -> str:
    """A time since the run's start: 0:00:07."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def calendar(iso: str) -> str:
    """A time stamp of the record, to the second, in UTC."""
    return iso[:19].replace("T", " ") if iso else NOTHING


def verdict(found: Verdict) -> Markup:
    """A verdict by mark, word and colour."""
    if found.good is None:
        return Markup(f"<span>{escape(found.words)}</span>")
    mark, kind = ("✓", "good") if found.good else ("✗", "bad")
    return Markup(f'<span class="{kind}">{mark} {escape(found.words)}</span>')


def table(headings: Sequence[Heading], rows: Iterable[Sequence[object]]) -> str:
    """A table; as many cells in each row as there are headings."""
    kinds = [' class="n"' if heading.number else "" for heading in headings]
    head = "".join(f"<th{kind}>{html(heading.text)}</th>" for kind, heading in zip(kinds, headings, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{html(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>\n"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n'


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """A list of names and what they are; empty ones are left out."""
    shown = "".join(f"<dt>{html(name)}</dt><dd>{html(what)}</dd>\n" for name, what in pairs if what not in ("", None))
    return f"<dl>{shown}</dl>\n"
