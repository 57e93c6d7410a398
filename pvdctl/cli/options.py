"""Options and arguments that several commands take, so that they are called and explained alike."""

from pathlib import Path
from typing import Annotated

import typer

RecordDirectory = Annotated[
    Path | None,
    typer.Option("--record", metavar="DIR", help="Directory of the record. Default: ~/.local/share/pvdctl/record."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, a part of it, or 'last'.")]
