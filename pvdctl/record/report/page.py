"""The report of a run: one HTML page that needs nothing else, to be read, printed and filed."""

from html import escape

from pvdctl.record.dossier import Dossier
from pvdctl.record.event import Facts
from pvdctl.record.report import look
from pvdctl.record.report.layer_plot import layer_plot
from pvdctl.record.report.page_end import files, instruments, proof, signatures
from pvdctl.record.report.run_plot import run_plot
from pvdctl.record.report.words import (
    NOTHING,
    Heading,
    Markup,
    calendar,
    facts,
    html,
    lasting,
    moment,
    number,
    table,
    verdict,
)
from pvdctl.record.story import Happening

SIMULATED = "SIMULATED"


def page(dossier: Dossier) -> str:
    """The whole page. Raises OperatorError if matplotlib is missing."""
    run = dossier.run
    title = dossier.recipe.title if dossier.recipe is not None else run.recipe
    foot = f"{SIMULATED} · {run.run}" if run.simulated else run.run
    parts = [
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(run.run)}: {escape(title)}</title>"
        f"<style>{look.STYLE_SHEET}{look.PAGE_STYLE % foot}</style></head>\n<body>\n",
        watermark() if run.simulated else "",
        _head(dossier, title),
        _made(dossier),
        f"<h2>The run</h2>\n<figure>{run_plot(dossier)}<figcaption>{_caption(dossier)}</figcaption></figure>\n",
        _layer_figures(dossier),
        _happened(dossier),
        _steps(dossier),
        instruments(dossier),
        signatures(dossier),
        proof(dossier),
        files(dossier),
        "</body></html>\n",
    ]
    return "".join(parts)


def watermark() -> str:
    """The word across the screen, and across every sheet: what stands fixed is printed on each."""
    return f'<div class="watermark" aria-hidden="true"><span>{SIMULATED}</span></div>\n'


def _head(dossier: Dossier, title: str) -> str:
    run = dossier.run
    good = run.end_state == "Complete"
    recipe, chamber = run.start["recipe"], run.start["chamber"]
    banner = (
        f'<p class="simulated">{SIMULATED}: made on a simulated chamber. No real chamber was touched, no sample exists.'
        "</p>\n"
    )
    pairs = (
        ("sample", run.sample_id),
        ("operator", run.operator),
        ("recipe", f"{run.recipe}, version {run.recipe_version}"),
        ("chamber", run.chamber),
        ("began", f"{calendar(run.started_utc)} UTC"),
        ("ended", f"{calendar(run.ended_utc)} UTC" if run.ended_utc else NOTHING),
        ("took", lasting(run.duration_s)),
        ("seed", run.seed),
        ("source", dossier.recipe.source if dossier.recipe is not None else ""),
        ("software", ", ".join(f"{name} {version}" for name, version in run.start["versions"].items())),
        ("recipe SHA-256", _hash(recipe["sha256"])),
        ("chamber SHA-256", _hash(chamber["sha256"])),
        ("note", run.start.get("note", "")),
    )
    reason = html(run.end_reason) or ("the run has no end: it is going on, or its program ended without a word")
    return (
        f'<h1>{html(title)}</h1>\n<p class="id">{html(run.run)}</p>\n'
        + (banner if run.simulated else "")
        + f'<div class="end{"" if good else " bad"}"><b>{"✓" if good else "✗"} {html(run.end_state)}</b>'
        f"<span>{reason}</span></div>\n{facts(pairs)}"
    )


def _hash(sha256: str) -> Markup:
    """A hash to compare by eye; the whole of it when it is pointed at."""
    return Markup(f'<code title="{escape(sha256)}">{escape(sha256[:16])}…</code>')


# -- what was made -------------------------------------------------------------------------------------------------


def _made(dossier: Dossier) -> str:
    story = dossier.story
    text = "<h2>What was made</h2>\n" + (_layers(dossier) if dossier.layers else "<p>No layer was asked for.</p>\n")
    if story.exposures:
        text += "<h3>Gas</h3>\n" + _exposures(story.exposures)
    if story.predicted_films:
        text += "<h3>Films to be expected</h3>\n" + table(
            (Heading("film"), Heading("thickness nm", True), Heading("basis of the prediction")),
            [(film["name"], number(film["thickness_nm"], 0), film["basis"]) for film in story.predicted_films],
        )
    return text


