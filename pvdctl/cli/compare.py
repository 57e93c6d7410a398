"""`pvdctl compare`: runs side by side."""

from collections.abc import Sequence
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

from pvdctl.cli import screen
from pvdctl.cli.exits import DONE, WrongUsage
from pvdctl.cli.screen import plain
from pvdctl.errors import OperatorError
from pvdctl.record.place import default_directory
from pvdctl.record.reader import RecordReader

if TYPE_CHECKING:
    from pvdctl.record.compare import Comparison


def compare_runs(
    directory: Path | None, runs: Sequence[str], target: Path | None, *, show: bool = False, json: bool = False
) -> int:
    """Print the figures of runs side by side, and write them with an overlay plot; returns the exit code.

    target: None for `comparison.html` here. show: open it. json: figures as one JSON object, no page unless `target`
    is given. Raises WrongUsage for fewer than two runs, too many, or one that is not there; RecordError.
    """
    from pvdctl.record.compare import MOST, compare
    from pvdctl.record.dossier import gather

    if not 2 <= len(set(runs)) == len(runs) <= MOST:
        raise WrongUsage(f"wanted 2 to {MOST} different runs to compare, found {len(runs)}: {', '.join(runs)}")
    with RecordReader.open(directory or default_directory()) as reader:
        try:
            found = [reader.run(run).run for run in runs]
        except OperatorError as error:
            raise WrongUsage(str(error)) from error
        if len(set(found)) < len(found):
            raise WrongUsage(f"the same run was named twice: {', '.join(found)}")
        comparison = compare([gather(reader, run) for run in found])
    path = target if target is not None or json else Path("comparison.html")
    if path is not None:
        _write(comparison, path, show)
    if json:
        print(dumps(_as_json(comparison), ensure_ascii=False, indent=2))
    else:
        _print(comparison, path)
    return DONE


def _write(comparison: "Comparison", path: Path, show: bool) -> None:
    import webbrowser

    from pvdctl.record.report.comparison_page import comparison_page

    try:
        path.write_text(comparison_page(comparison), encoding="utf-8")
    except OSError as error:
        raise WrongUsage(f"{path} cannot be written: {error.strerror or error}. Name another with -o.") from error
    if show and not webbrowser.open(path.resolve().as_uri()):
        raise OperatorError(f"no browser could be opened here; the comparison is {path}.")


def _print(comparison: "Comparison", path: Path | None) -> None:
    from itertools import groupby

    from pvdctl.record.compare import shown

    console = screen.console()
    if any(one.run.simulated for one in comparison.dossiers):
        console.print(screen.SIMULATED)
    for about, rows in groupby(comparison.rows, lambda row: row.about):
        made = screen.table(
            (plain(about), "left"), ("", "left"), *((plain(one.run.run), "right") for one in comparison.dossiers)
        )
        for row in rows:
            if any(value is not None for value in row.values):
                name = plain(row.name) if row.same is not False else f"{plain(row.name)} [bold yellow]≠[/]"
                made.add_row(name, plain(row.unit), *(plain(shown(value, row.digits)) for value in row.values))
        console.print(made)
        console.print()
    if path is not None:
        console.print(f"overlay plot in {path}", soft_wrap=True)


def _as_json(comparison: "Comparison") -> dict[str, object]:
    return {
        "runs": [one.run.run for one in comparison.dossiers],
        "simulated": [one.run.simulated for one in comparison.dossiers],
        "figures": [
            {"about": row.about, "name": row.name, "unit": row.unit, "values": list(row.values), "same": row.same}
            for row in comparison.rows
        ],
    }
