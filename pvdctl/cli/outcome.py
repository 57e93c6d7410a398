"""The last screen of `simulate` and `run`: what was made, beside a simulated plant's truth, where the record is."""

from typing import TYPE_CHECKING, Any

from pvdctl.cli import screen
from pvdctl.cli.made import alarms_table, exposures_table, films_table, layers_table
from pvdctl.cli.screen import duration, plain

if TYPE_CHECKING:
    from rich.console import Console

Facts = dict[str, Any]


def print_outcome(result: Facts, console: "Console | None" = None) -> None:
    """Print the result of a run, as `--json` has it, for people."""
    out = console if console is not None else screen.console()
    what = f"[bold]{plain(result['recipe']['name'])} {plain(result['recipe']['version'])}[/]"
    seed = f", seed {result['seed']}" if result["seed"] is not None else ""
    where = f"{plain(result['chamber'])}{seed}"
    mark = f"{screen.SIMULATED}  " if result["simulated"] else ""
    end = f"{screen.state_word(result['end_state'])}: {plain(result['end_reason'])}"
    out.print(f"{mark}{what} on {where}   {end}\n")
    for key, draw in _TABLES:
        if result[key]:
            out.print(draw(result[key]))
            out.print()
    if not result["alarms"]:
        out.print("[bold]alarms[/]  none")
    for fault in result["faults"]:
        out.print(f"[bold]fault[/]   at {fault['at_s']:.0f} s: {plain(fault['fault'])}")
    factor = result["real_time_factor"]
    word = "simulated" if result["seed"] is not None else "in real time"
    pace = f" in {result['wall_s']:.1f} s, {factor:,.0f} × real time" if factor not in (None, 1.0) else ""
    out.print(f"[bold]time[/]    {duration(result['duration_s'])} {word}{pace}")
    out.print(f"[bold]wire[/]    {sum(result['exchanges'].values()):,} exchanges in {result['scans']:,} scans")
    run, record = plain(result["run"]), plain(result["record"])
    out.print(f"[bold]record[/]  {record}, " + (f"run {run}" if run else "no run: it did not begin"))
    if result["record_sha256"]:
        out.print(f"[bold]sha256[/]  {result['record_sha256']}")
        out.print(f"[bold]story[/]   pvdctl show {run} --record {record}")


_TABLES = (
    ("layers", layers_table),
    ("exposures", exposures_table),
    ("predicted_films", films_table),
    ("alarms", alarms_table),
)