def _layers(dossier: Dossier) -> str:
    true = any(layer.true_error_percent is not None for layer in dossier.layers)
    headings = [
        Heading("layer"), Heading("target nm", True), Heading("read nm", True), Heading("error %", True),
        *((Heading("true nm*", True),) if true else ()),
        Heading("thickness"), Heading("rate nm/s", True), Heading("sd", True), Heading("in band", True),
        Heading("over %", True), Heading("rate"),
    ]  # fmt: skip
    rows = []
    for layer in dossier.layers:
        row = layer.facts
        in_band = f"{number(layer.in_band_percent, 1)} %" if layer.in_band_percent is not None else NOTHING
        rows.append(
            (
                Markup(f"<b>{html(row['name'])}</b>&nbsp;{html(row['film'])}"),
                number(row["target_nm"], 1),
                number(row["read_nm"], 2),
                number(layer.error_percent, 2, sign=True),
                *((number(row.get("true_nm"), 2),) if true else ()),
                verdict(layer.thickness),
                number(row.get("rate_mean_nm_s"), 3),
                number(row.get("rate_sd_nm_s"), 3),
                in_band,
                number(row.get("overshoot_percent"), 1),
                verdict(layer.rate),
            )
        )
    note = (
        "Thickness is reached when the step ended by reaching it; its error is judged only where the recipe gives a "
        "thickness tolerance. The rate is judged by the recipe's tolerance and by the time it may leave it, while the "
        "substrate shutter is open."
    )
    if true:
        note += " * What the simulated chamber really put on the substrate; no real chamber can tell."
    return table(headings, rows) + f'<p class="note">{note}</p>\n'


def _exposures(exposures: list[Facts]) -> str:
    return table(
        (
            Heading("gas"), Heading("target mbar", True), Heading("peak mbar", True), Heading("fill", True),
            Heading("at pressure", True), Heading("gas in the chamber", True), Heading("dose mbar s", True),
            Heading("unread", True),
        ),
        [
            (
                row["gas"], number(row["target_mbar"], 1), number(row["peak_mbar"], 1), lasting(row.get("fill_s")),
                lasting(row.get("hold_s")), lasting(row.get("gas_s")), number(row["dose_mbar_s"], 0),
                lasting(row.get("unread_s")),
            )
            for row in exposures
        ],
    )  # fmt: skip


def _caption(dossier: Dossier) -> str:
    text = (
        "Yellow: substrate shutter open. Blue: gas. Grey and white: the recipe's steps. Green: the rate's tolerance; "
        "dashed: what was asked. Each piece of a trace shows its least and its greatest value."
    )
    if dossier.story.troubles:
        text += " Dotted, with numbers: the troubles below."
    return text


def _layer_figures(dossier: Dossier) -> str:
    drawn = [(layer, layer_plot(dossier, layer)) for layer in dossier.layers]
    shown = "".join(
        f"<figure><h3>{html(layer.name)}: {html(layer.facts['film'])} "
        f"{layer.facts['target_nm']:g} nm at {layer.facts['rate_target_nm_s']:g} nm/s</h3>{plot}</figure>\n"
        for layer, plot in drawn
        if plot
    )
    return f'<h2>Layers</h2>\n<div class="layers">{shown}</div>\n' if shown else ""


# -- what happened -------------------------------------------------------------------------------------------------


def _happened(dossier: Dossier) -> str:
    story = dossier.story
    text = "<h2>Alarms and troubles</h2>\n"
    text += _happenings(story.troubles) if story.troubles else "<p>None.</p>\n"
    alarms = _to_do(dossier)
    if alarms:
        text += "<h3>What they mean</h3>\n" + table(
            (Heading("alarm"), Heading("priority"), Heading("cause"), Heading("consequence"), Heading("what to do")),
            alarms,
        )
    text += "<h2>Interventions</h2>\n"
    return text + (_happenings(story.interventions) if story.interventions else "<p>None.</p>\n")


def _happenings(happenings: list[Happening]) -> str:
    return table(
        (Heading("", True), Heading("after", True), Heading("what"), Heading("who"), Heading("reason")),
        [
            (
                place, moment(one.at_s), Markup(f"<b>{html(one.what)} {html(one.subject)}</b><br>{html(one.text)}"),
                one.who or "process", one.why or NOTHING,
            )
            for place, one in enumerate(happenings, start=1)
        ],
    )  # fmt: skip


def _to_do(dossier: Dossier) -> list[tuple[object, ...]]:
    """Meaning of each alarm that came, once."""
    told = {event.subject: event.data for event in dossier.events if event.kind == "alarm" and event.data}
    return [
        (name.removeprefix("interlock.").replace("_", " "), data["priority"], data["cause"], data["consequence"],
         data["response"])
        for name, data in told.items()
    ]  # fmt: skip


def _steps(dossier: Dossier) -> str:
    rows = [
        (
            Markup(html(step.name.replace("_", " ")).replace(" ", "&nbsp;")),
            moment(step.at_s),
            lasting(step.lasted_s),
            " · ".join(f"{phase.name}: {lasting(phase.lasted_s)}" for phase in step.phases),
        )
        for step in dossier.story.steps
    ]
    headings = (Heading("step"), Heading("began after", True), Heading("took", True), Heading("phases"))
    return "<h2>Steps</h2>\n" + (table(headings, rows) if rows else "<p>None was begun.</p>\n")
