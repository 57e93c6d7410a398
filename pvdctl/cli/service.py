"""The commands about the service: serve, its tokens, and the ones that ask it.

Declared here and carried out elsewhere, so that help starts at once; see `pvdctl.cli.main`.
"""

import gc
from pathlib import Path
from typing import Annotated

import typer

from pvdctl.cli.options import Json

Service = Annotated[
    str | None,
    typer.Option(
        "--service", metavar="WHERE",
        help="The service's socket, or https://HOST:PORT. Default: $PVDCTL_SERVICE, or the usual socket.",
    ),
]  # fmt: skip
Reason = Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why; hold and stop need it.")]
TokensFile = Annotated[
    Path, typer.Option("--file", metavar="FILE", help="The service's file of tokens (tcp.tokens in its settings).")
]


def _serve(
    chamber: Annotated[
        Path | None, typer.Option("--chamber", metavar="FILE", help="Chamber file. With --simulate: the shipped one.")
    ] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="Simulate the chamber in memory.")] = False,
    speed: Annotated[float, typer.Option(metavar="X", help="Simulated seconds per second.")] = 1.0,
    seed: Annotated[int, typer.Option(metavar="N", help="Chance of the simulated chamber.")] = 1,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME@WHEN[:ARGS]", help="Let something go wrong, as with simulate. Repeatable."),
    ] = None,
    record: Annotated[Path | None, typer.Option("--record", metavar="DIR", help="Directory of the record.")] = None,
    recipes: Annotated[Path | None, typer.Option("--recipes", metavar="DIR", help="The library of recipes.")] = None,
    socket: Annotated[Path | None, typer.Option("--socket", metavar="PATH", help="Unix socket to answer on.")] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE", help="The service's settings (TOML): roles, TCP.")
    ] = None,
) -> None:
    """Own a chamber and answer clients, until SIGTERM or Ctrl-C, which stop a run first; a second one aborts it."""
    from pvdctl.cli.serve import Wish, serve

    gc.enable()
    wish = Wish(chamber, simulate, speed, seed, fault or [], record, recipes, socket, settings)
    raise typer.Exit(serve(wish))


def _tui(
    service: Service = None,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="On a simulated chamber: its service is started, or found running.")
    ] = False,
    chamber: Annotated[
        Path | None, typer.Option("--chamber", metavar="FILE", help="With --simulate: the chamber file.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(metavar="X", help="With --simulate: simulated seconds per second. Default: 20.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="With --simulate: chance of the simulated chamber.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME@WHEN[:ARGS]", help="With --simulate: let something go wrong. Repeatable."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="DIR", help="With --simulate: directory of the record.")
    ] = None,
    recipes: Annotated[
        Path | None, typer.Option("--recipes", metavar="DIR", help="With --simulate: the library of recipes.")
    ] = None,
) -> None:
    """Open the operator's screens on the service. Leaving them, or losing the terminal, changes nothing there."""
    from pvdctl.cli.tui import Wish, screens

    raise typer.Exit(screens(Wish(service, simulate, chamber, speed, seed, fault or [], record, recipes)))


def _status(service: Service = None, json: Json = False) -> None:
    """Say what the chamber is doing."""
    from pvdctl.cli import remote

    raise typer.Exit(remote.status(remote.Reach(service, json)))


def _alarms(
    service: Service = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    json: Json = False,
) -> None:
    """List the alarms that stand, gravest first, each with what to do."""
    from pvdctl.cli import remote

    raise typer.Exit(remote.alarms(remote.Reach(service, json), everything=everything))


def _ack(
    alarm: Annotated[list[str] | None, typer.Argument(metavar="[ALARM...]", help="Names; none: all that wait.")] = None,
    service: Service = None,
    json: Json = False,
) -> None:
    """Acknowledge alarms: you have seen them."""
    from pvdctl.cli import remote

    raise typer.Exit(remote.acknowledge(remote.Reach(service, json), alarm or []))


def _answer(
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="Name of the recipe's prompt.")],
    answer: Annotated[str, typer.Argument(metavar="ANSWER", help="One of the answers it takes.")],
    service: Service = None,
    json: Json = False,
) -> None:
    """Answer the question that the running recipe asks."""
    from pvdctl.cli import remote

    raise typer.Exit(remote.answer(remote.Reach(service, json), prompt, answer))


def _note(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What you have to say.")],
    about: Annotated[str, typer.Option("--about", metavar="WHAT", help="A command, alarm, instrument or step.")] = "",
    service: Service = None,
    json: Json = False,
) -> None:
    """Put a remark on record, of the open run where one is open."""
    from pvdctl.cli import remote

    raise typer.Exit(remote.note(remote.Reach(service, json), text, about))


def _link(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the link, as in the chamber file.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    for_s: Annotated[
        float, typer.Option("--for", metavar="SECONDS", min=0.1, max=3600.0, help="Listen so long, then end.")
    ] = 2.0,
    service: Service = None,
    json: Json = False,
) -> None:
    """Listen to a link: bytes asked and answered, in hex and in print, with time and duration."""
    from pvdctl.cli import remote
    from pvdctl.cli.link import link

    raise typer.Exit(link(remote.Reach(service, json), name, follow=follow, for_s=for_s))


def _give(word: str, service: str | None, reason: str, json: bool) -> None:
    from pvdctl.cli import remote

    raise typer.Exit(remote.command(remote.Reach(service, json), word, reason))


def _hold(reason: Reason = "", service: Service = None, json: Json = False) -> None:
    """Hold the run: shutters closed, source to standby; it can be resumed."""
    _give("hold", service, reason, json)


def _resume(reason: Reason = "", service: Service = None, json: Json = False) -> None:
    """Go on after a hold; the rate is qualified anew."""
    _give("unhold", service, reason, json)


def _stop(reason: Reason = "", service: Service = None, json: Json = False) -> None:
    """End the run under control."""
    _give("stop", service, reason, json)


def _abort(reason: Reason = "", service: Service = None, json: Json = False) -> None:
    """Make the chamber safe at once; the run is lost."""
    _give("abort", service, reason, json)


token = typer.Typer(no_args_is_help=True, help="Tokens for clients over TCP.")


@token.command("add")
def _token_add(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose acts the record shall name.")],
    file: TokensFile,
    role: Annotated[str, typer.Option(metavar="ROLE", help="viewer, operator, process_engineer or admin.")] = "viewer",
    days: Annotated[float, typer.Option(metavar="N", help="It ends after this many days.")] = 90.0,
) -> None:
    """Make a token; it is shown this once."""
    from pvdctl.cli.tokens import add

    raise typer.Exit(add(file, user, role, days))


@token.command("list")
def _token_list(file: TokensFile) -> None:
    """List the tokens: whose, which role, until when."""
    from pvdctl.cli.tokens import listing

    raise typer.Exit(listing(file))


@token.command("revoke")
def _token_revoke(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As in the list.")], file: TokensFile
) -> None:
    """End a token now."""
    from pvdctl.cli.tokens import revoke

    raise typer.Exit(revoke(file, number))


def add_to(app: typer.Typer) -> None:
    """Declare them."""
    app.command("serve")(_serve)
    app.command("tui")(_tui)
    app.command("status")(_status)
    app.command("alarms")(_alarms)
    app.command("ack")(_ack)
    app.command("answer")(_answer)
    app.command("link")(_link)
    app.command("note")(_note)
    app.command("hold")(_hold)
    app.command("resume")(_resume)
    app.command("stop")(_stop)
    app.command("abort")(_abort)
    app.add_typer(token, name="token")
