"""Runs side by side as one HTML page: figures and overlay."""

from html import escape
from itertools import groupby

from pvdctl.record.compare import Comparison, Row, shown
from pvdctl.record.report import look
from pvdctl.record.report.overlay_plot import overlay_plot
from pvdctl.record.report.page import SIMULATED, watermark
from pvdctl.record.report.words import Heading, Markup, html, table


def comparison_page(comparison: Comparison) -> str:
    """The whole page. Raises OperatorError if matplotlib is missing."""
    runs = [one.run for one in comparison.dossiers]
    simulated = any(run.simulated for run in runs)
    foot = f"{SIMULATED} · {len(runs)} runs side by side" if simulated else f"{len(runs)} runs side by side"
    title = f"{len(runs)} runs side by side"
    parts = [
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{look.STYLE_SHEET}{look.PAGE_STYLE % foot}</style></head>\n<body>\n",
        watermark() if simulated else "",
        f'<h1>{title}</h1>\n<p class="id">{escape(", ".join(run.run for run in runs))}</p>\n',
        _banner([run.run for run in runs if run.simulated], len(runs)) if simulated else "",
        f"<figure>{overlay_plot(comparison)}<figcaption>Layers lie over each other from the opening of the substrate "
        "shutter on. Green: the first run's tolerance.</figcaption></figure>\n",
        *(_figures(about, list(rows), comparison) for about, rows in groupby(comparison.rows, lambda row: row.about)),
        "</body></html>\n",
    ]
    return "".join(parts)


def _banner(simulated: list[str], count: int) -> str:
    which = "all of them" if len(simulated) == count else ", ".join(simulated)
    return f'<p class="simulated">{SIMULATED}: {html(which)}.</p>\n'


def _figures(about: str, rows: list[Row], comparison: Comparison) -> str:
    headings = [Heading(""), Heading(""), *(Heading(one.run.run, True) for one in comparison.dossiers)]
    body = []
    for row in rows:
        if all(value is None for value in row.values):
            continue
        name = row.name if row.same is not False else Markup(f'{html(row.name)} <span class="bad">≠ differs</span>')
        body.append((name, row.unit, *(shown(value, row.digits) for value in row.values)))
    return f"<h2>{html(about[0].upper() + about[1:])}</h2>\n{table(headings, body)}"
