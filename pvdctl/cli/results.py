"""The commands about what was made: runs, show, report, export, compare.

Declared here and carried out elsewhere, so that help starts at once; see `pvdctl.cli.main`.
"""

import gc
from pathlib import Path
from typing import Annotated

import typer

from pvdctl.cli.options import Json, RecordDirectory, RunName

Open = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]


def _runs(
    record: RecordDirectory = None,
    recipe: Annotated[str | None, typer.Option(metavar="NAME", help="Only runs of this recipe.")] = None,
    operator: Annotated[str | None, typer.Option(metavar="NAME", help="Only runs of this operator.")] = None,
    sample: Annotated[str | None, typer.Option(metavar="ID", help="Only runs of this sample.")] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(metavar="STATE", help="Only runs that ended so, as Complete or unfinished. Repeatable."),
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="From this UTC date, as 2026-11-22.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Up to this UTC date.")] = None,
    simulated: Annotated[
        bool | None, typer.Option("--simulated/--real", help="Only simulated runs, or only real ones.")
    ] = None,
    last: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the newest N of them.")] = None,
    json: Json = False,
) -> None:
    """List the runs in a record, newest last."""
    from pvdctl.cli.runs import Wanted, list_runs

    gc.enable()
    wanted = Wanted(recipe, operator, sample, tuple(state or ()), since, until, simulated, last)
    raise typer.Exit(list_runs(record, wanted, json))


def _show(run: RunName, record: RecordDirectory = None, json: Json = False) -> None:
    """Tell the story of one run: steps, layers, gas, alarms, who did what and why, who signed."""
    from pvdctl.cli.runs import show_run

    gc.enable()
    raise typer.Exit(show_run(record, run, json))


def _report(
    run: RunName,
    record: RecordDirectory = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to. Default: RUN.html, here.")
    ] = None,
    show: Open = False,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print it to a PDF too, with a Chromium or Chrome found here.")
    ] = False,
    witness_key: Annotated[
        list[str] | None,
        typer.Option("--witness-key", metavar="FILE|LINE", help="A witness's public key, to check its cosignature."),
    ] = None,
) -> None:
    """Write one run as one HTML page: what was made, plots, alarms, who did what, proof. Needs no network."""
    from pvdctl.cli.report import report_run

    gc.enable()
    raise typer.Exit(report_run(record, run, output, pdf=pdf, show=show, witness_keys=witness_key or []))


def _export(
    run: RunName,
    form: Annotated[str, typer.Option("--to", metavar="FORM", help="hdf5, csv, parquet, eln or nomad.")],
    record: RecordDirectory = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to. Default: named as the run, here.")
    ] = None,
) -> None:
    """Hand a run out in a form that other tools open. The record keeps who took what, with its SHA-256."""
    from pvdctl.cli.export import export_run

    gc.enable()
    raise typer.Exit(export_run(record, run, form, output))


def _compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Two to six runs.")],
    record: RecordDirectory = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to. Default: comparison.html, here.")
    ] = None,
    show: Open = False,
    json: Json = False,
) -> None:
    """Put the figures of runs side by side, and lay their layers over each other in a plot."""
    from pvdctl.cli.compare import compare_runs

    gc.enable()
    raise typer.Exit(compare_runs(record, runs, output, show=show, json=json))


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `pvdctl`."""
    app.command("runs")(_runs)
    app.command("show")(_show)
    app.command("report")(_report)
    app.command("export")(_export)
    app.command("compare")(_compare)
