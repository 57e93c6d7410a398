"""`make bench`: every figure pvdctl promises, beside what this machine gives.

    python -m tests.benchmarks [pace] [commands] [record] [ports] [service] [screens] [reports] [seeds] [--write FILE]

Without names all groups are measured. Nothing fails here: a missed figure is told as such. --write keeps the table as
Markdown, with machine and date.
"""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.handing_out import handing_out
from tests.benchmarks.ports import ports
from tests.benchmarks.row import Row
from tests.benchmarks.screens import screens
from tests.benchmarks.seeds import worst_cases
from tests.benchmarks.service import service
from tests.benchmarks.speed import commands, commits, pace

GROUPS: dict[str, Callable[[], Iterator[Row]]] = {
    "pace": pace,
    "commands": commands,
    "record": commits,
    "ports": ports,
    "service": service,
    "screens": screens,
    "reports": handing_out,
    "seeds": worst_cases,
}
BUSY_LOAD_PER_CORE = 0.3
"""Load of the machine before the start above which figures are said to come from a busy machine."""


def machine() -> str:
    """Processor, cores, system, Python; and whether something else was running."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    cores = os.cpu_count() or 1
    busy = os.getloadavg()[0] / cores
    text = f"{model}, {cores} cores, {platform.system()}, Python {platform.python_version()}"
    return f"{text}; BUSY with other work (load {busy:.1f} per core)" if busy > BUSY_LOAD_PER_CORE else text


def print_table(rows: list[Row], where: str) -> None:
    """For people, in the terminal."""
    from pvdctl.cli import screen

    table = screen.table(("figure", "left"), ("wanted", "right"), ("got", "right"), ("", "left"))
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            table.add_row(f"[bold]{group}[/]", "", "", "")
        table.add_row(f"  {row.figure}", row.wanted, row.got, row.verdict)
    console = screen.console()
    console.width = max(console.width, 110)
    console.print(table)
    console.print(f"\n{where}", highlight=False)


def markdown(rows: list[Row], where: str) -> str:
    """For docs/benchmarks.md."""
    lines = [
        "# Figures measured",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {where}.",
        "",
        "Written by `python -m tests.benchmarks --write docs/benchmarks.md`; `make bench` prints the same table.",
        "Wanted are the figures the project set itself. Rates and thicknesses under *seeds* are the simulated plant's",
        "truth, and each line is the worst of all seeds. The overshoot is that of the true rate smoothed over 2 s; the",
        "standard deviation is unsmoothed.",
        "",
        "| | figure | wanted | got | |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [f"| {row.group} | {row.figure} | {row.wanted} | {row.got} | {row.verdict} |" for row in rows]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Measure what was asked for, print it, keep it."""
    target: Path | None = None
    if "--write" in arguments:
        index = arguments.index("--write")
        target = Path(arguments[index + 1])
        del arguments[index : index + 2]
    unknown = [name for name in arguments if name not in GROUPS]
    if unknown:
        print(f"there is no group {', '.join(unknown)}; there are {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    where = machine()
    rows: list[Row] = []
    for name in arguments or GROUPS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += GROUPS[name]()
    print_table(rows, where)
    if target is not None:
        target.write_text(markdown(rows, where), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
