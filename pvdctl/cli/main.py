"""The command `pvdctl`: what can be asked, and nothing else. Every command imports what it needs when it is asked.

Help and the static check must start at once, so nothing heavy may be imported here: no rich, pydantic, YAML, driver.
"""

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

# pydantic looks for plug-ins in all installed packages, 25 ms of 90 for its import (measured); pvdctl uses none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")

import typer

from pvdctl import __version__
from pvdctl.cli import evidence, results, service
from pvdctl.cli.options import Json, RecordDirectory

app = typer.Typer(
    name="pvdctl",
    help="Runs a thermal-evaporation chamber: recipes, rate control, interlocks, and the record of what was made.",
    epilog="Exit codes: 0 done as asked; 1 the recipe or the process did not pass; 2 wrong usage; 70 a bug.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ChamberFile = Annotated[
    Path | None, typer.Option("--chamber", metavar="FILE", help="Chamber file. Default: the simulated chamber.")
]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"pvdctl {__version__}")
        raise typer.Exit


def _faults(wanted: bool) -> None:
    if wanted:
        from pvdctl.cli.simulate import list_faults

        raise typer.Exit(list_faults())


@app.callback()
def _pvdctl(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command("check")
def _check(
    recipes: Annotated[list[Path], typer.Argument(metavar="RECIPE...", help="Recipe files.")],
    chamber: ChamberFile = None,
    json: Json = False,
) -> None:
    """Say whether recipes can be made on a chamber, as far as the files tell. Nothing is run."""
    from pvdctl.cli.check import check_recipes

    raise typer.Exit(check_recipes(recipes, chamber, json=json))


@app.command("simulate")
def _simulate(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="Recipe file.")],
    chamber: ChamberFile = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Chance of the simulated chamber: same seed, same run.")] = 1,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME@WHEN[:ARGS]",
            help="Let something go wrong, such as water_lost@20min or mute@zinc.deposit+5s:link=monitor. Repeatable.",
        ),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(metavar="PROMPT=ANSWER", help="How to answer a prompt of the recipe. Repeatable."),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(metavar="X", help="Simulated seconds per second at most. Default: as fast as it goes."),
    ] = None,
    control: Annotated[
        str | None,
        typer.Option(metavar="WHO", help="Who controls the rate: host or sqc310. Default: what the chamber file says."),
    ] = None,
    json: Json = False,
    record: RecordDirectory = None,
    list_faults: Annotated[
        bool,
        typer.Option("--list-faults", callback=_faults, is_eager=True, help="List what can go wrong, and exit."),
    ] = False,
) -> None:
    """Make a recipe on a simulated chamber: every byte to every instrument, in virtual time.

    Ctrl-C stops the run under control, a second Ctrl-C aborts it; both end with exit code 1.
    """
    from pvdctl.cli.simulate import Wish, simulate

    wish = Wish(recipe, chamber, seed, fault or [], answer or [], speed, json, record, control)
    raise typer.Exit(simulate(wish))


@app.command("run")
def _run(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="Recipe file.")],
    chamber: Annotated[
        Path | None,
        typer.Option("--chamber", metavar="FILE", help="Chamber file with the real addresses. Without: the service's."),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(metavar="PROMPT=ANSWER", help="How to answer a prompt of the recipe. Repeatable."),
    ] = None,
    operator: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who is responsible, for the record. Default: the login's name.")
    ] = None,
    json: Json = False,
    record: RecordDirectory = None,
    where: service.Service = None,
    wait: Annotated[bool, typer.Option("--wait", help="Through the service: follow the run to its end.")] = False,
    sample: Annotated[str, typer.Option(metavar="ID", help="Through the service: the sample.")] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="Through the service: a note for the record.")] = "",
) -> None:
    """Make a recipe on a chamber: with --chamber in this process, else by the service that owns the chamber.

    By the service: the unit is brought to Idle and the recipe started; with --wait the exit code is the run's, and
    Ctrl-C ends the following, not the run.

    With --chamber: real ports, real time. Ctrl-C stops the run under control, a second Ctrl-C aborts it; both end with
    exit code 1, once the end state is read back. A run that is held ends by a controlled stop.
    """
    if chamber is None:
        from pvdctl.cli import remote

        left = remote.RunWish(recipe, sample, note, answer or [], wait, record is not None or operator is not None)
        raise typer.Exit(remote.run(remote.Reach(where, json), left))
    if where is not None or wait or sample or note:
        from pvdctl.cli.exits import WrongUsage

        raise WrongUsage("--service, --wait, --sample and --note are for a run by the service, without --chamber")
    from pvdctl.cli.run import Wish, run_recipe

    raise typer.Exit(run_recipe(Wish(recipe, chamber, answer or [], json, record, operator)))


@app.command("doctor")
def _doctor(
    chamber: Annotated[Path, typer.Option("--chamber", metavar="FILE", help="Chamber file with the real addresses.")],
    json: Json = False,
) -> None:
    """Open every link, identify every instrument, read every reading once, and say what is right, wrong and unknown.

    No output is changed. Exit code 1 if the chamber is not fit to run.
    """
    from pvdctl.cli.doctor import examine

    raise typer.Exit(examine(chamber, json=json))


simulator = typer.Typer(no_args_is_help=True, help="The simulated chamber as real ports of this machine.")
app.add_typer(simulator, name="simulator")
results.add_to(app)
evidence.add_to(app)
service.add_to(app)


@simulator.callback()
def _simulator() -> None:
    pass


@simulator.command("serve")
def _serve(
    chamber: ChamberFile = None,
    speed: Annotated[
        float, typer.Option(metavar="X", min=0.0, max=1e6, help="Simulated seconds per second; 0: in step with a test.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(metavar="N", help="Chance of the simulated chamber.")] = 1,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME@WHEN[:ARGS]", help="Let something go wrong at a time, as with simulate. Repeatable."
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Listen here; other machines can reach what is not loopback.")
    ] = "127.0.0.1",
    directory: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="Names of the ptys. Default: a temporary directory.")
    ] = None,
    port: Annotated[
        list[str] | None, typer.Option(metavar="LINK=PORT", help="TCP port of a link. Default: any free. Repeatable.")
    ] = None,
    write_chamber: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the chamber file that leads to these ports.")
    ] = None,
    truth_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="For tests: tell what is true, let faults happen; 0 = any free port."
        ),
    ] = None,
) -> None:
    """Serve the simulated chamber on ptys and TCP ports until Ctrl-C or SIGTERM.

    Prints a line that begins with READY when all ports are open: JSON with their addresses.
    """
    from pvdctl.cli.simulator import Wish, serve

    gc.enable()
    wish = Wish(chamber, speed, seed, fault or [], host, directory, port or [], write_chamber, truth_port)
    raise typer.Exit(serve(wish))


def main() -> None:
    """Entry point of the command `pvdctl`; leaves by SystemExit with the codes of `exits`."""
    gc.disable()  # start-up makes no garbage worth looking for; a command that runs for long turns it on again
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without '×' gets a '?', not a traceback
    try:
        app(prog_name="pvdctl")
    except BrokenPipeError:
        from pvdctl.cli import exits

        exits.silence(sys.stdout.fileno())
        sys.exit(exits.NOT_PASSED)
    except Exception as error:  # the outermost place: whatever it is, it is told in words
        from pvdctl.cli import exits

        sys.exit(exits.tell(error))


if __name__ == "__main__":
    main()
