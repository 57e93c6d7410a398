"""Public keys as they are given on the command line: the line itself, or a file of lines."""

from collections.abc import Sequence
from pathlib import Path

from pvdctl.cli.exits import WrongUsage
from pvdctl.errors import RecordError
from pvdctl.record.keys import read_public
from pvdctl.record.note import PublicKey


def keys_from(given: Sequence[str]) -> list[PublicKey]:
    """All keys. Raises WrongUsage for what is neither a key nor a file of keys."""
    keys = []
    for text in given:
        try:
            keys += read_public(Path(text)) if Path(text).is_file() else [PublicKey.read(text)]
        except RecordError as error:
            raise WrongUsage(f"{error} Wanted a file such as checkpoint.pub, or the line in it.") from error
    return keys
