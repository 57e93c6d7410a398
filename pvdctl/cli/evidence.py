"""The commands about the proof of what was made: audit, witness, sign, backup, restore-check.

Declared here and carried out elsewhere, so that help starts at once; see `pvdctl.cli.main`.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pvdctl.cli.options import Json, RecordDirectory, RunName

Anchors = Annotated[
    list[str] | None,
    typer.Option(
        "--anchor", metavar="FILE|URL", help="Checkpoints kept elsewhere: a file, or a witness's address. Repeatable."
    ),
]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="FILE|LINE", help="Public key that you have from elsewhere. Repeatable."),
]


class Meaning(StrEnum):
    """What a signature says."""

    REVIEWED = "reviewed"
    APPROVED = "approved"
    REJECTED = "rejected"


def _group(name: str, text: str) -> typer.Typer:
    return typer.Typer(
        name=name, help=text, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
    )


audit = _group("audit", "Verify a record or a bundle, bundle a run, list what was done by whom.")
witness = _group("witness", "Keep checkpoints where the chamber's machine cannot change them.")


@audit.command("verify")
def _verify(
    path: Annotated[
        Path | None, typer.Argument(metavar="[RECORD|BUNDLE|ELN]", help="Directory of a record, a bundle, or an .eln.")
    ] = None,
    anchor: Anchors = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Check that a record, a bundle or an .eln file is what was written. Exit code 1 if it is not."""
    from pvdctl.cli.audit import verify_path

    raise typer.Exit(verify_path(path, anchor or [], key or [], json))


@audit.command("bundle")
def _bundle(
    run: RunName,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="The file to write. Default: RUN.zip.")
    ] = None,
    witness_key: Annotated[
        list[str] | None,
        typer.Option("--witness-key", metavar="FILE|LINE", help="A witness's public key, to go with it. Repeatable."),
    ] = None,
    record: RecordDirectory = None,
    json: Json = False,
) -> None:
    """Put one run into one file that anybody can check without this record and without pvdctl."""
    from pvdctl.cli.audit import bundle_run

    raise typer.Exit(bundle_run(record, run, to, witness_key or [], json))


@audit.command("log")
def _log(
    since: Annotated[str | None, typer.Option(metavar="DATE", help="From this UTC date or time on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Up to this UTC date or time.")] = None,
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Only of this run.")] = None,
    who: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this person or part did.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only events of this kind, as command.")] = None,
    record: RecordDirectory = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line: the events as kept.")] = False,
) -> None:
    """List events: when, who, what, why."""
    from pvdctl.cli.audit import Filter, print_log

    raise typer.Exit(print_log(record, Filter(since, until, run, who, kind), json))


@witness.command("serve")
def _serve(
    store: Annotated[Path, typer.Option("--store", metavar="DIR", help="Where the witness keeps what it has seen.")],
    trust: Annotated[
        list[str] | None,
        typer.Option("--trust", metavar="FILE|LINE", help="Public key of a record to watch. Kept. Repeatable."),
    ] = None,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where to listen; port 0 takes any free one.")
    ] = "127.0.0.1:8411",
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The witness's name, at its first start. Default: the host's.")
    ] = None,
) -> None:
    """Be a witness: keep every checkpoint, and cosign it if it extends the last one seen."""
    from pvdctl.cli.witness import serve_witness

    raise typer.Exit(serve_witness(store, trust or [], listen, name))


@witness.command("submit")
def _submit(
    to: Annotated[
        list[str],
        typer.Option("--to", metavar="FILE|URL", help="A witness's address, or a file elsewhere. Repeatable."),
    ],
    every: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=1.0, help="Go on, once in so many seconds. Default: once.")
    ] = None,
    record: RecordDirectory = None,
) -> None:
    """Bring the newest checkpoint of a record to where it is kept. Only reads the record."""
    from pvdctl.cli.witness import submit

    raise typer.Exit(submit(record, to, every))


@witness.command("status")
def _status(record: RecordDirectory = None, json: Json = False) -> None:
    """Say how much of a record nobody outside vouches for yet. Exit code 1 if for more than 15 minutes."""
    from pvdctl.cli.witness import status

    raise typer.Exit(status(record, json))


def _sign(
    run: RunName,
    meaning: Annotated[Meaning, typer.Option("--as", help="What you say about the run.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What you looked at, or why not.")],
    record: RecordDirectory = None,
    json: Json = False,
) -> None:
    """Sign a run that has ended, as the operating system's user."""
    from pvdctl.cli.sign import sign_run

    raise typer.Exit(sign_run(record, run, meaning.value, reason, json))


def _backup(
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A directory that is empty or not there.")],
    record: RecordDirectory = None,
    json: Json = False,
) -> None:
    """Copy a record, also while it is written to, and read the copy back."""
    from pvdctl.cli.backup import back_up_record

    raise typer.Exit(back_up_record(record, dest, json))


def _restore_check(
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="Directory of the copy.")],
    record: Annotated[
        Path | None, typer.Option("--record", metavar="DIR", help="The record in use, to compare the copy with.")
    ] = None,
    anchor: Anchors = None,
    json: Json = False,
) -> None:
    """Read a copy as a restored record would be read. Exit code 1 if it does not hold."""
    from pvdctl.cli.backup import check_copy

    raise typer.Exit(check_copy(dest, record, anchor or [], json))


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `pvdctl`."""
    app.add_typer(audit)
    app.add_typer(witness)
    app.command("sign")(_sign)
    app.command("backup")(_backup)
    app.command("restore-check")(_restore_check)
